//! Lists as Arrow streams: what polars, pandas and pyarrow read without a copy.

use crate::envelope::values;
use crate::pages::Pages;
use crate::stop;
use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use crm_core::chrono::NaiveDate;
use crm_core::{AnyCollection, Decimal, Kind, Query, Session, Shape, Value, ValueType, to_micros};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::sync::Arc;

/// Decimals and amounts have up to so many decimals.
const SCALE: i8 = 6;
const PRECISION: u8 = 38;

/// Records a batch.
const BATCH: u32 = Query::LARGEST_PAGE;

/// A page as columns: a batch, and where the next one begins.
type Batch = (RecordBatch, Option<String>);

/// What a column shows of a field.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    /// A part of a value with parts.
    Named(&'static str),
    /// Of an amount the code of its currency.
    Currency(Option<&'static str>),
    /// Of each entry the text, or this part of it.
    Texts(Option<&'static str>),
}

struct Column {
    name: String,
    field: usize,
    part: Part,
    ty: DataType,
}

fn moment() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn plain(ty: ValueType) -> DataType {
    match ty {
        ValueType::Bool => DataType::Boolean,
        ValueType::Int => DataType::Int64,
        ValueType::Instant => moment(),
        ValueType::Date => DataType::Date32,
        ValueType::Decimal | ValueType::Money => DataType::Decimal128(PRECISION, SCALE),
        _ => DataType::Utf8,
    }
}

fn texts() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)))
}

/// The columns of an entity: those of its fields, with the parts of values side by side.
fn columns(kind: Kind) -> Vec<Column> {
    let mut all = Vec::new();
    for (index, field) in kind.schema().fields.iter().enumerate() {
        let mut add = |name: String, part, ty| all.push(Column { name, field: index, part, ty });
        let name = field.name;
        match (field.shape)() {
            Shape::Scalar { ty: ValueType::Json, .. } => match name {
                "tags" | "options" => add(name.to_owned(), Part::Texts(None), texts()),
                "emails" => add(name.to_owned(), Part::Texts(Some("address")), texts()),
                "phones" => add(name.to_owned(), Part::Texts(Some("number")), texts()),
                _ => add(name.to_owned(), Part::Whole, DataType::Utf8),
            },
            Shape::Scalar { ty, .. } => add(name.to_owned(), Part::Whole, plain(ty)),
            Shape::Code { .. } => add(name.to_owned(), Part::Whole, DataType::Utf8),
            Shape::Money { .. } => {
                add(name.to_owned(), Part::Whole, plain(ValueType::Money));
                add(format!("{name}_currency"), Part::Currency(None), DataType::Utf8);
            }
            Shape::Parts { parts, .. } => {
                for part in parts {
                    let name = format!("{name}_{}", part.name);
                    match (part.shape)() {
                        Shape::Scalar { ty, .. } => add(name, Part::Named(part.name), plain(ty)),
                        Shape::Money { .. } => {
                            add(name.clone(), Part::Named(part.name), plain(ValueType::Money));
                            add(format!("{name}_currency"), Part::Currency(Some(part.name)), DataType::Utf8);
                        }
                        _ => add(name, Part::Named(part.name), DataType::Utf8),
                    }
                }
            }
        }
    }
    all
}

/// What a column shows of a value.
fn cell(value: Value, part: Part) -> Value {
    let currency = |value| match value {
        Value::Money(money) => Value::Text(money.currency.code().to_owned()),
        _ => Value::Null,
    };
    match part {
        Part::Whole | Part::Texts(None) => value,
        Part::Named(name) => value.part(name),
        Part::Currency(None) => currency(value),
        Part::Currency(Some(name)) => currency(value.part(name)),
        Part::Texts(Some(name)) => match value {
            Value::List(list) => Value::List(list.into_iter().map(|entry| entry.part(name)).collect()),
            _ => Value::Null,
        },
    }
}

fn scaled(number: Decimal) -> Option<i128> {
    let mut number = number;
    number.rescale(SCALE.unsigned_abs().into());
    Some(number.mantissa())
}

/// The day's place after 1970.
fn day(date: NaiveDate) -> Option<i32> {
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(text),
        Value::List(_) | Value::Map(_) => serde_json::to_string(&value).ok(),
        other => Some(other.to_string()),
    }
}

/// A column of values.
fn array(ty: &DataType, values: &mut dyn Iterator<Item = Value>) -> ArrayRef {
    macro_rules! built {
        ($builder:expr, $value:ident => $cell:expr) => {{
            let mut builder = $builder;
            for $value in values {
                builder.append_option($cell);
            }
            Arc::new(builder.finish()) as ArrayRef
        }};
    }
    match ty {
        DataType::Boolean => built!(BooleanBuilder::new(), value => match value {
            Value::Bool(yes) => Some(yes),
            _ => None,
        }),
        DataType::Int64 => built!(Int64Builder::new(), value => match value {
            Value::Int(number) => Some(number),
            _ => None,
        }),
        DataType::Date32 => built!(Date32Builder::new(), value => match value {
            Value::Date(date) => day(date),
            _ => None,
        }),
        DataType::Timestamp(..) => {
            built!(TimestampMicrosecondBuilder::new().with_timezone("UTC"), value => match value {
                Value::Instant(at) => Some(to_micros(at)),
                _ => None,
            })
        }
        DataType::Decimal128(..) => {
            let builder = Decimal128Builder::new().with_data_type(DataType::Decimal128(PRECISION, SCALE));
            built!(builder, value => match value {
                Value::Decimal(number) => scaled(number),
                Value::Int(number) => scaled(number.into()),
                Value::Money(money) => scaled(money.to_decimal()),
                _ => None,
            })
        }
        DataType::List(_) => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for value in values {
                if let Value::List(list) = value {
                    list.into_iter().for_each(|item| builder.values().append_option(text(item)));
                }
                builder.append(true);
            }
            Arc::new(builder.finish())
        }
        _ => built!(StringBuilder::new(), value => text(value)),
    }
}

/// The columns of what every record has.
fn envelope() -> [(&'static str, DataType); 6] {
    [
        ("id", DataType::Utf8),
        ("version", DataType::Int64),
        ("created_at", moment()),
        ("created_by", DataType::Utf8),
        ("updated_at", moment()),
        ("updated_by", DataType::Utf8),
    ]
}

/// The columns of a kind's records.
pub(crate) fn schema(kind: Kind) -> SchemaRef {
    let envelope = envelope().map(|(name, ty)| Field::new(name, ty, true));
    let columns = columns(kind).into_iter().map(|column| Field::new(column.name, column.ty, true));
    Arc::new(Schema::new(envelope.into_iter().chain(columns).collect::<Vec<_>>()))
}

/// A page of records as columns.
fn batch(session: &Session, kind: Kind, query: &Query) -> crm_core::Result<Batch> {
    let page = AnyCollection::new(session, kind).list(query)?;
    let envelopes = page.items.iter().map(|record| values(&record.envelope())).collect();
    let batch = in_columns(kind, envelopes, &|record, field| {
        page.items.get(record).map_or(Value::Null, |record| record.value(field))
    })?;
    Ok((batch, page.next))
}

fn in_columns(
    kind: Kind,
    mut envelopes: Vec<[Value; 6]>,
    value: &dyn Fn(usize, usize) -> Value,
) -> crm_core::Result<RecordBatch> {
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (place, (_, ty)) in envelope().into_iter().enumerate() {
        let taken = |values: &mut [Value; 6]| values.get_mut(place).map(std::mem::take).unwrap_or_default();
        arrays.push(array(&ty, &mut envelopes.iter_mut().map(taken)));
    }
    for column in columns(kind) {
        let cell = |record| cell(value(record, column.field), column.part);
        arrays.push(array(&column.ty, &mut (0..envelopes.len()).map(cell)));
    }
    RecordBatch::try_new(schema(kind), arrays)
        .map_err(|error| crm_core::Error::Corrupt { reason: error.to_string() })
}

/// The batches of a list, each read when it is asked for.
struct Batches {
    session: Arc<Session>,
    kind: Kind,
    schema: SchemaRef,
    query: Option<Query>,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let query = self.query.take()?;
        if Python::attach(stop::look) {
            return Some(Err(interrupted()));
        }
        Some(match batch(&self.session, self.kind, &query) {
            Ok((batch, next)) => {
                self.query = next.map(|cursor| query.after(cursor));
                Ok(batch)
            }
            Err(_) if stop::is_raised() => Err(interrupted()),
            Err(error) => Err(ArrowError::ExternalError(Box::new(error))),
        })
    }
}

/// A signal's handler raised something. It is raised again as soon as Python runs, as an Arrow stream has errors of its own.
fn interrupted() -> ArrowError {
    let raised = stop::raised();
    Python::attach(|py| {
        let what = raised.map_or_else(String::new, |raised| raised.to_string());
        // Without the signal the stream's own error is all that is told.
        drop(py.import("_thread").and_then(|thread| thread.call_method0("interrupt_main")));
        ArrowError::ExternalError(what.into())
    })
}

impl RecordBatchReader for Batches {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

#[pymethods]
impl Pages {
    /// All records as an Arrow stream, for `polars.DataFrame(s.customers.list())`, `pyarrow.table(…)` and
    /// `pandas.DataFrame.from_arrow(…)`: a column for each field, amounts and decimals exact, moments in UTC, the parts of
    /// an address side by side, lists of texts as lists, everything else as JSON text. The trash has no such form.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // It may be left out of account: the schema is what it is.
        let _ = requested_schema;
        if self.trash {
            return Err(pyo3::exceptions::PyTypeError::new_err("the trash can't be read as a frame"));
        }
        let batches = Batches {
            session: Arc::clone(&self.session),
            kind: self.kind,
            schema: schema(self.kind),
            query: Some(self.query.clone().page_size(BATCH)),
        };
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(batches)), c"arrow_array_stream")
    }
}
