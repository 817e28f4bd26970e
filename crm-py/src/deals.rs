//! What follows from a deal and its pipeline, without asking the store.

use crate::errors::OrRaise;
use crate::records::{Opportunity, Pipeline, inside, part_of, record_in};
use crate::value::{from_py, instant, to_py};
use crm_core::chrono::TimeDelta;
use crm_core::{Due, FieldValue, Kind, Recurrence, Value};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

fn of<'a>(slf: &'a Bound<'_, Opportunity>) -> PyResult<&'a crm_core::Opportunity> {
    Ok(&inside(Kind::Opportunity, slf.as_any())?.of::<crm_core::Opportunity>().or_raise()?.data)
}

fn pipeline_of<'a>(given: &'a Bound<'_, PyAny>) -> PyResult<&'a crm_core::Pipeline> {
    Ok(&record_in(Kind::Pipeline, given)?.of::<crm_core::Pipeline>().or_raise()?.data)
}

fn money(py: Python<'_>, amount: Option<crm_core::Money>) -> PyResult<Py<PyAny>> {
    to_py(py, amount.map_or(Value::Null, Value::Money))
}

#[pymethods]
impl Opportunity {
    /// How likely it is won, in percent: 100 when won, 0 when lost, what somebody judged by hand, else its stage's.
    fn effective_probability(slf: &Bound<'_, Self>, pipeline: &Bound<'_, PyAny>) -> PyResult<u8> {
        Ok(of(slf)?.effective_probability(pipeline_of(pipeline)?))
    }

    /// The amount weighted by the effective probability, rounded half to even; None without an amount.
    fn weighted(slf: &Bound<'_, Self>, pipeline: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        money(slf.py(), of(slf)?.weighted(pipeline_of(pipeline)?))
    }

    /// The sum of the lines; None without lines, without a price in each, and for unlike currencies.
    fn sum_of_lines(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        money(slf.py(), of(slf)?.sum_of_lines())
    }

    /// How long it has been in its stage until that moment.
    fn time_in_stage(slf: &Bound<'_, Self>, now: &Bound<'_, PyAny>) -> PyResult<TimeDelta> {
        Ok(of(slf)?.time_in_stage(instant(now)?))
    }

    /// Whether it has been in its stage for longer than the pipeline allows; what is closed does not rot.
    fn is_rotting(
        slf: &Bound<'_, Self>,
        pipeline: &Bound<'_, PyAny>,
        now: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        Ok(of(slf)?.is_rotting(pipeline_of(pipeline)?, instant(now)?))
    }
}

#[pymethods]
impl Pipeline {
    /// The stage with this key, or None.
    fn stage(slf: &Bound<'_, Self>, key: &str) -> PyResult<Option<Py<PyAny>>> {
        let found = pipeline_of(slf.as_any())?.stages.iter().find(|stage| stage.key == key);
        let Some(stage) = found else { return Ok(None) };
        let kind = stage.kind.to_string();
        let args = (&stage.key, &stage.name, kind, stage.probability, stage.rotting_after_days);
        crate::value::in_python(slf.py(), "parts", "Stage", args).map(Some)
    }
}

/// The days or moments on which something repeats, the first ones.
///
/// Args:
///     recurrence: the rule, as RFC 5545 writes it: `"FREQ=MONTHLY"`.
///     anchor: the `Due` from which it is counted.
///     after: only those that come later than this `Due`.
///     limit: how many at most.
///
/// Raises:
///     InvalidError: this is no rule, or it does not fit the anchor.
///
/// >>> import crm
/// >>> from datetime import date
/// >>> [str(due.date) for due in crm.occurrences("FREQ=MONTHLY", crm.Due(date(2024, 1, 31)), limit=3)]
/// ['2024-01-31', '2024-02-29', '2024-03-31']
#[pyfunction]
#[pyo3(signature = (recurrence, anchor, *, after=None, limit=10))]
pub(crate) fn occurrences<'py>(
    py: Python<'py>,
    recurrence: &str,
    anchor: &Bound<'py, PyAny>,
    after: Option<&Bound<'py, PyAny>>,
    limit: usize,
) -> PyResult<Bound<'py, PyTuple>> {
    let rule: Recurrence = recurrence.parse().or_raise()?;
    let anchor = due_of(anchor)?;
    rule.check_for(&anchor).or_raise()?;
    let after = after.map(due_of).transpose()?;
    let found: Vec<Due> = py.detach(|| match after {
        None => rule.occurrences(&anchor).take(limit).collect(),
        Some(after) => {
            let next = |due: &Due| rule.next_after(&anchor, due);
            std::iter::successors(next(&after), next).take(limit).collect()
        }
    });
    let class = py.import("crm.parts")?.getattr("Due")?.unbind();
    let found = found.into_iter().map(|due| part_of(py, &class, due.to_value()));
    PyTuple::new(py, found.collect::<PyResult<Vec<_>>>()?)
}

/// A `crm.Due` as the core's.
pub(crate) fn due_of(given: &Bound<'_, PyAny>) -> PyResult<Due> {
    FieldValue::from_value(from_py(given)?).map_err(|mismatch| {
        crate::errors::invalid("due", "mismatch", format!("expected {}", mismatch.expected))
    })
}
