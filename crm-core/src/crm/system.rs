//! The open store, and the authority of the program that embeds it.

use super::environment::Options;
use super::events::{Listeners, Subscription};
use super::ids::IdSource;
use super::session::Session;
use super::unit_of_work::UnitOfWork;
use crate::access::Authority;
use crate::error::{Error, Result};
use crate::model::{Conventions, CustomField, Operation, Pipeline, Record, Role, Settings, User};
use crate::store::{Condition, Entry, Plan, Sight, Snapshot, Store, StoreState, Stored};
use crate::value::{Id, Timestamp, truncate};
use chrono::TimeDelta;
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use uuid::Uuid;

/// An open CRM. Cheap to clone; all clones are the same one.
///
/// What a *user* may touch is behind a [`Session`]. `Crm` itself is the authority of the embedding program: its own
/// sessions ([`Crm::system`]), the first administrator, all events.
#[derive(Clone, Debug)]
pub struct Crm {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) store: Arc<dyn Store>,
    pub(super) options: Options,
    pub(super) ids: IdSource,
    pub(super) listeners: Arc<Listeners>,
    /// The newest [`StoreState::authority`] that this process knows of, and when another process was last asked.
    authority: AtomicU64,
    asked_at: AtomicI64,
    shared: Mutex<Option<Arc<Shared>>>,
}

/// What every call needs of the store and seldom changes.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    authority: u64,
    pub(crate) settings: Record<Settings>,
    pub(crate) conventions: Conventions,
    pub(crate) pipelines: Vec<Record<Pipeline>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crm").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The id of the one settings record of every store.
pub(crate) const SETTINGS_ID: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001);

/// How old the knowledge of what other processes changed may be.
const STALE_AFTER: TimeDelta = TimeDelta::seconds(1);

impl Crm {
    /// Opens a CRM on a store. An empty store gets its settings, the four shipped roles and a pipeline, as one
    /// operation.
    ///
    /// # Errors
    /// Those of the store; `read_only` for an empty store that can't be written.
    pub fn open(store: Arc<dyn Store>, options: Options) -> Result<Self> {
        let crm = Crm::on(store, options);
        let installed = find_settings(&*crm.inner.store.reader()?)?.is_some();
        if !installed {
            crm.install()?;
        }
        Ok(crm)
    }

    /// A CRM on a store as it is, empty or not.
    pub(crate) fn on(store: Arc<dyn Store>, options: Options) -> Self {
        let inner = Inner {
            store,
            options,
            ids: IdSource::default(),
            listeners: Arc::default(),
            authority: AtomicU64::new(0),
            asked_at: AtomicI64::new(i64::MIN),
            shared: Mutex::new(None),
        };
        Crm { inner: Arc::new(inner) }
    }

    /// Everything that the store holds, as it is now.
    #[cfg(feature = "exchange")]
    pub(crate) fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>> {
        self.inner.store.snapshot()
    }

    fn install(&self) -> Result<()> {
        self.system("install").write("install", |unit| {
            // Another process may have been faster.
            if Settings::reads(unit.tx()).get(Id::from_uuid(SETTINGS_ID), &Sight::all())?.is_some() {
                return Ok(());
            }
            unit.create_with_id(Id::from_uuid(SETTINGS_ID), Settings::default())?;
            for role in Role::shipped() {
                unit.create(role)?;
            }
            unit.create(Pipeline::shipped())?;
            Ok(())
        })?;
        Ok(())
    }

    /// A session of the embedding program itself, which may do everything. The journal names it by the label.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let program = crm.system("nightly import");
    /// assert_eq!(program.customers().count(&crm_core::Query::new())?, 0);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    pub fn system(&self, label: &str) -> Session {
        Session::system(self.clone(), label)
    }

    /// Whether there is any user: before that, [`Crm::create_admin`] makes the first.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// assert!(crm.has_users()?);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub fn has_users(&self) -> Result<bool> {
        let everybody = Plan::all_where(Condition::All(Vec::new()), false, 1);
        Ok(User::read(&*self.inner.store.reader()?).count(&everybody)? > 0)
    }

    /// Creates the first administrator. Works only while there is no user at all. The password has at least
    /// [`Options::shortest_password`] characters, 8 when nothing is said, and at most 1,024.
    ///
    /// ```
    /// use crm_core::{Crm, MemoryStore, Options, User};
    /// let crm = Crm::open(std::sync::Arc::new(MemoryStore::new()), Options::default())?;
    /// crm.create_admin(User { username: "amina".into(), ..User::default() }, "correct horse")?;
    /// let session = crm.login("amina", "correct horse")?;
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `refused` (`first_admin`) when there is a user, `invalid` for the user's data or the password.
    pub fn create_admin(&self, user: User, password: &str) -> Result<Record<User>> {
        self.system("create_admin").write("create_admin", |unit| {
            // Users are deactivated, never deleted: none live is none at all.
            if unit.count::<User>(Condition::All(Vec::new()))? > 0 {
                let reason = "there are users already; an administrator creates more of them".to_owned();
                return Err(Error::Refused { rule: "first_admin", reason });
            }
            let admin = unit.role_with_key("admin")?;
            let record = unit.create(User { role: admin, active: true, ..user })?;
            unit.set_password(&record, password)?;
            Ok(record)
        })
    }

    /// Calls the listener after every committed operation of this process, on the thread that committed, with no
    /// lock held. Operations of several threads may arrive out of order: `seq` tells the order. Other processes'
    /// operations are found with [`Crm::changes_since`].
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let subscription = crm.subscribe(|operation| println!("{} by {:?}", operation.command, operation.actor));
    /// session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?;
    /// drop(subscription);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    pub fn subscribe(&self, listener: impl Fn(&Operation) + Send + Sync + 'static) -> Subscription {
        self.inner.listeners.add(Arc::new(listener))
    }

    /// The operations after this place in the journal, oldest first, at most `limit` of them; 0 is the beginning.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let known = crm.changes_since(0, 100)?.last().map_or(0, |operation| operation.seq);
    /// session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?;
    /// assert_eq!(crm.changes_since(known, 100)?.len(), 1);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub fn changes_since(&self, seq: u64, limit: usize) -> Result<Vec<Operation>> {
        self.inner.store.reader()?.operations(seq, limit, &Sight::all()).map(with_types)
    }

    /// The choices that it was opened with.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    pub(super) fn now(&self) -> Timestamp {
        truncate(self.inner.options.clock.now())
    }

    pub(super) fn new_uuid(&self) -> Result<Uuid> {
        self.inner.ids.next(&self.inner.options)
    }

    pub(super) fn random<const N: usize>(&self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.options.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The newest authority number, unless the store was asked for it more than a second ago. To be called *before*
    /// the view is opened whose reads are to be kept under this number: what they see is then never older.
    pub(super) fn known_authority(&self, now: Timestamp) -> Option<u64> {
        let now = now.timestamp_micros();
        let asked_at = self.inner.asked_at.load(Ordering::Acquire);
        let fresh =
            asked_at <= now && now.saturating_sub(asked_at) <= STALE_AFTER.num_microseconds().unwrap_or(0);
        fresh.then(|| self.inner.authority.load(Ordering::Acquire))
    }

    pub(super) fn learn(&self, state: StoreState, now: Timestamp) {
        self.inner.authority.fetch_max(state.authority, Ordering::AcqRel);
        self.inner.asked_at.store(now.timestamp_micros(), Ordering::Release);
    }

    /// Settings and pipelines as they are at this authority.
    pub(super) fn shared(&self, authority: u64, view: &dyn Snapshot) -> Result<Arc<Shared>> {
        let known = self.inner.shared.lock().clone();
        if let Some(shared) = known.filter(|shared| shared.authority == authority) {
            return Ok(shared);
        }
        let shared = Arc::new(Shared::load(authority, view)?);
        *self.inner.shared.lock() = Some(Arc::clone(&shared));
        Ok(shared)
    }

    pub(super) fn has_listeners(&self) -> bool {
        !self.inner.listeners.is_empty()
    }

    pub(super) fn committed(&self, unit: super::unit_of_work::Committed) {
        if unit.authority_changed {
            // This process acts on it at once.
            self.inner.authority.fetch_max(unit.authority, Ordering::AcqRel);
            *self.inner.shared.lock() = None;
        }
        if let Some(operation) = unit.operation {
            self.inner.listeners.tell(&operation);
        }
    }

    pub(super) fn authority_of(&self, user: Id<User>, view: &dyn Snapshot) -> Result<Option<Authority>> {
        let all = Sight::all();
        let Some(Entry { record: user, deletion: None }) = User::read(view).get(user, &all)? else {
            return Ok(None);
        };
        let role = Role::read(view).get(user.role, &all)?;
        Ok(match role {
            Some(role) if user.active => Some(Authority::of(user, &role.record.data)),
            _ => None,
        })
    }
}

impl Shared {
    pub(super) fn load(authority: u64, view: &dyn Snapshot) -> Result<Self> {
        let settings = match find_settings(view)? {
            Some(settings) => settings,
            // Only while a store is being installed.
            None => Record {
                id: Id::from_uuid(SETTINGS_ID),
                version: 0,
                created_at: Timestamp::default(),
                created_by: None,
                updated_at: Timestamp::default(),
                updated_by: None,
                data: Settings::default(),
            },
        };
        let plan = Plan::all_where(Condition::All(Vec::new()), false, usize::MAX);
        let pipelines = Pipeline::read(view).find(&plan)?.into_iter().map(|entry| entry.record).collect();
        let definitions = CustomField::read(view).find(&plan)?;
        let conventions = Conventions {
            keys: settings.key_rules(),
            custom_fields: definitions.into_iter().map(|entry| entry.record.data).collect(),
        };
        Ok(Shared { authority, settings, conventions, pipelines })
    }

    /// The same, under other settings.
    pub(super) fn with_settings(&self, settings: Record<Settings>) -> Self {
        let mut shared = self.clone();
        shared.conventions.keys = settings.key_rules();
        shared.settings = settings;
        shared
    }
}

fn find_settings(view: &dyn Snapshot) -> Result<Option<Record<Settings>>> {
    let entry = Settings::read(view).get(Id::from_uuid(SETTINGS_ID), &Sight::all())?;
    Ok(entry.map(|entry| entry.record))
}

pub(super) fn with_types(mut operations: Vec<Operation>) -> Vec<Operation> {
    for change in operations.iter_mut().flat_map(|operation| operation.changes.iter_mut()) {
        change.give_types();
    }
    operations
}

/// Who writes.
type Writer<'a> = &'a dyn Fn(&dyn Snapshot, Timestamp, StoreState) -> Result<Arc<Authority>>;

/// Begins a write. It ends with [`finish`]; one that does not has not happened.
pub(super) fn begin<'c>(
    crm: &'c Crm,
    command: &'static str,
    authority: Writer<'_>,
) -> Result<UnitOfWork<'c>> {
    let tx = crm.inner.store.begin()?;
    let state = tx.state()?;
    let now = crm.now();
    crm.learn(state, now);
    let authority = authority(&*tx, now, state)?;
    let shared = crm.shared(state.authority, &*tx)?;
    UnitOfWork::new(crm, tx, now, state, authority, shared, command)
}

/// Commits a write and tells the listeners.
pub(super) fn finish(crm: &Crm, unit: UnitOfWork<'_>) -> Result<()> {
    let committed = unit.commit()?;
    crm.committed(committed);
    Ok(())
}
