//! Words: search by the beginnings of words. No text is an error.

use super::Factory;
use super::fixture::{Office, named, names};
use crate::model::{Customer, Interaction};
use crate::model::Query;
use crate::value::Address;

fn office(factory: Factory<'_>, customers: &[&str]) -> Office {
    let office = Office::new(factory);
    for name in customers {
        office.customer(name);
    }
    office
}

#[track_caller]
fn finds(office: &Office, words: &str, expected: &[&str]) {
    assert_eq!(names(office.sys.customers().search(words, 100).unwrap()), expected, "{words:?}");
    let query = Query::new().words(words);
    let count = u64::try_from(expected.len()).unwrap();
    assert_eq!(office.sys.customers().count(&query).unwrap(), count, "count of {words:?}");
    let mut sorted = names(office.sys.customers().list(&query.order_by(["-created_at", "-name"])).unwrap());
    sorted.sort();
    let mut same = expected.to_vec();
    same.sort_unstable();
    assert_eq!(sorted, same, "{words:?} in another order");
}

/// Every word must begin a word of the record, in any order, across fields, without case and accents; newest first.
pub fn words_are_beginnings_in_any_order(factory: Factory<'_>) {
    let office = office(factory, &["Mara Tea Estates", "Véronique Strauß", "Mark Twain", "Tea Maria"]);
    let city = Some(Address { city: Some("Kericho".into()), ..Address::default() });
    office.sys.customers().create(Customer { address: city, ..named("Green Leaf") }).unwrap();
    finds(&office, "m", &["Tea Maria", "Mark Twain", "Mara Tea Estates"]);
    finds(&office, "mar", &["Tea Maria", "Mark Twain", "Mara Tea Estates"]);
    finds(&office, "mara", &["Mara Tea Estates"]);
    finds(&office, "TEA mar", &["Tea Maria", "Mara Tea Estates"]);
    finds(&office, "est te ma", &["Mara Tea Estates"]);
    finds(&office, "estates", &["Mara Tea Estates"]);
    finds(&office, "estatesx", &[]);
    finds(&office, "tate", &[]);
    finds(&office, "VERONIQUE STRAUSS", &["Véronique Strauß"]);
    finds(&office, "leaf kericho", &["Green Leaf"]);
    finds(&office, "mara kericho", &[]);
    finds(&office, "tea tea", &["Tea Maria", "Mara Tea Estates"]);
    finds(&office, "c001", &["Mara Tea Estates"]);
}

/// The beginnings of words in scripts without case, and of one letter in any of them.
pub fn words_of_every_script(factory: Factory<'_>) {
    let office = office(factory, &["Москва Чай", "東京 商店", "Ωμέγα", "صباح الخير", "Ñandú"]);
    finds(&office, "мос", &["Москва Чай"]);
    finds(&office, "МОСКВА ч", &["Москва Чай"]);
    finds(&office, "東", &["東京 商店"]);
    finds(&office, "商店", &["東京 商店"]);
    finds(&office, "ωμεγ", &["Ωμέγα"]);
    finds(&office, "الخ", &["صباح الخير"]);
    finds(&office, "nandu", &["Ñandú"]);
}

/// Punctuation is part of a word inside of it, and nothing around it.
pub fn punctuation_is_looked_for_or_ignored(factory: Factory<'_>) {
    let list = ["O'Brien", "C# House", "100% Juice", "AT&T", "a.b-c/d", "Müller (Köln)", "😀 Smile"];
    let office = office(factory, &list);
    finds(&office, "o'brien", &["O'Brien"]);
    finds(&office, "brien", &["O'Brien"]);
    finds(&office, "O'", &["O'Brien"]);
    finds(&office, "c#", &["C# House"]);
    finds(&office, "100%", &["100% Juice"]);
    finds(&office, "100", &["100% Juice"]);
    finds(&office, "at&t", &["AT&T"]);
    finds(&office, "a.b", &["a.b-c/d"]);
    finds(&office, "\"koln\"", &["Müller (Köln)"]);
    finds(&office, "(koln), muller!", &["Müller (Köln)"]);
    finds(&office, "smile 😀", &["😀 Smile"]);
    finds(&office, "brien*", &["O'Brien"]);
}

/// No text is an error, for the search of one kind and of all.
pub fn no_text_is_an_error(factory: Factory<'_>) {
    let list = ["near and or not", "a\u{1}b\u{7f}c", "col: x", "^hat {brace} [bracket]", "back\\slash"];
    let office = office(factory, &list);
    let texts = [
        "",
        " ",
        "\"",
        "\"\"",
        "\"\"\"",
        "'",
        "*",
        "**",
        "a*",
        "^a",
        "NEAR(",
        "NEAR(a b, 2)",
        "AND",
        "OR",
        "NOT",
        "a AND",
        "NOT a",
        "-a",
        "+",
        "+a",
        "(",
        ")",
        "((",
        "{",
        "}",
        "[a]",
        "a:b",
        "words:a",
        "col:",
        ":",
        "%",
        "_",
        "\\",
        "/",
        "🦀",
        "👩‍👩‍👧",
        "\u{0}",
        "a\u{0}b",
        "a\u{1}b",
        "\u{feff}",
        "\u{200b}a",
        "\u{301}",
        "a\u{301}",
        "''; DROP TABLE x; --",
        "?1",
        "$1",
        "@a",
        "#",
        "C#",
        "O'Brien",
        "100%",
        "ﬁ",
        "İ",
        "ß",
        "\u{d7ff}",
        "\u{10ffff}",
        "a\tb\nc",
        "a\u{7f}b",
        "1 2 3 4 5 6 7 8 9",
    ];
    for text in texts {
        office.sys.customers().search(text, 10).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        office.sys.search(text, 10).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let query = Query::new().words(text).order_by(["name"]).with_total();
        let page = office.sys.customers().list(&query).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(page.total, u64::try_from(page.items.len()).ok(), "{text:?}");
    }
    finds(&office, "a\u{1}b", &["a\u{1}b\u{7f}c"]);
    finds(&office, "", &[]);
    finds(&office, "*", &[]);
    finds(&office, "NOT or", &["near and or not"]);
    let long = "x".repeat(100_000);
    finds(&office, &long, &[]);
    finds(&office, &"near ".repeat(10_000), &["near and or not"]);
}

/// What is in the trash is not found, comes back with its words, and is found by its new words after a change.
pub fn words_follow_the_record(factory: Factory<'_>) {
    let office = office(factory, &["Mara Tea"]);
    let customers = office.sys.customers();
    let id = customers.search("mara", 1).unwrap()[0].id;
    customers.delete(id).unwrap();
    finds(&office, "mara", &[]);
    assert_eq!(office.sys.search("mara", 10).unwrap(), []);
    customers.restore(id).unwrap();
    finds(&office, "mara", &["Mara Tea"]);
    customers.update(id, |customer| customer.name = "Nyeri Coffee".into()).unwrap();
    finds(&office, "mara", &[]);
    finds(&office, "nye", &["Nyeri Coffee"]);
    customers.update(id, |customer| customer.description = "not searched".into()).unwrap();
    finds(&office, "coffee", &["Nyeri Coffee"]);
    customers.delete(id).unwrap();
    customers.purge(id).unwrap();
    finds(&office, "nyeri", &[]);
}

/// All kinds are searched at once, newest first, each hit with its customer and title.
pub fn all_kinds_are_searched(factory: Factory<'_>) {
    let office = office(factory, &["Mara Tea"]);
    let customer = office.sys.customers().search("mara", 1).unwrap()[0].id;
    office.clock.advance(chrono::TimeDelta::seconds(1));
    let talk = Interaction {
        customer,
        subject: "Call".into(),
        notes: "about Mara".into(),
        ..Interaction::default()
    };
    let talk = office.sys.interactions().create(talk).unwrap();
    let hits = office.sys.search("mar", 10).unwrap();
    let told: Vec<_> = hits.iter().map(|hit| (hit.id, hit.customer, hit.title.as_str())).collect();
    assert_eq!(
        told,
        [(talk.id.uuid(), Some(customer), "Call"), (customer.uuid(), Some(customer), "Mara Tea"),]
    );
}

/// A common word fills its page with the newest, a long word looks behind those that only begin alike.
pub fn the_newest_hits_fill_the_page(factory: Factory<'_>) {
    let office = Office::new(factory);
    let mut batch = office.sys.batch();
    batch.create(named("marathon old")).unwrap();
    for number in 0..60 {
        batch.create(named(&format!("marble {number:02}"))).unwrap();
    }
    batch.run().unwrap();
    let search = |words: &str, limit| names(office.sys.customers().search(words, limit).unwrap());
    assert_eq!(search("mar", 2), ["marble 59", "marble 58"]);
    assert_eq!(search("marb", 2), ["marble 59", "marble 58"]);
    assert_eq!(search("marathon", 2), ["marathon old"]);
    assert_eq!(search("marb 0", 100).len(), 10);
    assert_eq!(search("mara", 1), ["marathon old"]);
}
