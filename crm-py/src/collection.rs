//! The records of one kind, as a session may touch them.

use crate::errors::OrRaise;
use crate::journal::{deletion, operations};
use crate::ops::{create, get, patch_of, replace};
use crate::pages::Pages;
use crate::query::{field_of, filter_of, query_of};
use crate::records::wrap_any;
use crate::value::{in_python, to_py};
use crm_core::{Aggregate, AnyBulk, AnyCollection, GroupBy, Kind, Period, Query, Session, Value};
use pyo3::exceptions::{PyLookupError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use std::sync::Arc;

/// The records of one kind, as the session's user may see and change them.
#[pyclass(module = "crm", frozen, subclass)]
pub(crate) struct Collection {
    pub(crate) session: Arc<Session>,
    pub(crate) kind: Kind,
}

#[pymethods]
impl Collection {
    /// `Collection[Customer]` for annotations.
    #[classmethod]
    fn __class_getitem__(cls: &Bound<'_, PyType>, item: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        Ok(cls.py().import("types")?.getattr("GenericAlias")?.call1((cls, item))?.unbind())
    }

    /// Creates a record. `id=` gives it one that was made beforehand (`Session.new_id()`).
    ///
    /// Raises:
    ///     InvalidError: the data breaks rules; `violations` has all of them.
    ///     DuplicateError: a value that must be unique is taken.
    ///     DeniedError: the role does not allow it.
    #[pyo3(signature = (**fields))]
    fn create(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        create(py, self.records(), self.kind, fields)
    }

    /// The live record with this id; a customer also by its code, a user by his name, a role by its key. For a record
    /// that was merged into another, that other.
    ///
    /// Raises:
    ///     NotFoundError: there is none that the user may see.
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        get(py, &self.session, self.kind, id)
    }

    /// Changes fields of a record; None empties one. A field that is named takes the whole new value: of an address or a lead
    /// the parts that are not named become empty. Only custom fields are changed one by one. With `version`, that of the record as it was read, fields that
    /// somebody else changed since are not written over.
    ///
    /// Raises:
    ///     NotFoundError, InvalidError, DuplicateError, DeniedError.
    ///     ConflictError: somebody else changed the same fields; `fields` has what is stored now.
    #[pyo3(signature = (id, /, *, version=None, **fields))]
    fn update(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        version: Option<u64>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let (records, id, patch) = (self.records(), crate::value::id(id)?, patch_of(fields)?);
        let record = py.detach(|| match version {
            Some(version) => records.patch_at(id, version, patch),
            None => records.patch(id, patch),
        });
        wrap_any(py, record.or_raise()?)
    }

    /// Writes a whole record back, as it was read and then changed by `record.replace(…)`.
    ///
    /// Raises:
    ///     NotFoundError, InvalidError, DuplicateError, DeniedError.
    ///     ConflictError: somebody else changed the same fields meanwhile.
    fn replace(&self, py: Python<'_>, record: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        replace(py, self.records(), self.kind, record)
    }

    /// Changes the record with this id of another system, or creates it. Gives the record and whether it is new.
    ///
    /// Raises:
    ///     InvalidError, DuplicateError, DeniedError.
    #[pyo3(signature = (source, external_id, /, **fields))]
    fn upsert(
        &self,
        py: Python<'_>,
        source: &str,
        external_id: &str,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let (records, patch) = (self.records(), patch_of(fields)?);
        let (record, created) = py.detach(|| records.upsert(source, external_id, patch)).or_raise()?;
        Ok((wrap_any(py, record)?, created).into_pyobject(py)?.into_any().unbind())
    }

    /// The record with this id of another system.
    ///
    /// Raises:
    ///     NotFoundError.
    fn by_external_id(&self, py: Python<'_>, source: &str, external_id: &str) -> PyResult<Py<PyAny>> {
        let records = self.records();
        wrap_any(py, py.detach(|| records.by_external_id(source, external_id)).or_raise()?)
    }

    /// Puts a record into the trash, with what hangs on it.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, InUseError.
    fn delete(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = crate::value::id(id)?;
        let done = py.detach(|| self.records().delete(id)).or_raise()?;
        deletion(py, &done)
    }

    /// Takes a record out of the trash, with what was deleted with it.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, DuplicateError, GoneError.
    fn restore(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let id = crate::value::id(id)?;
        wrap_any(py, py.detach(|| self.records().restore(id)).or_raise()?)
    }

    /// Removes a record from the trash for good.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError, InUseError.
    fn purge(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = crate::value::id(id)?;
        py.detach(|| self.records().purge(id)).or_raise()
    }

    /// Records that meet all tests, newest first unless `order_by` says otherwise, read page by page while they are
    /// looked at.
    ///
    /// Args:
    ///     where: a tree of tests, `{"or": [{"field": "status", "op": "is", "value": "lead"}, …]}`, also with `"and"`
    ///         and `"not"`; `op` is one of the endings below, or `is`.
    ///     words: words that the records must contain.
    ///     order_by: a field or several, with `-` before one for descending.
    ///     page_size: records a page, 1 to 1,000.
    ///     tests: a field and how it is compared: `status="active"`, `created_at__gte=…`, `address__city="Nairobi"`,
    ///         `name__contains="tea"`, `owner=None`. The endings are `not`, `in`, `lt`, `lte`, `gt`, `gte`, `between`,
    ///         `contains`, `startswith` and `empty`.
    ///
    /// Raises:
    ///     InvalidError: a field that is not there or can't be compared so, when the first page is read.
    #[pyo3(signature = (*, r#where=None, words=None, order_by=None, page_size=50, **tests))]
    fn list(
        &self,
        r#where: Option<&Bound<'_, PyAny>>,
        words: Option<String>,
        order_by: Option<&Bound<'_, PyAny>>,
        page_size: u32,
        tests: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Pages> {
        let query = query_of(r#where, words, order_by, page_size, tests)?;
        Ok(Pages { session: Arc::clone(&self.session), kind: self.kind, query, trash: false })
    }

    /// What is in the trash, as `Trashed` values; arguments as of `list`.
    #[pyo3(signature = (*, r#where=None, words=None, order_by=None, page_size=50, **tests))]
    fn trash(
        &self,
        r#where: Option<&Bound<'_, PyAny>>,
        words: Option<String>,
        order_by: Option<&Bound<'_, PyAny>>,
        page_size: u32,
        tests: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Pages> {
        Ok(Pages { trash: true, ..self.list(r#where, words, order_by, page_size, tests)? })
    }

    /// The records that are found by words, the best first: whole words, beginnings, parts, phone numbers, codes, and
    /// in spite of a typo.
    #[pyo3(signature = (words, *, limit=20))]
    fn search<'py>(&self, py: Python<'py>, words: &str, limit: u32) -> PyResult<Bound<'py, PyTuple>> {
        let found = py.detach(|| self.records().search(words, limit)).or_raise()?;
        let found = found.into_iter().map(|record| wrap_any(py, record));
        PyTuple::new(py, found.collect::<PyResult<Vec<_>>>()?)
    }

    /// How many records meet all tests; arguments as of `list`.
    #[pyo3(signature = (*, r#where=None, words=None, **tests))]
    fn count(
        &self,
        py: Python<'_>,
        r#where: Option<&Bound<'_, PyAny>>,
        words: Option<String>,
        tests: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<u64> {
        let query = query_of(r#where, words, None, Query::PAGE_SIZE, tests)?;
        py.detach(|| self.records().count(&query)).or_raise()
    }

    /// Figures of the records that meet all tests, in groups.
    ///
    /// Args:
    ///     by: fields to group by; of a date or moment `"created_at:month"` takes the period (day, week, month, quarter,
    ///         year).
    ///     of: the field whose sum, mean, smallest and largest value are wanted, of each currency for itself.
    ///
    /// Returns:
    ///     A tuple of `Group`.
    #[pyo3(signature = (*, by=None, of=None, r#where=None, words=None, **tests))]
    fn aggregate(
        &self,
        py: Python<'_>,
        by: Option<&Bound<'_, PyAny>>,
        of: Option<String>,
        r#where: Option<&Bound<'_, PyAny>>,
        words: Option<String>,
        tests: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let query = query_of(r#where, words, None, Query::PAGE_SIZE, tests)?;
        let by: Vec<String> = match by {
            None => Vec::new(),
            Some(by) => match by.cast::<PyString>() {
                Ok(field) => vec![field.to_cow()?.into_owned()],
                Err(_) => by.extract()?,
            },
        };
        let by = by.iter().map(|name| group_by(name)).collect::<PyResult<Vec<_>>>()?;
        let figures = Aggregate { by, of: of.map(|of| field_of(&of)) };
        let groups = py.detach(|| self.records().aggregate(&query, &figures)).or_raise()?;
        let groups = groups.into_iter().map(|group| {
            let value = |value: Option<Value>| to_py(py, value.unwrap_or_default());
            let keys = to_py(py, Value::List(group.keys))?;
            let currency = group.currency.map(|currency| currency.code());
            let mean = value(group.avg.map(Value::Decimal))?;
            let (sum, min, max) = (value(group.sum)?, value(group.min)?, value(group.max)?);
            in_python(
                py,
                "values",
                "Group",
                (keys, currency, group.count, group.measured, sum, mean, min, max),
            )
        });
        let groups = groups.collect::<PyResult<Vec<_>>>()?;
        Ok(PyTuple::new(py, groups)?.into_any().unbind())
    }

    /// What was done to a record, the oldest first, as far as the user sees the journal.
    ///
    /// Raises:
    ///     NotFoundError, DeniedError.
    fn history<'py>(&self, py: Python<'py>, id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let id = crate::value::id(id)?;
        let all = py.detach(|| self.records().history(id)).or_raise()?;
        operations(py, all)
    }

    /// Changes all records that meet a tree of tests, in one operation.
    ///
    /// Returns:
    ///     A `Bulk` that says how many there were, how many were changed, and what stands against it: all or none. With
    ///     `dry_run` nothing is written.
    #[pyo3(signature = (r#where, /, *, dry_run=false, **fields))]
    fn update_all(
        &self,
        py: Python<'_>,
        r#where: &Bound<'_, PyAny>,
        dry_run: bool,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let (filter, patch) = (filter_of(Some(r#where), None)?, patch_of(fields)?);
        let done = py.detach(|| self.records().update_all(&filter, &patch, dry_run)).or_raise()?;
        bulk(py, done)
    }

    /// Puts all records that meet a tree of tests into the trash, in one operation; `dry_run` as of `update_all`.
    #[pyo3(signature = (r#where, /, *, dry_run=false))]
    fn delete_all(&self, py: Python<'_>, r#where: &Bound<'_, PyAny>, dry_run: bool) -> PyResult<Py<PyAny>> {
        let filter = filter_of(Some(r#where), None)?;
        let done = py.detach(|| self.records().delete_all(&filter, dry_run)).or_raise()?;
        bulk(py, done)
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let all = Py::new(py, self.list(None, None, None, Query::PAGE_SIZE, None)?)?;
        all.call_method0(py, "__iter__")
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let count = py.detach(|| self.records().count(&Query::new())).or_raise()?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// An empty one is still a collection.
    fn __bool__(&self) -> bool {
        true
    }

    fn __contains__(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<bool> {
        match self.get(py, id) {
            Ok(_) => Ok(true),
            Err(error) if error.is_instance_of::<PyLookupError>(py) => Ok(false),
            // A text that is neither an id nor a name.
            Err(error) if id.is_instance_of::<PyString>() && error.is_instance_of::<PyValueError>(py) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn __getitem__(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.get(py, id)
    }

    fn __repr__(&self) -> String {
        format!("<the {} records of {:?}>", self.kind, self.session.actor())
    }
}

impl Collection {
    pub(crate) fn records(&self) -> AnyCollection<'_> {
        AnyCollection::new(&self.session, self.kind)
    }
}

fn bulk(py: Python<'_>, done: AnyBulk) -> PyResult<Py<PyAny>> {
    let problems = done
        .problems
        .iter()
        .map(|(id, error)| Ok((*id, crate::errors::raised(py, error).into_value(py))))
        .collect::<PyResult<Vec<_>>>()?;
    let problems = PyTuple::new(py, problems)?;
    let operation = done.operation.map(|operation| operation.id);
    in_python(py, "values", "Bulk", (done.matched, done.changed, operation, problems))
}

fn group_by(name: &str) -> PyResult<GroupBy> {
    let (field, period) = match name.split_once(':') {
        Some((field, period)) => {
            let known = [Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year];
            let names = ["day", "week", "month", "quarter", "year"];
            let found = names.iter().position(|known| *known == period).and_then(|place| known.get(place));
            let found = found.ok_or_else(|| {
                PyTypeError::new_err(format!("{period:?} is no period: one of {}", names.join(", ")))
            })?;
            (field, Some(*found))
        }
        None => (name, None),
    };
    Ok(GroupBy { field: field_of(field), period })
}
