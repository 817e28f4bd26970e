//! Two records of one person become one, and a person is forgotten: for customers and contacts.

use crate::collection::Collection;
use crate::errors::{OrRaise, invalid};
use crate::journal::operation;
use crate::kinds::{ContactCollection, CustomerCollection};
use crate::records::{data_of, wrap};
use crate::session::choice;
use crate::value::{from_json, id, in_json, in_python};
use crm_core::{DroppedKey, Duplicable, DuplicateReason, DuplicateRules, Id, Kind, Mergeable, Session};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::collections::BTreeMap;

fn reasons<'py>(py: Python<'py>, reasons: Vec<DuplicateReason>) -> PyResult<Bound<'py, PyTuple>> {
    let reasons = reasons.into_iter().map(|reason| {
        in_python(py, "values", "DuplicateReason", (reason.field, reason.alike, reason.contribution))
    });
    PyTuple::new(py, reasons.collect::<PyResult<Vec<_>>>()?)
}

fn merge<E: Mergeable>(
    py: Python<'_>,
    session: &Session,
    survivor: &Bound<'_, PyAny>,
    losers: &Bound<'_, PyAny>,
    choices: Option<&Bound<'_, PyDict>>,
    dry_run: bool,
) -> PyResult<Py<PyAny>> {
    let one = |given: &Bound<'_, PyAny>| id(given).map(Id::<E>::from_uuid);
    let survivor = one(survivor)?;
    let losers = losers.try_iter()?.map(|loser| one(&loser?)).collect::<PyResult<Vec<_>>>()?;
    let choices = choices.into_iter().flat_map(|choices| choices.iter());
    let choices = choices.map(|(field, from)| Ok((field.extract::<String>()?, one(&from)?)));
    let choices = choices.collect::<PyResult<BTreeMap<_, _>>>()?;
    let merged =
        py.detach(|| session.collection::<E>().merge(survivor, &losers, &choices, dry_run)).or_raise()?;
    let moved = PyDict::new(py);
    let kinds = py.import("crm.enums")?.getattr("Kind")?;
    for (kind, count) in merged.moved {
        moved.set_item(kinds.call1((kind.as_str(),))?, count)?;
    }
    let done = merged.operation.map(|done| operation(py, done)).transpose()?;
    in_python(py, "values", "Merged", (wrap(py, merged.survivor)?, moved, done))
}

fn find_duplicates<E: Duplicable>(
    py: Python<'_>,
    session: &Session,
    rules: &DuplicateRules,
) -> PyResult<Py<PyAny>> {
    let found = py.detach(|| session.collection::<E>().find_duplicates(rules)).or_raise()?;
    let groups = found.groups().into_iter().map(|group| PyTuple::new(py, group.into_iter().map(Id::uuid)));
    let groups = PyTuple::new(py, groups.collect::<PyResult<Vec<_>>>()?)?;
    let pairs = found.pairs.into_iter().map(|pair| {
        let args = (pair.left.uuid(), pair.right.uuid(), pair.score, reasons(py, pair.reasons)?);
        in_python(py, "values", "DuplicatePair", args)
    });
    let pairs = PyTuple::new(py, pairs.collect::<PyResult<Vec<_>>>()?)?;
    let dropped = dropped(py, found.dropped)?;
    let args = (pairs, groups, dropped, found.dropped_in_all, found.records, found.compared);
    in_python(py, "values", "Duplicates", args)
}

/// Keys that too many records share.
fn dropped(py: Python<'_>, keys: Vec<DroppedKey>) -> PyResult<Bound<'_, PyTuple>> {
    let keys =
        keys.into_iter().map(|key| in_python(py, "values", "DroppedKey", (key.key, key.value, key.records)));
    PyTuple::new(py, keys.collect::<PyResult<Vec<_>>>()?)
}

/// The rules that are given, or the usual ones.
fn rules_of(given: Option<&Bound<'_, PyAny>>, usual: fn() -> DuplicateRules) -> PyResult<DuplicateRules> {
    given.map_or_else(|| Ok(usual()), |given| from_json("rules", given))
}

/// The usual rules that say which records look alike, as a dict to be changed and given to `find_duplicates`.
///
/// Args:
///     kind: `"customer"` or `"contact"`.
///
/// >>> import crm
/// >>> rules = crm.duplicate_rules("customer")
/// >>> rules["threshold"] = 0.9
/// >>> crm.open(":memory:").system().customers.find_duplicates(rules=rules)
/// ()
#[pyfunction]
pub(crate) fn duplicate_rules(py: Python<'_>, kind: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    match choice::<Kind>("kind", kind)? {
        Kind::Customer => in_json(py, &DuplicateRules::for_customers()),
        Kind::Contact => in_json(py, &DuplicateRules::for_contacts()),
        _ => Err(invalid("kind", "unknown", "duplicates are looked for among customers and contacts")),
    }
}

fn duplicates_of<E: Duplicable>(
    py: Python<'_>,
    session: &Session,
    record: Option<&Bound<'_, PyAny>>,
    fields: Option<&Bound<'_, PyDict>>,
    rules: &DuplicateRules,
) -> PyResult<Py<PyAny>> {
    let found = match record {
        Some(record) => {
            let record = Id::from_uuid(id(record)?);
            py.detach(|| session.collection::<E>().duplicates_of_record(record, rules))
        }
        None => {
            let (draft, _) = data_of(E::default(), fields)?;
            py.detach(|| session.collection::<E>().duplicates_of(&draft, rules))
        }
    };
    let found = found.or_raise()?;
    let dropped = dropped(py, found.dropped)?;
    let candidates = found.candidates.into_iter().map(|candidate| {
        let args = (wrap(py, candidate.record)?, candidate.score, reasons(py, candidate.reasons)?);
        in_python(py, "values", "DuplicateCandidate", args)
    });
    let candidates = PyTuple::new(py, candidates.collect::<PyResult<Vec<_>>>()?)?;
    in_python(py, "values", "DuplicateCandidates", (candidates, dropped))
}

macro_rules! people {
    ($($collection:ident of $entity:ident by $rules:ident),+ $(,)?) => {$(
        #[pymethods]
        impl $collection {
            /// Makes one record of several: the survivor keeps its id, gets what it lacks from the losers, and everything
            /// that hangs on them. Ids of losers lead to it from then on.
            ///
            /// Args:
            ///     survivor: the one that stays.
            ///     losers: the others.
            ///     choices: fields whose value is that of the record given there.
            ///     dry_run: only says what would come of it.
            ///
            /// Returns:
            ///     A `Merged`; its operation can be undone.
            ///
            /// Raises:
            ///     NotFoundError, DeniedError, RefusedError, InvalidError.
            #[pyo3(signature = (survivor, losers, *, choices=None, dry_run=false))]
            fn merge(
                slf: &Bound<'_, Self>,
                survivor: &Bound<'_, PyAny>,
                losers: &Bound<'_, PyAny>,
                choices: Option<&Bound<'_, PyDict>>,
                dry_run: bool,
            ) -> PyResult<Py<PyAny>> {
                let session = &slf.cast::<Collection>()?.get().session;
                merge::<crm_core::$entity>(slf.py(), session, survivor, losers, choices, dry_run)
            }

            /// The pairs of records that look like one, the likeliest first.
            ///
            /// Args:
            ///     rules: what makes records look alike, as `duplicate_rules` gives it; the usual ones when nothing is said.
            ///
            /// Returns:
            ///     `Duplicates`: a tuple of `DuplicatePair`, with the groups that they make as `groups`.
            ///
            /// Raises:
            ///     InvalidError: what is wrong with the rules.
            #[pyo3(signature = (*, rules=None))]
            fn find_duplicates(slf: &Bound<'_, Self>, rules: Option<&Bound<'_, PyAny>>) -> PyResult<Py<PyAny>> {
                let session = &slf.cast::<Collection>()?.get().session;
                let rules = rules_of(rules, DuplicateRules::$rules)?;
                find_duplicates::<crm_core::$entity>(slf.py(), session, &rules)
            }

            /// The records that look like this one, or like one with these fields.
            ///
            /// Args:
            ///     record: one that is there.
            ///     rules: as of `find_duplicates`.
            ///     fields: those of one that may be created.
            ///
            /// Returns:
            ///     `DuplicateCandidates`: a tuple of `DuplicateCandidate`, the likeliest first.
            #[pyo3(signature = (record=None, /, *, rules=None, **fields))]
            fn duplicates_of(
                slf: &Bound<'_, Self>,
                record: Option<&Bound<'_, PyAny>>,
                rules: Option<&Bound<'_, PyAny>>,
                fields: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Py<PyAny>> {
                let session = &slf.cast::<Collection>()?.get().session;
                let rules = rules_of(rules, DuplicateRules::$rules)?;
                duplicates_of::<crm_core::$entity>(slf.py(), session, record, fields, &rules)
            }

            /// Notes that two records are not one, so that they are not told as duplicates any more.
            ///
            /// Raises:
            ///     NotFoundError, DeniedError.
            fn not_duplicates(
                slf: &Bound<'_, Self>,
                one: &Bound<'_, PyAny>,
                other: &Bound<'_, PyAny>,
            ) -> PyResult<Py<PyAny>> {
                let (py, session) = (slf.py(), &slf.cast::<Collection>()?.get().session);
                let (one, other) = (Id::from_uuid(id(one)?), Id::from_uuid(id(other)?));
                let noted = py.detach(|| session.collection::<crm_core::$entity>().not_duplicates(one, other));
                wrap(py, noted.or_raise()?)
            }

            /// Forgets a person: what is stored of the record is gone from the file, from search and from the journal, which
            /// still holds. It can't be undone.
            ///
            /// Returns:
            ///     An `Erased`, which also says what it could not reach.
            ///
            /// Raises:
            ///     NotFoundError, DeniedError, RefusedError.
            fn erase(slf: &Bound<'_, Self>, record: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
                let (py, session) = (slf.py(), &slf.cast::<Collection>()?.get().session);
                let record = Id::from_uuid(id(record)?);
                let erased = py.detach(|| session.collection::<crm_core::$entity>().erase(record)).or_raise()?;
                let beyond = PyTuple::new(py, erased.beyond)?;
                let done = erased.operation.map(|done| operation(py, done)).transpose()?;
                in_python(py, "values", "Erased", (erased.records, erased.changes, beyond, done))
            }
        }
    )+};
}
people! { CustomerCollection of Customer by for_customers, ContactCollection of Contact by for_contacts }
