//! The lines of a vCard file: bytes of any kind and length become logical lines, with what programs do to them undone.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};
use std::io::{BufRead, BufReader, Chain, Cursor, ErrorKind, Read, Result};

/// Of a longer line, such as a photo, only the length is told.
const LONGEST: usize = 1024 * 1024;

/// One property, or the begin or end of a card, in one piece.
pub(super) struct Logical {
    /// The number of its first line, from 1.
    pub(super) line: u64,
    /// As it is in the file, but without folds and soft line breaks.
    pub(super) bytes: Vec<u8>,
    /// How many octets were left out because there were too many.
    pub(super) cut: u64,
    /// A line of the file belonged to it without being folded.
    pub(super) torn: bool,
    /// How its value is written; nothing is known before its colon.
    written: Written,
}

/// How a value is written.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Written {
    #[default]
    Unknown,
    Plain,
    QuotedPrintable,
    Base64,
}

impl Logical {
    pub(super) fn new(line: u64, bytes: &[u8]) -> Logical {
        let mut logical = Logical { line, bytes: Vec::new(), cut: 0, torn: false, written: Written::Unknown };
        logical.append(bytes);
        logical
    }

    fn append(&mut self, bytes: &[u8]) {
        let start = self.bytes.len();
        let space = LONGEST.saturating_sub(self.bytes.len());
        let (kept, cut) = bytes.split_at(space.min(bytes.len()));
        self.bytes.extend_from_slice(kept);
        self.cut += cut.len() as u64;
        self.look_for_colon(start);
    }

    /// Looks at what stands before the colon, once: a line may consist of a great many that belong to it.
    fn look_for_colon(&mut self, start: usize) {
        if self.written != Written::Unknown {
            return;
        }
        let rest = self.bytes.get(start..).unwrap_or_default();
        let Some(colon) = rest.iter().position(|byte| *byte == b':') else { return };
        let header = self.bytes.get(..start + colon).unwrap_or_default();
        let has = |words: &[&str]| {
            let is_one = |part: &[u8]| words.iter().any(|word| part.eq_ignore_ascii_case(word.as_bytes()));
            header.split(|byte| matches!(byte, b';' | b'=')).any(is_one)
        };
        self.written = match () {
            () if has(&["QUOTED-PRINTABLE"]) => Written::QuotedPrintable,
            () if has(&["BASE64", "B"]) => Written::Base64,
            () => Written::Plain,
        };
    }

    /// Whether it ends with a soft line break.
    fn goes_on(&self) -> bool {
        self.written == Written::QuotedPrintable && self.bytes.ends_with(b"=")
    }
}

/// `BEGIN` or `END` of a card.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Begin,
    End,
}

/// Whether the line begins or ends a card, whatever its case and its group.
pub(super) fn bound(line: &[u8]) -> Option<Bound> {
    let line = line.trim_ascii();
    if line.len() > 200 {
        return None;
    }
    let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':')?);
    if !value.get(1..)?.trim_ascii().eq_ignore_ascii_case(b"VCARD") {
        return None;
    }
    let name = name.rsplit(|byte| *byte == b'.').next()?.trim_ascii();
    match name {
        name if name.eq_ignore_ascii_case(b"BEGIN") => Some(Bound::Begin),
        name if name.eq_ignore_ascii_case(b"END") => Some(Bound::End),
        _ => None,
    }
}

/// Whether a line without a colon looks like the beginning of a property, which is folded before its colon: it has a
/// name and a parameter, or is so long that it was folded within one of these words.
fn begins_property(line: &[u8]) -> bool {
    // Lines have 75 octets at most, and few write much shorter ones.
    const LONG: usize = 60;
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    let cut = |text: &'_ [u8]| text.iter().take_while(|byte| is_word(byte)).count();
    let (word, mut rest) = line.split_at(cut(line));
    if let Some((b'.', after_group)) = rest.split_first() {
        rest = after_group.get(cut(after_group)..).unwrap_or_default();
    }
    match rest.split_first() {
        _ if word.is_empty() => false,
        Some((b';', parameter)) => match parameter.get(cut(parameter)) {
            Some(next) => *next == b'=',
            None => line.len() >= LONG,
        },
        Some(_) => false,
        None => line.len() >= LONG,
    }
}

/// Puts lines together again.
pub(super) struct Lines<R> {
    physical: Physical<R>,
    /// The line in `physical` was read, and begins another logical line.
    held: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Lines { physical: Physical::new(reader), held: false }
    }

    /// The next one that is not blank.
    pub(super) fn next(&mut self) -> Result<Option<Logical>> {
        while !std::mem::take(&mut self.held) || self.physical.is_blank() {
            if !self.physical.read()? {
                return Ok(None);
            }
            self.held = !self.physical.is_blank();
        }
        let mut logical = Logical::new(self.physical.number, &self.physical.bytes);
        logical.cut += self.physical.cut;
        if bound(&logical.bytes).is_some() {
            return Ok(Some(logical));
        }
        while self.physical.read()? {
            let is_folded = matches!(self.physical.bytes.first(), Some(b' ' | b'\t'));
            if !is_folded && bound(&self.physical.bytes).is_some() {
                // Even inside of a soft line break: the next card must not be swallowed. A text that says so and was
                // folded just there is none.
                self.held = true;
                break;
            }
            let is_next = begins_property(&self.physical.bytes) && self.physical.goes_on()?;
            let line = self.physical.bytes.as_slice();
            if logical.cut == 0 && logical.goes_on() {
                logical.bytes.pop();
                logical.append(line);
            } else if let Some((b' ' | b'\t', rest)) = line.split_first() {
                logical.append(rest);
            } else if self.physical.is_blank() {
                break;
            } else if line.starts_with(b"#") {
                // A comment. No standard has them, files do.
                continue;
            } else if !line.contains(&b':') && !is_next {
                logical.torn = true;
                // Nothing is added to what is too long already.
                if logical.cut == 0 && logical.written != Written::Base64 {
                    let slashes = logical.bytes.iter().rev().take_while(|byte| **byte == b'\\').count();
                    logical.append(if slashes % 2 == 1 { b"n" } else { b"\\n" });
                }
                logical.append(line);
            } else {
                self.held = true;
                break;
            }
            logical.cut += self.physical.cut;
        }
        Ok(Some(logical))
    }
}

/// The lines as they are in the file, whatever ends them.
struct Physical<R> {
    source: BufReader<Source<R>>,
    bytes: Vec<u8>,
    cut: u64,
    number: u64,
    after_return: bool,
}

impl<R: Read> Physical<R> {
    fn new(reader: R) -> Self {
        let source = BufReader::new(Source::Unknown(reader));
        Physical { source, bytes: Vec::new(), cut: 0, number: 0, after_return: false }
    }

    fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// Whether the line after this one is folded.
    fn goes_on(&mut self) -> Result<bool> {
        loop {
            let next = match self.source.fill_buf() {
                Ok(available) => available.first().copied(),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if next.is_some() && std::mem::take(&mut self.after_return) && next == Some(b'\n') {
                self.source.consume(1);
                continue;
            }
            return Ok(matches!(next, Some(b' ' | b'\t')));
        }
    }

    /// Reads a line into `bytes`; false at the end of the file.
    fn read(&mut self) -> Result<bool> {
        self.bytes.clear();
        self.cut = 0;
        let mut is_line = false;
        loop {
            let available = match self.source.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                self.number += u64::from(is_line);
                return Ok(is_line);
            }
            if std::mem::take(&mut self.after_return) && available.first() == Some(&b'\n') {
                self.source.consume(1);
                continue;
            }
            is_line = true;
            let end = available.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let space = LONGEST.saturating_sub(self.bytes.len());
            let (kept, cut) = part.split_at(space.min(part.len()));
            self.bytes.extend_from_slice(kept);
            self.cut += cut.len() as u64;
            let by_return = end.map(|end| available.get(end) == Some(&b'\r'));
            let used = part.len() + usize::from(end.is_some());
            self.source.consume(used);
            if let Some(by_return) = by_return {
                self.after_return = by_return;
                self.number += 1;
                return Ok(true);
            }
        }
    }
}

/// The bytes, in UTF-8 when the file is in UTF-16; other encodings are a matter of each property.
enum Source<R> {
    Unknown(R),
    Plain(Chain<Cursor<Vec<u8>>, R>),
    Utf16(Box<Transcoded<Chain<Cursor<Vec<u8>>, R>>>),
    Empty,
}

impl<R: Read> Source<R> {
    /// Looks at the first bytes.
    fn known(mut reader: R) -> Result<Self> {
        let mut head = Vec::with_capacity(3);
        reader.by_ref().take(3).read_to_end(&mut head)?;
        let encoding: Option<&'static Encoding> = match head.as_slice() {
            // With their marks, or a "B" of two bytes.
            [0xFF, 0xFE, ..] | [b'B' | b'b', 0, ..] => Some(UTF_16LE),
            [0xFE, 0xFF, ..] | [0, b'B' | b'b', ..] => Some(UTF_16BE),
            _ => None,
        };
        if encoding.is_none() && head == [0xEF, 0xBB, 0xBF] {
            head.clear();
        }
        let bytes = Cursor::new(head).chain(reader);
        Ok(match encoding {
            None => Source::Plain(bytes),
            Some(encoding) => Source::Utf16(Box::new(Transcoded::new(bytes, encoding))),
        })
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if let Source::Unknown(_) = self
            && let Source::Unknown(reader) = std::mem::replace(self, Source::Empty)
        {
            *self = Source::known(reader)?;
        }
        match self {
            Source::Plain(reader) => reader.read(buffer),
            Source::Utf16(reader) => reader.read(buffer),
            Source::Unknown(_) | Source::Empty => Ok(0),
        }
    }
}

struct Transcoded<R> {
    reader: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// Of `input`, what was not decoded yet.
    rest: std::ops::Range<usize>,
    at_end: bool,
    done: bool,
    output: Vec<u8>,
    given: usize,
}

impl<R: Read> Transcoded<R> {
    fn new(reader: R, encoding: &'static Encoding) -> Self {
        Transcoded {
            reader,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: vec![0; 8 * 1024],
            rest: 0..0,
            at_end: false,
            done: false,
            output: Vec::new(),
            given: 0,
        }
    }

    fn refill(&mut self) -> Result<()> {
        const AT_A_TIME: usize = 8 * 1024;
        if self.rest.is_empty() && !self.at_end {
            let read = self.reader.read(&mut self.input)?;
            self.at_end = read == 0;
            self.rest = 0..read;
        }
        self.output.resize(AT_A_TIME, 0);
        let input = self.input.get(self.rest.clone()).unwrap_or_default();
        let (result, read, written, _) = self.decoder.decode_to_utf8(input, &mut self.output, self.at_end);
        self.rest.start += read;
        self.output.truncate(written);
        self.given = 0;
        self.done = self.at_end && result == CoderResult::InputEmpty;
        Ok(())
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.given == self.output.len() && !self.done {
            self.refill()?;
        }
        let ready = self.output.get(self.given..).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        let (taken, _) = ready.split_at(count);
        if let Some(place) = buffer.get_mut(..count) {
            place.copy_from_slice(taken);
        }
        self.given += count;
        Ok(count)
    }
}
