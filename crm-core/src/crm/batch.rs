//! Batches: writes of any kind, collected and run as one operation.

use super::convert::{Conversion, convert};
use super::rules::Rules;
use super::session::Session;
use super::unit_of_work::UnitOfWork;
use crate::error::{Result, Violations};
use crate::model::{Customer, Operation, Patch};
use crate::value::Id;
use std::fmt;

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
            let changed = unit.update(id, |data| {
                change(data);
                Ok(())
            });
            changed.map(drop)
        }));
    }

    /// Will change the fields that the patch names.
    pub fn patch<E: Rules>(&mut self, id: Id<E>, patch: Patch) {
        self.steps.push(Box::new(move |unit| {
            let changed = unit.update::<E>(id, |data| {
                let mut problems = Violations::default();
                patch.apply(data, &mut problems);
                problems.into_result()
            });
            changed.map(drop)
        }));
    }

    /// Will put a record in the trash.
    pub fn delete<E: Rules>(&mut self, id: Id<E>) {
        self.steps.push(Box::new(move |unit| unit.delete(id).map(drop)));
    }

    /// Will bring a record back from the trash.
    pub fn restore<E: Rules>(&mut self, id: Id<E>) {
        self.steps.push(Box::new(move |unit| unit.restore(id).map(drop)));
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
