//! Cards and customers.

use super::export::{self, Card};
use super::extra;
use super::import::{Draft, Importable, MatchPolicy, Place};
use super::merge::{fill, fill_text, unite_emails, unite_map, unite_phones};
use super::own::{self, Own};
use super::person::{Person, SYSTEM, address_in, address_text};
use super::property::{CardProperty, cleaned};
use crate::crm::UnitOfWork;
use crate::error::Result;
use crate::exchange::content_lines::escape;
use crate::model::{Customer, CustomerKind, Kind, Record};
use crate::value::{FieldDef, Id, fold};
use std::collections::BTreeMap;

/// The longest tag, and the longest website.
const LONGEST_TAG: usize = 100;
const LONGEST_WEBSITE: usize = 2_000;

impl Own for Customer {
    const TOLD: &'static [&'static str] = &[
        "kind",
        "name",
        "given_name",
        "family_name",
        "company",
        "emails",
        "phones",
        "website",
        "address",
        "tags",
        "description",
        "external_ids",
        "extra",
    ];
    const STAYS: &'static [&'static str] = &["status", "lead", "owner"];
}

impl Importable for Customer {
    const CALLED: &'static str = "name";

    fn draft(unit: &UnitOfWork<'_>, mut person: Person, _: &Place) -> Result<Draft<Self>> {
        let (given, family) = person.names();
        let nameless = person.nameless();
        let named = |name: String| Some(name).filter(|name| !name.is_empty());
        let mut customer = Customer {
            given_name: named(given.clone()),
            family_name: named(family.clone()),
            emails: std::mem::take(&mut person.emails),
            phones: std::mem::take(&mut person.phones),
            address: person.address.take(),
            description: std::mem::take(&mut person.note),
            ..Customer::default()
        };
        let parts = person.organisation.as_ref().map(CardProperty::parts).unwrap_or_default();
        let company = parts.first().cloned().and_then(named);
        let both = format!("{given} {family}").trim().to_owned();
        let full_name = named(std::mem::take(&mut person.full_name)).or(named(both));
        // Many programs write companies as cards without a person's name.
        let is_company = full_name.is_none() || full_name == company;
        if person.is_organisation.unwrap_or(is_company && company.is_some()) {
            customer.kind = CustomerKind::Business;
        }
        customer.name = full_name.or(company.clone()).or(nameless).unwrap_or_default();
        customer.company = company.filter(|company| *company != customer.name);
        own::take_one(unit, &mut person, &mut customer, "company")?;
        if let Some(organisation) = person.organisation.take()
            && (parts.len() > 1 || !organisation.parameters.is_empty())
        {
            person.rest.push(organisation);
        }
        if person.has_more_names()
            && let Some(name) = person.name.take()
        {
            person.rest.push(name);
        }
        if let Some(url) = person.website.take() {
            let address = cleaned(url.text());
            let fits = address.chars().count() <= LONGEST_WEBSITE;
            if !fits || !url.parameters.is_empty() || url.group.is_some() {
                person.rest.push(url);
            }
            customer.website = named(address).filter(|_| fits);
        }
        if let Some(title) = person.title.take() {
            person.rest.push(title);
        }
        let is_tags = |property: &CardProperty| property.name == "CATEGORIES";
        let (tags, rest) = std::mem::take(&mut person.rest).into_iter().partition::<Vec<_>, _>(is_tags);
        person.rest = rest;
        let mut left = Vec::new();
        for tag in tags.iter().flat_map(CardProperty::entries) {
            let has_space = customer.tags.len() < FieldDef::MOST_ENTRIES;
            if customer.tags.contains(&tag) {
            } else if has_space && tag.chars().count() <= LONGEST_TAG {
                customer.tags.push(tag);
            } else {
                left.push(escape(&tag));
            }
        }
        if !left.is_empty() {
            person.rest.push(CardProperty::plain("CATEGORIES", &left.join(",")));
        }
        if let Some(birthday) = person.birthday.take() {
            person.rest.push(CardProperty::plain("BDAY", &birthday.format("%Y%m%d").to_string()));
        }
        own::take_own(unit, &mut person, &mut customer)?;
        customer.custom = person.take_custom(unit, Kind::Customer);
        own::take_one(unit, &mut person, &mut customer, "external_ids")?;
        if let Some(uid) = person.uid.take() {
            customer.external_ids.insert(SYSTEM.to_owned(), uid);
        }
        // Codes are given once, by the store.
        person.own.remove("CODE");
        extra::keep(&mut person, &mut customer.extra);
        Ok(Draft { data: customer, problems: person.problems })
    }

    fn is_within(&self, _: &Place) -> bool {
        true
    }

    fn ids(&self) -> &BTreeMap<String, String> {
        &self.external_ids
    }

    fn forget_card(&mut self) {
        self.external_ids.remove(SYSTEM);
    }

    fn merge(&mut self, card: Self, policy: MatchPolicy, region: &str) {
        let replace = policy == MatchPolicy::Update;
        own::merge_own(self, &card, replace);
        fill_text(&mut self.name, card.name, replace);
        fill(&mut self.given_name, card.given_name, replace);
        fill(&mut self.family_name, card.family_name, replace);
        fill(&mut self.company, card.company, replace);
        unite_emails(&mut self.emails, card.emails, replace);
        unite_phones(&mut self.phones, card.phones, replace, region);
        fill(&mut self.website, card.website, replace);
        fill(&mut self.address, card.address, replace);
        for tag in card.tags {
            if !self.tags.iter().any(|known| fold(known) == fold(&tag)) {
                self.tags.push(tag);
            }
        }
        fill_text(&mut self.description, card.description, replace);
        unite_map(&mut self.external_ids, card.external_ids, false);
        unite_map(&mut self.extra, card.extra, replace);
        unite_map(&mut self.custom.0, card.custom.0, replace);
    }

    fn says(&self) -> Vec<(&'static str, String)> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let names = format!("{} {}", text(&self.given_name), text(&self.family_name)).trim().to_owned();
        let said = [
            ("FN", self.name.clone()),
            ("N", names),
            ("ORG", text(&self.company)),
            ("URL", text(&self.website)),
            ("ADR", address_text(self.address.as_ref())),
            ("NOTE", self.description.clone()),
        ];
        said.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }
}

impl Card for Customer {
    fn write(&self, _: Option<&Record<Customer>>, lines: &mut Vec<String>) {
        let is_business = self.kind == CustomerKind::Business;
        lines.push(format!("KIND:{}", if is_business { "org" } else { "individual" }));
        extra::write_one(&self.extra, "FN", |_| false, Some(escape(&self.name)), lines);
        let names = [self.family_name.as_deref(), self.given_name.as_deref()].map(Option::unwrap_or_default);
        let [family, given] = names.map(escape);
        let anew = (names != ["", ""]).then(|| format!("{family};{given};;;"));
        // What the card said beyond the two names, as long as the record still has these.
        extra::write_one(&self.extra, "N", |kept| kept.begins_with(&names), anew, lines);
        export::reachable(&self.emails, &self.phones, &extra::groups(&self.extra), lines);
        let company = self.company.as_deref().filter(|_| !is_business);
        let anew = company.or(is_business.then_some(self.name.as_str())).map(escape);
        let is_company = |kept: &CardProperty| kept.begins_with(&[company.unwrap_or(&self.name)]);
        extra::write_one(&self.extra, "ORG", is_company, anew, lines);
        extra::write_one(&self.extra, "TITLE", |_| true, None, lines);
        let is_website =
            |kept: &CardProperty| self.website.as_deref().is_none_or(|site| cleaned(kept.text()) == site);
        extra::write_one(&self.extra, "URL", is_website, self.website.as_deref().map(export::uri), lines);
        let is_address = |kept: &CardProperty| address_in(kept) == self.address;
        extra::write_one(&self.extra, "ADR", is_address, self.address.as_ref().map(export::address), lines);
        if !self.tags.is_empty() {
            let tags: Vec<_> = self.tags.iter().map(|tag| escape(tag)).collect();
            lines.push(format!("CATEGORIES:{}", tags.join(",")));
        }
        export::note(&self.description, lines);
        if let Some(code) = &self.code {
            lines.push(format!("X-CRM-CODE:{}", escape(code.as_str())));
        }
        if is_business || self.company.as_ref() == Some(&self.name) {
            export::own("COMPANY", &self.company, lines);
        }
        own::write_own(self, lines);
        export::own("EXTERNAL-IDS", &export::other_ids(&self.external_ids), lines);
        export::own("CUSTOM", &self.custom, lines);
        lines.extend(extra::lines(&self.extra));
    }

    fn card_id(&self) -> Option<&str> {
        self.external_ids.get(SYSTEM).map(String::as_str)
    }

    fn named_customer(&self) -> Option<Id<Customer>> {
        None
    }
}
