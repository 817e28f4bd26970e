//! Leads and customers, with the people there.

use super::filling::Filling;
use super::towns::{STREETS, TOWNS, Town};
use crate::crm::{Conversion, ConversionOpportunity};
use crate::error::Result;
use crate::model::{Contact, Customer, CustomerKind, CustomerStatus, Kind, Lead, LeadStatus, Priority, User};
use crate::value::{Address, Currency, Email, Id, Money};
use chrono::{Datelike, NaiveDate};
use std::collections::BTreeMap;

/// How ten leads in turn have fared: their status, and the stage of the deal that came of them.
const COURSES: [(LeadStatus, Option<&str>); 10] = [
    (LeadStatus::New, None),
    (LeadStatus::Contacted, None),
    (LeadStatus::New, None),
    (LeadStatus::Qualified, Some("prospecting")),
    (LeadStatus::Converted, Some("negotiation")),
    (LeadStatus::New, None),
    (LeadStatus::Contacted, None),
    (LeadStatus::Lost, None),
    (LeadStatus::Qualified, Some("qualification")),
    (LeadStatus::Converted, Some("won")),
];

/// How five customers in turn stand who never were leads, and the stage and currency of a deal with them.
const STANDINGS: [(CustomerStatus, &str, Currency); 5] = [
    (CustomerStatus::Active, "won", Currency::KES),
    (CustomerStatus::Prospect, "proposal", Currency::USD),
    (CustomerStatus::Active, "won", Currency::KES),
    (CustomerStatus::Inactive, "lost", Currency::KES),
    (CustomerStatus::Active, "won", Currency::KES),
];

const SOURCES: &[&str] = &["fair", "web", "referral", "radio", "walk-in"];
const TAGS: &[&str] = &["wholesale", "credit", "newsletter", "priority"];
const POSITIONS: &[&str] = &["Director", "Farm manager", "Accountant", "Procurement officer", "Store keeper"];
const RELATIONS: &[&str] = &["Farm manager", "Partner", "Neighbour"];
pub(super) const LOST_REASONS: &[&str] =
    &["Too expensive", "Bought elsewhere", "No budget this year", "Put off", "Cannot be reached"];

/// A customer who is in the books, as far as what hangs on it needs to know.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) id: Id<Customer>,
    pub(super) owner: Id<User>,
    /// The first is the primary one.
    pub(super) contacts: Vec<Id<Contact>>,
    pub(super) town: Town,
}

impl Filling<'_> {
    /// A lead with contacts, calls, notes and a reminder, and with a deal when it has come so far.
    pub(super) fn lead(&mut self, number: u32) -> Result<()> {
        let (status, stage) = COURSES[number as usize % COURSES.len()];
        let mut lead = Lead {
            status,
            priority: Priority::ALL[number as usize % Priority::ALL.len()],
            estimated_value: Some(self.estimate()),
            lost_reason: None,
        };
        let mut standing = CustomerStatus::Lead;
        match status {
            LeadStatus::New | LeadStatus::Contacted | LeadStatus::Qualified => {}
            // Until it is converted below.
            LeadStatus::Converted => lead.status = LeadStatus::Qualified,
            LeadStatus::Lost => {
                lead.lost_reason = Some(self.dice.one(LOST_REASONS).to_owned());
                standing = CustomerStatus::Inactive;
            }
        }
        let new = Customer { lead: Some(lead), status: standing, ..Customer::default() };
        let customer = self.customer(number, new)?;
        let deal = stage.map(|stage| self.deal(&customer, stage, Currency::KES)).transpose()?;
        if status == LeadStatus::Converted {
            let won = stage == Some("won");
            let status = if won { CustomerStatus::Active } else { CustomerStatus::Prospect };
            let opportunity = deal.as_ref().map(|deal| ConversionOpportunity::Existing(deal.id));
            let opportunity = opportunity.unwrap_or_default();
            self.writer.batch.convert_lead(customer.id, Conversion { status, opportunity, contact: None });
        }
        let deal = deal.as_ref();
        match status {
            LeadStatus::New => self.unanswered_call(&customer)?,
            _ => self.call(&customer, deal)?,
        }
        for _ in 0..self.dice.below(3) {
            let about = deal.filter(|_| self.dice.chance(60));
            self.interaction(&customer, about)?;
        }
        self.note(&customer, deal)?;
        self.reminder(&customer, deal.filter(|deal| deal.is_open))
    }

    /// A customer who never was a lead.
    pub(super) fn older_customer(&mut self, number: u32) -> Result<()> {
        let (status, stage, currency) = STANDINGS[number as usize % STANDINGS.len()];
        let mut new = Customer { status, ..Customer::default() };
        if status == CustomerStatus::Active {
            new.custom.set("loyalty_number", format!("LN-{:06}", number + 1));
            new.external_ids = BTreeMap::from([("ledger".to_owned(), format!("D{:05}", number + 1))]);
        }
        let customer = self.customer(number, new)?;
        let deal = self.deal(&customer, stage, currency)?;
        self.call(&customer, Some(&deal))?;
        for _ in 0..self.dice.below(3) {
            self.interaction(&customer, None)?;
        }
        if self.dice.chance(50) {
            self.note(&customer, None)?;
        }
        if status == CustomerStatus::Active {
            self.reminder(&customer, None)?;
            self.feedback(&customer)?;
            if self.dice.chance(40) {
                let stage = self.dice.one(&["prospecting", "qualification", "proposal", "negotiation"]);
                self.deal(&customer, stage, Currency::KES)?;
            }
        }
        Ok(())
    }

    /// Completes a customer, and adds the people there. Two of three customers are firms; every third customer is the
    /// manager's.
    fn customer(&mut self, number: u32, new: Customer) -> Result<Known> {
        let town = self.dice.one(TOWNS);
        let user = if number.is_multiple_of(3) { &self.company.manager } else { &self.company.agent };
        let owner = user.id;
        let is_firm = self.in_turn(Kind::Customer, &[true, false, true]);
        let mut tags = Vec::new();
        let mut domain = "example.com".to_owned();
        let named = if is_firm {
            let firm = self.names.firm(&mut self.dice);
            tags.push(firm.tag.to_owned());
            domain = firm.domain;
            Customer {
                kind: CustomerKind::Business,
                emails: vec![Email::new(format!("info@{domain}"))],
                website: Some(format!("https://www.{domain}")),
                name: firm.name,
                ..new
            }
        } else {
            let (given, family) = self.names.person(&mut self.dice);
            Customer {
                given_name: Some(given.to_owned()),
                family_name: Some(family.to_owned()),
                emails: vec![self.names.email((given, family), &domain)],
                ..new
            }
        };
        if self.dice.chance(30) {
            tags.push(self.dice.one(TAGS).to_owned());
        }
        let mut customer = Customer {
            phones: vec![self.names.phone(&mut self.dice)],
            address: Some(self.address(town)),
            tags,
            source: Some(self.dice.one(SOURCES).to_owned()),
            owner: Some(owner),
            ..named
        };
        customer.custom.set("county", town.county);
        let id = self.writer.add(customer)?;
        let mut known = Known { id, owner, contacts: Vec::new(), town };
        for number in 0..=self.dice.below(if is_firm { 3 } else { 2 }) {
            let contact = self.contact(id, is_firm.then_some(domain.as_str()), number == 0);
            known.contacts.push(self.writer.add(contact)?);
        }
        Ok(known)
    }

    /// Somebody at a firm with this domain, or somebody who is close to a person.
    fn contact(&mut self, customer: Id<Customer>, domain: Option<&str>, primary: bool) -> Contact {
        let (given, family) = self.names.person(&mut self.dice);
        let positions = if domain.is_some() { POSITIONS } else { RELATIONS };
        let year = self.calendar.today.year() - 22 - self.dice.below(40).cast_signed();
        let birthday = NaiveDate::from_yo_opt(year, self.dice.between(1, 365));
        let mut emails = Vec::new();
        if let Some(domain) = domain {
            let address = self.names.email((given, family), domain);
            emails.push(Email { label: Some("work".to_owned()), opted_out: self.dice.chance(5), ..address });
        }
        Contact {
            customer,
            given_name: given.to_owned(),
            family_name: family.to_owned(),
            emails,
            phones: vec![self.names.phone(&mut self.dice)],
            position: Some(self.dice.one(positions).to_owned()),
            primary,
            birthday: birthday.filter(|_| self.dice.chance(30)),
            ..Contact::default()
        }
    }

    fn address(&mut self, town: Town) -> Address {
        let street = match self.dice.chance(50) {
            true => format!("P.O. Box {}", self.dice.between(11, 4_999)),
            false => format!("{} {}", self.dice.one(STREETS), self.dice.between(1, 120)),
        };
        Address {
            street: Some(street),
            city: Some(town.name.to_owned()),
            state: None,
            postal_code: Some(town.postal_code.to_owned()),
            country: Some("Kenya".to_owned()),
        }
    }

    /// What a lead may be worth: 20,000 to 2,000,000 shillings.
    fn estimate(&mut self) -> Money {
        let thousands = self.dice.between(20, 400) * self.dice.one(&[1, 1, 2, 5]);
        Money::new(i64::from(thousands) * 100_000, Currency::KES)
    }
}
