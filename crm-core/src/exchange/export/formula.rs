//! Texts that a spreadsheet would run as a formula, made harmless and exactly restored.
//!
//! The rule: a text whose first character after any number of apostrophes is one that begins a formula gets one apostrophe
//! more in front. Back, such a text loses one. All other texts stay as they are, both ways. As the apostrophes that a text
//! had itself are counted in, what comes back is always what went out: `=1+2` goes as `'=1+2`, `'=1+2` as `''=1+2`, and
//! `'tis` and `Mara Tea` as they are.

use std::borrow::Cow;

/// What begins a formula, or what spreadsheets skip or split at before they look for one. With the wide forms, which some take
/// for the plain ones.
const BEGINS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(BEGINS)
}

/// The text as no spreadsheet runs it.
///
/// ```
/// use crm_core::exchange::formula::neutralise;
/// assert_eq!(neutralise("=10+20+cmd|' /C calc'!A0"), "'=10+20+cmd|' /C calc'!A0");
/// assert_eq!(neutralise("+442079460958"), "'+442079460958");
/// assert_eq!(neutralise("Mara Tea"), "Mara Tea");
/// ```
pub fn neutralise(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text as it was before [`neutralise`].
///
/// ```
/// use crm_core::exchange::formula::{neutralise, restore};
/// for text in ["=1+2", "'=1+2", "-2+3", "'tis", "Mara Tea", ""] {
///     assert_eq!(restore(&neutralise(text)), text);
/// }
/// ```
pub fn restore(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}
