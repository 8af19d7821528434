//! Contact files made from a seed: the same seed gives the same bytes on any machine.
//!
//! Beside a file it returns the expected result of its import, known from how each row was made rather than computed by
//! the rules under test.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Every row becomes a contact.
    Clean,
    /// 2 % invalid, 2 % missing, 3 % duplicate, 1 % repeated, 2 % existing, 0.2 % malformed rows.
    Dirty,
    /// This many rows of a thousand have an issue of their own; the others become contacts.
    Broken(u64),
    /// All rows have the same address: one issue.
    OneAddress,
    /// A clean file with ten more columns, which belong to no field.
    TenMoreColumns,
    /// A clean file with the bytes of ten more columns at the end of the company.
    LongCompany,
}

/// The names of the columns that belong to no field.
const MORE_COLUMNS: [&str; 10] =
    ["Phone", "Street", "City", "Zip", "Region", "Plan", "Since", "Source", "Owner code", "Notes"];

/// A file to generate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dataset {
    /// Data rows.
    pub rows: u64,
    /// The seed.
    pub seed: u64,
    /// The kind of the file.
    pub kind: Kind,
}

/// E-mail, first name, last name, company.
pub(crate) type Values = [String; 4];

/// The expected result of an import.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// Data rows, blank lines not counted.
    pub total_rows: u64,
    /// Rows that repeat an earlier one.
    pub repeated: u64,
    /// The staged rows by line: whether they break no rule, and their trimmed values.
    pub rows: BTreeMap<u64, (bool, Values)>,
    /// The lines of each issue, by its type and, if it has several rows, its key.
    pub issues: BTreeMap<(&'static str, String), Vec<u64>>,
}

#[derive(Debug, Clone)]
struct Row {
    values: Values,
    /// Cells behind those of the fields.
    extra: Vec<String>,
    repeats: bool,
    issues: Vec<&'static str>,
}

/// SplitMix64 (Steele, Lea, Flood 2014): the number at an index, in any order.
fn random(seed: u64, place: u64) -> u64 {
    let mut z = seed.wrapping_add(place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const FIRST: [&str; 12] =
    ["Ann", "Bob", "Carla", "Dmitri", "José", "Eve", "Gülşen", "Hana", "Ivan", "Zoë", "Olaf", "Pia"];
const LAST: [&str; 12] =
    ["Lee", "Müller", "Núñez", "Smith", "Novák", "Kim", "Costa", "O'Neill", "Sato", "Lund", "Weber", "Rossi"];
const COMPANY: [&str; 8] = [
    "Acme",
    "Ray, Brown & Partners",
    "Société Générale d'Import",
    "Horn \"Nordic\" ApS",
    "Holm\n& Söner",
    "Kraft GmbH",
    "Viñedos del Sur",
    "Fox Ltd",
];
const INVALID: [&str; 5] =
    ["no-at-sign.example.com", "a b@example.com", "x..y@example.com", "x@localhost", "x@-bad.com"];

fn pick<'a>(from: &[&'a str], number: u64) -> &'a str {
    from[(number % from.len() as u64) as usize]
}

fn good(number: u64, dice: u64) -> Row {
    let (first, last) = (pick(&FIRST, dice >> 8), pick(&LAST, dice >> 16));
    // Each number once, in random order: the index over addresses must not be filled from left to right.
    let place = (number as u32).wrapping_mul(0x9e37_79b1);
    let email = format!("person.{place:08x}@mail{}.example.com", dice % 97);
    let company = format!("{} {}", pick(&COMPANY, dice >> 24), number);
    Row {
        values: [email, first.into(), last.into(), company],
        extra: Vec::new(),
        repeats: false,
        issues: Vec::new(),
    }
}

/// Returns the values of the columns that belong to no field: 110 bytes on average, with one in ten empty.
fn more_values(dice: u64) -> [String; MORE_COLUMNS.len()] {
    std::array::from_fn(|column| {
        let number = random(dice, column as u64);
        match number % 10 {
            0 => String::new(),
            short @ 1..5 => format!("{:05}", number % 10_u64.pow(short as u32 + 1)),
            _ => format!("{} {:08x}", pick(&LAST, number >> 8), number >> 32),
        }
    })
}

impl Dataset {
    /// Returns the contacts that the owner of a dirty file already has from another import.
    pub(crate) fn existing(&self) -> impl Iterator<Item = Values> + use<> {
        let Dataset { rows, seed, kind } = *self;
        let numbers =
            (0..rows).filter(move |number| kind == Kind::Dirty && random(seed, *number) % 1000 / 20 == 4);
        numbers.map(move |number| {
            let [email, ..] = good(number, random(seed, number)).values;
            [email, "Known".to_owned(), "Already".to_owned(), "Acme".to_owned()]
        })
    }

    /// Writes the file and, if requested, collects the expected result.
    pub(crate) fn write(&self, out: &mut impl Write, expected: Option<&mut Expected>) -> io::Result<()> {
        let mut file = Output { out, line: 1, expected };
        file.text("Email,First name,Last name,Company")?;
        if self.kind == Kind::TenMoreColumns {
            file.text(&format!(",{}", MORE_COLUMNS.join(",")))?;
        }
        file.text("\n")?;
        // The second row of a pair follows some rows after the first.
        let mut later: VecDeque<(u64, Row)> = VecDeque::new();
        let (mut written, mut number) = (0, 0);
        while written < self.rows {
            let is_due = later
                .front()
                .is_some_and(|(due, _)| *due <= number || written + later.len() as u64 >= self.rows);
            let row = match is_due {
                true => later.pop_front().map(|(_, row)| row),
                false => None,
            };
            let row = match row {
                Some(row) => row,
                None => {
                    let dice = random(self.seed, number);
                    number += 1;
                    let room_for_two = self.rows - written >= later.len() as u64 + 2;
                    self.case(number - 1, dice, room_for_two, &mut later)
                }
            };
            file.row(&row, random(!self.seed, written), self.kind)?;
            written += 1;
        }
        Ok(())
    }

    /// Returns the row of a number; the second row of a pair is queued in `later`.
    fn case(&self, number: u64, dice: u64, room_for_two: bool, later: &mut VecDeque<(u64, Row)>) -> Row {
        let mut row = good(number, dice);
        match self.kind {
            Kind::Clean => return row,
            Kind::TenMoreColumns => {
                row.extra = more_values(dice).to_vec();
                return row;
            }
            Kind::LongCompany => {
                row.values[3] = format!("{} {}", row.values[3], more_values(dice).join(" "));
                return row;
            }
            Kind::Broken(share) => {
                if number % 1000 < share {
                    row.values[0] = format!("{number}{}", pick(&INVALID, dice >> 40));
                    row.issues.push("INVALID_EMAIL");
                }
                return row;
            }
            Kind::OneAddress => {
                row.values[0] = "the.same@example.com".to_owned();
                row.issues.push("DUPLICATE_EMAIL");
                return row;
            }
            Kind::Dirty => {}
        }
        let due = number + 40;
        match dice % 1000 {
            0..20 => {
                row.values[0] = match dice.is_multiple_of(3) {
                    // Some of these values occur in many rows: one issue for all of them.
                    true => pick(&INVALID, dice >> 40).to_owned(),
                    false => format!("{number}{}", pick(&INVALID, dice >> 40)),
                };
                row.issues.push("INVALID_EMAIL");
                if dice.is_multiple_of(7) && !dice.is_multiple_of(3) {
                    row.values[3].clear();
                    row.issues.push("MISSING_REQUIRED_FIELD");
                }
            }
            20..40 => {
                row.values[(dice >> 40) as usize % 4].clear();
                row.issues.push("MISSING_REQUIRED_FIELD");
            }
            // Half of 3 %: each makes two rows.
            40..55 if room_for_two => {
                row.issues.push("DUPLICATE_EMAIL");
                let mut other = row.clone();
                other.values[1].push_str("-Maria");
                later.push_back((due, other));
            }
            60..70 if room_for_two => later.push_back((due, Row { repeats: true, ..row.clone() })),
            80..100 => row.issues.push("EXISTING_EMAIL"),
            100..102 => {
                row.extra = vec![format!("left over {number}")];
                row.issues.push("MALFORMED_ROW");
            }
            _ => {}
        }
        row
    }
}

struct Output<'a, W: Write> {
    out: &'a mut W,
    line: u64,
    expected: Option<&'a mut Expected>,
}

impl<W: Write> Output<'_, W> {
    fn text(&mut self, text: &str) -> io::Result<()> {
        self.line += text.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.out.write_all(text.as_bytes())
    }

    fn row(&mut self, row: &Row, dice: u64, kind: Kind) -> io::Result<()> {
        if kind == Kind::Dirty && dice.is_multiple_of(251) {
            self.text("\n")?;
        }
        self.note(row);
        let [email, first, last, company] = &row.values;
        let mut email = email.clone();
        // Must make no difference: case, and white space around the address.
        if kind == Kind::Dirty && dice.is_multiple_of(11) {
            email = email.to_uppercase();
        }
        if kind == Kind::Dirty && dice.is_multiple_of(13) {
            email = format!("  {email}\u{a0}");
        }
        let cells = [&email, first, last, company].into_iter().chain(&row.extra);
        let line: Vec<String> = cells.map(|cell| quoted(cell)).collect();
        self.text(&(line.join(",") + "\n"))
    }

    fn note(&mut self, row: &Row) {
        let line = self.line;
        let Some(expected) = &mut self.expected else { return };
        expected.total_rows += 1;
        if row.repeats {
            expected.repeated += 1;
            return;
        }
        expected.rows.insert(line, (row.issues.is_empty(), row.values.clone()));
        for issue in &row.issues {
            let own = matches!(*issue, "MISSING_REQUIRED_FIELD" | "MALFORMED_ROW");
            let key = if own { format!("line {line}") } else { row.values[0].to_lowercase() };
            expected.issues.entry((issue, key)).or_default().push(line);
        }
    }
}

fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}
