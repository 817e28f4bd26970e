//! The rows of a delimited text: streaming, and never more than one row lost to a stray quote.

use super::text::{LONGEST_ROW, Lines};
use crate::error::{Error, Result};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::Read;

/// How the text of a file is laid out. Everything has a default.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Layout {
    /// The encoding by its name in the WHATWG standard: `utf-8`, `utf-16le`, `windows-1252`, `iso-8859-1`, `macintosh` … When absent
    /// a byte-order mark tells it, or the bytes themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What stands between cells, one ASCII character; a comma when nothing is said.
    pub delimiter: char,
    /// What stands around cells with delimiters and line ends in them, one ASCII character; `None` when nothing does.
    pub quote: Option<char>,
    /// Whether the first row has the names of the columns. Otherwise they are called `1`, `2`, `3` …
    pub header: bool,
}

impl Default for Layout {
    /// Commas, double quotes and a header.
    fn default() -> Self {
        Layout { encoding: None, delimiter: ',', quote: Some('"'), header: true }
    }
}

/// One row of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    /// What it is.
    pub state: RowState,
    text: String,
    ends: Vec<usize>,
}

/// What a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowState {
    /// It has cells with something in them.
    #[default]
    Filled,
    /// An empty line, or nothing but empty cells.
    Blank,
    /// A quote is opened in it and not closed as it should be. Its one cell is the line; the next row is the next line.
    StrayQuote,
}

impl Row {
    /// The cell with this index; empty when the row is shorter.
    pub fn cell(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        match (start, self.ends.get(index)) {
            (Some(start), Some(end)) => self.text.get(start..*end).unwrap_or_default(),
            _ => "",
        }
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no cells.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All cells in their order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.cell(index))
    }
}

/// Reads a delimited text row by row. Nothing is held but the row.
///
/// ```
/// use crm_core::exchange::import::{Layout, Rows};
/// let mut rows = Rows::open("name,size\nTV,27\" wide\n".as_bytes(), &Layout::default())?;
/// assert_eq!(rows.header(), ["name", "size"]);
/// let row = rows.read()?.unwrap();
/// assert_eq!((row.line, row.cell(1)), (2, "27\" wide"));
/// # Ok::<(), crm_core::Error>(())
/// ```
pub struct Rows<R> {
    lines: Lines<R>,
    /// Lines that were read as a part of a row that was none.
    again: VecDeque<String>,
    core: Reader,
    quote: Option<u8>,
    delimiter: u8,
    header: Vec<String>,
    width: usize,
    line: u64,
    current: String,
    output: Vec<u8>,
    ends: Vec<usize>,
    row: Row,
    first: bool,
}

impl<R> std::fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("header", &self.header).field("line", &self.line).finish_non_exhaustive()
    }
}

impl<R: Read> Rows<R> {
    /// Opens a text and reads its header.
    ///
    /// # Errors
    /// `invalid` for a layout that can't be, an unknown encoding (`encoding`), UTF-32 (`encoding`, `utf_32`); (`file`, `unreadable`) when
    /// the reader fails.
    pub fn open(source: R, layout: &Layout) -> Result<Self> {
        let delimiter = ascii("delimiter", layout.delimiter)?;
        let quote = layout.quote.map(|quote| ascii("quote", quote)).transpose()?;
        if quote == Some(delimiter) {
            return Err(Error::invalid("quote", "syntax", "the quote and the delimiter must differ"));
        }
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).quoting(quote.is_some()).quote(quote.unwrap_or(b'"'));
        let mut rows = Rows {
            lines: Lines::open(source, layout.encoding.as_deref())?,
            again: VecDeque::new(),
            core: builder.build(),
            quote,
            delimiter,
            header: Vec::new(),
            width: 0,
            line: 0,
            current: String::new(),
            output: vec![0; 1024],
            ends: vec![0; 64],
            row: Row::default(),
            first: false,
        };
        rows.read_header(layout.header)?;
        Ok(rows)
    }

    fn read_header(&mut self, named: bool) -> Result<()> {
        loop {
            if !self.advance()? {
                return Ok(());
            }
            if self.row.state != RowState::Blank {
                break;
            }
        }
        self.width = self.row.len();
        if named {
            self.header = names(self.row.cells());
        } else {
            self.header = (1..=self.width).map(|number| number.to_string()).collect();
            self.first = true;
        }
        Ok(())
    }

    /// The names of the columns, all different. The second one of a name is called `name#2`, or by the next number when
    /// another column has that name.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The encoding of the file by its name in the WHATWG standard.
    pub fn encoding(&self) -> &'static str {
        self.lines.encoding()
    }

    /// Whether the file begins with a byte-order mark.
    pub fn has_mark(&self) -> bool {
        self.lines.marked()
    }

    /// The next row, blank ones too; `None` at the end.
    ///
    /// # Errors
    /// `invalid` (`encoding`, `malformed`) for bytes that the encoding does not have, (`file`, `too_long`) for a line or a
    /// cell of more than 4 MiB, (`file`, `unreadable`) when the reader fails.
    pub fn read(&mut self) -> Result<Option<&Row>> {
        if std::mem::take(&mut self.first) || self.advance()? {
            return Ok(Some(&self.row));
        }
        Ok(None)
    }

    fn advance(&mut self) -> Result<bool> {
        let mut line = std::mem::take(&mut self.current);
        let more = self.next_line(&mut line)?;
        self.current = line;
        if !more {
            return Ok(false);
        }
        self.row.line = self.line;
        if self.current.trim_end_matches(['\n', '\r']).is_empty() {
            self.row.state = RowState::Blank;
            self.row.text.clear();
            self.row.ends.clear();
            return Ok(true);
        }
        let (mut written, mut ended) = (0, 0);
        if self.feed(0, &mut written, &mut ended) {
            self.take(written, ended, RowState::Filled)?;
            return Ok(true);
        }
        self.read_on(written, ended)?;
        Ok(true)
    }

    /// Reads a row that goes on over several lines.
    fn read_on(&mut self, mut written: usize, mut ended: usize) -> Result<()> {
        let mut lengths = vec![self.current.len()];
        let mut line = String::new();
        loop {
            let start = self.current.len();
            if start > LONGEST_ROW && !self.holds_rows(&lengths) {
                let reason = format!(
                    "line {}: the cell that begins with a quote here is longer than {LONGEST_ROW} bytes, or its quote is none",
                    self.row.line
                );
                return Err(Error::invalid("file", "too_long", reason));
            }
            let whole = start <= LONGEST_ROW && self.next_line(&mut line)? && {
                self.current.push_str(&line);
                lengths.push(line.len());
                self.feed(start, &mut written, &mut ended)
            };
            if whole {
                // A row of another width whose quotes are in their places has a cell too few or too many, unless the lines that
                // it would take in are rows themselves.
                let fits = self.width == 0 || ended == self.width || !self.holds_rows(&lengths);
                if fits && self.quotes_hold() {
                    return self.take(written, ended, RowState::Filled);
                }
                break;
            }
            // The cell that the quote is in is one too many already: what follows need not be read to know that the row is
            // none, and would be read once more for every line that has such a quote.
            let too_many = self.width > 0 && ended >= self.width;
            if self.current.len() == start || too_many {
                break;
            }
        }
        // The quote is no beginning of a cell: the first line is told, and the others are read again.
        self.core.reset();
        let mut at = 0;
        let mut lines = lengths.into_iter().map(|length| {
            let line = self.current.get(at..at + length).unwrap_or_default().to_owned();
            at += length;
            line
        });
        let first = lines.next().unwrap_or_default();
        let others: Vec<String> = lines.collect();
        self.line -= u64::try_from(others.len()).unwrap_or(0);
        others.into_iter().rev().for_each(|line| self.again.push_front(line));
        self.row.state = RowState::StrayQuote;
        self.row.text.clear();
        self.row.text.push_str(first.trim_end_matches(['\n', '\r']));
        self.row.ends = vec![self.row.text.len()];
        Ok(())
    }

    /// Whether the lines after a quote look like rows, so that the quote is a stray one and they are no text of a cell.
    fn holds_rows(&self, lengths: &[usize]) -> bool {
        const LINES: usize = 1_000;
        let first = lengths.first().copied().unwrap_or_default();
        let rest = self.current.get(first..).unwrap_or_default();
        let delimiters = |line: &str| line.bytes().filter(|byte| *byte == self.delimiter).count();
        let lines = rest.lines().take(LINES).filter(|line| !line.trim().is_empty());
        let (rows, all) = lines.fold((0, 0), |(rows, all), line| {
            (rows + usize::from(delimiters(line) + 1 == self.width), all + 1)
        });
        self.width > 1 && rows * 2 > all
    }

    /// Every line ends, also the last one.
    fn next_line(&mut self, line: &mut String) -> Result<bool> {
        match self.again.pop_front() {
            Some(known) => *line = known,
            None if !self.lines.next(line)? => return Ok(false),
            None => {}
        }
        if !line.ends_with(['\n', '\r']) {
            line.push('\n');
        }
        self.line += 1;
        Ok(true)
    }

    /// Gives the reader what was added to the row; whether it is whole.
    fn feed(&mut self, start: usize, written: &mut usize, ended: &mut usize) -> bool {
        let mut input = self.current.as_bytes().get(start..).unwrap_or_default();
        loop {
            let output = self.output.get_mut(*written..).unwrap_or_default();
            let ends = self.ends.get_mut(*ended..).unwrap_or_default();
            let (result, read, wrote, ends) = self.core.read_record(input, output, ends);
            input = input.get(read..).unwrap_or_default();
            *written += wrote;
            *ended += ends;
            match result {
                ReadRecordResult::InputEmpty => return false,
                ReadRecordResult::OutputFull => self.output.resize(self.output.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => return true,
            }
        }
    }

    fn take(&mut self, written: usize, ended: usize, state: RowState) -> Result<()> {
        let bytes = self.output.get(..written).unwrap_or_default();
        let text = std::str::from_utf8(bytes).map_err(|error| Error::corrupt(error.to_string()))?;
        self.row.text.clear();
        self.row.text.push_str(text);
        self.row.ends.clear();
        self.row.ends.extend_from_slice(self.ends.get(..ended).unwrap_or_default());
        self.row.state = match self.row.text.trim().is_empty() {
            true => RowState::Blank,
            false => state,
        };
        Ok(())
    }

    /// Whether every quote that closes a cell stands at its end.
    fn quotes_hold(&self) -> bool {
        let Some(quote) = self.quote else { return true };
        let mut bytes = self.current.bytes().peekable();
        let (mut fresh, mut inside) = (true, false);
        while let Some(byte) = bytes.next() {
            if inside && byte == quote {
                match bytes.peek() {
                    Some(next) if *next == quote => {
                        bytes.next();
                    }
                    Some(next) if ![self.delimiter, b'\n', b'\r'].contains(next) => return false,
                    _ => inside = false,
                }
            } else if !inside {
                inside = fresh && byte == quote;
                fresh = byte == self.delimiter;
            }
        }
        !inside
    }
}

/// The names in a header, those that come again told apart from the first.
/// Names of columns, all different.
pub(super) fn names<'c>(cells: impl Iterator<Item = &'c str>) -> Vec<String> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut taken = HashSet::new();
    let mut names = Vec::new();
    for cell in cells {
        let cell = cell.trim();
        let number = numbers.entry(cell).or_insert(1);
        let mut name = cell.to_owned();
        while !taken.insert(name.clone()) {
            *number += 1;
            name = format!("{cell}#{number}");
        }
        names.push(name);
    }
    names
}

fn ascii(what: &str, character: char) -> Result<u8> {
    let byte = u8::try_from(character).ok().filter(|byte| byte.is_ascii() && !b"\n\r".contains(byte));
    byte.ok_or_else(|| Error::invalid(what, "syntax", format!("{character:?} can't stand as a {what}")))
}
