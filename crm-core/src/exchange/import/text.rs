//! From the bytes of a file to its text, line by line: encodings and byte-order marks.

use crate::error::{Error, Result};
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::Read;

/// How many bytes are looked at to find out the encoding, and read at a time.
const BLOCK: usize = 64 * 1024;

/// The longest row of a file in bytes. Real ones are a thousand times shorter; a longer one is a file that is no table.
pub(super) const LONGEST_ROW: usize = 4 * 1024 * 1024;

/// Reads a text of any encoding line by line.
pub(super) struct Lines<R> {
    source: R,
    encoding: &'static Encoding,
    marked: bool,
    decoder: encoding_rs::Decoder,
    /// What was read and not decoded yet.
    bytes: Vec<u8>,
    text: String,
    at: usize,
    done: bool,
    line: u64,
}

impl<R: Read> Lines<R> {
    /// `declared` is a name of the WHATWG encoding standard; without one a mark or the bytes themselves tell it. A mark is never
    /// a part of the text.
    pub(super) fn open(mut source: R, declared: Option<&str>) -> Result<Self> {
        let mut bytes = Vec::new();
        read_block(&mut source, &mut bytes)?;
        let declared = declared.map(encoding_named).transpose()?;
        refuse_utf_32(&bytes)?;
        let (encoding, mark) = match (Encoding::for_bom(&bytes), declared) {
            // The mark of another encoding than the declared one is text.
            (Some((marked, _)), Some(declared)) if marked != declared => (declared, 0),
            (Some((marked, length)), _) => (marked, length),
            (None, Some(declared)) => (declared, 0),
            (None, None) => (guess(&bytes), 0),
        };
        bytes.drain(..mark);
        let decoder = encoding.new_decoder_without_bom_handling();
        let (text, at, done, line) = (String::new(), 0, false, 0);
        Ok(Lines { source, encoding, marked: mark > 0, decoder, bytes, text, at, done, line })
    }

    /// The name of the encoding.
    pub(super) fn encoding(&self) -> &'static str {
        self.encoding.name()
    }

    /// Whether the file begins with a byte-order mark.
    pub(super) fn marked(&self) -> bool {
        self.marked
    }

    /// Puts the next line with its end into `line`; `false` when there is none.
    pub(super) fn next(&mut self, line: &mut String) -> Result<bool> {
        line.clear();
        let mut searched = self.at;
        loop {
            let found = self.text[searched..].find(['\n', '\r']).map(|found| searched + found);
            let end = match found {
                // Whether a line feed follows is seen in the next block.
                Some(end)
                    if self.text[end..].starts_with('\r') && end + 1 == self.text.len() && !self.done =>
                {
                    None
                }
                Some(end) if self.text[end..].starts_with("\r\n") => Some(end + 2),
                Some(end) => Some(end + 1),
                None if self.done => Some(self.text.len()),
                None => None,
            };
            if let Some(end) = end {
                let rest = &self.text[self.at..end];
                if rest.is_empty() {
                    return Ok(false);
                }
                line.push_str(rest);
                self.at = end;
                self.line += 1;
                return Ok(true);
            }
            self.text.drain(..self.at);
            searched = found.unwrap_or(self.text.len() + self.at) - self.at;
            self.at = 0;
            if self.text.len() > LONGEST_ROW {
                let reason = format!("line {} is longer than {LONGEST_ROW} bytes", self.line + 1);
                return Err(Error::invalid("file", "too_long", reason));
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<()> {
        if self.bytes.is_empty() {
            read_block(&mut self.source, &mut self.bytes)?;
        }
        let last = self.bytes.is_empty();
        let needed = self.decoder.max_utf8_buffer_length_without_replacement(self.bytes.len());
        self.text.reserve(needed.unwrap_or(BLOCK));
        let (result, read) =
            self.decoder.decode_to_string_without_replacement(&self.bytes, &mut self.text, last);
        self.bytes.drain(..read);
        match result {
            DecoderResult::Malformed(..) => {
                let ends = self.text[self.at..].matches('\n').count();
                let line = self.line + 1 + u64::try_from(ends).unwrap_or(0);
                let name = self.encoding.name();
                let reason =
                    format!("line {line} holds bytes that are no {name}: declare the file's encoding");
                Err(Error::invalid("encoding", "malformed", reason))
            }
            DecoderResult::InputEmpty => {
                self.done = last;
                Ok(())
            }
            DecoderResult::OutputFull => Ok(()),
        }
    }
}

/// Adds up to a block of bytes; none at the end.
fn read_block(source: &mut impl Read, bytes: &mut Vec<u8>) -> Result<()> {
    let wanted = u64::try_from(BLOCK).unwrap_or(u64::MAX);
    source.take(wanted).read_to_end(bytes).map(drop).map_err(from_io)
}

/// Of a reader: the file is at fault, and not the store.
pub(super) fn from_io(error: std::io::Error) -> Error {
    Error::invalid("file", "unreadable", error.to_string())
}

/// The encoding with this name: `utf-8`, `utf-16le`, `windows-1252`, `iso-8859-1`, `macintosh` …
pub(super) fn encoding_named(name: &str) -> Result<&'static Encoding> {
    let label = name.trim().to_lowercase().replace([' ', '_'], "-");
    let label = match label.as_str() {
        "mac-roman" | "macroman" => "macintosh",
        "cp1252" => "windows-1252",
        label => label,
    };
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        Error::invalid(
            "encoding",
            "unknown",
            format!("there is no encoding {name:?}; see the WHATWG standard"),
        )
    })
}

/// Texts of four bytes a character are not read: no program that people export from writes them.
fn refuse_utf_32(bytes: &[u8]) -> Result<()> {
    let marked = matches!(bytes, [0xfe, 0xff, ..] | [0xff, 0xfe, ..]);
    let units = bytes.get(2..).unwrap_or_default().chunks_exact(2).take(16);
    let wide = marked && units.filter(|unit| *unit == [0, 0]).count() > 0;
    if wide || bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        let reason = "the file looks like UTF-32, which is not read: save it as UTF-8";
        return Err(Error::invalid("encoding", "utf_32", reason));
    }
    Ok(())
}

/// What the bytes look like without a mark.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let zeros = |odd: usize| bytes.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), bytes.len() / 2);
    match std::str::from_utf8(bytes) {
        _ if odd > half / 3 && even == 0 => UTF_16LE,
        _ if even > half / 3 && odd == 0 => UTF_16BE,
        Ok(_) => UTF_8,
        // The block may end inside a character.
        Err(error) if error.error_len().is_none() => UTF_8,
        Err(_) => {
            let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            detector.guess(None, chardetng::Utf8Detection::Deny)
        }
    }
}
