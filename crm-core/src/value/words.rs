//! The words of a record that search finds, and the words of what a user typed.

use super::fold;

/// Collects the searchable words of a record: folded, separated by one space each.
///
/// A word with punctuation inside is kept whole and in its parts, so that `O'Brien` is found as `o'brien`, `brien`
/// and `o`, and `C#` as `c#`.
#[derive(Debug, Default)]
pub struct Words {
    text: String,
}

impl Words {
    /// Adds the words of a text.
    pub fn add(&mut self, text: &str) {
        for token in tokens(&fold(text)) {
            let token = trim(token);
            if token.bytes().all(|b| b.is_ascii_alphanumeric()) {
                self.push(token);
                continue;
            }
            if !token.contains(char::is_alphanumeric) {
                continue;
            }
            self.push(token);
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

    /// All words with single spaces between them.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// The words that a search text asks for, each to be found as the beginning of a word of the record. No input is an
/// error; a text without any letter or digit asks for nothing and finds nothing. At most eight words count. The plus of
/// a phone number is no part of it.
///
/// ```
/// assert_eq!(crm_core::port::query_words("  O'Brien, \"C#\" * "), ["o'brien", "c#"]);
/// assert_eq!(crm_core::port::query_words("+33628230455"), ["33628230455"]);
/// ```
pub fn query_words(text: &str) -> Vec<String> {
    const MOST: usize = 8;
    let mut words: Vec<String> = Vec::new();
    for token in tokens(&fold(text)) {
        let token = without_plus(trim(token));
        if token.contains(char::is_alphanumeric) && !words.iter().any(|w| w == token) {
            words.push(token.to_owned());
        }
    }
    words.truncate(MOST);
    words
}

/// The digits of a number in E.164: its plus is a mark, no digit.
fn without_plus(token: &str) -> &str {
    let digits = token.strip_prefix('+').filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    digits.unwrap_or(token)
}

/// What stands between white space; control characters separate words too.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|token| !token.is_empty())
}

/// Without the punctuation that surrounds words in sentences; `#`, `+`, `%`, `&` and `@` belong to a word.
fn trim(token: &str) -> &str {
    token.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '#' | '+' | '%' | '&' | '@'))
}
