//! The names of fields and formats as parts of a sentence.

use super::text::Text;
use crate::domain::field::Field;
use crate::domain::interpretation::ContainerFormat;
use crate::domain::rejection::{HeaderNames, ShownName};

/// Returns a field's name as a part of a sentence.
pub(crate) fn field_inline(text: &Text, field: Field) -> String {
    match field {
        Field::Email => text.field_email_inline(),
        Field::FirstName => text.field_first_name_inline(),
        Field::LastName => text.field_last_name_inline(),
        Field::Company => text.field_company_inline(),
    }
}

/// Returns the name of the format of a container.
pub(crate) fn container_format(text: &Text, format: ContainerFormat) -> String {
    match format {
        ContainerFormat::Gzip => text.format_gzip(),
        ContainerFormat::Zstd => text.format_zstd(),
        ContainerFormat::Bzip2 => text.format_bzip2(),
        ContainerFormat::Xz => text.format_xz(),
        ContainerFormat::Zip => text.format_zip(),
        ContainerFormat::Xlsx => text.format_xlsx(),
        ContainerFormat::Xlsb => text.format_xlsb(),
        ContainerFormat::Xls => text.format_xls(),
        ContainerFormat::Ods => text.format_ods(),
        ContainerFormat::Vcard => text.format_vcard(),
    }
}

/// Returns the name of a column.
pub(super) fn column_name(text: &Text, name: &ShownName) -> String {
    match name {
        ShownName::Name(name) => name.clone(),
        ShownName::Nameless => text.reason_nameless(),
        ShownName::Address => text.reason_address(),
    }
}

/// Returns the names in a header.
pub(super) fn header_names(text: &Text, names: &HeaderNames) -> String {
    let shown: Vec<String> = names.shown.iter().map(|name| column_name(text, name)).collect();
    match names.more {
        0 => shown.join(", "),
        more => text.reason_more_names(shown.join(", "), more.to_string()),
    }
}
