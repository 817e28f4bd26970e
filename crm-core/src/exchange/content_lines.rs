//! Content lines, of which vCard and iCalendar files consist: escaped, and folded at 75 octets.

use crate::error::{Error, Result};
use crate::value::Timestamp;
use std::io::Write;

/// Writes content lines.
pub(super) struct LineWriter<W> {
    out: W,
    line: String,
}

impl<W: Write> LineWriter<W> {
    pub(super) fn new(out: W) -> Self {
        LineWriter { out, line: String::new() }
    }

    /// Writes a line, ended by CRLF. What is longer than 75 octets goes on in the next line, after a space; a character
    /// is never torn apart. A line break inside, which would begin another property, is written as its escape.
    pub(super) fn line(&mut self, text: &str) -> Result<()> {
        const LONGEST: usize = 75;
        self.line.clear();
        let mut length = 0;
        let mut buffer = [0; 4];
        for c in text.chars() {
            let piece: &str = match c {
                '\n' => "\\n",
                // Both formats forbid controls other than the tab.
                c if c.is_ascii_control() && c != '\t' => continue,
                c => c.encode_utf8(&mut buffer),
            };
            if length + piece.len() > LONGEST {
                self.line.push_str("\r\n ");
                length = 1;
            }
            self.line.push_str(piece);
            length += piece.len();
        }
        self.line.push_str("\r\n");
        self.out.write_all(self.line.as_bytes()).map_err(failed)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.out.flush().map_err(failed)
    }
}

/// A moment: RFC 5545, section 3.3.5; RFC 6350, section 4.3.5.
pub(super) fn utc(moment: Timestamp) -> String {
    moment.format("%Y%m%dT%H%M%SZ").to_string()
}

/// The reader or writer that was passed in failed.
pub(super) fn failed(error: std::io::Error) -> Error {
    Error::Storage { reason: error.to_string(), source: Some(Box::new(error)) }
}

/// A text as a value: RFC 5545, section 3.3.11; RFC 6350, section 3.4.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' | ',' | ';' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\r' => {
                chars.next_if_eq(&'\n');
                escaped.push_str("\\n");
            }
            '\n' => escaped.push_str("\\n"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The value of a parameter: in quotes when it needs them, with the escapes of RFC 6868.
pub(super) fn parameter(text: &str) -> String {
    let mut value = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '^' => value.push_str("^^"),
            '"' => value.push_str("^'"),
            '\n' => value.push_str("^n"),
            c if c.is_ascii_control() => {}
            c => value.push(c),
        }
    }
    match value.contains([',', ';', ':']) || value.is_empty() {
        true => format!("\"{value}\""),
        false => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_characters() {
        let text = format!("NOTE:{}", "é€𝄞x".repeat(60));
        let mut out = Vec::new();
        LineWriter::new(&mut out).line(&text).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert!(written.ends_with("\r\n"));
        let lines: Vec<_> = written.trim_end().split("\r\n").collect();
        assert!(lines.len() > 8 && lines.iter().all(|line| line.len() <= 75));
        assert!(lines[1..].iter().all(|line| line.starts_with(' ')));
        assert_eq!(written.trim_end().replace("\r\n ", ""), text);
    }

    #[test]
    fn a_value_can_not_begin_another_property() {
        assert_eq!(escape("a;b,c\\d\r\nEND:VCARD\re"), "a\\;b\\,c\\\\d\\nEND:VCARD\\ne");
        assert_eq!(parameter("a:\"b\"^\n"), "\"a:^'b^'^^^n\"");
        let mut out = Vec::new();
        LineWriter::new(&mut out).line("X-A:1\nEND:VCARD\u{7}").unwrap();
        assert_eq!(out, b"X-A:1\\nEND:VCARD\r\n");
    }
}
