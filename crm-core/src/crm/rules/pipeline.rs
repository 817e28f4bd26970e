//! Pipelines: one is the default, and a stage in use keeps its meaning.

use super::{Rules, refused};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::Result;
use crate::model::{Entity, Opportunity, Pipeline, Record};
use crate::store::{Condition, column_is};
use crate::value::Id;

impl Rules for Pipeline {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        id: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let Some(old) = old else { return Ok(()) };
        if old.default && !data.default {
            return refused("default_pipeline", "make another pipeline the default instead");
        }
        for stage in &old.stages {
            let now = data.stage(&stage.key);
            if now.map(|now| now.kind) == Some(stage.kind) {
                continue;
            }
            let in_stage = Condition::All(vec![
                column_is(Opportunity::schema(), "pipeline", id.uuid()),
                column_is(Opportunity::schema(), "stage", stage.key.clone()),
            ]);
            if unit.count::<Opportunity>(in_stage)? > 0 {
                let what = if now.is_none() { "removed" } else { "given another meaning" };
                let reason =
                    format!("opportunities are in the stage {:?}: it can be renamed, not {what}", stage.key);
                return refused("stage_in_use", reason);
            }
        }
        Ok(())
    }

    fn after_save(unit: &mut UnitOfWork<'_>, record: &Record<Self>, _: Option<&Record<Self>>) -> Result<()> {
        let defaults = unit.find::<Pipeline>(column_is(Pipeline::schema(), "default", true))?;
        if record.default {
            for other in defaults.into_iter().filter(|other| other.id != record.id) {
                unit.adjust(other, |pipeline| pipeline.default = false)?;
            }
            return Ok(());
        }
        if defaults.is_empty() {
            return refused("default_pipeline", "one pipeline is the default");
        }
        Ok(())
    }

    fn before_trash(_: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        if record.default {
            return refused("default_pipeline", "make another pipeline the default first");
        }
        Ok(())
    }

    fn before_restore(_: &mut UnitOfWork<'_>, data: &mut Self) -> Result<()> {
        data.default = false;
        Ok(())
    }
}
