//! The figures of deals: by stage, open, won and lost.

use super::{View, amounts};
use crate::crm::Session;
use crate::error::{Error, Result};
use crate::model::{Entity, Filter, Kind, Opportunity, Pipeline, Query, Record, Stage, StageKind};
use crate::store::{Aggregate, AggregatePlan, ColumnRef, Group, Weights};
use crate::value::{Id, Money, Timestamp, Value};
use chrono::TimeDelta;
use rust_decimal::Decimal;

/// The deals of a pipeline, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deals {
    /// How many are open.
    pub open: u64,
    /// What the open ones are worth, one amount for each currency. Won and lost ones are not in it.
    pub open_amount: Vec<Money>,
    /// The same weighted by probability, each deal rounded half to even by itself.
    pub weighted_amount: Vec<Money>,
    /// How many are won.
    pub won: u64,
    /// What the won ones are worth, one amount for each currency.
    pub won_amount: Vec<Money>,
    /// How many are lost.
    pub lost: u64,
    /// What the lost ones were worth, one amount for each currency.
    pub lost_amount: Vec<Money>,
    /// Won of won and lost, from 0 to 1; `None` while nothing is closed.
    pub win_rate: Option<Decimal>,
    /// Average days from opening to winning.
    pub won_cycle_days: Option<Decimal>,
    /// Average days from opening to losing.
    pub lost_cycle_days: Option<Decimal>,
}

/// One stage of a pipeline with its deals.
#[derive(Clone, Debug, PartialEq)]
pub struct StageReport {
    /// The pipeline.
    pub pipeline: Id<Pipeline>,
    /// The stage as the pipeline has it now.
    pub stage: Stage,
    /// How many deals are in it.
    pub count: u64,
    /// What they are worth, one amount for each currency.
    pub amount: Vec<Money>,
    /// The same weighted by probability, each deal rounded half to even by itself.
    pub weighted_amount: Vec<Money>,
    /// How many are in it for longer than the pipeline allows.
    pub rotting: u64,
}

/// A pipeline with its deals.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineReport {
    /// The pipeline.
    pub pipeline: Record<Pipeline>,
    /// Its stages in their order.
    pub stages: Vec<StageReport>,
    /// All of its deals.
    pub total: Deals,
}

impl Session {
    /// The deals of a pipeline, stage by stage: those that the user sees.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::{Currency, Money, Opportunity, Pipeline, Query};
    /// let amount = Some(Money::new(100_000, Currency::KES));
    /// let deal = Opportunity { customer, name: "Tea".into(), amount, ..Opportunity::default() };
    /// let pipeline = session.opportunities().create(deal)?.pipeline.unwrap();
    /// let report = session.pipeline_report(pipeline)?;
    /// assert_eq!(report.stages[0].weighted_amount, [Money::new(10_000, Currency::KES)]);
    /// assert_eq!(report.total.open, 1);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found` for a pipeline that is not there; `denied` for a role that sees no opportunities or no pipelines.
    pub fn pipeline_report(&self, pipeline: Id<Pipeline>) -> Result<PipelineReport> {
        let now = self.now();
        self.read_consistently(|snapshot, authority, shared| {
            authority.require(Kind::Opportunity, crate::model::Action::View)?;
            authority.require(Kind::Pipeline, crate::model::Action::View)?;
            let found = shared.pipelines.iter().find(|known| known.id == pipeline).cloned();
            let unknown = || Error::NotFound { entity: "pipeline", key: pipeline.to_string() };
            let record = found.ok_or_else(unknown)?;
            let view = View { snapshot, authority, shared };
            let only = Opportunity::PIPELINE.is(pipeline);
            let groups = DealGroups::read(&view, only.clone())?;
            let mut stages = groups.stages(&record)?;
            for report in &mut stages {
                report.rotting = rotting(&view, report, now)?;
            }
            Ok(PipelineReport { stages, total: groups.total()?, pipeline: record })
        })
    }
}

/// How many deals of a stage rot.
fn rotting(view: &View<'_>, report: &StageReport, now: Timestamp) -> Result<u64> {
    let Some(days) = report.stage.rotting_after_days.filter(|_| report.stage.kind == StageKind::Open) else {
        return Ok(0);
    };
    let Some(before) = now.checked_sub_signed(TimeDelta::days(days.into())) else { return Ok(0) };
    let query = Query::new()
        .filter(Opportunity::PIPELINE.is(report.pipeline))
        .filter(Opportunity::STAGE.is(report.stage.key.as_str()))
        .filter(Opportunity::STAGE_SINCE.less(before));
    view.count::<Opportunity>(&query)
}

/// The figures of deals as they come from the store.
pub(super) struct DealGroups {
    by_stage: Vec<Group>,
    weighted: Vec<Group>,
    by_status: Vec<Group>,
    cycles: Vec<Group>,
}

impl DealGroups {
    /// Reads them in four statements, however many deals and pipelines there are.
    pub(super) fn read(view: &View<'_>, only: Filter) -> Result<Self> {
        let query = Query::new().filter(only);
        let by_stage = Aggregate::of(Opportunity::AMOUNT).by(Opportunity::PIPELINE).by(Opportunity::STAGE);
        let open = query.clone().filter(Opportunity::STATUS.is(StageKind::Open));
        let weighted = AggregatePlan::new(Opportunity::schema(), &by_stage, view.zone())?;
        let weighted = AggregatePlan { weights: weights(view), ..weighted };
        let cycles = Aggregate::of(Opportunity::CYCLE_DAYS).by(Opportunity::STATUS);
        Ok(DealGroups {
            weighted: view.planned::<Opportunity>(&open, weighted)?,
            by_stage: view.figures::<Opportunity>(&query, &by_stage)?,
            by_status: view.figures::<Opportunity>(
                &query,
                &Aggregate::of(Opportunity::AMOUNT).by(Opportunity::STATUS),
            )?,
            cycles: view.figures::<Opportunity>(&query, &cycles)?,
        })
    }

    /// The stages of a pipeline in their order, those without deals too.
    pub(super) fn stages(&self, pipeline: &Record<Pipeline>) -> Result<Vec<StageReport>> {
        let of_stage = |groups: &'_ [Group], stage: &Stage| -> Vec<Group> {
            let keys = [Value::Id(pipeline.id.uuid()), Value::Text(stage.key.clone())];
            groups.iter().filter(|group| group.keys == keys).cloned().collect()
        };
        let report = |stage: &Stage| {
            let groups = of_stage(&self.by_stage, stage);
            let amount = amounts(groups.iter())?;
            let weighted_amount = match stage.kind {
                StageKind::Open => amounts(of_stage(&self.weighted, stage).iter())?,
                StageKind::Won => amount.clone(),
                StageKind::Lost => Vec::new(),
            };
            Ok(StageReport {
                pipeline: pipeline.id,
                stage: stage.clone(),
                count: groups.iter().map(|group| group.count).sum(),
                amount,
                weighted_amount,
                rotting: 0,
            })
        };
        pipeline.stages.iter().map(report).collect()
    }

    pub(super) fn total(&self) -> Result<Deals> {
        let of = |groups: &'_ [Group], status: StageKind| -> Vec<Group> {
            let key = [Value::from(status)];
            groups.iter().filter(|group| group.keys == key).cloned().collect()
        };
        let count = |status| of(&self.by_status, status).iter().map(|group| group.count).sum::<u64>();
        let amount = |status| amounts(of(&self.by_status, status).iter());
        let days = |status| of(&self.cycles, status).first().and_then(|group| group.avg);
        let (won, lost) = (count(StageKind::Won), count(StageKind::Lost));
        let closed = Decimal::from(won) + Decimal::from(lost);
        Ok(Deals {
            open: count(StageKind::Open),
            open_amount: amount(StageKind::Open)?,
            weighted_amount: amounts(self.weighted.iter())?,
            won,
            won_amount: amount(StageKind::Won)?,
            lost,
            lost_amount: amount(StageKind::Lost)?,
            win_rate: Decimal::from(won).checked_div(closed),
            won_cycle_days: days(StageKind::Won),
            lost_cycle_days: days(StageKind::Lost),
        })
    }
}

/// How likely deals are won in the stages of all pipelines.
fn weights(view: &View<'_>) -> Option<Weights> {
    let column = |name| ColumnRef::named(Opportunity::schema(), name);
    let mut stages = Vec::new();
    for pipeline in &view.shared.pipelines {
        for stage in pipeline.stages.iter().filter(|stage| stage.kind == StageKind::Open) {
            stages.push((pipeline.id.uuid(), stage.key.clone(), stage.probability));
        }
    }
    Some(Weights {
        probability: column("probability")?,
        pipeline: column("pipeline")?,
        stage: column("stage")?,
        stages,
    })
}
