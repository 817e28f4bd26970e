//! A list as CSV.

pub mod cell;
mod columns;
pub mod formula;

use crate::access::Authority;
use crate::crm::{AnyCollection, Collection, Rules, Session, Shared};
use crate::error::{Error, Result};
use crate::model::{Action, Conventions, Filter, Kind, Query};
use crate::store::{AnyEntry, Plan, Sight, Snapshot, keeper};
use crate::value::Value;
use columns::{Cell, Columns, Hop, Leaf, Values};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::sync::Arc;
use uuid::Uuid;

/// How a list is written as CSV. The default is what other programs read best: all columns, commas, no mark of the encoding,
/// texts as they are.
///
/// ```
/// use crm_core::exchange::CsvExport;
/// let for_excel = CsvExport { bom: true, spreadsheet_safe: true, ..CsvExport::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CsvExport {
    /// The columns, each once and in this order; empty for all. One is a field (`name`), which brings all of its columns
    /// (`address`, and `amount` brings `amount_currency`), a part (`address_city`), a field of the organisation's own
    /// (`custom.tier`, or `custom` for all of them), one that every record has (`id`, `version`, `created_at`, `created_by`,
    /// `updated_at`, `updated_by`), or one of these of the record that a field refers to (`customer.name`,
    /// `owner.username`). When none is chosen, what people know a record by stands beside its id: `customer.code`.
    pub columns: Vec<String>,
    /// What stands between cells: `,`, `;`, `|` or a tabulator.
    pub delimiter: char,
    /// Begin with the mark U+FEFF, by which spreadsheets know UTF-8.
    pub bom: bool,
    /// Make texts harmless that a spreadsheet would run as formulas: see [`formula`]. An import is told so, and undoes it.
    pub spreadsheet_safe: bool,
}

impl Default for CsvExport {
    fn default() -> Self {
        CsvExport { columns: Vec::new(), delimiter: ',', bom: false, spreadsheet_safe: false }
    }
}

impl CsvExport {
    /// Only these columns.
    #[must_use]
    pub fn columns<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns = columns.into_iter().map(Into::into).collect();
        self
    }

    fn delimiter(&self) -> Result<u8> {
        let known = |delimiter: &u8| b",;|\t".contains(delimiter);
        u8::try_from(self.delimiter).ok().filter(known).ok_or_else(|| {
            let reason = format!(
                "{:?} stands between no cells: a comma, semicolon, bar or tabulator does",
                self.delimiter
            );
            Error::invalid("delimiter", "unknown", reason)
        })
    }

    /// The text of a cell. A number begins with a sign and is no formula.
    fn text<'v>(&self, leaf: &Leaf, value: &'v Value) -> Cow<'v, str> {
        let text = leaf.text(value);
        if !self.spreadsheet_safe || leaf.is_number(value) {
            return text;
        }
        match formula::neutralise(&text) {
            Cow::Owned(harmless) => Cow::Owned(harmless),
            Cow::Borrowed(_) => text,
        }
    }
}

/// Records that are read at a time. Tests, whose stores are tiny, read several times.
const PAGE: u32 = if cfg!(debug_assertions) { 3 } else { 500 };

impl<E: Rules> Collection<'_, E> {
    /// Writes all live records that match to `out` as CSV (RFC 4180, UTF-8, a line of headers first), and says how many they
    /// were. They are read and written page by page, whatever the query says of pages, as [`Collection::iter`] reads them.
    /// What stands in the cells is told at [`cell`].
    ///
    /// Records, and what they refer to, are those that the session's role may see and [export](Action::Export); the rest is
    /// absent, and the cells of a record that it may not export are empty.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Customer, Query, exchange::CsvExport};
    /// session.customers().create(Customer { name: "Mara Tea".into(), tags: vec!["tea".into()], ..Default::default() })?;
    /// let mut file = Vec::new();
    /// let options = CsvExport::default().columns(["code", "name", "tags"]);
    /// let rows = session.customers().export_csv(&Query::new().order_by(["name"]), &options, &mut file)?;
    /// assert_eq!(rows, 1);
    /// assert_eq!(String::from_utf8_lossy(&file), "code,name,tags\r\nC001,Mara Tea,tea\r\n");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied` for a role that may not export records of this kind, `invalid` for what is wrong with the query or the
    /// options, `storage` when `out` does not take the bytes, and those of the store. What was written until then is no
    /// whole file.
    pub fn export_csv(&self, query: &Query, options: &CsvExport, out: &mut dyn Write) -> Result<u64> {
        AnyCollection::new(self.session(), E::kind()).export_csv(query, options, out)
    }
}

impl AnyCollection<'_> {
    /// See [`Collection::export_csv`].
    ///
    /// # Errors
    /// As there.
    pub fn export_csv(&self, query: &Query, options: &CsvExport, out: &mut dyn Write) -> Result<u64> {
        let (session, kind) = self.parts();
        export(session, kind, query, options, out)
    }
}

/// Writes the records of a kind as a list.
fn export(
    session: &Session,
    kind: Kind,
    query: &Query,
    options: &CsvExport,
    out: &mut dyn Write,
) -> Result<u64> {
    let delimiter = options.delimiter()?;
    let columns = session.read(|_, authority, shared| {
        authority.require(kind, Action::Export)?;
        Columns::new(kind.schema(), &options.columns, &shared.conventions)
    })?;
    let mut query = Query { total: false, ..query.clone() }.page_size(PAGE);
    // The first page is read before anything is written, so that what is refused leaves no file.
    let mut part = read_part(session, kind, &query, &columns, options)?;
    if options.bom {
        out.write_all("\u{feff}".as_bytes()).map_err(refused)?;
    }
    let mut builder = csv::WriterBuilder::new();
    let mut file = builder.delimiter(delimiter).terminator(csv::Terminator::CRLF).from_writer(out);
    file.write_record(columns.headers()).map_err(not_written)?;
    let mut rows = 0;
    loop {
        for record in &part.records {
            write_row(&mut file, &**record, &columns, &part.targets, options)?;
            rows += 1;
        }
        match part.next {
            Some(next) => query.cursor = Some(next),
            None => break,
        }
        part = read_part(session, kind, &query, &columns, options)?;
    }
    file.flush().map_err(refused)?;
    Ok(rows)
}

/// The records of a page, with the texts of what they refer to.
fn read_part(
    session: &Session,
    kind: Kind,
    query: &Query,
    columns: &Columns,
    options: &CsvExport,
) -> Result<Part> {
    let read = |view: &dyn Snapshot, authority: &Authority, shared: &Shared| {
        authority.require(kind, Action::Export)?;
        // What is written may be exported; a filter may look at all that is seen.
        let exported = authority.sight(Action::Export);
        let sight = authority.sight(Action::View).with(kind, exported.level(kind));
        let plan = Plan::new(kind.schema(), query, Arc::new(sight), &shared.conventions)?;
        let (records, more) = keeper(kind).page(view, &plan)?;
        let next = records.last().filter(|_| more).map(|last| plan.cursor_after(&**last));
        let targets = columns.hops.iter().map(|hop| {
            let ids = records.iter().filter_map(|record| hop.target(&**record)).collect();
            texts(hop, view, ids, exported, &shared.conventions, options)
        });
        Ok(Part { targets: targets.collect::<Result<_>>()?, records, next })
    };
    // A page with what it refers to is of one moment.
    if columns.hops.is_empty() { session.read(read) } else { session.read_consistently(read) }
}

/// The cells of the records that a page refers to, by their ids.
type Texts = HashMap<Uuid, Vec<String>>;

struct Part {
    records: Vec<Box<AnyEntry>>,
    /// For each hop.
    targets: Vec<Texts>,
    next: Option<String>,
}

fn write_row(
    file: &mut csv::Writer<&mut dyn Write>,
    record: &AnyEntry,
    columns: &Columns,
    targets: &[Texts],
    options: &CsvExport,
) -> Result<()> {
    let mut values = Values::of(record);
    for cell in &columns.cells {
        match cell {
            Cell::Own(leaf) => file.write_field(options.text(leaf, values.get(leaf)).as_bytes()),
            Cell::Hopped { hop, leaf, .. } => {
                let target = columns.hops.get(*hop).and_then(|hop| hop.target(record));
                let found = target.and_then(|id| targets.get(*hop)?.get(&id)?.get(*leaf));
                file.write_field(found.map(String::as_str).unwrap_or_default())
            }
        }
        .map_err(not_written)?;
    }
    file.write_record(None::<&[u8]>).map_err(not_written)
}

/// What the columns behind a reference show of the records with these ids.
fn texts(
    hop: &Hop,
    view: &dyn Snapshot,
    ids: BTreeSet<Uuid>,
    sight: &Arc<Sight>,
    conventions: &Conventions,
    options: &CsvExport,
) -> Result<Texts> {
    if ids.is_empty() {
        return Ok(Texts::new());
    }
    let query = Query::new().filter(Filter::is_in("id", ids)).page_size(Query::LARGEST_PAGE);
    let plan = Plan::new(hop.kind.schema(), &query, Arc::clone(sight), conventions)?;
    let found = keeper(hop.kind).find(view, &plan)?;
    let texts = found.iter().map(|entry| {
        let mut values = Values::of(&**entry);
        let texts = hop.leaves.iter().map(|leaf| options.text(leaf, values.get(leaf)).into_owned());
        (entry.id(), texts.collect())
    });
    Ok(texts.collect())
}

fn not_written(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => refused(error),
        other => Error::Storage { reason: format!("the list can't be written: {other:?}"), source: None },
    }
}

fn refused(error: std::io::Error) -> Error {
    Error::Storage { reason: format!("the list can't be written: {error}"), source: Some(Box::new(error)) }
}
