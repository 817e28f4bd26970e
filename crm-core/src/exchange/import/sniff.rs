//! What a file looks like: its encoding, how its cells are set apart, and what its columns hold.

use super::formats::Formats;
use super::rows::{Layout, RowState, Rows, names};
use crate::error::{Error, Result};
use crate::value::EmailAddress;
use serde::{Deserialize, Serialize};
use std::io::Read;

/// How many rows are looked at.
const ROWS: usize = 1_000;
/// How much of the file is read, in bytes.
const SAMPLE: u64 = 1024 * 1024;
/// How many values of a column are shown.
const SAMPLES: usize = 3;

/// What a file looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sniffed {
    /// How the text is laid out, with the encoding that was found.
    pub layout: Layout,
    /// Whether the file begins with a byte-order mark.
    pub mark: bool,
    /// Its columns in their order.
    pub columns: Vec<SniffedColumn>,
}

/// What a column looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SniffedColumn {
    /// Its name; the second one of a name is `name#2`, as plans call it.
    pub name: String,
    /// What it holds.
    pub r#type: ColumnType,
    /// How it is written, where that matters: the formats that a plan would need. All that fit, when several do.
    pub formats: Vec<Formats>,
    /// How sure that is: the part of its values that fit, from 0 to 1, divided by the number of formats that do.
    pub confidence: f64,
    /// How many of the rows looked at have a value.
    pub filled: usize,
    /// Its first values.
    pub samples: Vec<String>,
}

impl SniffedColumn {
    /// Whether its values can be read in two ways, so that a plan must say which.
    pub fn is_ambiguous(&self) -> bool {
        self.formats.len() > 1
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Nothing at all.
    Empty,
    /// Yes or no.
    Bool,
    /// Numbers or amounts.
    Number,
    /// Days.
    Date,
    /// Moments.
    Instant,
    /// E-mail addresses.
    Email,
    /// Phone numbers.
    Phone,
    /// Anything else.
    Text,
}

const DATES: [&str; 8] =
    ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y"];
const NUMBERS: [(char, Option<char>); 6] =
    [('.', None), (',', None), ('.', Some(',')), (',', Some('.')), (',', Some(' ')), ('.', Some('\''))];
/// Of two readings of all values of a column one is enough.
const MOST_FORMATS: usize = 2;
/// The part of the values that must fit: a few wrong ones don't hide what a column holds.
const ENOUGH: f64 = 0.9;

/// Looks at the beginning of a file.
///
/// ```
/// use crm_core::exchange::import::{ColumnType, sniff};
/// let found = sniff("name;since\nMara Tea;31.12.2025\n".as_bytes())?;
/// assert_eq!(found.layout.delimiter, ';');
/// assert_eq!(found.columns[1].r#type, ColumnType::Date);
/// assert_eq!(found.columns[1].formats[0].date.as_deref(), Some("%d.%m.%Y"));
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// `invalid` (`encoding`) for a file that is no text that can be read, (`file`, `unreadable`) when the reader
/// fails.
pub fn sniff(source: impl Read) -> Result<Sniffed> {
    let mut sample = Vec::new();
    source.take(SAMPLE).read_to_end(&mut sample).map_err(super::text::from_io)?;
    let whole = u64::try_from(sample.len()).unwrap_or(SAMPLE) < SAMPLE;
    let mut best = None;
    for delimiter in [',', ';', '\t', '|'] {
        for quote in ['"', '\''] {
            if quote == '\'' && !quotes_cells(&sample, delimiter, whole)? {
                continue;
            }
            let layout = Layout { delimiter, quote: Some(quote), header: false, ..Layout::default() };
            let table = Table::read(&sample, &layout, whole)?;
            let score = table.score(quote);
            if best.as_ref().is_none_or(|(known, _, _)| score > *known) {
                best = Some((score, layout, table));
            }
        }
    }
    let (_, layout, table) = best.unwrap_or_default();
    if table.rows.iter().flatten().any(|cell| cell.contains('\0')) {
        return Err(Error::invalid("encoding", "malformed", "the file has bytes of 0: it is no text"));
    }
    let header = table.has_header();
    let layout = Layout { header, encoding: Some(table.encoding.to_lowercase()), ..layout };
    let (header_names, rows) = match table.rows.split_first() {
        Some((first, rows)) if header => (names(first.iter().map(String::as_str)), rows),
        _ => ((1..=table.width()).map(|number| number.to_string()).collect(), table.rows.as_slice()),
    };
    let columns = header_names.into_iter().enumerate().map(|(index, name)| {
        let values = rows.iter().filter_map(|row| row.get(index)).map(|value| value.trim());
        column(&name, &values.filter(|value| !value.is_empty()).collect::<Vec<_>>())
    });
    Ok(Sniffed { layout, mark: table.mark, columns: columns.collect() })
}

/// Whether apostrophes stand around cells and nowhere else at their ends, around those of every other row at least: one name
/// that is written so, or one that begins so, makes no quote of it.
fn quotes_cells(sample: &[u8], delimiter: char, whole: bool) -> Result<bool> {
    let layout = Layout { delimiter, quote: None, header: false, ..Layout::default() };
    let table = Table::read(sample, &layout, whole)?;
    let (mut opened, mut closed, mut rows) = (0, 0, 0);
    for row in &table.rows {
        let cells = row.iter().map(|cell| cell.trim());
        let opens = cells.clone().filter(|cell| cell.starts_with('\'')).count();
        opened += opens;
        closed += cells.filter(|cell| cell.len() > 1 && cell.ends_with('\'')).count();
        rows += usize::from(opens > 0);
    }
    Ok(opened > 0 && opened == closed && rows * 2 >= table.rows.len())
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
    strays: usize,
    encoding: &'static str,
    mark: bool,
}

impl Table {
    fn read(sample: &[u8], layout: &Layout, whole: bool) -> Result<Self> {
        let mut rows = Rows::open(sample, layout)?;
        let mut table = Table { encoding: rows.encoding(), mark: rows.has_mark(), ..Table::default() };
        loop {
            match rows.read() {
                Ok(Some(row)) if row.state == RowState::Blank => {}
                Ok(Some(row)) => {
                    table.strays += usize::from(row.state == RowState::StrayQuote);
                    table.rows.push(row.cells().map(str::to_owned).collect());
                }
                Ok(None) => break,
                // The sample may end inside a character.
                Err(_) if !whole && !table.rows.is_empty() => break,
                Err(error) => return Err(error),
            }
            if table.rows.len() == ROWS {
                return Ok(table);
            }
        }
        if !whole {
            table.rows.pop();
        }
        Ok(table)
    }

    fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// Many columns in every row are good; rows of other widths, stray quotes and quotes left in cells are bad.
    fn score(&self, quote: char) -> i64 {
        let width = self.width();
        let odd = self.rows.iter().filter(|row| row.len() != width).count() + self.strays;
        let left = |cell: &String| {
            let other = if quote == '"' { '\'' } else { '"' };
            cell.len() > 1 && cell.starts_with(other) && cell.ends_with(other)
        };
        let quoted = self.rows.iter().flatten().filter(|cell| left(cell)).count();
        let same = self.rows.len().saturating_sub(odd);
        let gain = same * width.saturating_sub(1) * 4 + usize::from(quote == '"');
        let loss = odd * width.max(2) * 4 + quoted * 4;
        i64::try_from(gain).unwrap_or(i64::MAX) - i64::try_from(loss).unwrap_or(i64::MAX)
    }

    /// Names are words, all different; a first row that holds what the others hold is none of names.
    fn has_header(&self) -> bool {
        let Some((first, rows)) = self.rows.split_first() else { return true };
        let plain = Formats::default();
        let is_value = |cell: &str| {
            let cell = cell.trim();
            plain.number(cell).is_ok()
                || plain.day(cell).is_ok()
                || EmailAddress(cell.into()).comparison_key().is_ok()
        };
        if first.iter().any(|cell| is_value(cell)) {
            return false;
        }
        let named = first.iter().filter(|cell| !cell.trim().is_empty()).count();
        let repeated = rows
            .iter()
            .take(50)
            .filter(|row| row.iter().zip(first).any(|(a, b)| !a.is_empty() && a == b))
            .count();
        named * 2 > first.len() && repeated * 2 <= rows.len().min(50)
    }
}

fn column(name: &str, values: &[&str]) -> SniffedColumn {
    let (r#type, formats, confidence) = kind_of(values);
    let samples = values.iter().take(SAMPLES).map(|value| value.chars().take(100).collect()).collect();
    SniffedColumn { name: name.to_owned(), r#type, formats, confidence, filled: values.len(), samples }
}

fn kind_of(values: &[&str]) -> (ColumnType, Vec<Formats>, f64) {
    if values.is_empty() {
        return (ColumnType::Empty, Vec::new(), 1.0);
    }
    let part = |fits: &dyn Fn(&str) -> bool| {
        part_of(values.iter().filter(|value| fits(value)).count(), values.len())
    };
    let plain = Formats::default();
    for (r#type, fits) in [
        (ColumnType::Email, part(&|value| EmailAddress(value.into()).comparison_key().is_ok())),
        (ColumnType::Date, part(&|value| plain.day(value).is_ok())),
        (ColumnType::Instant, part(&|value| plain.moment(value, crate::value::Zone::UTC).is_ok())),
        (ColumnType::Bool, part(&|value| value.parse::<u8>().is_err() && plain.boolean(value).is_ok())),
    ] {
        if fits >= ENOUGH {
            return (r#type, Vec::new(), fits);
        }
    }
    let dates = DATES.iter().map(|pattern| {
        let pivot = pattern.ends_with('y').then_some(68);
        Formats { date: Some((*pattern).to_owned()), pivot, ..Formats::default() }
    });
    let day = |formats: &Formats, value: &str| formats.day(value).ok().map(|day| day.to_string());
    if let Some(found) = fitting(ColumnType::Date, values, dates, day) {
        return found;
    }
    let phone = |value: &str| {
        let digits = value.chars().filter(char::is_ascii_digit).count();
        let plain = value.chars().all(|c| c.is_ascii_digit() || "+-() /.".contains(c));
        plain
            && (7..=15).contains(&digits)
            && (value.starts_with(['+', '0', '(']) || value.contains(['-', ' ', '/']))
    };
    let fits = part(&phone);
    // Digits alone are a number, unless they begin as a dialled one does.
    let dialled = part(&|value| value.starts_with(['0', '+'])) >= ENOUGH;
    if fits >= ENOUGH && (dialled || part(&|value| plain.number(value).is_ok()) < ENOUGH) {
        return (ColumnType::Phone, Vec::new(), fits);
    }
    let plainly = part(&|value| plain.number(value).is_ok());
    if plainly >= 1.0 {
        return (ColumnType::Number, Vec::new(), plainly);
    }
    let numbers = NUMBERS.iter().map(|(decimal, group)| Formats {
        decimal: Some(*decimal),
        group: *group,
        parentheses: values.iter().any(|value| value.starts_with('(')).then_some(true),
        ..Formats::default()
    });
    let number = |formats: &Formats, value: &str| {
        let digits: String = value.chars().filter(|c| !"$€£¥₹".contains(*c)).collect();
        formats.number(digits.trim()).ok().map(|number| number.normalize().to_string())
    };
    if let Some(found) = fitting(ColumnType::Number, values, numbers, number) {
        return found;
    }
    (ColumnType::Text, Vec::new(), 1.0)
}

/// The formats that fit best, of those that read the same the first. Those that read the values otherwise and no worse
/// stand beside each other: the plan must say which.
fn fitting(
    r#type: ColumnType,
    values: &[&str],
    all: impl Iterator<Item = Formats>,
    read: impl Fn(&Formats, &str) -> Option<String>,
) -> Option<(ColumnType, Vec<Formats>, f64)> {
    let reading = |formats: &Formats| -> Vec<Option<String>> {
        values.iter().map(|value| read(formats, value)).collect()
    };
    let mut fits: Vec<(Vec<Option<String>>, Formats)> = Vec::new();
    for formats in all {
        let found = reading(&formats);
        if !fits.iter().any(|(known, _)| *known == found) {
            fits.push((found, formats));
        }
    }
    let count = |found: &[Option<String>]| found.iter().flatten().count();
    let best = fits.iter().map(|(found, _)| count(found)).max()?;
    fits.retain(|(found, _)| count(found) == best);
    fits.truncate(MOST_FORMATS);
    let part = part_of(best, values.len());
    let formats: Vec<Formats> = fits.into_iter().map(|(_, formats)| formats).collect();
    (part >= ENOUGH).then(|| {
        let confidence = part / part_of(formats.len(), 1);
        (r#type, formats, confidence)
    })
}

fn part_of(count: usize, of: usize) -> f64 {
    let float = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    float(count) / float(of)
}
