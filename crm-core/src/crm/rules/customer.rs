//! Customers: owner, code, parents, and what a converted lead may not do.

use super::{Rules, refused};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{Customer, LeadStatus, Record, Settings};
use crate::value::{Code, Id};

impl Rules for Customer {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        id: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if let Some(old) = old {
            let status = |customer: &Customer| customer.lead.as_ref().map(|lead| lead.status);
            if status(old) == Some(LeadStatus::Converted) && status(data) != Some(LeadStatus::Converted) {
                return refused("converted", "a converted lead stays converted; undo the conversion instead");
            }
        } else {
            data.owner = data.owner.or(unit.user());
        }
        if data.parent.is_some() && data.parent != old.and_then(|old| old.parent) {
            refuse_circle(unit, id, data.parent)?;
        }
        if old.is_none() {
            const COUNTER: &str = "customer";
            match &data.code {
                Some(code) => unit.raise_number(COUNTER, code.number())?,
                None => {
                    let number = unit.next_number(COUNTER)?;
                    let settings = unit.settings();
                    data.code = Some(Code::new(&settings.code_prefix, number, settings.code_digits.into()));
                }
            }
        }
        Ok(())
    }

    fn before_restore(_: &mut UnitOfWork<'_>, data: &mut Self) -> Result<()> {
        // Back in its own right, it leads nowhere else.
        data.merged_into = None;
        Ok(())
    }

    fn is_unique(field: &str, settings: &Settings) -> bool {
        field != "emails" || !settings.shared_emails
    }

    fn importable(field: &str) -> bool {
        field == "code"
    }
}

/// A customer is not its own parent, nor its parent's.
pub(in crate::crm) fn refuse_circle(
    unit: &UnitOfWork<'_>,
    id: Id<Customer>,
    parent: Option<Id<Customer>>,
) -> Result<()> {
    const DEEPEST: usize = 20;
    let mut next = parent;
    for _ in 0..DEEPEST {
        let Some(parent) = next else { return Ok(()) };
        if parent == id {
            return Err(Error::invalid(
                "parent",
                "circle",
                "a customer can't stand above itself among its parents",
            ));
        }
        next = unit.peek(parent)?.and_then(|entry| entry.record.data.parent);
    }
    Err(Error::invalid("parent", "too_deep", format!("customers nest at most {DEEPEST} deep")))
}
