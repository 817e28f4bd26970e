//! Lists that are read page by page.

use crate::errors::OrRaise;
use crate::journal::deletion;
use crate::records::wrap_any;
use crate::value::{in_json, in_python};
use crm_core::{AnyCollection, Kind, Page, Query, Session};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyTuple, PyType};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Records that are read page by page while one looks at them; each look reads anew.
#[pyclass(module = "crm", frozen)]
pub(crate) struct Pages {
    pub(crate) session: Arc<Session>,
    pub(crate) kind: Kind,
    pub(crate) query: Query,
    pub(crate) trash: bool,
}

#[pymethods]
impl Pages {
    /// `Pages[Customer]` for annotations.
    #[classmethod]
    fn __class_getitem__(cls: &Bound<'_, PyType>, item: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        Ok(cls.py().import("types")?.getattr("GenericAlias")?.call1((cls, item))?.unbind())
    }

    fn __iter__(&self) -> PagesIterator {
        PagesIterator(Mutex::new(self.reading()))
    }

    /// The records in tuples of a page each.
    fn pages(&self) -> PageIterator {
        PageIterator(Mutex::new(self.reading()))
    }

    /// The first page.
    fn page<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.reading().read(py, &self.query)?.items)
    }

    /// The first record, or None.
    fn first(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let query = self.query.clone().page_size(1);
        Ok(self.reading().read(py, &query)?.items.into_iter().next())
    }

    /// A page, and the cursor of the one after it: for programs that show one page at a time.
    ///
    /// Args:
    ///     cursor: `Page.next` of the page before; the first page without one.
    ///
    /// >>> import crm
    /// >>> s = crm.open(":memory:").system()
    /// >>> with s.batch() as batch:
    /// ...     for n in range(3):
    /// ...         _ = batch.customers.create(name=f"Customer {n}")
    /// >>> names = s.customers.list(order_by="name", page_size=2)
    /// >>> page = names.part()
    /// >>> [customer.name for customer in names.part(cursor=page.next).items]
    /// ['Customer 2']
    #[pyo3(signature = (*, cursor=None))]
    fn part(&self, py: Python<'_>, cursor: Option<String>) -> PyResult<Py<PyAny>> {
        let query = Query { cursor, ..self.query.clone() };
        let page = self.reading().read(py, &query)?;
        in_python(py, "values", "Page", (PyTuple::new(py, page.items)?, page.next))
    }

    /// What is listed, as a saved view keeps it: `filter`, `words`, `order` and `page_size`.
    #[getter]
    fn query(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        in_json(py, &self.query)
    }

    /// How many there are on all pages.
    fn total(&self, py: Python<'_>) -> PyResult<u64> {
        if self.trash {
            let query = self.query.clone().page_size(1).with_total();
            return Ok(self.reading().read(py, &query)?.total.unwrap_or(0));
        }
        py.detach(|| AnyCollection::new(&self.session, self.kind).count(&self.query)).or_raise()
    }

    fn __repr__(&self) -> String {
        let place = if self.trash { "the trash" } else { "the store" };
        format!("<{} records of {place}, {} a page>", self.kind, self.query.page_size)
    }
}

impl Pages {
    fn reading(&self) -> Reading {
        Reading {
            session: Arc::clone(&self.session),
            kind: self.kind,
            query: Some(self.query.clone()),
            trash: self.trash,
            taken: VecDeque::new(),
        }
    }
}

/// How far a list has been read.
struct Reading {
    session: Arc<Session>,
    kind: Kind,
    /// What comes next; nothing after the last page.
    query: Option<Query>,
    trash: bool,
    taken: VecDeque<Py<PyAny>>,
}

impl Reading {
    /// Reads a page.
    fn read(&self, py: Python<'_>, query: &Query) -> PyResult<Page<Py<PyAny>>> {
        let records = AnyCollection::new(&self.session, self.kind);
        if self.trash {
            let Page { items, next, total } = py.detach(|| records.trash(query)).or_raise()?;
            let items = items.into_iter().map(|(record, how)| {
                let deletion = deletion(py, &how)?;
                in_python(py, "values", "Trashed", (wrap_any(py, record)?, deletion))
            });
            return Ok(Page { items: items.collect::<PyResult<_>>()?, next, total });
        }
        let Page { items, next, total } = py.detach(|| records.list(query)).or_raise()?;
        let items = items.into_iter().map(|record| wrap_any(py, record)).collect::<PyResult<_>>()?;
        Ok(Page { items, next, total })
    }

    fn page(&mut self, py: Python<'_>) -> PyResult<Option<Vec<Py<PyAny>>>> {
        // `list(…)` and others go over all records without running any Python.
        py.check_signals()?;
        let Some(query) = self.query.take() else { return Ok(None) };
        let page = match self.read(py, &query) {
            Ok(page) => page,
            Err(error) => {
                // The same page again, for whoever waits and tries again.
                self.query = Some(query);
                return Err(error);
            }
        };
        self.query = page.next.map(|cursor| query.after(cursor));
        Ok(Some(page.items).filter(|items| !items.is_empty()))
    }
}

/// The records one by one.
#[pyclass(module = "crm", frozen, name = "_Records")]
pub(crate) struct PagesIterator(Mutex<Reading>);

#[pymethods]
impl PagesIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut reading = self.0.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        if reading.taken.is_empty()
            && let Some(page) = reading.page(py)?
        {
            reading.taken = page.into();
        }
        Ok(reading.taken.pop_front())
    }
}

/// The records in tuples of a page each.
#[pyclass(module = "crm", frozen, name = "_Pages")]
pub(crate) struct PageIterator(Mutex<Reading>);

#[pymethods]
impl PageIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let page = self.0.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner).page(py)?;
        page.map(|items| PyTuple::new(py, items)).transpose()
    }
}
