//! Out as vCard 4.0 and in again.

use super::*;
use crm_core::chrono::{Days, NaiveDate};
use crm_core::{
    Address, CustomField, CustomerKind, CustomerStatus, Email, Id, Kind, Lead, LeadStatus, Money, Phone,
    Priority,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The customers of a store, and those of another one into which they were carried: without what the store gives.
pub(super) fn through(from: &Session, story: &str) -> (Vec<Customer>, Vec<Customer>) {
    let to = office();
    let mut file = Vec::new();
    // In the order in which they were created, as the other store will create them.
    let count = export_customers(from, &Query::new().order_by(["created_at"]), &mut file).unwrap();
    well_formed(&file);
    let program = to.crm.system("import");
    let (summary, told) = import(&program, &file, &VCardImport::customers());
    assert_eq!(summary.created, count, "{story}: {told:#?}\n{}", String::from_utf8_lossy(&file));
    let plain = |session: &Session, of: &Session| -> Vec<Customer> {
        let ids = customers(of).into_iter().map(|record| record.id);
        let records = customers(session).into_iter().zip(ids);
        let plain = |(record, id): (Record<Customer>, Id<Customer>)| {
            let mut data = Customer { code: None, owner: None, ..record.data };
            forget(&mut data.external_ids, id);
            data
        };
        records.map(plain).collect()
    };
    (plain(from, from), plain(&program, from))
}

/// The same with the contacts of a customer.
pub(super) fn contacts_through(
    from: &Session,
    customer: Id<Customer>,
    story: &str,
) -> (Vec<Contact>, Vec<Contact>) {
    let to = office();
    let name = from.customers().get(customer).unwrap().name.clone();
    let other = to.customer(&name).id;
    let mut file = Vec::new();
    let count = export_contacts(from, &Query::new().order_by(["created_at"]), &mut file).unwrap();
    well_formed(&file);
    let (summary, told) = import(&to.admin, &file, &VCardImport::contacts_of(other));
    assert_eq!(summary.created, count, "{story}: {told:#?}\n{}", String::from_utf8_lossy(&file));
    let plain = |session: &Session| -> Vec<Contact> {
        let ids = contacts(from).into_iter().map(|record| record.id);
        let records = contacts(session).into_iter().zip(ids);
        let plain = |(record, id): (Record<Contact>, Id<Contact>)| {
            let mut data = Contact { customer, ..record.data };
            forget(&mut data.external_ids, id);
            data
        };
        records.map(plain).collect()
    };
    (plain(from), plain(&to.admin))
}

/// The id that the export made of the record's own.
fn forget<E>(ids: &mut BTreeMap<String, String>, id: Id<E>) {
    if ids.get("vcard").is_some_and(|card| *card == format!("urn:uuid:{id}")) {
        ids.remove("vcard");
    }
}

/// What RFC 6350 asks of every file: CRLF, at most 75 octets a line, UTF-8, the first property is the version, one `FN`.
fn well_formed(file: &[u8]) {
    let text = std::str::from_utf8(file).unwrap();
    assert!(text.ends_with("\r\n") || text.is_empty());
    for line in text.split_terminator("\r\n") {
        assert!(!line.is_empty() && line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
    }
    for card in text.replace("\r\n ", "").split("BEGIN:VCARD\r\n").skip(1) {
        assert!(card.starts_with("VERSION:4.0\r\n") && card.ends_with("END:VCARD\r\n"), "{card}");
        let lines: Vec<_> = card.lines().collect();
        let count =
            |name: &str| lines.iter().filter(|line| line.split([':', ';']).next() == Some(name)).count();
        assert!(count("FN") >= 1 && count("UID") == 1 && count("REV") == 1 && count("END") == 1, "{card}");
    }
}

/// Texts as people and programs write them, cleaned as a record keeps them.
fn text(longest: usize) -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        4 => "[a-zA-Z0-9]{1,8}",
        1 => "[ ,;:\\\\\"'=^#._<>$!-]{1,3}",
        1 => "[éß安藤ñ𝄞 ]{1,5}",
        1 => prop_oneof![Just("\\n"), Just("_$!<Home>!$_"), Just("END:VCARD"), Just("TYPE=work")].prop_map(str::to_owned),
    ];
    let text = proptest::collection::vec(pieces, 1..8);
    text.prop_map(move |pieces| {
        let text: String = pieces.concat().chars().take(longest).collect();
        text.trim().to_owned()
    })
}

fn word(longest: usize) -> impl Strategy<Value = String> {
    text(longest).prop_filter("not blank", |text| !text.is_empty())
}

fn maybe(longest: usize) -> impl Strategy<Value = Option<String>> {
    proptest::option::of(word(longest))
}

/// Texts of several lines.
fn lines() -> impl Strategy<Value = String> {
    proptest::collection::vec(text(200), 0..4).prop_map(|lines| lines.join("\n").trim().to_owned())
}

fn label() -> impl Strategy<Value = Option<String>> {
    let usual =
        ["work", "home", "mobile", "work fax", "fax work", "Work", "pref", "voice", "x,y", "home mobile"];
    prop_oneof![
        proptest::option::of(proptest::sample::select(usual.to_vec()).prop_map(str::to_owned)),
        maybe(50),
    ]
}

fn emails() -> impl Strategy<Value = Vec<Email>> {
    let local = prop_oneof!["[a-z]{1,8}", "[a-z]{1,3}[.+'=-][a-z]{1,3}"];
    let email = (local, label(), any::<bool>()).prop_map(|(local, label, opted_out)| {
        let address = format!("{local}@Mara.example");
        Email { label, opted_out, ..Email::new(address) }
    });
    proptest::collection::vec(email, 0..4).prop_map(|mut emails: Vec<Email>| {
        let mut seen = std::collections::BTreeSet::new();
        emails.retain(|email| seen.insert(email.address.0.to_lowercase()));
        emails
    })
}

fn phones() -> impl Strategy<Value = Vec<Phone>> {
    let number = prop_oneof![
        "07[0-9]{8}",
        r"\+254 7[0-9]{2} [0-9]{6}",
        "tel:\\+2547[0-9]{8}",
        "020 [0-9]{6} ext\\. [1-9]{2}"
    ];
    let phone = (number, label(), any::<bool>());
    let phone = phone.prop_map(|(number, label, opted_out)| Phone { label, opted_out, ..Phone::new(number) });
    proptest::collection::vec(phone, 0..4)
}

fn address() -> impl Strategy<Value = Option<Address>> {
    let street = proptest::option::of(lines().prop_filter("not blank", |text| !text.is_empty()));
    let address = (street, maybe(50), maybe(50), maybe(20), maybe(50));
    let address = address.prop_map(|(street, city, state, postal_code, country)| Address {
        street,
        city,
        state,
        postal_code,
        country,
    });
    proptest::option::of(address).prop_map(|address| address.filter(|address| *address != Address::default()))
}

/// Properties as a card leaves them, and entries that a program put there.
fn extra() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = prop_oneof![
        "X-[A-Z]{1,4}",
        "[A-Za-z]{1,2}[;=,\"^.]{1,2}[a-z]?",
        "item[1-3]\\.X-[A-Z]{2}",
        "X-[A-Z]{2};TYPE=[a-z]{2,4}",
        "X-[A-Z]{2}#[2-4]",
        Just("IMPP".to_owned()),
        Just("BDAY".to_owned()),
        word(20)
            .prop_map(|key| key.replace(':', ""))
            .prop_filter("not blank", |key| !key.trim().is_empty())
            .prop_map(|key| key.trim().to_owned()),
    ];
    // One of a number has the first beside it.
    let numbered = |extra: BTreeMap<String, String>| {
        let missing = |key: &String| key.rsplit_once('#').is_some_and(|(_, n)| n.parse::<u32>().is_ok());
        extra.into_iter().filter(|(key, _)| !missing(key)).collect()
    };
    proptest::collection::btree_map(key, word(120), 0..4).prop_map(numbered)
}

fn ids() -> impl Strategy<Value = BTreeMap<String, String>> {
    let system = prop_oneof![
        Just("erp".to_owned()),
        Just("vcard".to_owned()),
        word(10).prop_map(|key| key.replace(':', "-"))
    ];
    proptest::collection::btree_map(system, word(40), 0..3)
}

fn lead() -> impl Strategy<Value = Lead> {
    let status =
        proptest::sample::select(vec![LeadStatus::New, LeadStatus::Contacted, LeadStatus::Qualified]);
    let value =
        proptest::option::of((-5_000i64..5_000).prop_map(|minor| Money::new(minor, "KES".parse().unwrap())));
    let lead = (status, proptest::sample::select(Priority::ALL), value);
    lead.prop_map(|(status, priority, estimated_value)| Lead {
        status,
        priority,
        estimated_value,
        lost_reason: None,
    })
}

fn customer() -> impl Strategy<Value = Customer> {
    let kind = proptest::sample::select(CustomerKind::ALL);
    let names = (word(200), maybe(100), maybe(100), maybe(100), kind);
    let reach = (emails(), phones(), maybe(300), address());
    let tags =
        proptest::collection::btree_set(word(60), 0..4).prop_map(|tags| tags.into_iter().collect::<Vec<_>>());
    let rest = (tags, lines(), maybe(60), ids(), extra());
    let status = prop_oneof![
        lead().prop_map(|lead| (CustomerStatus::Lead, Some(lead))),
        Just((CustomerStatus::Active, None)),
        maybe(50).prop_map(|lost_reason| {
            let lead = Lead { status: LeadStatus::Lost, lost_reason, ..Lead::default() };
            (CustomerStatus::Inactive, Some(lead))
        }),
    ];
    (names, reach, rest, status).prop_map(|(names, reach, rest, (status, lead))| {
        let (name, given_name, family_name, company, kind) = names;
        let (emails, phones, website, address) = reach;
        let (tags, description, source, external_ids, extra) = rest;
        Customer {
            name,
            given_name,
            family_name,
            company,
            kind,
            emails,
            phones,
            website,
            address,
            tags,
            description,
            source,
            external_ids,
            extra,
            status,
            lead,
            ..Customer::default()
        }
    })
}

fn contact() -> impl Strategy<Value = Contact> {
    let names = (word(100), text(100), maybe(100), maybe(100));
    let birthday =
        proptest::option::of((0u64..40_000).prop_map(|days| NaiveDate::default() - Days::new(days)));
    let reach = (emails(), phones(), address());
    (names, birthday, reach, lines(), ids(), extra()).prop_map(
        |(names, birthday, reach, description, external_ids, extra)| {
            let (given_name, family_name, position, department) = names;
            let (emails, phones, address) = reach;
            Contact {
                given_name,
                family_name,
                position,
                department,
                birthday,
                emails,
                phones,
                address,
                description,
                external_ids,
                extra,
                ..Contact::default()
            }
        },
    )
}

/// Custom fields come in where they are defined; where they are not they are kept and come out again.
#[test]
fn custom_fields_are_carried_by_stores_that_do_not_know_them() {
    let define = |session: &Session| {
        let (key, label) = ("tier".to_owned(), "Tier".to_owned());
        let field = CustomField { entity: Kind::Customer, key, label, ..CustomField::default() };
        session.custom_fields().create(field).unwrap();
    };
    let (first, between, last) = (office(), office(), office());
    define(&first.admin);
    define(&last.admin);
    let mut customer = Customer { name: "Mara Tea".into(), ..Customer::default() };
    customer.custom.set("tier", "gold; \"first\"");
    let customer = first.admin.customers().create(customer).unwrap();
    let carry = |from: &Session, to: &Session| {
        let mut file = Vec::new();
        export_customers(from, &Query::new(), &mut file).unwrap();
        import(to, &file, &VCardImport::customers()).1.remove(0)
    };
    let told = carry(&first.admin, &between.admin);
    assert_eq!(told.problems[0].rule, "unknown_field");
    assert!(customers(&between.admin)[0].custom.0.is_empty());
    carry(&between.admin, &last.admin);
    assert_eq!(customers(&last.admin)[0].custom, customer.custom);
    assert!(customers(&last.admin)[0].extra.is_empty());
}

/// Fields that vCard has no word for; what somebody else wrote there is told and kept.
#[test]
fn fields_without_a_property_are_carried_and_checked() {
    let (from, to) = (office(), office());
    let source = Some("fair".to_owned());
    let status = CustomerStatus::Prospect;
    from.admin
        .customers()
        .create(Customer { name: "Mara Tea".into(), source, status, ..Customer::default() })
        .unwrap();
    let mut file = Vec::new();
    export_customers(&from.admin, &Query::new(), &mut file).unwrap();
    let text = String::from_utf8(file).unwrap();
    assert!(text.contains("\r\nX-CRM-SOURCE:\"fair\"\r\n"), "{text}");
    assert!(text.contains("\r\nX-CRM-STATUS:\"prospect\"\r\n"), "{text}");
    let wrong = text.replace("\"prospect\"", "\"royal\"");
    let (_, told) = import(&to.admin, wrong.as_bytes(), &VCardImport::customers());
    assert_eq!(
        (told[0].problems[0].property.as_str(), told[0].problems[0].rule),
        ("X-CRM-STATUS", "not_valid")
    );
    let made = &customers(&to.admin)[0];
    assert_eq!((made.source.as_deref(), made.status), (Some("fair"), CustomerStatus::Lead));
    assert_eq!(made.extra["X-CRM-STATUS"], "\"royal\"");
}

/// What breaks a field's own rules costs that field, not the card.
#[test]
fn a_field_that_breaks_its_rules_is_told_and_kept() {
    let long = format!("\"{}\"", "x".repeat(300));
    let of_customers = [
        ("EXTERNAL-IDS", "{\"a:b\":\"7\"}"),
        ("EXTERNAL-IDS", "{\"erp\":\" \"}"),
        ("COMPANY", &long),
        ("SOURCE", &long),
    ];
    for (name, value) in of_customers {
        let office = office();
        let file = card(&["FN:Amina Otieno", "UID:1", &format!("X-CRM-{name}:{value}")]);
        let (summary, told) = import(&office.admin, file.as_bytes(), &VCardImport::customers());
        assert_eq!(summary.created, 1, "{told:#?}");
        let [problem] = told[0].problems.as_slice() else { panic!("{told:#?}") };
        assert_eq!(
            (problem.property.as_str(), problem.rule),
            (format!("X-CRM-{name}").as_str(), "not_valid")
        );
        let [made] = customers(&office.admin).try_into().unwrap();
        assert_eq!((made.external_ids.len(), &made.company, &made.source), (1, &None, &None));
        assert_eq!(made.extra[&format!("X-CRM-{name}")], value);
        let (here, there) = through(&office.admin, name);
        assert_eq!(here, there);
    }
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let file = card(&["N:Otieno;Amina", "X-CRM-EXTERNAL-IDS:{\"a:b\":\"7\"}"]);
    let (summary, told) = import(&office.admin, file.as_bytes(), &VCardImport::contacts_of(customer));
    assert_eq!((summary.created, told[0].problems[0].rule), (1, "not_valid"), "{told:#?}");
    assert_eq!(contacts(&office.admin)[0].extra["X-CRM-EXTERNAL-IDS"], "{\"a:b\":\"7\"}");
}

/// A field is told once. What comes again is kept, but stays what it is when the first says nothing, or nothing right.
#[test]
fn a_field_that_comes_again_is_never_read() {
    for (first, again) in [
        ("X-CRM-STATUS:\"lead\"", "X-CRM-STATUS:\"active\""),
        ("X-CRM-STATUS:\"royal\"", "X-CRM-STATUS:\"active\""),
        ("X-CRM-STATUS:\"royal\"", "X-CRM-EXTRA:X-CRM-STATUS;\"active\""),
        ("X-CRM-EXTERNAL-IDS:{}", "X-CRM-EXTERNAL-IDS:{\"erp\":\"7\"}"),
        ("X-CRM-EXTERNAL-IDS:{", "X-CRM-EXTERNAL-IDS:{\"a:b\":\"7\"}"),
    ] {
        let office = office();
        let file = card(&["FN:Mara Tea", first, again]);
        let (summary, told) = import(&office.admin, file.as_bytes(), &VCardImport::customers());
        assert_eq!(summary.created, 1, "{first}: {told:#?}");
        let [made] = customers(&office.admin).try_into().unwrap();
        assert_eq!((made.status, made.external_ids.len()), (CustomerStatus::Lead, 0), "{first}");
        assert!(made.extra.keys().any(|key| key.ends_with("#2")), "{:?}", made.extra);
        let (here, there) = through(&office.admin, first);
        assert_eq!(here, there);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_customer_loses_nothing_on_its_way_through_vcard_4(customer in customer()) {
        let office = office();
        office.admin.customers().create(customer).unwrap();
        let (before, after) = through(&office.admin, "generated");
        prop_assert_eq!(before, after);
    }

    #[test]
    fn contacts_lose_nothing_on_their_way_through_vcard_4(one in contact(), other in contact()) {
        let office = office();
        let customer = office.customer("Mara; Tea, Ltd\\").id;
        for (number, contact) in [one, other].into_iter().enumerate() {
            // Two people, not one.
            let given_name = format!("{} {}", ["Amina", "Peter"][number], contact.given_name);
            let external_ids = contact.external_ids.into_iter().map(|(system, id)| (system, format!("{number} {id}"))).collect();
            let contact = Contact { customer, given_name, external_ids, primary: number == 1, ..contact };
            office.admin.contacts().create(contact).unwrap();
        }
        let (before, after) = contacts_through(&office.admin, customer, "generated");
        prop_assert_eq!(before, after);
    }

    #[test]
    fn no_bytes_hang_or_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), lines in proptest::collection::vec("(BEGIN:VCARD|END:VCARD|[A-Z]{1,4}[;=:\"^\\\\]{1,3}[ -~]{0,20}|=?[ -~]{0,10}=)", 0..20)) {
        cards(&bytes);
        let file = lines.join("\n");
        let begun = file.matches("BEGIN:VCARD").count();
        prop_assert!(cards(file.as_bytes()).len() <= begun);
        import(&office().admin, file.as_bytes(), &VCardImport::customers());
    }
}

#[test]
fn a_card_with_controls_and_odd_entries_comes_in_again() {
    let file = card(&[
        "FN:Ami\u{1}na\u{7f}",
        "X-NOTHING:\u{1}\u{2}",
        "X-A;TYPE=b\u{3}c:1",
        "X-CRM-EXTRA:X-NOTHING;\u{1}",
        "X-CRM-EXTRA:with:colon;value",
        "X-CRM-EXTRA: ;value",
        // What stands before the colon is longer than a line.
        &format!("X-B;TYPE={}:2", "long".repeat(30)),
        &format!("{}:3", "X-LONG".repeat(15)),
    ]);
    let office = office();
    let (summary, told) = import(&office.admin, file.as_bytes(), &VCardImport::customers());
    assert_eq!(summary.created, 1, "{told:#?}");
    let [amina] = customers(&office.admin).try_into().unwrap();
    assert_eq!(amina.name, "Amina");
    let kept: Vec<_> = amina.extra.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let long = [format!("X-B;TYPE={}", "long".repeat(30)), "X-LONG".repeat(15)];
    let odd = [
        ("X-A;TYPE=bc", "1"),
        (&long[0], "2"),
        ("X-CRM-EXTRA", "X-NOTHING;"),
        ("X-CRM-EXTRA#2", "with:colon;value"),
        ("X-CRM-EXTRA#3", ";value"),
        (&long[1], "3"),
    ];
    assert_eq!(kept, odd);
    let (here, there) = through(&office.admin, "controls");
    assert_eq!(here, there);
}
