//! The figures. The library counts, sums and averages; here they only get their names.

use crate::Failure;
use crm_core::{
    Aggregate, Customer, Decimal, Field, Filter, Group, Id, Opportunity, Period, Pipeline, Query, Record,
    Session, StageKind, User, Uuid, Value,
};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;

/// Digits after the decimal point of rates and averages.
const DECIMALS: u32 = 6;

/// The figures of a pipeline as one JSON object. Amounts are in major units of the currency that was loaded.
///
/// # Errors
/// The store's errors.
pub fn report(session: &Session, pipeline: Id<Pipeline>) -> Result<Json, Failure> {
    let all = Opportunity::PIPELINE.is(pipeline.uuid());
    let won = all.clone().and(Opportunity::STATUS.is(StageKind::Won));
    let figures = Figures { session };

    let (won_count, lost_count) = figures.won_and_lost(&all)?;
    let users = names(session.users().iter(pages()), |user: &User| {
        format!("{} {}", user.given_name, user.family_name)
    })?;
    let customers = names(session.customers().iter(pages()), |customer: &Customer| customer.name.clone())?;
    Ok(json!({
        "count_by_stage": figures.counts(&all, Opportunity::STAGE)?,
        "sum_close_value_by_stage": figures.sums(&all, amounts().by(Opportunity::STAGE), text)?,
        "won_revenue_total": figures.total(&won)?,
        "win_rate_won_over_closed": rounded(Decimal::from(won_count) / Decimal::from(won_count + lost_count)),
        "avg_cycle_days": {
            "won": figures.average_cycle(&all, StageKind::Won)?,
            "lost": figures.average_cycle(&all, StageKind::Lost)?,
        },
        "won_revenue_by_agent": figures.sums(&won, amounts().by(Opportunity::OWNER), |key| named(&users, key))?,
        "won_revenue_by_account":
            figures.sums(&won, amounts().by(Opportunity::CUSTOMER), |key| named(&customers, key))?,
        "monthly_won_revenue_by_close_month":
            figures.sums(&won, amounts().by_period(Opportunity::CLOSED_ON, Period::Month), month)?,
    }))
}

fn amounts() -> Aggregate {
    Aggregate::of(Opportunity::AMOUNT)
}

struct Figures<'s> {
    session: &'s Session,
}

impl Figures<'_> {
    fn groups(&self, filter: &Filter, figures: &Aggregate) -> Result<Vec<Group>, Failure> {
        Ok(self.session.opportunities().aggregate(&Query::new().filter(filter.clone()), figures)?)
    }

    fn counts<T>(&self, filter: &Filter, by: Field<Opportunity, T>) -> Result<Json, Failure> {
        let groups = self.groups(filter, &Aggregate::count().by(by))?;
        Ok(groups.iter().map(|group| (key(group, text), json!(group.count))).collect::<Map<_, _>>().into())
    }

    fn won_and_lost(&self, filter: &Filter) -> Result<(u64, u64), Failure> {
        let groups = self.groups(filter, &Aggregate::count().by(Opportunity::STATUS))?;
        let count = |kind: StageKind| {
            let found = groups.iter().find(|group| group.keys == [Value::from(kind)]);
            found.map_or(0, |group| group.count)
        };
        match (count(StageKind::Won), count(StageKind::Lost)) {
            (0, 0) => Err("no opportunity is closed: there is no win rate".into()),
            closed => Ok(closed),
        }
    }

    fn sums(
        &self,
        filter: &Filter,
        figures: Aggregate,
        name: impl Fn(&Value) -> String,
    ) -> Result<Json, Failure> {
        let groups = self.groups(filter, &figures)?;
        Ok(groups.iter().map(|group| (key(group, &name), sum(group))).collect::<Map<_, _>>().into())
    }

    fn total(&self, filter: &Filter) -> Result<Json, Failure> {
        Ok(self.groups(filter, &amounts())?.first().map_or_else(|| number(Decimal::ZERO), sum))
    }

    fn average_cycle(&self, filter: &Filter, kind: StageKind) -> Result<Json, Failure> {
        let filter = filter.clone().and(Opportunity::STATUS.is(kind));
        let groups = self.groups(&filter, &Aggregate::of(Opportunity::CYCLE_DAYS))?;
        Ok(groups.first().and_then(|group| group.avg).map_or(Json::Null, rounded))
    }
}

/// Every record on as few pages as there can be.
fn pages() -> Query {
    Query::new().page_size(Query::LARGEST_PAGE)
}

fn names<E: crm_core::Entity>(
    records: impl Iterator<Item = crm_core::Result<Record<E>>>,
    name: impl Fn(&E) -> String,
) -> Result<HashMap<Uuid, String>, Failure> {
    records
        .map(|record| {
            let record = record?;
            Ok((record.id.uuid(), name(&record)))
        })
        .collect()
}

/// The name of a group: it has one key, because figures here are grouped by one field.
fn key(group: &Group, name: impl Fn(&Value) -> String) -> String {
    group.keys.first().map(name).unwrap_or_default()
}

fn named(names: &HashMap<Uuid, String>, key: &Value) -> String {
    match key {
        Value::Id(id) => names.get(id).cloned().unwrap_or_else(|| id.to_string()),
        other => text(other),
    }
}

fn month(key: &Value) -> String {
    match key {
        Value::Date(first_day) => first_day.format("%Y-%m").to_string(),
        other => text(other),
    }
}

fn text(key: &Value) -> String {
    match key {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    }
}

/// A group in which no opportunity has an amount sums to nothing.
fn sum(group: &Group) -> Json {
    match group.sum {
        Some(Value::Money(money)) => number(money.to_decimal()),
        _ => number(Decimal::ZERO),
    }
}

fn rounded(decimal: Decimal) -> Json {
    number(decimal.round_dp(DECIMALS))
}

/// The nearest number that JSON readers know, found from the decimal's digits.
fn number(decimal: Decimal) -> Json {
    decimal.to_string().parse::<f64>().map_or(Json::Null, Json::from)
}
