//! The native part of the Python package `crm`. It adds no behaviour: it turns Python's values into the core's and back.

mod attachments;
mod batch;
mod cards;
mod collection;
mod crm;
mod deals;
mod dumps;
mod envelope;
mod errors;
mod exports;
mod files;
#[cfg(feature = "arrow")]
mod frame;
mod imports;
mod journal;
mod kinds;
mod money;
mod ops;
mod pages;
mod people;
mod query;
mod records;
mod reminders;
mod reports;
mod session;
mod stop;
mod value;

use pyo3::prelude::*;

/// Records are dropped while the interpreter's lock is held, and most of a page's time in there is what the system's
/// allocator takes for their texts.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The native part of the package `crm`.
#[pymodule(gil_used = false)]
fn _crm(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<money::Money>()?;
    module.add_class::<crm::Crm>()?;
    module.add_class::<crm::Subscription>()?;
    module.add_class::<session::Session>()?;
    module.add_class::<reminders::Delivery>()?;
    module.add_class::<batch::Batch>()?;
    module.add_class::<batch::BatchCollection>()?;
    module.add_class::<collection::Collection>()?;
    module.add_class::<pages::Pages>()?;
    module.add_function(wrap_pyfunction!(crm::open, module)?)?;
    module.add_class::<imports::Sniffed>()?;
    module.add_function(wrap_pyfunction!(deals::occurrences, module)?)?;
    module.add_function(wrap_pyfunction!(people::duplicate_rules, module)?)?;
    module.add_function(wrap_pyfunction!(cards::read_vcards, module)?)?;
    module.add_function(wrap_pyfunction!(dumps::restore_dump, module)?)?;
    module.add_function(wrap_pyfunction!(imports::plan_hash, module)?)?;
    module.add_function(wrap_pyfunction!(imports::sniff, module)?)?;
    module.add_function(wrap_pyfunction!(records::restore, module)?)?;
    module.add_function(wrap_pyfunction!(kinds::schema, module)?)?;
    kinds::add_to(module)
}
