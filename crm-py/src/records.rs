//! Stored records as frozen Python objects. Their fields are read when they are asked for, so that a list costs what it
//! shows.

use crate::envelope::{self, ENVELOPE, Named};
use crate::errors::{OrRaise, invalid};
use crate::value::{core_name, python_name, to_py, value_of};
use crm_core::chrono::{DateTime, Utc};
use crm_core::{
    AnyRecord, Entity, Envelope, Id, Kind, Mismatch, Record, Rules, Schema, Shape, Uuid, Value, ValueType,
};
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyMappingProxy, PyTuple};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A record as an object of its class.
pub(crate) fn wrap<E: Rules>(py: Python<'_>, record: Record<E>) -> PyResult<Py<PyAny>> {
    wrap_any(py, record.into())
}

macro_rules! records {
    ($($(#[$doc:meta])* $class:ident;)+) => {
        $(
            $(#[$doc])*
            #[pyclass(module = "crm", frozen)]
            pub(crate) struct $class(AnyRecord);

            #[pymethods]
            impl $class {
                #[new]
                #[pyo3(signature = (**fields))]
                fn new(fields: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
                    made(Kind::$class, fields).map($class)
                }
                /// Its id.
                #[getter]
                fn id(&self) -> Uuid {
                    self.0.envelope().id
                }
                /// 1 at first, one more with each change.
                #[getter]
                fn version(&self) -> u64 {
                    self.0.envelope().version
                }
                /// When it was created, in UTC.
                #[getter]
                fn created_at(&self) -> DateTime<Utc> {
                    self.0.envelope().created_at
                }
                /// The user who created it; None for the embedding program.
                #[getter]
                fn created_by(&self) -> Option<Uuid> {
                    self.0.envelope().created_by.map(Id::uuid)
                }
                /// When it was changed last, in UTC.
                #[getter]
                fn updated_at(&self) -> DateTime<Utc> {
                    self.0.envelope().updated_at
                }
                /// The user who changed it last; None for the embedding program.
                #[getter]
                fn updated_by(&self) -> Option<Uuid> {
                    self.0.envelope().updated_by.map(Id::uuid)
                }
                /// The same record with some fields changed; nothing is written. A field becomes empty by None.
                #[pyo3(signature = (**changes))]
                fn replace(&self, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
                    changed(&self.0, changes).map($class)
                }
                #[pyo3(signature = (**changes))]
                fn __replace__(&self, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
                    self.replace(changes)
                }
                /// All fields by name, as plain values: parts of values are dicts, lists tuples, choices text.
                fn to_dict(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                    to_py(py, whole(&self.0))
                }
                fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                    repr(slf.as_any(), stringify!($class), &slf.get().0)
                }
                fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
                    other.cast::<Self>().is_ok_and(|other| self.0 == other.get().0)
                }
                fn __hash__(&self) -> u64 {
                    hash(&self.0)
                }
                fn __reduce__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                    reduced(py, &self.0)
                }
                fn __copy__(slf: Py<Self>) -> Py<Self> {
                    slf
                }
                fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
                    slf
                }
                fn __crm_value__(&self) -> Uuid {
                    self.0.envelope().id
                }
            }
        )+

        /// Puts the classes into the module.
        pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(
                module.add_class::<$class>()?;
                add_fields(Kind::$class, &module.getattr(stringify!($class))?)?;
            )+
            Ok(())
        }

        /// A record as an object of its class.
        pub(crate) fn wrap_any(py: Python<'_>, record: AnyRecord) -> PyResult<Py<PyAny>> {
            match record.schema().kind {
                $(Some(Kind::$class) => Ok(Py::new(py, $class(record))?.into_any()),)+
                None => Err(unknown(record.schema().entity)),
            }
        }

        /// The record in an object of the class of its kind.
        pub(crate) fn inside<'a>(kind: Kind, object: &'a Bound<'_, PyAny>) -> PyResult<&'a AnyRecord> {
            match kind {
                $(Kind::$class => Ok(&object.cast::<$class>()?.get().0),)+
            }
        }

        /// A record that was pickled.
        #[pyfunction]
        #[pyo3(name = "_restore")]
        pub(crate) fn restore(
            py: Python<'_>,
            kind: &str,
            fields: &Bound<'_, PyDict>,
        ) -> PyResult<Py<PyAny>> {
            let known = Kind::ALL.iter().find(|known| known.as_str() == kind);
            wrap_any(py, made(*known.ok_or_else(|| unknown(kind))?, Some(fields))?)
        }
    };
}

records! {
    /// The organisation's settings.
    Settings;
    /// What the users with this role may see and do.
    Role;
    /// Somebody who logs in.
    User;
    /// The stages that deals go through.
    Pipeline;
    /// A field that the organisation defined.
    CustomField;
    /// What one unit of a currency is worth in another, from a day on.
    Rate;
    /// A list that a user keeps under a name.
    SavedView;
    /// Something that is sold.
    Product;
    /// A person or an organisation with whom there is business, or may be.
    Customer;
    /// Somebody who works at a customer.
    Contact;
    /// A deal that may be made.
    Opportunity;
    /// A call, an e-mail, a meeting that took place or will.
    Interaction;
    /// What somebody has to do, and when.
    Reminder;
    /// A free text about a customer.
    Note;
    /// Something that was sold.
    Sale;
    /// What a customer thinks.
    Feedback;
    /// A file.
    Attachment;
    /// Two records that are not one, although they look alike.
    Distinction;
}

/// How a field's value is shown.
enum Shown {
    /// As it is.
    Plain,
    /// As a member of an enum.
    Choice(Py<PyAny>),
    /// By a class with parts, or several of them.
    Parts(Py<PyAny>),
}

// One field of a class of records. Its own doc would hide that of the field.
#[pyclass(module = "crm", frozen, name = "field")]
pub(crate) struct FieldOf {
    index: usize,
    name: &'static str,
    doc: String,
    shown: Shown,
    kind: Kind,
}

#[pymethods]
impl FieldOf {
    fn __get__<'py>(
        slf: Bound<'py, Self>,
        record: Option<Bound<'py, PyAny>>,
        _owner: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let field = slf.get();
        match record.filter(|record| !record.is_none()) {
            Some(record) => field.shown.show(slf.py(), inside(field.kind, &record)?.value(field.index)),
            None => Ok(slf.into_any().unbind()),
        }
    }

    fn __set__(&self, _record: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        let name = self.name;
        let what = format!(
            "records are frozen: update(record.id, {name}=…) writes, record.replace({name}=…) does not"
        );
        Err(PyAttributeError::new_err(what))
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __doc__(&self) -> &str {
        &self.doc
    }
}

impl Shown {
    fn show(&self, py: Python<'_>, value: Value) -> PyResult<Py<PyAny>> {
        match (self, value) {
            (_, Value::Null) => Ok(py.None()),
            (Shown::Choice(class), value) => class.call1(py, (to_py(py, value)?,)),
            (Shown::Parts(class), Value::List(list)) => {
                let parts =
                    list.into_iter().map(|item| part_of(py, class, item)).collect::<PyResult<Vec<_>>>()?;
                Ok(PyTuple::new(py, parts)?.into_any().unbind())
            }
            (Shown::Parts(class), value) => part_of(py, class, value),
            (Shown::Plain, value @ Value::Map(_)) => {
                let dict = to_py(py, value)?;
                let view = PyMappingProxy::new(py, dict.bind(py).cast::<PyMapping>()?);
                Ok(view.into_any().unbind())
            }
            (Shown::Plain, value) => to_py(py, value),
        }
    }
}

/// A value with parts as an object of its class.
pub(crate) fn part_of(py: Python<'_>, class: &Py<PyAny>, value: Value) -> PyResult<Py<PyAny>> {
    class.call_method1(py, "_of", (to_py(py, value)?,))
}

/// Gives a class the fields of its entity.
fn add_fields(kind: Kind, class: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = class.py();
    let class_of = py.import("crm.parts")?.getattr("class_of")?;
    let enum_of = py.import("crm.enums")?.getattr("enum_of")?;
    let mut names: Vec<&str> = vec!["id"];
    for (index, field) in kind.schema().fields.iter().enumerate() {
        let parts = class_of.call1((kind.as_str(), field.name))?;
        let shown = match (field.shape)() {
            Shape::Scalar { ty: ValueType::Choice(words), .. } => {
                Shown::Choice(enum_of.call1((PyTuple::new(py, words)?,))?.unbind())
            }
            _ if !parts.is_none() => Shown::Parts(parts.unbind()),
            _ => Shown::Plain,
        };
        let doc = field.doc.trim().to_owned();
        let name = python_name(field.name);
        class.setattr(name, Py::new(py, FieldOf { kind, index, name, doc, shown })?)?;
        names.push(name);
    }
    class.setattr("__match_args__", PyTuple::new(py, names)?)
}

// ---- what all classes do alike -------------------------------------------------------------------------------------

/// Sets a field's value in some data.
type SetField<'s> = &'s mut dyn FnMut(usize, Value) -> Result<(), Mismatch>;

/// The data that these fields say, on top of other data. What belongs to the envelope is given back.
pub(crate) fn data_of<'py, E: Entity>(
    mut data: E,
    fields: Option<&Bound<'py, PyDict>>,
) -> PyResult<(E, Named<'py>)> {
    let envelope = set_all(E::schema(), fields, &mut |field, value| data.set(field, value))?;
    Ok((data, envelope))
}

fn set_all<'py>(
    schema: &Schema,
    fields: Option<&Bound<'py, PyDict>>,
    set: SetField<'_>,
) -> PyResult<Named<'py>> {
    let mut envelope = Vec::new();
    for (name, value) in fields.into_iter().flat_map(|fields| fields.iter()) {
        let name: String = name.extract()?;
        if ENVELOPE.contains(&name.as_str()) {
            envelope.push((name, value));
            continue;
        }
        let index = schema.field(core_name(&name)).ok_or_else(|| {
            PyTypeError::new_err(format!("a {} has no field {name:?}", schema.entity.replace('_', " ")))
        })?;
        set(index, value_of(&name, &value)?)
            .map_err(|mismatch| invalid(&name, "mismatch", format!("expected {}", mismatch.expected)))?;
    }
    Ok(envelope)
}

/// A record of these fields.
fn made(kind: Kind, fields: Option<&Bound<'_, PyDict>>) -> PyResult<AnyRecord> {
    with_fields(AnyRecord::empty(kind).or_raise()?, fields)
}

/// A record of these fields under an id; what they say of the rest of the envelope does not count.
pub(crate) fn made_under(kind: Kind, id: Uuid, fields: Option<&Bound<'_, PyDict>>) -> PyResult<AnyRecord> {
    let mut record = AnyRecord::empty(kind).or_raise()?;
    set_all(record.schema(), fields, &mut |field, value| record.set(field, value))?;
    record.set_envelope(Envelope { id, ..record.envelope() });
    Ok(record)
}

fn changed(record: &AnyRecord, changes: Option<&Bound<'_, PyDict>>) -> PyResult<AnyRecord> {
    with_fields(record.clone(), changes)
}

fn with_fields(mut record: AnyRecord, fields: Option<&Bound<'_, PyDict>>) -> PyResult<AnyRecord> {
    let envelope = set_all(record.schema(), fields, &mut |field, value| record.set(field, value))?;
    record.set_envelope(envelope::with(record.envelope(), envelope)?);
    Ok(record)
}

fn hash(record: &AnyRecord) -> u64 {
    let Envelope { id, version, .. } = record.envelope();
    let mut hasher = DefaultHasher::new();
    (id, version).hash(&mut hasher);
    hasher.finish()
}

/// All fields of a record.
fn whole(record: &AnyRecord) -> Value {
    let mut all = BTreeMap::new();
    for (name, value) in ENVELOPE.into_iter().zip(envelope::values(&record.envelope())) {
        all.insert(name.to_owned(), value);
    }
    for (index, field) in record.schema().fields.iter().enumerate() {
        all.insert(field.name.to_owned(), record.value(index));
    }
    Value::Map(all)
}

/// An expression that makes the record again; fields that are empty are left out.
fn repr(object: &Bound<'_, PyAny>, class: &str, record: &AnyRecord) -> PyResult<String> {
    let fields = record.schema().fields.iter().enumerate();
    let told = fields.filter(|(index, _)| record.is_told(*index));
    let mut parts = Vec::new();
    for name in ENVELOPE.into_iter().chain(told.map(|(_, field)| python_name(field.name))) {
        let value = object.getattr(name)?;
        // A view of a dict can't be pasted.
        let value = match value.cast::<PyMappingProxy>() {
            Ok(view) => view.as_any().call_method0("copy")?,
            Err(_) => value,
        };
        parts.push(format!("{name}={}", value.repr()?));
    }
    Ok(format!("{class}({})", parts.join(", ")))
}

/// How a record is pickled: its fields as Python values, of which its class makes it again.
fn reduced(py: Python<'_>, record: &AnyRecord) -> PyResult<Py<PyAny>> {
    let restore = py.import("crm._crm")?.getattr("_restore")?;
    let fields = to_py(py, whole(record))?;
    Ok((restore, (record.schema().entity, fields)).into_pyobject(py)?.into_any().unbind())
}

/// The record of this kind in an object, for what takes records.
pub(crate) fn record_in<'a>(kind: Kind, object: &'a Bound<'_, PyAny>) -> PyResult<&'a AnyRecord> {
    let name = || kind.as_str().replace('_', " ");
    inside(kind, object).map_err(|_| PyTypeError::new_err(format!("a {} is needed", name())))
}

fn unknown(kind: &str) -> PyErr {
    invalid("kind", "unknown", format!("there are no records of the kind {kind:?}"))
}
