//! Duplicates: of one record, of all, and what is none.

use super::collection::Collection;
use super::rules::Rules;
#[cfg(feature = "exchange")]
use super::unit_of_work::UnitOfWork;
use crate::duplicates::{Blocks, DuplicateReason, DuplicateRules, Matcher, ordered};
use crate::error::{Error, Result, Violations};
use crate::model::{Action, Contact, Conventions, Customer, Distinction, Entity, Kind, Record};
use crate::store::{
    Atom, ColumnRef, Condition, Entry, Order, Plan, Position, Sight, Snapshot, SortKey, Stored, column_is,
};
use crate::value::{Id, Timestamp, to_micros};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// A kind of record that has duplicates: customers and contacts.
pub trait Duplicable: Rules {
    /// The rules that are usual for it: [`DuplicateRules::for_customers`], [`DuplicateRules::for_contacts`].
    fn usual_rules() -> DuplicateRules;

    /// That two of them are not the same.
    fn distinction(one: &Record<Self>, other: &Record<Self>) -> Distinction;

    /// The two that a distinction is about, if it is about this kind.
    fn told_apart(distinction: &Distinction) -> Option<(Id<Self>, Id<Self>)>;

    /// The two fields of a distinction that hold them.
    const FIELDS_APART: [&'static str; 2];
}

impl Duplicable for Customer {
    fn usual_rules() -> DuplicateRules {
        DuplicateRules::for_customers()
    }

    fn distinction(one: &Record<Self>, other: &Record<Self>) -> Distinction {
        Distinction { customer: one.id, other: Some(other.id), ..Distinction::default() }
    }

    fn told_apart(distinction: &Distinction) -> Option<(Id<Self>, Id<Self>)> {
        distinction.other.map(|other| (distinction.customer, other))
    }

    const FIELDS_APART: [&'static str; 2] = ["customer", "other"];
}

impl Duplicable for Contact {
    fn usual_rules() -> DuplicateRules {
        DuplicateRules::for_contacts()
    }

    fn distinction(one: &Record<Self>, other: &Record<Self>) -> Distinction {
        let (contact, other_contact) = (Some(one.id), Some(other.id));
        Distinction { customer: one.customer, contact, other_contact, ..Distinction::default() }
    }

    fn told_apart(distinction: &Distinction) -> Option<(Id<Self>, Id<Self>)> {
        distinction.contact.zip(distinction.other_contact)
    }

    const FIELDS_APART: [&'static str; 2] = ["contact", "other_contact"];
}

/// A record that is likely the same as another one.
#[derive(Clone, Debug, PartialEq)]
pub struct DuplicateCandidate<E: Entity> {
    /// The record.
    pub record: Record<E>,
    /// How likely, from 0 to 1.
    pub score: f64,
    /// Why, in the order of the compared fields; those that one of the two does not have are left out.
    pub reasons: Vec<DuplicateReason>,
}

/// The records that are likely the same as one.
#[derive(Clone, Debug, PartialEq)]
pub struct DuplicateCandidates<E: Entity> {
    /// The most likely first; of equal ones the oldest.
    pub candidates: Vec<DuplicateCandidate<E>>,
    /// The keys that were not followed.
    pub dropped: Vec<DroppedKey>,
}

/// Two records that are likely the same.
#[derive(Clone, Debug, PartialEq)]
pub struct DuplicatePair<E> {
    /// The one that was created first.
    pub left: Id<E>,
    /// The other.
    pub right: Id<E>,
    /// How likely, from 0 to 1.
    pub score: f64,
    /// Why, in the order of the compared fields; those that one of the two does not have are left out.
    pub reasons: Vec<DuplicateReason>,
}

/// All records that are likely the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicates<E> {
    /// The most likely first; of equal ones the oldest.
    pub pairs: Vec<DuplicatePair<E>>,
    /// The keys that were not followed, the commonest first; at most 100.
    pub dropped: Vec<DroppedKey>,
    /// How many keys were not followed in all.
    pub dropped_in_all: u64,
    /// How many records were looked at: those that the session sees.
    pub records: u64,
    /// How many pairs were compared.
    pub compared: u64,
}

impl<E> Duplicates<E> {
    /// The records that are the same, directly or by way of others: each group with at least two, in the order of
    /// their creation, the largest groups first.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # use crm_core::{Customer, DuplicateRules};
    /// for name in ["Mara Tea Ltd", "Mara Tea Limited", "Mara Tea, Ltd.", "Zebra Foods"] {
    ///     session.customers().create(Customer { name: name.into(), ..Customer::default() })?;
    /// }
    /// let found = session.customers().find_duplicates(&DuplicateRules::for_customers())?;
    /// assert_eq!(found.groups()[0].len(), 3);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    pub fn groups(&self) -> Vec<Vec<Id<E>>> {
        let mut parents: HashMap<Uuid, Uuid> = HashMap::new();
        for pair in &self.pairs {
            let (left, right) = (root(&mut parents, pair.left.uuid()), root(&mut parents, pair.right.uuid()));
            let (first, second) = ordered(left, right);
            parents.insert(second, first);
        }
        let members: HashSet<Uuid> =
            self.pairs.iter().flat_map(|pair| [pair.left.uuid(), pair.right.uuid()]).collect();
        let mut groups: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for member in members {
            groups.entry(root(&mut parents, member)).or_default().push(member);
        }
        let mut groups: Vec<Vec<Uuid>> = groups.into_values().collect();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
        groups.into_iter().map(|group| group.into_iter().map(Id::from_uuid).collect()).collect()
    }
}

/// The first of a group; the way there is made shorter for the next one.
fn root(parents: &mut HashMap<Uuid, Uuid>, member: Uuid) -> Uuid {
    let mut root = member;
    while let Some(parent) = parents.get(&root).copied().filter(|parent| *parent != root) {
        root = parent;
    }
    let mut next = member;
    while next != root {
        next = parents.insert(next, root).unwrap_or(root);
    }
    root
}

/// A key that was not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedKey {
    /// The place of the key in the rules.
    pub key: usize,
    /// The value of the key in the form in which it is compared.
    pub value: String,
    /// How many records share it, of those that the session sees. A lookup for one record counts no further than it
    /// must, and then also what nearly has the key. `None` for a key that such a lookup can't ask the store for: a
    /// sound alone, or a part of a date.
    pub records: Option<u64>,
}

impl<E: Duplicable> Collection<'_, E> {
    /// The live records that are likely the same as one that may be created: the most likely first. Asks the store
    /// once for each key of the draft, whatever the number of records; quick for keys with an e-mail, a phone, a name,
    /// a postal code, a birthday or a text in a custom field.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Customer, DuplicateRules, Email};
    /// let emails = vec![Email::new("info@mara.example")];
    /// let mara = session.customers().create(Customer { name: "Mara Tea".into(), emails, ..Customer::default() })?;
    ///
    /// let emails = vec![Email::new("Info@Mara.example")];
    /// let draft = Customer { name: "Mara Tea Ltd".into(), emails, ..Customer::default() };
    /// let found = session.customers().duplicates_of(&draft, &DuplicateRules::for_customers())?;
    /// assert_eq!(found.candidates[0].record.id, mara.id);
    /// assert!(found.candidates[0].score > 0.9);
    /// assert_eq!(found.candidates[0].reasons[1].field, "emails");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied` for a role that sees no records of this kind, `invalid` for what is wrong with the rules. What is
    /// wrong with the draft is none.
    pub fn duplicates_of(&self, draft: &E, rules: &DuplicateRules) -> Result<DuplicateCandidates<E>> {
        let mut data = draft.clone();
        data.tidy(&mut Violations::default());
        data.normalise();
        self.session().read_consistently(|view, authority, shared| {
            authority.require(E::kind(), Action::View)?;
            let draft = Entry { record: draft_record(data), deletion: None };
            candidates(
                view,
                authority.sight(Action::View),
                &shared.conventions,
                &draft,
                rules,
                &HashSet::new(),
            )
        })
    }

    /// The other live records that are likely the same as this one, as [`Collection::duplicates_of`] finds them; not
    /// those that [`Collection::not_duplicates`] has told apart from it.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Customer, DuplicateRules};
    /// let mara = session.customers().create(Customer { name: "Mara Tea".into(), ..Customer::default() })?;
    /// let twin = session.customers().create(Customer { name: "Mara Tea".into(), ..Customer::default() })?;
    /// let found = session.customers().duplicates_of_record(mara.id, &DuplicateRules::for_customers())?;
    /// assert_eq!(found.candidates[0].record.id, twin.id);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; as [`Collection::duplicates_of`].
    pub fn duplicates_of_record(&self, id: Id<E>, rules: &DuplicateRules) -> Result<DuplicateCandidates<E>> {
        self.session().read_consistently(|view, authority, shared| {
            authority.require(E::kind(), Action::View)?;
            let entry = E::read(view).get(id, authority.sight(Action::View))?;
            let Some(entry) = entry.filter(|entry| entry.deletion.is_none()) else {
                return Err(Error::NotFound { entity: E::ENTITY, key: id.to_string() });
            };
            let mut apart = HashSet::from([id]);
            let found = Distinction::read(view).find(&Plan::all_where(about::<E>(id), false, usize::MAX))?;
            for (one, other) in found.iter().filter_map(|entry| E::told_apart(&entry.record)) {
                apart.extend([one, other]);
            }
            candidates(view, authority.sight(Action::View), &shared.conventions, &entry, rules, &apart)
        })
    }

    /// All pairs of live records that the session sees and that are likely the same, the most likely first. Only
    /// records with a key in common are compared; those that [`Collection::not_duplicates`] has told apart are left out.
    ///
    /// Reads all records once, in pages; keeps the ids, the keys and what is compared of each, some hundred bytes.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Customer, DuplicateRules};
    /// let mara = session.customers().create(Customer { name: "Mara Tea".into(), ..Customer::default() })?;
    /// let twin = session.customers().create(Customer { name: "Tea, Mara".into(), ..Customer::default() })?;
    /// let found = session.customers().find_duplicates(&DuplicateRules::for_customers())?;
    /// assert_eq!((found.pairs[0].left, found.pairs[0].right), (mara.id, twin.id));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `denied` for a role that sees no records of this kind, `invalid` for what is wrong with the rules.
    pub fn find_duplicates(&self, rules: &DuplicateRules) -> Result<Duplicates<E>> {
        const MOST_TOLD: usize = 100;
        self.session().read_consistently(|view, authority, shared| {
            authority.require(E::kind(), Action::View)?;
            let matcher = Matcher::new(rules, E::schema(), &shared.conventions)?;
            let sight = authority.sight(Action::View);
            let mut blocks = Blocks::default();
            each::<E>(view, sight, &mut |entry| blocks.add(&matcher, entry))?;
            let mut apart = HashSet::new();
            each::<Distinction>(view, &Arc::new(Sight::all()), &mut |entry| {
                let pair = E::told_apart(&entry.record);
                apart.extend(pair.map(|(one, other)| ordered(one.uuid(), other.uuid())));
                Ok(())
            })?;
            let found = blocks.finish(&matcher, &apart);
            let mut dropped = Vec::new();
            for common in found.common.iter().take(MOST_TOLD) {
                let Some(entry) = E::read(view).get(Id::from_uuid(common.record), sight)? else { continue };
                let keys = matcher.keys(&matcher.texts(&entry));
                if let Some(key) = keys.into_iter().find(|key| key.hash() == common.hash) {
                    dropped.push(DroppedKey {
                        key: key.key,
                        value: key.text(),
                        records: Some(count(common.records)),
                    });
                }
            }
            let pairs = found.pairs.into_iter().map(|pair| DuplicatePair {
                left: Id::from_uuid(pair.left),
                right: Id::from_uuid(pair.right),
                score: pair.score,
                reasons: pair.reasons,
            });
            Ok(Duplicates {
                pairs: pairs.collect(),
                dropped,
                dropped_in_all: count(found.common.len()),
                records: count(found.records),
                compared: found.compared,
            })
        })
    }

    /// Remembers that two records are not the same: they are no longer told as duplicates, until the distinction is
    /// deleted or the operation undone. A second call gives the first one's distinction.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Customer, DuplicateRules};
    /// let mara = session.customers().create(Customer { name: "Mara Tea".into(), ..Customer::default() })?;
    /// let other = session.customers().create(Customer { name: "Mara Tea".into(), ..Customer::default() })?;
    /// let distinction = session.customers().not_duplicates(mara.id, other.id)?;
    /// let rules = DuplicateRules::for_customers();
    /// assert!(session.customers().find_duplicates(&rules)?.pairs.is_empty());
    /// session.distinctions().delete(distinction.id)?;
    /// assert_eq!(session.customers().find_duplicates(&rules)?.pairs.len(), 1);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `invalid` for a record and itself; `denied` for a role that creates no distinctions.
    pub fn not_duplicates(&self, one: Id<E>, other: Id<E>) -> Result<Record<Distinction>> {
        self.session().write("not_duplicates", |unit| {
            unit.require_any(Kind::Distinction, Action::Create)?;
            let (one, other) = (unit.load(one)?.record, unit.load(other)?.record);
            for known in unit.find::<Distinction>(about::<E>(one.id))? {
                let told = E::told_apart(&known);
                if told == Some((one.id, other.id)) || told == Some((other.id, one.id)) {
                    return Ok(known);
                }
            }
            unit.create(E::distinction(&one, &other))
        })
    }
}

/// The live records that a draft is likely the same as, of those that the actor sees, as a write finds them; the draft
/// is cleaned already.
#[cfg(feature = "exchange")]
pub(crate) fn likely_same<E: Duplicable>(
    unit: &UnitOfWork<'_>,
    draft: &E,
    rules: &DuplicateRules,
) -> Result<Vec<DuplicateCandidate<E>>> {
    let draft = Entry { record: draft_record(draft.clone()), deletion: None };
    let sight = unit.sight(Action::View);
    Ok(candidates(unit.tx(), &sight, unit.conventions(), &draft, rules, &HashSet::new())?.candidates)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The distinctions that a record is in.
fn about<E: Duplicable>(id: Id<E>) -> Condition {
    let schema = Distinction::schema();
    Condition::Any(E::FIELDS_APART.map(|field| column_is(schema, field, id.uuid())).into())
}

/// A record that is not stored.
fn draft_record<E: Entity>(data: E) -> Record<E> {
    let (created_at, updated_at) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    Record { id: Id::default(), version: 0, created_at, created_by: None, updated_at, updated_by: None, data }
}

/// Walks all live records that a reader sees, in pages.
fn each<E: Stored>(
    view: &dyn Snapshot,
    sight: &Arc<Sight>,
    visit: &mut dyn FnMut(&Entry<E>) -> Result<()>,
) -> Result<()> {
    const AT_A_TIME: usize = 1_000;
    let mut plan =
        Plan { sight: Arc::clone(sight), ..Plan::all_where(Condition::All(Vec::new()), false, AT_A_TIME) };
    loop {
        let page = E::read(view).find(&plan)?;
        page.iter().try_for_each(&mut *visit)?;
        match page.last() {
            Some(last) if page.len() == AT_A_TIME => {
                let (id, created_at) = (last.record.id.uuid(), last.record.created_at);
                let ranks = vec![Atom::Int(to_micros(created_at))];
                plan.order.after = Some(Position { ranks, created_at, id });
            }
            _ => return Ok(()),
        }
    }
}

/// The records that share a key with one and are told by their score.
fn candidates<E: Duplicable>(
    view: &dyn Snapshot,
    sight: &Arc<Sight>,
    conventions: &Conventions,
    subject: &Entry<E>,
    rules: &DuplicateRules,
    apart: &HashSet<Id<E>>,
) -> Result<DuplicateCandidates<E>> {
    let matcher = Matcher::new(rules, E::schema(), conventions)?;
    let texts = matcher.texts(subject);
    let features = matcher.features(&texts);
    let mut dropped = Vec::new();
    let mut seen: HashMap<Id<E>, DuplicateCandidate<E>> = HashMap::new();
    for key in matcher.keys(&texts) {
        let drop = |records| DroppedKey { key: key.key, value: key.text(), records };
        let Some(sharing) = sharing(view, sight, &matcher, &key)? else {
            dropped.push(drop(None));
            continue;
        };
        // As if the draft were there.
        let with_draft = sharing.len() + usize::from(subject.record.version == 0);
        if with_draft > matcher.most_sharing() {
            dropped.push(drop(Some(count(with_draft))));
            continue;
        }
        for entry in sharing {
            let id = entry.record.id;
            if apart.contains(&id) || seen.contains_key(&id) {
                continue;
            }
            let other = matcher.features(&matcher.texts(&entry));
            let score = matcher.score(&features, &other);
            if matcher.is_told(score) {
                let reasons = matcher.reasons(&features, &other);
                seen.insert(id, DuplicateCandidate { record: entry.record, score, reasons });
            }
        }
    }
    let mut candidates: Vec<_> = seen.into_values().collect();
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.record.id.cmp(&b.record.id)));
    Ok(DuplicateCandidates { candidates, dropped })
}

/// The records with a key, those that the reader sees; more than may share it when there are more. `None` for a key
/// that can't be asked for.
fn sharing<E: Stored>(
    view: &dyn Snapshot,
    sight: &Arc<Sight>,
    matcher: &Matcher<'_>,
    key: &crate::duplicates::KeyOf,
) -> Result<Option<Vec<Entry<E>>>> {
    /// Of records that nearly have the key so many are looked at.
    const MOST_LOOKED_AT: usize = 1_000;
    let Some(lookup) = matcher.lookup(E::schema(), key) else { return Ok(None) };
    let limit = if lookup.exact { matcher.most_sharing() + 1 } else { MOST_LOOKED_AT };
    let mut plan = Plan {
        sight: Arc::clone(sight),
        words: lookup.words,
        ..Plan::all_where(lookup.condition, false, limit)
    };
    // Else by id: no index gives an order that a store could prefer to that of the condition.
    if let Some(column) = lookup.order.or_else(|| ColumnRef::named(E::schema(), "id")) {
        plan.order = Order { keys: vec![SortKey { column, descending: false }], after: None, newest: false };
    }
    let mut found: Vec<Entry<E>> = E::read(view).find(&plan)?;
    if found.len() < limit {
        let hash = key.hash();
        found.retain(|entry| matcher.keys(&matcher.texts(entry)).iter().any(|key| key.hash() == hash));
    }
    Ok(Some(found))
}
