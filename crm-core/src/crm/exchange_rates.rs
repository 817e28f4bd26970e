//! Amounts in another currency, at dated rates.

use super::session::Session;
use crate::error::{Error, Result};
use crate::model::{Action, Entity, Kind, Op, Rate};
use crate::store::{Atom, ColumnRef, Condition, Order, Plan, SortKey, Stored, column_is};
use crate::value::{Currency, Money};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::sync::Arc;

impl Session {
    /// The sum of amounts in one currency, at the rates of a day: each amount is converted and rounded half to even by
    /// itself, then added. A rate holds from its day until the next one; the rate of the other direction serves too,
    /// and two rates by way of the base currency. The stored amounts stay as they are.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Currency, Money, Rate};
    /// let day = "2026-03-02".parse().unwrap();
    /// let rate = Rate { from: Currency::USD, to: Currency::KES, valid_from: day, rate: "129.5".parse().unwrap(), ..Rate::default() };
    /// session.rates().create(rate)?;
    /// let amounts = [Money::new(10_000, Currency::USD), Money::new(500, Currency::KES)];
    /// assert_eq!(session.convert(&amounts, Currency::KES, day)?, Money::new(1_295_500, Currency::KES));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `refused` (`no_rate`) when a rate is missing, naming both currencies; `denied` for a role that sees no rates;
    /// `invalid` when the sum is too large.
    pub fn convert(&self, amounts: &[Money], to: Currency, on: NaiveDate) -> Result<Money> {
        self.read_consistently(|view, authority, shared| {
            authority.require(Kind::Rate, Action::View)?;
            let sight = authority.sight(Action::View);
            let latest = |from: Currency, to: Currency| -> Result<Option<Decimal>> {
                let schema = Rate::schema();
                let Some(column) = ColumnRef::named(schema, "valid_from") else { return Ok(None) };
                let condition = Condition::All(vec![
                    column_is(schema, "from", from.code()),
                    column_is(schema, "to", to.code()),
                    Condition::Test { column, op: Op::AtMost, values: vec![Atom::Text(on.to_string())] },
                ]);
                let order =
                    Order { keys: vec![SortKey { column, descending: true }], after: None, newest: false };
                let plan = Plan { order, sight: Arc::clone(sight), ..Plan::all_where(condition, false, 1) };
                Ok(Rate::read(view).find(&plan)?.first().map(|entry| entry.record.rate))
            };
            let direct = |from: Currency, to: Currency| -> Result<Option<Decimal>> {
                if from == to {
                    return Ok(Some(Decimal::ONE));
                }
                match latest(from, to)? {
                    Some(rate) => Ok(Some(rate)),
                    None => Ok(latest(to, from)?.and_then(|rate| Decimal::ONE.checked_div(rate))),
                }
            };
            let base = shared.settings.base_currency;
            let rate = |from: Currency| -> Result<Decimal> {
                if let Some(rate) = direct(from, to)? {
                    return Ok(rate);
                }
                if let (Some(first), Some(second)) = (direct(from, base)?, direct(base, to)?)
                    && let Some(rate) = first.checked_mul(second)
                {
                    return Ok(rate);
                }
                let reason = format!("there is no rate from {from} to {to} on {on}");
                Err(Error::Refused { rule: "no_rate", reason })
            };
            let mut sum = Money::new(0, to);
            for amount in amounts {
                let converted = match amount.currency == to {
                    true => Some(*amount),
                    false => amount.convert(to, rate(amount.currency)?),
                };
                let too_large = || Error::invalid("amount", "range", "the amount is too large");
                sum = sum.checked_add(converted.ok_or_else(too_large)?)?;
            }
            Ok(sum)
        })
    }
}
