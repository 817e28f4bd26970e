//! Cards and contacts.

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
use crate::model::{Contact, Customer, Kind, Record};
use crate::value::Id;
use std::collections::BTreeMap;

impl Own for Contact {
    const TOLD: &'static [&'static str] = &[
        "customer",
        "given_name",
        "family_name",
        "emails",
        "phones",
        "position",
        "department",
        "birthday",
        "address",
        "description",
        "external_ids",
        "extra",
    ];
    const STAYS: &'static [&'static str] = &["primary"];
}

impl Importable for Contact {
    const CALLED: &'static str = "given_name+family_name";

    fn draft(unit: &UnitOfWork<'_>, mut person: Person, place: &Place) -> Result<Draft<Self>> {
        let (mut given_name, mut family_name) = person.names();
        if given_name.is_empty() && family_name.is_empty() {
            match person.full_name.rsplit_once(char::is_whitespace) {
                Some((given, family)) => {
                    (given_name, family_name) = (given.trim().to_owned(), family.to_owned());
                }
                None if person.full_name.is_empty() => given_name = person.nameless().unwrap_or_default(),
                None => given_name = person.full_name.clone(),
            }
        }
        let mut contact = Contact {
            customer: place.customer.as_ref().map(|customer| customer.id).unwrap_or_default(),
            given_name,
            family_name,
            emails: std::mem::take(&mut person.emails),
            phones: std::mem::take(&mut person.phones),
            birthday: person.birthday,
            address: person.address.take(),
            description: std::mem::take(&mut person.note),
            ..Contact::default()
        };
        if let Some(title) = person.title.take() {
            contact.position = Some(cleaned(title.text())).filter(|text| !text.is_empty());
            if !title.parameters.is_empty() {
                person.rest.push(title);
            }
        }
        if let Some(url) = person.website.take() {
            person.rest.push(url);
        }
        if let Some(organisation) = person.organisation.take() {
            let mut parts = organisation.parts().into_iter();
            let company = parts.next().unwrap_or_default();
            contact.department = parts.next().filter(|part| !part.is_empty());
            let is_customer = place.customer.as_ref().is_some_and(|customer| customer.name == company);
            if !is_customer || parts.next().is_some() || !organisation.parameters.is_empty() {
                person.rest.push(organisation);
            }
        }
        let full_name = std::mem::take(&mut person.full_name);
        let is_called_otherwise = !full_name.is_empty() && full_name != called(&contact);
        if person.has_more_names() || is_called_otherwise {
            let name = person.name.take();
            person.rest.push(name.unwrap_or_else(|| CardProperty::plain("N", &names_of(&contact))));
        }
        if is_called_otherwise {
            person.rest.push(CardProperty::plain("FN", &escape(&full_name)));
        }
        own::take_own(unit, &mut person, &mut contact)?;
        contact.custom = person.take_custom(unit, Kind::Contact);
        own::take_one(unit, &mut person, &mut contact, "external_ids")?;
        if let Some(uid) = person.uid.take() {
            contact.external_ids.insert(SYSTEM.to_owned(), uid);
        }
        if person.is_organisation == Some(true) {
            person.rest.push(CardProperty::plain("X-ABSHOWAS", "COMPANY"));
        }
        extra::keep(&mut person, &mut contact.extra);
        Ok(Draft { data: contact, problems: person.problems })
    }

    fn is_within(&self, place: &Place) -> bool {
        place.customer.as_ref().is_none_or(|customer| customer.id == self.customer)
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
        if replace || (self.given_name.is_empty() && self.family_name.is_empty()) {
            (self.given_name, self.family_name) = (card.given_name, card.family_name);
        }
        unite_emails(&mut self.emails, card.emails, replace);
        unite_phones(&mut self.phones, card.phones, replace, region);
        fill(&mut self.position, card.position, replace);
        fill(&mut self.department, card.department, replace);
        fill(&mut self.birthday, card.birthday, replace);
        fill(&mut self.address, card.address, replace);
        fill_text(&mut self.description, card.description, replace);
        unite_map(&mut self.external_ids, card.external_ids, false);
        unite_map(&mut self.extra, card.extra, replace);
        unite_map(&mut self.custom.0, card.custom.0, replace);
    }

    fn says(&self) -> Vec<(&'static str, String)> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let said = [
            ("N", called(self)),
            ("TITLE", text(&self.position)),
            ("ORG", text(&self.department)),
            ("BDAY", self.birthday.map(|day| day.to_string()).unwrap_or_default()),
            ("ADR", address_text(self.address.as_ref())),
            ("NOTE", self.description.clone()),
        ];
        said.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }
}

impl Card for Contact {
    fn write(&self, customer: Option<&Record<Customer>>, lines: &mut Vec<String>) {
        let (names, full_name) = ([self.family_name.as_str(), self.given_name.as_str()], called(self));
        // What the card said beyond the two names, as long as the record still has these; or has what was made of
        // its `FN` when it had none.
        let is_name = |kept: &CardProperty| {
            let is_full_name = |kept: CardProperty| cleaned(kept.text()) == full_name;
            kept.begins_with(&names)
                || (kept.begins_with(&["", ""]) && extra::find(&self.extra, "FN").is_none_or(is_full_name))
        };
        let has_name = extra::find(&self.extra, "N").is_some_and(|kept| is_name(&kept));
        extra::write_one(&self.extra, "FN", |_| has_name, Some(escape(&full_name)), lines);
        extra::write_one(&self.extra, "N", |_| has_name, Some(names_of(self)), lines);
        export::reachable(&self.emails, &self.phones, &extra::groups(&self.extra), lines);
        let position = self.position.as_deref();
        let is_position = |kept: &CardProperty| Some(cleaned(kept.text()).as_str()) == position;
        extra::write_one(&self.extra, "TITLE", is_position, position.map(escape), lines);
        let company = customer.map(|customer| escape(&customer.name)).unwrap_or_default();
        let organisation = match &self.department {
            Some(department) => Some(format!("{company};{}", escape(department))),
            None => Some(company).filter(|company| !company.is_empty()),
        };
        let is_department = |kept: &CardProperty| {
            kept.parts().into_iter().nth(1).filter(|part| !part.is_empty()) == self.department
        };
        extra::write_one(&self.extra, "ORG", is_department, organisation, lines);
        extra::write_one(&self.extra, "URL", |_| true, None, lines);
        if let Some(birthday) = self.birthday {
            lines.push(format!("BDAY:{}", birthday.format("%Y%m%d")));
        }
        let is_address = |kept: &CardProperty| address_in(kept) == self.address;
        extra::write_one(&self.extra, "ADR", is_address, self.address.as_ref().map(export::address), lines);
        export::note(&self.description, lines);
        own::write_own(self, lines);
        export::own("EXTERNAL-IDS", &export::other_ids(&self.external_ids), lines);
        export::own("CUSTOM", &self.custom, lines);
        lines.extend(extra::lines(&self.extra));
    }

    fn card_id(&self) -> Option<&str> {
        self.external_ids.get(SYSTEM).map(String::as_str)
    }

    fn named_customer(&self) -> Option<Id<Customer>> {
        Some(self.customer)
    }
}

fn called(contact: &Contact) -> String {
    format!("{} {}", contact.given_name, contact.family_name).trim().to_owned()
}

fn names_of(contact: &Contact) -> String {
    format!("{};{};;;", escape(&contact.family_name), escape(&contact.given_name))
}
