//! How alike two values are. Values are prepared once for each record, so that pairs are cheap.

use super::Comparison;
use super::form::{is_legal_form, is_role, words_of};
use strsim::{jaro_winkler, osa_distance};

/// Between the values of a list. No prepared value has it inside.
pub(super) const BETWEEN: char = '\n';

/// A value in the form in which it is compared.
pub(super) fn prepared(comparison: Comparison, text: &str) -> String {
    match comparison {
        Comparison::Text | Comparison::Words | Comparison::Exact => {
            let words: Vec<&str> = words_of(text).collect();
            words.join(" ")
        }
        Comparison::Date | Comparison::Digits => text.chars().filter(char::is_ascii_digit).collect(),
        Comparison::Email | Comparison::Overlap => text.trim().replace(BETWEEN, " "),
    }
}

/// How alike two prepared values are, neither of them empty: from 0 to 1.
pub(super) fn alike(comparison: Comparison, left: &str, right: &str) -> f64 {
    if left == right {
        return 1.0;
    }
    if comparison == Comparison::Overlap {
        return overlap(left, right);
    }
    let mut best: f64 = 0.0;
    for left in left.split(BETWEEN) {
        for right in right.split(BETWEEN) {
            let one = if left == right { 1.0 } else { unequal(comparison, left, right) };
            best = best.max(one);
        }
    }
    best
}

fn unequal(comparison: Comparison, left: &str, right: &str) -> f64 {
    match comparison {
        Comparison::Exact | Comparison::Overlap => 0.0,
        Comparison::Text => text(left, right),
        Comparison::Words => words(left, right),
        Comparison::Date => date(left, right),
        Comparison::Digits => digits(left, right),
        Comparison::Email => email(left, right),
    }
}

/// Two unlike words have a similarity of a half by chance alone.
fn text(left: &str, right: &str) -> f64 {
    const UNLIKE: f64 = 0.7;
    // The similarity depends on the order of the two in rare cases.
    ((jaro_winkler(left.min(right), left.max(right)) - UNLIKE) / (1.0 - UNLIKE)).max(0.0)
}

fn words(left: &str, right: &str) -> f64 {
    const MISSING: f64 = 0.25;
    let mut left: Vec<Option<&str>> = left.split(' ').map(Some).collect();
    let mut right: Vec<Option<&str>> = right.split(' ').map(Some).collect();
    // The most alike first, so that the order of words makes no difference.
    let mut couples = Vec::with_capacity(left.len() * right.len());
    for (i, one) in left.iter().enumerate() {
        for (j, other) in right.iter().enumerate() {
            let (Some(one), Some(other)) = (*one, *other) else { continue };
            let alike = if one == other { 1.0 } else { text(one, other) };
            if alike > 0.0 {
                couples.push((alike, (one.min(other), one.max(other)), i, j));
            }
        }
    }
    couples.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let (mut alike_length, mut coupled_length) = (0.0, 0.0);
    for (alike, (one, other), i, j) in couples {
        if let (Some(left), Some(right)) = (left.get_mut(i), right.get_mut(j))
            && left.is_some()
            && right.is_some()
        {
            (*left, *right) = (None, None);
            let length = length(one) + length(other);
            alike_length += alike * length;
            coupled_length += length;
        }
    }
    let alone = |words: &[Option<&str>]| words.iter().flatten().map(|word| length(word)).sum::<f64>();
    let (left, right) = (alone(&left), alone(&right));
    // What stands alone on both sides is unlike, the rest is missing on one.
    let unlike = 2.0 * left.min(right) + 2.0 * MISSING * (left - right).abs();
    alike_length / (coupled_length + unlike)
}

fn length(word: &str) -> f64 {
    const LEGAL_FORM: f64 = 0.25;
    if is_legal_form(word) {
        return LEGAL_FORM;
    }
    // Words of more letters than a thousand are none.
    f64::from(u16::try_from(word.chars().count()).unwrap_or(u16::MAX))
}

fn date(left: &str, right: &str) -> f64 {
    const NEAR: f64 = 0.8;
    const FAR: f64 = 0.5;
    match osa_distance(left, right) {
        0 => 1.0,
        1 => NEAR,
        _ if swapped(left).as_deref() == Some(right) => NEAR,
        2 => FAR,
        _ => 0.0,
    }
}

/// A date of eight digits with day and month swapped.
fn swapped(date: &str) -> Option<String> {
    match (date.len(), date.get(..4), date.get(4..6), date.get(6..)) {
        (8, Some(year), Some(month), Some(day)) => Some(format!("{year}{day}{month}")),
        _ => None,
    }
}

fn digits(left: &str, right: &str) -> f64 {
    const NEAR: f64 = 0.8;
    const FEWEST: usize = 4;
    let long = left.len().max(right.len()) >= FEWEST && left.len().abs_diff(right.len()) <= 1;
    if long && osa_distance(left, right) == 1 { NEAR } else { 0.0 }
}

fn email(left: &str, right: &str) -> f64 {
    const SAME_LOCAL_PART: f64 = 0.9;
    const MOST: f64 = 0.8;
    match (left.rsplit_once('@'), right.rsplit_once('@')) {
        (Some((one, left)), Some((other, right))) if one == other && is_role(one) => text(left, right) * MOST,
        (Some((one, _)), Some((other, _))) if one == other => SAME_LOCAL_PART,
        _ => text(left, right) * MOST,
    }
}

fn overlap(left: &str, right: &str) -> f64 {
    let (left, right): (Vec<&str>, Vec<&str>) =
        (left.split(BETWEEN).collect(), right.split(BETWEEN).collect());
    let (fewer, more) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    count(fewer.iter().filter(|one| more.contains(one)).count()) / count(fewer.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(comparison: Comparison, left: &str, right: &str) -> f64 {
        let folded = |text: &str| prepared(comparison, &crate::value::fold(text));
        let (left, right) = (folded(left), folded(right));
        let there = alike(comparison, &left, &right);
        assert_eq!(there, alike(comparison, &right, &left), "the order makes a difference");
        (there * 100.0).round() / 100.0
    }

    #[test]
    fn texts_are_as_alike_as_they_look() {
        assert_eq!(compare(Comparison::Text, "Bücher-Müller", "bucher muller"), 1.0);
        assert_eq!(compare(Comparison::Text, "martha", "marhta"), 0.87);
        assert_eq!(compare(Comparison::Text, "nairobi", "london"), 0.0);
    }

    #[test]
    fn words_stand_in_any_order() {
        assert_eq!(compare(Comparison::Words, "Smith, John", "john smith"), 1.0);
        assert!(compare(Comparison::Words, "Mara Tea Ltd", "Mara Tea Limited") > 0.95);
        assert!(compare(Comparison::Words, "Mara Tea", "Mara Coffee") < 0.7);
        assert_eq!(compare(Comparison::Words, "Smith", "John Smith"), 0.83);
    }

    #[test]
    fn dates_forgive_a_slip() {
        assert_eq!(compare(Comparison::Date, "1971-06-24", "19710624"), 1.0);
        assert_eq!(compare(Comparison::Date, "1971-06-24", "1971-05-24"), 0.8);
        assert_eq!(compare(Comparison::Date, "1971-06-09", "1971-09-06"), 0.8);
        assert_eq!(compare(Comparison::Date, "1971-06-24", "1985-11-02"), 0.0);
    }

    #[test]
    fn digits_forgive_a_slip_in_long_numbers() {
        assert_eq!(compare(Comparison::Digits, "6988048", "6988084"), 0.8);
        assert_eq!(compare(Comparison::Digits, "6988048", "698048"), 0.8);
        assert_eq!(compare(Comparison::Digits, "698", "689"), 0.0);
    }

    #[test]
    fn addresses_are_told_by_the_part_before_the_at() {
        assert_eq!(compare(Comparison::Email, "amina@mara.example", "amina@mara.test"), 0.9);
        assert!(compare(Comparison::Email, "amina@mara.example", "aminata@mara.example") < 0.9);
        assert_eq!(compare(Comparison::Email, "info@mara.example", "info@zebra.test"), 0.0);
    }

    #[test]
    fn lists_overlap() {
        assert_eq!(overlap("a\nb", "b\nc\nd"), 0.5);
        assert_eq!(overlap("a", "b\na"), 1.0);
    }
}
