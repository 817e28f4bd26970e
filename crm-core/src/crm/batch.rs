//! Batches: writes of any kind, collected and run as one operation.

use super::any::AnyRecord;
use super::collection::apply;
use super::convert::{Conversion, convert};
use super::rules::Rules;
use super::session::Session;
use super::unit_of_work::{UnitOfWork, once, once_any};
use crate::error::Result;
use crate::model::{Customer, Kind, Operation, Patch};
use crate::value::Id;
use std::fmt;
use uuid::Uuid;

type Step<'s> = Box<dyn FnOnce(&mut UnitOfWork<'_>) -> Result<()> + Send + 's>;

/// Writes that are collected and run together: one transaction, one operation in the journal, one undo. A created
/// record's id is known at once, so later steps can refer to it.
///
/// Dropped without [`Batch::run`], nothing happens.
#[must_use = "a batch does nothing until it is run"]
pub struct Batch<'s> {
    session: &'s Session,
    steps: Vec<Step<'s>>,
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("steps", &self.steps.len()).finish_non_exhaustive()
    }
}

impl<'s> Batch<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Batch { session, steps: Vec::new() }
    }

    /// Will create a record; its id is made now.
    ///
    /// # Errors
    /// `storage` when the machine has no randomness to give.
    pub fn create<E: Rules>(&mut self, data: E) -> Result<Id<E>> {
        let id = self.session.new_id()?;
        self.create_with_id(id, data);
        Ok(id)
    }

    /// Will create a record under an id made beforehand.
    pub fn create_with_id<E: Rules>(&mut self, id: Id<E>, data: E) {
        self.steps.push(Box::new(move |unit| unit.create_with_id(id, data).map(drop)));
    }

    /// Will change a record.
    pub fn update<E: Rules>(&mut self, id: Id<E>, change: impl FnOnce(&mut E) + Send + 's) {
        self.steps.push(Box::new(move |unit| {
            let change = |data: &mut E| {
                change(data);
                Ok(())
            };
            unit.update_any(E::kind(), id.uuid(), &mut once(change)).map(drop)
        }));
    }

    /// Will change the fields that the patch names.
    pub fn patch<E: Rules>(&mut self, id: Id<E>, patch: Patch) {
        self.patch_any(E::kind(), id.uuid(), patch);
    }

    /// Will put a record in the trash.
    pub fn delete<E: Rules>(&mut self, id: Id<E>) {
        self.delete_any(E::kind(), id.uuid());
    }

    /// Will bring a record back from the trash.
    pub fn restore<E: Rules>(&mut self, id: Id<E>) {
        self.restore_any(E::kind(), id.uuid());
    }

    /// Will create a record of this one's data under its id.
    pub(super) fn create_any(&mut self, kind: Kind, record: AnyRecord) {
        self.steps.push(Box::new(move |unit| record.create_in(unit, kind).map(drop)));
    }

    /// As [`Batch::patch`], for a record of a kind.
    pub(super) fn patch_any(&mut self, kind: Kind, id: Uuid, patch: Patch) {
        self.steps.push(Box::new(move |unit| {
            unit.update_any(kind, id, &mut once_any(|data| apply(patch, data))).map(drop)
        }));
    }

    /// As [`Batch::delete`], for a record of a kind.
    pub(super) fn delete_any(&mut self, kind: Kind, id: Uuid) {
        self.steps.push(Box::new(move |unit| unit.delete(kind, id).map(drop)));
    }

    /// As [`Batch::restore`], for a record of a kind.
    pub(super) fn restore_any(&mut self, kind: Kind, id: Uuid) {
        self.steps.push(Box::new(move |unit| unit.restore(kind, id).map(drop)));
    }

    /// Will convert a lead, as [`Session::convert_lead`] does.
    pub fn convert_lead(&mut self, lead: Id<Customer>, conversion: Conversion) {
        self.steps.push(Box::new(move |unit| convert(unit, lead, conversion).map(drop)));
    }

    /// How many writes were collected.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing was collected.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Runs all of them or none. The operation has no changes, and is not in the journal, when nothing differed.
    ///
    /// # Errors
    /// The first error of any of them; then nothing was written. The fields of `invalid` begin with the number of the
    /// write, from 0: `steps.3.name`.
    pub fn run(self) -> Result<Operation> {
        let Batch { session, steps } = self;
        session.write_operation("batch", |unit| {
            steps.into_iter().enumerate().try_for_each(|(number, step)| {
                step(unit).map_err(|error| error.inside(&format!("steps.{number}")))
            })
        })
    }
}
