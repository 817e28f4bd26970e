//! A store that fails on demand, around any other.

use crate::error::{Error, Result};
use crate::model::{Actor, FieldSet, Kind, Operation, OperationId, Reminder, User};
use crate::store::{
    AggregatePlan, Attempts, Delivery, Entry, Found, IndexChange, JournalRead, JournalWrite, Moment,
    OperationalRead, OperationalWrite, Plan, RawGroup, Read, Repository, Sealed, SessionRow, Sight, Snapshot,
    Store, StoreState, Stored, Transaction,
};
use crate::value::{Id, Timestamp};
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// The calls of the port that a [`FaultStore`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortCall {
    /// [`Store::reader`] and [`Store::snapshot`].
    View,
    /// [`Store::begin`].
    Begin,
    /// Every read of records, the journal and operational data, in a view or a transaction.
    Read,
    /// Every write of records, the journal and operational data.
    Write,
    /// [`Transaction::commit`].
    Commit,
}

/// Passes every call on to another store, and lets chosen calls fail.
///
/// A call that fails does not reach the other store; a commit that fails drops the transaction, which rolls it back.
///
/// ```
/// use crm_core::contract::{FaultStore, PortCall, test_options};
/// use crm_core::{Crm, Customer, Error, MemoryStore};
/// use std::sync::Arc;
///
/// let store = Arc::new(FaultStore::new(Arc::new(MemoryStore::new())));
/// let crm = Crm::open(store.clone(), test_options(1).0)?;
/// store.fail_once(&[PortCall::Commit], 1, || Error::Full);
/// let customer = Customer { name: "Mara Tea".into(), ..Default::default() };
/// assert_eq!(crm.system("test").customers().create(customer.clone()).unwrap_err().code(), "full");
/// assert_eq!(crm.system("test").customers().create(customer)?.code.as_ref().unwrap().as_str(), "C001");
/// # Ok::<(), Error>(())
/// ```
pub struct FaultStore {
    inner: Arc<dyn Store>,
    faults: Faults,
}

#[derive(Default)]
struct Faults {
    fault: Mutex<Option<Fault>>,
}

struct Fault {
    calls: Vec<PortCall>,
    /// Calls until the fault; 1 is the next one.
    left: u64,
    once: bool,
    failed: u64,
    error: Box<dyn Fn() -> Error + Send + Sync>,
}

impl fmt::Debug for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultStore").field("failed", &self.failed()).finish_non_exhaustive()
    }
}

impl FaultStore {
    /// Around this store, without a fault.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        FaultStore { inner, faults: Faults::default() }
    }

    /// Lets the n-th call of these kinds from now on fail with this error; 1 is the next. Replaces any earlier fault.
    pub fn fail_once(&self, calls: &[PortCall], nth: u64, error: impl Fn() -> Error + Send + Sync + 'static) {
        self.set(calls, nth, true, Box::new(error));
    }

    /// Lets the n-th call of these kinds from now on, and all after it, fail with this error, until [`heal`](Self::heal).
    pub fn fail_from(&self, calls: &[PortCall], nth: u64, error: impl Fn() -> Error + Send + Sync + 'static) {
        self.set(calls, nth, false, Box::new(error));
    }

    fn set(&self, calls: &[PortCall], nth: u64, once: bool, error: Box<dyn Fn() -> Error + Send + Sync>) {
        let fault = Fault { calls: calls.to_vec(), left: nth.max(1), once, failed: 0, error };
        *self.faults.fault.lock() = Some(fault);
    }

    /// Lets every call pass again.
    pub fn heal(&self) {
        *self.faults.fault.lock() = None;
    }

    /// How many calls the present fault has let fail.
    pub fn failed(&self) -> u64 {
        self.faults.fault.lock().as_ref().map_or(0, |fault| fault.failed)
    }
}

impl Faults {
    /// Counts a call; the error when it is one that fails.
    fn pass(&self, call: PortCall) -> Result<()> {
        let mut fault = self.fault.lock();
        let Some(fault) = fault.as_mut().filter(|fault| fault.calls.contains(&call)) else { return Ok(()) };
        if fault.left == 0 && fault.once {
            return Ok(());
        }
        fault.left = fault.left.saturating_sub(1);
        if fault.left > 0 {
            return Ok(());
        }
        fault.failed += 1;
        Err((fault.error)())
    }
}

struct FaultView<'s> {
    inner: Box<dyn Snapshot + 's>,
    faults: &'s Faults,
}

struct FaultTransaction<'s> {
    inner: Box<dyn Transaction + 's>,
    faults: &'s Faults,
}

impl Store for FaultStore {
    fn reader(&self) -> Result<Box<dyn Snapshot + '_>> {
        self.faults.pass(PortCall::View)?;
        Ok(Box::new(FaultView { inner: self.inner.reader()?, faults: &self.faults }))
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>> {
        self.faults.pass(PortCall::View)?;
        Ok(Box::new(FaultView { inner: self.inner.snapshot()?, faults: &self.faults }))
    }

    fn begin(&self) -> Result<Box<dyn Transaction + '_>> {
        self.faults.pass(PortCall::Begin)?;
        Ok(Box::new(FaultTransaction { inner: self.inner.begin()?, faults: &self.faults }))
    }

    fn check(&self) -> Result<Vec<String>> {
        self.faults.pass(PortCall::Read)?;
        self.inner.check()
    }

    fn scrub(&self) -> Result<()> {
        self.faults.pass(PortCall::Write)?;
        self.inner.scrub()
    }
}

impl Transaction for FaultTransaction<'_> {
    fn commit(self: Box<Self>) -> Result<()> {
        self.faults.pass(PortCall::Commit)?;
        self.inner.commit()
    }
    fn savepoint(&mut self) -> Result<()> {
        self.writing()?;
        self.inner.savepoint()
    }
    fn roll_back_to_savepoint(&mut self) -> Result<()> {
        self.writing()?;
        self.inner.roll_back_to_savepoint()
    }
}

macro_rules! reads {
    ($($view:ty => $reads:ident),+) => {$(
        impl $view {
            fn reading(&self) -> Result<()> {
                self.faults.pass(PortCall::Read)
            }
        }

        impl<E: Stored> Read<E> for $view {
            fn get(&self, id: Id<E>, sight: &Sight) -> Result<Option<Entry<E>>> {
                self.reading()?;
                E::$reads(&*self.inner).get(id, sight)
            }
            fn find(&self, plan: &Plan) -> Result<Vec<Entry<E>>> {
                self.reading()?;
                E::$reads(&*self.inner).find(plan)
            }
            fn search(&self, plan: &Plan) -> Result<Vec<Found<E>>> {
                self.reading()?;
                E::$reads(&*self.inner).search(plan)
            }
            fn count(&self, plan: &Plan) -> Result<u64> {
                self.reading()?;
                E::$reads(&*self.inner).count(plan)
            }
            fn aggregate(&self, plan: &Plan, figures: &AggregatePlan) -> Result<Vec<RawGroup>> {
                self.reading()?;
                E::$reads(&*self.inner).aggregate(plan, figures)
            }
        }

        impl JournalRead for $view {
            fn operation(&self, id: OperationId) -> Result<Option<Operation>> {
                self.reading()?;
                self.inner.operation(id)
            }
            fn operations(&self, after: u64, limit: usize, sight: &Sight) -> Result<Vec<Operation>> {
                self.reading()?;
                self.inner.operations(after, limit, sight)
            }
            fn latest_operations(
                &self,
                before: u64,
                limit: usize,
                of: Option<&Actor>,
                sight: &Sight,
            ) -> Result<Vec<Operation>> {
                self.reading()?;
                self.inner.latest_operations(before, limit, of, sight)
            }
            fn operations_on(&self, kind: Kind, id: Uuid, after_version: u64) -> Result<Vec<Operation>> {
                self.reading()?;
                self.inner.operations_on(kind, id, after_version)
            }
            fn sealed(&self, after: u64, limit: usize) -> Result<Vec<Sealed>> {
                self.reading()?;
                self.inner.sealed(after, limit)
            }
            fn operations_of_import(&self, import: Uuid) -> Result<Vec<Operation>> {
                self.reading()?;
                self.inner.operations_of_import(import)
            }
            fn last_until(&self, at: Timestamp) -> Result<u64> {
                self.reading()?;
                self.inner.last_until(at)
            }
            fn moments(&self, kind: Kind, versions: &[(Uuid, u64)]) -> Result<Vec<Option<Moment>>> {
                self.reading()?;
                self.inner.moments(kind, versions)
            }
        }

        impl OperationalRead for $view {
            fn state(&self) -> Result<StoreState> {
                self.reading()?;
                self.inner.state()
            }
            fn credential(&self, user: Id<User>) -> Result<Option<String>> {
                self.reading()?;
                self.inner.credential(user)
            }
            fn session(&self, token_hash: &[u8; 32]) -> Result<Option<SessionRow>> {
                self.reading()?;
                self.inner.session(token_hash)
            }
            fn attempts(&self, name: &str) -> Result<Option<Attempts>> {
                self.reading()?;
                self.inner.attempts(name)
            }
            fn chunk(&self, content: &[u8; 32], place: u32) -> Result<Option<Vec<u8>>> {
                self.reading()?;
                self.inner.chunk(content, place)
            }
            fn deliveries_of(&self, reminder: Id<Reminder>) -> Result<Vec<Delivery>> {
                self.reading()?;
                self.inner.deliveries_of(reminder)
            }
            fn deliveries_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>> {
                self.reading()?;
                self.inner.deliveries_due(now, limit)
            }
        }
    )+};
}
reads!(FaultView<'_> => read, FaultTransaction<'_> => reads);

impl FaultTransaction<'_> {
    fn writing(&self) -> Result<()> {
        self.faults.pass(PortCall::Write)
    }
}

impl<E: Stored> Repository<E> for FaultTransaction<'_> {
    fn insert(&mut self, entry: &Entry<E>, index: &IndexChange) -> Result<()> {
        self.writing()?;
        E::repo(&mut *self.inner).insert(entry, index)
    }
    fn replace(&mut self, entry: &Entry<E>, changed: FieldSet, index: &IndexChange) -> Result<()> {
        self.writing()?;
        E::repo(&mut *self.inner).replace(entry, changed, index)
    }
    fn remove(&mut self, id: Id<E>, index: &IndexChange) -> Result<()> {
        self.writing()?;
        E::repo(&mut *self.inner).remove(id, index)
    }
}

impl JournalWrite for FaultTransaction<'_> {
    fn append(&mut self, sealed: &Sealed) -> Result<()> {
        self.writing()?;
        self.inner.append(sealed)
    }
    fn erase_values(&mut self, kind: Kind, id: Uuid) -> Result<u64> {
        self.writing()?;
        self.inner.erase_values(kind, id)
    }
}

impl OperationalWrite for FaultTransaction<'_> {
    fn bump_authority(&mut self) -> Result<()> {
        self.writing()?;
        self.inner.bump_authority()
    }
    fn set_credential(&mut self, user: Id<User>, hash: &str) -> Result<()> {
        self.writing()?;
        self.inner.set_credential(user, hash)
    }
    fn add_session(&mut self, session: &SessionRow) -> Result<()> {
        self.writing()?;
        self.inner.add_session(session)
    }
    fn revoke_session(&mut self, token_hash: &[u8; 32], at: Timestamp) -> Result<()> {
        self.writing()?;
        self.inner.revoke_session(token_hash, at)
    }
    fn revoke_sessions_of(&mut self, user: Id<User>, at: Timestamp) -> Result<()> {
        self.writing()?;
        self.inner.revoke_sessions_of(user, at)
    }
    fn set_attempts(&mut self, name: &str, attempts: Option<&Attempts>) -> Result<()> {
        self.writing()?;
        self.inner.set_attempts(name, attempts)
    }
    fn put_delivery(&mut self, delivery: &Delivery) -> Result<()> {
        self.writing()?;
        self.inner.put_delivery(delivery)
    }
    fn remove_deliveries(&mut self, reminder: Id<Reminder>, told_too: bool) -> Result<()> {
        self.writing()?;
        self.inner.remove_deliveries(reminder, told_too)
    }
    fn add_chunk(&mut self, content: &[u8; 32], place: u32, bytes: &[u8]) -> Result<()> {
        self.writing()?;
        self.inner.add_chunk(content, place, bytes)
    }
    fn rename_chunks(&mut self, from: &[u8; 32], to: &[u8; 32]) -> Result<()> {
        self.writing()?;
        self.inner.rename_chunks(from, to)
    }
    fn remove_chunks(&mut self, content: &[u8; 32]) -> Result<()> {
        self.writing()?;
        self.inner.remove_chunks(content)
    }
    fn next_number(&mut self, counter: &str) -> Result<u64> {
        self.writing()?;
        self.inner.next_number(counter)
    }
    fn raise_number(&mut self, counter: &str, number: u64) -> Result<()> {
        self.writing()?;
        self.inner.raise_number(counter, number)
    }
    fn set_unique(&mut self, entity: &'static str, field: &'static str, unique: bool) -> Result<()> {
        self.writing()?;
        self.inner.set_unique(entity, field, unique)
    }
}
