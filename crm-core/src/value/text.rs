//! How text is cleaned when it comes in and folded when it is compared.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Text as it is stored: white space at both ends removed, Unicode form NFC.
pub fn clean(text: &mut String) {
    let trimmed = text.trim();
    if !trimmed.is_ascii() && !is_nfc(trimmed) {
        *text = trimmed.nfc().collect();
    } else if trimmed.len() != text.len() {
        *text = trimmed.to_owned();
    }
}

/// Text as it is compared, sorted and searched: lower case, without accents, compatibility forms replaced
/// (NFKD, Unicode Standard Annex 15).
///
/// ```
/// assert_eq!(crm_core::fold("Véronique STRAẞE"), "veronique strasse");
/// ```
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for lower in text.nfkd().flat_map(char::to_lowercase) {
        match lower {
            'ß' => folded.push_str("ss"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ı' => folded.push('i'),
            mark if is_combining_mark(mark) => {}
            other => folded.push(other),
        }
    }
    folded
}
