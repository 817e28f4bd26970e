//! Figures: count, sum, average, least and greatest, by up to two fields.

use super::path::column_of;
use super::{Atom, ColumnRef};
use crate::error::{Error, Result, Violations};
use crate::model::Schema;
use crate::value::{Currency, FieldValue, Money, Period, Quantity, Timestamp, Value, ValueType, Zone};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which figures a caller wants.
///
/// ```
/// use crm_core::{Aggregate, Opportunity, Period};
/// let won_by_month = Aggregate::of(Opportunity::AMOUNT).by_period(Opportunity::CLOSED_ON, Period::Month);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Aggregate {
    /// Up to two fields to group by.
    pub by: Vec<GroupBy>,
    /// The field to sum; only counts when absent. Amounts are summed for each currency by itself.
    pub of: Option<String>,
}

/// A field to group by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupBy {
    /// The field.
    pub field: String,
    /// The period that dates and instants fall into; instants in the organisation's zone.
    #[serde(default)]
    pub period: Option<Period>,
}

impl Aggregate {
    /// Counts.
    pub fn count() -> Self {
        Aggregate::default()
    }

    /// Figures of this field.
    pub fn of<E, T>(field: crate::model::Field<E, T>) -> Self {
        Aggregate { by: Vec::new(), of: Some(field.name().to_owned()) }
    }

    /// For each value of this field.
    #[must_use]
    pub fn by<E, T>(mut self, field: crate::model::Field<E, T>) -> Self {
        self.by.push(GroupBy { field: field.name().to_owned(), period: None });
        self
    }

    /// For each period of this date or instant.
    #[must_use]
    pub fn by_period<E, T>(mut self, field: crate::model::Field<E, T>, period: Period) -> Self {
        self.by.push(GroupBy { field: field.name().to_owned(), period: Some(period) });
        self
    }
}

/// The figures of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The values of the fields that it is grouped by; the first day of a period.
    pub keys: Vec<Value>,
    /// The currency of the amounts.
    pub currency: Option<Currency>,
    /// How many records.
    pub count: u64,
    /// How many of them have a value in the measured field.
    pub measured: u64,
    /// The sum of numbers or amounts.
    pub sum: Option<Value>,
    /// The average of numbers, or of amounts in major units, over those that have a value. Exact to 28 digits.
    pub avg: Option<Decimal>,
    /// The least value.
    pub min: Option<Value>,
    /// The greatest value.
    pub max: Option<Value>,
}

/// Checked figures: what adapters carry out.
#[derive(Clone, Debug)]
pub struct AggregatePlan {
    /// What to group by.
    pub keys: Vec<GroupKey>,
    /// What to measure.
    pub measure: Option<ColumnRef>,
    /// The currency beside an amount; groups are split by it.
    pub currency: Option<ColumnRef>,
    /// Sums amounts weighted by the probability of each deal instead of the amounts.
    pub weights: Option<Weights>,
    /// Whether sums of the measure mean anything.
    pub summable: bool,
    /// The zone in which instants fall into periods.
    pub zone: Zone,
}

/// How likely open deals are won: each amount is weighted and rounded by itself, then summed.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// What somebody judged by hand; NULL for the stage's.
    pub probability: ColumnRef,
    /// The pipeline.
    pub pipeline: ColumnRef,
    /// The key of the stage.
    pub stage: ColumnRef,
    /// The probability of each stage in percent, by pipeline and key.
    pub stages: Vec<(Uuid, String, u8)>,
}

impl Weights {
    /// The percentage of a deal with these values.
    pub fn percent(&self, probability: Option<i64>, pipeline: Option<Uuid>, stage: &str) -> u8 {
        let by_hand = probability.and_then(|percent| u8::try_from(percent).ok());
        let of_stage = |(id, key, _): &&(Uuid, String, u8)| Some(*id) == pipeline && key == stage;
        by_hand.unwrap_or_else(|| self.stages.iter().find(of_stage).map_or(0, |(_, _, percent)| *percent))
    }
}

/// One column to group by.
#[derive(Clone, Copy, Debug)]
pub struct GroupKey {
    /// The column.
    pub column: ColumnRef,
    /// The period, for dates and instants.
    pub period: Option<Period>,
}

/// A group as an adapter gives it: keys as stored, not folded; a period as the ISO date of its first day.
#[derive(Clone, Debug, PartialEq)]
pub struct RawGroup {
    /// The keys.
    pub keys: Vec<Atom>,
    /// The currency code.
    pub currency: Atom,
    /// Records.
    pub count: u64,
    /// Records with a value.
    pub measured: u64,
    /// Their sum.
    pub sum: Option<i64>,
    /// Their least.
    pub min: Atom,
    /// Their greatest.
    pub max: Atom,
}

impl AggregatePlan {
    /// Checks figures against an entity.
    ///
    /// # Errors
    /// `invalid` with all that is wrong.
    pub fn new(schema: &'static Schema, aggregate: &Aggregate, zone: Zone) -> Result<Self> {
        let mut problems = Violations::default();
        if aggregate.by.len() > 2 {
            problems.add("by", "too_many", "", "figures are grouped by at most two fields");
        }
        let mut keys = Vec::new();
        for group in aggregate.by.iter().take(2) {
            let dated = |ty| matches!(ty, ValueType::Date | ValueType::Instant);
            match column_of(schema, &group.field) {
                Some((column, None)) if group.period.is_some() && !dated(column.ty) => {
                    problems.add("by", "mismatch", &group.field, "only dates and instants fall into periods");
                }
                Some((column, None)) => keys.push(GroupKey { column, period: group.period }),
                _ => {
                    problems.add(
                        "by",
                        "unknown_field",
                        &group.field,
                        "figures are not grouped by this field",
                    );
                }
            }
        }
        let mut plan =
            AggregatePlan { keys, measure: None, currency: None, weights: None, summable: false, zone };
        if let Some(path) = &aggregate.of {
            match column_of(schema, path) {
                Some((column, currency))
                    if matches!(
                        column.ty,
                        ValueType::Int | ValueType::Decimal | ValueType::Date | ValueType::Instant
                    ) =>
                {
                    plan.summable = matches!(column.ty, ValueType::Int | ValueType::Decimal);
                    plan.measure = Some(column);
                    plan.currency = currency;
                }
                _ => problems.add("of", "unknown_field", path, "this field has no figures"),
            }
        }
        problems.into_result()?;
        Ok(plan)
    }

    /// Gives the stored groups their types, sorted by their keys with empty ones last.
    pub(crate) fn finish(&self, mut raw: Vec<RawGroup>) -> Result<Vec<Group>> {
        raw.sort_by(|left, right| {
            let pairs = left.keys.iter().zip(&right.keys).chain([(&left.currency, &right.currency)]);
            pairs
                .map(|(l, r)| super::column::in_order(l, r, false))
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        raw.into_iter().map(|group| self.group(group)).collect()
    }

    fn group(&self, raw: RawGroup) -> Result<Group> {
        let keys = raw.keys.into_iter().zip(&self.keys).map(|(atom, key)| match key.period {
            Some(_) => typed(ValueType::Date, atom),
            None => typed(key.column.ty, atom),
        });
        let keys = keys.collect::<Result<_>>()?;
        let currency = match raw.currency {
            Atom::Text(code) => {
                Some(code.parse().map_err(|_| Error::corrupt(format!("{code:?} is no currency")))?)
            }
            _ => None,
        };
        let value = |atom: Atom| -> Result<Option<Value>> {
            Ok(match (atom, self.measure, currency) {
                (Atom::Null, _, _) | (_, None, _) => None,
                (Atom::Int(minor), _, Some(currency)) => Some(Value::Money(Money { minor, currency })),
                (atom, Some(column), None) => Some(typed(column.ty, atom)?),
                _ => None,
            })
        };
        let avg = match (raw.sum, raw.measured) {
            (Some(sum), measured) if measured > 0 => {
                let decimals = match self.measure.map(|column| column.ty) {
                    Some(ValueType::Decimal) => Quantity::DECIMALS,
                    _ => 0,
                };
                let scale = currency.map_or(decimals, Currency::exponent);
                Some(Decimal::new(sum, scale) / Decimal::from(measured))
            }
            _ => None,
        };
        let sum = match raw.sum {
            Some(sum) => value(Atom::Int(sum))?,
            None => None,
        };
        Ok(Group {
            keys,
            currency,
            count: raw.count,
            measured: raw.measured,
            sum,
            avg,
            min: value(raw.min)?,
            max: value(raw.max)?,
        })
    }
}

fn typed(ty: ValueType, atom: Atom) -> Result<Value> {
    let value = match (ty, atom) {
        (_, Atom::Null) => Value::Null,
        (ValueType::Bool, Atom::Int(yes)) => Value::Bool(yes != 0),
        (ValueType::Instant, Atom::Int(micros)) => {
            Timestamp::from_timestamp_micros(micros).map(Value::Instant).unwrap_or_default()
        }
        (ValueType::Decimal, Atom::Int(number)) => Quantity::from_millionths(number).to_value(),
        (_, Atom::Int(number)) => Value::Int(number),
        (_, Atom::Id { id }) => Value::Id(id),
        (_, Atom::Text(text)) => Value::Text(text),
    };
    ty.coerce(value).map_err(|m| Error::corrupt(format!("expected {}, found {}", m.expected, m.found)))
}
