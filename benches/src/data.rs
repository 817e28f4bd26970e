//! Invented customers in Kenya: the same for the same number, on every machine. Their names are those of the sample data.

use crate::hand::{Address, Customer, Email, Lead, Money, Phone};
use chrono::{DateTime, TimeDelta, Utc};
use crm_core::sample::{firm, person, street, town};
use crm_core::{CustomerKind, CustomerStatus, LeadStatus, Priority};
use std::collections::BTreeMap;
use uuid::Uuid;

#[rustfmt::skip]
const TAGS: &[&str] = &[
    "wholesale", "retail", "priority", "export", "credit", "cash", "newsletter", "referral", "seasonal",
    "vip",
];
const SOURCES: &[&str] = &["fair", "web", "referral", "radio", "agent", "walk-in"];

/// Family names that only [`RARE_HOLDERS`] customers have, however many there are. The first begins with the three
/// letters of several common names, the second with letters of its own.
const RARE: [&str; 2] = ["Wandambwa", "Zubeiri"];
const RARE_HOLDERS: u64 = 20;

/// What is searched for in turn: three letters that many names begin with, common names in full, rare names.
pub const SEARCHES: [&str; 6] = ["wan", "otieno", "wandambwa", "kip", "wanjiku", "zubeiri"];

/// `SplitMix64`: small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Begins at this seed.
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0, less than `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        let index = self.roll() % of.len() as u64;
        of[usize::try_from(index).unwrap_or(0)]
    }
}

/// The customers of one store.
#[derive(Clone, Debug)]
pub struct Population {
    /// How many the store is loaded with; numbers from here on are of those that the benchmark adds.
    pub size: u64,
    /// Who may own one.
    pub owners: Vec<Uuid>,
}

impl Population {
    /// When the customer with this number was entered: one every 45 seconds.
    pub fn created_at(&self, number: u64) -> DateTime<Utc> {
        const BEGINNING: i64 = 1_704_067_200;
        const SPACING: i64 = 45;
        let since = TimeDelta::seconds(SPACING * i64::try_from(number).unwrap_or(0));
        DateTime::from_timestamp(BEGINNING, 0).unwrap_or_default() + since
    }

    /// The id of the customer with this number, as it would have been made when it was entered.
    pub fn id(&self, number: u64) -> Uuid {
        id_at(self.created_at(number), number ^ 0x5eed_0001)
    }

    /// The id of the operation that entered it.
    pub fn operation_id(&self, number: u64) -> Uuid {
        id_at(self.created_at(number), number ^ 0x5eed_0002_0000)
    }

    /// Some customer that the store is loaded with.
    pub fn any(&self, dice: &mut Dice) -> u64 {
        dice.below(self.size)
    }

    /// Some customer that the store is loaded with and that is no lead: its status goes round freely.
    pub fn any_without_lead(&self, dice: &mut Dice) -> u64 {
        loop {
            let number = self.any(dice);
            if status(number) != CustomerStatus::Lead {
                return number;
            }
        }
    }

    /// The customer with this number.
    pub fn customer(&self, number: u64) -> Customer {
        let mut dice = Dice::new(number.wrapping_mul(0xd134_2543_de82_ef95));
        let status = status(number);
        let (given, mut family) = person(dice.roll());
        let apart = (self.size / RARE_HOLDERS).max(1);
        for (place, rare) in RARE.iter().enumerate() {
            if number < self.size && number % apart == (place as u64 + 1) * apart / 3 {
                family = rare;
            }
        }
        let company = firm(dice.roll());
        let first_word = company.split(' ').next().unwrap_or_default();
        let domain = format!("{first_word}{}.co.ke", dice.below(400)).to_lowercase();
        let is_person = dice.chance(60) || RARE.contains(&family);
        let (kind, name) = match is_person {
            true => (CustomerKind::Individual, format!("{given} {family}")),
            false => (CustomerKind::Business, company.clone()),
        };
        let family_part = family.replace('\'', "");
        let (lower, initial) = (family_part.to_lowercase(), &given[..1]);
        let first = match (is_person, dice.below(3)) {
            (true, 0) => format!("{given}.{lower}.{number}@{domain}"),
            (true, 1) => format!("{initial}{lower}{number}@{domain}"),
            (true, _) => format!("{family_part}{number}@{domain}"),
            (false, _) => format!("info.{number}@{domain}"),
        };
        let mut emails = vec![Email { address: first, label: None, opted_out: false }];
        if dice.chance(30) {
            let address = format!("accounts.{number}@{domain}");
            emails.push(Email { address, label: Some("work".to_owned()), opted_out: dice.chance(10) });
        }
        let digits = dice.below(100_000_000);
        let mobile =
            format!("+254 7{:02} {:03} {:03}", digits / 1_000_000, digits / 1000 % 1000, digits % 1000);
        let mut tags: Vec<String> = Vec::new();
        for _ in 0..dice.below(3) {
            let tag = dice.one(TAGS);
            if !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        Customer {
            code: None,
            kind,
            status,
            name,
            given_name: is_person.then(|| given.to_owned()),
            family_name: is_person.then(|| family.to_owned()),
            company: (is_person && dice.chance(50)).then_some(company),
            emails,
            phones: vec![Phone { number: mobile, label: Some("mobile".to_owned()), opted_out: false }],
            website: dice.chance(30).then(|| format!("https://www.{domain}")),
            address: dice.chance(80).then(|| address(&mut dice)),
            tags,
            description: match dice.chance(30) {
                true => format!("Met at the {} show; sells to {}.", town(dice.roll()), firm(dice.roll())),
                false => String::new(),
            },
            source: dice.chance(50).then(|| dice.one(SOURCES).to_owned()),
            owner: Some(dice.one(&self.owners)),
            parent: None,
            converted_opportunity: None,
            converted_contact: None,
            merged_into: None,
            custom: BTreeMap::new(),
            extra: BTreeMap::new(),
            external_ids: match dice.chance(10) {
                true => BTreeMap::from([("ledger".to_owned(), format!("LG-{number}"))]),
                false => BTreeMap::new(),
            },
            lead: (status == CustomerStatus::Lead).then(|| lead(&mut dice)),
        }
    }
}

/// A quarter of the customers has each status.
fn status(number: u64) -> CustomerStatus {
    Dice::new(number ^ 0x57a7).one(CustomerStatus::ALL)
}

fn address(dice: &mut Dice) -> Address {
    Address {
        street: dice.chance(50).then(|| format!("{} {}", street(dice.roll()), dice.below(200))),
        city: Some(town(dice.roll()).to_owned()),
        state: None,
        postal_code: dice.chance(50).then(|| format!("{:05}", dice.below(100_000))),
        country: Some("Kenya".to_owned()),
    }
}

fn lead(dice: &mut Dice) -> Lead {
    Lead {
        status: dice.one(&[LeadStatus::New, LeadStatus::Contacted, LeadStatus::Qualified]),
        priority: dice.one(Priority::ALL),
        estimated_value: dice.chance(50).then(|| Money {
            minor: i64::try_from(dice.below(1_000)).unwrap_or(0) * 100_000,
            currency: "KES".to_owned(),
        }),
        lost_reason: None,
    }
}

/// A UUID version 7 of this moment.
fn id_at(at: DateTime<Utc>, seed: u64) -> Uuid {
    let mut dice = Dice::new(seed);
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&dice.roll().to_le_bytes());
    bytes[8..].copy_from_slice(&dice.roll().to_le_bytes()[..2]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}
