//! The contract suite of `crm-core`, on every store that there is: one test for each case and store.

use crm_core::MemoryStore;
use crm_core::contract::FaultStore;
use crm_core::port::Store;
use crm_sqlite::{Durability, OpenOptions, rusqlite};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Gives paths of files that are not there yet, in a folder that lives as long as the factory.
fn new_files(open: impl Fn(std::path::PathBuf) -> OpenOptions) -> impl Fn() -> Arc<dyn Store> {
    let folder = tempfile::tempdir().unwrap();
    let number = AtomicU32::new(0);
    move || {
        let path = folder.path().join(format!("{}.db", number.fetch_add(1, Ordering::Relaxed)));
        Arc::new(open(path).durability(Durability::Normal).open().unwrap())
    }
}

mod memory {
    use super::{Arc, MemoryStore, Store};
    crm_core::store_contract!(|| Arc::new(MemoryStore::new()) as Arc<dyn Store>);
}

mod file {
    use super::{OpenOptions, new_files};
    crm_core::store_contract!(new_files(OpenOptions::new));
}

mod in_memory {
    use super::{Arc, OpenOptions, Store};
    crm_core::store_contract!(|| Arc::new(OpenOptions::in_memory().open().unwrap()) as Arc<dyn Store>);
}

mod host {
    use super::{OpenOptions, new_files, rusqlite};
    crm_core::store_contract!(new_files(|path| {
        OpenOptions::with_connections(move || rusqlite::Connection::open(&path))
    }));
}

mod decorated {
    use super::{Arc, FaultStore, MemoryStore, Store};
    crm_core::store_contract!(|| Arc::new(FaultStore::new(Arc::new(MemoryStore::new()))) as Arc<dyn Store>);
}
