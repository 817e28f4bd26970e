//! The bytes of attachments, kept once for each different content.

use super::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{Attachment, Entity};
use crate::store::{Plan, Stored, column_is};
use sha2::{Digest, Sha256};
use std::io::Read;

/// Bytes that were read into the store for an attachment that is about to be created.
pub(crate) struct Content {
    /// How many bytes.
    pub(crate) size: i64,
    /// Their SHA-256, in hexadecimal digits.
    pub(crate) sha256: String,
}

/// Bytes are kept in pieces of this size.
pub(in crate::crm) const CHUNK: usize = 256 * 1024;

impl UnitOfWork<'_> {
    /// Reads bytes to their end into the store, a piece at a time.
    pub(in crate::crm) fn take_in(&mut self, bytes: &mut dyn Read) -> Result<()> {
        let limit = self.settings().attachment_limit;
        // They get their real name when they are all there.
        let provisional: [u8; 32] = self.crm.random()?;
        let mut hash = Sha256::new();
        let (mut size, mut place) = (0_i64, 0_u32);
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            chunk.clear();
            let whole = u64::try_from(CHUNK).unwrap_or(u64::MAX);
            let read = (&mut *bytes).take(whole).read_to_end(&mut chunk).map_err(|error| Error::Storage {
                reason: format!("the bytes of the attachment can't be read: {error}"),
                source: Some(Box::new(error)),
            })?;
            // Of nothing an empty piece is kept: content that is there has a first piece.
            if read == 0 && place > 0 {
                break;
            }
            size += i64::try_from(read).unwrap_or(i64::MAX);
            if size > limit {
                let reason = format!("an attachment has at most {limit} bytes");
                return Err(Error::invalid("bytes", "too_long", reason));
            }
            hash.update(&chunk);
            self.writer().add_chunk(&provisional, place, &chunk)?;
            place += 1;
            if read < CHUNK {
                break;
            }
        }
        let sha256: [u8; 32] = hash.finalize().into();
        match self.tx.chunk(&sha256, 0)? {
            Some(_) => self.writer().remove_chunks(&provisional)?,
            None => self.writer().rename_chunks(&provisional, &sha256)?,
        }
        self.content = Some(Content { size, sha256: hex(&sha256) });
        Ok(())
    }

    /// The content that was read for the attachment that is being created.
    pub(crate) fn take_content(&mut self) -> Option<Content> {
        self.content.take()
    }

    /// Removes bytes that no attachment, live or in the trash, refers to any more.
    pub(crate) fn drop_content_unless_used(&mut self, sha256: &str) -> Result<()> {
        let Some(name) = content_name(sha256) else { return Ok(()) };
        for trash in [false, true] {
            let same = column_is(Attachment::schema(), "sha256", sha256);
            if Attachment::reads(self.tx()).count(&Plan::all_where(same, trash, 1))? > 0 {
                return Ok(());
            }
        }
        self.writer().remove_chunks(&name)
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The name of content from its hexadecimal digits.
pub(in crate::crm) fn content_name(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}
