//! Fields that vCard has no property for: in JSON, under the field's name. A new field of a record is among them by itself.

use super::person::{OWN, Person};
use super::property::CardProperty;
use super::reader::CardProblem;
use crate::crm::{UnitOfWork, ops};
use crate::error::{Result, Violation, Violations};
use crate::exchange::content_lines::escape;
use crate::model::{Action, Entity, Kind};
use crate::store::Stored;
use crate::value::Value;
use serde::Serialize;
use uuid::Uuid;

/// What a kind of record says in other ways.
pub(super) trait Own: Stored {
    /// The fields that properties of vCard tell, or that need more than their value.
    const TOLD: &'static [&'static str];

    /// The fields that a card does not change in a record that is there.
    const STAYS: &'static [&'static str];
}

/// The indexes of the fields that are told in JSON.
fn own<E: Own>() -> impl Iterator<Item = usize> {
    let is_own = |index: &usize| {
        let field = &E::FIELDS[*index];
        !field.system && !E::TOLD.contains(&field.name) && E::schema().custom != Some(*index)
    };
    (0..E::FIELDS.len()).filter(is_own)
}

/// `EXTERNAL-IDS` of `external_ids`.
fn name_of<E: Entity>(index: usize) -> String {
    E::FIELDS[index].name.to_ascii_uppercase().replace('_', "-")
}

/// Writes those that differ from what a new record has.
pub(super) fn write_own<E: Own>(data: &E, lines: &mut Vec<String>) {
    let new = E::default();
    for index in own::<E>().filter(|index| data.value(*index) != new.value(*index)) {
        write(&name_of::<E>(index), &data.value(index), lines);
    }
}

/// Writes a value in JSON.
pub(super) fn write(name: &str, value: &impl Serialize, lines: &mut Vec<String>) {
    if let Ok(json) = serde_json::to_string(value) {
        lines.push(format!("{OWN}{name}:{}", escape(&json)));
    }
}

/// Reads them. A reference that leads nowhere, as in another store, is left out; what is wrong with a value is told.
pub(super) fn take_own<E: Own>(unit: &UnitOfWork<'_>, person: &mut Person, data: &mut E) -> Result<()> {
    own::<E>().try_for_each(|index| take(unit, person, data, index))
}

/// Reads one that is told in JSON besides.
pub(super) fn take_one<E: Own>(
    unit: &UnitOfWork<'_>,
    person: &mut Person,
    data: &mut E,
    field: &str,
) -> Result<()> {
    E::schema().field(field).map_or(Ok(()), |index| take(unit, person, data, index))
}

fn take<E: Own>(unit: &UnitOfWork<'_>, person: &mut Person, data: &mut E, index: usize) -> Result<()> {
    let Some(property) = person.own.remove(&name_of::<E>(index)) else { return Ok(()) };
    match told::<E>(&property, index) {
        Ok(told) if leads_nowhere(unit, &told, index)? => {}
        Ok(told) => data.copy_field(index, &told),
        Err(expected) => keep_wrong(person, property, &expected),
    }
    Ok(())
}

/// A new record with the field as the property says it, when that keeps the field's rules; else what would have fitted.
fn told<E: Own>(property: &CardProperty, index: usize) -> std::result::Result<E, String> {
    let value = serde_json::from_str::<Value>(&property.text()).map_err(|error| error.to_string())?;
    let mut told = E::default();
    told.set(index, value).map_err(|mismatch| mismatch.expected)?;
    let mut problems = Violations::default();
    told.tidy(&mut problems);
    // A new record lacks what it must have, which is nothing that this property said.
    let name = E::FIELDS[index].name;
    let is_of_it = |problem: &&Violation| problem.field.split('.').next() == Some(name);
    problems.iter().find(is_of_it).map_or(Ok(told), |problem| Err(problem.reason.clone()))
}

/// Keeps a property that this library did not write so.
pub(super) fn keep_wrong(person: &mut Person, property: CardProperty, expected: &str) {
    let reason = format!("not what this library writes there: {expected}");
    person.problems.push(CardProblem::of(&property, "not_valid", &reason));
    person.rest.push(property);
}

/// Whether a field refers to a record that is not there, or that the actor does not see.
fn leads_nowhere<E: Entity>(unit: &UnitOfWork<'_>, data: &E, index: usize) -> Result<bool> {
    let mut wanted: Vec<(Kind, Uuid)> = Vec::new();
    data.references(index, &mut |entity, id| wanted.extend(Kind::from_word(entity).map(|kind| (kind, id))));
    let sight = unit.sight(Action::View);
    for (kind, id) in wanted {
        if ops(kind).is_live(unit.tx(), id, &sight)? != Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes over what a card says of them.
pub(super) fn merge_own<E: Own>(there: &mut E, card: &E, replace: bool) {
    let new = E::default();
    for index in own::<E>().filter(|index| !E::STAYS.contains(&E::FIELDS[*index].name)) {
        let says_something = card.value(index) != new.value(index);
        if says_something && (replace || there.value(index) == new.value(index)) {
            there.copy_field(index, card);
        }
    }
}
