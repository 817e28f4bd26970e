//! Files in and out of the store.

use super::session::Session;
use super::unit_of_work::{CHUNK, content_name};
use crate::error::{Error, Result};
use crate::model::{Action, Attachment, Kind, Record};
use crate::store::Stored;
use crate::value::Id;
use std::io::{Read, Write};

impl Session {
    /// Adds a file to a customer. The bytes are read to their end, a piece at a time, while the store is held for
    /// writing: give it what is at hand, not a slow connection.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::Attachment;
    /// let order = Attachment { customer, file_name: "order.txt".into(), ..Attachment::default() };
    /// let order = session.attach(order, &mut "ten tons".as_bytes())?;
    /// assert_eq!(order.size, 8);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::create`](super::Collection::create); `invalid` (`bytes`, `too_long`) when there are more bytes
    /// than the settings allow; `storage` when they can't be read. Nothing is kept then.
    pub fn attach(&self, attachment: Attachment, bytes: &mut dyn Read) -> Result<Record<Attachment>> {
        self.write("attach", |unit| {
            unit.require_any(Kind::Attachment, Action::Create)?;
            unit.take_in(bytes)?;
            unit.create(attachment)
        })
    }

    /// Writes the bytes of a live attachment to `out`, a piece at a time, and says how many they were.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let order = crm_core::Attachment { customer, file_name: "order.txt".into(), ..Default::default() };
    /// # let order = session.attach(order, &mut "ten tons".as_bytes())?;
    /// let mut bytes = Vec::new();
    /// session.read_attachment(order.id, &mut bytes)?;
    /// assert_eq!(bytes, b"ten tons");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `corrupt` when bytes are missing; `storage` when `out` does not take them.
    pub fn read_attachment(&self, id: Id<Attachment>, out: &mut dyn Write) -> Result<u64> {
        self.read_consistently(|view, authority, _| {
            let entry = Attachment::read(view).get(id, authority.sight(Action::View))?;
            let entry = entry.filter(|entry| entry.deletion.is_none());
            let unknown = || Error::NotFound { entity: "attachment", key: id.to_string() };
            let attachment = entry.ok_or_else(unknown)?.record;
            let missing = || Error::corrupt(format!("bytes of the attachment {id} are missing"));
            let name = content_name(&attachment.sha256).ok_or_else(missing)?;
            let wanted = u64::try_from(attachment.size).unwrap_or(0);
            let (mut written, mut place) = (0, 0);
            while written < wanted || place == 0 {
                let chunk = view.chunk(&name, place)?.ok_or_else(missing)?;
                out.write_all(&chunk).map_err(|error| Error::Storage {
                    reason: format!("the bytes can't be written: {error}"),
                    source: Some(Box::new(error)),
                })?;
                written += u64::try_from(chunk.len()).unwrap_or(0);
                place += 1;
                if chunk.len() < CHUNK {
                    break;
                }
            }
            if written == wanted { Ok(written) } else { Err(missing()) }
        })
    }
}
