//! vCards in.

use crate::errors::OrRaise;
use crate::files::Source;
use crate::session::{Session, choice};
use crate::stop;
use crate::value::{id, in_python};
use crm_core::Id;
use crm_core::exchange::{
    CardProblem, CardProperty, CardTarget, ImportedCard, VCard, VCardImport, VCards, import_vcards,
};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyList, PyTuple};
use std::io::Read;
use std::sync::{Mutex, PoisonError};

fn problems<'py>(py: Python<'py>, problems: Vec<CardProblem>) -> PyResult<Bound<'py, PyTuple>> {
    let problems = problems.into_iter().map(|found| {
        let args = (found.line, found.property, found.rule, found.value, found.reason);
        in_python(py, "values", "CardProblem", args)
    });
    PyTuple::new(py, problems.collect::<PyResult<Vec<_>>>()?)
}

fn imported(py: Python<'_>, card: ImportedCard) -> PyResult<Py<PyAny>> {
    let problems = problems(py, card.problems)?;
    let outcome = card.outcome.to_string();
    let args = (card.number, card.line, card.name, outcome, card.record, card.operation, problems);
    in_python(py, "values", "ImportedCard", args)
}

#[pymethods]
impl Session {
    /// Imports the cards of a vCard file (2.1, 3.0, 4.0) as customers, or as contacts of a customer. A card that was read
    /// before, or that is a record already, creates nothing. Up to a thousand cards are one operation; a card that is
    /// refused leaves nothing and stops nothing.
    ///
    /// Args:
    ///     source: the file, or an object opened with mode "rb".
    ///     customer: cards become contacts of this one; customers when nothing is said.
    ///     on_match: what is done with a card whose record is there: `"fill"` what is empty in it, `"update"` it, or
    ///         `"skip"` the card.
    ///     dry_run: does the same and takes it back; nothing is written.
    ///     on_card: is called with an `ImportedCard` for every card, when it was written. What it raises ends the import.
    ///
    /// Returns:
    ///     A `VCardReport`. `undo` its `operations` from the last to the first to take the import back.
    ///
    /// Raises:
    ///     NotFoundError: the customer.
    ///     DeniedError: the role creates no such records.
    ///
    /// >>> import crm, io
    /// >>> s = crm.open(":memory:").system()
    /// >>> card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Otieno;Amina\r\nEMAIL:amina@mara.example\r\nEND:VCARD\r\n"
    /// >>> s.import_vcards(io.BytesIO(card)).created, s.import_vcards(io.BytesIO(card)).unchanged
    /// (1, 1)
    /// >>> s.customers.get("C001").name
    /// 'Amina Otieno'
    #[pyo3(signature = (source, *, customer=None, on_match=None, dry_run=false, on_card=None))]
    fn import_vcards(
        &self,
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        customer: Option<&Bound<'_, PyAny>>,
        on_match: Option<&Bound<'_, PyAny>>,
        dry_run: bool,
        on_card: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let source = Source::one(source)?;
        let target = match customer {
            Some(customer) => CardTarget::ContactsOf(Id::from_uuid(id(customer)?)),
            None => CardTarget::Customers,
        };
        let on_match = on_match.map(|word| choice("on_match", word)).transpose()?.unwrap_or_default();
        let import = VCardImport { target, on_match, dry_run };
        let mut stopped = false;
        let each = |card: ImportedCard| {
            let Some(on_card) = on_card.as_ref().filter(|_| !stopped) else { return };
            let told = Python::attach(|py| on_card.call1(py, (imported(py, card)?,)));
            if let Err(error) = told {
                stopped = true;
                stop::raise(error);
            }
        };
        let file = source.open_one()?;
        let done = py.detach(|| import_vcards(&self.0, file, &import, each));
        let done = source.raised.or(done.or_raise())?;
        let operations = PyTuple::new(py, done.operations)?;
        let args = (
            done.cards,
            done.created,
            done.updated,
            done.unchanged,
            done.skipped,
            done.failed,
            done.stray_lines,
            operations,
        );
        in_python(py, "values", "VCardReport", args)
    }
}

/// The cards of a file, one by one.
#[pyclass(module = "crm", frozen, name = "_Cards")]
pub(crate) struct CardIterator {
    cards: Mutex<VCards<Box<dyn Read + Send>>>,
    source: Source,
}

#[pymethods]
impl CardIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        py.check_signals()?;
        let mut cards = self.cards.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        let reading = &mut *cards;
        let next = py.detach(|| reading.next().transpose());
        let Some(card) = self.source.raised.or(next.or_raise())? else { return Ok(None) };
        let VCard { number, line, version, properties, problems: found } = card;
        let properties = properties.into_iter().map(|property| self::property(py, property));
        let properties = PyTuple::new(py, properties.collect::<PyResult<Vec<_>>>()?)?;
        let args = (number, line, version, properties, problems(py, found)?);
        in_python(py, "values", "VCard", args).map(Some)
    }
}

fn property(py: Python<'_>, property: CardProperty) -> PyResult<Py<PyAny>> {
    let CardProperty { line, group, name, parameters, value, data } = property;
    let by_name = PyDict::new(py);
    for (name, value) in parameters {
        match by_name.get_item(&name)? {
            Some(values) => values.cast::<PyList>()?.append(value)?,
            None => by_name.set_item(name, PyList::new(py, [value])?)?,
        }
    }
    for (name, values) in &by_name {
        by_name.set_item(name, values.cast::<PyList>()?.to_tuple())?;
    }
    in_python(py, "values", "CardProperty", (line, group, name, by_name, value, data))
}

/// The cards of a vCard file as they are, read while one looks at them. `Session.import_vcards` takes them in.
///
/// Args:
///     source: the file, or an object opened with mode "rb".
///
/// Returns:
///     An iterator of `VCard`.
///
/// >>> import crm, io
/// >>> (card,) = crm.read_vcards(io.BytesIO(b"BEGIN:VCARD\nVERSION:3.0\nTEL;TYPE=CELL:0722 000 001\nEND:VCARD\n"))
/// >>> [(found.name, found.parameters, found.value) for found in card.properties]
/// [('TEL', {'TYPE': ('CELL',)}, '0722 000 001')]
#[pyfunction]
pub(crate) fn read_vcards(source: &Bound<'_, PyAny>) -> PyResult<CardIterator> {
    let source = Source::one(source)?;
    Ok(CardIterator { cards: Mutex::new(VCards::new(source.open_one()?)), source })
}
