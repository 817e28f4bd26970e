//! Customers among whom some are there twice, and names enough for all of them.

use crate::data::{Dice, Population};
use crate::hand::Customer;

/// Every so many customers one is the twin of an earlier one.
pub const TWIN_EVERY: u64 = 10;

/// The earlier customer whose twin this one is, if it is a twin.
pub fn twin_of(number: u64) -> Option<u64> {
    (number % TWIN_EVERY == TWIN_EVERY - 1).then(|| number - 1 - number / TWIN_EVERY % (TWIN_EVERY - 1))
}

/// The customer with this number: as in the population, but with a surname or a first word that few share, as in life.
/// A twin has a slip in its name, and either the phone, the part of the e-mail before the @, or the postal code of the
/// other one.
pub fn customer(population: &Population, number: u64) -> Customer {
    let Some(original) = twin_of(number) else { return named(population, number) };
    let mut twin = named(population, original);
    let mut dice = Dice::new(number ^ 0x0074_3717);
    let own = named(population, number);
    slip(&mut twin.name, &mut dice);
    let address = twin.emails.first().map(|email| email.address.clone()).unwrap_or_default();
    let kept = dice.below(3);
    twin.emails = own.emails;
    if let (1, Some(email), Some((local, _))) = (kept, twin.emails.first_mut(), address.split_once('@')) {
        email.address = format!("{local}@elsewhere.co.ke");
    }
    if kept != 0 {
        twin.phones = own.phones;
    }
    if kept != 2 {
        twin.address = own.address;
    }
    twin.external_ids = own.external_ids;
    twin.website = None;
    twin
}

fn named(population: &Population, number: u64) -> Customer {
    let mut customer = population.customer(number);
    let surname = coined(&mut Dice::new(number ^ 0x0c01_4ed0));
    let rest = customer.name.split_once(' ').map_or(customer.name.clone(), |(first, rest)| {
        if customer.family_name.is_some() { first.to_owned() } else { rest.to_owned() }
    });
    customer.name = match customer.family_name {
        Some(_) => format!("{rest} {surname}"),
        None => format!("{surname} {rest}"),
    };
    customer.family_name = customer.family_name.map(|_| surname);
    customer
}

/// A word of three or four syllables.
fn coined(dice: &mut Dice) -> String {
    const BEGINNINGS: &[u8] = b"bcdfghjklmnprstvwyz";
    const VOWELS: &[u8] = b"aeiou";
    let mut one = |of: &[u8]| {
        let place = usize::try_from(dice.below(of.len() as u64)).unwrap_or(0);
        char::from(of.get(place).copied().unwrap_or(b'a'))
    };
    let mut word = String::new();
    for syllable in 0..3 {
        let letter = one(BEGINNINGS);
        word.push(if syllable == 0 { letter.to_ascii_uppercase() } else { letter });
        word.push(one(VOWELS));
    }
    word.push(one(b"nrstl"));
    word
}

/// Leaves a letter out, doubles one, or swaps two, behind the first one; or nothing.
fn slip(name: &mut String, dice: &mut Dice) {
    let mut letters: Vec<char> = name.chars().collect();
    let at = 1 + usize::try_from(dice.below(letters.len().saturating_sub(3).max(1) as u64)).unwrap_or(0);
    match (dice.below(4), letters.get(at).copied()) {
        (0, Some(_)) => _ = letters.remove(at),
        (1, Some(letter)) => letters.insert(at, letter),
        (2, Some(_)) if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => {}
    }
    *name = letters.into_iter().collect();
}
