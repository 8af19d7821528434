//! Columns of files.

use chrono::{DateTime, Utc};

use crate::actions;
use crate::api::mappings;
use crate::domain;
use crate::domain::field::PerField;
use crate::domain::ids::MappingId;
use crate::domain::job::{Columns, FixedValues};
use crate::store;

schema! {
    /// Positions of columns, from 0, by field.
    #[derive(Default)]
    #[serde(default)]
    mappings::Positions as Positions {
        /// The position of the column of the {}.
        #[schema(value_type = Option<u16>)]
        positions: PerField<Option<u16>>,
    } spread { positions }
}

schema! {
    /// Values that are the same in every row of a file, by field.
    #[derive(Default)]
    #[serde(default)]
    domain::job::FixedValues as FixedValues {
        /// The {}.
        #[schema(value_type = Option<String>)]
        values: PerField<Option<String>>,
    } spread { values }
}

schema! {
    /// The columns of a file as assigned by a person.
    domain::job::Columns as Columns {
        /// The positions of the fields, from 0, in the order of the fields.
        #[schema(value_type = Vec<Option<u16>>)]
        #[serde(rename = "places")]
        positions: PerField<Option<u16>>,
        /// The number of columns in the file.
        columns: u16,
        /// The positions of the columns that are not imported, from 0; absent if there are none.
        #[schema(required = false)]
        excluded: Vec<u16>,
        /// Whether they were assigned in an earlier file with the same header; absent if not.
        #[schema(required = false)]
        remembered: bool,
    }
}

schema! {
    /// Remembered columns.
    store::column_mappings::ColumnMapping as ColumnMapping {
        /// The id.
        #[schema(value_type = i32)]
        id: MappingId,
        /// The names in the header; `null` if an earlier version has remembered them.
        names: Option<Vec<String>>,
        /// The columns.
        columns: Columns,
        /// The values that are the same in every row.
        values: FixedValues,
        /// When the mapping was last set.
        used_at: DateTime<Utc>,
    }
}

const _: () = {
    /// The position of a column, from 0.
    #[derive(utoipa::ToSchema)]
    struct ColumnPosition(#[allow(dead_code, reason = "only its schema is used")] u16);

    /// The name of a column, or its number from 1.
    #[derive(utoipa::ToSchema)]
    struct ColumnName(#[allow(dead_code, reason = "only its schema is used")] String);

    /// A column of a file: its position, from 0, or its name.
    #[derive(utoipa::ToSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    #[serde(untagged)]
    enum ColumnChoice {
        /// Its position, from 0.
        Position(ColumnPosition),
        /// Its name, or its number from 1.
        Named(ColumnName),
    }

    // Does not compile if the cases differ.
    const _: fn(actions::ColumnChoice) -> ColumnChoice = |choice| match choice {
        actions::ColumnChoice::Position(at) => ColumnChoice::Position(ColumnPosition(at)),
        actions::ColumnChoice::Named(name) => ColumnChoice::Named(ColumnName(name)),
    };

    described_by!(actions::ColumnChoice, ColumnChoice);
};
