//! The native part of the Python package `crm`. It adds no behaviour: it turns Python's values into the core's and back.

mod batch;
mod collection;
mod crm;
mod errors;
mod exchange;
#[cfg(feature = "arrow")]
mod frame;
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
mod value;

use pyo3::prelude::*;

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
    module.add_function(wrap_pyfunction!(exchange::restore_dump, module)?)?;
    module.add_function(wrap_pyfunction!(records::restore, module)?)?;
    module.add_function(wrap_pyfunction!(kinds::schema, module)?)?;
    kinds::add_to(module)
}
