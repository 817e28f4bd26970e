//! The organisation's settings: one record in every store.

use super::Validate;
use crate::error::Violations;
use crate::value::{Currency, KeyRules, PhoneNumber, Zone};
use crm_core_derive::Entity;
use serde::Serialize;

/// What holds for the whole store.
#[derive(Clone, Debug, PartialEq, Serialize, Entity)]
#[entity(name = "settings")]
pub struct Settings {
    /// Where the organisation's days begin and end; UTC at first.
    pub time_zone: Zone,
    /// The region of phone numbers without a country code (ISO 3166-1, two letters); `US` at first.
    pub phone_region: String,
    /// The currency of amounts that say nothing else; US dollars at first.
    pub base_currency: Currency,
    /// The month in which the fiscal year begins, 1 to 12; January at first.
    pub fiscal_year_start: u8,
    /// Whether several customers may have the same e-mail address; not at first.
    pub shared_emails: bool,
    /// Whether a deal that is lost needs a reason; not at first.
    pub lost_reason_required: bool,
    /// What stands before the number of a customer's code; `C` at first.
    #[entity(max = 10)]
    pub code_prefix: String,
    /// To how many digits that number is filled with zeros, 1 to 12; 3 at first: `C001`.
    pub code_digits: u8,
    /// The hour of the day at which whole-day reminders are told, 0 to 23; 9 at first.
    pub all_day_hour: u8,
    /// How many bytes an attachment has at most; 26,214,400, which is 25 MiB, at first.
    pub attachment_limit: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            time_zone: Zone::UTC,
            phone_region: "US".to_owned(),
            base_currency: Currency::USD,
            fiscal_year_start: 1,
            shared_emails: false,
            lost_reason_required: false,
            code_prefix: "C".to_owned(),
            code_digits: 3,
            all_day_hour: 9,
            attachment_limit: 25 * 1024 * 1024,
        }
    }
}

impl Settings {
    /// The rules by which the keys and words of records are made.
    pub(crate) fn key_rules(&self) -> KeyRules {
        KeyRules { phone_region: self.phone_region.clone() }
    }
}

impl Validate for Settings {
    fn normalise(&mut self) {
        self.phone_region.make_ascii_uppercase();
        self.code_prefix = self.code_prefix.to_uppercase();
    }

    fn check(&self, problems: &mut Violations) {
        let mut range = |field: &str, value: u8, low: u8, high: u8| {
            if !(low..=high).contains(&value) {
                problems.add(
                    field,
                    "range",
                    &value.to_string(),
                    format!("expected a number from {low} to {high}"),
                );
            }
        };
        range("fiscal_year_start", self.fiscal_year_start, 1, 12);
        range("code_digits", self.code_digits, 1, 12);
        range("all_day_hour", self.all_day_hour, 0, 23);
        if self.phone_region.len() != 2 || !self.phone_region.bytes().all(|b| b.is_ascii_uppercase()) {
            problems.add("phone_region", "syntax", &self.phone_region, "a region is two letters, such as KE");
        } else if !PhoneNumber::is_region(&self.phone_region) {
            problems.add(
                "phone_region",
                "unknown",
                &self.phone_region,
                "there are no phone numbers of this region",
            );
        }
        if self.code_prefix.ends_with(|c: char| c.is_ascii_digit()) {
            problems.add("code_prefix", "syntax", &self.code_prefix, "a prefix does not end with a digit");
        }
    }
}
