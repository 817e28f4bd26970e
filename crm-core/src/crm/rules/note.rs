//! Notes: who wrote it.

use super::{Rules, refuse_foreign};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Result, Violations};
use crate::model::{Note, Record};
use crate::value::Id;

impl Rules for Note {
    fn title(&self) -> String {
        const SHOWN: usize = 80;
        self.body.lines().next().unwrap_or_default().chars().take(SHOWN).collect()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            data.author = data.author.or(unit.user());
        }
        let mut problems = Violations::default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        if moved || data.opportunity != old.and_then(|old| old.opportunity) {
            refuse_foreign(unit, "opportunity", data.customer, data.opportunity, &mut problems)?;
        }
        problems.into_result()
    }

    fn importable(field: &str) -> bool {
        field == "author"
    }
}
