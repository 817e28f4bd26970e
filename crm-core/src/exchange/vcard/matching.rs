//! Which record a card is.

use super::import::{Importable, Place};
use super::person::SYSTEM;
use crate::crm::{DuplicateCandidate, UnitOfWork, likely_same};
use crate::error::Result;
use crate::model::{Action, Record};
use crate::store::{Condition, Plan};
use crate::value::{Id, fold};
use std::cmp::Ordering;
use uuid::Uuid;

/// Two names are much the same from here on.
const ALIKE: f64 = 0.6;
/// From here on a record with such a name is it.
const LIKELY: f64 = 0.6;
/// The same for a record that has the id of another card: an address book that was moved gives new ids.
const CERTAIN: f64 = 0.95;
/// A name that more records share tells nobody apart.
const MOST_NAMESAKES: u32 = 100;

/// The record that a card is.
pub(super) enum Found<E: Importable> {
    /// None is there.
    Nothing,
    /// This one.
    One(Box<Record<E>>),
    /// One of so many.
    Several(usize),
    /// This one, which is not where the cards go.
    Elsewhere(Uuid),
}

/// Looks for the record that a draft is; when it is one that an export gave a `UID` made of its id, the draft forgets it.
pub(super) fn find<E: Importable>(unit: &UnitOfWork<'_>, draft: &mut E, place: &Place) -> Result<Found<E>> {
    if let Some(card) = draft.ids().get(SYSTEM).cloned() {
        if let Some(record) = by_card(unit, &card)? {
            return Ok(found(record, place));
        }
        if let Some(record) = by_own_id(unit, &card)? {
            draft.forget_card();
            return Ok(found(record, place));
        }
    }
    let rules = E::usual_rules().threshold(0.0).most_sharing(MOST_NAMESAKES);
    let mut candidates = likely_same(unit, draft, &rules)?;
    candidates.retain(|candidate| candidate.record.is_within(place) && is_same(draft, candidate));
    let mut candidates = candidates.into_iter();
    let Some(best) = candidates.next() else { return Ok(Found::Nothing) };
    match candidates.filter(|other| other.score.total_cmp(&best.score) == Ordering::Equal).count() {
        0 => Ok(Found::One(Box::new(best.record))),
        others => Ok(Found::Several(others + 1)),
    }
}

fn found<E: Importable>(record: Record<E>, place: &Place) -> Found<E> {
    match record.is_within(place) {
        true => Found::One(Box::new(record)),
        false => Found::Elsewhere(record.id.uuid()),
    }
}

/// The live record that keeps the card's id, when the actor sees it.
fn by_card<E: Importable>(unit: &UnitOfWork<'_>, card: &str) -> Result<Option<Record<E>>> {
    const FIELD: &str = "external_ids";
    let Some(index) = E::schema().field(FIELD) else { return Ok(None) };
    let condition =
        Condition::HasKey { field: FIELD, index, keys: vec![format!("{SYSTEM}:{card}")], prefix: false };
    let plan = Plan { sight: unit.sight(Action::View), ..Plan::all_where(condition, false, 1) };
    Ok(E::reads(unit.tx()).find(&plan)?.into_iter().next().map(|entry| entry.record))
}

/// The live record whose id the card's is made of, when the actor sees it.
fn by_own_id<E: Importable>(unit: &UnitOfWork<'_>, card: &str) -> Result<Option<Record<E>>> {
    let Some(id) = card.strip_prefix("urn:uuid:").and_then(|id| id.parse::<Uuid>().ok()) else {
        return Ok(None);
    };
    let entry = E::reads(unit.tx()).get(Id::from_uuid(id), &unit.sight(Action::View))?;
    Ok(entry.filter(|entry| entry.deletion.is_none()).map(|entry| entry.record))
}

/// Whether a record that shares something with the draft is the same: not a relative with the same phone, nor a
/// colleague with the same address.
fn is_same<E: Importable>(draft: &E, candidate: &DuplicateCandidate<E>) -> bool {
    let (name, other) = (fold(&draft.title()), fold(&candidate.record.title()));
    let speaks_against = candidate.reasons.iter().any(|reason| reason.contribution < 0.0);
    let is_alike = candidate.reasons.iter().any(|reason| reason.field == E::CALLED && reason.alike >= ALIKE);
    let is_other_card = match (draft.ids().get(SYSTEM), candidate.record.ids().get(SYSTEM)) {
        (Some(card), Some(other)) => card != other,
        _ => false,
    };
    match is_other_card {
        true => is_alike && candidate.score >= CERTAIN,
        false => (is_alike && candidate.score >= LIKELY) || (name == other && !speaks_against),
    }
}
