//! The kinds of records, each with its class, its collection and what can be done with them.

use crate::batch::{Batch, BatchCollection};
use crate::collection::Collection;
use crate::records;
use crate::session::Session;
use crate::value::python_name;
use crm_core::{Kind, Shape, Value};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

macro_rules! kinds {
    ($($collection:ident $attribute:ident of $class:ident;)+) => {
        $(
            /// The records of one kind, as the session's user may see and change them.
            #[pyclass(module = "crm", frozen, extends = Collection)]
            pub(crate) struct $collection;
        )+

        /// The collections that sessions have, by the name of the attribute.
        const COLLECTIONS: &[(&str, Kind)] = &[$((stringify!($attribute), Kind::$class)),+];

        /// The collection of a kind.
        fn collection(py: Python<'_>, session: Arc<crm_core::Session>, kind: Kind) -> PyResult<Py<PyAny>> {
            let base = Collection { session, kind };
            match kind {
                $(Kind::$class => {
                    let made = PyClassInitializer::from(base).add_subclass($collection);
                    Ok(Py::new(py, made)?.into_any())
                })+
                Kind::Settings => Ok(Py::new(py, base)?.into_any()),
            }
        }

        /// Puts the classes into the module.
        pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
            records::add_to(module)?;
            $(module.add_class::<$collection>()?;)+
            for owner in ["Session", "Batch"] {
                let owner = module.getattr(owner)?;
                for (name, kind) in COLLECTIONS {
                    owner.setattr(*name, Py::new(module.py(), CollectionOf { name, kind: *kind })?)?;
                }
            }
            Ok(())
        }
    };
}

kinds! {
    RoleCollection roles of Role;
    UserCollection users of User;
    PipelineCollection pipelines of Pipeline;
    CustomFieldCollection custom_fields of CustomField;
    RateCollection rates of Rate;
    SavedViewCollection saved_views of SavedView;
    ProductCollection products of Product;
    CustomerCollection customers of Customer;
    ContactCollection contacts of Contact;
    OpportunityCollection opportunities of Opportunity;
    InteractionCollection interactions of Interaction;
    ReminderCollection reminders of Reminder;
    NoteCollection notes of Note;
    SaleCollection sales of Sale;
    FeedbackCollection feedback of Feedback;
    AttachmentCollection attachments of Attachment;
    DistinctionCollection distinctions of Distinction;
}

/// A collection as an attribute of sessions and batches.
#[pyclass(module = "crm", frozen, name = "collection")]
struct CollectionOf {
    name: &'static str,
    kind: Kind,
}

#[pymethods]
impl CollectionOf {
    fn __get__<'py>(
        slf: Bound<'py, Self>,
        owner: Option<Bound<'py, PyAny>>,
        _class: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let (py, kind) = (slf.py(), slf.get().kind);
        let Some(owner) = owner.filter(|owner| !owner.is_none()) else { return Ok(slf.into_any().unbind()) };
        match owner.cast::<Batch>() {
            Ok(batch) => {
                let batch = batch.clone().unbind();
                Ok(Py::new(py, BatchCollection { batch, kind })?.into_any())
            }
            Err(_) => collection(py, owner.cast::<Session>()?.get().inner(), kind),
        }
    }

    fn __set__(&self, _owner: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(pyo3::exceptions::PyAttributeError::new_err(format!("{} can't be set", self.name)))
    }
}

/// The kinds with their fields, for the tool that writes the stubs and for tests: `{kind: [{name, doc, type, …}]}`.
#[pyfunction]
#[pyo3(name = "_schema")]
pub(crate) fn schema(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let mut kinds = BTreeMap::new();
    for kind in Kind::ALL {
        let fields = kind.schema().fields.iter().map(|field| {
            let (shape, nullable, words) = match (field.shape)() {
                Shape::Scalar { ty: crm_core::ValueType::Choice(words), nullable } => {
                    ("choice".to_owned(), nullable, words.to_vec())
                }
                Shape::Scalar { ty, nullable } => (format!("{ty:?}").to_lowercase(), nullable, Vec::new()),
                Shape::Money { nullable } => ("money".to_owned(), nullable, Vec::new()),
                Shape::Code { nullable } => ("code".to_owned(), nullable, Vec::new()),
                Shape::Parts { nullable, .. } => ("parts".to_owned(), nullable, Vec::new()),
            };
            let text = |text: &str| Value::Text(text.to_owned());
            Value::Map(BTreeMap::from([
                ("name".to_owned(), text(python_name(field.name))),
                ("doc".to_owned(), text(field.doc.trim())),
                ("type".to_owned(), text(&shape)),
                ("nullable".to_owned(), Value::Bool(nullable)),
                ("words".to_owned(), Value::List(words.into_iter().map(text).collect())),
                ("system".to_owned(), Value::Bool(field.system)),
            ]))
        });
        kinds.insert(kind.as_str().to_owned(), Value::List(fields.collect()));
    }
    crate::value::to_py(py, Value::Map(kinds))
}
