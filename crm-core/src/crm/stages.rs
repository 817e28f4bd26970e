//! Moving deals through their stages, and their clocks.

use super::session::Session;
use super::system::with_types;
use crate::error::{Error, Result};
use crate::model::{
    Action, Actor, ChangeKind, Interaction, Kind, Note, OperationId, Opportunity, Pipeline, Record, StageKind,
};
use crate::store::{Aggregate, AggregatePlan, Condition, Plan, Stored, column_is};
use crate::value::{Id, Timestamp, Value};
use chrono::{NaiveDate, TimeDelta};
use std::sync::Arc;
use uuid::Uuid;

/// A move of a deal to another stage, or its start in the first.
#[derive(Clone, Debug, PartialEq)]
pub struct StageMove {
    /// The operation.
    pub operation: OperationId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The stage before; nothing for the first.
    pub from: Option<String>,
    /// The stage afterwards.
    pub to: String,
    /// The pipeline afterwards, when it changed too.
    pub pipeline: Option<Id<Pipeline>>,
}

/// The three clocks of a deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// Days since it was opened; for a closed one until it was closed. `None` when nobody knows when it was opened.
    pub age_days: Option<i64>,
    /// How long it has been in its stage, all stays together.
    pub time_in_stage: TimeDelta,
    /// How long nothing has happened: no change of it, no interaction and no note about it that the reader sees.
    pub idle: TimeDelta,
    /// It is open and has been in its stage for longer than the pipeline allows.
    pub rotting: bool,
}

/// What goes with a move into another stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageChange {
    /// The day on which it was won or lost, when that was not today.
    pub closed_on: Option<NaiveDate>,
    /// Why it was lost.
    pub lost_reason: Option<String>,
}

impl Session {
    /// Moves a deal to another stage of its pipeline. A won or lost stage closes it, an open one opens it again. The
    /// status of its customer does not move with it: to make a prospect active is one more line, in the same batch when
    /// both are to happen or none.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let deal = session.opportunities().create(crm_core::Opportunity { customer, name: "Tea".into(), ..Default::default() })?;
    /// use crm_core::{StageChange, StageKind};
    /// let deal = session.move_stage(deal.id, "won", StageChange::default())?;
    /// assert_eq!(deal.status, StageKind::Won);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`, `invalid` (`stage`, `unknown`) for a stage that the pipeline does not have,
    /// (`lost_reason`, `blank`) when the settings ask for one.
    pub fn move_stage(
        &self,
        deal: Id<Opportunity>,
        stage: &str,
        with: StageChange,
    ) -> Result<Record<Opportunity>> {
        self.write("move_stage", |unit| {
            unit.update(deal, |deal| {
                stage.clone_into(&mut deal.stage);
                if with.closed_on.is_some() {
                    deal.closed_on = with.closed_on;
                }
                if with.lost_reason.is_some() {
                    deal.lost_reason = with.lost_reason;
                }
                Ok(())
            })
        })
    }

    /// Every stage that a deal was in, oldest first: from the journal.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let deal = session.opportunities().create(crm_core::Opportunity { customer, name: "Tea".into(), ..Default::default() })?;
    /// session.move_stage(deal.id, "proposal", Default::default())?;
    /// let moves = session.stage_history(deal.id)?;
    /// assert_eq!((moves[1].from.as_deref(), moves[1].to.as_str()), (Some("prospecting"), "proposal"));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`.
    pub fn stage_history(&self, deal: Id<Opportunity>) -> Result<Vec<StageMove>> {
        let operations = with_types(self.opportunities().history(deal)?);
        let text = |value: Option<&Value>| value.and_then(Value::as_text).map(str::to_owned);
        let mut moves = Vec::new();
        for operation in operations {
            for change in operation.changes.iter().filter(|change| change.after.contains_key("stage")) {
                if !matches!(change.change, ChangeKind::Create | ChangeKind::Update) {
                    continue;
                }
                moves.push(StageMove {
                    operation: operation.id,
                    at: operation.at,
                    actor: operation.actor.clone(),
                    from: text(change.before.get("stage")),
                    to: text(change.after.get("stage")).unwrap_or_default(),
                    pipeline: change.after.get("pipeline").and_then(Value::as_id).map(Id::from_uuid),
                });
            }
        }
        Ok(moves)
    }

    /// A deal's clocks now.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let deal = session.opportunities().create(crm_core::Opportunity { customer, name: "Tea".into(), ..Default::default() })?;
    /// assert_eq!(session.clocks(deal.id)?.age_days, Some(0));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`.
    pub fn clocks(&self, deal: Id<Opportunity>) -> Result<Clocks> {
        let now = self.now();
        self.read_consistently(|view, authority, shared| {
            let sight = authority.sight(Action::View);
            let entry = Opportunity::read(view).get(deal, sight)?.filter(|entry| entry.deletion.is_none());
            let unknown = || Error::NotFound { entity: "opportunity", key: deal.to_string() };
            let record = entry.ok_or_else(unknown)?.record;
            let mut last = record.updated_at;
            if authority.require(Kind::Interaction, Action::View).is_ok() {
                last = last.max(newest::<Interaction>(view, sight, "occurred_at", deal.uuid(), now)?);
            }
            if authority.require(Kind::Note, Action::View).is_ok() {
                last = last.max(newest::<Note>(view, sight, "created_at", deal.uuid(), now)?);
            }
            let today = shared.settings.time_zone.date_at(now);
            let until = record.closed_on.filter(|_| record.status != StageKind::Open).unwrap_or(today);
            let pipeline = shared.pipelines.iter().find(|pipeline| Some(pipeline.id) == record.pipeline);
            Ok(Clocks {
                age_days: record.opened_on.map(|opened| (until - opened).num_days()),
                time_in_stage: record.time_in_stage(now),
                idle: (now - last).max(TimeDelta::zero()),
                rotting: pipeline.is_some_and(|pipeline| record.is_rotting(pipeline, now)),
            })
        })
    }
}

/// The latest moment, until now, in a field of the live records about a deal.
fn newest<E: Stored>(
    view: &dyn crate::store::Snapshot,
    sight: &Arc<crate::store::Sight>,
    field: &'static str,
    deal: Uuid,
    now: Timestamp,
) -> Result<Timestamp> {
    let about = column_is(E::schema(), "opportunity", deal);
    let plan = Plan { sight: Arc::clone(sight), ..Plan::all_where(Condition::All(vec![about]), false, 1) };
    let figures = Aggregate { by: Vec::new(), of: Some(field.to_owned()) };
    let figures = AggregatePlan::new(E::schema(), &figures, crate::value::Zone::UTC)?;
    let groups = figures.finish(E::read(view).aggregate(&plan, &figures)?)?;
    Ok(match groups.first().and_then(|group| group.max.clone()) {
        Some(Value::Instant(at)) => at.min(now),
        _ => Timestamp::default(),
    })
}
