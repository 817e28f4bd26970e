//! A session: somebody, and what he may touch.

use super::as_of::PastView;
use super::batch::Batch;
use super::collection::Collection;
use super::system::{Crm, Shared, begin, finish, with_types};
use super::unit_of_work::UnitOfWork;
use super::{ops, undo};
use crate::access::Authority;
use crate::error::{Error, Result};
use crate::model::{
    Action, Actor, Attachment, Contact, CustomField, Customer, Distinction, Feedback, Interaction, Kind,
    Note, Operation, OperationId, Opportunity, Patch, Pipeline, Product, Rate, Record, Reminder, Role, Sale,
    SavedView, Settings, User,
};
use crate::store::{SessionRow, Snapshot, StoreState};
use crate::value::{Id, Match, Timestamp};
use chrono::NaiveDate;
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// Somebody who works with the CRM: a user who logged in, or the embedding program. Cheap to clone; works from many
/// threads at once.
#[derive(Clone)]
pub struct Session {
    crm: Crm,
    who: Arc<Who>,
    /// Everything is read as it was then.
    past: Option<Timestamp>,
}

enum Who {
    System(Arc<Authority>),
    User {
        token: String,
        token_hash: [u8; 32],
        expires_at: Timestamp,
        user: Id<User>,
        known: Mutex<Option<Known>>,
    },
}

/// What is read from a view, as somebody, by rules.
pub(crate) type Reading<'r> = &'r mut dyn FnMut(&dyn Snapshot, &Authority, &Shared) -> Result<()>;

#[derive(Clone)]
struct Known {
    at: u64,
    authority: Arc<Authority>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("actor", &self.actor()).finish_non_exhaustive()
    }
}

/// A record that search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The kind of record.
    pub kind: Kind,
    /// Its id.
    pub id: Uuid,
    /// How well it fits.
    pub matched: Match,
    /// The customer that it hangs on; for a customer its own id.
    pub customer: Option<Id<Customer>>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its name, subject or title.
    pub title: String,
}

impl Session {
    pub(super) fn system(crm: Crm, label: &str) -> Self {
        Session { crm, who: Arc::new(Who::System(Arc::new(Authority::system(label)))), past: None }
    }

    pub(super) fn of_user(crm: Crm, token: String, row: &SessionRow) -> Self {
        let who = Who::User {
            token,
            token_hash: row.token_hash,
            expires_at: row.expires_at,
            user: row.user,
            known: Mutex::new(None),
        };
        Session { crm, who: Arc::new(who), past: None }
    }

    /// The same session in the past; of two moments the earlier counts.
    pub(super) fn at(&self, at: Timestamp) -> Self {
        let past = Some(self.past.map_or(at, |past| past.min(at)));
        Session { past, ..self.clone() }
    }

    /// Who acts: the user, or the program under its label.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// assert_eq!(crm.system("import").actor(), crm_core::Actor::System("import".into()));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    pub fn actor(&self) -> Actor {
        match &*self.who {
            Who::System(authority) => authority.actor.clone(),
            Who::User { user, .. } => Actor::User(*user),
        }
    }

    /// The secret with which [`Crm::resume`] gives this session again; `None` for the program's own.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let again = crm.resume(session.token().unwrap())?;
    /// assert_eq!(again.actor(), session.actor());
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    pub fn token(&self) -> Option<&str> {
        match &*self.who {
            Who::System(_) => None,
            Who::User { token, .. } => Some(token),
        }
    }

    /// The user of this session; `None` for the program's own.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// assert_eq!(session.me()?.unwrap().username, "amina");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `session_ended`, and those of the store.
    pub fn me(&self) -> Result<Option<Record<User>>> {
        self.read(|_, authority, _| Ok(authority.user.clone()))
    }

    /// Whether the session's role allows this on at least some records of the kind.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Action, Kind};
    /// assert!(session.may(Action::Delete, Kind::Customer)?);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `session_ended`, and those of the store.
    pub fn may(&self, action: Action, kind: Kind) -> Result<bool> {
        self.read(|_, authority, _| Ok(authority.require(kind, action).is_ok()))
    }

    /// The settings.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// assert_eq!(session.settings()?.code_prefix, "C");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied` for a role that does not see settings, `session_ended`, and those of the store.
    pub fn settings(&self) -> Result<Record<Settings>> {
        self.read(|_, authority, shared| {
            authority.require(Kind::Settings, Action::View)?;
            Ok(shared.settings.clone())
        })
    }

    /// Changes the settings.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let settings = session.update_settings(|settings| settings.time_zone = "Africa/Nairobi".parse().unwrap())?;
    /// assert_eq!(settings.time_zone.name(), "Africa/Nairobi");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied`, `invalid`, `duplicate` when e-mails become unique and are not, `session_ended`, and those of the
    /// store.
    pub fn update_settings(&self, change: impl FnOnce(&mut Settings)) -> Result<Record<Settings>> {
        self.collection::<Settings>().update(Id::from_uuid(super::system::SETTINGS_ID), change)
    }

    /// Changes the settings by a patch.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::Patch;
    /// assert!(session.patch_settings(Patch::new().set("shared_emails", true))?.shared_emails);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Session::update_settings`].
    pub fn patch_settings(&self, patch: Patch) -> Result<Record<Settings>> {
        self.collection::<Settings>().patch(Id::from_uuid(super::system::SETTINGS_ID), patch)
    }

    /// Customers, leads among them.
    pub fn customers(&self) -> Collection<'_, Customer> {
        self.collection()
    }

    /// The people at customers.
    pub fn contacts(&self) -> Collection<'_, Contact> {
        self.collection()
    }

    /// Pipelines with their stages.
    pub fn pipelines(&self) -> Collection<'_, Pipeline> {
        self.collection()
    }

    /// Opportunities.
    pub fn opportunities(&self) -> Collection<'_, Opportunity> {
        self.collection()
    }

    /// Calls, e-mails, meetings.
    pub fn interactions(&self) -> Collection<'_, Interaction> {
        self.collection()
    }

    /// Reminders.
    pub fn reminders(&self) -> Collection<'_, Reminder> {
        self.collection()
    }

    /// Notes.
    pub fn notes(&self) -> Collection<'_, Note> {
        self.collection()
    }

    /// Products.
    pub fn products(&self) -> Collection<'_, Product> {
        self.collection()
    }

    /// Sales.
    pub fn sales(&self) -> Collection<'_, Sale> {
        self.collection()
    }

    /// Feedback.
    pub fn feedback(&self) -> Collection<'_, Feedback> {
        self.collection()
    }

    /// The definitions of custom fields.
    pub fn custom_fields(&self) -> Collection<'_, CustomField> {
        self.collection()
    }

    /// Attachments; [`Session::attach`] adds one.
    pub fn attachments(&self) -> Collection<'_, Attachment> {
        self.collection()
    }

    /// What is not a duplicate: [`Collection::not_duplicates`] adds one.
    pub fn distinctions(&self) -> Collection<'_, Distinction> {
        self.collection()
    }

    /// Exchange rates.
    pub fn rates(&self) -> Collection<'_, Rate> {
        self.collection()
    }

    /// Saved views.
    pub fn saved_views(&self) -> Collection<'_, SavedView> {
        self.collection()
    }

    /// Users.
    pub fn users(&self) -> Collection<'_, User> {
        self.collection()
    }

    /// Roles.
    pub fn roles(&self) -> Collection<'_, Role> {
        self.collection()
    }

    /// The records of one kind, for code that is generic in it.
    pub fn collection<E: super::Rules>(&self) -> Collection<'_, E> {
        Collection::new(self)
    }

    /// The moment by the clock that the CRM was opened with; that of [`Session::as_of`] in the past.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// assert_eq!(session.now(), crm.options().clock.now());
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    pub fn now(&self) -> Timestamp {
        self.past.unwrap_or_else(|| self.crm.now())
    }

    /// Today in the organisation's zone.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// assert_eq!(session.today()?.to_string(), "2026-03-02");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `session_ended`, and those of the store.
    pub fn today(&self) -> Result<NaiveDate> {
        self.read(|_, _, shared| Ok(shared.settings.time_zone.date_at(self.now())))
    }

    /// An id for a record that will be created, so that others can refer to it already.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Customer, Id};
    /// let id: Id<Customer> = session.new_id()?;
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `storage` when the machine has no randomness to give.
    pub fn new_id<E>(&self) -> Result<Id<E>> {
        self.crm.new_uuid().map(Id::from_uuid)
    }

    /// Collects writes of any kind and runs them as one operation, all or nothing.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Contact, Customer};
    /// let mut batch = session.batch();
    /// let customer = batch.create(Customer { name: "Mara Tea".into(), ..Customer::default() })?;
    /// batch.create(Contact { customer, given_name: "Njeri".into(), ..Contact::default() })?;
    /// let operation = batch.run()?;
    /// assert_eq!(operation.changes.len(), 2);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    pub fn batch(&self) -> Batch<'_> {
        Batch::new(self)
    }

    /// Takes an operation back by a new one, exactly: refused when a later operation touched the same fields.
    /// Needs the permission to edit every record concerned. What somebody else created or restored goes into the trash by it,
    /// which needs the permission to delete it.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().update(id, |customer| customer.name = "Mistake".into())?;
    /// let mistake = session.customers().history(id)?.pop().unwrap();
    /// session.undo(mistake.id)?;
    /// assert_eq!(session.customers().get(id)?.name, "Mara Tea");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found` for an operation that is not there or touches what the user may not see, `denied`, `refused`
    /// (`changed_since`, `has_dependents`), `gone` for purged records, `duplicate` when a unique value was taken meanwhile.
    pub fn undo(&self, operation: OperationId) -> Result<Operation> {
        self.write_operation("undo", |unit| undo::undo(unit, operation))
    }

    /// Finds records of all kinds by words, as [`Collection::search`] finds those of one: the best first, among equals
    /// the newest, at most `limit` of each kind.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// let hits = session.search("mara", 10)?;
    /// assert_eq!(hits[0].title, "Mara Tea");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `session_ended`, and those of the store. No text is an error.
    pub fn search(&self, words: &str, limit: u32) -> Result<Vec<Hit>> {
        self.read_consistently(|view, authority, shared| {
            let mut hits = Vec::new();
            for kind in Kind::ALL.iter().filter(|kind| kind.schema().searchable) {
                if authority.require(*kind, Action::View).is_ok() {
                    let sight = Arc::clone(authority.sight(Action::View));
                    hits.extend(ops::ops(*kind).search(view, words, limit, sight, &shared.conventions)?);
                }
            }
            hits.sort_by_key(|hit: &Hit| (hit.matched, std::cmp::Reverse((hit.created_at, hit.id))));
            Ok(hits)
        })
    }

    /// The feed of all operations after a place in the journal, oldest first, at most `limit`: what the
    /// feed of another program reads; [`Session::latest_operations`] gives the newest first. Changes of records that the
    /// user may not see are left out.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// let first = &session.operations(0, 100)?[0];
    /// assert_eq!(first.command, "install");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied` without the permission `journal_view`, `session_ended`, and those of the store.
    pub fn operations(&self, after: u64, limit: usize) -> Result<Vec<Operation>> {
        self.read(|view, authority, _| {
            if !authority.journal_view {
                return Err(Error::Denied { action: "journal_view", entity: "operation" });
            }
            view.operations(after, limit, authority.sight(Action::View)).map(with_types)
        })
    }

    /// The operations before a place in the journal, or the last ones, newest first, at most `limit`: what the audit
    /// page shows. The next page is that before the `seq` of the last one. Changes of records that the user may not see
    /// are left out.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// let newest = &session.latest_operations(None, 20)?[0];
    /// assert_eq!(newest.command, "create");
    /// let earlier = session.latest_operations(Some(newest.seq), 20)?;
    /// assert!(earlier.iter().all(|operation| operation.seq < newest.seq));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied` without the permission `journal_view`, `session_ended`, and those of the store.
    pub fn latest_operations(&self, before: Option<u64>, limit: usize) -> Result<Vec<Operation>> {
        self.read(|view, authority, _| {
            if !authority.journal_view {
                return Err(Error::Denied { action: "journal_view", entity: "operation" });
            }
            let sight = authority.sight(Action::View);
            view.latest_operations(before.unwrap_or(u64::MAX), limit, None, sight).map(with_types)
        })
    }

    /// The newest operation of the session's user, in whatever session, of which he still sees something: what an undo
    /// button takes back. For the program's own session the newest under its label. Needs no permission.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().update(id, |customer| customer.name = "Mistake".into())?;
    /// if let Some(operation) = session.last_operation()? {
    ///     session.undo(operation.id)?;
    /// }
    /// assert_eq!(session.customers().get(id)?.name, "Mara Tea");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `session_ended`, and those of the store.
    pub fn last_operation(&self) -> Result<Option<Operation>> {
        self.read(|view, authority, _| {
            let sight = authority.sight(Action::View);
            let found = view.latest_operations(u64::MAX, 1, Some(&authority.actor), sight)?;
            Ok(with_types(found).pop())
        })
    }

    /// Sets another user's password and revokes that user's sessions.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Query, Role, User};
    /// let agent = session.roles().list(&Query::new().filter(Role::KEY.is("agent")))?.items[0].id;
    /// let juma = session.users().create(User { username: "juma".into(), role: agent, ..User::default() })?;
    /// session.set_password(juma.id, "a long enough one")?;
    /// crm.login("juma", "a long enough one")?;
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied` without the permission `users_manage`, `not_found`, `invalid` (`password`).
    pub fn set_password(&self, user: Id<User>, password: &str) -> Result<()> {
        self.write("set_password", |unit| {
            unit.require_users_manage()?;
            let user = unit.load::<User>(user)?;
            unit.set_password(&user.record, password)
        })
    }

    /// Changes the password of the session's own user and revokes all of the user's sessions, this one too.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// session.change_password("correct horse", "battery staple")?;
    /// assert_eq!(session.me().unwrap_err().code(), "session_ended");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `bad_credentials` when the current password is wrong, `locked_out`, `invalid` (`password`), `denied` for the
    /// program's own session.
    pub fn change_password(&self, current: &str, new: &str) -> Result<()> {
        let Some(me) = self.me()? else {
            return Err(Error::Denied { action: "change_password", entity: "user" });
        };
        self.crm.check_password(&me.username, current)?;
        self.write("change_password", |unit| {
            let me = unit.own_user()?;
            unit.set_password(&me, new)
        })
    }

    /// Revokes all sessions of a user.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let me = session.me()?.unwrap().id;
    /// session.revoke_sessions(me)?;
    /// assert_eq!(session.me().unwrap_err().code(), "session_ended");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied` without the permission `users_manage`, `not_found`.
    pub fn revoke_sessions(&self, user: Id<User>) -> Result<()> {
        self.write("revoke_sessions", |unit| {
            unit.require_users_manage()?;
            let user = unit.load::<User>(user)?;
            unit.revoke_sessions(user.record.id)
        })
    }

    /// Ends this session. The program's own has no end.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// session.logout()?;
    /// assert_eq!(session.me().unwrap_err().code(), "session_ended");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub fn logout(&self) -> Result<()> {
        match &*self.who {
            Who::System(_) => Ok(()),
            Who::User { token_hash, .. } => {
                match self.write("logout", |unit| unit.revoke_session(token_hash)) {
                    Err(Error::SessionEnded { .. }) => Ok(()),
                    result => result,
                }
            }
        }
    }

    /// Runs reads, each of which sees the newest committed state.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&dyn Snapshot, &Authority, &Shared) -> Result<T>,
    ) -> Result<T> {
        self.read_in(self.past.is_some(), read)
    }

    /// Runs reads that all see the same state.
    pub(crate) fn read_consistently<T>(
        &self,
        read: impl FnOnce(&dyn Snapshot, &Authority, &Shared) -> Result<T>,
    ) -> Result<T> {
        self.read_in(true, read)
    }

    /// The same for a read that keeps itself what it gives: compiled once, whatever that is.
    pub(crate) fn read_with(&self, read: Reading<'_>) -> Result<()> {
        self.run_read(self.past.is_some(), read)
    }

    fn read_in<T>(
        &self,
        consistently: bool,
        read: impl FnOnce(&dyn Snapshot, &Authority, &Shared) -> Result<T>,
    ) -> Result<T> {
        let (mut read, mut result) = (Some(read), None);
        self.run_read(consistently, &mut |view, authority, shared| {
            if let Some(read) = read.take() {
                result = Some(read(view, authority, shared)?);
            }
            Ok(())
        })?;
        result.ok_or_else(|| Error::corrupt("a read was not run"))
    }

    /// There once, and not for each of the hundreds of reads.
    fn run_read(&self, consistently: bool, read: Reading<'_>) -> Result<()> {
        let now = self.crm.now();
        let at = self.crm.known_authority(now);
        let store = &self.crm.inner.store;
        let view = if consistently { store.snapshot()? } else { store.reader()? };
        let (authority, shared) = self.reading(&*view, now, at)?;
        let Some(past) = self.past else { return read(&*view, &authority, &shared) };
        let past = PastView::new(&*view, past, &shared.conventions);
        read(&past, &authority, &past.shared(&shared)?)
    }

    /// As whom a read reads, and by which rules.
    fn reading(
        &self,
        view: &dyn Snapshot,
        now: Timestamp,
        at: Option<u64>,
    ) -> Result<(Arc<Authority>, Arc<Shared>)> {
        let at = match at {
            Some(at) => at,
            None => {
                let state = view.state()?;
                self.crm.learn(state, now);
                state.authority
            }
        };
        Ok((self.authority(view, now, at)?, self.crm.shared(at, view)?))
    }

    /// Runs a write as one operation.
    pub(crate) fn write<T>(
        &self,
        command: &'static str,
        write: impl FnOnce(&mut UnitOfWork<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut unit = self.begin(command)?;
        let result = write(&mut unit)?;
        finish(&self.crm, unit)?;
        Ok(result)
    }

    fn begin(&self, command: &'static str) -> Result<UnitOfWork<'_>> {
        if self.past.is_some() {
            return Err(Error::ReadOnly);
        }
        let authority =
            |view: &dyn Snapshot, now, state: StoreState| self.authority(view, now, state.authority);
        begin(&self.crm, command, &authority)
    }

    /// Leaves no trace of what was erased in the file.
    pub(super) fn scrub(&self) -> Result<()> {
        self.crm.inner.store.scrub()
    }

    /// Does what many large writes left for later, a part at a time.
    #[cfg(feature = "exchange")]
    pub(crate) fn tidy(&self) -> Result<()> {
        while self.crm.inner.store.tidy()? {}
        Ok(())
    }

    /// Runs a write and gives the operation that it became.
    pub(super) fn write_operation(
        &self,
        command: &'static str,
        write: impl FnOnce(&mut UnitOfWork<'_>) -> Result<()>,
    ) -> Result<Operation> {
        self.write(command, |unit| {
            write(unit)?;
            unit.seal()
        })
    }

    /// What this session may do now. Ends with `session_ended` when it may do nothing any more.
    fn authority(&self, view: &dyn Snapshot, now: Timestamp, at: u64) -> Result<Arc<Authority>> {
        let (token_hash, expires_at, user, known) = match &*self.who {
            Who::System(authority) => return Ok(Arc::clone(authority)),
            Who::User { token_hash, expires_at, user, known, .. } => (token_hash, expires_at, user, known),
        };
        if now >= *expires_at {
            return Err(Error::SessionEnded { reason: "expired" });
        }
        if let Some(known) = known.lock().as_ref().filter(|known| known.at == at) {
            return Ok(Arc::clone(&known.authority));
        }
        match view.session(token_hash)? {
            Some(SessionRow { revoked_at: None, .. }) => {}
            _ => return Err(Error::SessionEnded { reason: "revoked" }),
        }
        let authority =
            self.crm.authority_of(*user, view)?.ok_or(Error::SessionEnded { reason: "inactive" })?;
        let authority = Arc::new(authority);
        *known.lock() = Some(Known { at, authority: Arc::clone(&authority) });
        Ok(authority)
    }
}
