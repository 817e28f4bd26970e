//! The words of a record that search finds.

use super::fold;

/// Collects the searchable words of a record: folded, separated by one space each.
///
/// A word with punctuation inside is kept whole and in its parts, so that `O'Brien` is found as `o'brien`, `brien`
/// and `o`, and `C#` as `c#`; one with an apostrophe also without it, as `obrien`.
#[derive(Debug, Default)]
pub struct Words {
    text: String,
}

impl Words {
    /// Adds the words of a text.
    pub fn add(&mut self, text: &str) {
        for token in tokens(&folded(text)) {
            let token = trim(token);
            if token.bytes().all(|b| b.is_ascii_alphanumeric()) {
                self.push(token);
                continue;
            }
            if !token.contains(char::is_alphanumeric) {
                continue;
            }
            self.push(token);
            if token.contains('\'') {
                let without = token.replace('\'', "");
                if without.chars().all(char::is_alphanumeric) {
                    self.push(&without);
                }
            }
            for part in token.split(|c: char| !c.is_alphanumeric()) {
                if part.len() < token.len() {
                    self.push(part);
                }
            }
        }
    }

    fn push(&mut self, word: &str) {
        if !word.is_empty() {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
    }

    /// With room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Words { text: String::with_capacity(bytes) }
    }

    /// Adds words that were collected before.
    pub(crate) fn append(&mut self, words: &str) {
        self.push(words);
    }

    /// All words with single spaces between them.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Text as its words are compared: folded, and with one kind of apostrophe.
pub(super) fn folded(text: &str) -> String {
    let folded = fold(text);
    if folded.is_ascii() { folded } else { folded.replace(['’', '‘', 'ʼ'], "'") }
}

/// What stands between white space; control characters separate words too.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|token| !token.is_empty())
}

/// Without the punctuation that surrounds words in sentences; `#`, `+`, `%`, `&` and `@` belong to a word.
pub(super) fn trim(token: &str) -> &str {
    token.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '#' | '+' | '%' | '&' | '@'))
}
