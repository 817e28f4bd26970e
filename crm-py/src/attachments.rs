//! The bytes of files that belong to a customer.

use crate::errors::OrRaise;
use crate::files::{Source, Target};
use crate::records::{data_of, wrap};
use crate::session::Session;
use crate::value::id;
use crm_core::{Attachment, Id};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::io::Read;

#[pymethods]
impl Session {
    /// Adds a file to a customer. The store is held for writing until all bytes are read: give it what is at hand.
    ///
    /// Args:
    ///     content: the bytes, the path of the file, or an object opened with mode "rb".
    ///     fields: those of an `Attachment`: `customer`, and `file_name` unless a path says it; `media_type`, and what it
    ///         belongs to (`interaction`, `opportunity`, `note`).
    ///
    /// Raises:
    ///     NotFoundError, DeniedError.
    ///     InvalidError: also `too_long` when there are more bytes than the settings allow. Nothing is kept then.
    ///
    /// >>> import crm
    /// >>> s = crm.open(":memory:").system()
    /// >>> tea = s.customers.create(name="Mara Tea")
    /// >>> order = s.attach(b"ten tons", customer=tea, file_name="order.txt", media_type="text/plain")
    /// >>> order.size, s.read_attachment(order)
    /// (8, b'ten tons')
    #[pyo3(signature = (content, **fields))]
    fn attach(
        &self,
        py: Python<'_>,
        content: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let (mut attachment, _) = data_of(Attachment::default(), fields)?;
        let made = if let Ok(bytes) = content.cast::<PyBytes>() {
            let mut bytes = bytes.as_bytes();
            py.detach(|| self.0.attach(attachment, &mut bytes)).or_raise()
        } else {
            let source = Source::one(content)?;
            if attachment.file_name.is_empty() {
                attachment.file_name = source.name();
            }
            let mut file = source.open_one()?;
            let made = py.detach(|| self.0.attach(attachment, &mut *file as &mut dyn Read));
            source.raised.or(made.or_raise())
        };
        wrap(py, made?)
    }

    /// The bytes of an attachment; with a target they are written there piece by piece, and None is given.
    ///
    /// Args:
    ///     attachment: which.
    ///     target: a file, or an object opened with mode "wb".
    ///
    /// Raises:
    ///     NotFoundError.
    ///     CorruptError: bytes are missing.
    #[pyo3(signature = (attachment, *, target=None))]
    fn read_attachment(
        &self,
        py: Python<'_>,
        attachment: &Bound<'_, PyAny>,
        target: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<Py<PyBytes>>> {
        let attachment = Id::from_uuid(id(attachment)?);
        let Some(target) = target else {
            let mut bytes = Vec::new();
            py.detach(|| self.0.read_attachment(attachment, &mut bytes)).or_raise()?;
            return Ok(Some(PyBytes::new(py, &bytes).unbind()));
        };
        let mut out = Target::of(target)?;
        py.detach(move || {
            let written = self.0.read_attachment(attachment, &mut out).or_raise();
            out.finish(written).map(|_| None)
        })
    }
}
