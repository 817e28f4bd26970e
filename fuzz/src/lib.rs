//! Two stores with the same records, one in memory and one of SQLite, that must answer whatever they are asked alike.

use crm_core::contract::test_options;
use crm_core::sample::{SampleOptions, fill};
use crm_core::{Crm, Error, MemoryStore, Result, Session};
use crm_sqlite::OpenOptions;
use std::fmt::Debug;
use std::sync::Arc;

/// The same administrator of the same company, twice.
pub struct Twins {
    memory: Session,
    sqlite: Session,
}

impl Twins {
    /// Two new stores with the smallest sample.
    ///
    /// # Panics
    /// When a store can't be opened or filled.
    pub fn new() -> Self {
        let memory =
            Crm::open(Arc::new(MemoryStore::new()), test_options(1).0).expect("a store in memory opens");
        let (sqlite, _) =
            OpenOptions::in_memory().open_crm(test_options(1).0).expect("a store of SQLite opens");
        Twins { memory: filled(&memory), sqlite: filled(&sqlite) }
    }

    /// Asks both.
    ///
    /// # Panics
    /// When their answers differ.
    pub fn ask<T: Debug + PartialEq>(&self, question: impl Fn(&Session) -> Result<T>) -> Result<T> {
        let (memory, sqlite) = (question(&self.memory), question(&self.sqlite));
        let told = |answer: &Result<T>| match answer {
            Ok(value) => format!("{value:?}"),
            Err(error) => format!("{} {error}", error.code()),
        };
        assert_eq!(told(&memory), told(&sqlite), "memory and SQLite answer differently");
        if let Err(error @ (Error::Corrupt { .. } | Error::Storage { .. })) = &memory {
            panic!("no input is a reason for {error}");
        }
        memory
    }
}

impl Default for Twins {
    fn default() -> Self {
        Twins::new()
    }
}

fn filled(crm: &Crm) -> Session {
    fill(crm, &SampleOptions::default()).expect("the sample fits into an empty store");
    crm.system("fuzz")
}
