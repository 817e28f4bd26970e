//! The cards of a file, one after the other.

use super::lines::{Bound, Lines, Logical, bound};
use super::property::{self, CardProperty, Parsed};
use crate::error::Result;
use crate::exchange::content_lines::failed;
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt;
use std::io::Read;

/// A card within a card within a card: how far it is followed.
const DEEPEST: usize = 8;
/// How many properties a card has at most, and how many problems.
const MOST_PROPERTIES: usize = 5_000;
/// How many octets the values of a card have at most.
const MOST_OCTETS: usize = 4 * 1024 * 1024;

/// The cards of a file or stream, read as they are asked for.
///
/// Takes vCard 2.1, 3.0 and 4.0, mixed too, in UTF-8, in UTF-16, or in the character sets that the properties name, and
/// what programs make of it: lines ended in any way, bare words as parameters, folds without a space, comments, cards
/// without a version, cards within cards, which count as cards of their own, and cards without an end. Nothing that is
/// in a file makes it fail; what is odd is told with the card. Memory is bounded: of values over a megabyte, and of
/// inline data such as photos, only the length is kept.
///
/// ```
/// let file = "BEGIN:VCARD\nVERSION:3.0\nN:Otieno;Amina\nTEL;TYPE=CELL:0722 000 001\nEND:VCARD\n";
/// let mut cards = crm_core::exchange::VCards::new(file.as_bytes());
/// let card = cards.next().unwrap()?;
/// assert_eq!((card.number, card.line, card.properties.len()), (1, 1, 2));
/// assert_eq!(card.properties[1].value, "0722 000 001");
/// assert!(cards.next().is_none());
/// # Ok::<(), crm_core::Error>(())
/// ```
pub struct VCards<R> {
    lines: Lines<R>,
    /// Cards that have not ended, the outermost first.
    open: Vec<Open>,
    ready: VecDeque<VCard>,
    number: u64,
    stray_lines: u64,
    at_end: bool,
}

impl<R> fmt::Debug for VCards<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VCards").field("number", &self.number).finish_non_exhaustive()
    }
}

/// A card as it is in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VCard {
    /// Which one of the file it is, from 1, in the order in which they end.
    pub number: u64,
    /// The line that it begins at, from 1.
    pub line: u64,
    /// What `VERSION` says; empty when nothing does.
    pub version: String,
    /// All properties but `VERSION`, in their order.
    pub properties: Vec<CardProperty>,
    /// What is odd about it.
    pub problems: Vec<CardProblem>,
}

/// Something about a card that was not taken as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CardProblem {
    /// The line of the file that it is about, from 1.
    pub line: u64,
    /// The property, or the field that was refused; empty when it is about neither.
    pub property: String,
    /// The rule's stable name: `no_property`, `no_end`, `too_many`, `odd`, `too_long` and `inline_data` (left out),
    /// `not_valid` (kept as it is, but not as a phone number, e-mail address or date), `unknown_field` (kept as it is),
    /// `differs` (the record has another value and kept it), `ambiguous`, `elsewhere` and `no_person` (the card was
    /// skipped); for one that failed the rule of the violation, or the code of the error.
    pub rule: &'static str,
    /// What the line says, cut after 100 characters.
    pub value: String,
    /// What is wrong and what became of it.
    pub reason: String,
}

impl CardProblem {
    pub(super) fn new(line: u64, property: &str, rule: &'static str, value: &str, reason: &str) -> Self {
        const LONGEST: usize = 100;
        CardProblem {
            line,
            property: property.to_owned(),
            rule,
            value: value.chars().take(LONGEST).collect(),
            reason: reason.to_owned(),
        }
    }

    pub(super) fn of(property: &CardProperty, rule: &'static str, reason: &str) -> Self {
        CardProblem::new(property.line, &property.name, rule, &property.value, reason)
    }
}

/// A card that has not ended.
#[derive(Default)]
struct Open {
    card: VCard,
    octets: usize,
}

impl Open {
    fn take(&mut self, logical: &Logical) {
        let Some(Parsed { property, odd }) = property::parse(logical, self.card.version == "2.1") else {
            let text =
                String::from_utf8_lossy(logical.bytes.get(..200).unwrap_or(&logical.bytes)).into_owned();
            self.tell(CardProblem::new(logical.line, "", "no_property", &text, "this is no property"));
            return;
        };
        if let Some(odd) = odd {
            self.tell(CardProblem::of(&property, "odd", odd));
        }
        if property.name == "VERSION" {
            self.card.version = property.text().trim().to_owned();
            return;
        }
        self.octets += property.value.len();
        if self.card.properties.len() < MOST_PROPERTIES && self.octets <= MOST_OCTETS {
            self.card.properties.push(property);
        } else {
            let reason =
                format!("a card has at most {MOST_PROPERTIES} properties with 4 MiB; this one was left out");
            self.tell(CardProblem::of(&property, "too_many", &reason));
        }
    }

    fn tell(&mut self, problem: CardProblem) {
        // As many as properties: a file of nothing but problems must not fill the memory.
        if self.card.problems.len() < MOST_PROPERTIES {
            self.card.problems.push(problem);
        }
    }
}

impl<R: Read> VCards<R> {
    /// The cards that this reader gives. It need not be buffered.
    pub fn new(reader: R) -> Self {
        VCards {
            lines: Lines::new(reader),
            open: Vec::new(),
            ready: VecDeque::new(),
            number: 0,
            stray_lines: 0,
            at_end: false,
        }
    }

    /// How many lines so far were in no card, blank ones not counted.
    pub fn stray_lines(&self) -> u64 {
        self.stray_lines
    }

    fn end(&mut self, card: VCard) {
        self.number += 1;
        self.ready.push_back(VCard { number: self.number, ..card });
    }

    fn end_without_end(&mut self, mut open: Open) {
        open.tell(CardProblem::new(open.card.line, "BEGIN", "no_end", "", "the card has no end"));
        self.end(open.card);
    }

    fn read(&mut self) -> Result<()> {
        let Some(logical) = self.lines.next().map_err(failed)? else {
            self.at_end = true;
            while let Some(card) = self.open.pop() {
                self.end_without_end(card);
            }
            return Ok(());
        };
        match (bound(&logical.bytes), self.open.last_mut()) {
            (Some(Bound::Begin), _) => {
                if self.open.len() == DEEPEST {
                    let outermost = self.open.remove(0);
                    self.end_without_end(outermost);
                }
                let card = VCard { line: logical.line, ..VCard::default() };
                self.open.push(Open { card, octets: 0 });
            }
            (Some(Bound::End), Some(_)) => {
                if let Some(open) = self.open.pop() {
                    self.end(open.card);
                }
            }
            (None, Some(open)) => open.take(&logical),
            (_, None) => self.stray_lines += 1,
        }
        Ok(())
    }
}

impl<R: Read> Iterator for VCards<R> {
    /// `storage` when the reader fails; that is the last one then.
    type Item = Result<VCard>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(card) = self.ready.pop_front() {
                return Some(Ok(card));
            }
            if self.at_end {
                return None;
            }
            if let Err(error) = self.read() {
                self.at_end = true;
                return Some(Err(error));
            }
        }
    }
}
