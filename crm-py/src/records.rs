//! Stored records as frozen Python objects. Their fields are read when they are asked for, so that a list costs what it
//! shows.

use crate::envelope::{ENVELOPE, Envelope, Named};
use crate::errors::invalid;
use crate::value::{core_name, python_name, to_py, value_of};
use crm_core::chrono::{DateTime, Utc};
use crm_core::{Entity, Id, Kind, Mismatch, Record, Rules, Schema, Shape, Uuid, Value, ValueType};
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyMappingProxy, PyTuple};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// An entity with its class.
pub(crate) trait Wrapped: Rules {
    /// The record as an object of its class.
    fn wrap(py: Python<'_>, record: Record<Self>) -> PyResult<Py<PyAny>>;
    /// The record in an object of its class.
    fn inside<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a Record<Self>>;
}

macro_rules! records {
    ($($(#[$doc:meta])* $class:ident;)+) => {
        $(
            $(#[$doc])*
            #[pyclass(module = "crm", frozen)]
            pub(crate) struct $class(Record<crm_core::$class>);

            impl Wrapped for crm_core::$class {
                fn wrap(py: Python<'_>, record: Record<Self>) -> PyResult<Py<PyAny>> {
                    Ok(Py::new(py, $class(record))?.into_any())
                }
                fn inside<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a Record<Self>> {
                    Ok(&object.cast::<$class>()?.get().0)
                }
            }

            #[pymethods]
            impl $class {
                #[new]
                #[pyo3(signature = (**fields))]
                fn new(fields: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
                    made(fields).map($class)
                }
                /// Its id.
                #[getter]
                fn id(&self) -> Uuid {
                    self.0.id.uuid()
                }
                /// 1 at first, one more with each change.
                #[getter]
                fn version(&self) -> u64 {
                    self.0.version
                }
                /// When it was created, in UTC.
                #[getter]
                fn created_at(&self) -> DateTime<Utc> {
                    self.0.created_at
                }
                /// The user who created it; None for the embedding program.
                #[getter]
                fn created_by(&self) -> Option<Uuid> {
                    self.0.created_by.map(Id::uuid)
                }
                /// When it was changed last, in UTC.
                #[getter]
                fn updated_at(&self) -> DateTime<Utc> {
                    self.0.updated_at
                }
                /// The user who changed it last; None for the embedding program.
                #[getter]
                fn updated_by(&self) -> Option<Uuid> {
                    self.0.updated_by.map(Id::uuid)
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
                    let mut hasher = DefaultHasher::new();
                    (self.0.id.uuid(), self.0.version).hash(&mut hasher);
                    hasher.finish()
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
                    self.0.id.uuid()
                }
            }
        )+

        /// Puts the classes into the module.
        pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(
                module.add_class::<$class>()?;
                add_fields::<crm_core::$class>(&module.getattr(stringify!($class))?)?;
            )+
            Ok(())
        }

        /// A record that was pickled.
        #[pyfunction]
        #[pyo3(name = "_restore")]
        pub(crate) fn restore(
            py: Python<'_>,
            kind: &str,
            fields: &Bound<'_, PyDict>,
        ) -> PyResult<Py<PyAny>> {
            match kind {
                $(<crm_core::$class as Entity>::ENTITY => {
                    crm_core::$class::wrap(py, made(Some(fields))?)
                })+
                _ => Err(invalid("kind", "unknown", format!("there are no records of the kind {kind:?}"))),
            }
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
    value: fn(&Bound<'_, PyAny>, usize) -> PyResult<Value>,
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
            Some(record) => field.shown.show(slf.py(), (field.value)(&record, field.index)?),
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
fn add_fields<E: Wrapped>(class: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = class.py();
    let class_of = py.import("crm.parts")?.getattr("class_of")?;
    let enum_of = py.import("crm.enums")?.getattr("enum_of")?;
    let mut names: Vec<&str> = vec!["id"];
    for (index, field) in E::FIELDS.iter().enumerate() {
        let parts = class_of.call1((E::ENTITY, field.name))?;
        let shown = match (field.shape)() {
            Shape::Scalar { ty: ValueType::Choice(words), .. } => {
                Shown::Choice(enum_of.call1((PyTuple::new(py, words)?,))?.unbind())
            }
            _ if !parts.is_none() => Shown::Parts(parts.unbind()),
            _ => Shown::Plain,
        };
        let doc = field.doc.trim().to_owned();
        let value = |record: &Bound<'_, PyAny>, index| Ok(E::inside(record)?.data.value(index));
        let name = python_name(field.name);
        class.setattr(name, Py::new(py, FieldOf { index, name, doc, shown, value })?)?;
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

fn made<E: Entity>(fields: Option<&Bound<'_, PyDict>>) -> PyResult<Record<E>> {
    let (data, envelope) = data_of(E::default(), fields)?;
    Ok(Envelope::default().with(envelope)?.around(data))
}

fn changed<E: Entity>(record: &Record<E>, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Record<E>> {
    let (data, envelope) = data_of(record.data.clone(), changes)?;
    Ok(Envelope::of(record).with(envelope)?.around(data))
}

/// All fields of a record.
fn whole<E: Entity>(record: &Record<E>) -> Value {
    all_of(E::schema(), Envelope::of(record), &|field| record.data.value(field))
}

fn all_of(schema: &Schema, envelope: Envelope, value: &dyn Fn(usize) -> Value) -> Value {
    let mut all = BTreeMap::new();
    for (name, value) in ENVELOPE.into_iter().zip(envelope.values()) {
        all.insert(name.to_owned(), value);
    }
    for (index, field) in schema.fields.iter().enumerate() {
        all.insert(field.name.to_owned(), value(index));
    }
    Value::Map(all)
}

/// An expression that makes the record again; fields that are empty are left out.
fn repr<E: Entity>(object: &Bound<'_, PyAny>, class: &str, record: &Record<E>) -> PyResult<String> {
    let empty = E::default();
    let told = |field: &usize| record.data.value(*field) != empty.value(*field);
    expression(object, class, E::schema(), (0..E::FIELDS.len()).filter(told).collect())
}

fn expression(object: &Bound<'_, PyAny>, class: &str, schema: &Schema, told: Vec<usize>) -> PyResult<String> {
    let mut parts = Vec::new();
    let told = told.into_iter().filter_map(|field| schema.fields.get(field));
    for name in ENVELOPE.into_iter().chain(told.map(|field| python_name(field.name))) {
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
fn reduced<E: Entity>(py: Python<'_>, record: &Record<E>) -> PyResult<Py<PyAny>> {
    let restore = py.import("crm._crm")?.getattr("_restore")?;
    let fields = to_py(py, whole(record))?;
    Ok((restore, (E::ENTITY, fields)).into_pyobject(py)?.into_any().unbind())
}

/// The record of this kind in an object, for what takes records.
pub(crate) fn record_in<E: Wrapped>(object: &Bound<'_, PyAny>) -> PyResult<Record<E>> {
    E::inside(object).cloned().map_err(|_| {
        let kind: Kind = E::kind();
        PyTypeError::new_err(format!("a {} is needed", kind.as_str().replace('_', " ")))
    })
}
