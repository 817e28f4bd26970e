//! Feedback.

use super::Rules;
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::Result;
use crate::model::{Feedback, Record};
use crate::value::Id;

impl Rules for Feedback {
    const MOMENT: &'static str = "provided_at";

    fn title(&self) -> String {
        const SHOWN: usize = 80;
        self.text.lines().next().unwrap_or_default().chars().take(SHOWN).collect()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            data.provided_at = data.provided_at.or(Some(unit.now()));
        }
        Ok(())
    }
}
