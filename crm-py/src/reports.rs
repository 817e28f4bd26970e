//! Figures and views over several kinds.

use crate::errors::OrRaise;
use crate::query::query_of;
use crate::records::wrap;
use crate::session::{Session, choice};
use crate::value::{id, in_python};
use crm_core::chrono::NaiveDate;
use crm_core::{Bucket, Currency, Deals, Id, StageReport};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::fmt::Display;

/// Amounts, one for each currency.
fn amounts<'py>(py: Python<'py>, amounts: Vec<crm_core::Money>) -> PyResult<Bound<'py, PyTuple>> {
    let amounts = amounts.into_iter().map(|money| Py::new(py, crate::money::Money(money)));
    PyTuple::new(py, amounts.collect::<PyResult<Vec<_>>>()?)
}

/// How many there are of each choice, by its enum.
fn counts<'py, T: Display>(
    py: Python<'py>,
    class: &str,
    counts: Vec<(T, u64)>,
) -> PyResult<Bound<'py, PyDict>> {
    let class = py.import("crm.enums")?.getattr(class)?;
    let dict = PyDict::new(py);
    for (word, count) in counts {
        dict.set_item(class.call1((word.to_string(),))?, count)?;
    }
    Ok(dict)
}

fn deals(py: Python<'_>, deals: Deals) -> PyResult<Py<PyAny>> {
    let args = (
        deals.open,
        amounts(py, deals.open_amount)?,
        amounts(py, deals.weighted_amount)?,
        deals.won,
        amounts(py, deals.won_amount)?,
        deals.lost,
        amounts(py, deals.lost_amount)?,
        deals.win_rate,
        deals.won_cycle_days,
        deals.lost_cycle_days,
    );
    in_python(py, "values", "Deals", args)
}

fn stages<'py>(py: Python<'py>, stages: Vec<StageReport>) -> PyResult<Bound<'py, PyTuple>> {
    let stages = stages.into_iter().map(|report| {
        let stage = report.stage;
        let stage =
            (stage.key, stage.name, stage.kind.to_string(), stage.probability, stage.rotting_after_days);
        let stage = in_python(py, "parts", "Stage", stage)?;
        let (amount, weighted) = (amounts(py, report.amount)?, amounts(py, report.weighted_amount)?);
        let args = (report.pipeline.uuid(), stage, report.count, amount, weighted, report.rotting);
        in_python(py, "values", "StageReport", args)
    });
    PyTuple::new(py, stages.collect::<PyResult<Vec<_>>>()?)
}

#[pymethods]
impl Session {
    /// The figures that one looks at in the morning, of what the user sees.
    ///
    /// Returns:
    ///     A `Dashboard`: customers by status, leads, contacts, deals, stages, sales, activity of the last 30 days and the
    ///     reminders of today and those overdue. Amounts come once for each currency.
    fn dashboard(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let told = py.detach(|| self.0.dashboard()).or_raise()?;
        let leads = (
            counts(py, "LeadStatus", told.leads.by_status)?,
            counts(py, "Priority", told.leads.by_priority)?,
            amounts(py, told.leads.estimated_value)?,
        );
        let latest = told.activity.latest.into_iter().map(|call| wrap(py, call));
        let latest = PyTuple::new(py, latest.collect::<PyResult<Vec<_>>>()?)?;
        let activity = (counts(py, "InteractionKind", told.activity.by_kind)?, latest);
        let args = (
            counts(py, "CustomerStatus", told.customers)?,
            in_python(py, "values", "LeadFigures", leads)?,
            told.contacts,
            deals(py, told.deals)?,
            stages(py, told.stages)?,
            amounts(py, told.sales)?,
            in_python(py, "values", "Activity", activity)?,
            told.reminders_today,
            told.reminders_overdue,
        );
        in_python(py, "values", "Dashboard", args)
    }

    /// The deals of a pipeline, stage by stage, and in all.
    ///
    /// Raises:
    ///     NotFoundError.
    fn pipeline_report(&self, py: Python<'_>, pipeline: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let pipeline = Id::from_uuid(id(pipeline)?);
        let told = py.detach(|| self.0.pipeline_report(pipeline)).or_raise()?;
        let args = (wrap(py, told.pipeline)?, stages(py, told.stages)?, deals(py, told.total)?);
        in_python(py, "values", "PipelineReport", args)
    }

    /// Everything that hangs on a customer, the newest first, a page at a time.
    ///
    /// Returns:
    ///     A `Page` of `TimelineEntry`; its `next` is the `cursor` of the page after it.
    ///
    /// Raises:
    ///     NotFoundError.
    #[pyo3(signature = (customer, *, page_size=50, cursor=None))]
    fn timeline(
        &self,
        py: Python<'_>,
        customer: &Bound<'_, PyAny>,
        page_size: u32,
        cursor: Option<&str>,
    ) -> PyResult<Py<PyAny>> {
        let customer = Id::from_uuid(id(customer)?);
        let page = py.detach(|| self.0.timeline(customer, page_size, cursor)).or_raise()?;
        let entries = page.items.into_iter().map(|entry| {
            let args = (entry.at, entry.kind.as_str(), entry.id, entry.title);
            in_python(py, "values", "TimelineEntry", args)
        });
        let entries = PyTuple::new(py, entries.collect::<PyResult<Vec<_>>>()?)?;
        in_python(py, "values", "Page", (entries, page.next))
    }

    /// Open reminders that are `"overdue"`, due `"today"` or `"upcoming"`, a page at a time.
    ///
    /// Args:
    ///     bucket: which.
    ///     assignee: only those of this user.
    ///
    /// Returns:
    ///     A `Page` of `Reminder`.
    #[pyo3(signature = (bucket, *, assignee=None, page_size=50, cursor=None))]
    fn agenda(
        &self,
        py: Python<'_>,
        bucket: &Bound<'_, PyAny>,
        assignee: Option<&Bound<'_, PyAny>>,
        page_size: u32,
        cursor: Option<String>,
    ) -> PyResult<Py<PyAny>> {
        let bucket: Bucket = choice("bucket", bucket)?;
        let assignee = assignee.map(id).transpose()?.map(Id::from_uuid);
        let mut query = query_of(None, None, None, page_size, None)?;
        query.cursor = cursor;
        let page = py.detach(|| self.0.agenda(bucket, assignee, &query)).or_raise()?;
        let reminders = page.items.into_iter().map(|reminder| wrap(py, reminder));
        let reminders = PyTuple::new(py, reminders.collect::<PyResult<Vec<_>>>()?)?;
        in_python(py, "values", "Page", (reminders, page.next))
    }

    /// The moves of a deal from stage to stage, the oldest first.
    ///
    /// Raises:
    ///     NotFoundError.
    fn stage_history<'py>(
        &self,
        py: Python<'py>,
        opportunity: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let deal = Id::from_uuid(id(opportunity)?);
        let moves = py.detach(|| self.0.stage_history(deal)).or_raise()?;
        let moves = moves.into_iter().map(|moved| {
            let (user, program) = crate::journal::actor(moved.actor);
            let pipeline = moved.pipeline.map(Id::uuid);
            let args = (moved.operation, moved.at, user, program, moved.from, moved.to, pipeline);
            in_python(py, "values", "StageMove", args)
        });
        PyTuple::new(py, moves.collect::<PyResult<Vec<_>>>()?)
    }

    /// How old a deal is, how long it is in its stage and without a change, and whether it rots.
    ///
    /// Raises:
    ///     NotFoundError.
    fn clocks(&self, py: Python<'_>, opportunity: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let deal = Id::from_uuid(id(opportunity)?);
        let clocks = py.detach(|| self.0.clocks(deal)).or_raise()?;
        let args = (clocks.age_days, clocks.time_in_stage, clocks.idle, clocks.rotting);
        in_python(py, "values", "Clocks", args)
    }

    /// The sum of amounts in another currency, by the organisation's rates of that day.
    ///
    /// Raises:
    ///     RefusedError: there is no rate.
    fn convert(
        &self,
        py: Python<'_>,
        amounts: &Bound<'_, PyAny>,
        to: &str,
        on: NaiveDate,
    ) -> PyResult<Py<PyAny>> {
        let given = amounts.try_iter()?.map(|money| Ok(money?.cast::<crate::money::Money>()?.get().0));
        let given = given.collect::<PyResult<Vec<_>>>()?;
        let to: Currency = crate::money::currency_of(to)?;
        let sum = py.detach(|| self.0.convert(&given, to, on)).or_raise()?;
        Ok(Py::new(py, crate::money::Money(sum))?.into_any())
    }
}
