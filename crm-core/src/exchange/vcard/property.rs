//! One property of a card, read from its line, and its value taken apart.

use super::lines::Logical;
use encoding_rs::{Encoding, WINDOWS_1252};
use std::borrow::Cow;

/// A property of a card as it is in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardProperty {
    /// The line that it begins at, from 1.
    pub line: u64,
    /// The group that it belongs to: `item1`.
    pub group: Option<String>,
    /// Its name, in upper case: `TEL`.
    pub name: String,
    /// Its parameters, the name in upper case; one with several values comes several times. The bare words of vCard 2.1
    /// are values of `TYPE`. How the value is written, `ENCODING` and `CHARSET`, is undone and left out.
    pub parameters: Vec<(String, String)>,
    /// The value with its escapes, since what they mean depends on the property, and without control characters, which
    /// the format forbids. Empty for inline data.
    pub value: String,
    /// How many octets inline data has, such as a photo; they are not kept.
    pub data: Option<u64>,
}

impl CardProperty {
    /// The values of a parameter.
    pub fn parameter<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> + 'p {
        self.parameters.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The types in lower case: `home`, `fax`.
    pub(super) fn types(&self) -> impl Iterator<Item = String> {
        self.parameter("TYPE").flat_map(|types| types.split(',')).map(|word| word.trim().to_ascii_lowercase())
    }

    /// How much it is preferred, 1 most; 101 for what is not.
    pub(super) fn preference(&self) -> u8 {
        let number = self.parameter("PREF").find_map(|number| number.trim().parse().ok());
        let is_preferred = || self.types().any(|word| word == "pref");
        number.map_or_else(|| if is_preferred() { 1 } else { 101 }, |number: u8| number.clamp(1, 100))
    }

    /// One without group and parameters; the value is escaped already.
    pub(super) fn plain(name: &str, value: &str) -> CardProperty {
        CardProperty { name: name.to_owned(), value: value.to_owned(), ..CardProperty::default() }
    }

    /// Says how much it is preferred, or nothing of that.
    pub(super) fn prefer(&mut self, preference: Option<u8>) {
        self.parameters.retain(|(name, value)| {
            name != "PREF" && !(name == "TYPE" && value.trim().eq_ignore_ascii_case("pref"))
        });
        self.parameters.extend(preference.map(|number| ("PREF".to_owned(), number.to_string())));
    }

    /// Whether its parts begin with these; what is missing is empty.
    pub(super) fn begins_with(&self, wanted: &[&str]) -> bool {
        let parts = self.parts();
        let part = |index: usize| parts.get(index).map(String::as_str).unwrap_or_default();
        wanted.iter().enumerate().all(|(index, wanted)| part(index) == *wanted)
    }

    /// The value as a text.
    pub(super) fn text(&self) -> String {
        unescape(&self.value)
    }

    /// The parts between semicolons.
    pub(super) fn parts(&self) -> Vec<String> {
        split(&self.value, ';').map(|part| cleaned(unescape(part))).collect()
    }

    /// The entries between commas.
    pub(super) fn entries(&self) -> Vec<String> {
        let entries = split(&self.value, ',').map(|entry| cleaned(unescape(entry)));
        entries.filter(|entry| !entry.is_empty()).collect()
    }
}

/// As a record keeps it.
pub(super) fn cleaned(mut text: String) -> String {
    crate::value::clean(&mut text);
    // No record takes it.
    text.retain(|c| c != '\0');
    text
}

/// What `\n`, `\,` and the like stand for. A backslash before anything else is one: 2.1 did not escape it.
pub(super) fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n' | 'N')) => {
                chars.next();
                text.push('\n');
            }
            ('\\', Some(&escaped @ (',' | ';' | ':' | '\\' | '"'))) => {
                chars.next();
                text.push(escaped);
            }
            ('\r', Some('\n')) => {}
            ('\r', _) => text.push('\n'),
            (c, _) => text.push(c),
        }
    }
    text
}

/// The value between separators that are not escaped.
pub(super) fn split(value: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    value.split(move |c: char| {
        let is_separator = c == separator && !escaped;
        escaped = c == '\\' && !escaped;
        is_separator
    })
}

/// What was found on a line, and what was odd about it.
pub(super) struct Parsed {
    pub(super) property: CardProperty,
    pub(super) odd: Option<&'static str>,
}

/// Reads a line; `None` when it is no property.
pub(super) fn parse(logical: &Logical, is_2_1: bool) -> Option<Parsed> {
    let colon = header_end(&logical.bytes)?;
    let (head, value) = logical.bytes.split_at(colon);
    let value = value.get(1..).unwrap_or_default();
    let head = decoded(head, None).0;
    let mut words = pieces(&head, ';').into_iter();
    let full_name = words.next()?.trim();
    let (group, name) = match full_name.rsplit_once('.') {
        Some((group, name)) => (Some(group.to_owned()), name),
        None => (None, full_name),
    };
    let is_word = |text: &str| {
        !text.is_empty()
            && text.len() <= 100
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/'))
    };
    if !is_word(name) || group.as_deref().is_some_and(|group| !is_word(group)) {
        return None;
    }
    let mut property =
        CardProperty { line: logical.line, group, name: name.to_ascii_uppercase(), ..Default::default() };
    let (mut encoding, mut charset) = (None, None);
    for piece in words {
        let (key, values) = match piece.split_once('=') {
            Some((key, values)) => {
                let word = key.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>();
                (word.to_ascii_uppercase(), values)
            }
            None => (meaning(piece.trim()).to_owned(), piece),
        };
        for text in pieces(values, ',') {
            let text = text.trim();
            let text = text.strip_prefix('"').map_or(text, |text| text.strip_suffix('"').unwrap_or(text));
            match key.as_str() {
                "ENCODING" => encoding = Some(text.to_ascii_uppercase()),
                "CHARSET" => charset = Some(text.to_owned()),
                _ if text.is_empty() || key.is_empty() => {}
                _ if is_2_1 => property.parameters.push((key.clone(), cleaned(printable(text.to_owned())))),
                _ => property.parameters.push((key.clone(), cleaned(printable(uncaret(text))))),
            }
        }
    }
    let mut odd = logical.torn.then_some("lines belonged to it that were not folded");
    let is_data = matches!(encoding.as_deref(), Some("BASE64" | "B"));
    let starts =
        |start: &str| value.get(..start.len()).is_some_and(|v| v.eq_ignore_ascii_case(start.as_bytes()));
    if is_data || starts("data:") || logical.cut > 0 {
        let octets = value.len() as u64 + logical.cut;
        property.data = Some(if is_data { octets / 4 * 3 } else { octets });
        return Some(Parsed { property, odd });
    }
    let bytes = match encoding.as_deref() {
        Some("QUOTED-PRINTABLE" | "Q") => Cow::Owned(unquoted(value)),
        _ => Cow::Borrowed(value),
    };
    let (text, guessed) = decoded(&bytes, charset.as_deref());
    if guessed {
        odd = Some("its text is neither UTF-8 nor in a character set that it names; read as windows-1252");
    }
    property.value = printable(text.into_owned());
    Some(Parsed { property, odd })
}

/// Without the controls that the format forbids: they could not be written again, and a value of nothing else is none.
fn printable(mut text: String) -> String {
    text.retain(|c| !c.is_ascii_control() || matches!(c, '\t' | '\n' | '\r'));
    text
}

/// Where the value's colon is: outside of quotes, or the first one when the quotes have no end.
fn header_end(line: &[u8]) -> Option<usize> {
    let (mut quoted, mut before) = (false, 0);
    for (index, byte) in line.iter().enumerate() {
        match byte {
            b'"' if quoted || matches!(before, b'=' | b',') => quoted = !quoted,
            b':' if !quoted => return Some(index),
            _ => {}
        }
        before = *byte;
    }
    line.iter().position(|byte| *byte == b':')
}

/// The text between separators that are not in quotes.
fn pieces(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut before) = (false, separator);
    let is_separator = |c: char| {
        if c == '"' && (quoted || before == '=' || before == ',') {
            quoted = !quoted;
        }
        before = c;
        c == separator && !quoted
    };
    text.split(is_separator).collect()
}

/// What a bare word of vCard 2.1 is a value of.
fn meaning(word: &str) -> &'static str {
    match word.to_ascii_uppercase().as_str() {
        "QUOTED-PRINTABLE" | "BASE64" | "7BIT" | "8BIT" | "B" => "ENCODING",
        "INLINE" | "CONTENT-ID" | "CID" => "VALUE",
        _ => "TYPE",
    }
}

/// The escapes of RFC 6868.
fn uncaret(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = match (c, chars.peek()) {
            ('^', Some('n')) => '\n',
            ('^', Some('\'')) => '"',
            ('^', Some('^')) => '^',
            _ => {
                plain.push(c);
                continue;
            }
        };
        chars.next();
        plain.push(escaped);
    }
    plain
}

/// The text, and whether its character set was guessed.
fn decoded<'b>(bytes: &'b [u8], charset: Option<&str>) -> (Cow<'b, str>, bool) {
    let named = charset.and_then(|name| Encoding::for_label(name.trim().as_bytes()));
    match (std::str::from_utf8(bytes), named) {
        // Many name a character set and write UTF-8; few texts of others are UTF-8 by chance, and ISO 2022 is one.
        (Ok(text), named) if named.is_none_or(Encoding::is_ascii_compatible) => (Cow::Borrowed(text), false),
        (_, Some(encoding))
            if encoding.is_ascii_compatible() || !bytes.is_ascii() || bytes.contains(&0x1B) =>
        {
            (encoding.decode_without_bom_handling(bytes).0, false)
        }
        (Ok(text), _) => (Cow::Borrowed(text), false),
        (Err(_), _) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
    }
}

/// Quoted-printable undone; what is no escape stays.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (digit(after.first()), digit(after.get(1))) {
            (Some(high), Some(low)) if *first == b'=' => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = after.get(2..).unwrap_or_default();
            }
            // A soft line break without a line after it.
            _ if *first == b'=' && after.is_empty() => {}
            _ => bytes.push(*first),
        }
    }
    bytes
}
