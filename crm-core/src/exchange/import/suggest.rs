//! From what a file looks like to a plan: columns with known names get their fields.

mod own;

use super::place::{CellType, place_of, type_of};
use super::plan::{Mapping, Step};
use super::sniff::{ColumnType, Sniffed, SniffedColumn};
use crate::model::{Conventions, Kind};
use crate::value::{ValueType, fold};

/// What columns are called in the files of others, as facts: kind, field, and the names. A field with a separator behind it
/// holds several values in a cell.
const KNOWN: &str = include_str!("known_columns.tsv");

impl Sniffed {
    /// A step that reads this file as records of a kind: columns whose names are known, by this library or from the exports
    /// of Google, Outlook, HubSpot, Salesforce, Pipedrive and Zoho, with the formats that were found. What can be read in two
    /// ways is left open, and a dry run says so until somebody decides.
    ///
    /// ```
    /// use crm_core::{Kind, exchange::import::sniff};
    /// let found = sniff("First Name,E-mail Address,Shoe size\nAna,ana@x.com,38\n".as_bytes())?;
    /// let step = found.suggest(Kind::Customer, "contacts.csv");
    /// let fields: Vec<&str> = step.columns.iter().map(|mapping| mapping.field.as_str()).collect();
    /// assert_eq!(fields, ["given_name", "emails"]);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// A file that [`export_csv`](crate::Collection::export_csv) wrote comes back whole: amounts with their currencies, custom
    /// fields, lists, references by what people know the records by or else by their ids. What the library computes is left
    /// out.
    pub fn suggest(&self, kind: Kind, file: &str) -> Step {
        let mut step =
            Step { entity: kind, file: file.to_owned(), layout: self.layout.clone(), ..Step::default() };
        let own = own::Export::of(kind, self);
        if let Some(own) = &own {
            step.formats.decimal = Some('.');
            step.spreadsheet_safe = own.is_spreadsheet_safe();
        }
        for column in &self.columns {
            let mapping = match &own {
                Some(own) => own.mapping(column),
                None => mapping(kind, column),
            };
            let Some(mapping) = mapping else { continue };
            let place = place_of(kind, &mapping.field);
            let taken = step.columns.iter().any(|other| other.field == mapping.field);
            if place.is_ok_and(|place| place.is_list() || !taken) {
                step.columns.push(mapping);
            }
        }
        step
    }
}

fn mapping(kind: Kind, column: &SniffedColumn) -> Option<Mapping> {
    let (field, label, separator) = field_of(kind, bare(&column.name))?;
    let mut mapping =
        Mapping { column: Some(column.name.clone()), field, label, separator, ..Mapping::default() };
    let place = place_of(kind, &mapping.field).ok()?;
    let ty = type_of(kind.schema(), &place, &Conventions::default()).ok()?;
    let fits = match ty {
        CellType::Plain(ValueType::Date | ValueType::Instant) => {
            matches!(column.r#type, ColumnType::Date | ColumnType::Instant)
        }
        CellType::Plain(ValueType::Int | ValueType::Decimal) | CellType::Money => {
            column.r#type == ColumnType::Number
        }
        _ => false,
    };
    if let ([formats], true) = (column.formats.as_slice(), fits) {
        mapping.formats = formats.clone();
    }
    Some(mapping)
}

/// The name as the header has it, of a column that is the second one of its name.
fn bare(name: &str) -> &str {
    match name.rsplit_once('#') {
        Some((bare, number)) if number.parse::<u32>().is_ok() => bare,
        _ => name,
    }
}

/// The field of a column, with the label and the separator of its values.
fn field_of(kind: Kind, name: &str) -> Option<(String, Option<String>, Option<String>)> {
    // Two programs may mean different things by names that differ in their marks only.
    let known = known(kind, |other| fold(other) == fold(name))
        .or_else(|| known(kind, |other| plain(other) == plain(name)));
    if known.is_some() {
        return known;
    }
    own_field(kind, name).map(|path| (path, None, None))
}

/// The field that the library itself calls so.
fn own_field(kind: Kind, name: &str) -> Option<String> {
    let wanted = plain(name);
    let schema = kind.schema();
    let own = schema.columns.iter().filter_map(|column| {
        let field = schema.fields.get(column.field)?;
        let path = column.part.map_or(field.name.to_owned(), |part| format!("{}.{part}", field.name));
        (plain(&path) == wanted && (!field.system || field.name == "code")).then_some(path)
    });
    own.into_iter().find(|path| place_of(kind, path).is_ok())
}

/// The first field in the list of known names that has one like this.
fn known(kind: Kind, is_it: impl Fn(&str) -> bool) -> Option<(String, Option<String>, Option<String>)> {
    for line in KNOWN.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (Some(of), Some(field), Some(label), Some(separator)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        if of == kind.as_str() && cells.any(&is_it) {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            return Some((field.to_owned(), some(label), some(separator)));
        }
    }
    None
}

/// A name without case, accents and marks.
fn plain(name: &str) -> String {
    fold(name).chars().filter(|c| c.is_alphanumeric()).collect()
}
