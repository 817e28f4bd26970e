//! Putting back what was taken out of a store as a whole: records, operations and bytes exactly as they were.

use super::UnitOfWork;
use crate::crm::system::Shared;
use crate::error::{Error, Result};
use crate::model::{Kind, Settings};
use crate::store::{AnyEntry, Delivery, Head, Sealed, Stored, keeper};
use std::sync::Arc;

impl UnitOfWork<'_> {
    /// Makes ready for what comes from elsewhere. Nothing may be there: neither a record nor an operation.
    pub(crate) fn expect_nothing(&mut self) -> Result<()> {
        if self.state.head != Head::default() || !Settings::reads(self.tx()).all(None, 1)?.is_empty() {
            let reason = "a whole store goes into an empty one; this one has records already".to_owned();
            return Err(Error::Refused { rule: "not_empty", reason });
        }
        // Whatever the process knew of the empty store holds no more.
        self.authority_changed = true;
        self.writer().defer_references()
    }

    /// Takes over the settings and custom fields that were put back: what follows is found by them.
    pub(crate) fn follow_settings(&mut self) -> Result<()> {
        self.shared = Arc::new(Shared::load(self.state.authority, self.tx())?);
        Ok(())
    }

    /// Puts a record in as it is, with the keys and words that a live one has. The journal already tells of it.
    pub(crate) fn put_back(&mut self, kind: Kind, entry: &AnyEntry) -> Result<()> {
        let live = entry.is_live().then(|| entry.data());
        let index = self.index_change(kind, None, live, kind.schema().all_fields());
        keeper(kind).insert(self.writer(), entry, &index)
    }

    /// Puts an operation behind the last one, as it is.
    pub(crate) fn put_back_operation(&mut self, sealed: &Sealed) -> Result<()> {
        self.writer().append(sealed)
    }

    /// Puts a delivery of a reminder back.
    pub(crate) fn put_back_delivery(&mut self, delivery: &Delivery) -> Result<()> {
        self.writer().put_delivery(delivery)
    }

    /// Puts a piece of an attachment's bytes back.
    pub(crate) fn put_back_chunk(&mut self, content: &[u8; 32], place: u32, bytes: &[u8]) -> Result<()> {
        self.writer().add_chunk(content, place, bytes)
    }
}
