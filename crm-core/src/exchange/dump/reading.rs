//! Reading the lines of a dump one by one.

use super::chain::Chain;
use super::lines::{End, Header, SCHEMA, Tag};
use super::{DUMP_FORMAT, wrong};
use crate::error::{Error, Result};
use crate::model::Kind;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Read};

/// What is looked at of any line first.
#[derive(Deserialize)]
struct AnyLine {
    line: Tag,
    kind: Option<Kind>,
}

/// What is looked at of the first line before its format is known.
#[derive(Deserialize)]
struct AnyHeader {
    line: Tag,
    schema: String,
    format: u32,
}

/// The lines of a dump from the first to the last.
pub(super) struct Lines<'r> {
    from: BufReader<&'r mut dyn Read>,
    text: Vec<u8>,
    /// The number of the line that was read last.
    number: u64,
    /// Of everything up to the line that was read last.
    chain: Chain,
    /// The hash of everything before it.
    before: [u8; 32],
}

impl<'r> Lines<'r> {
    pub(super) fn new(from: &'r mut dyn Read) -> Self {
        let from = BufReader::new(from);
        Lines { from, text: Vec::new(), number: 0, chain: Chain::default(), before: [0; 32] }
    }

    /// The first line, which says whether this is a dump that this release knows.
    pub(super) fn header(&mut self) -> Result<Header> {
        // What is no dump may have no end of a line at all.
        const LONGEST: u64 = 64 * 1024;
        self.read(LONGEST)?;
        let no_dump = |reason: &str| Error::NotAStore { reason: reason.to_owned() };
        let header: AnyHeader = serde_json::from_slice(&self.text)
            .map_err(|_| no_dump("the first line is not that of a dump"))?;
        if header.line != Tag::Header || header.schema != SCHEMA {
            return Err(no_dump("the first line is not that of a dump of this library"));
        }
        if header.format > DUMP_FORMAT {
            return Err(Error::TooNew { found: header.format, supported: DUMP_FORMAT });
        }
        if header.format != DUMP_FORMAT {
            return Err(self.wrong("syntax", "there never was such a format"));
        }
        self.prove()?;
        self.parse()
    }

    /// Goes to the next line and says what it is, and of which kind.
    pub(super) fn next(&mut self) -> Result<(Tag, Option<Kind>)> {
        // Far more than a record can hold, so that what has no line ends does not fill the memory.
        const LONGEST: u64 = 256 * 1024 * 1024;
        self.before = self.chain.hash();
        self.read(LONGEST)?;
        self.prove()?;
        let AnyLine { line, kind } = self.parse()?;
        Ok((line, kind))
    }

    /// Proves the last line, which is the current one, and that nothing follows.
    pub(super) fn end(&mut self) -> Result<()> {
        let end: End = self.parse()?;
        if end.lines != self.number - 1 || end.sha256.0 != self.before {
            return Err(self.wrong("altered", "the lines before are not those that were written"));
        }
        let mut more = [0];
        match self.from.read(&mut more).map_err(unreadable)? {
            0 => Ok(()),
            _ => Err(wrong(self.number + 1, "altered", "something follows the last line")),
        }
    }

    /// The current line as what it is said to be.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.text).map_err(|error| self.wrong("syntax", error.to_string()))
    }

    /// What is wrong with the current line.
    pub(super) fn wrong(&self, rule: &'static str, reason: impl Into<String>) -> Error {
        wrong(self.number, rule, reason)
    }

    fn read(&mut self, longest: u64) -> Result<()> {
        self.text.clear();
        self.number += 1;
        (&mut self.from).take(longest).read_until(b'\n', &mut self.text).map_err(unreadable)?;
        Ok(())
    }

    /// That the current line is whole, and the one that was written behind those before it.
    fn prove(&mut self) -> Result<()> {
        if self.text.last() != Some(&b'\n') {
            return Err(self.wrong("truncated", "the dump ends here, before its last line"));
        }
        if !self.chain.open(&mut self.text) {
            return Err(self.wrong("altered", "the line is not the one that was written here"));
        }
        Ok(())
    }
}

fn unreadable(error: std::io::Error) -> Error {
    Error::Storage { reason: format!("the dump can't be read: {error}"), source: Some(Box::new(error)) }
}
