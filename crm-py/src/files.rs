//! Files in and out: paths, or Python objects with `read` or `write`.

use pyo3::exceptions::{PyOSError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a Python object raised while it was read or written: the call raises the same, and not that a file failed.
#[derive(Clone, Default)]
pub(crate) struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    /// Keeps the first one.
    fn keep(&self, error: PyErr) -> io::Error {
        let told = io::Error::other(error.to_string());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        told
    }

    /// The outcome of a call, after all that was read and written.
    pub(crate) fn or<T>(&self, outcome: PyResult<T>) -> PyResult<T> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(raised) => Err(raised),
            None => outcome,
        }
    }
}

/// A Python object that is read or written.
struct Stream {
    object: Py<PyAny>,
    raised: Raised,
}

impl Stream {
    fn call<T>(&self, call: impl FnOnce(Python<'_>, &Bound<'_, PyAny>) -> PyResult<T>) -> io::Result<T> {
        Python::attach(|py| call(py, self.object.bind(py))).map_err(|error| self.raised.keep(error))
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.call(|_, object| {
            let given = object.call_method1("read", (into.len(),))?;
            let bytes = given.cast::<PyBytes>().map_err(|_| {
                PyTypeError::new_err("read() has to give bytes: open the file with mode \"rb\"")
            })?;
            let bytes = bytes.as_bytes();
            let place = into.get_mut(..bytes.len());
            place.ok_or_else(|| PyTypeError::new_err("read() gave too much"))?.copy_from_slice(bytes);
            Ok(bytes.len())
        })
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(|py, object| object.call_method1("write", (PyBytes::new(py, bytes),)).map(drop))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where files come from.
pub(crate) struct Source {
    place: Place,
    pub(crate) raised: Raised,
}

enum Place {
    /// Files of a folder, by the names that the plan has.
    Folder(PathBuf),
    /// One file, whatever the plan calls it.
    File(PathBuf),
    /// An object that is read.
    Object(Py<PyAny>),
}

impl Source {
    /// A path, a folder, or an object with `read`.
    pub(crate) fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let place = if given.hasattr("read")? {
            Place::Object(given.clone().unbind())
        } else {
            let path: PathBuf = given.extract()?;
            if path.is_dir() { Place::Folder(path) } else { Place::File(path) }
        };
        Ok(Source { place, raised: Raised::default() })
    }

    /// A path, or an object with `read`.
    pub(crate) fn one(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let source = Source::of(given)?;
        match source.place {
            Place::Folder(_) => Err(PyTypeError::new_err("this is a folder, and one file is needed")),
            _ => Ok(source),
        }
    }

    /// What the file is called; empty for an object.
    pub(crate) fn name(&self) -> String {
        match &self.place {
            Place::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            _ => String::new(),
        }
    }

    /// The file of this name, or the only one.
    pub(crate) fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(match &self.place {
            Place::Folder(folder) => Box::new(self.opened(&folder.join(name))?),
            Place::File(path) => Box::new(self.opened(path)?),
            Place::Object(object) => {
                let object = Python::attach(|py| object.clone_ref(py));
                Box::new(Stream { object, raised: self.raised.clone() })
            }
        })
    }

    /// The only file, or what opening it raised.
    pub(crate) fn open_one(&self) -> PyResult<Box<dyn Read + Send>> {
        self.open("").or_else(|error| self.raised.or(Err(error.into())))
    }

    fn opened(&self, path: &Path) -> io::Result<File> {
        File::open(path).map_err(|error| self.raised.keep(os_error(&error, path)))
    }
}

/// What `open` raises in Python: a `FileNotFoundError` and its like, with the number and the file.
fn os_error(error: &io::Error, path: &Path) -> PyErr {
    let told = error.to_string();
    match error.raw_os_error() {
        Some(number) => {
            let reason = told.split(" (os error").next().unwrap_or_default().to_owned();
            PyOSError::new_err((number, reason, path.as_os_str().to_owned()))
        }
        None => PyOSError::new_err(format!("{}: {told}", path.display())),
    }
}

/// Where a file goes. One at a path is made when something is written: what is refused leaves the file that was there.
pub(crate) struct Target {
    out: Out,
    raised: Raised,
}

enum Out {
    Path(PathBuf, Option<BufWriter<File>>),
    Object(BufWriter<Stream>),
}

impl Target {
    /// A path, or an object with `write`.
    pub(crate) fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        if !given.hasattr("write")? {
            return Ok(Target::at(given.extract()?));
        }
        let raised = Raised::default();
        let stream = Stream { object: given.clone().unbind(), raised: raised.clone() };
        Ok(Target { out: Out::Object(BufWriter::new(stream)), raised })
    }

    pub(crate) fn at(path: PathBuf) -> Self {
        Target { out: Out::Path(path, None), raised: Raised::default() }
    }

    fn file(&mut self) -> io::Result<&mut dyn Write> {
        Ok(match &mut self.out {
            Out::Object(stream) => stream,
            Out::Path(path, file) => match file {
                Some(file) => file,
                None => {
                    let made = File::create(&path);
                    let made = made.map_err(|error| self.raised.keep(os_error(&error, path)))?;
                    file.insert(BufWriter::new(made))
                }
            },
        })
    }

    /// The outcome of the call that wrote, when all of it is written: there is a file then, if only an empty one.
    pub(crate) fn finish<T>(mut self, outcome: PyResult<T>) -> PyResult<T> {
        let flushed = match &outcome {
            Ok(_) => self.flush(),
            Err(_) => Ok(()),
        };
        self.raised.or(outcome.and_then(|outcome| Ok(flushed.map(|()| outcome)?)))
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}
