//! Duplicates: which pairs are found in data sets whose truth is known, and what is told, remembered and left out.

use crate::shared::shared;
use crate::{Office, failure, office};
use crm_core::chrono::NaiveDate;
use crm_core::{
    Address, Comparison, Contact, CustomField, CustomFieldType, Customer, DuplicateRules, Email, Id, KeyForm,
    KeyPart, Kind, Phone, Query,
};
use std::collections::{BTreeSet, HashMap};

const NAME: &str = "given_name+family_name";

/// How many of the told pairs are right, how many of the right ones are told, and the harmonic mean of both.
#[derive(Debug)]
struct Quality {
    precision: f64,
    recall: f64,
    f1: f64,
}

/// Compares the pairs that are found among the contacts with the truth: a group for each contact.
#[allow(clippy::print_stderr, reason = "the figures are what the test is about")]
fn quality(
    what: &str,
    office: &Office,
    rules: &DuplicateRules,
    group: &HashMap<Id<Contact>, String>,
) -> Quality {
    let found = office.admin.contacts().find_duplicates(rules).unwrap();
    assert_eq!(found.records, u64::try_from(group.len()).unwrap());
    let told: BTreeSet<_> = found.pairs.iter().map(|pair| (pair.left, pair.right)).collect();
    assert_eq!(told.len(), found.pairs.len(), "a pair is told once");
    let right = told.iter().filter(|(left, right)| group[left] == group[right]).count();
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    group.values().for_each(|name| *sizes.entry(name).or_default() += 1);
    let true_pairs: usize = sizes.values().map(|size| size * (size - 1) / 2).sum();
    let ratio = |part: usize, whole: usize| part as f64 / whole as f64;
    let (precision, recall) = (ratio(right, told.len()), ratio(right, true_pairs));
    let f1 = 2.0 * precision * recall / (precision + recall);
    eprintln!(
        "{what}: precision {precision:.4}, recall {recall:.4}, F1 {f1:.4} ({} told, {true_pairs} true, {} compared)",
        told.len(),
        found.compared
    );
    Quality { precision, recall, f1 }
}

/// The rows of a file by the names of its columns.
fn rows(path: &str) -> Option<Vec<HashMap<String, String>>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(shared(path)?).unwrap();
    Some(reader.deserialize().map(Result::unwrap).collect())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// A name that the library takes where the row has none: without a letter, so that nothing is compared with it.
fn family_name(given: &str, family: &str) -> String {
    if given.is_empty() && family.is_empty() { "?".to_owned() } else { family.to_owned() }
}

#[test]
fn the_pairs_of_febrl_1_are_found() {
    let Some(rows) = rows("data/dedupe/febrl1.csv") else { return };
    let office = office();
    let number = CustomField {
        entity: Kind::Contact,
        key: "soc_sec_id".into(),
        r#type: CustomFieldType::Text,
        ..CustomField::default()
    };
    office.admin.custom_fields().create(number).unwrap();
    let customer = office.customer("FEBRL").id;
    let mut group = HashMap::new();
    for row in &rows {
        let mut contact = Contact {
            customer,
            given_name: row["given_name"].clone(),
            family_name: family_name(&row["given_name"], &row["surname"]),
            birthday: NaiveDate::parse_from_str(&row["date_of_birth"], "%Y%m%d").ok(),
            address: Some(Address {
                street: some(&row["address_1"]),
                city: some(&row["suburb"]),
                state: some(&row["state"]),
                postal_code: some(&row["postcode"]),
                ..Address::default()
            }),
            ..Contact::default()
        };
        contact.custom.set("soc_sec_id", row["soc_sec_id"].as_str());
        let id = office.admin.contacts().create(contact).unwrap().id;
        let original = row["rec_id"].split('-').nth(1).unwrap();
        group.insert(id, original.to_owned());
    }
    let rules = DuplicateRules::new()
        .key([KeyPart::whole("custom.soc_sec_id")])
        .key([KeyPart::whole("birthday")])
        .key([KeyPart::new(NAME, KeyForm::Words)])
        .key([KeyPart::new("family_name", KeyForm::Sound), KeyPart::whole("address_postal_code")])
        .compare(NAME, Comparison::Words, 6.0, 4.0)
        .compare("birthday", Comparison::Date, 8.0, 3.0)
        .compare("custom.soc_sec_id", Comparison::Digits, 10.0, 3.0)
        .compare("address_street", Comparison::Text, 5.0, 2.0)
        .compare("address_city", Comparison::Text, 4.0, 2.0)
        .compare("address_postal_code", Comparison::Digits, 4.0, 2.0)
        .prior(8.0);
    let quality = quality("FEBRL 1", &office, &rules, &group);
    assert!(quality.precision >= 0.99 && quality.recall >= 0.95, "{quality:?}");
}

#[test]
fn the_pairs_of_fake_1000_are_found() {
    let Some(rows) = rows("data/dedupe/fake_1000.csv") else { return };
    let office = office();
    let customer = office.customer("Fake 1000").id;
    let mut group = HashMap::new();
    for row in &rows {
        let mut contact = Contact {
            customer,
            given_name: row["first_name"].clone(),
            family_name: family_name(&row["first_name"], &row["surname"]),
            birthday: row["dob"].parse().ok(),
            address: some(&row["city"]).map(|city| Address { city: Some(city), ..Address::default() }),
            emails: some(&row["email"]).map(Email::new).into_iter().collect(),
            ..Contact::default()
        };
        let valid = |email: &Email| email.address.comparison_key().is_ok();
        contact.emails.retain(valid);
        let id = office.admin.contacts().create(contact).unwrap().id;
        group.insert(id, row["cluster"].clone());
    }
    let rules = DuplicateRules::new()
        .key([KeyPart::whole("birthday")])
        .key([KeyPart::new("emails", KeyForm::LocalPart)])
        .key([KeyPart::new(NAME, KeyForm::Words)])
        // One part of the birthday may be wrong.
        .key([KeyPart::new("birthday", KeyForm::Year), KeyPart::new("birthday", KeyForm::Month)])
        .key([KeyPart::new("birthday", KeyForm::Year), KeyPart::new("birthday", KeyForm::Day)])
        .key([KeyPart::new("birthday", KeyForm::Month), KeyPart::new("birthday", KeyForm::Day)])
        .key([KeyPart::new("family_name", KeyForm::Sound), KeyPart::whole("address_city")])
        .compare(NAME, Comparison::Words, 5.0, 4.0)
        .compare("birthday", Comparison::Date, 8.0, 4.0)
        .compare("emails", Comparison::Email, 8.0, 3.0)
        .compare("address_city", Comparison::Text, 3.0, 2.0)
        .prior(3.0);
    let quality = quality("fake_1000", &office, &rules, &group);
    assert!(quality.f1 >= 0.85, "{quality:?}");
    // What nobody has written for these rows does nearly as well.
    let usual = self::quality("fake_1000, usual rules", &office, &DuplicateRules::for_contacts(), &group);
    assert!(usual.f1 >= 0.85 && usual.precision >= 0.97, "{usual:?}");
}

/// The data sets, looked up record by record: the lookups find what the walk over all records finds.
#[test]
fn each_record_finds_its_own_duplicates() {
    let office = office();
    let customers = office.admin.customers();
    office.admin.update_settings(|settings| settings.phone_region = "KE".into()).unwrap();
    let address = |postal: &str| Some(Address { postal_code: some(postal), ..Address::default() });
    let create = |name: &str, email: &str, phone: &str, postal: &str| {
        let emails = some(email).map(Email::new).into_iter().collect();
        let phones = some(phone).map(Phone::new).into_iter().collect();
        let customer =
            Customer { name: name.into(), emails, phones, address: address(postal), ..Customer::default() };
        customers.create(customer).unwrap().id
    };
    let same = [
        create("Mara Tea Estates Ltd", "info@mara.example", "0722 000 001", "00100"),
        create("Mara Tea Estates Limited", "", "", ""),
        create("Estates, Tea Mara Ltd", "info@mara.co.ke", "", ""),
        create("Mahra Tea Estates", "", "+254 722 000 001 ext. 7", "00100"),
        create("Mara Tea Estate", "", "", "00100"),
    ];
    create("Zebra Foods", "info@zebra.example", "0733 000 001", "00100");
    create("Mara Coffee", "sales@coffee.example", "", "40100");
    let rules = DuplicateRules::for_customers();
    let all = customers.find_duplicates(&rules).unwrap();
    assert_eq!(all.groups(), [same.to_vec()]);
    let everyone = customers.list(&Query::new()).unwrap().items;
    for record in &everyone {
        let found = customers.duplicates_of_record(record.id, &rules).unwrap();
        let told: BTreeSet<_> = found.candidates.iter().map(|c| (c.record.id, c.score.to_string())).collect();
        let others = all.pairs.iter().filter_map(|pair| match (pair.left, pair.right) {
            (left, right) if left == record.id => Some((right, pair.score.to_string())),
            (left, right) if right == record.id => Some((left, pair.score.to_string())),
            _ => None,
        });
        assert_eq!(told, others.collect(), "{}", record.name);
        // The same data as a draft finds the record itself, too, and first.
        let found = customers.duplicates_of(&record.data, &rules).unwrap();
        assert!(found.candidates.iter().any(|candidate| candidate.record.id == record.id), "{}", record.name);
        assert_eq!(found.candidates.len(), told.len() + 1);
    }
}

#[test]
fn a_score_has_its_reasons() {
    let office = office();
    let customers = office.admin.customers();
    let mara = Customer {
        name: "Mara Tea".into(),
        emails: vec!["info@mara.example".into()],
        website: Some("mara.example".into()),
        ..Customer::default()
    };
    customers.create(mara.clone()).unwrap();
    let rules = DuplicateRules::new()
        .key([KeyPart::whole("emails")])
        .compare("name", Comparison::Exact, 3.0, 2.0)
        .compare("emails", Comparison::Overlap, 5.0, 1.0)
        .compare("website", Comparison::Text, 3.0, 1.0)
        .prior(3.0);
    let draft = Customer { name: " ".into(), given_name: Some("Zebra".into()), website: None, ..mara };
    let found = customers.duplicates_of(&draft, &rules).unwrap();
    let told: Vec<_> = found.candidates[0]
        .reasons
        .iter()
        .map(|reason| (reason.field.as_str(), reason.alike, reason.contribution))
        .collect();
    // What one of them does not have says nothing. 5 - 2 - 3 points are even odds.
    assert_eq!(told, [("name", 0.0, -2.0), ("emails", 1.0, 5.0)]);
    assert_eq!(found.candidates[0].score, 0.5);
    let found = customers.duplicates_of(&draft, &rules.clone().prior(3.001)).unwrap();
    assert!(found.candidates.is_empty());
}

#[test]
fn a_key_that_many_share_is_dropped_and_told() {
    let office = office();
    let customers = office.admin.customers();
    let draft = Customer { name: "Walk-in".into(), ..Customer::default() };
    let rules =
        DuplicateRules::new().key([KeyPart::whole("name")]).compare("name", Comparison::Exact, 9.0, 9.0);
    for _ in 0..19 {
        customers.create(draft.clone()).unwrap();
    }
    assert_eq!(customers.duplicates_of(&draft, &rules).unwrap().candidates.len(), 19);
    let last = customers.create(draft.clone()).unwrap();
    let all = customers.find_duplicates(&rules).unwrap();
    assert_eq!((all.pairs.len(), all.dropped.len()), (20 * 19 / 2, 0));
    assert_eq!(customers.duplicates_of_record(last.id, &rules).unwrap().candidates.len(), 19);
    let found = customers.duplicates_of(&draft, &rules).unwrap();
    assert_eq!((found.candidates.len(), found.dropped[0].records), (0, Some(21)));
    customers.create(draft).unwrap();
    let all = customers.find_duplicates(&rules).unwrap();
    assert_eq!((all.pairs.len(), all.dropped_in_all), (0, 1));
    assert_eq!((all.dropped[0].value.as_str(), all.dropped[0].records), ("walk-in", Some(21)));
    assert_eq!(customers.find_duplicates(&rules.most_sharing(21)).unwrap().pairs.len(), 21 * 20 / 2);
}

#[test]
fn a_text_in_a_custom_field_is_a_key_and_a_sound_alone_is_none() {
    let office = office();
    let field = |key: &str, r#type| CustomField {
        entity: Kind::Customer,
        key: key.into(),
        r#type,
        ..CustomField::default()
    };
    for (key, r#type) in [("tax_number", CustomFieldType::Text), ("founded", CustomFieldType::Date)] {
        office.admin.custom_fields().create(field(key, r#type)).unwrap();
    }
    let customers = office.admin.customers();
    let mut mara = Customer { name: "Mara Tea".into(), ..Customer::default() };
    mara.custom.set("tax_number", "P051-234 567 X");
    mara.custom.set("founded", "1998-04-01".parse::<NaiveDate>().unwrap());
    let id = customers.create(mara.clone()).unwrap().id;
    mara.name = "Zebra".into();
    let rules = |path: &str, form| {
        DuplicateRules::new().key([KeyPart::new(path, form)]).compare(
            "custom.tax_number",
            Comparison::Digits,
            9.0,
            0.0,
        )
    };
    for (path, form) in [("custom.tax_number", KeyForm::Whole), ("custom.founded", KeyForm::Whole)] {
        let found = customers.duplicates_of(&mara, &rules(path, form)).unwrap();
        assert_eq!(found.candidates[0].record.id, id, "{path}");
    }
    for (path, form) in [("name", KeyForm::Sound), ("custom.founded", KeyForm::Year)] {
        let found = customers.duplicates_of(&mara, &rules(path, form)).unwrap();
        assert_eq!((found.candidates.len(), found.dropped[0].records), (0, None), "{path}");
    }
    let unknown = customers.find_duplicates(&rules("custom.nothing", KeyForm::Whole));
    assert_eq!(failure(unknown), "invalid keys unknown_field");
}

#[test]
fn what_is_told_apart_stays_apart_until_it_is_taken_back() {
    let office = office();
    let (mara, twin) = (office.customer("Mara Tea"), office.customer("Mara Tea"));
    let customers = office.admin.customers();
    let rules = DuplicateRules::for_customers();
    let pairs = || customers.find_duplicates(&rules).unwrap().pairs.len();
    assert_eq!(pairs(), 1);
    let distinction = customers.not_duplicates(mara.id, twin.id).unwrap();
    assert_eq!(pairs(), 0);
    for id in [mara.id, twin.id] {
        assert!(customers.duplicates_of_record(id, &rules).unwrap().candidates.is_empty());
    }
    // Once is enough, from either side.
    assert_eq!(customers.not_duplicates(twin.id, mara.id).unwrap(), distinction);
    let operation = office.crm.changes_since(0, 1_000).unwrap().pop().unwrap();
    assert_eq!(operation.command, "not_duplicates");
    office.admin.undo(operation.id).unwrap();
    assert_eq!(pairs(), 1);
    let again = customers.not_duplicates(twin.id, mara.id).unwrap();
    office.admin.distinctions().delete(again.id).unwrap();
    assert_eq!(pairs(), 1);
    assert_eq!(failure(customers.not_duplicates(mara.id, mara.id)), "invalid other same");
    customers.delete(mara.id).unwrap();
    assert_eq!(failure(customers.not_duplicates(mara.id, twin.id)), "not_found");
}

#[test]
fn a_distinction_goes_with_its_customer_or_contact() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let (one, other) = (office.contact(customer, "Amina"), office.contact(customer, "Amina"));
    let contacts = office.admin.contacts();
    let rules = DuplicateRules::for_contacts();
    assert_eq!(contacts.find_duplicates(&rules).unwrap().pairs.len(), 1);
    let distinction = contacts.not_duplicates(one.id, other.id).unwrap();
    assert_eq!((distinction.customer, distinction.contact), (customer, Some(one.id)));
    assert_eq!(contacts.find_duplicates(&rules).unwrap().pairs.len(), 0);
    contacts.delete(one.id).unwrap();
    assert_eq!(failure(office.admin.distinctions().get(distinction.id)), "not_found");
    contacts.restore(one.id).unwrap();
    assert_eq!(contacts.find_duplicates(&rules).unwrap().pairs.len(), 0);
    office.admin.customers().delete(customer).unwrap();
    office.admin.customers().purge(customer).unwrap();
    assert_eq!(office.admin.distinctions().count(&Query::new()).unwrap(), 0);
    assert!(office.admin.distinctions().trash(&Query::new()).unwrap().items.is_empty());
}

#[test]
fn a_distinction_is_gone_when_either_of_the_two_is_gone_for_good() {
    let office = office();
    let [one, other] = ["Mara Tea", "Mara Tea"].map(|name| office.customer(name).id);
    let customers = office.admin.customers();
    for (gone, stays) in [(one, other), (other, one)] {
        customers.not_duplicates(one, other).unwrap();
        let (deleted, copy) = (customers.get(gone).unwrap().data, customers.get(stays).unwrap());
        customers.delete(gone).unwrap();
        let live = office.admin.distinctions().count(&Query::new()).unwrap();
        // It goes along with the customer that it hangs on, and stays while the other one may come back.
        assert_eq!(live, u64::from(gone == other));
        customers.restore(gone).unwrap();
        assert_eq!(office.admin.distinctions().count(&Query::new()).unwrap(), 1);
        assert_eq!((customers.get(gone).unwrap().data, customers.get(stays).unwrap()), (deleted, copy));
    }
    customers.delete(other).unwrap();
    customers.purge(other).unwrap();
    assert_eq!(office.admin.distinctions().count(&Query::new()).unwrap(), 0);
    assert!(office.admin.distinctions().trash(&Query::new()).unwrap().items.is_empty());
    let report = office.crm.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

#[test]
fn nobody_learns_of_records_that_he_does_not_see() {
    let office = office();
    let own = crm_core::Role { key: "own".into(), grants: own_grants(), ..crm_core::Role::default() };
    office.admin.roles().create(own).unwrap();
    let juma = office.user("juma", "own", None);
    for _ in 0..30 {
        office.customer("Mara Tea");
    }
    let mine: Vec<_> = (0..2)
        .map(|_| {
            juma.customers().create(Customer { name: "Mara Tea".into(), ..Customer::default() }).unwrap()
        })
        .collect();
    let rules = DuplicateRules::for_customers();
    let found = juma.customers().find_duplicates(&rules).unwrap();
    assert_eq!((found.records, found.pairs.len(), found.dropped.len()), (2, 1, 0));
    let found = juma.customers().duplicates_of_record(mine[0].id, &rules).unwrap();
    assert_eq!((found.candidates.len(), found.dropped.len()), (1, 0));
    let hidden = office.customer("Mara Tea").id;
    assert_eq!(failure(juma.customers().duplicates_of_record(hidden, &rules)), "not_found");
    assert_eq!(failure(juma.customers().not_duplicates(mine[0].id, hidden)), "not_found");
}

fn own_grants() -> crm_core::Grants {
    use crm_core::Action::{Create, Edit, View};
    crm_core::Grants::of_all_kinds(&[View, Create, Edit], crm_core::Level::Own)
}
