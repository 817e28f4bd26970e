//! Opportunities: their stage says what they are.

use super::{Rules, refuse_strangers, refused};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Result, Violations};
use crate::model::{Opportunity, Record, StageKind, StageTime};
use crate::value::{Id, Timestamp};
use chrono::TimeDelta;

impl Rules for Opportunity {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            data.owner = data.owner.or(unit.user());
            // When a deal that is closed already began is nobody's guess.
            if data.closed_on.is_none() {
                data.opened_on = data.opened_on.or(Some(unit.today()));
            }
        }
        let pipelines = unit.pipelines()?;
        let pipeline = match data.pipeline {
            Some(id) => pipelines.iter().find(|pipeline| pipeline.id == id),
            None => pipelines.iter().find(|pipeline| pipeline.default),
        };
        // A pipeline that is not there is told by the check of references.
        let Some(pipeline) = pipeline else { return Ok(()) };
        data.pipeline = Some(pipeline.id);
        if data.stage.is_empty() {
            data.stage = pipeline.first_open().map(|stage| stage.key.clone()).unwrap_or_default();
        }
        let mut problems = Violations::default();
        let was = old.map(|old| old.status);
        match pipeline.stage(&data.stage) {
            Some(stage) => data.status = stage.kind,
            None => {
                let keys: Vec<&str> = pipeline.stages.iter().map(|stage| stage.key.as_str()).collect();
                let reason = format!("{} has the stages {}", pipeline.name, keys.join(", "));
                problems.add("stage", "unknown", &data.stage, reason);
            }
        }
        match data.status {
            StageKind::Open => {
                if was.is_some_and(|was| was != StageKind::Open)
                    && data.closed_on == old.and_then(|old| old.closed_on)
                {
                    data.closed_on = None;
                }
                if let Some(closed) = data.closed_on {
                    problems.add(
                        "closed_on",
                        "open",
                        &closed.to_string(),
                        "an open opportunity is not closed yet",
                    );
                }
            }
            StageKind::Won | StageKind::Lost => {
                data.closed_on = data.closed_on.or(Some(unit.today()));
            }
        }
        let lost_now = data.status == StageKind::Lost && was != Some(StageKind::Lost);
        if lost_now && data.lost_reason.is_none() && unit.settings().lost_reason_required {
            problems.add("lost_reason", "blank", "", "say why it was lost: the settings require a reason");
        }
        let moved_on = old.is_none_or(|old| (old.pipeline, &old.stage) != (data.pipeline, &data.stage));
        if moved_on {
            keep_time(data, old, unit.now());
        }
        price_lines(unit, data, old, &mut problems)?;
        sum_up(data, old, &mut problems);
        data.cycle_days = match (data.opened_on, data.closed_on) {
            (Some(opened), Some(closed)) => Some((closed - opened).num_days()),
            _ => None,
        };
        let known: Vec<_> =
            old.map(|old| old.contacts.iter().map(|c| c.contact).collect()).unwrap_or_default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        let contacts = data.contacts.iter().map(|c| c.contact).filter(|c| moved || !known.contains(c));
        refuse_strangers(unit, "contacts", data.customer, contacts.collect(), &mut problems)?;
        problems.into_result()
    }

    fn before_restore(unit: &mut UnitOfWork<'_>, data: &mut Self) -> Result<()> {
        let pipelines = unit.pipelines()?;
        let pipeline = pipelines.iter().find(|pipeline| Some(pipeline.id) == data.pipeline);
        match pipeline.and_then(|pipeline| pipeline.stage(&data.stage)) {
            Some(stage) if stage.kind == data.status => Ok(()),
            _ => refused("stage_in_use", format!("its pipeline no longer has the stage {:?}", data.stage)),
        }
    }
}

/// Notes how long it was in the stage that it leaves, and lets the time in the new one go on from earlier stays.
fn keep_time(data: &mut Opportunity, old: Option<&Record<Opportunity>>, now: Timestamp) {
    data.stage_since = Some(now);
    let Some(old) = old else { return };
    if old.pipeline != data.pipeline {
        data.stage_times.clear();
        return;
    }
    let seconds = old.time_in_stage(now).num_seconds();
    match data.stage_times.iter_mut().find(|time| time.stage == old.stage) {
        Some(time) => time.seconds = seconds,
        None => data.stage_times.push(StageTime { stage: old.stage.clone(), seconds }),
    }
    let earlier = data.stage_times.iter().find(|time| time.stage == data.stage);
    let earlier = earlier.map_or(TimeDelta::zero(), |time| TimeDelta::seconds(time.seconds));
    data.stage_since = Some(now - earlier);
}

/// Lines keep the price that their product had when they were written.
fn price_lines(
    unit: &UnitOfWork<'_>,
    data: &mut Opportunity,
    old: Option<&Record<Opportunity>>,
    problems: &mut Violations,
) -> Result<()> {
    for (index, line) in data.lines.iter_mut().enumerate() {
        let known = old.and_then(|old| {
            old.lines
                .iter()
                .map(|line| line.product)
                .find(|product| product.is_some() && *product == line.product)
        });
        let field = format!("lines.{index}.product");
        let price = unit.price_of(line.product, known.flatten(), &field, problems)?;
        line.unit_price = line.unit_price.or(price);
        if line.unit_price.is_none() {
            problems.add(
                &format!("lines.{index}.unit_price"),
                "blank",
                "",
                "a line has a product or a price",
            );
        }
    }
    Ok(())
}

/// The amount of a deal with lines is their sum: one that the caller set to something else would be lost.
fn sum_up(data: &mut Opportunity, old: Option<&Record<Opportunity>>, problems: &mut Violations) {
    let Some(sum) = data.sum_of_lines() else { return };
    let was = old.and_then(|old| old.amount);
    let left_open = data.amount.is_none() && old.is_none_or(|old| old.lines != data.lines);
    if data.amount != was && data.amount != Some(sum) && !left_open {
        let amount = data.amount.map(|amount| amount.to_string()).unwrap_or_default();
        let reason = format!("it is the sum of the lines, {sum}; change the lines, or remove them first");
        problems.add("amount", "computed", &amount, reason);
    }
    data.amount = Some(sum);
}
