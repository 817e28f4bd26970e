//! The whole store as JSON Lines: every record, live and in the trash, the journal with its salts and hashes, counters,
//! deliveries and the bytes of attachments. `docs/dump-format.md` describes the lines.

mod back;
mod chain;
mod lines;
mod out;
mod reading;

use crate::crm::{Crm, Options};
use crate::error::{Error, Result};
use crate::store::{Head, Store};
use std::io::{Read, Write};
use std::sync::Arc;

/// The newest format of dumps that this release writes and reads.
pub const DUMP_FORMAT: u32 = 1;

/// What a dump holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dumped {
    /// How many records, live and in the trash.
    pub records: u64,
    /// How many operations.
    pub operations: u64,
    /// How many lines, the first and the last one too.
    pub lines: u64,
    /// The newest operation in it.
    pub head: Head,
}

/// Writes the whole store to `out` as it is at this moment, while others go on reading and writing: for the embedding
/// program alone, as nobody's sight narrows it. Holds one page of records or a few operations in memory, whatever the
/// size of the store. Two dumps of stores that hold the same are equal byte by byte.
///
/// Password hashes, sessions and failed log-ins are not in it: in a restored store nobody can log in until the program
/// gives users new passwords ([`Session::set_password`](crate::Session::set_password)). All else that people entered is
/// in it, so keep it as you keep the store.
///
/// ```
/// # let (crm, session) = crm_core::contract::demo()?;
/// use crm_core::{MemoryStore, Options, exchange};
/// use std::sync::Arc;
/// let mut dump = Vec::new();
/// let dumped = exchange::dump(&crm, &mut dump)?;
/// assert_eq!(dumped.head, crm.head()?);
///
/// let copy = exchange::restore(Arc::new(MemoryStore::new()), Options::default(), &mut dump.as_slice())?;
/// let mut again = Vec::new();
/// exchange::dump(&copy, &mut again)?;
/// assert!(again == dump);
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// `storage` when `out` does not take the bytes, and those of the store. What was written until then has no last line and
/// is no dump.
pub fn dump(crm: &Crm, out: &mut dyn Write) -> Result<Dumped> {
    out::write(&*crm.snapshot()?, out)
}

/// Puts a dump into an empty store, in one transaction, and opens it. Keys and words for search are made anew by the
/// settings in the dump; all else is as it was, down to ids, versions, the trash and the journal, which is proved while
/// it is read.
///
/// ```
/// # let (crm, session) = crm_core::contract::demo()?;
/// # use crm_core::{Customer, MemoryStore, Options, exchange};
/// # use std::sync::Arc;
/// # let id = session.customers().create(Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
/// # let mut dump = Vec::new();
/// # exchange::dump(&crm, &mut dump)?;
/// let copy = exchange::restore(Arc::new(MemoryStore::new()), Options::default(), &mut dump.as_slice())?;
/// assert_eq!(copy.head()?, crm.head()?);
/// assert_eq!(copy.system("check").customers().search("mara", 5)?[0].id, id);
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// The store stays empty with every one of them: `not_a_store` for what is no dump; `too_new` for one of a newer release;
/// `refused` (`not_empty`) for a store that holds something; `invalid` with the line as field (`line.17`) and one of the
/// rules `altered` (the line, or the journal, is not as it was written), `truncated` (the end is missing), `syntax` (it
/// says nothing that a dump says there) and `order` (it stands in the wrong place); `duplicate` when two records claim
/// what only one can have; `storage` when the dump can't be read; those of the store.
pub fn restore(store: Arc<dyn Store>, options: Options, from: &mut dyn Read) -> Result<Crm> {
    let crm = Crm::on(store, options);
    let mut lines = reading::Lines::new(from);
    let header = lines.header()?;
    crm.system("restore").write("restore", |unit| {
        unit.expect_nothing()?;
        back::put_back(unit, &mut lines, &header)
    })?;
    Ok(crm)
}

/// What went wrong at a line of a dump; the first one is 1.
fn wrong(line: u64, rule: &'static str, reason: impl Into<String>) -> Error {
    Error::invalid(format!("line.{line}"), rule, reason)
}
