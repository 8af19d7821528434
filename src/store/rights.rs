//! The rights of the login role to what the program uses. Reads the catalogue only, so any role can be checked.
//!
//! The rights of the role for requests are part of the wall (`wall.rs`).

use sqlx::{FromRow, PgPool, Row};

use super::{StoreError, sql};

/// A table, and the rights of workers, servers and commands to it.
struct Table(&'static str, &'static str);

/// All tables of the schema, except those from which own tables inherit: only the owner of the tables names them.
const TABLES: [Table; 31] = [
    Table("_sqlx_migrations", "SELECT"),
    Table("jobs", "SELECT, INSERT, UPDATE, DELETE"),
    Table("staging", "SELECT, INSERT, UPDATE, DELETE"),
    Table("staging_id_blocks", "SELECT, UPDATE"),
    Table("issues", "SELECT, INSERT, UPDATE, DELETE"),
    Table("issue_items", "SELECT, INSERT, DELETE"),
    Table("contacts", "SELECT, INSERT, UPDATE, DELETE"),
    // Triggers record the changes, as the owner of the table.
    Table("contact_log", "SELECT"),
    Table("deleted_contacts", "SELECT, INSERT, UPDATE, DELETE"),
    Table("contact_changes", "SELECT, INSERT, UPDATE, DELETE"),
    Table("actions", "SELECT, INSERT, UPDATE, DELETE"),
    Table("action_rows", "SELECT, INSERT, DELETE"),
    Table("column_mappings", "SELECT, INSERT, UPDATE, DELETE"),
    Table("contact_columns", "SELECT, INSERT, DELETE"),
    Table("erasures", "SELECT, INSERT, UPDATE"),
    Table("unreadable_messages", "SELECT, INSERT, DELETE"),
    Table("api_tokens", "SELECT, INSERT, UPDATE"),
    Table("browser_sessions", "SELECT, INSERT, UPDATE, DELETE"),
    Table("pending_sign_ins", "SELECT, INSERT, DELETE"),
    Table("provider_roles", "SELECT, INSERT, UPDATE"),
    Table("undo_progress", "SELECT, INSERT, DELETE"),
    Table("run_progress", "SELECT, INSERT, UPDATE, DELETE"),
    Table("webhooks", "SELECT, INSERT, UPDATE, DELETE"),
    Table("webhook_deliveries", "SELECT, INSERT, UPDATE, DELETE"),
    Table("event_topics", "SELECT, INSERT, UPDATE, DELETE"),
    // A trigger records the events, as the owner of the table.
    Table("topic_events", "SELECT, DELETE"),
    Table("object_events", "SELECT, INSERT, UPDATE, DELETE"),
    Table("uploads", "SELECT, INSERT, UPDATE, DELETE"),
    Table("upload_parts", "SELECT, INSERT, UPDATE, DELETE"),
    Table("workers", "SELECT, INSERT, UPDATE, DELETE"),
    Table("pauses", "SELECT, INSERT, UPDATE, DELETE"),
];

/// The schema of the tables, and the login role.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// The login role, quoted.
    role: String,
    /// The number of the schema.
    schema_id: i64,
    /// The name of the schema, quoted.
    schema: String,
    /// Whether the login role owns the tables.
    pub owns_tables: bool,
}

from_row!(Login { role, schema_id, schema, owns_tables });

impl Login {
    /// Queries them; returns `None` if there are no tables yet.
    pub(crate) async fn of(pool: &PgPool) -> Result<Option<Login>, StoreError> {
        // Without the right to use a schema, its tables are not visible.
        let query = "SELECT quote_ident(current_user) AS role, relnamespace::bigint AS schema_id,
                 quote_ident(nspname) AS schema, pg_has_role(relowner, 'USAGE') AS owns_tables
             FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
             WHERE relname = 'staging' AND relkind IN ('r', 'p')
               AND EXISTS (SELECT FROM pg_class AS other
                           WHERE other.relnamespace = pg_class.relnamespace AND other.relname = 'issue_items')
               AND (pg_table_is_visible(pg_class.oid) OR NOT has_schema_privilege(relnamespace, 'USAGE'))
             ORDER BY pg_table_is_visible(pg_class.oid) DESC, nspname = 'public' DESC LIMIT 1";
        let row = sql::once(pool, query).await?.pop();
        Ok(row.map(|row| Login::from_row(&row)).transpose()?)
    }

    /// Returns the rights that the login role lacks, those to several tables together if they are the same.
    pub(crate) async fn lacks(&self, pool: &PgPool) -> Result<Vec<LackedRights>, StoreError> {
        let mut all: Vec<LackedRights> = Vec::new();
        for row in sql::once(pool, &self.query()).await? {
            let (kind, rights, name): (String, String, String) =
                (row.try_get("kind")?, row.try_get("rights")?, row.try_get("name")?);
            match all.iter_mut().find(|lacked| lacked.kind == kind && lacked.rights == rights) {
                Some(lacked) => lacked.names.push(name),
                None => all.push(LackedRights { role: self.role.clone(), kind, rights, names: vec![name] }),
            }
        }
        Ok(all)
    }

    /// Returns the statement that lets the login role create the own tables of large jobs, which belong to it otherwise.
    pub(crate) fn grant_of_create(&self) -> String {
        format!("GRANT CREATE ON SCHEMA {} TO {}", self.schema, self.role)
    }

    fn query(&self) -> String {
        let needed = TABLES.iter().flat_map(|Table(table, rights)| {
            let numbered = rights.split(", ").enumerate();
            numbered.map(move |(number, right)| format!("('{table}', '{right}', {number})"))
        });
        // The own tables of large jobs are used like those from which they inherit. Sequences supply the numbers of issues and links
        // and, in a database created by upstream, those of all its tables. The function that runs as the owner of the tables makes
        // searches faster for the roles that may call it, and the program works without it.
        format!(
            "WITH needed (relation, privilege, number) AS (VALUES {}),
             schema AS (SELECT oid AS schema_id, quote_ident(nspname) AS schema FROM pg_namespace WHERE oid = {}),
             relations AS (SELECT oid, relkind, regexp_replace(relname, '_job_[0-9]+$', '') AS relation,
                                  format('%s.%I', schema, relname) AS name
                           FROM schema JOIN pg_class ON relnamespace = schema_id)
             SELECT 'SCHEMA' AS kind, 'USAGE' AS rights, schema AS name FROM schema
             WHERE NOT has_schema_privilege(schema_id, 'USAGE')
             UNION ALL
             SELECT 'DATABASE', 'TEMPORARY', quote_ident(current_database())
             WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
             UNION ALL
             (SELECT 'TABLE', string_agg(privilege, ', ' ORDER BY number), name
              FROM relations JOIN needed USING (relation)
              WHERE relkind IN ('r', 'p') AND NOT has_table_privilege(oid, privilege)
              GROUP BY name ORDER BY name)
             UNION ALL
             (SELECT 'SEQUENCE', 'USAGE', name
              FROM relations JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = relations.oid
                   AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
              JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
              WHERE (attidentity = '' OR attname IN ('issue_id', 'issue_item_id'))
                AND CASE relkind WHEN 'S' THEN NOT has_sequence_privilege(relations.oid, 'USAGE') END
              ORDER BY name)
             UNION ALL
             (SELECT 'FUNCTION', 'EXECUTE', format('%s.%I(%s)', schema, proname, pg_get_function_identity_arguments(oid))
              FROM schema JOIN pg_proc ON pronamespace = schema_id
              WHERE proname ~ '^ingest_' AND prorettype <> 'trigger'::regtype AND NOT prosecdef
                AND NOT has_function_privilege(oid, 'EXECUTE')
              ORDER BY proname)",
            needed.collect::<Vec<_>>().join(", "),
            self.schema_id,
        )
    }
}

/// The same rights to one or more objects of a kind, which the login role lacks.
#[derive(Debug, Clone)]
pub(crate) struct LackedRights {
    role: String,
    kind: String,
    rights: String,
    names: Vec<String>,
}

impl LackedRights {
    /// Returns what is lacked, in words.
    pub(crate) fn finding(&self) -> String {
        let LackedRights { role, kind, rights, names } = self;
        format!("the role {role} lacks {rights} on {} {}", kind.to_lowercase(), names.join(", "))
    }

    /// Returns the statement that grants the rights.
    pub(crate) fn grant(&self) -> String {
        let LackedRights { role, kind, rights, names } = self;
        format!("GRANT {rights} ON {kind} {} TO {role}", names.join(", "))
    }
}
