//! Lists and calendars as files.

use crate::collection::Collection;
use crate::errors::OrRaise;
use crate::files::Target;
use crate::kinds::{ContactCollection, CustomerCollection};
use crate::query::{filter_of, query_of};
use crate::session::Session;
use crate::value::in_python;
use crm_core::exchange::{Calendar, CsvExport, export_calendar, export_contacts, export_customers};
use crm_core::{Filter, Query};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};

#[pymethods]
impl Collection {
    /// Writes records as CSV in UTF-8, one row each, and gives how many.
    ///
    /// Args:
    ///     target: the file, or an object opened with mode "wb".
    ///     columns: which, in this order; all when nothing is said.
    ///     delimiter: what stands between cells.
    ///     bom: a mark at the beginning, which Excel wants.
    ///     spreadsheet_safe: texts that a spreadsheet would take for formulas get an apostrophe.
    ///     where, words, order_by, tests: which records, as of `list`.
    ///
    /// Raises:
    ///     DeniedError: the role does not export.
    ///
    /// >>> import crm, io
    /// >>> s = crm.open(":memory:").system()
    /// >>> _ = s.customers.create(name="Mara Tea", tags=["tea"])
    /// >>> file = io.BytesIO()
    /// >>> s.customers.export_csv(file, columns=["code", "name"], tags="tea")
    /// 1
    /// >>> file.getvalue()
    /// b'code,name\r\nC001,Mara Tea\r\n'
    #[pyo3(signature = (target, *, columns=None, delimiter=',', bom=false, spreadsheet_safe=false, r#where=None, words=None, order_by=None, **tests))]
    #[allow(clippy::too_many_arguments, reason = "all but one have names")]
    fn export_csv(
        &self,
        py: Python<'_>,
        target: &Bound<'_, PyAny>,
        columns: Option<Vec<String>>,
        delimiter: char,
        bom: bool,
        spreadsheet_safe: bool,
        r#where: Option<&Bound<'_, PyAny>>,
        words: Option<String>,
        order_by: Option<&Bound<'_, PyAny>>,
        tests: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<u64> {
        let query = query_of(r#where, words, order_by, Query::PAGE_SIZE, tests)?;
        let options = CsvExport { columns: columns.unwrap_or_default(), delimiter, bom, spreadsheet_safe };
        let mut out = Target::of(target)?;
        py.detach(move || {
            let written = self.records().export_csv(&query, &options, &mut out);
            out.finish(written.or_raise())
        })
    }
}

macro_rules! cards {
    ($($collection:ident by $export:ident),+ $(,)?) => {$(
        #[pymethods]
        impl $collection {
            /// Writes records as cards of vCard 4.0, all as they are at one moment, and gives how many. Nothing that a
            /// record has is lost: `Session.import_vcards` reads it back.
            ///
            /// Args:
            ///     target: the file, or an object opened with mode "wb".
            ///     where, words, order_by, tests: which records, as of `list`.
            ///
            /// Raises:
            ///     DeniedError: the role does not export.
            ///
            /// >>> import crm, io
            /// >>> s = crm.open(":memory:").system()
            /// >>> tea = s.customers.create(name="Mara Tea", kind="business")
            /// >>> _ = s.contacts.create(customer=tea, given_name="Amina")
            /// >>> file = io.BytesIO()
            /// >>> s.customers.export_vcards(file, kind="business"), s.contacts.export_vcards(file, customer=tea.id)
            /// (1, 1)
            /// >>> b"FN:Mara Tea" in file.getvalue()
            /// True
            #[pyo3(signature = (target, *, r#where=None, words=None, order_by=None, **tests))]
            fn export_vcards(
                slf: &Bound<'_, Self>,
                target: &Bound<'_, PyAny>,
                r#where: Option<&Bound<'_, PyAny>>,
                words: Option<String>,
                order_by: Option<&Bound<'_, PyAny>>,
                tests: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<u64> {
                let session = &slf.cast::<Collection>()?.get().session;
                let query = query_of(r#where, words, order_by, Query::PAGE_SIZE, tests)?;
                let mut out = Target::of(target)?;
                slf.py().detach(move || {
                    let written = $export(session, &query, &mut out);
                    out.finish(written.or_raise())
                })
            }
        }
    )+};
}
cards! { CustomerCollection by export_customers, ContactCollection by export_contacts }

/// Which records: True for all, False for none, or a tree of tests.
fn some(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Filter>> {
    match given {
        None => Ok(Some(Filter::all())),
        Some(given) => match given.cast::<PyBool>() {
            Ok(wanted) => Ok(wanted.is_true().then(Filter::all)),
            Err(_) => filter_of(Some(given), None).map(Some),
        },
    }
}

#[pymethods]
impl Session {
    /// Writes reminders and meetings as iCalendar (RFC 5545), the earliest first, for programs that show calendars. A
    /// record's `UID` is its id, so a later file replaces an earlier one.
    ///
    /// Args:
    ///     target: the file, or an object opened with mode "wb".
    ///     reminders: True for all, False for none, or a tree of tests (`where` of `list`).
    ///     meetings: the same, of the interactions that are meetings.
    ///
    /// Returns:
    ///     A `CalendarWritten` with how many of both.
    ///
    /// Raises:
    ///     DeniedError: the role does not export.
    ///     InvalidError: what is wrong with a test.
    ///
    /// >>> import crm, io
    /// >>> from datetime import date
    /// >>> s = crm.open(":memory:").system()
    /// >>> tea = s.customers.create(name="Mara Tea")
    /// >>> _ = s.reminders.create(customer=tea, title="Ring Mara", due=crm.Due(date(2026, 3, 9)))
    /// >>> file = io.BytesIO()
    /// >>> s.export_calendar(file, meetings=False)
    /// CalendarWritten(reminders=1, meetings=0)
    /// >>> b"SUMMARY:Ring Mara" in file.getvalue()
    /// True
    #[pyo3(signature = (target, *, reminders=None, meetings=None))]
    fn export_calendar(
        &self,
        py: Python<'_>,
        target: &Bound<'_, PyAny>,
        reminders: Option<&Bound<'_, PyAny>>,
        meetings: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let calendar = Calendar { reminders: some(reminders)?, meetings: some(meetings)? };
        let mut out = Target::of(target)?;
        let written = py.detach(move || {
            let written = export_calendar(&self.0, &calendar, &mut out);
            out.finish(written.or_raise())
        })?;
        in_python(py, "values", "CalendarWritten", (written.reminders, written.meetings))
    }
}
