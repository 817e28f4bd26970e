//! Figures and views over several kinds of records. Everything reads through the session, so everybody gets the
//! figures of what he may see.

mod agenda;
mod dashboard;
mod deals;
mod timeline;

pub use agenda::Bucket;
pub use dashboard::{Activity, Dashboard, LeadFigures};
pub use deals::{Deals, PipelineReport, StageReport};
pub use timeline::TimelineEntry;
pub(crate) use timeline::TimelinePlace;

use crate::error::Result;
use crate::model::{Action, Field, Kind, Query};
use crate::store::{Aggregate, AggregatePlan, Group, Plan, Snapshot, Stored};
use crate::value::{Money, Value, Zone};
use crate::{access::Authority, crm::Shared};
use std::sync::Arc;

/// What a session's figures are read from: one state of the store.
struct View<'v> {
    snapshot: &'v dyn Snapshot,
    authority: &'v Authority,
    shared: &'v Shared,
}

impl View<'_> {
    fn sees(&self, kind: Kind) -> bool {
        self.authority.require(kind, Action::View).is_ok()
    }

    fn plan<E: Stored>(&self, query: &Query) -> Result<Plan> {
        let sight = Arc::clone(self.authority.sight(Action::View));
        Plan::new(E::schema(), query, sight, &self.shared.conventions)
    }

    fn zone(&self) -> Zone {
        self.shared.settings.time_zone
    }

    /// How many live records match; none of a kind that the reader does not see.
    fn count<E: Stored>(&self, query: &Query) -> Result<u64> {
        if !self.sees(E::kind()) {
            return Ok(0);
        }
        E::read(self.snapshot).count(&self.plan::<E>(query)?)
    }

    /// Figures of the live records that match; none of a kind that the reader does not see.
    fn figures<E: Stored>(&self, query: &Query, figures: &Aggregate) -> Result<Vec<Group>> {
        self.planned::<E>(query, AggregatePlan::new(E::schema(), figures, self.zone())?)
    }

    fn planned<E: Stored>(&self, query: &Query, figures: AggregatePlan) -> Result<Vec<Group>> {
        if !self.sees(E::kind()) {
            return Ok(Vec::new());
        }
        let found = E::read(self.snapshot).aggregate(&self.plan::<E>(query)?, &figures)?;
        figures.finish(found)
    }

    /// How many live records there are for each word of a choice, in the order of the words.
    fn by_choice<E: Stored, T: Copy + Into<Value>>(
        &self,
        field: Field<E, T>,
        words: &[T],
    ) -> Result<Vec<(T, u64)>> {
        self.by_path::<E, T>(field.name(), words, &Query::new())
    }

    fn by_path<E: Stored, T: Copy + Into<Value>>(
        &self,
        path: &str,
        words: &[T],
        query: &Query,
    ) -> Result<Vec<(T, u64)>> {
        let by = vec![crate::store::GroupBy { field: path.to_owned(), period: None }];
        let groups = self.figures::<E>(query, &Aggregate { by, of: None })?;
        let count = |word: T| {
            let wanted: Value = word.into();
            groups.iter().find(|group| group.keys.first() == Some(&wanted)).map_or(0, |group| group.count)
        };
        Ok(words.iter().map(|word| (*word, count(*word))).collect())
    }
}

/// The sums of groups, one amount for each currency.
fn amounts<'g>(groups: impl Iterator<Item = &'g Group>) -> Result<Vec<Money>> {
    let mut sums: Vec<Money> = Vec::new();
    for amount in groups.filter_map(|group| group.sum.as_ref().and_then(Value::as_money)) {
        match sums.iter_mut().find(|sum| sum.currency == amount.currency) {
            Some(sum) => *sum = sum.checked_add(amount)?,
            None => sums.push(amount),
        }
    }
    sums.sort_by_key(|sum| sum.currency);
    Ok(sums)
}
