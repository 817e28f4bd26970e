//! What can be done with records of a kind that is known only at run time.

use crate::errors::{OrRaise, invalid};
use crate::journal::deletion;
use crate::records::{Wrapped, data_of, record_in};
use crate::value::{core_name, id, in_python, value_of};
use crm_core::exchange::CsvExport;
use crm_core::{Aggregate, Batch, Id, Kind, Operation, Page, Patch, Query, Record, Session, Upserted, Uuid};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use std::io::Write;
use std::marker::PhantomData;

/// What can be done with records of a kind that is known only at run time.
pub(crate) trait Ops: Sync {
    fn create(
        &self,
        py: Python<'_>,
        session: &Session,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>>;
    fn get(&self, py: Python<'_>, session: &Session, key: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>>;
    fn patch(
        &self,
        py: Python<'_>,
        session: &Session,
        id: Uuid,
        version: Option<u64>,
        patch: Patch,
    ) -> PyResult<Py<PyAny>>;
    fn replace(&self, py: Python<'_>, session: &Session, record: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>>;
    fn upsert(
        &self,
        py: Python<'_>,
        session: &Session,
        by: (&str, &str),
        patch: Patch,
    ) -> PyResult<Py<PyAny>>;
    fn by_external_id(
        &self,
        py: Python<'_>,
        session: &Session,
        source: &str,
        id: &str,
    ) -> PyResult<Py<PyAny>>;
    fn delete(&self, session: &Session, id: Uuid) -> crm_core::Result<crm_core::Deletion>;
    fn restore(&self, py: Python<'_>, session: &Session, id: Uuid) -> PyResult<Py<PyAny>>;
    fn purge(&self, session: &Session, id: Uuid) -> crm_core::Result<()>;
    fn page(
        &self,
        py: Python<'_>,
        session: &Session,
        query: &Query,
        trash: bool,
    ) -> PyResult<Page<Py<PyAny>>>;
    fn search(&self, py: Python<'_>, session: &Session, words: &str, limit: u32) -> PyResult<Vec<Py<PyAny>>>;
    fn count(&self, session: &Session, query: &Query) -> crm_core::Result<u64>;
    fn aggregate(
        &self,
        session: &Session,
        query: &Query,
        of: &Aggregate,
    ) -> crm_core::Result<Vec<crm_core::Group>>;
    fn history(&self, session: &Session, id: Uuid) -> crm_core::Result<Vec<Operation>>;
    fn update_all(
        &self,
        session: &Session,
        filter: &crm_core::Filter,
        patch: Patch,
        dry_run: bool,
    ) -> crm_core::Result<Many>;
    fn delete_all(
        &self,
        session: &Session,
        filter: &crm_core::Filter,
        dry_run: bool,
    ) -> crm_core::Result<Many>;
    fn export(
        &self,
        session: &Session,
        query: &Query,
        options: &CsvExport,
        out: &mut dyn Write,
    ) -> crm_core::Result<u64>;
    #[cfg(feature = "arrow")]
    fn batch(&self, session: &Session, query: &Query) -> crm_core::Result<crate::frame::Batch>;
    fn create_step(&self, id: Uuid, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Step>;
    fn patch_step(&self, id: Uuid, patch: Patch) -> Step;
    fn delete_step(&self, id: Uuid) -> Step;
    fn restore_step(&self, id: Uuid) -> Step;
}

/// What a batch will do.
pub(crate) type Step = Box<dyn FnOnce(&mut Batch<'_>) + Send>;

/// What a call on many records did.
pub(crate) struct Many {
    pub(crate) matched: u64,
    pub(crate) changed: u64,
    pub(crate) operation: Option<Uuid>,
    pub(crate) problems: Vec<(Uuid, crm_core::Error)>,
}

/// The records of an entity.
pub(crate) struct Of<E>(PhantomData<fn() -> E>);

impl<E> Of<E> {
    pub(crate) const OPS: Self = Of(PhantomData);
}

impl<E: Wrapped> Ops for Of<E> {
    fn create(
        &self,
        py: Python<'_>,
        session: &Session,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let given = fields.map(|fields| fields.get_item("id")).transpose()?.flatten();
        let record = match given {
            Some(given) => {
                let (data, _) = data_of(E::default(), fields)?;
                let id = Id::from_uuid(id(&given)?);
                py.detach(|| session.collection::<E>().create_with_id(id, data))
            }
            None => {
                let patch = patch_of(fields)?;
                py.detach(|| session.collection::<E>().create_from(patch))
            }
        };
        E::wrap(py, record.or_raise()?)
    }

    fn get(&self, py: Python<'_>, session: &Session, key: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        // A text that is no id is what people call the record.
        if let Ok(text) = key.cast::<PyString>() {
            let text = text.to_cow()?;
            if text.parse::<Uuid>().is_err() {
                return by_name(py, session, E::kind(), &text);
            }
        }
        let id = Id::from_uuid(id(key)?);
        E::wrap(py, py.detach(|| session.collection::<E>().get(id)).or_raise()?)
    }

    fn patch(
        &self,
        py: Python<'_>,
        session: &Session,
        id: Uuid,
        version: Option<u64>,
        patch: Patch,
    ) -> PyResult<Py<PyAny>> {
        let (records, id) = (session.collection::<E>(), Id::from_uuid(id));
        let record = py.detach(|| match version {
            Some(version) => records.patch_at(id, version, patch),
            None => records.patch(id, patch),
        });
        E::wrap(py, record.or_raise()?)
    }

    fn replace(&self, py: Python<'_>, session: &Session, record: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let record: Record<E> = record_in(record)?;
        E::wrap(py, py.detach(|| session.collection::<E>().replace(record)).or_raise()?)
    }

    fn upsert(
        &self,
        py: Python<'_>,
        session: &Session,
        by: (&str, &str),
        patch: Patch,
    ) -> PyResult<Py<PyAny>> {
        let done = py.detach(|| session.collection::<E>().upsert_patch(by.0, by.1, patch)).or_raise()?;
        let created = matches!(done, Upserted::Created(_));
        let record = E::wrap(py, done.into_record())?;
        Ok((record, created).into_pyobject(py)?.into_any().unbind())
    }

    fn by_external_id(
        &self,
        py: Python<'_>,
        session: &Session,
        source: &str,
        id: &str,
    ) -> PyResult<Py<PyAny>> {
        E::wrap(py, py.detach(|| session.collection::<E>().by_external_id(source, id)).or_raise()?)
    }

    fn delete(&self, session: &Session, id: Uuid) -> crm_core::Result<crm_core::Deletion> {
        session.collection::<E>().delete(Id::from_uuid(id))
    }

    fn restore(&self, py: Python<'_>, session: &Session, id: Uuid) -> PyResult<Py<PyAny>> {
        E::wrap(py, py.detach(|| session.collection::<E>().restore(Id::from_uuid(id))).or_raise()?)
    }

    fn purge(&self, session: &Session, id: Uuid) -> crm_core::Result<()> {
        session.collection::<E>().purge(Id::from_uuid(id))
    }

    fn page(
        &self,
        py: Python<'_>,
        session: &Session,
        query: &Query,
        trash: bool,
    ) -> PyResult<Page<Py<PyAny>>> {
        let records = session.collection::<E>();
        if trash {
            let page = py.detach(|| records.trash(query)).or_raise()?;
            let items = page.items.into_iter().map(|gone| {
                let deletion = deletion(py, &gone.deletion)?;
                in_python(py, "values", "Trashed", (E::wrap(py, gone.record)?, deletion))
            });
            return Ok(Page { items: items.collect::<PyResult<_>>()?, next: page.next, total: page.total });
        }
        let page = py.detach(|| records.list(query)).or_raise()?;
        let items = page.items.into_iter().map(|record| E::wrap(py, record)).collect::<PyResult<_>>()?;
        Ok(Page { items, next: page.next, total: page.total })
    }

    fn search(&self, py: Python<'_>, session: &Session, words: &str, limit: u32) -> PyResult<Vec<Py<PyAny>>> {
        let found = py.detach(|| session.collection::<E>().search(words, limit)).or_raise()?;
        found.into_iter().map(|record| E::wrap(py, record)).collect()
    }

    fn count(&self, session: &Session, query: &Query) -> crm_core::Result<u64> {
        session.collection::<E>().count(query)
    }

    fn aggregate(
        &self,
        session: &Session,
        query: &Query,
        of: &Aggregate,
    ) -> crm_core::Result<Vec<crm_core::Group>> {
        session.collection::<E>().aggregate(query, of)
    }

    fn history(&self, session: &Session, id: Uuid) -> crm_core::Result<Vec<Operation>> {
        session.collection::<E>().history(Id::from_uuid(id))
    }

    fn update_all(
        &self,
        session: &Session,
        filter: &crm_core::Filter,
        patch: Patch,
        dry_run: bool,
    ) -> crm_core::Result<Many> {
        session.collection::<E>().update_all(filter, patch, dry_run).map(many)
    }

    fn delete_all(
        &self,
        session: &Session,
        filter: &crm_core::Filter,
        dry_run: bool,
    ) -> crm_core::Result<Many> {
        session.collection::<E>().delete_all(filter, dry_run).map(many)
    }

    fn export(
        &self,
        session: &Session,
        query: &Query,
        options: &CsvExport,
        out: &mut dyn Write,
    ) -> crm_core::Result<u64> {
        session.collection::<E>().export_csv(query, options, out)
    }

    #[cfg(feature = "arrow")]
    fn batch(&self, session: &Session, query: &Query) -> crm_core::Result<crate::frame::Batch> {
        crate::frame::batch::<E>(session, query)
    }

    fn create_step(&self, id: Uuid, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Step> {
        let (data, _) = data_of(E::default(), fields)?;
        Ok(Box::new(move |batch| batch.create_with_id(Id::<E>::from_uuid(id), data)))
    }

    fn patch_step(&self, id: Uuid, patch: Patch) -> Step {
        Box::new(move |batch| batch.patch(Id::<E>::from_uuid(id), patch))
    }

    fn delete_step(&self, id: Uuid) -> Step {
        Box::new(move |batch| batch.delete(Id::<E>::from_uuid(id)))
    }

    fn restore_step(&self, id: Uuid) -> Step {
        Box::new(move |batch| batch.restore(Id::<E>::from_uuid(id)))
    }
}

fn many<E: Wrapped>(bulk: crm_core::Bulk<E>) -> Many {
    Many {
        matched: bulk.matched,
        changed: bulk.changed,
        operation: bulk.operation.map(|operation| operation.id),
        problems: bulk.problems.into_iter().map(|(id, error)| (id.uuid(), error)).collect(),
    }
}

/// What people call a record: a customer by its code, a user by his name, a role by its key.
fn by_name(py: Python<'_>, session: &Session, kind: Kind, name: &str) -> PyResult<Py<PyAny>> {
    match kind {
        Kind::Customer => Wrapped::wrap(py, py.detach(|| session.customers().by_code(name)).or_raise()?),
        Kind::User => Wrapped::wrap(py, py.detach(|| session.users().by_username(name)).or_raise()?),
        Kind::Role => Wrapped::wrap(py, py.detach(|| session.roles().by_key(name)).or_raise()?),
        _ => Err(invalid("id", "syntax", format!("{name:?} is no UUID"))),
    }
}

/// The fields of a call as a patch.
pub(crate) fn patch_of(fields: Option<&Bound<'_, PyDict>>) -> PyResult<Patch> {
    let fields = fields.into_iter().flat_map(|fields| fields.iter());
    let field = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        let name = name.extract::<String>()?;
        let value = value_of(&name, &value)?;
        Ok((core_name(&name).to_owned(), value))
    };
    fields.map(field).collect()
}
