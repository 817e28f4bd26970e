//! Merging records that are one and the same person or business.

mod combine;

use super::collection::Collection;
use super::ops::ops;
use super::rules::{Rules, refuse_circle};
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result, Violations};
use crate::model::{
    Action, AnyData, ChangeKind, Contact, Conventions, Customer, CustomerStatus, Deletion, Distinction,
    Entity, Kind, Lead, LeadStatus, Operation, Record,
};
use crate::store::{Condition, Entry, column_is};
use crate::value::{Id, Value};
use combine::{combined, said};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The most records that are merged into another at once.
const MOST_LOSERS: usize = 100;

/// What a merge did, or would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged<E: Entity> {
    /// The record that is left, as it is afterwards.
    pub survivor: Record<E>,
    /// How many records moved to it, by kind, of those that the user sees.
    pub moved: BTreeMap<Kind, u64>,
    /// The one operation that it became, to be undone by its id; `None` for a dry run.
    pub operation: Option<Operation>,
}

/// An entity whose records can be merged: customers, and contacts of one customer.
pub trait Mergeable: Rules {
    /// Whether these two may become one.
    ///
    /// # Errors
    /// `refused`.
    fn check_merge(survivor: &Record<Self>, loser: &Record<Self>) -> Result<()> {
        let _ = (survivor, loser);
        Ok(())
    }

    /// What has to change before the records of a loser move to the survivor.
    ///
    /// # Errors
    /// Those of the store.
    fn before_move(unit: &mut UnitOfWork<'_>, survivor: Id<Self>, loser: Id<Self>) -> Result<()> {
        let _ = (unit, survivor, loser);
        Ok(())
    }

    /// Where a distinction names the one and the other.
    const DISTINGUISHED: [&'static str; 2];

    /// What goes beyond the rule that the survivor's value wins, an empty one is filled and lists unite. `chosen` are the
    /// fields that somebody chose a record for; they stay.
    ///
    /// # Errors
    /// `refused`.
    fn settle(
        unit: &UnitOfWork<'_>,
        data: &mut Self,
        survivor: &Record<Self>,
        losers: &[Record<Self>],
        chosen: &BTreeMap<String, Id<Self>>,
    ) -> Result<()> {
        let _ = (unit, data, survivor, losers, chosen);
        Ok(())
    }
}

impl<E: Mergeable> Collection<'_, E> {
    /// Makes one record of several, as one operation. The survivor's values win, its empty ones are filled from the
    /// losers in their order, lists and maps unite, an address is taken whole, the furthest status wins. `choices`
    /// names fields (`custom.KEY` for custom ones) whose value is that of another of the records. Everything that
    /// hangs on a loser moves to the survivor, what is in the trash too; the losers go to the trash, and their ids lead
    /// to the survivor from then on: [`Collection::get`] and [`Collection::by_code`] give it; for anything else take the
    /// id of what they give. [`Collection::restore`] brings a loser back in its own right, without what moved. A dry run does the same and takes it back.
    /// [`Session::undo`](crate::Session::undo) restores exactly what was.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Customer, Note};
    /// let customer = |name: &str, phone: &str| Customer { name: name.into(), phones: vec![phone.into()], ..Customer::default() };
    /// let mara = session.customers().create(customer("Mara Tea", "0722 000001"))?.id;
    /// let twin = session.customers().create(customer("Mara Tea Ltd", "0722 000002"))?.id;
    /// session.notes().create(Note { customer: twin, body: "Pays late".into(), ..Note::default() })?;
    /// let choices = [("name".to_owned(), twin)].into();
    /// let merged = session.customers().merge(mara, &[twin], &choices, false)?;
    /// assert_eq!(merged.survivor.name, "Mara Tea Ltd");
    /// assert_eq!(merged.survivor.phones.len(), 2);
    /// assert_eq!(merged.moved[&crm_core::Kind::Note], 1);
    /// assert_eq!(session.customers().get(twin)?.id, mara);
    /// session.undo(merged.operation.unwrap().id)?;
    /// assert_eq!(session.customers().get(twin)?.name, "Mara Tea Ltd");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `denied` without the permission to edit the survivor and to delete the losers; `invalid` (`losers`)
    /// for none, more than 100, the same twice, or the survivor itself, (`choices`) for a field that can't be chosen or a
    /// record that is none of these, and what the combined record would break; `refused` (`other_customer`) for
    /// contacts of different customers, (`converted`) for a choice that would take a conversion back, (`circle`) when the
    /// survivor would become its own parent.
    pub fn merge(
        &self,
        survivor: Id<E>,
        losers: &[Id<E>],
        choices: &BTreeMap<String, Id<E>>,
        dry_run: bool,
    ) -> Result<Merged<E>> {
        let mut outcome = None;
        let written = self.session().write("merge", |unit| {
            let record = merge(unit, survivor, losers, choices)?;
            let operation = unit.seal()?;
            outcome = Some(Merged {
                moved: moved(&operation, survivor, losers),
                survivor: record,
                operation: None,
            });
            match dry_run {
                true => Err(Error::Refused { rule: "dry_run", reason: "nothing is merged".to_owned() }),
                false => Ok(operation),
            }
        });
        match (written, outcome) {
            (Ok(operation), Some(merged)) => Ok(Merged { operation: Some(operation), ..merged }),
            (Err(_), Some(merged)) if dry_run => Ok(merged),
            (Err(error), _) => Err(error),
            (Ok(_), None) => Err(Error::corrupt("a merge without an outcome")),
        }
    }
}

/// The records that changed besides those that were merged. The operation holds what the actor sees.
fn moved<E>(operation: &Operation, survivor: Id<E>, losers: &[Id<E>]) -> BTreeMap<Kind, u64> {
    let merged: BTreeSet<_> = losers.iter().chain([&survivor]).map(|id| id.uuid()).collect();
    // What is dropped is rewritten before.
    let dropped = |id| operation.changes.iter().any(|c| c.id == id && c.change == ChangeKind::Trash);
    let changed = operation.changes.iter().filter(|change| change.change == ChangeKind::Update);
    let others: BTreeSet<_> = changed
        .filter(|change| !dropped(change.id))
        .filter(|change| !merged.contains(&change.id))
        .map(|change| (change.kind, change.id))
        .collect();
    let mut moved = BTreeMap::new();
    for (kind, _) in others {
        *moved.entry(kind).or_insert(0) += 1;
    }
    moved
}

fn merge<E: Mergeable>(
    unit: &mut UnitOfWork<'_>,
    survivor: Id<E>,
    losers: &[Id<E>],
    choices: &BTreeMap<String, Id<E>>,
) -> Result<Record<E>> {
    check_request(survivor, losers, choices, unit.conventions())?;
    let first = unit.load(survivor)?.record;
    unit.require(survivor, Action::Edit)?;
    let mut records = Vec::with_capacity(losers.len());
    for loser in losers {
        let record = unit.load(*loser)?.record;
        unit.require(*loser, Action::Delete)?;
        E::check_merge(&first, &record)?;
        records.push(record);
    }
    let deletion = Deletion { id: unit.crm().new_uuid()?, at: unit.now(), by: unit.user() };
    for loser in losers {
        E::before_move(unit, survivor, *loser)?;
        drop_distinctions(unit, survivor, *loser, deletion)?;
        move_all(unit, survivor, *loser)?;
        retire(unit, survivor, *loser, deletion)?;
    }
    // What moved may have changed the survivor: it may have referred to a loser.
    let current = unit.load(survivor)?.record;
    let mut data = combined(&current, &records, choices, &unit.conventions().keys)?;
    E::settle(unit, &mut data, &current, &records, choices)?;
    unit.update_by_library(survivor, |stored| *stored = data)
}

fn check_request<E: Entity>(
    survivor: Id<E>,
    losers: &[Id<E>],
    choices: &BTreeMap<String, Id<E>>,
    conventions: &Conventions,
) -> Result<()> {
    let mut problems = Violations::default();
    if losers.is_empty() || losers.len() > MOST_LOSERS {
        problems.add(
            "losers",
            "range",
            &losers.len().to_string(),
            format!("1 to {MOST_LOSERS} records are merged into another"),
        );
    }
    let mut known = BTreeSet::from([survivor]);
    for loser in losers {
        if !known.insert(*loser) {
            problems.add("losers", "repeated", &loser.to_string(), "each record takes part once");
        }
    }
    for (name, id) in choices {
        if !said(E::schema(), name, conventions) {
            let reason = format!("{} has no field {name:?} that people set as a whole", E::ENTITY);
            problems.add("choices", "unknown_field", name, reason);
        }
        if !known.contains(id) {
            problems.add("choices", "unknown", &id.to_string(), "the record does not take part in the merge");
        }
    }
    problems.into_result()
}

/// Who merges two records no longer says that they are different.
fn drop_distinctions<E: Mergeable>(
    unit: &mut UnitOfWork<'_>,
    survivor: Id<E>,
    loser: Id<E>,
    deletion: Deletion,
) -> Result<()> {
    let schema = Distinction::schema();
    let [one, other] = E::DISTINGUISHED;
    for (first, second) in [(survivor, loser), (loser, survivor)] {
        let pair = vec![column_is(schema, one, first.uuid()), column_is(schema, other, second.uuid())];
        for distinction in unit.find::<Distinction>(Condition::All(pair))? {
            let distinction = Entry { record: distinction, deletion: None };
            unit.trash_one(Kind::Distinction, &distinction, deletion)?;
        }
    }
    Ok(())
}

/// Leads everything that refers to the loser to the survivor, also what is in the trash.
fn move_all<E: Mergeable>(unit: &mut UnitOfWork<'_>, survivor: Id<E>, loser: Id<E>) -> Result<()> {
    for kind in Kind::ALL {
        for (field, _) in kind.schema().references_to(E::ENTITY) {
            for trash in [false, true] {
                for id in ops(*kind).referring(unit.tx(), field, loser.uuid(), trash)? {
                    ops(*kind).relink(unit, id, field, loser.uuid(), survivor.uuid())?;
                }
            }
        }
    }
    Ok(())
}

/// Puts a loser without the records that hung on it in the trash, with the mark of where it went.
fn retire<E: Mergeable>(
    unit: &mut UnitOfWork<'_>,
    survivor: Id<E>,
    loser: Id<E>,
    deletion: Deletion,
) -> Result<()> {
    let marked = unit.adjust(unit.load(loser)?.record, |data| set_merged_into(data, Some(survivor)))?;
    E::before_trash(unit, &marked)?;
    let loser = unit.load(loser)?;
    unit.trash_one(E::kind(), &loser, deletion)
}

/// The record that this one was merged into.
pub(super) fn merged_into(data: &AnyData) -> Option<Uuid> {
    let field = data.schema().field("merged_into")?;
    data.value(field).as_id()
}

/// Sets where a record went; no other entity has that field.
pub(super) fn set_merged_into<E: Entity>(data: &mut E, survivor: Option<Id<E>>) {
    if let Some(field) = E::schema().field("merged_into") {
        // Any id fits into a field of ids.
        let _ = data.set(field, survivor.map_or(Value::Null, |id| Value::Id(id.uuid())));
    }
}

impl Mergeable for Customer {
    const DISTINGUISHED: [&'static str; 2] = ["customer", "other"];

    fn before_move(unit: &mut UnitOfWork<'_>, survivor: Id<Self>, loser: Id<Self>) -> Result<()> {
        if primaries(unit, survivor)?.is_empty() {
            return Ok(());
        }
        for contact in primaries(unit, loser)? {
            unit.adjust(contact, |contact| contact.primary = false)?;
        }
        Ok(())
    }

    fn settle(
        unit: &UnitOfWork<'_>,
        data: &mut Self,
        survivor: &Record<Self>,
        losers: &[Record<Self>],
        chosen: &BTreeMap<String, Id<Self>>,
    ) -> Result<()> {
        match chosen.get("status").or(chosen.get("lead")) {
            // The status and the lead belong together.
            Some(id) => {
                if let Some(from) = losers.iter().chain([survivor]).find(|record| record.id == *id) {
                    data.status = from.status;
                    data.lead.clone_from(&from.lead);
                }
            }
            None => furthest(data, survivor, losers),
        }
        let merged = |id: Id<Customer>| id == survivor.id || losers.iter().any(|loser| loser.id == id);
        if data.parent.is_some_and(merged) {
            data.parent = None;
        }
        match refuse_circle(unit, survivor.id, data.parent) {
            // What was only filled in is left out.
            Err(Error::Invalid(_)) if survivor.parent != data.parent && !chosen.contains_key("parent") => {
                data.parent = None;
                Ok(())
            }
            Err(Error::Invalid(_)) => Err(Error::Refused {
                rule: "circle",
                reason: "the survivor would become its own parent: change its parent first".to_owned(),
            }),
            result => result,
        }
    }
}

/// The status of the customer that has come furthest, with its lead. A conversion is never taken back.
fn furthest(data: &mut Customer, survivor: &Record<Customer>, losers: &[Record<Customer>]) {
    let qualification = |customer: &Customer| customer.lead.as_ref().map(|lead| lead.status);
    let converted = |customer: &Customer| qualification(customer) == Some(LeadStatus::Converted);
    let all = || std::iter::once(survivor).chain(losers).map(|record| &record.data);
    let any_converted = all().any(converted);
    let rank = |customer: &Customer| match customer.status {
        CustomerStatus::Inactive => 0,
        CustomerStatus::Lead if any_converted => 0,
        CustomerStatus::Lead => 1,
        CustomerStatus::Prospect => 2,
        CustomerStatus::Active => 3,
    };
    let progress = |customer: &Customer| (rank(customer), qualification(customer));
    // Of those that have come equally far the first counts.
    let mut best = &survivor.data;
    for other in losers.iter().map(|loser| &loser.data) {
        let only_open =
            any_converted && best.status == CustomerStatus::Lead && other.status != CustomerStatus::Lead;
        if progress(other) > progress(best) || only_open {
            best = other;
        }
    }
    data.status = best.status;
    let fits = |customer: &&Customer| {
        customer.lead.is_some()
            && (customer.status == CustomerStatus::Lead) == (best.status == CustomerStatus::Lead)
    };
    let status =
        all().find(|customer| converted(customer)).or_else(|| std::iter::once(best).chain(all()).find(fits));
    let leads = || all().filter_map(|customer| customer.lead.as_ref());
    data.lead = status.and_then(qualification).and_then(|status| {
        let first = leads().next()?;
        Some(Lead {
            status,
            priority: first.priority,
            estimated_value: leads().find_map(|lead| lead.estimated_value),
            lost_reason: leads().find_map(|lead| lead.lost_reason.clone()),
        })
    });
}

impl Mergeable for Contact {
    const DISTINGUISHED: [&'static str; 2] = ["contact", "other_contact"];

    fn check_merge(survivor: &Record<Self>, loser: &Record<Self>) -> Result<()> {
        if survivor.customer == loser.customer {
            return Ok(());
        }
        let reason =
            "contacts of different customers are not merged: merge the customers, or move the contact first";
        Err(Error::Refused { rule: "other_customer", reason: reason.to_owned() })
    }

    fn settle(
        _: &UnitOfWork<'_>,
        data: &mut Self,
        survivor: &Record<Self>,
        losers: &[Record<Self>],
        chosen: &BTreeMap<String, Id<Self>>,
    ) -> Result<()> {
        if !chosen.contains_key("primary") {
            data.primary = survivor.primary || losers.iter().any(|loser| loser.primary);
        }
        Ok(())
    }
}

fn primaries(unit: &UnitOfWork<'_>, customer: Id<Customer>) -> Result<Vec<Record<Contact>>> {
    let schema = Contact::schema();
    let at = column_is(schema, "customer", customer.uuid());
    unit.find(Condition::All(vec![at, column_is(schema, "primary", true)]))
}
