//! From the cells of a row to typed values: what a step's mappings say, worked out once for a file.

use super::chunk::Begun;
use super::formats::{Formats, Refusal};
use super::lookup::Lookup;
use super::place::{CellType, Place, money, place_of, type_of};
use super::plan::{Mapping, OnList, Step, TextPart, WhenEmpty};
use super::report::RowProblem;
use super::rows::{Row, RowState};
use crate::error::{Error, Result, Violations};
use crate::exchange::formula;
use crate::model::{Conventions, CustomFieldType, Schema};
use crate::value::{KeyRules, PhoneNumber, Value, ValueType, Zone, fold};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::collections::HashMap;

/// A step, ready for the columns of its file.
pub(super) struct Ready<'p> {
    pub(super) step: &'p Step,
    pub(super) schema: &'static Schema,
    pub(super) header: Vec<String>,
    pub(super) slots: Vec<Slot<'p>>,
    /// Other words for the words of a column.
    words: HashMap<usize, HashMap<String, &'p str>>,
    zone: Zone,
    /// The rules of keys as they were when the file was opened.
    pub(super) keys: KeyRules,
}

/// A mapping, ready.
pub(super) struct Slot<'p> {
    pub(super) mapping: &'p Mapping,
    source: Source<'p>,
    pub(super) place: Place,
    ty: CellType,
    /// Whether its texts are phone numbers.
    phone: bool,
    formats: Formats,
    pub(super) lookup: Option<Lookup>,
    pub(super) clears: bool,
    pub(super) replaces: bool,
    /// What a new record gets when the cell is empty.
    pub(super) default: Cell,
}

/// The rule of a column that the file has not.
const MISSING: &str = "missing_column";

enum Source<'p> {
    Column(usize),
    Template(Vec<Piece<'p>>),
    Nothing,
}

enum Piece<'p> {
    Text(&'p str),
    Column(usize),
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// This value.
    Value(Value),
    /// The record that is found by this text.
    Reference(String),
    /// Something that can't be read; the row says what is wrong.
    Wrong,
}

/// A row on its way.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) row: Row,
    /// One for each slot.
    pub(super) cells: Vec<Cell>,
    pub(super) problems: Vec<RowProblem>,
    /// The slots whose phone numbers look like none.
    pub(super) doubtful: Vec<usize>,
    /// The record that the row would be and its keys, made ahead of the writing where nothing had to be looked up for it.
    pub(super) begun: Option<Begun>,
}

impl<'p> Ready<'p> {
    /// Finds the columns of a step in the header of its file.
    pub(super) fn new(
        step: &'p Step,
        header: &[String],
        conventions: &Conventions,
        zone: Zone,
    ) -> Result<Self> {
        let schema = step.entity.schema();
        let mut ready = Ready {
            step,
            schema,
            header: header.to_vec(),
            slots: Vec::new(),
            words: HashMap::new(),
            zone,
            keys: conventions.keys.clone(),
        };
        let (mut problems, mut headers) = (Violations::default(), 0);
        for (column, words) in &step.values {
            let words = words.iter().map(|(from, to)| (fold(from.trim()), to.as_str()));
            match ready.column(column) {
                Ok(index) => drop(ready.words.insert(index, words.collect())),
                Err((rule, reason)) => {
                    problems.within("values", |problems| problems.add(column, rule, column, reason));
                }
            }
        }
        problems.within("columns", |problems| {
            for (number, mapping) in step.columns.iter().enumerate() {
                match ready.slot(mapping, conventions) {
                    Ok(slot) => ready.slots.push(slot),
                    Err((rule, reason)) => {
                        // What the file has is told once.
                        headers += u32::from(rule == MISSING);
                        let reason = match rule {
                            MISSING if headers == 1 => format!("{reason}; {}", ready.header_in_words()),
                            _ => reason,
                        };
                        let name = mapping.column.as_deref().unwrap_or(&mapping.field);
                        problems.within(&number.to_string(), |problems| problems.add("", rule, name, reason));
                    }
                }
            }
        });
        problems.into_result()?;
        Ok(ready)
    }

    /// Columns of the file that the step does not use.
    pub(super) fn unused(&self) -> Vec<String> {
        let used = |index: usize| {
            self.slots.iter().any(|slot| match &slot.source {
                Source::Column(column) => *column == index,
                Source::Template(pieces) => {
                    pieces.iter().any(|piece| matches!(piece, Piece::Column(c) if *c == index))
                }
                Source::Nothing => false,
            })
        };
        let unused = self.header.iter().enumerate().filter(|(index, _)| !used(*index));
        unused.map(|(_, name)| name.clone()).collect()
    }

    fn column(&self, name: &str) -> Result<usize, Refusal> {
        let exact = self.header.iter().position(|known| known == name.trim());
        let found = exact.or_else(|| self.header.iter().position(|known| fold(known) == fold(name.trim())));
        found.ok_or_else(|| (MISSING, format!("the file has no column {name:?}")))
    }

    /// The columns that the file has. One that has delimiters in it tells that the plan has another one.
    fn header_in_words(&self) -> String {
        let has = format!("it has {}", self.header.join(", "));
        let other = match self.header.as_slice() {
            [only] => [';', ',', '\t', '|'].into_iter().find(|delimiter| only.contains(*delimiter)),
            _ => None,
        };
        match other {
            Some(other) => format!("{has}: is {other:?} the delimiter?"),
            None => has,
        }
    }

    fn slot(&self, mapping: &'p Mapping, conventions: &Conventions) -> Result<Slot<'p>, Refusal> {
        let place = place_of(self.step.entity, &mapping.field)?;
        let ty = type_of(self.schema, &place, conventions)?;
        let source = match (&mapping.column, &mapping.template) {
            (Some(column), _) => Source::Column(self.column(column)?),
            (None, Some(template)) => Source::Template(self.pieces(template)?),
            (None, None) => Source::Nothing,
        };
        let lookup = match ty {
            CellType::Reference(kind) => Some(Lookup::new(kind, &mapping.by)?),
            _ if !mapping.by.is_empty() => {
                return Err(("mismatch", format!("{} is no reference to another record", mapping.field)));
            }
            _ => None,
        };
        let phone = match &place {
            Place::List(_, part) => *part == Some("number"),
            Place::Custom(_, key) => conventions
                .custom_field(self.schema.kind, key)
                .is_some_and(|field| field.r#type == CustomFieldType::Phone),
            Place::Field(field) => self.schema.fields.get(*field).is_some_and(|field| field.name == "phone"),
            _ => false,
        };
        let mut slot = Slot {
            mapping,
            phone,
            source,
            place,
            ty,
            formats: mapping.formats.or(&self.step.formats),
            lookup,
            clears: mapping.when_empty.unwrap_or(self.step.when_empty) == WhenEmpty::Clear,
            replaces: self.step.lists == OnList::Replace,
            default: Cell::Empty,
        };
        if let Some(default) = mapping.default.as_deref() {
            slot.default = slot.read(default, self.zone)?;
        }
        Ok(slot)
    }

    fn pieces(&self, template: &'p str) -> Result<Vec<Piece<'p>>, Refusal> {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let unclosed = || ("syntax", format!("{template:?} has a brace that is not closed"));
            let (name, after) = after.split_once('}').ok_or_else(unclosed)?;
            pieces.extend([Piece::Text(before), Piece::Column(self.column(name)?)]);
            rest = after;
        }
        pieces.push(Piece::Text(rest));
        Ok(pieces)
    }

    /// Reads the cells of rows again, as if nothing had been done with them.
    pub(super) fn again(&self, drafts: &mut [Draft]) {
        for draft in drafts {
            *draft = self.draft(&draft.row);
        }
    }

    /// Reads the cells of a row.
    pub(super) fn draft(&self, row: &Row) -> Draft {
        let mut draft = Draft {
            row: row.clone(),
            cells: Vec::new(),
            problems: Vec::new(),
            doubtful: Vec::new(),
            begun: None,
        };
        match row.state {
            RowState::Filled => {}
            RowState::Blank => return draft,
            RowState::StrayQuote => {
                let reason = "a quote is opened and not closed as it should be".to_owned();
                draft.problems.push(RowProblem::of_row("stray_quote", row.cell(0), reason));
                return draft;
            }
        }
        let beyond = (self.header.len()..row.len()).find(|index| !row.cell(*index).trim().is_empty());
        if let Some(index) = beyond {
            let reason = format!("the row has {} cells, the header has {}", row.len(), self.header.len());
            draft.problems.push(RowProblem::of_row("too_many_cells", row.cell(index), reason));
        }
        draft.cells.reserve(self.slots.len());
        for (index, slot) in self.slots.iter().enumerate() {
            let text = altered(self.text(slot, row), slot.mapping);
            let cell = match text.trim().is_empty() {
                true => Ok(Cell::Empty),
                false => slot.read(&text, self.zone),
            };
            if slot.phone && cell.is_ok() && self.is_doubtful(slot, text.trim()) {
                draft.doubtful.push(index);
            }
            draft.cells.push(cell.unwrap_or_else(|(rule, reason)| {
                draft.problems.push(RowProblem::of_cell(slot.mapping, &text, rule, reason));
                Cell::Wrong
            }));
        }
        draft
    }

    /// The text of a slot in a row.
    pub(super) fn text_of(&self, slot: usize, row: &Row) -> String {
        let text = self.slots.get(slot).map(|slot| altered(self.text(slot, row), slot.mapping));
        text.unwrap_or_default().into_owned()
    }

    fn is_doubtful(&self, slot: &Slot<'_>, text: &str) -> bool {
        // JSON is written by programs.
        !text.starts_with(['[', '{'])
            && slot.parts(text).any(|part| PhoneNumber(part.to_owned()).is_doubtful(&self.keys.phone_region))
    }

    /// Whether a row of the file can be made into a record without looking anything up.
    pub(super) fn refers(&self) -> bool {
        self.slots.iter().any(|slot| slot.lookup.is_some())
    }

    fn text<'r>(&self, slot: &Slot<'_>, row: &'r Row) -> Cow<'r, str>
    where
        'p: 'r,
    {
        match &slot.source {
            Source::Column(index) => self.cell(row, *index),
            Source::Template(pieces) => {
                let mut text = String::new();
                let mut filled = false;
                for piece in pieces {
                    match piece {
                        Piece::Text(part) => text.push_str(part),
                        Piece::Column(index) => {
                            let cell = self.cell(row, *index);
                            filled |= !cell.trim().is_empty();
                            text.push_str(cell.trim());
                        }
                    }
                }
                Cow::Owned(if filled { text } else { String::new() })
            }
            Source::Nothing => Cow::Borrowed(""),
        }
    }

    fn cell<'r>(&self, row: &'r Row, index: usize) -> Cow<'r, str>
    where
        'p: 'r,
    {
        let text = row.cell(index);
        let text = match self.step.spreadsheet_safe {
            true => formula::restore(text),
            false => text,
        };
        let Some(words) = self.words.get(&index) else { return Cow::Borrowed(text) };
        words.get(&fold(text.trim())).map_or(Cow::Borrowed(text), |word| Cow::Borrowed(*word))
    }
}

/// The part of the text that the mapping asks for, with its replacements.
fn altered<'t>(text: Cow<'t, str>, mapping: &Mapping) -> Cow<'t, str> {
    if mapping.part.is_none() && mapping.replace.is_empty() {
        return text;
    }
    let whole = text.trim();
    let (first, rest) = whole.split_once(char::is_whitespace).unwrap_or(("", whole));
    let (start, last) = whole.rsplit_once(char::is_whitespace).unwrap_or(("", whole));
    let part = match mapping.part {
        None => whole,
        Some(TextPart::FirstWord) => first,
        Some(TextPart::AllButFirstWord) => rest,
        Some(TextPart::LastWord) => last,
        Some(TextPart::AllButLastWord) => start,
    };
    let mut part = part.trim().to_owned();
    for (from, to) in mapping.replace.iter().filter(|(from, _)| !from.is_empty()) {
        part = part.replace(from.as_str(), to);
    }
    Cow::Owned(part)
}

impl Slot<'_> {
    fn read(&self, text: &str, zone: Zone) -> Result<Cell, Refusal> {
        let trimmed = text.trim();
        let formats = &self.formats;
        Ok(Cell::Value(match &self.ty {
            CellType::Reference(_) => return Ok(Cell::Reference(trimmed.to_owned())),
            CellType::Plain(ty) => match ty {
                ValueType::Bool => Value::Bool(formats.boolean(trimmed)?),
                ValueType::Int => Value::Int(whole(formats.number(trimmed)?)?),
                ValueType::Decimal => Value::Decimal(formats.number(trimmed)?),
                ValueType::Choice(words) => Value::Text(choice(trimmed, words)?.to_owned()),
                ValueType::Instant => Value::Instant(formats.moment(trimmed, zone)?),
                ValueType::Date => Value::Date(formats.day(trimmed)?),
                _ => Value::Text(text.to_owned()),
            },
            CellType::Money => {
                let (amount, currency) = formats.amount(trimmed)?;
                money(amount, currency)?
            }
            CellType::Option(words) => Value::Text(choice(trimmed, words)?.to_owned()),
            CellType::Options(words) => {
                // As an export writes options that have a semicolon in them.
                let json: Option<Vec<String>> = serde_json::from_str(trimmed).ok();
                let parts = match &json {
                    Some(parts) => parts.iter().map(String::as_str).collect(),
                    None => self.parts(trimmed).collect::<Vec<_>>(),
                };
                let chosen = parts
                    .into_iter()
                    .map(|part| choice(part, words).map(|word| Value::Text(word.to_owned())));
                Value::List(chosen.collect::<Result<_, _>>()?)
            }
            CellType::Texts if !trimmed.starts_with(['[', '{']) => {
                Value::List(self.parts(trimmed).map(|part| self.entry(part)).collect())
            }
            CellType::Texts | CellType::Json => serde_json::from_str(trimmed)
                .map_err(|_| ("syntax", "this field has no plain form: it is written as JSON".to_owned()))?,
        }))
    }

    /// The values that stand in one cell.
    fn parts<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let separator = self.mapping.separator.clone().filter(|separator| !separator.is_empty());
        let parts: Vec<&str> = match &separator {
            Some(separator) => {
                text.split(separator.as_str()).map(str::trim).filter(|part| !part.is_empty()).collect()
            }
            None => vec![text],
        };
        parts.into_iter()
    }

    /// An entry of a list: the text, or an object with the text and the label.
    fn entry(&self, text: &str) -> Value {
        let Place::List(_, Some(part)) = self.place else { return Value::Text(text.to_owned()) };
        let mut entry = std::collections::BTreeMap::from([(part.to_owned(), Value::Text(text.to_owned()))]);
        if let Some(label) = &self.mapping.label {
            entry.insert("label".to_owned(), Value::Text(label.clone()));
        }
        Value::Map(entry)
    }
}

fn whole(number: Decimal) -> Result<i64, Refusal> {
    let whole = Some(number).filter(|number| number.fract().is_zero());
    whole
        .and_then(|number| i64::try_from(number).ok())
        .ok_or_else(|| ("number", "it is no whole number".to_owned()))
}

/// The word of a list that a text names, whatever its case and the marks between its parts.
fn choice<'w, W: AsRef<str>>(text: &str, words: &'w [W]) -> Result<&'w str, Refusal> {
    let plain = |text: &str| fold(text).replace([' ', '-', '_'], "");
    let wanted = plain(text);
    let found = words.iter().map(AsRef::as_ref).find(|word| plain(word) == wanted);
    found.ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        ("unknown", format!("expected one of {}", words.join(", ")))
    })
}

/// What is wrong with the shape of a plan's step, told of that step.
pub(super) fn of_step(number: usize, error: Error) -> Error {
    error.inside(&format!("steps.{number}"))
}
