//! What an index of whole tokens needs to find words by their beginnings, their middles and in spite of a typo: the words
//! themselves and parts of them, each kind with a mark of its own that no word begins with.
//!
//! An index that only knows which records have a token then answers every search: it gives candidates in the order of
//! records, and [`Search::best_match`](super::Search::best_match) says which of them are found.

use super::search::is_misspelt_from;
use std::collections::HashSet;

/// Marks are control characters, which separate words.
const START: char = '\u{81}';
const MIDDLE: char = '\u{82}';
const LESS_ONE: char = '\u{83}';

/// Letters of a part.
const PART: usize = 3;

/// The tokens of a record's words: the words, their first one, two and three letters, all groups of three letters, and
/// every word less one letter, with the place of that letter, if it is one that is found in spite of a typo.
///
/// ```
/// let tokens = crm_core::port::index_tokens("mara tea");
/// let marked = |mark: char, text: &str| format!("{mark}{text}");
/// assert!(tokens.split(' ').any(|token| token == "mara"));
/// assert!(tokens.split(' ').any(|token| token == marked('\u{81}', "mar")));
/// assert!(tokens.split(' ').any(|token| token == marked('\u{82}', "ara")));
/// assert!(tokens.split(' ').any(|token| token == marked('\u{83}', "maac")));
/// ```
pub fn index_tokens(words: &str) -> String {
    const FOR_A_LETTER: usize = 12;
    let mut tokens = Tokens { text: String::with_capacity(words.len() * FOR_A_LETTER) };
    let mut seen = HashSet::new();
    let mut ends: Vec<usize> = Vec::with_capacity(32);
    // A word with punctuation inside comes before its parts, whose groups it has.
    let mut compound = "";
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        if !seen.insert(word) {
            continue;
        }
        ends.clear();
        ends.extend(word.char_indices().map(|(at, c)| at + c.len_utf8()));
        tokens.push(None, word, "");
        for end in ends.iter().take(PART) {
            tokens.push(Some(START), &word[..*end], "");
        }
        if !compound.contains(word) {
            let mut start = 0;
            for (index, end) in ends.iter().enumerate().skip(PART - 1) {
                tokens.push(Some(MIDDLE), &word[start..*end], "");
                start = ends[index + 1 - PART];
            }
            compound = word;
        }
        if is_misspelt_from(word) {
            let mut start = 0;
            for (place, end) in ends.iter().enumerate() {
                tokens.push(Some(LESS_ONE), &word[..start], &word[*end..]);
                tokens.text.push(digit(place));
                start = *end;
            }
        }
    }
    tokens.text
}

/// The mark of a place in a word.
fn digit(place: usize) -> char {
    char::from(b'a'.saturating_add(u8::try_from(place).unwrap_or(u8::MAX)))
}

struct Tokens {
    text: String,
}

impl Tokens {
    fn push(&mut self, mark: Option<char>, start: &str, end: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.extend(mark);
        self.text.push_str(start);
        self.text.push_str(end);
    }
}

/// The tokens that a record has, all of them, in which a word begins so.
pub fn start_tokens(word: &str) -> Vec<String> {
    let mut tokens = vec![format!("{START}{}", word.chars().take(PART).collect::<String>())];
    tokens.extend(middles(word).skip(1));
    tokens
}

/// The tokens that a record has, all of them, in which a word has this inside. For less than three letters those of the
/// words that begin so.
pub fn inside_tokens(word: &str) -> Vec<String> {
    let tokens: Vec<String> = middles(word).collect();
    if tokens.is_empty() { start_tokens(word) } else { tokens }
}

/// The tokens of which a record has one when a word of it differs from this by one typo; none for what may have no typo.
pub fn typo_tokens(word: &str) -> Vec<String> {
    if !super::search::takes_typos(word) {
        return Vec::new();
    }
    let marked = |shorter: &str, place: usize| format!("{LESS_ONE}{shorter}{}", digit(place));
    let mut tokens = Vec::new();
    let mut place = 0;
    for (at, letter) in word.char_indices() {
        let shorter = format!("{}{}", &word[..at], &word[at + letter.len_utf8()..]);
        // Another letter in its place; the wrong way round with the one before or after it.
        tokens.push(marked(&shorter, place));
        tokens.push(marked(&shorter, place + 1));
        if place > 0 {
            tokens.push(marked(&shorter, place - 1));
        }
        // A letter too few in what was typed, before this one.
        tokens.push(marked(word, place));
        // A letter too many: this one.
        tokens.push(shorter);
        place += 1;
    }
    tokens.push(marked(word, place));
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// Whether a record with these words has a token of [`start_tokens`] or [`inside_tokens`], or a word: what an adapter
/// estimates with how common a token is.
pub fn has_token(words: &str, token: &str) -> bool {
    if let Some(part) = token.strip_prefix(MIDDLE) {
        return words.contains(part);
    }
    let (start, whole) = match token.strip_prefix(START) {
        Some(start) => (start, false),
        None => (token, true),
    };
    let begins = |at: usize| at == 0 || words[..at].ends_with(' ');
    let ends = |at: usize| at == words.len() || words[at..].starts_with(' ');
    words.match_indices(start).any(|(at, _)| begins(at) && (!whole || ends(at + start.len())))
}

/// The groups of three letters of a word. Of a very long one not all: candidates are checked anyway.
fn middles(word: &str) -> impl Iterator<Item = String> {
    const MOST: usize = 32;
    let letters: Vec<char> = word.chars().take(MOST + PART - 1).collect();
    let groups: Vec<String> =
        letters.windows(PART).map(|group| std::iter::once(&MIDDLE).chain(group).collect()).collect();
    groups.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Match, Search};

    fn has(tokens: &[&str], wanted: &[String]) -> bool {
        wanted.iter().all(|token| tokens.contains(&token.as_str()))
    }

    /// Whatever a search finds is among the candidates that the tokens give.
    #[test]
    fn no_record_that_fits_lacks_a_token() {
        let words = [
            "smith",
            "smyth",
            "smtih",
            "smit",
            "smithy",
            "lacksmit",
            "mit",
            "ab",
            "a",
            "ßmith",
            "дом",
            "домик",
        ];
        for stored in words {
            let tokens = index_tokens(stored);
            let tokens: Vec<&str> = tokens.split(' ').collect();
            for typed in words {
                let candidate = match Search::new(typed, "US")
                    .best_match(&Search::new(stored, "US").to_text(), Match::Typo)
                {
                    None => continue,
                    Some(Match::Exact) => has(&tokens, &[crate::fold(typed)]),
                    Some(Match::Prefix) => has(&tokens, &start_tokens(typed)),
                    Some(Match::Inside) => has(&tokens, &inside_tokens(typed)),
                    Some(Match::Typo) => {
                        typo_tokens(typed).iter().any(|token| tokens.contains(&token.as_str()))
                    }
                };
                assert!(candidate || !stored.is_ascii(), "{typed} in {stored}");
            }
        }
    }
}
