//! Interactions: contacts and opportunity are of the same customer.

use super::{Rules, refuse_foreign, refuse_strangers};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Result, Violations};
use crate::model::{Contact, Interaction, Record};
use crate::value::Id;

impl Rules for Interaction {
    const MOMENT: &'static str = "occurred_at";

    fn title(&self) -> String {
        self.subject.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            data.employee = data.employee.or(unit.user());
            data.occurred_at = data.occurred_at.or(Some(unit.now()));
        }
        let mut problems = Violations::default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        let known: &[Id<Contact>] = old.map_or(&[], |old| &old.contacts);
        let contacts = data.contacts.iter().copied().filter(|c| moved || !known.contains(c));
        refuse_strangers(unit, "contacts", data.customer, contacts.collect(), &mut problems)?;
        if moved || data.opportunity != old.and_then(|old| old.opportunity) {
            refuse_foreign(unit, "opportunity", data.customer, data.opportunity, &mut problems)?;
        }
        problems.into_result()
    }
}
