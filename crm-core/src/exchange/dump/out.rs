//! Writing a dump.

use super::chain::Chain;
use super::lines::{
    ChangeLine, ChunkLine, CounterLine, DeliveryLine, End, Header, Hex, OperationLine, RecordLine, SCHEMA,
    Tag,
};
use super::{DUMP_FORMAT, Dumped};
use crate::crm::Rules;
use crate::error::{Error, Result};
use crate::model::{Change, Kind, Operation, Record};
use crate::store::{Entry, Sealed, SealedValues, Snapshot};
use crate::value::Id;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use std::io::{BufWriter, Write};

/// Records and names of bytes that are read at a time. Tests, whose stores are tiny, read several times.
const PAGE: usize = if cfg!(debug_assertions) { 3 } else { 250 };

/// Writes everything that a view shows.
pub(super) fn write(view: &dyn Snapshot, out: &mut dyn Write) -> Result<Dumped> {
    let head = view.state()?.head;
    let mut out = Out { to: BufWriter::new(out), line: Vec::new(), lines: 0, chain: Chain::default() };
    let schema = SCHEMA.to_owned();
    let (seq, hash) = (head.seq, Hex(head.hash));
    out.put(&Header { line: Tag::Header, schema, format: DUMP_FORMAT, seq, hash })?;
    for (name, last) in view.counters()? {
        out.put(&CounterLine { line: Tag::Counter, name, last })?;
    }
    let mut records = 0;
    for kind in Kind::ALL {
        records += kind_of(*kind, view, &mut out)?;
    }
    contents(view, &mut out)?;
    let operations = journal(view, &mut out)?;
    let (lines, sha256) = (out.lines, Hex(out.chain.hash()));
    out.put(&End { line: Tag::End, lines, sha256 })?;
    out.to.flush().map_err(refused)?;
    Ok(Dumped { records, operations, lines: out.lines, head })
}

macro_rules! kinds {
    ($($entity:ident = $name:literal),+ $(,)?) => {
        fn kind_of(kind: Kind, view: &dyn Snapshot, out: &mut Out<'_>) -> Result<u64> {
            match kind {
                $(Kind::$entity => records::<crate::model::$entity>(view, out)),+
            }
        }
    };
}
crate::for_each_entity!(kinds);

/// All records of a kind, in the order of their creation; each reminder with its deliveries behind it.
fn records<E: Rules>(view: &dyn Snapshot, out: &mut Out<'_>) -> Result<u64> {
    let (mut after, mut written) = (None, 0);
    loop {
        let page = E::read(view).all(after, PAGE)?;
        for entry in &page {
            let Entry { record, deletion } = entry;
            let Record { id, version, created_at, created_by, updated_at, updated_by, data } = record;
            out.put(&RecordLine {
                line: Tag::Record,
                kind: E::kind(),
                id: id.uuid(),
                version: *version,
                created_at: *created_at,
                created_by: *created_by,
                updated_at: *updated_at,
                updated_by: *updated_by,
                deletion: *deletion,
                data,
            })?;
            written += 1;
            if E::kind() == Kind::Reminder {
                for delivery in view.deliveries_of(Id::from_uuid(id.uuid()))? {
                    out.put(&DeliveryLine::from(delivery))?;
                }
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.record.id),
            _ => return Ok(written),
        }
    }
}

/// The bytes of attachments, each content once, by its name.
fn contents(view: &dyn Snapshot, out: &mut Out<'_>) -> Result<()> {
    let mut after = None;
    loop {
        let page = view.contents(after.as_ref(), PAGE)?;
        for content in &page {
            let mut place = 0;
            while let Some(bytes) = view.chunk(content, place)? {
                let bytes = STANDARD.encode(bytes);
                out.put(&ChunkLine { line: Tag::Chunk, content: Hex(*content), place, bytes })?;
                place += 1;
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(*last),
            _ => return Ok(()),
        }
    }
}

fn journal(view: &dyn Snapshot, out: &mut Out<'_>) -> Result<u64> {
    // An import's operation has a thousand changes, most have one: a few at a time, and after large ones one.
    const MOST: usize = if cfg!(debug_assertions) { 3 } else { 16 };
    const MANY: usize = 1_000;
    let (mut after, mut written, mut limit) = (0, 0, 1);
    loop {
        let page = view.sealed(after, limit)?;
        let Some(last) = page.last() else { return Ok(written) };
        after = last.operation.seq;
        let changes: usize = page.iter().map(|sealed| sealed.values.len()).sum();
        limit = if changes < MANY { MOST } else { 1 };
        for sealed in page {
            operation(sealed, out)?;
            written += 1;
        }
    }
}

// Taken apart by all names, so that a field that comes anew can't be forgotten here.
fn operation(sealed: Sealed, out: &mut Out<'_>) -> Result<()> {
    let Sealed { operation, hash, values } = sealed;
    let Operation { seq, id, at, actor, command, undoes, import, changes } = operation;
    let (command, hash) = (command.into_owned(), Hex(hash));
    let count = u64::try_from(changes.len()).unwrap_or(u64::MAX);
    out.put(&OperationLine {
        line: Tag::Operation,
        seq,
        id,
        at,
        actor,
        command,
        undoes,
        import,
        hash,
        changes: count,
    })?;
    for (change, values) in changes.into_iter().zip(values) {
        // The values, and whether they were erased, are told by what is sealed.
        let Change { kind, id, change, version, customer, before: _, after: _, erased: _ } = change;
        let SealedValues { before, after, salt, digest } = values;
        let (salt, digest) = (salt.map(Hex), Hex(digest));
        out.put(&ChangeLine {
            line: Tag::Change,
            kind,
            id,
            change,
            version,
            customer,
            before,
            after,
            salt,
            digest,
        })?;
    }
    Ok(())
}

/// Takes lines, counts them and binds them together.
struct Out<'w> {
    to: BufWriter<&'w mut dyn Write>,
    line: Vec<u8>,
    lines: u64,
    chain: Chain,
}

impl Out<'_> {
    fn put(&mut self, line: &impl Serialize) -> Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)
            .map_err(|error| Error::corrupt(format!("a record can't be written as JSON: {error}")))?;
        self.chain.close(&mut self.line);
        self.lines += 1;
        self.to.write_all(&self.line).map_err(refused)
    }
}

fn refused(error: std::io::Error) -> Error {
    Error::Storage { reason: format!("the dump can't be written: {error}"), source: Some(Box::new(error)) }
}
