//! Filters: every comparison on every type of column. A filter is true or false for a record, never unknown.

use super::Factory;
use super::fixture::{Office, named, names, refused};
use crate::crm::Rules;
use crate::model::{
    Contact, Customer, CustomerKind, CustomerStatus, Direction, Filter, Interaction, InteractionKind, Lead,
    LeadStatus, Opportunity, Priority, Record,
};
use crate::model::Query;
use crate::value::{Address, Currency, Money, Value};

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::KES)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn city(city: &str) -> Option<Address> {
    Some(Address { city: some(city), ..Address::default() })
}

/// Five customers, in the order of their creation.
fn customers(office: &Office) -> Vec<Record<Customer>> {
    let amina = office.user("amina", office.shipped_role("agent"), None);
    let lead =
        |status, priority, value| Some(Lead { status, priority, estimated_value: value, lost_reason: None });
    let list = [
        Customer {
            kind: CustomerKind::Business,
            status: CustomerStatus::Active,
            company: some("Mára Group"),
            address: city("Nairobi"),
            tags: vec!["VIP".into(), "tea".into()],
            emails: vec!["Info@Mara.example".into()],
            phones: vec!["+254 20 123456".into()],
            owner: Some(amina.id),
            ..named("Mara Tea")
        },
        Customer {
            kind: CustomerKind::Business,
            status: CustomerStatus::Prospect,
            address: city("Zürich"),
            tags: vec!["vip".into(), "100%".into()],
            ..named("Zoë Ltd")
        },
        Customer { lead: lead(LeadStatus::New, Priority::Medium, Some(kes(500))), ..named("Ali") },
        Customer { lead: lead(LeadStatus::Contacted, Priority::High, Some(kes(900))), ..named("Éva") },
        Customer {
            status: CustomerStatus::Inactive,
            lead: lead(LeadStatus::Lost, Priority::Low, Some(Money::new(700, Currency::EUR))),
            ..named("Bo 100%")
        },
    ];
    list.into_iter().map(|customer| office.sys.customers().create(customer).unwrap()).collect()
}

/// That a filter accepts exactly these, and its opposite exactly the others.
#[track_caller]
fn accepts<E: Rules>(office: &Office, filter: Filter, expected: &[&str]) {
    let list = |filter: Filter| {
        let query = Query::new().filter(filter).order_by(["created_at"]);
        let found = names(office.sys.collection::<E>().list(&query).unwrap());
        assert_eq!(office.sys.collection::<E>().count(&query).unwrap(), u64::try_from(found.len()).unwrap());
        found
    };
    let text = serde_json::to_string(&filter).unwrap();
    assert_eq!(list(filter.clone()), expected, "{text}");
    let others = list(Filter::all());
    let others: Vec<&String> = others.iter().filter(|name| !expected.contains(&name.as_str())).collect();
    assert_eq!(list(!filter.clone()).iter().collect::<Vec<_>>(), others, "the opposite of {text}");
    assert_eq!(list(!!filter.clone()), expected, "the opposite of the opposite of {text}");
    let again: Filter = serde_json::from_str(&text).unwrap();
    assert_eq!(list(again), expected, "{text} from JSON");
}

const ALL: [&str; 5] = ["Mara Tea", "Zoë Ltd", "Ali", "Éva", "Bo 100%"];

/// Texts are compared without case and accents, and no character of them is a wildcard.
pub fn texts(factory: Factory<'_>) {
    let office = Office::new(factory);
    customers(&office);
    let accepts = |filter, expected: &[&str]| accepts::<Customer>(&office, filter, expected);
    let name = Customer::NAME;
    accepts(name.is("MARA tea"), &["Mara Tea"]);
    accepts(name.is("mara"), &[]);
    accepts(name.is_not("éVA"), &["Mara Tea", "Zoë Ltd", "Ali", "Bo 100%"]);
    accepts(name.is_in(["eva", "ALI", "nobody"]), &["Ali", "Éva"]);
    accepts(name.is_in(Vec::<String>::new()), &[]);
    accepts(name.less("eva"), &["Ali", "Bo 100%"]);
    accepts(name.at_most("EVA"), &["Ali", "Éva", "Bo 100%"]);
    accepts(name.greater("Eva"), &["Mara Tea", "Zoë Ltd"]);
    accepts(name.at_least("Eva"), &["Mara Tea", "Zoë Ltd", "Éva"]);
    accepts(name.between("bo 100%", "ÉVA"), &["Éva", "Bo 100%"]);
    accepts(name.between("z", "a"), &[]);
    accepts(name.contains("A"), &["Mara Tea", "Ali", "Éva"]);
    accepts(name.contains("0%"), &["Bo 100%"]);
    accepts(name.contains("%"), &["Bo 100%"]);
    accepts(name.contains("_"), &[]);
    accepts(name.contains("*"), &[]);
    accepts(name.contains(""), &ALL);
    accepts(name.starts_with("ZÖE"), &["Zoë Ltd"]);
    accepts(name.starts_with("tea"), &[]);
    accepts(name.starts_with(""), &ALL);
    accepts(name.is_empty(), &[]);
}

/// What is empty is neither less nor greater than anything, and is not equal to anything.
pub fn texts_that_may_be_empty(factory: Factory<'_>) {
    let office = Office::new(factory);
    customers(&office);
    let accepts = |filter, expected: &[&str]| accepts::<Customer>(&office, filter, expected);
    let company = Customer::COMPANY;
    accepts(company.is("mara group"), &["Mara Tea"]);
    accepts(company.is_not("MARA GROUP"), &["Zoë Ltd", "Ali", "Éva", "Bo 100%"]);
    accepts(company.is_not("other"), &ALL);
    accepts(company.is(Value::Null), &["Zoë Ltd", "Ali", "Éva", "Bo 100%"]);
    accepts(company.is_not(Value::Null), &["Mara Tea"]);
    accepts(company.is_in([Value::Null, "mara group".into()]), &ALL);
    accepts(company.is_in([Value::Null]), &["Zoë Ltd", "Ali", "Éva", "Bo 100%"]);
    for one in [company.less("z"), company.at_most("z"), company.greater("a"), company.at_least("a")] {
        accepts(one, &["Mara Tea"]);
    }
    accepts(company.between("a", "z"), &["Mara Tea"]);
    accepts(company.contains("a gr"), &["Mara Tea"]);
    accepts(company.starts_with("m"), &["Mara Tea"]);
    accepts(company.is_empty(), &["Zoë Ltd", "Ali", "Éva", "Bo 100%"]);
    accepts(Filter::is(Customer::ADDRESS.part(Address::CITY), "ZURICH"), &["Zoë Ltd"]);
    accepts(Filter::is_empty("address_city"), &["Ali", "Éva", "Bo 100%"]);
    accepts(Filter::is_empty("address_country"), &ALL);
    accepts(Filter::less("address_city", "z"), &["Mara Tea"]);
}

/// Choices are compared in the order of their declaration.
pub fn choices(factory: Factory<'_>) {
    let office = Office::new(factory);
    customers(&office);
    let accepts = |filter, expected: &[&str]| accepts::<Customer>(&office, filter, expected);
    let status = Customer::STATUS;
    accepts(status.is(CustomerStatus::Active), &["Mara Tea"]);
    accepts(status.is_not(CustomerStatus::Lead), &["Mara Tea", "Zoë Ltd", "Bo 100%"]);
    accepts(status.is_in([CustomerStatus::Lead, CustomerStatus::Inactive]), &["Ali", "Éva", "Bo 100%"]);
    accepts(status.less(CustomerStatus::Active), &["Zoë Ltd", "Ali", "Éva"]);
    accepts(status.at_most(CustomerStatus::Lead), &["Ali", "Éva"]);
    accepts(status.greater(CustomerStatus::Prospect), &["Mara Tea", "Bo 100%"]);
    accepts(status.at_least(CustomerStatus::Inactive), &["Bo 100%"]);
    accepts(status.between(CustomerStatus::Prospect, CustomerStatus::Active), &["Mara Tea", "Zoë Ltd"]);
    accepts(status.is_empty(), &[]);
    let lead = |part: &str| format!("lead_{part}");
    accepts(Filter::is(lead("status"), "new"), &["Ali"]);
    accepts(Filter::is_not(lead("status"), "new"), &["Mara Tea", "Zoë Ltd", "Éva", "Bo 100%"]);
    accepts(Filter::less(lead("status"), "qualified"), &["Ali", "Éva"]);
    accepts(Filter::at_least(lead("status"), "new"), &["Ali", "Éva", "Bo 100%"]);
    accepts(Filter::is_empty(lead("status")), &["Mara Tea", "Zoë Ltd"]);
    accepts(Filter::at_least(lead("priority"), "medium"), &["Ali", "Éva"]);
}

/// Codes are compared by their number, in any case.
pub fn codes(factory: Factory<'_>) {
    let office = Office::new(factory);
    customers(&office);
    let far = Customer { code: Some("C1000".parse().unwrap()), ..named("Far") };
    office.sys.customers().create(far).unwrap();
    let accepts = |filter, expected: &[&str]| accepts::<Customer>(&office, filter, expected);
    let code = Customer::CODE;
    accepts(code.is("c001"), &["Mara Tea"]);
    accepts(code.is("C1"), &[]);
    accepts(code.is_not("C001"), &["Zoë Ltd", "Ali", "Éva", "Bo 100%", "Far"]);
    accepts(code.is_in(["C002", "c1000"]), &["Zoë Ltd", "Far"]);
    accepts(code.less("C002"), &["Mara Tea"]);
    accepts(code.at_most("C1000"), &["Mara Tea", "Zoë Ltd", "Ali", "Éva", "Bo 100%", "Far"]);
    accepts(code.greater("C003"), &["Éva", "Bo 100%", "Far"]);
    accepts(code.at_least("C999"), &["Far"]);
    accepts(code.between("C004", "C1000"), &["Éva", "Bo 100%", "Far"]);
    accepts(code.starts_with("c00"), &["Mara Tea", "Zoë Ltd", "Ali", "Éva", "Bo 100%"]);
    accepts(code.contains("100"), &["Far"]);
    accepts(code.is_empty(), &[]);
}

/// Amounts are compared within the currency that the filter names.
pub fn amounts(factory: Factory<'_>) {
    let office = Office::new(factory);
    customers(&office);
    let accepts = |filter, expected: &[&str]| accepts::<Customer>(&office, filter, expected);
    let value = "lead_estimated_value";
    accepts(Filter::is(value, kes(500)), &["Ali"]);
    accepts(Filter::is(value, Money::new(500, Currency::EUR)), &[]);
    accepts(Filter::is_not(value, kes(500)), &["Mara Tea", "Zoë Ltd", "Éva", "Bo 100%"]);
    accepts(Filter::is_in(value, [kes(900), Money::new(700, Currency::EUR)]), &["Éva", "Bo 100%"]);
    accepts(Filter::less(value, kes(900)), &["Ali"]);
    accepts(Filter::at_most(value, kes(900)), &["Ali", "Éva"]);
    accepts(Filter::greater(value, kes(500)), &["Éva"]);
    accepts(Filter::at_least(value, kes(0)), &["Ali", "Éva"]);
    accepts(Filter::between(value, kes(500), kes(900)), &["Ali", "Éva"]);
    accepts(Filter::is_empty(value), &["Mara Tea", "Zoë Ltd"]);
    accepts(Filter::is(value, Value::Null), &["Mara Tea", "Zoë Ltd"]);
    accepts(Filter::is_not(value, Value::Null), &["Ali", "Éva", "Bo 100%"]);
    refused(office.sys.customers().list(&Query::new().filter(Filter::is(value, 500_i64))), "invalid");
    refused(office.sys.customers().list(&Query::new().filter(Filter::contains(value, "5"))), "invalid");
}

/// A list contains a key, whatever its case; e-mails and phones are compared as such.
pub fn lists(factory: Factory<'_>) {
    let office = Office::new(factory);
    customers(&office);
    let accepts = |filter, expected: &[&str]| accepts::<Customer>(&office, filter, expected);
    let tags = Customer::TAGS;
    accepts(tags.is("Vip"), &["Mara Tea", "Zoë Ltd"]);
    accepts(tags.is_not("tea"), &["Zoë Ltd", "Ali", "Éva", "Bo 100%"]);
    accepts(tags.is_in(["tea", "100%"]), &["Mara Tea", "Zoë Ltd"]);
    accepts(tags.is_in(Vec::<String>::new()), &[]);
    accepts(tags.contains("VIP"), &["Mara Tea", "Zoë Ltd"]);
    accepts(tags.contains("ip"), &["Mara Tea", "Zoë Ltd"]);
    accepts(tags.contains("pi"), &[]);
    accepts(!tags.contains("EA"), &["Zoë Ltd", "Ali", "Éva", "Bo 100%"]);
    accepts(tags.contains("0%"), &["Zoë Ltd"]);
    accepts(tags.contains(""), &["Mara Tea", "Zoë Ltd"]);
    accepts(tags.starts_with("T"), &["Mara Tea"]);
    accepts(tags.starts_with("1"), &["Zoë Ltd"]);
    accepts(tags.is_empty(), &["Ali", "Éva", "Bo 100%"]);
    accepts(tags.is("vip").and(tags.is("tea")), &["Mara Tea"]);
    accepts(Customer::EMAILS.is("INFO@MARA.EXAMPLE"), &["Mara Tea"]);
    accepts(Customer::EMAILS.starts_with("info@"), &["Mara Tea"]);
    accepts(Customer::EMAILS.contains("@MARA."), &["Mara Tea"]);
    accepts(Customer::EMAILS.contains("mara@"), &[]);
    accepts(Customer::EMAILS.is_empty(), &["Zoë Ltd", "Ali", "Éva", "Bo 100%"]);
    accepts(Customer::PHONES.is("+254-20-123-456"), &["Mara Tea"]);
    accepts(Customer::PHONES.starts_with("+254-20"), &["Mara Tea"]);
    accepts(Customer::PHONES.starts_with("+255"), &[]);
    accepts(Customer::PHONES.contains("20 123"), &["Mara Tea"]);
    accepts(Customer::PHONES.contains("+254 20 1"), &["Mara Tea"]);
    accepts(Customer::PHONES.contains("21 12"), &[]);
    accepts(Customer::PHONES.contains("x"), &[]);
    refused(office.sys.customers().list(&Query::new().filter(tags.less("x"))), "invalid");
}

/// Two contacts, three opportunities and three interactions.
fn dealings(office: &Office) -> (Vec<Record<Customer>>, Record<Contact>) {
    let customers = customers(office);
    let contact = |given_name: &str, birthday: Option<&str>| Contact {
        customer: customers[0].id,
        given_name: given_name.into(),
        birthday: birthday.map(|day| day.parse().unwrap()),
        ..Contact::default()
    };
    let first = office.sys.contacts().create(contact("First", Some("1988-02-29"))).unwrap();
    office.sys.contacts().create(contact("Second", Some("2001-01-01"))).unwrap();
    office.sys.contacts().create(contact("Third", None)).unwrap();
    let deal = |name: &str, customer: usize, probability| Opportunity {
        customer: customers[customer].id,
        name: name.into(),
        probability,
        ..Opportunity::default()
    };
    office.sys.opportunities().create(deal("Unset", 0, None)).unwrap();
    office.sys.opportunities().create(deal("Zero", 1, Some(0))).unwrap();
    office.sys.opportunities().create(deal("Sure", 2, Some(100))).unwrap();
    let talk = |subject: &str, at: &str, direction, contacts| Interaction {
        customer: customers[0].id,
        kind: InteractionKind::Visit,
        subject: subject.into(),
        occurred_at: Some(at.parse().unwrap()),
        direction,
        contacts,
        ..Interaction::default()
    };
    let talks = office.sys.interactions();
    talks.create(talk("Old", "1969-07-20T20:17:40Z", None, vec![])).unwrap();
    talks
        .create(talk("New", "2026-03-01T12:00:00.000001Z", Some(Direction::Inbound), vec![first.id]))
        .unwrap();
    (customers, first)
}

/// Numbers, dates, instants, booleans and references; 0 is a value.
pub fn numbers_days_moments_and_references(factory: Factory<'_>) {
    let office = Office::new(factory);
    let (customers, first) = dealings(&office);
    let deals = |filter, expected: &[&str]| accepts::<Opportunity>(&office, filter, expected);
    deals(Opportunity::PROBABILITY.is(0_i64), &["Zero"]);
    deals(Opportunity::PROBABILITY.is_not(0_i64), &["Unset", "Sure"]);
    deals(Opportunity::PROBABILITY.is_in([0_i64, 100]), &["Zero", "Sure"]);
    deals(Opportunity::PROBABILITY.less(100_i64), &["Zero"]);
    deals(Opportunity::PROBABILITY.between(0_i64, 100_i64), &["Zero", "Sure"]);
    deals(Opportunity::PROBABILITY.is_empty(), &["Unset"]);
    deals(Opportunity::CUSTOMER.is(customers[1].id.uuid()), &["Zero"]);
    deals(Opportunity::CUSTOMER.is(customers[1].id.to_string()), &["Zero"]);
    deals(Opportunity::OWNER.is_empty(), &["Unset", "Zero", "Sure"]);
    let people = |filter, expected: &[&str]| accepts::<Contact>(&office, filter, expected);
    people(Contact::BIRTHDAY.is("1988-02-29"), &["First"]);
    people(Contact::BIRTHDAY.less("2001-01-01"), &["First"]);
    people(Contact::BIRTHDAY.at_most("2001-01-01"), &["First", "Second"]);
    people(Contact::BIRTHDAY.is_not("1988-02-29"), &["Second", "Third"]);
    people(Contact::BIRTHDAY.is_empty(), &["Third"]);
    people(Contact::PRIMARY.is(true), &["First"]);
    people(Contact::PRIMARY.is_not(true), &["Second", "Third"]);
    let talks = |filter, expected: &[&str]| accepts::<Interaction>(&office, filter, expected);
    talks(Interaction::OCCURRED_AT.is("2026-03-01T15:00:00.000001+03:00"), &["New"]);
    talks(Interaction::OCCURRED_AT.less("1970-01-01T00:00:00Z"), &["Old"]);
    talks(Interaction::OCCURRED_AT.greater("2026-03-01T12:00:00Z"), &["New"]);
    talks(Interaction::DIRECTION.is_not("inbound"), &["Old"]);
    talks(Interaction::DIRECTION.is_empty(), &["Old"]);
    talks(Interaction::CONTACTS.is(first.id.uuid()), &["New"]);
    talks(Interaction::CONTACTS.is_empty(), &["Old"]);
    let all = |filter, expected: &[&str]| accepts::<Customer>(&office, filter, expected);
    all(Filter::is("id", customers[2].id.uuid()), &["Ali"]);
    all(Filter::is("version", 1_i64), &ALL);
    all(Filter::is_empty("created_by"), &ALL);
    all(Filter::less("created_at", "2026-03-02T06:00:00Z"), &[]);
    all(Filter::at_least("updated_at", "2026-03-02T06:00:00Z"), &ALL);
}

/// A path hops over one reference, to every kind of column; without a target it is false.
pub fn hops(factory: Factory<'_>) {
    let office = Office::new(factory);
    let (customers, _) = dealings(&office);
    let deals = |filter, expected: &[&str]| accepts::<Opportunity>(&office, filter, expected);
    deals(Filter::is(Opportunity::CUSTOMER.hop(Customer::STATUS), "active"), &["Unset"]);
    deals(Filter::is("customer.address_city", "zurich"), &["Zero"]);
    deals(Filter::is("customer.tags", "VIP"), &["Unset", "Zero"]);
    deals(Filter::is_empty("customer.tags"), &["Sure"]);
    deals(Filter::greater("customer.lead_estimated_value", kes(1)), &["Sure"]);
    deals(Filter::is_empty("customer.owner"), &["Zero", "Sure"]);
    deals(Filter::is("customer.code", "C003"), &["Sure"]);
    deals(Filter::is_empty("customer.company"), &["Zero", "Sure"]);
    deals(Filter::is("owner.username", "amina"), &[]);
    let all = |filter, expected: &[&str]| accepts::<Customer>(&office, filter, expected);
    all(Filter::is("owner.username", "AMINA"), &["Mara Tea"]);
    all(Filter::is_not("owner.username", "other"), &["Mara Tea"]);
    let parent = customers[1].id;
    office.sys.customers().update(customers[2].id, |customer| customer.parent = Some(parent)).unwrap();
    all(Filter::starts_with("parent.name", "zoe"), &["Ali"]);
    office.sys.customers().delete(parent).unwrap();
    let query = Query::new().filter(Filter::starts_with("parent.name", "zoe"));
    assert_eq!(names(office.sys.customers().list(&query).unwrap()), [""; 0], "the trash is not reached");
    for path in ["customer.customer.name", "name.x", "parent.parent.name", "nobody.name", "owner.nothing"] {
        refused(office.sys.customers().list(&Query::new().filter(Filter::is(path, "x"))), "invalid");
    }
}

/// And, or, not; the empty `and` accepts everything, the empty `or` nothing.
pub fn and_or_not(factory: Factory<'_>) {
    let office = Office::new(factory);
    customers(&office);
    let accepts = |filter, expected: &[&str]| accepts::<Customer>(&office, filter, expected);
    let (business, lead) = (Customer::KIND.is("business"), Customer::STATUS.is("lead"));
    accepts(Filter::all(), &ALL);
    accepts(Filter::Or { or: vec![] }, &[]);
    accepts(business.clone().or(lead.clone()), &["Mara Tea", "Zoë Ltd", "Ali", "Éva"]);
    accepts(business.clone().and(lead.clone()), &[]);
    accepts((!business.clone()).and(!lead.clone()), &["Bo 100%"]);
    accepts(!(business.clone().or(lead)), &["Bo 100%"]);
    let null_inside = Customer::COMPANY.less("z").or(Customer::COMPANY.greater("z"));
    accepts(null_inside.clone(), &["Mara Tea"]);
    accepts((!null_inside).and(business), &["Zoë Ltd"]);
    let deep = (0..24).fold(Customer::NAME.is("ali"), |filter, _| !filter);
    accepts(deep, &["Ali"]);
}
