//! Reading a dump back into an empty store.

use super::lines::{
    ChangeLine, ChunkLine, CounterLine, DeliveryLine, Header, OperationLine, RecordLine, Tag,
};
use super::reading::Lines;
use crate::crm::{Links, UnitOfWork};
use crate::error::Result;
use crate::model::{Change, FieldValues, Kind, Named, Operation};
use crate::store::{Delivery, Envelope, Head, Sealed, SealedValues, keeper};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use uuid::Uuid;

/// Puts everything back that follows the header.
pub(super) fn put_back(unit: &mut UnitOfWork<'_>, lines: &mut Lines<'_>, header: &Header) -> Result<()> {
    let mut back =
        Back { unit, part: Part::Counters, content: None, operation: None, links: Links::default() };
    loop {
        let (tag, kind) = lines.next()?;
        back.may_follow(tag, kind).map_err(|reason| lines.wrong("order", reason))?;
        match (tag, kind) {
            (Tag::Counter, _) => back.counter(lines)?,
            (Tag::Record, Some(kind)) => back.record(lines, kind)?,
            (Tag::Delivery, _) => back.delivery(lines)?,
            (Tag::Chunk, _) => back.chunk(lines)?,
            (Tag::Operation, _) => back.operation(lines)?,
            (Tag::Change, _) => back.change(lines)?,
            (Tag::End, _) => {
                lines.end()?;
                return back.finish(lines, header);
            }
            (Tag::Header | Tag::Record, _) => {
                return Err(lines.wrong("order", "there is one header, and records have a kind"));
            }
        }
    }
}

/// The parts of a dump in their order.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Part {
    Counters,
    Records(Kind),
    /// Those of the reminder, behind it.
    Deliveries(Uuid),
    Contents,
    Journal,
}

struct Back<'u, 't> {
    unit: &'u mut UnitOfWork<'t>,
    part: Part,
    /// The bytes that are being put back: their name, the place of the next piece, and the hash so far.
    content: Option<([u8; 32], u32, Sha256)>,
    /// An operation with the changes that were read, and how many it has.
    operation: Option<(Sealed, u64)>,
    links: Links,
}

impl Back<'_, '_> {
    /// Records come in the order of kinds: settings and custom fields before what is found by them.
    fn may_follow(&mut self, tag: Tag, kind: Option<Kind>) -> std::result::Result<(), &'static str> {
        if self.operation.is_some() != (tag == Tag::Change) {
            return Err("the changes of an operation follow it, all of them");
        }
        let fits = match (tag, self.part) {
            (Tag::Counter, Part::Counters) | (Tag::Delivery, Part::Deliveries(_)) => true,
            (Tag::Record, Part::Counters) => kind == Kind::ALL.first().copied(),
            (Tag::Record, Part::Records(last)) => kind >= Some(last),
            (Tag::Record, Part::Deliveries(_)) => kind >= Some(Kind::Reminder),
            (Tag::Chunk | Tag::Operation | Tag::End, part) => part > Part::Counters,
            (Tag::Change, Part::Journal) => true,
            _ => false,
        };
        let fits = fits && !(tag == Tag::Chunk && self.part == Part::Journal);
        fits.then_some(()).ok_or("it stands in the wrong place")
    }

    fn counter(&mut self, lines: &Lines<'_>) -> Result<()> {
        let CounterLine { line: _, name, last } = lines.parse()?;
        self.unit.raise_number(&name, last)
    }

    fn record(&mut self, lines: &Lines<'_>, kind: Kind) -> Result<()> {
        let line: RecordLine<Named> = lines.parse()?;
        let mut data = keeper(kind).empty();
        line.data.put_into(&mut *data).map_err(|reason| lines.wrong("syntax", reason))?;
        let envelope = Envelope {
            id: line.id,
            version: line.version,
            created_at: line.created_at,
            created_by: line.created_by,
            updated_at: line.updated_at,
            updated_by: line.updated_by,
            deletion: line.deletion,
        };
        let entry = keeper(kind).entry(&envelope, data)?;
        let known = match self.part {
            Part::Records(kind) => Some(kind),
            Part::Deliveries(_) => Some(Kind::Reminder),
            _ => None,
        };
        if known.is_some_and(|known| known != kind) {
            self.unit.follow_settings()?;
        }
        self.part = match kind {
            Kind::Reminder => Part::Deliveries(line.id),
            kind => Part::Records(kind),
        };
        self.unit.put_back(kind, &*entry)
    }

    fn delivery(&mut self, lines: &Lines<'_>) -> Result<()> {
        let delivery = Delivery::from(lines.parse::<DeliveryLine>()?);
        if self.part != Part::Deliveries(delivery.reminder.uuid()) {
            return Err(lines.wrong("order", "deliveries follow their reminder"));
        }
        self.unit.put_back_delivery(&delivery)
    }

    fn chunk(&mut self, lines: &Lines<'_>) -> Result<()> {
        let ChunkLine { line: _, content, place, bytes } = lines.parse()?;
        let bytes = STANDARD.decode(bytes).map_err(|error| lines.wrong("syntax", error.to_string()))?;
        self.part = Part::Contents;
        if self.content.as_ref().is_none_or(|(name, ..)| *name != content.0) {
            self.finish_content(lines)?;
            self.content = Some((content.0, 0, Sha256::new()));
        }
        let Some((_, next, hash)) = &mut self.content else { return Ok(()) };
        if *next != place {
            return Err(lines.wrong("order", "the pieces of bytes follow one another"));
        }
        *next += 1;
        hash.update(&bytes);
        self.unit.put_back_chunk(&content.0, place, &bytes)
    }

    /// The name of bytes is their hash.
    fn finish_content(&mut self, lines: &Lines<'_>) -> Result<()> {
        let Some((name, _, hash)) = self.content.take() else { return Ok(()) };
        if <[u8; 32]>::from(hash.finalize()) == name {
            return Ok(());
        }
        Err(lines.wrong("altered", "the bytes of an attachment before it are not those of their name"))
    }

    fn operation(&mut self, lines: &Lines<'_>) -> Result<()> {
        self.finish_content(lines)?;
        self.part = Part::Journal;
        let line: OperationLine = lines.parse()?;
        let operation = Operation {
            seq: line.seq,
            id: line.id,
            at: line.at,
            actor: line.actor,
            command: Cow::Owned(line.command),
            undoes: line.undoes,
            import: line.import,
            changes: Vec::new(),
        };
        self.operation = Some((Sealed { operation, hash: line.hash.0, values: Vec::new() }, line.changes));
        self.append_whole(lines)
    }

    fn change(&mut self, lines: &Lines<'_>) -> Result<()> {
        let line: ChangeLine = lines.parse()?;
        let Some((sealed, _)) = &mut self.operation else { return Ok(()) };
        sealed.operation.changes.push(Change {
            kind: line.kind,
            id: line.id,
            change: line.change,
            version: line.version,
            customer: line.customer,
            before: FieldValues::new(),
            after: FieldValues::new(),
            erased: line.salt.is_none(),
        });
        sealed.values.push(SealedValues {
            before: line.before,
            after: line.after,
            salt: line.salt.map(|salt| salt.0),
            digest: line.digest.0,
        });
        self.append_whole(lines)
    }

    /// Appends the operation when all of its changes were read, if it is bound to the one before it.
    fn append_whole(&mut self, lines: &Lines<'_>) -> Result<()> {
        let whole =
            |(sealed, changes): &mut (Sealed, u64)| u64::try_from(sealed.values.len()) == Ok(*changes);
        let Some((sealed, _)) = self.operation.take_if(whole) else { return Ok(()) };
        self.links.add(&sealed, Head::default()).map_err(|reason| {
            lines.wrong("altered", format!("operation {}: {reason}", sealed.operation.seq))
        })?;
        self.unit.put_back_operation(&sealed)
    }

    fn finish(mut self, lines: &Lines<'_>, header: &Header) -> Result<()> {
        self.finish_content(lines)?;
        let altered = |reason: &str| -> Result<()> { Err(lines.wrong("altered", reason)) };
        if self.links.head() != (Head { seq: header.seq, hash: header.hash.0 }) {
            return altered("the journal does not end where the header says");
        }
        if self.links.unexplained().is_some() {
            return altered("values are missing from the journal that no operation erased");
        }
        Ok(())
    }
}
