//! The meaning of column names. The names are listed in `column_names.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::field::Field;
use super::full_name::NameOrder;

/// What a name may mean: one field, a full name, or either, such as `Nombre`, depending on the other columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NameMeaning {
    /// The field, if the name denotes one.
    pub field: Option<Field>,
    /// The order of first and last name, if the name may denote both in one column.
    pub full_name: Option<NameOrder>,
    /// Whether the name denotes the first name if another column has the last name, such as `Nom` beside `Cognoms`.
    pub is_first_beside_last: bool,
}

/// Returns what the names of all columns of a table mean, from what each of them means alone.
///
/// ```
/// use ingest::domain::column_names::{meaning, together};
/// use ingest::domain::field::Field;
///
/// let fields = |names: [&str; 2]| together(names.map(meaning).to_vec()).iter().map(|meaning| meaning.field).collect::<Vec<_>>();
/// assert_eq!(fields(["Nom", "Cognoms"]), [Some(Field::FirstName), Some(Field::LastName)]);
/// assert_eq!(fields(["Nom", "Prénom"]), [Some(Field::LastName), Some(Field::FirstName)]);
/// ```
pub fn together(mut meanings: Vec<NameMeaning>) -> Vec<NameMeaning> {
    let has = |field: Field| {
        meanings.iter().any(|meaning| meaning.field == Some(field) && !meaning.is_first_beside_last)
    };
    if has(Field::LastName) && !has(Field::FirstName) {
        for meaning in meanings.iter_mut().filter(|meaning| meaning.is_first_beside_last) {
            *meaning = NameMeaning { field: Some(Field::FirstName), ..NameMeaning::default() };
        }
    }
    meanings
}

/// Prefixes that denote the owner of a value rather than the value: `Contact E-mail`, `contact.email`.
const OWNERS: [&str; 24] = [
    "contacts",
    "customers",
    "clients",
    "members",
    "leads",
    "users",
    "people",
    "person",
    "data",
    "record",
    "contact",
    "customer",
    "client",
    "member",
    "lead",
    "subscriber",
    "user",
    "attendee",
    "participant",
    "primary",
    "main",
    "your",
    "properties",
    "kontakt",
];

/// Remarks after a name.
const REMARKS: [&str; 16] = [
    "ifany",
    "string",
    "varchar",
    "text",
    "required",
    "optional",
    "mandatory",
    "pflichtfeld",
    "erforderlich",
    "obligatoire",
    "obligatorio",
    "obrigatório",
    "obbligatorio",
    "verplicht",
    "wymagane",
    "必填",
];

static MEANINGS: LazyLock<HashMap<String, NameMeaning>> =
    LazyLock::new(|| parse(include_str!("column_names.tsv")));

/// Returns what the name of a column means.
///
/// Ignores case, white space, punctuation, invisible characters, a number in front, remarks such as `(required)` and
/// prefixes such as `Contact`. A name in two languages, such as `Vorname / First name`, means what both mean.
pub fn meaning(name: &str) -> NameMeaning {
    let whole = meaning_of_one(name);
    if whole != NameMeaning::default() || !name.contains('/') {
        return whole;
    }
    let mut parts = name.split('/').map(meaning_of_one);
    let first = parts.next().unwrap_or_default();
    if parts.all(|part| part.field == first.field) { first } else { NameMeaning::default() }
}

fn meaning_of_one(name: &str) -> NameMeaning {
    // Salesforce marks the fields that its users have added.
    let name = bare(name.trim().strip_suffix("__c").unwrap_or(name));
    if let Some(meaning) = MEANINGS.get(&name) {
        return *meaning;
    }
    if name == "username" {
        return NameMeaning::default();
    }
    let name = name.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let without_remark = REMARKS.iter().find_map(|remark| name.strip_suffix(remark));
    let name = without_remark.unwrap_or(name);
    let without_owner = OWNERS.iter().find_map(|owner| name.strip_prefix(owner)).unwrap_or(name);
    let meaning = MEANINGS.get(name).or_else(|| MEANINGS.get(without_owner));
    meaning.copied().unwrap_or_default()
}

impl Field {
    /// Returns the field that the name of a file's column means.
    ///
    /// ```
    /// use ingest::domain::field::Field;
    ///
    /// assert_eq!(Field::from_name("E-Mail Address"), Some(Field::Email));
    /// assert_eq!(Field::from_name("Vorname"), Some(Field::FirstName));
    /// assert_eq!(Field::from_name("phone"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Field> {
        meaning(name).field
    }
}

/// Returns only the letters and digits of a name, in lower case and in NFC.
fn bare(name: &str) -> String {
    let is_significant = |letter: &char| letter.is_alphanumeric() || is_combining_mark(*letter);
    name.nfkd()
        .flat_map(char::to_lowercase)
        // The lower case of İ ends in a combining dot.
        .filter(|letter| is_significant(letter) && *letter != '\u{307}')
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .nfc()
        .collect()
}

fn parse(table: &str) -> HashMap<String, NameMeaning> {
    let mut meanings: HashMap<String, NameMeaning> = HashMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (Some(kind), Some(_source), Some(names)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        for name in names.split('|') {
            let meaning = meanings.entry(bare(name)).or_default();
            match kind.parse::<Field>() {
                Ok(field) => meaning.field = meaning.field.or(Some(field)),
                Err(_) if kind == FIRST_BESIDE_LAST => meaning.is_first_beside_last = true,
                Err(_) => meaning.full_name = meaning.full_name.or(name_order(kind)),
            }
        }
    }
    meanings
}

/// The first cell of the table's lines of names that denote the first name beside a last name.
const FIRST_BESIDE_LAST: &str = "first_name_beside_last_name";

/// Returns the order of the parts of a name that a line of the table states.
fn name_order(kind: &str) -> Option<NameOrder> {
    match kind {
        "full_name" => Some(NameOrder::GivenFirst),
        "full_name_family_first" => Some(NameOrder::FamilyFirst),
        "full_name_two_family_names" => Some(NameOrder::TwoFamilyNames),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("column_names.tsv");

    #[test]
    fn every_line_of_the_table_has_a_known_field_a_source_and_names() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 3, "{line}");
            let is_order = name_order(cells[0]).is_some() || cells[0] == FIRST_BESIDE_LAST;
            assert!(is_order || cells[0].parse::<Field>().is_ok(), "{line}");
            assert!(!cells[1].is_empty() && cells[2].split('|').all(|name| !bare(name).is_empty()), "{line}");
        }
        assert!(MEANINGS.len() > 500, "{}", MEANINGS.len());
    }

    #[test]
    fn every_field_is_known_by_its_own_name() {
        for field in Field::ALL {
            assert_eq!(meaning(field.as_str()).field, Some(*field));
        }
    }

    #[test]
    fn a_name_denotes_one_field() {
        let mut fields: HashMap<String, (Field, &str)> = HashMap::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let Ok(field) = cells[0].parse::<Field>() else { continue };
            for name in cells[2].split('|') {
                let (known, source) = *fields.entry(bare(name)).or_insert((field, cells[1]));
                assert_eq!(known, field, "{name} in {source} and in {}", cells[1]);
            }
        }
    }

    #[test]
    fn decorations_are_ignored() {
        let decorated = [
            "Email*",
            "E-mail:",
            " e-mail ",
            "\u{200b}Email\u{200b}",
            "E-Mail (required)",
            "contact.email",
            "contact[email]",
            "Contact E-mail",
            "\u{feff}\"E-Mail\"",
            "Primary e-mail address",
            "e\u{ad}mail",
            "Ｅmail",
            "E-mail\nAddress",
            "2. E-mail",
            "contacts.email",
            "data/email",
            "email:string",
            "Email__c",
            "E-Mail / Courriel",
        ];
        for name in decorated {
            assert_eq!(meaning(name).field, Some(Field::Email), "{name:?}");
        }
        for name in [
            "",
            "email2",
            "E-mail 2 Address",
            "phone",
            "Email Opt Out",
            "@",
            "contact id",
            "Company ID",
            "Username",
            "Email / Phone",
        ] {
            assert_eq!(meaning(name), NameMeaning::default(), "{name:?}");
        }
    }

    #[test]
    fn a_name_may_denote_a_part_or_the_full_name() {
        let full = meaning("Name");
        assert_eq!((full.full_name, full.field), (Some(NameOrder::GivenFirst), None));
        let either = meaning("Nombre");
        assert_eq!(
            (either.full_name, either.field),
            (Some(NameOrder::TwoFamilyNames), Some(Field::FirstName))
        );
        assert_eq!(meaning("Név").full_name, Some(NameOrder::FamilyFirst));
    }
}
