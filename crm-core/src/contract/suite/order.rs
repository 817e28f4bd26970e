//! Orders, and paging through them.

use super::Factory;
use super::fixture::{Office, named, names};
use crate::model::{Contact, Customer, CustomerStatus, Interaction, Lead, LeadStatus, Priority, Record};
use crate::model::Query;
use crate::value::{Address, Currency, Id, Money};
use std::collections::BTreeSet;

fn order(office: &Office, keys: &[&str]) -> Vec<String> {
    names(office.sys.customers().list(&Query::new().order_by(keys.iter().copied())).unwrap())
}

fn create(office: &Office, name: &str, change: impl FnOnce(&mut Customer)) -> Record<Customer> {
    let mut customer = Customer { status: CustomerStatus::Active, ..named(name) };
    change(&mut customer);
    office.sys.customers().create(customer).unwrap()
}

/// Texts sort without case and accents; equal ones in the order of creation, in the direction of the last key.
pub fn texts_sort_folded(factory: Factory<'_>) {
    let office = Office::new(factory);
    for name in ["zebra", "Émile", "apfel", "Äpfel", "Zoo", "eMIL", "APFEL"] {
        create(&office, name, |_| {});
    }
    assert_eq!(order(&office, &["name"]), ["apfel", "Äpfel", "APFEL", "eMIL", "Émile", "zebra", "Zoo"]);
    assert_eq!(order(&office, &["-name"]), ["Zoo", "zebra", "Émile", "eMIL", "APFEL", "Äpfel", "apfel"]);
    assert_eq!(
        order(&office, &[]),
        ["APFEL", "eMIL", "Zoo", "Äpfel", "apfel", "Émile", "zebra"],
        "newest first"
    );
    assert_eq!(order(&office, &["created_at"])[0], "zebra", "oldest first");
}

/// Empty values come last in both directions, for every key.
pub fn nulls_come_last(factory: Factory<'_>) {
    let office = Office::new(factory);
    for (name, company, city) in [
        ("1", None, Some("Nairobi")),
        ("2", Some("Beta"), None),
        ("3", Some("alpha"), Some("Mombasa")),
        ("4", None, None),
        ("5", Some("BETA"), Some("Kisumu")),
        ("6", None, Some("Eldoret")),
    ] {
        create(&office, name, |customer| {
            customer.company = company.map(str::to_owned);
            customer.address = city.map(|city| Address { city: Some(city.into()), ..Address::default() });
        });
    }
    assert_eq!(order(&office, &["company", "address_city"]), ["3", "5", "2", "6", "1", "4"]);
    assert_eq!(order(&office, &["-company", "-address_city"]), ["5", "2", "3", "1", "6", "4"]);
    assert_eq!(order(&office, &["company", "-address_city"]), ["3", "5", "2", "1", "6", "4"]);
    assert_eq!(order(&office, &["company"]), ["3", "2", "5", "1", "4", "6"]);
    assert_eq!(order(&office, &["-company"]), ["5", "2", "3", "6", "4", "1"]);
}

/// Choices sort in the order of their declaration, codes by their number.
pub fn choices_sort_by_declaration_and_codes_by_number(factory: Factory<'_>) {
    let office = Office::new(factory);
    let coded = |name: &str, status, code: &str, lead: Option<(LeadStatus, Priority)>| {
        create(&office, name, |customer| {
            customer.status = status;
            customer.code = Some(code.parse().unwrap());
            customer.lead = lead.map(|(status, priority)| Lead { status, priority, ..Lead::default() });
        });
    };
    coded("active", CustomerStatus::Active, "C1000", None);
    coded("lead", CustomerStatus::Lead, "C999", Some((LeadStatus::Qualified, Priority::Low)));
    coded("inactive", CustomerStatus::Inactive, "C002", Some((LeadStatus::Lost, Priority::High)));
    coded("prospect", CustomerStatus::Prospect, "C10", Some((LeadStatus::Converted, Priority::Medium)));
    assert_eq!(order(&office, &["status"]), ["lead", "prospect", "active", "inactive"]);
    assert_eq!(order(&office, &["-status"]), ["inactive", "active", "prospect", "lead"]);
    assert_eq!(order(&office, &["code"]), ["inactive", "prospect", "lead", "active"]);
    assert_eq!(order(&office, &["-code"]), ["active", "lead", "prospect", "inactive"]);
    assert_eq!(order(&office, &["lead_priority"]), ["lead", "prospect", "inactive", "active"]);
    assert_eq!(order(&office, &["-lead_status"]), ["prospect", "inactive", "lead", "active"]);
}

/// Amounts sort within their currency, the currencies by their code in both directions.
pub fn amounts_sort_within_their_currency(factory: Factory<'_>) {
    let office = Office::new(factory);
    let lead = |name: &str, value: Option<Money>| {
        create(&office, name, |customer| {
            customer.status = CustomerStatus::Lead;
            customer.lead = Some(Lead { estimated_value: value, ..Lead::default() });
        });
    };
    lead("KES 9", Some(Money::new(9, Currency::KES)));
    lead("none", None);
    lead("EUR 7", Some(Money::new(7, Currency::EUR)));
    lead("KES -1", Some(Money::new(-1, Currency::KES)));
    lead("EUR 10", Some(Money::new(10, Currency::EUR)));
    assert_eq!(order(&office, &["lead_estimated_value"]), ["EUR 7", "EUR 10", "KES -1", "KES 9", "none"]);
    assert_eq!(order(&office, &["-lead_estimated_value"]), ["EUR 10", "EUR 7", "KES 9", "KES -1", "none"]);
}

/// Numbers sort as numbers, moments and days by time, false before true.
pub fn numbers_days_and_moments_sort(factory: Factory<'_>) {
    let office = Office::new(factory);
    let customer = office.customer("Mara").id;
    for (subject, at, duration) in [
        ("a", "2026-01-01T00:00:00Z", Some(100)),
        ("b", "1969-01-01T00:00:00Z", Some(20)),
        ("c", "2026-01-01T00:00:00.000001Z", None),
    ] {
        let talk = Interaction {
            customer,
            subject: subject.into(),
            occurred_at: Some(at.parse().unwrap()),
            duration,
            ..Interaction::default()
        };
        office.sys.interactions().create(talk).unwrap();
    }
    let talks =
        |key: &str| names(office.sys.interactions().list(&Query::new().order_by([key])).unwrap()).concat();
    assert_eq!(talks("occurred_at"), "bac");
    assert_eq!(talks("-occurred_at"), "cab");
    assert_eq!(talks("duration"), "bac");
    assert_eq!(talks("-duration"), "abc");
    for (given_name, birthday) in [("x", Some("2001-12-31")), ("y", None), ("z", Some("0988-02-28"))] {
        let birthday = birthday.map(|day| day.parse().unwrap());
        let contact = Contact { customer, given_name: given_name.into(), birthday, ..Contact::default() };
        office.sys.contacts().create(contact).unwrap();
    }
    let people =
        |key: &str| names(office.sys.contacts().list(&Query::new().order_by([key])).unwrap()).concat();
    assert_eq!(people("birthday"), "zxy");
    assert_eq!(people("-birthday"), "xzy");
    assert_eq!(people("primary"), "yzx");
    assert_eq!(people("-primary"), "xzy");
}

/// Forty customers with many equal and empty keys, some created at the same moment.
fn crowd(office: &Office) -> Vec<Id<Customer>> {
    let mut batch = office.sys.batch();
    let mut ids = Vec::new();
    for number in 0..40_u32 {
        if number % 8 == 0 {
            batch.run().unwrap();
            office.clock.advance(chrono::TimeDelta::seconds(1));
            batch = office.sys.batch();
        }
        let company = ["Alpha", "beta", "ALPHA", "Gamma"].get((number % 7) as usize);
        let status = CustomerStatus::ALL[(number % 3) as usize];
        let value = (number % 4 > 0).then(|| {
            let currency = if number % 2 == 0 { Currency::KES } else { Currency::EUR };
            Money::new(i64::from(number % 5), currency)
        });
        let customer = Customer {
            status,
            company: company.map(|&company| company.to_owned()),
            lead: (status == CustomerStatus::Lead)
                .then(|| Lead { estimated_value: value, ..Lead::default() }),
            ..named(&format!("crowd {:02}", number % 11))
        };
        ids.push(batch.create(customer).unwrap());
    }
    batch.run().unwrap();
    ids
}

const ORDERS: [&[&str]; 12] = [
    &[],
    &["created_at"],
    &["-created_at"],
    &["name"],
    &["-name"],
    &["company"],
    &["-company"],
    &["company", "-status", "name"],
    &["-company", "address_city", "-name"],
    &["status", "-company"],
    &["lead_estimated_value", "company"],
    &["-code"],
];

/// The ids of all pages of a query, one after the other.
fn pages(office: &Office, query: &Query) -> Vec<Id<Customer>> {
    let mut ids = Vec::new();
    let mut next = Some(query.clone());
    while let Some(query) = next.take() {
        let page = office.sys.customers().list(&query).unwrap();
        ids.extend(page.items.iter().map(|customer| customer.id));
        next = page.next.map(|cursor| query.after(cursor));
    }
    ids
}

fn distinct(ids: &[Id<Customer>]) -> usize {
    ids.iter().collect::<BTreeSet<_>>().len()
}

/// Page by page to the end comes every record once, in the order of one large page, with filters and words too.
pub fn pages_give_every_record_once_in_order(factory: Factory<'_>) {
    let office = Office::new(factory);
    crowd(&office);
    for keys in ORDERS {
        let all = Query::new().order_by(keys.iter().copied()).page_size(1_000);
        for query in [
            all.clone(),
            all.clone().filter(!Customer::STATUS.is(CustomerStatus::Lead)),
            all.clone().words("crowd 0"),
        ] {
            let whole = pages(&office, &query);
            assert_eq!(distinct(&whole), whole.len());
            for size in [1, 3, 7, 39, 40] {
                assert_eq!(pages(&office, &query.clone().page_size(size)), whole, "{keys:?} by {size}");
            }
        }
        assert_eq!(pages(&office, &all).len(), 40);
        let last = office.sys.customers().list(&all.page_size(40)).unwrap();
        assert_eq!((last.items.len(), last.next), (40, None), "there is no page after the last");
    }
}

/// Records that are added or changed while paging neither repeat nor hide others.
pub fn pages_are_stable_under_inserts(factory: Factory<'_>) {
    for keys in ORDERS {
        let office = Office::new(factory);
        let ids = crowd(&office);
        let query = Query::new().order_by(keys.iter().copied()).page_size(7);
        let whole = pages(&office, &query.clone().page_size(1_000));
        let mut seen = Vec::new();
        let mut next = Some(query);
        while let Some(query) = next.take() {
            let page = office.sys.customers().list(&query).unwrap();
            seen.extend(page.items.iter().map(|customer| customer.id));
            next = page.next.map(|cursor| query.after(cursor));
            create(&office, "aaa", |customer| customer.company = Some("aaa".into()));
            create(&office, "crowd 05", |_| {});
            create(&office, "zzz", |customer| customer.status = CustomerStatus::Inactive);
        }
        assert_eq!(distinct(&seen), seen.len(), "{keys:?} repeats none");
        seen.retain(|id| ids.contains(id));
        assert_eq!(seen, whole, "{keys:?} hides none");
    }
}

/// A cursor goes on at its place when its own record is gone, also among records of the same moment and keys.
pub fn a_cursor_survives_its_record(factory: Factory<'_>) {
    for keys in ORDERS {
        let office = Office::new(factory);
        crowd(&office);
        let customers = office.sys.customers();
        let query = Query::new().order_by(keys.iter().copied()).page_size(3);
        let whole = pages(&office, &query.clone().page_size(1_000));
        let mut seen = Vec::new();
        let mut next = Some(query);
        while let Some(query) = next.take() {
            let page = customers.list(&query).unwrap();
            seen.extend(page.items.iter().map(|customer| customer.id));
            let last = page.items.last().unwrap().id;
            customers.delete(last).unwrap();
            customers.purge(last).unwrap();
            next = page.next.map(|cursor| query.after(cursor));
        }
        assert_eq!(seen, whole, "{keys:?}");
    }
}
