//! What a user typed to find something, and how well a record fits it.

use super::PhoneNumber;
use super::words::{folded, tokens, trim};

/// How a word that was typed is found in a record, the best first. A record is as good as the worst of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Match {
    /// The record has the word itself.
    Exact,
    /// A word of the record begins with it.
    Prefix,
    /// A word of the record has it inside; from three letters.
    Inside,
    /// A word of the record differs by one typo: a letter too many, too few, another one, or two that stand next to
    /// each other the wrong way round. From five letters, nothing but letters.
    Typo,
}

impl Match {
    /// All of them, the best first.
    pub const ALL: [Match; 4] = [Match::Exact, Match::Prefix, Match::Inside, Match::Typo];
}

/// A search text, read: the words to be found, folded, in one or several readings. A record fits when it has all words
/// of a reading, in any order and in any field.
///
/// The second reading of `06 28 23 04 55` is one number, written as numbers are stored for search, and a number that is
/// complete is also read as in E.164. No text is an error; one without any letter or digit asks for nothing and finds
/// nothing. At most eight words of a reading count.
///
/// ```
/// use crm_core::{Match, port::Search};
/// let search = Search::new("  SMITH \"john\" * ", "US");
/// assert_eq!(search.readings(), [["smith", "john"]]);
/// assert_eq!(search.best_match("john smith", Match::Typo), Some(Match::Exact));
/// assert_eq!(search.best_match("johnny blacksmith", Match::Typo), Some(Match::Inside));
/// assert_eq!(search.best_match("john smiht", Match::Typo), Some(Match::Typo));
/// assert_eq!(search.best_match("john smiht", Match::Inside), None);
/// let search = Search::new("06 28 23", "FR");
/// assert_eq!(search.best_match("33628230455 0628230455", Match::Typo), Some(Match::Prefix));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    readings: Vec<Vec<String>>,
}

const MOST_WORDS: usize = 8;

impl Search {
    /// Reads a text; the region is the one from which its phone numbers are dialled.
    pub fn new(text: &str, region: &str) -> Self {
        // More than a person types; the rest of a page that was pasted is not looked at.
        const MOST_TOKENS: usize = 64;
        let (mut plain, mut joined, mut complete) = (Vec::new(), Vec::new(), Vec::new());
        let typed: Vec<&str> = tokens(text).take(MOST_TOKENS).collect();
        let mut rest = typed.as_slice();
        while let Some((first, others)) = rest.split_first() {
            let digits = rest.iter().take_while(|token| is_part_of_number(token)).count();
            if digits == 0 {
                let word = folded(first);
                for token in tokens(&word) {
                    [&mut plain, &mut joined, &mut complete].into_iter().for_each(|words| add(words, token));
                }
                rest = others;
                continue;
            }
            let (run, after) = rest.split_at(digits);
            run.iter().for_each(|token| add(&mut plain, &folded(token)));
            let number = PhoneNumber(run.join(" "));
            let digits = number.digits();
            add(&mut joined, &digits);
            add(&mut complete, &e164_digits(&number, &digits, region).unwrap_or(digits));
            rest = after;
        }
        let mut readings = vec![plain];
        for reading in [joined, complete] {
            if !readings.contains(&reading) {
                readings.push(reading);
            }
        }
        readings.retain(|words| !words.is_empty());
        Search { readings }
    }

    /// The readings, each with its words. None finds nothing.
    pub fn readings(&self) -> &[Vec<String>] {
        &self.readings
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }

    /// How well a record fits, by its words with one space between two: as well as the worst word of the best reading.
    /// `None` when it has not all words, or not as well as `worst`.
    pub fn best_match(&self, words: &str, worst: Match) -> Option<Match> {
        let of_reading = |wanted: &Vec<String>| {
            wanted.iter().try_fold(Match::Exact, |so_far, word| Some(so_far.max(best(word, words, worst)?)))
        };
        self.readings.iter().filter_map(of_reading).min()
    }

    /// One text of it, without spaces at the ends of lines: a reading a line.
    pub fn to_text(&self) -> String {
        self.readings.iter().map(|words| words.join(" ")).collect::<Vec<_>>().join("\n")
    }

    /// From [`to_text`](Self::to_text).
    pub fn from_text(text: &str) -> Self {
        let reading = |line: &str| line.split(' ').map(str::to_owned).collect();
        Search { readings: text.split('\n').filter(|line| !line.is_empty()).map(reading).collect() }
    }
}

/// Adds a token as a word: without punctuation around it, each word once.
fn add(words: &mut Vec<String>, token: &str) {
    let token = without_plus(trim(token));
    let is_word = token.contains(char::is_alphanumeric) && !token.contains(char::is_whitespace);
    if is_word && words.len() < MOST_WORDS && !words.iter().any(|word| word == token) {
        words.push(token.to_owned());
    }
}

/// The digits of a number in E.164: its plus is a mark, no digit.
fn without_plus(token: &str) -> &str {
    let digits = token.strip_prefix('+').filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    digits.unwrap_or(token)
}

/// Digits, with what stands between the digits of phone numbers.
fn is_part_of_number(token: &str) -> bool {
    token.contains(char::is_numeric)
        && token.chars().all(|c| c.is_numeric() || matches!(c, '+' | '-' | '.' | '/' | '(' | ')' | '–' | '‑'))
}

fn e164_digits(number: &PhoneNumber, digits: &str, region: &str) -> Option<String> {
    const FEWEST: usize = 7;
    let number = Some(number).filter(|_| digits.len() >= FEWEST)?.e164(region)?;
    Some(number.trim_start_matches('+').to_owned())
}

/// Letters that a word must have to be found inside of another.
const INSIDE_FROM: usize = 3;

/// How well a record has a word.
fn best(word: &str, words: &str, worst: Match) -> Option<Match> {
    let mut found = None;
    let inside = worst >= Match::Inside && has_letters(word, INSIDE_FROM);
    for (at, _) in words.match_indices(word) {
        let (before, after) = (words[..at].chars().next_back(), words[at + word.len()..].chars().next());
        let this = match (before.is_none_or(|c| c == ' '), after.is_none_or(|c| c == ' ')) {
            (true, true) => return Some(Match::Exact),
            (true, false) if worst >= Match::Prefix => Match::Prefix,
            _ if inside => Match::Inside,
            _ => continue,
        };
        found = Some(found.map_or(this, |so_far: Match| so_far.min(this)));
    }
    if found.is_none() && worst == Match::Typo && takes_typos(word) {
        let word: Vec<char> = word.chars().collect();
        found = words.split(' ').any(|other| has_typo(&word, other)).then_some(Match::Typo);
    }
    found
}

fn has_letters(word: &str, number: usize) -> bool {
    word.chars().nth(number - 1).is_some()
}

/// The lengths of words that are looked for in spite of a typo, and of those that are found so.
const LONGEST_WITH_TYPO: usize = 20;
const SHORTEST_WITH_TYPO: usize = 5;

/// Whether a word that was typed may have a typo.
pub(super) fn takes_typos(word: &str) -> bool {
    has_letters(word, SHORTEST_WITH_TYPO) && is_misspelt_from(word)
}

/// Whether a word of a record is found in spite of a typo.
pub(super) fn is_misspelt_from(word: &str) -> bool {
    has_letters(word, SHORTEST_WITH_TYPO - 1)
        && !has_letters(word, LONGEST_WITH_TYPO + 1)
        && word.chars().all(char::is_alphabetic)
}

/// Whether the Damerau-Levenshtein distance of two words is one.
fn has_typo(word: &[char], other: &str) -> bool {
    let same_start = word.iter().zip(other.chars()).take_while(|(a, b)| **a == *b).count();
    let same_end = word.iter().rev().zip(other.chars().rev()).take_while(|(a, b)| **a == *b).count();
    // Both ends together leave one letter, or two that are the wrong way round.
    if same_start + same_end + 2 < word.len() || !is_misspelt_from(other) {
        return false;
    }
    let other: Vec<char> = other.chars().collect();
    let same_end = same_end.min(word.len().min(other.len()) - same_start);
    match (&word[same_start..word.len() - same_end], &other[same_start..other.len() - same_end]) {
        ([_], [_]) | ([_], []) | ([], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(typed: &str, words: &str) -> Option<Match> {
        Search::new(typed, "FR").best_match(words, Match::Typo)
    }

    #[test]
    fn a_record_is_as_good_as_its_worst_word() {
        assert_eq!(class("ann smith", "ann smithers"), Some(Match::Prefix));
        assert_eq!(class("ann smith", "joanna blacksmith smith"), Some(Match::Inside));
        assert_eq!(class("an", "jan"), None);
        assert_eq!(class("an", "jan anna"), Some(Match::Prefix));
        assert_eq!(class("mit", "smith"), Some(Match::Inside));
    }

    #[test]
    fn one_typo_is_one_letter_or_two_neighbours() {
        for typed in ["smyth", "smitth", "smiht", "msith", "smithh", "xsmith", "mmith"] {
            assert_eq!(class(typed, "smith"), Some(Match::Typo), "{typed}");
        }
        for typed in ["smyht", "smixyth", "htims", "smth", "smit1", "thmis"] {
            assert_eq!(class(typed, "smith"), None, "{typed}");
        }
        assert_eq!(class("smiths", "smith"), Some(Match::Typo));
        assert_eq!(class("mariaa", "mari"), None);
        assert_eq!(class("maria", "mara"), Some(Match::Typo));
        assert_eq!(class("12345", "12346"), None);
    }

    #[test]
    fn numbers_are_read_as_typed_joined_and_complete() {
        let search = Search::new("Léa 06 28 23 04 55", "FR");
        assert_eq!(
            search.readings(),
            [
                vec!["lea", "06", "28", "23", "04", "55"],
                vec!["lea", "0628230455"],
                vec!["lea", "33628230455"]
            ]
        );
        assert_eq!(Search::new("0123-45678", "FR").readings()[1], ["012345678"]);
        assert_eq!(Search::new("+33628230455", "US").readings(), [["33628230455"]]);
        assert_eq!(Search::new("(06) 28", "US").readings(), [vec!["06", "28"], vec!["0628"]]);
        assert_eq!(Search::from_text(&search.to_text()), search);
        assert_eq!(Search::from_text(&Search::new(" * ", "US").to_text()), Search::default());
    }
}
