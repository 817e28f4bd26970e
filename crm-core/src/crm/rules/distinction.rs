//! Distinctions: a contact is one of the customer that the distinction hangs on.

use super::{Rules, refuse_foreign};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Result, Violations};
use crate::model::{Distinction, Kind, Record};
use crate::store::Entry;
use crate::value::Id;

impl Rules for Distinction {
    // It says nothing of what happened with the customer.
    const MOMENT: &'static str = "";

    fn title(&self) -> String {
        "Not a duplicate".to_owned()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let mut problems = Violations::default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        if moved || data.contact != old.and_then(|old| old.contact) {
            refuse_foreign(unit, "contact", data.customer, data.contact, &mut problems)?;
        }
        problems.into_result()
    }

    /// When one of the two is gone for good there is nothing left to tell apart.
    fn after_save(
        unit: &mut UnitOfWork<'_>,
        record: &Record<Self>,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_some() && record.other.is_none() && record.other_contact.is_none() {
            let gone = Entry { record: record.clone(), deletion: None };
            return unit.purge_tree(Kind::Distinction, Box::new(gone));
        }
        Ok(())
    }
}
