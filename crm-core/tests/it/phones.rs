//! Phone numbers: kept as typed, compared in E.164, found in any form.

use crate::shared::shared;
use crate::{failure, office};
use crm_core::{Contact, Customer, PhoneNumber, Query};
use proptest::prelude::{ProptestConfig, any, proptest};
use std::collections::BTreeMap;

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber(text.to_owned())
}

/// How a number stands to what libphonenumber says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// Valid: the same E.164, extension and national digits.
    Valid,
    /// Of a length that numbers of its country have, but of no range that is in use: the same all the same.
    Possible,
    /// Shorter or longer than any number of its country: libphonenumber writes a country code before it nevertheless.
    /// Here it has no E.164, and is compared by its digits.
    WrongLength,
    /// No number at all: `N/A`, or a country code that there is not.
    NoNumber,
}

/// 1,800 numbers of 245 regions with the answers of libphonenumber.
#[test]
fn phone_oracle_agrees_on_every_number() {
    let Some(path) = shared("data/phone/phone_oracle_slice.csv") else { return };
    let mut verdicts: BTreeMap<Verdict, u32> = BTreeMap::new();
    for row in csv::Reader::from_path(path).unwrap().deserialize() {
        let row: BTreeMap<String, String> = row.unwrap();
        let of = |name: &str| row[name].as_str();
        let (raw, region, is) = (of("raw"), of("default_region"), |name: &str| of(name) == "True");
        let verdict = match of("status") {
            "ok" if is("is_valid") => Verdict::Valid,
            "ok" if is("is_possible") => Verdict::Possible,
            "ok" => Verdict::WrongLength,
            _ => Verdict::NoNumber,
        };
        *verdicts.entry(verdict).or_default() += 1;
        let number = phone(raw);
        assert_eq!(number.is_valid(region), verdict == Verdict::Valid, "{raw:?} in {region:?}");
        if matches!(verdict, Verdict::Valid | Verdict::Possible) {
            // Each country has its own word for an extension.
            let national = phone(of("national")).digits();
            let national = national.strip_suffix(of("extension")).map(str::to_owned);
            let key = match of("extension") {
                "" => of("e164").to_owned(),
                extension => format!("{};ext={extension}", of("e164")),
            };
            assert_eq!(number.e164(region).as_deref(), Some(of("e164")), "{raw:?} in {region:?}");
            assert_eq!(number.comparison_key(region), key, "{raw:?} in {region:?}");
            assert_eq!(number.national_digits(region), national, "{raw:?} in {region:?}");
        } else {
            assert_eq!(number.e164(region), None, "{raw:?} in {region:?}");
            assert_eq!(number.comparison_key(region), number.digits(), "{raw:?} in {region:?}");
        }
    }
    let told: Vec<(Verdict, u32)> = verdicts.into_iter().collect();
    assert_eq!(
        told,
        [
            (Verdict::Valid, 1_762),
            (Verdict::Possible, 12),
            (Verdict::WrongLength, 23),
            (Verdict::NoNumber, 3),
        ]
    );
}

#[test]
fn one_number_has_one_key_however_it_is_typed() {
    for (region, key, forms) in [
        (
            "KE",
            "+254722000001",
            &[
                "0722 000 001",
                "722000001",
                "+254 722 000001",
                "254722000001",
                "000 254 722 000 001",
                "(0722) 000-001",
                "tel:+254-722-000-001",
                "tel:0722-000-001;phone-context=+254",
                "mobile: 0722/000001",
                "０７２２ ０００ ００１",
                "٠٧٢٢ ٠٠٠ ٠٠١",
                "०७२२ ००० ००१",
            ][..],
        ),
        ("US", "+18003569377", &["1-800-FLOWERS", "(800) 356-9377", "+1 800 flowers", "tel:+1-800-356-9377"]),
        (
            "US",
            "+15305836985;ext=302",
            &[
                "(530) 583-6985 x302",
                "(530) 583-6985 x302/x2303",
                "530.583.6985 ext. 302",
                "+1 530 583 6985 ext ٣٠٢",
                "tel:+1-530-583-6985;ext=302",
                "530 583 6985 #302",
            ],
        ),
        ("GB", "+442070313000", &["020 7031 3000", "+44 (0)20 7031 3000", "0044 20 7031 3000"]),
        ("AR", "+5491123456789", &["011 15-2345-6789", "+54 9 11 2345 6789", "+54 11 15 2345 6789"]),
        ("IT", "+390236618300", &["02 3661 8300", "+39 02 3661 8300"]),
        ("FR", "+80012345678", &["+800 1234 5678"]),
        // What is no complete number of any country is compared by its digits.
        ("US", "2530000", &["253-0000", "2530000"]),
        ("KE", "999", &["999", "9-9-9"]),
        ("KE", "25420123", &["+254 20 123"]),
        // As is every number without a country code where no region is known.
        ("", "0722000001", &["0722 000 001"]),
        ("UK", "02070313000", &["020 7031 3000"]),
    ] {
        for form in forms {
            assert_eq!(phone(form).comparison_key(region), key, "{form:?} in {region:?}");
        }
    }
}

#[test]
fn search_finds_a_number_nationally_and_internationally() {
    let office = office();
    office.admin.update_settings(|settings| settings.phone_region = "FR".into()).unwrap();
    let phones = ["06 28 23 04 55", "+33 6 28 23 04 56", "0033 628 230 457", "+254 722 000 001", "3615 12"];
    for number in phones {
        let customer = Customer { name: number.into(), phones: vec![number.into()], ..Customer::default() };
        office.admin.customers().create(customer).unwrap();
    }
    let finds = |words: &str, expected: &str| {
        let found = office.admin.customers().search(words, 10).unwrap();
        assert_eq!(found.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), [expected], "{words}");
    };
    for (last, typed) in [("55", phones[0]), ("56", phones[1]), ("57", phones[2])] {
        finds(&format!("06282304{last}"), typed);
        finds(&format!("+336282304{last}"), typed);
        finds(&format!("336282304{last}"), typed);
    }
    finds("0033628230457", phones[2]);
    finds("0722000001", phones[3]);
    finds("+2547", phones[3]);
    finds("361512", phones[4]);
}

#[test]
fn filters_find_a_number_in_any_form() {
    let office = office();
    office.admin.update_settings(|settings| settings.phone_region = "KE".into()).unwrap();
    let with = |name: &str, number: &str| {
        let customer = Customer { name: name.into(), phones: vec![number.into()], ..Customer::default() };
        office.admin.customers().create(customer).unwrap();
    };
    with("Mara", "0722 000 001");
    with("Tea", "+254 722-000-002 ext. 7");
    with("Paris", "+33 6 28 23 04 55");
    with("Short", "722");
    let finds = |filter, expected: &[&str]| {
        let found = office.admin.customers().list(&Query::new().filter(filter).order_by(["name"])).unwrap();
        assert_eq!(found.items.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), expected);
    };
    let phones = Customer::PHONES;
    for form in
        ["0722000001", "+254722000001", "254 722 000 001", "000 254 722000001", "tel:+254-722-000-001"]
    {
        finds(phones.is(form), &["Mara"]);
        finds(phones.contains(form), &["Mara"]);
        finds(phones.is_in([form, "06"]), &["Mara"]);
        finds(phones.is_not(form), &["Paris", "Short", "Tea"]);
    }
    finds(phones.is("0722000002"), &[]);
    finds(phones.is("0722 000 002 x7"), &["Tea"]);
    finds(phones.starts_with("0722000002"), &["Tea"]);
    for start in ["07", "0722", "+2547", "2547", "00025472"] {
        finds(phones.starts_with(start), &["Mara", "Tea"]);
    }
    finds(phones.starts_with("722"), &["Mara", "Short", "Tea"]);
    finds(phones.starts_with("+33 6"), &["Paris"]);
    finds(phones.starts_with("+256"), &[]);
    finds(phones.starts_with("x"), &[]);
}

#[test]
fn a_number_is_kept_as_typed_and_needs_three_digits() {
    let office = office();
    let customer = office.customer("Mara");
    for text in ["not in use: 0722", "٠٧٢", "1-800-FLOWERS", "+254 (0) 722", "123"] {
        let contact = Contact {
            customer: customer.id,
            given_name: "A".into(),
            phones: vec![text.into()],
            ..Contact::default()
        };
        assert_eq!(office.admin.contacts().create(contact).unwrap().phones[0].number.0, text);
    }
    for text in ["N/A", "", "none", "12", "FLOWERS", "٠٧"] {
        let changed =
            office.admin.customers().update(customer.id, |customer| customer.phones = vec![text.into()]);
        assert_eq!(failure(changed), "invalid phones.0.number syntax", "{text:?}");
    }
}

#[test]
fn the_region_of_the_settings_is_one_that_has_numbers() {
    let office = office();
    for (region, rule) in [("UK", "unknown"), ("XX", "unknown"), ("001", "syntax"), ("K", "syntax")] {
        let changed = office.admin.update_settings(|settings| settings.phone_region = region.into());
        let told = failure(changed);
        assert!(told.contains(&format!("phone_region {rule}")), "{region}: {told}");
    }
    office.admin.update_settings(|settings| settings.phone_region = "gb".into()).unwrap();
    assert_eq!(office.admin.settings().unwrap().phone_region, "GB");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// No text makes the library panic, and what has an E.164 keeps it when it is typed so.
    #[test]
    fn no_text_is_too_odd(text in any::<String>(), number in "[+0-9٠-٩０-９a-zA-Z ();=.#/x-]{0,40}") {
        for region in ["KE", "US", "AR", ""] {
            for text in [&text, &number] {
                let number = phone(text);
                number.searched_digits(region);
                number.is_valid(region);
                if let Some(e164) = number.e164(region) {
                    let key = number.comparison_key(region);
                    assert!(key.starts_with(&e164), "{text:?}");
                    assert_eq!(phone(&key).comparison_key(region), key, "{text:?}");
                }
            }
        }
    }
}
