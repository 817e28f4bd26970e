//! Contacts: one of them is the primary one.

use super::Rules;
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::Result;
use crate::model::{Contact, Customer, Entity, Record};
use crate::store::{Condition, column_is};
use crate::value::Id;

impl Rules for Contact {
    fn title(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let moved = old.is_some_and(|old| old.customer != data.customer);
        if old.is_none() || moved {
            let others = column_is(Contact::schema(), "customer", data.customer.uuid());
            data.primary |= unit.count::<Contact>(others)? == 0;
        }
        Ok(())
    }

    fn after_save(unit: &mut UnitOfWork<'_>, record: &Record<Self>, _: Option<&Record<Self>>) -> Result<()> {
        if !record.primary {
            return Ok(());
        }
        for other in other_primaries(unit, record.customer)? {
            if other.id != record.id {
                unit.adjust(other, |contact| contact.primary = false)?;
            }
        }
        Ok(())
    }

    fn before_restore(unit: &mut UnitOfWork<'_>, data: &mut Self) -> Result<()> {
        // Back in its own right, it leads nowhere else.
        data.merged_into = None;
        if data.primary && !other_primaries(unit, data.customer)?.is_empty() {
            data.primary = false;
        }
        Ok(())
    }
}

fn other_primaries(unit: &UnitOfWork<'_>, customer: Id<Customer>) -> Result<Vec<Record<Contact>>> {
    let schema = Contact::schema();
    unit.find(Condition::All(vec![
        column_is(schema, "customer", customer.uuid()),
        column_is(schema, "primary", true),
    ]))
}
