//! The records of one kind, as a session may touch them. All kinds are alike.

use super::rules::Rules;
use super::session::Session;
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result, Violations};
use crate::model::{
    Action, Customer, Deletion, Entity, FieldSet, Operation, Patch, Record, Role, Trashed, User,
};
use crate::store::{Aggregate, AggregatePlan, Condition, Entry, Group, Page, Plan, Query, column_is};
use crate::value::{Code, Id, Value};
use std::marker::PhantomData;
use std::sync::Arc;

/// The records of one kind. Every call checks what the session's user may see and do; a record that he may not see
/// is absent from everything and looks like one that does not exist.
///
/// All calls may end with `session_ended`, `busy`, `closed` and the store's own errors besides those that they name.
#[derive(Debug)]
pub struct Collection<'s, E> {
    session: &'s Session,
    of: PhantomData<fn() -> E>,
}

impl<E> Clone for Collection<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Collection<'_, E> {}

/// What an upsert did.
#[derive(Clone, Debug, PartialEq)]
pub enum Upserted<E: Entity> {
    /// There was none; this one is new.
    Created(Record<E>),
    /// There was one; this is it now.
    Updated(Record<E>),
}

impl<E: Entity> Upserted<E> {
    /// The record.
    pub fn into_record(self) -> Record<E> {
        match self {
            Upserted::Created(record) | Upserted::Updated(record) => record,
        }
    }
}

impl<'s, E: Rules> Collection<'s, E> {
    pub(super) fn new(session: &'s Session) -> Self {
        Collection { session, of: PhantomData }
    }

    // ---- write -------------------------------------------------------------------------------------------------

    /// Creates a record and gives it as stored: cleaned, completed by the rules, version 1.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Customer, Email};
    /// let customer = session.customers().create(Customer {
    ///     name: "  Mara Tea Estates ".into(),
    ///     emails: vec![Email::new("Info@mara.example")],
    ///     ..Customer::default()
    /// })?;
    /// assert_eq!(customer.name, "Mara Tea Estates");
    /// assert_eq!(customer.code.as_ref().unwrap().as_str(), "C001");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid` with all violations, `duplicate`, `denied`.
    pub fn create(&self, data: E) -> Result<Record<E>> {
        self.session.write("create", |unit| unit.create(data))
    }

    /// Creates a record under an id from [`Session::new_id`].
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::Customer;
    /// let id = session.new_id()?;
    /// let customer = session.customers().create_with_id(id, Customer { name: "Mara Tea".into(), ..Customer::default() })?;
    /// assert_eq!(customer.id, id);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::create`]; `duplicate` (`id`) when the id is taken.
    pub fn create_with_id(&self, id: Id<E>, data: E) -> Result<Record<E>> {
        self.session.write("create", |unit| unit.create_with_id(id, data))
    }

    /// Creates a record from a patch on an empty one: for callers without the Rust type.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::Patch;
    /// let customer = session.customers().create_from(Patch::new().set("name", "Mara Tea").set("kind", "business"))?;
    /// assert_eq!(customer.kind, crm_core::CustomerKind::Business);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::create`]; `invalid` for unknown fields and values that don't fit.
    pub fn create_from(&self, patch: Patch) -> Result<Record<E>> {
        self.session.write("create", |unit| {
            let mut data = E::default();
            apply(patch, &mut data)?;
            unit.create(data)
        })
    }

    /// Changes a record by a closure that gets its newest data. Nothing is written when nothing differs.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// let customer = session.customers().update(id, |customer| customer.website = Some("https://mara.example".into()))?;
    /// assert_eq!(customer.version, 2);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`, `invalid`, `duplicate`, `refused` by a rule of the domain.
    pub fn update(&self, id: Id<E>, change: impl FnOnce(&mut E)) -> Result<Record<E>> {
        self.session.write("update", |unit| {
            unit.update(id, |data| {
                change(data);
                Ok(())
            })
        })
    }

    /// Changes the fields that the patch names: null clears, a value sets, what is absent stays.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::Patch;
    /// let customer = session.customers().patch(id, Patch::new().set("company", "Mara Group").clear("website"))?;
    /// assert_eq!(customer.company.as_deref(), Some("Mara Group"));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::update`]; `invalid` for unknown fields and values that don't fit.
    pub fn patch(&self, id: Id<E>, patch: Patch) -> Result<Record<E>> {
        self.session.write("update", |unit| unit.update(id, |data| apply(patch, data)))
    }

    /// As [`Collection::patch`], for a writer who has read this version.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::Patch;
    /// session.customers().update(id, |customer| customer.description = "Changed by Juma".into())?;
    /// // Another field than Juma's: no conflict.
    /// session.customers().patch_at(id, 1, Patch::new().set("company", "Mara Group"))?;
    /// let stale = session.customers().patch_at(id, 1, Patch::new().set("description", "Changed by Njeri"));
    /// assert_eq!(stale.unwrap_err().code(), "conflict");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `conflict` when somebody else has changed one of the patch's fields since; as [`Collection::patch`].
    pub fn patch_at(&self, id: Id<E>, version: u64, patch: Patch) -> Result<Record<E>> {
        self.session.write("update", |unit| {
            let current = unit.load(id)?.record;
            let mut base = base_at(unit, &current, version)?;
            let mut wanted = base.clone();
            apply(patch.clone(), &mut wanted)?;
            let mut problems = Violations::default();
            wanted.tidy(&mut problems);
            base.tidy(&mut problems);
            problems.into_result()?;
            refuse_conflicts(&current, &base, wanted.changed(&base))?;
            unit.update(id, |data| apply(patch, data))
        })
    }

    /// Writes a whole record back. Its version says what the writer has read; only the fields that he changed since
    /// are written, and only those can be in conflict.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// let mut mine = session.customers().get(id)?;
    /// session.customers().update(id, |customer| customer.company = Some("Mara Group".into()))?;
    /// mine.data.website = Some("https://mara.example".into());
    /// let stored = session.customers().replace(mine)?;
    /// assert_eq!(stored.company.as_deref(), Some("Mara Group"));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `conflict` with the fields, their stored values and the stored version; as [`Collection::update`].
    pub fn replace(&self, record: Record<E>) -> Result<Record<E>> {
        self.session.write("update", |unit| {
            let current = unit.load(record.id)?.record;
            let base = base_at(unit, &current, record.version)?;
            let mine = record.data.changed(&base);
            refuse_conflicts(&current, &base, mine)?;
            unit.update(record.id, |data| {
                mine.iter().for_each(|field| data.copy_field(field, &record.data));
                Ok(())
            })
        })
    }

    /// Puts a record and what hangs on it in the trash, under one deletion.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().delete(id)?;
    /// assert_eq!(session.customers().get(id).unwrap_err().code(), "not_found");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`, `in_use`, `refused` by a rule of the domain.
    pub fn delete(&self, id: Id<E>) -> Result<Deletion> {
        self.session.write("delete", |unit| unit.delete(id))
    }

    /// Brings a record back from the trash with exactly what was deleted together with it. One that is live stays as
    /// it is.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().delete(id)?;
    /// assert_eq!(session.customers().restore(id)?.name, "Mara Tea");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`, `duplicate` when a unique value was taken meanwhile, `refused` (`parent_in_trash`).
    pub fn restore(&self, id: Id<E>) -> Result<Record<E>> {
        self.session.write("restore", |unit| unit.restore(id))
    }

    /// Removes a record and what hangs on it from the trash for good. The journal keeps what it said.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().delete(id)?;
    /// session.customers().purge(id)?;
    /// assert_eq!(session.customers().restore(id).unwrap_err().code(), "not_found");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`, `refused` (`not_in_trash`), `in_use`.
    pub fn purge(&self, id: Id<E>) -> Result<()> {
        self.session.write("purge", |unit| unit.purge(id))
    }

    /// Changes the record with this id in another system, or creates one with it. The closure gets its data, or an
    /// empty one.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// for phone in ["0722 000001", "0722 000002"] {
    ///     session.customers().upsert("erp", "4711", |customer| {
    ///         customer.name = "Mara Tea".into();
    ///         customer.phones = vec![phone.into()];
    ///     })?;
    /// }
    /// assert_eq!(session.customers().count(&crm_core::Query::new())?, 1);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::create`] and [`Collection::update`]; `duplicate` when the id belongs to a record that the
    /// user may not see; `invalid` for entities without external ids.
    pub fn upsert(
        &self,
        source: &str,
        external_id: &str,
        change: impl FnOnce(&mut E),
    ) -> Result<Upserted<E>> {
        self.upsert_with(source, external_id, |data| {
            change(data);
            Ok(())
        })
    }

    /// As [`Collection::upsert`], by a patch.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Patch, Upserted};
    /// let first = session.customers().upsert_patch("erp", "4711", Patch::new().set("name", "Mara Tea"))?;
    /// assert!(matches!(first, Upserted::Created(_)));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::upsert`] and [`Collection::patch`].
    pub fn upsert_patch(&self, source: &str, external_id: &str, patch: Patch) -> Result<Upserted<E>> {
        self.upsert_with(source, external_id, |data| apply(patch, data))
    }

    fn upsert_with(
        &self,
        source: &str,
        external_id: &str,
        change: impl FnOnce(&mut E) -> Result<()>,
    ) -> Result<Upserted<E>> {
        let (source, external_id) = (cleaned(source), cleaned(external_id));
        let field = external_ids::<E>()?;
        self.session.write("upsert", |unit| {
            let key = format!("{source}:{external_id}");
            let condition =
                Condition::HasKey { field: "external_ids", index: field, keys: vec![key], prefix: false };
            let plan = Plan { sight: unit.sight(Action::View), ..Plan::all_where(condition, false, 1) };
            let found = E::reads(unit.tx()).find(&plan)?.into_iter().next();
            match found {
                Some(entry) => unit.update(entry.record.id, change).map(Upserted::Updated),
                None => {
                    let mut data = E::default();
                    change(&mut data)?;
                    let mut ids = match data.value(field) {
                        Value::Map(ids) => ids,
                        _ => Default::default(),
                    };
                    ids.insert(source, Value::Text(external_id));
                    if let Err(mismatch) = data.set(field, Value::Map(ids)) {
                        return Err(Error::invalid("external_ids", "mismatch", mismatch.expected));
                    }
                    unit.create(data).map(Upserted::Created)
                }
            }
        })
    }

    // ---- read --------------------------------------------------------------------------------------------------

    /// The live record with this id.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// assert_eq!(session.customers().get(id)?.name, "Mara Tea");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`.
    pub fn get(&self, id: Id<E>) -> Result<Record<E>> {
        self.session.read(|view, authority, _| {
            let entry = E::read(view).get(id, authority.sight(Action::View))?;
            let live = entry.filter(|entry| entry.deletion.is_none());
            live.map(|entry| entry.record)
                .ok_or_else(|| Error::NotFound { entity: E::ENTITY, key: id.to_string() })
        })
    }

    /// The live record with this id in another system.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// session.customers().upsert("erp", "4711", |customer| customer.name = "Mara Tea".into())?;
    /// assert_eq!(session.customers().by_external_id("erp", "4711")?.name, "Mara Tea");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `invalid` for entities without external ids.
    pub fn by_external_id(&self, source: &str, external_id: &str) -> Result<Record<E>> {
        let field = external_ids::<E>()?;
        let key = format!("{}:{}", cleaned(source), cleaned(external_id));
        self.first(
            Condition::HasKey { field: "external_ids", index: field, keys: vec![key.clone()], prefix: false },
            key,
        )
    }

    fn first(&self, condition: Condition, key: String) -> Result<Record<E>> {
        self.session.read(|view, authority, _| {
            let sight = Arc::clone(authority.sight(Action::View));
            let plan = Plan { sight, ..Plan::all_where(condition, false, 1) };
            let found = E::read(view).find(&plan)?.into_iter().next();
            found.map(|entry| entry.record).ok_or(Error::NotFound { entity: E::ENTITY, key })
        })
    }

    /// One page of live records.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::{Customer, CustomerStatus, Query};
    /// let leads = Query::new().filter(Customer::STATUS.is(CustomerStatus::Lead)).order_by(["name"]).page_size(20);
    /// let page = session.customers().list(&leads)?;
    /// assert_eq!(page.items[0].name, "Mara Tea");
    /// assert_eq!(page.next, None);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied` for a role that sees no records of this kind, `invalid` for what is wrong with the query.
    pub fn list(&self, query: &Query) -> Result<Page<Record<E>>> {
        Ok(self.page(query, false)?.map(|entry| entry.record))
    }

    /// All live records that match, fetched as they are needed in pages of 500, whatever the query says of pages;
    /// errors come in their place.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// for customer in session.customers().iter(crm_core::Query::new()) {
    ///     println!("{}", customer?.name);
    /// }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    pub fn iter(&self, query: Query) -> Pages<'s, E> {
        const AT_A_TIME: u32 = 500;
        Pages { collection: *self, query: Some(query.page_size(AT_A_TIME)), page: Vec::new().into_iter() }
    }

    /// One page of the trash.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().delete(id)?;
    /// let trash = session.customers().trash(&crm_core::Query::new())?;
    /// assert_eq!(trash.items[0].record.id, id);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::list`].
    pub fn trash(&self, query: &Query) -> Result<Page<Trashed<E>>> {
        let page = self.page(query, true)?;
        let trashed = |entry: Entry<E>| Some(Trashed { record: entry.record, deletion: entry.deletion? });
        Ok(Page {
            items: page.items.into_iter().filter_map(trashed).collect(),
            next: page.next,
            total: page.total,
        })
    }

    fn page(&self, query: &Query, trash: bool) -> Result<Page<Entry<E>>> {
        let list = |view: &dyn crate::store::Snapshot, mut plan: Plan| {
            // One more than asked for tells whether there is a next page.
            let wanted = plan.limit;
            plan.limit += 1;
            let mut items = E::read(view).find(&plan)?;
            plan.limit = wanted;
            let next = (items.len() > wanted).then(|| {
                items.truncate(wanted);
                items.last().map(|last| plan.cursor_after(last))
            });
            let total = query.total.then(|| E::read(view).count(&plan)).transpose()?;
            Ok(Page { items, next: next.flatten(), total })
        };
        // Words beyond the third letter may take a second look, a total certainly does.
        match query.total {
            true => self.session.read_consistently(|view, authority, shared| {
                list(view, self.plan(query, trash, authority, shared)?)
            }),
            false => self
                .session
                .read(|view, authority, shared| list(view, self.plan(query, trash, authority, shared)?)),
        }
    }

    fn plan(
        &self,
        query: &Query,
        trash: bool,
        authority: &crate::access::Authority,
        shared: &super::system::Shared,
    ) -> Result<Plan> {
        authority.require(E::kind(), Action::View)?;
        let sight = Arc::clone(authority.sight(Action::View));
        Ok(Plan { trash, ..Plan::new::<E>(query, sight, &shared.key_rules)? })
    }

    /// How many live records match.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::{Customer, Query};
    /// assert_eq!(session.customers().count(&Query::new().filter(Customer::NAME.starts_with("mara")))?, 1);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::list`].
    pub fn count(&self, query: &Query) -> Result<u64> {
        self.session
            .read(|view, authority, shared| E::read(view).count(&self.plan(query, false, authority, shared)?))
    }

    /// Figures of the live records that match, sorted by the fields that they are grouped by.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::{Aggregate, Customer, Query, Value};
    /// let by_status = session.customers().aggregate(&Query::new(), &Aggregate::count().by(Customer::STATUS))?;
    /// assert_eq!(by_status[0].keys, [Value::from("lead")]);
    /// assert_eq!(by_status[0].count, 1);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::list`]; `invalid` for fields that have no figures, and for sums that are too large.
    pub fn aggregate(&self, query: &Query, figures: &Aggregate) -> Result<Vec<Group>> {
        self.session.read(|view, authority, shared| {
            let plan = self.plan(query, false, authority, shared)?;
            let figures = AggregatePlan::new::<E>(figures, shared.settings.time_zone)?;
            figures.finish(E::read(view).aggregate(&plan, &figures)?)
        })
    }

    /// The live records that contain every word, each as the beginning of a word, newest first.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// assert_eq!(session.customers().search("tea mar", 10)?[0].id, id);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::list`]. No text is an error.
    pub fn search(&self, words: &str, limit: u32) -> Result<Vec<Record<E>>> {
        let limit = limit.clamp(1, Query::LARGEST_PAGE);
        Ok(self.list(&Query::new().words(words).page_size(limit))?.items)
    }

    /// What happened to a record, live or in the trash, oldest first: who, when, before and after.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().update(id, |customer| customer.company = Some("Mara Group".into()))?;
    /// let history = session.customers().history(id)?;
    /// assert_eq!(history[1].changes[0].after["company"], crm_core::Value::from("Mara Group"));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`.
    pub fn history(&self, id: Id<E>) -> Result<Vec<Operation>> {
        self.session.history_of(id)
    }
}

impl Collection<'_, Customer> {
    /// The live customer with this code, such as `C001`, in any case.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// assert_eq!(session.customers().by_code("c001")?.id, id);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, also for what is no code.
    pub fn by_code(&self, code: &str) -> Result<Record<Customer>> {
        match code.parse::<Code>() {
            Ok(parsed) => {
                self.first(column_is(Customer::schema(), "code", parsed.as_str().to_owned()), code.to_owned())
            }
            Err(_) => Err(Error::NotFound { entity: "customer", key: code.to_owned() }),
        }
    }
}

impl Collection<'_, Role> {
    /// The role with this key: `admin`, `manager`, `agent`, `viewer`, or one of the organisation's own.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// assert_eq!(session.roles().by_key("agent")?.name, "Agent");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`.
    pub fn by_key(&self, key: &str) -> Result<Record<Role>> {
        self.first(column_is(Role::schema(), "key", key), key.to_owned())
    }
}

impl Collection<'_, User> {
    /// The user who logs in with this name, in any case.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// assert!(session.users().by_username("AMINA")?.active);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`.
    pub fn by_username(&self, username: &str) -> Result<Record<User>> {
        self.first(column_is(User::schema(), "username", username), username.to_owned())
    }
}

/// All records of a list, fetched page by page.
#[derive(Debug)]
pub struct Pages<'s, E: Entity> {
    collection: Collection<'s, E>,
    query: Option<Query>,
    page: std::vec::IntoIter<Record<E>>,
}

impl<E: Rules> Iterator for Pages<'_, E> {
    type Item = Result<Record<E>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.page.next() {
                return Some(Ok(record));
            }
            let mut query = self.query.take()?;
            match self.collection.list(&query) {
                Ok(page) => {
                    if let Some(next) = page.next {
                        query.cursor = Some(next);
                        query.total = false;
                        self.query = Some(query);
                    }
                    self.page = page.items.into_iter();
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn apply<E: Entity>(patch: Patch, data: &mut E) -> Result<()> {
    let mut problems = Violations::default();
    patch.apply(data, &mut problems);
    problems.into_result()
}

fn cleaned(text: &str) -> String {
    let mut text = text.to_owned();
    crate::value::clean(&mut text);
    text
}

fn external_ids<E: Entity>() -> Result<usize> {
    let reason = || format!("a {} has no ids in other systems", E::ENTITY);
    E::schema().field("external_ids").ok_or_else(|| Error::invalid("external_ids", "unknown_field", reason()))
}

/// The data that a writer of this version has read: the later changes taken back in memory.
fn base_at<E: Rules>(unit: &UnitOfWork<'_>, current: &Record<E>, version: u64) -> Result<E> {
    let mut base = current.data.clone();
    if version == current.version {
        return Ok(base);
    }
    if version == 0 || version > current.version {
        return Err(Error::invalid(
            "version",
            "range",
            format!("the record's version is {}", current.version),
        ));
    }
    let later = super::system::with_types(unit.tx().operations_on(E::kind(), current.id.uuid(), version)?);
    for change in later.iter().rev().flat_map(|operation| operation.changes.iter().rev()) {
        for name in change.fields() {
            let before = change.before.get(name).cloned().unwrap_or(Value::Null);
            let fits = E::schema().field(name).is_some_and(|field| base.set(field, before).is_ok());
            if !fits {
                let stored = change.after.get(name).cloned().unwrap_or(Value::Null);
                return Err(Error::Conflict {
                    entity: E::ENTITY,
                    id: current.id.uuid(),
                    version: current.version,
                    fields: vec![(name.to_owned(), stored)],
                });
            }
        }
    }
    Ok(base)
}

/// `conflict` when somebody changed the same fields since, to something else.
fn refuse_conflicts<E: Entity>(current: &Record<E>, base: &E, mine: FieldSet) -> Result<()> {
    let both = mine.intersection(current.data.changed(base));
    if both.is_empty() {
        return Ok(());
    }
    let fields =
        both.iter().map(|field| (E::FIELDS[field].name.to_owned(), current.data.value(field))).collect();
    Err(Error::Conflict { entity: E::ENTITY, id: current.id.uuid(), version: current.version, fields })
}
