//! Invented names by number, for programs that make data of their own: the same for the same number.

use super::names::{COMMUNITIES, FIRST, SECOND, TRADES};
use super::towns::{STREETS, TOWNS};

/// A given and a family name that go together.
///
/// ```
/// use crm_core::sample::person;
/// assert_eq!(person(7), person(7));
/// assert_ne!(person(7), person(8));
/// ```
pub fn person(number: u64) -> (&'static str, &'static str) {
    let mut rest = number;
    let community = one(&mut rest, COMMUNITIES);
    (one(&mut rest, community.given), one(&mut rest, community.family))
}

/// The name of a firm.
///
/// ```
/// assert_eq!(crm_core::sample::firm(0), "Mkwaju Ridge Dairy Farm");
/// ```
pub fn firm(number: u64) -> String {
    let mut rest = number;
    let (first, second, (trade, _)) = (one(&mut rest, FIRST), one(&mut rest, SECOND), one(&mut rest, TRADES));
    format!("{first} {second} {trade}")
}

/// The name of a town of Kenya.
///
/// ```
/// assert_eq!(crm_core::sample::town(0), "Nairobi");
/// ```
pub fn town(mut number: u64) -> &'static str {
    one(&mut number, TOWNS).name
}

/// The name of a street.
///
/// ```
/// assert_eq!(crm_core::sample::street(0), "Market Street");
/// ```
pub fn street(mut number: u64) -> &'static str {
    one(&mut number, STREETS)
}

/// One of these, which leaves less of the number for the next choice.
fn one<T: Copy>(number: &mut u64, of: &[T]) -> T {
    let place = *number % of.len() as u64;
    *number /= of.len() as u64;
    of[usize::try_from(place).unwrap_or(0)]
}
