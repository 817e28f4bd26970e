//! The records of one kind, as a session may touch them. All kinds are alike.

mod version;
mod write;

pub(super) use version::{base_at, refuse_conflicts, take_over_custom};
pub(super) use write::{apply, is_known_as, known_as};

use super::any::AnyCollection;
use super::merge::merged_into;
use super::rules::Rules;
use super::session::Session;
use super::system::Shared;
use crate::access::Authority;
use crate::error::{Error, Result};
use crate::model::{
    Action, Customer, Entity, Kind, Operation, Page, Query, Record, Role, Schema, Trashed, User,
};
use crate::store::{
    Aggregate, AnyEntry, Condition, Entry, Group, Plan, Sight, Snapshot, Stored, column_is, keeper, own,
};
use crate::value::{Code, Id};
use std::marker::PhantomData;
use std::sync::Arc;

/// How far the ids of merged records are followed.
const MOST_MERGES: usize = 20;

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
    fn of(record: Record<E>, created: bool) -> Self {
        if created { Upserted::Created(record) } else { Upserted::Updated(record) }
    }

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

    /// The same without types.
    fn any(&self) -> AnyCollection<'s> {
        AnyCollection::new(self.session, E::kind())
    }

    pub(crate) fn session(&self) -> &'s Session {
        self.session
    }

    /// The live record with this id; for one that was merged into another, that other.
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
        let mut found = None;
        self.session.read_with(&mut |view, authority, _| {
            let sight = authority.sight(Action::View);
            found = E::read(view).get(id, sight)?;
            if let Some(merged) = found.take_if(|entry| entry.deletion.is_some()) {
                found = survivor_of(view, E::kind(), Some(Box::new(merged)), sight)?.map(own).transpose()?;
            }
            Ok(())
        })?;
        let unknown = || Error::NotFound { entity: E::ENTITY, key: id.to_string() };
        found.map(|entry| entry.record).ok_or_else(unknown)
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
        self.any().by_external_id(source, external_id)?.own()
    }

    fn first(&self, condition: Condition, key: String) -> Result<Record<E>> {
        Ok(own(self.any().first(condition, key)?)?.record)
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
        let mut items = Vec::new();
        let (next, total) = read_page(self.session, E::kind(), query, trash, &mut |view, plan| {
            let (found, more) = E::read(view).page(plan)?;
            items = found;
            Ok(items.last().filter(|_| more).map(|last| plan.cursor_after(last)))
        })?;
        Ok(Page { items, next, total })
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
        self.any().count(query)
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
        self.any().aggregate(query, figures)
    }

    /// The best live records for what somebody typed: those that have every word, in any order and any field, whatever
    /// the case and accents. A record is as good as its worst word: one that it has itself, the beginning of one, the
    /// middle of one (from three letters), and at last one with a typo (from five letters); the newest first among
    /// equals. A phone number is found in any format. At most `limit` records, and never more than 1,000.
    ///
    /// Of a customer the code, name, company, e-mails, phones, city, tags and custom texts are searched. [`Query::words`] filters a list by words, without typos; [`Session::search`] looks into all
    /// kinds of records and tells how well each fits.
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
        let mut records = Vec::new();
        read_found(self.session, E::kind(), words, limit, &mut |view, plan| {
            let found = E::read(view).search(plan)?;
            records.reserve_exact(found.len());
            for one in found {
                records.push(one.entry.record);
            }
            Ok(())
        })?;
        Ok(records)
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
        self.any().history(id.uuid())
    }
}

impl Collection<'_, Customer> {
    /// The live customer with this code, such as `C001`, in any case; for one that was merged into another, that other.
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
        let unknown = || Error::NotFound { entity: "customer", key: code.to_owned() };
        match code.parse::<Code>() {
            Ok(parsed) => self.session.read(|view, authority, _| {
                let sight = authority.sight(Action::View);
                let mut found = None;
                for trash in [false, true] {
                    let condition = column_is(Customer::schema(), "code", parsed.as_str().to_owned());
                    let plan = Plan { sight: Arc::clone(sight), ..Plan::all_where(condition, trash, 1) };
                    found = found.or(Customer::read(view).find(&plan)?.into_iter().next());
                    if found.is_some() {
                        break;
                    }
                }
                let found = found.map(|entry| Box::new(entry) as Box<AnyEntry>);
                let survivor = survivor_of(view, Kind::Customer, found, sight)?.ok_or_else(unknown)?;
                Ok(own(survivor)?.record)
            }),
            Err(_) => Err(unknown()),
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

pub(super) fn cleaned(text: &str) -> String {
    let mut text = text.to_owned();
    crate::value::clean(&mut text);
    text
}

/// The live record that this one is, or was merged into.
pub(super) fn survivor_of(
    view: &dyn Snapshot,
    kind: Kind,
    mut entry: Option<Box<AnyEntry>>,
    sight: &Sight,
) -> Result<Option<Box<AnyEntry>>> {
    for _ in 0..=MOST_MERGES {
        let Some(found) = entry else { break };
        if found.is_live() {
            return Ok(Some(found));
        }
        let Some(survivor) = merged_into(found.data()) else { break };
        entry = keeper(kind).get(view, survivor, sight)?;
    }
    Ok(None)
}

/// What a query asks of the records of a kind.
pub(super) fn plan_of(
    kind: Kind,
    query: &Query,
    trash: bool,
    authority: &Authority,
    shared: &Shared,
) -> Result<Plan> {
    authority.require(kind, Action::View)?;
    let sight = Arc::clone(authority.sight(Action::View));
    Ok(Plan { trash, ..Plan::new(kind.schema(), query, sight, &shared.conventions)? })
}

/// Takes a page, and gives the cursor of the one behind it.
type ReadPage<'r> = &'r mut dyn FnMut(&dyn Snapshot, &Plan) -> Result<Option<String>>;

/// Reads a page, which gives the cursor of the one behind it. Gives that, and how many records there are in all when it is
/// asked for.
pub(super) fn read_page(
    session: &Session,
    kind: Kind,
    query: &Query,
    trash: bool,
    page: ReadPage<'_>,
) -> Result<(Option<String>, Option<u64>)> {
    let read = |view: &dyn Snapshot, authority: &Authority, shared: &Shared| {
        let plan = plan_of(kind, query, trash, authority, shared)?;
        let next = page(view, &plan)?;
        Ok((next, query.total.then(|| keeper(kind).count(view, &plan)).transpose()?))
    };
    // Words beyond the third letter may take a second look, a total certainly does.
    match query.total {
        true => session.read_consistently(read),
        false => session.read(read),
    }
}

/// Reads what a search finds.
pub(super) fn read_found(
    session: &Session,
    kind: Kind,
    words: &str,
    limit: u32,
    found: &mut dyn FnMut(&dyn Snapshot, &Plan) -> Result<()>,
) -> Result<()> {
    let query = Query::new().words(words).page_size(limit.clamp(1, Query::LARGEST_PAGE));
    session.read(|view, authority, shared| {
        let plan = plan_of(kind, &query, false, authority, shared)?;
        if limit == 0 { Ok(()) } else { found(view, &plan) }
    })
}

pub(super) fn external_ids(schema: &Schema) -> Result<usize> {
    let reason = || format!("a {} has no ids in other systems", schema.entity);
    schema.field("external_ids").ok_or_else(|| Error::invalid("external_ids", "unknown_field", reason()))
}
