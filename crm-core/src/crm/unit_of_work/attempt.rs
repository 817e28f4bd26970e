//! Parts of an operation that may fail alone: the rows of an import.

use super::UnitOfWork;
use crate::crm::system::Shared;
use crate::error::Result;
use crate::model::{ImportPart, Kind};
use std::sync::Arc;

/// How a part of an operation ended that was tried without a savepoint.
pub(crate) enum Attempt<T> {
    /// As it says; an error left nothing.
    Done(Result<T>),
    /// It failed when it had written already.
    Dirty,
}

impl UnitOfWork<'_> {
    /// Makes the operation a part of an import, at whose end [`Session::tidy`](crate::crm::Session::tidy) is called.
    pub(crate) fn is_part_of(&mut self, part: ImportPart) {
        self.operation.import = Some(part);
        self.writer().expect_more();
    }

    /// How many changes were made so far.
    pub(crate) fn written(&self) -> usize {
        self.operation.changes.len()
    }

    /// Forgets the changes of an operation that will be taken back, but for those that later writes look at.
    pub(crate) fn forget_changes(&mut self) {
        let looked_at = |kind| {
            matches!(kind, Kind::Pipeline | Kind::CustomField | Kind::Settings | Kind::Role | Kind::User)
        };
        self.operation.changes.retain(|change| looked_at(change.kind));
    }

    /// Runs a part of the operation that is taken back alone when it fails: whatever it wrote before.
    pub(crate) fn attempt<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = self.state_of_attempt();
        self.writer().savepoint()?;
        let result = write(self);
        if result.is_err() {
            self.writer().roll_back_to_savepoint()?;
            self.go_back(before);
        }
        result
    }

    /// The same for a part that mostly fails before it writes anything: a savepoint costs as much as a good part of a row.
    /// [`Attempt::Dirty`] when it failed later than that: the caller goes back to where he began.
    pub(crate) fn attempt_cheaply<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T>) -> Attempt<T> {
        let before = self.state_of_attempt();
        self.touched = false;
        match write(self) {
            Ok(done) => Attempt::Done(Ok(done)),
            Err(_) if self.touched => Attempt::Dirty,
            Err(error) => {
                self.go_back(before);
                Attempt::Done(Err(error))
            }
        }
    }

    /// Runs several parts, and when they ask for it takes them back and runs them again, otherwise.
    pub(crate) fn twice<T>(
        &mut self,
        first: impl FnOnce(&mut Self) -> Result<Option<T>>,
        second: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let before = self.state_of_attempt();
        self.writer().savepoint()?;
        if let Some(done) = first(self)? {
            return Ok(done);
        }
        self.writer().roll_back_to_savepoint()?;
        self.go_back(before);
        second(self)
    }

    fn state_of_attempt(&self) -> (usize, bool, Arc<Shared>) {
        (self.operation.changes.len(), self.authority_changed, Arc::clone(&self.shared))
    }

    fn go_back(&mut self, (changes, authority_changed, shared): (usize, bool, Arc<Shared>)) {
        self.operation.changes.truncate(changes);
        self.authority_changed = authority_changed;
        self.shared = shared;
    }
}
