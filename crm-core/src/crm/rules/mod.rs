//! The rules of each entity that need the store: run by the unit of work inside the transaction that writes.

mod attachment;
mod contact;
mod custom_field;
mod customer;
mod distinction;
mod feedback;
mod interaction;
mod note;
mod opportunity;
mod pipeline;
mod product;
mod rate;
mod reminder;
mod role;
mod sale;
mod saved_view;
mod settings;
mod user;

pub(super) use customer::refuse_circle;

use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result, Violations};
use crate::model::{Contact, Customer, Record, Settings};
use crate::store::Stored;
use crate::value::Id;
use uuid::Uuid;

/// What an entity's rules add to the generic path of a write. Everything has a default: an entity without rules
/// needs an empty `impl`.
pub trait Rules: Stored {
    /// What a search hit shows of it.
    fn title(&self) -> String;

    /// The field with the moment at which it stands in a customer's timeline; empty for what stands in none.
    const MOMENT: &'static str = "created_at";

    /// Completes the data and checks what needs other records. `old` is absent for a new record.
    ///
    /// # Errors
    /// `invalid` or `refused`; nothing is written then.
    fn before_save(
        unit: &mut UnitOfWork<'_>,
        id: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let _ = (unit, id, data, old);
        Ok(())
    }

    /// What must hold or follow after a record was written, by whatever way: also by undo and restore.
    ///
    /// # Errors
    /// `refused`; nothing is written then.
    fn after_save(
        unit: &mut UnitOfWork<'_>,
        record: &Record<Self>,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let _ = (unit, record, old);
        Ok(())
    }

    /// Whether the record may go to the trash.
    ///
    /// # Errors
    /// `refused`.
    fn before_trash(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        let _ = (unit, record);
        Ok(())
    }

    /// What follows when a record came back from the trash, after [`Rules::after_save`].
    ///
    /// # Errors
    /// Those of the store.
    fn after_restore(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        let _ = (unit, record);
        Ok(())
    }

    /// What goes with a record that was removed for good.
    ///
    /// # Errors
    /// Those of the store.
    fn after_purge(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        let _ = (unit, record);
        Ok(())
    }

    /// What of the data can't come back as it was.
    ///
    /// # Errors
    /// `refused`.
    fn before_restore(unit: &mut UnitOfWork<'_>, data: &mut Self) -> Result<()> {
        let _ = (unit, data);
        Ok(())
    }

    /// Whether the keys of a field that is declared unique are so under these settings.
    fn is_unique(field: &str, settings: &Settings) -> bool {
        let _ = (field, settings);
        true
    }

    /// Whether the embedding program may set a system field on creation, as an import does.
    fn importable(field: &str) -> bool {
        let _ = field;
        false
    }
}

fn refused<T>(rule: &'static str, reason: impl Into<String>) -> Result<T> {
    Err(Error::Refused { rule, reason: reason.into() })
}

/// Contacts of a record must be people at its customer. One of another customer looks like one that is not there.
fn refuse_strangers(
    unit: &UnitOfWork<'_>,
    field: &str,
    customer: Id<Customer>,
    contacts: Vec<Id<Contact>>,
    problems: &mut Violations,
) -> Result<()> {
    for contact in contacts {
        let found = unit.peek(contact)?;
        if found.is_none_or(|entry| entry.record.customer != customer) {
            problems.add(field, "unknown", &contact.to_string(), "the customer has no contact with this id");
        }
    }
    Ok(())
}

/// A record that another one belongs to must be of the same customer.
fn refuse_foreign<E: Rules>(
    unit: &UnitOfWork<'_>,
    field: &str,
    customer: Id<Customer>,
    other: Option<Id<E>>,
    problems: &mut Violations,
) -> Result<()> {
    let Some(other) = other else { return Ok(()) };
    let mut theirs: Option<Uuid> = None;
    if let (Some(entry), Some(index)) = (unit.peek(other)?, E::schema().field("customer")) {
        entry.record.data.references(index, &mut |_, id| theirs = Some(id));
    }
    if theirs != Some(customer.uuid()) {
        let reason = format!("the customer has no {} with this id", E::ENTITY);
        problems.add(field, "unknown", &other.to_string(), reason);
    }
    Ok(())
}
