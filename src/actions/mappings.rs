//! Changes and forgets remembered mappings of columns. Jobs keep the columns that they have.

use serde_json::json;

use super::assign::{FieldSource, Names, exclusions};
use super::preview_file::checked_values;
use super::{ActionError, Assignment, Request};
use crate::csv::Mapping;
use crate::domain::decision::ActionKind;
use crate::domain::field::Field;
use crate::domain::ids::MappingId;
use crate::domain::job::{Columns, FixedValues};
use crate::domain::refusal::Refusal;
use crate::store::OwnerPool;
use crate::store::column_mappings::{self, ColumnMapping};

/// Changes a remembered mapping, for files that are imported from now on. What is in neither `assignment` nor `values`
/// stays as it is. Returns the mapping as it is then.
pub async fn change_mapping(
    owners: &OwnerPool,
    request: &Request,
    id: MappingId,
    assignment: &Assignment,
    values: &FixedValues,
) -> Result<ColumnMapping, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    let known = column_mappings::get(&mut transaction, &request.owner, id).await?;
    let mut mapping = known.ok_or(ActionError::NoMapping(id))?;
    let names = mapping.names.clone().unwrap_or_default();
    for (field, value) in checked_values(values.clone())?.iter() {
        mapping.values.set(field, Some(value.to_owned()));
        *mapping.columns.positions.get_mut(field) = None;
    }
    for field in Field::ALL.iter().copied() {
        let Some(source) = assignment.fields.get(field) else { continue };
        let position = match source {
            FieldSource::Empty if field == Field::Email => return Err(invalid(Refusal::EmailWithoutColumn)),
            FieldSource::Empty => None,
            FieldSource::Column(choice) => {
                Some(choice.found_in(&names, mapping.columns.columns, "columns")?)
            }
        };
        mapping.values.set(field, None);
        *mapping.columns.positions.get_mut(field) = position;
    }
    let Columns { positions, columns: width, .. } = mapping.columns;
    if Mapping::new(positions, width).is_none() {
        return Err(invalid(Refusal::SameColumn));
    }
    let header = Names { names: &names, is_named: true, width };
    let excluded =
        exclusions(&header, assignment.excluded.as_deref(), &mapping.columns.excluded, &positions)?;
    mapping.columns.excluded = excluded;
    column_mappings::change(&mut transaction, &request.owner, id, &mapping.columns, &mapping.values).await?;
    let parameters = json!({ "mapping": id, "columns": mapping.columns, "values": mapping.values });
    record(&mut transaction, request, &parameters).await?;
    transaction.commit().await?;
    Ok(mapping)
}

/// Forgets a remembered mapping.
pub async fn forget_mapping(owners: &OwnerPool, request: &Request, id: MappingId) -> Result<(), ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if !column_mappings::forget(&mut transaction, &request.owner, id).await? {
        return Err(ActionError::NoMapping(id));
    }
    record(&mut transaction, request, &json!({ "forgotten": id })).await?;
    Ok(transaction.commit().await?)
}

async fn record(
    connection: &mut sqlx::PgConnection,
    request: &Request,
    parameters: &serde_json::Value,
) -> Result<(), ActionError> {
    let action = request.record(connection, ActionKind::Mapping, None, parameters).await?;
    request.finish(connection, action, None, &json!({})).await
}

fn invalid(reason: Refusal) -> ActionError {
    ActionError::Invalid { field: "columns", reason }
}
