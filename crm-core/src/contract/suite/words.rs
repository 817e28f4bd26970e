//! Words: search by whole words, beginnings, middles and in spite of a typo. No text is an error.

use super::Factory;
use super::fixture::{Office, named, names};
use crate::model::{Contact, Customer, Interaction, Level, Query, Record};
use crate::value::{Address, Match};

fn office(factory: Factory<'_>, customers: &[&str]) -> Office {
    let office = Office::new(factory);
    for name in customers {
        office.customer(name);
    }
    office
}

/// What a search finds, in order. A list finds the same, the newest first.
#[track_caller]
fn finds(office: &Office, words: &str, expected: &[&str]) {
    finds_with_typos(office, words, expected, &[]);
}

/// What a search finds, and what it finds in spite of a typo, which a list does not.
#[track_caller]
fn finds_with_typos(office: &Office, words: &str, expected: &[&str], with_typo: &[&str]) {
    let found = names(office.sys.customers().search(words, 100).unwrap());
    assert_eq!(found, [expected, with_typo].concat(), "{words:?}");
    for limit in 1..=u32::try_from(found.len()).unwrap().min(10) {
        let page = names(office.sys.customers().search(words, limit).unwrap());
        assert_eq!(page, found[..page.len()], "{words:?}, {limit} of them");
        assert_eq!(u32::try_from(page.len()).unwrap(), limit, "{words:?}");
    }
    let newest = names(office.sys.customers().list(&Query::new().words(words)).unwrap());
    let all = names(office.sys.customers().list(&Query::new()).unwrap());
    let wanted: Vec<String> = all.into_iter().filter(|name| expected.contains(&name.as_str())).collect();
    assert_eq!(newest, wanted, "the list of {words:?}");
    let query = Query::new().words(words);
    let count = u64::try_from(expected.len()).unwrap();
    assert_eq!(office.sys.customers().count(&query).unwrap(), count, "count of {words:?}");
    let mut sorted = names(office.sys.customers().list(&query.order_by(["-created_at", "-name"])).unwrap());
    sorted.sort();
    let mut same = expected.to_vec();
    same.sort_unstable();
    assert_eq!(sorted, same, "{words:?} in another order");
}

/// Every word must be in the record, in any order, across fields, without case and accents.
pub fn words_are_found_in_any_order(factory: Factory<'_>) {
    let office = office(factory, &["Mara Tea Estates", "Véronique Strauß", "Mark Twain", "Tea Maria"]);
    let city = Some(Address { city: Some("Kericho".into()), ..Address::default() });
    office.sys.customers().create(Customer { address: city, ..named("Green Leaf") }).unwrap();
    finds(&office, "m", &["Tea Maria", "Mark Twain", "Mara Tea Estates"]);
    finds(&office, "mar", &["Tea Maria", "Mark Twain", "Mara Tea Estates"]);
    finds(&office, "mara", &["Mara Tea Estates"]);
    finds(&office, "TEA mar", &["Tea Maria", "Mara Tea Estates"]);
    finds(&office, "est te ma", &["Mara Tea Estates"]);
    finds(&office, "ates ea mar", &[]);
    finds(&office, "ates tea ara", &["Mara Tea Estates"]);
    finds(&office, "estates", &["Mara Tea Estates"]);
    finds_with_typos(&office, "estatesx", &[], &["Mara Tea Estates"]);
    finds(&office, "estatesxx", &[]);
    finds(&office, "tate", &["Mara Tea Estates"]);
    finds(&office, "at", &[]);
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
    finds(&office, "obrien", &["O'Brien"]);
    finds(&office, "O’Brien", &["O'Brien"]);
    finds(&office, "rien", &["O'Brien"]);
    finds(&office, "00% jui", &["100% Juice"]);
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

/// All kinds are searched at once, the best first, then the newest, each hit with its customer and title.
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

/// The very word comes before one that begins so, that before one that has it inside, and a typo comes last; a record is as
/// good as its worst word, and among equals the newest comes first.
pub fn better_matches_come_first(factory: Factory<'_>) {
    let list = [
        "Mithras Smith", "Smith One", "Blacksmith", "Smyth", "Smithers", "Smith Two", "Goldsmith", "Smithson",
        "Smtih", "Mith", "Smit",
    ];
    let office = office(factory, &list);
    let exact = ["Smith Two", "Smith One", "Mithras Smith"];
    let better = [&exact[..], &["Smithson", "Smithers", "Goldsmith", "Blacksmith"]].concat();
    finds_with_typos(&office, "smith", &better, &["Smit", "Mith", "Smtih", "Smyth"]);
    finds(
        &office,
        "mith",
        &[
            "Mith", "Mithras Smith", "Smithson", "Goldsmith", "Smith Two", "Smithers", "Blacksmith", "Smith One",
        ],
    );
    finds_with_typos(&office, "smiht two", &[], &["Smith Two"]);
    finds_with_typos(&office, "tow smith", &[], &[]);
    finds_with_typos(&office, "mithrsa smiht", &[], &["Mithras Smith"]);
    finds_with_typos(&office, "smithers", &["Smithers"], &[]);
    let hits = office.sys.search("smith", 100).unwrap();
    let told: Vec<_> = hits.iter().map(|hit| hit.matched).collect();
    assert_eq!(told.iter().filter(|matched| **matched == Match::Exact).count(), 3);
    assert_eq!(told.iter().filter(|matched| **matched == Match::Prefix).count(), 2);
    assert_eq!(told.iter().filter(|matched| **matched == Match::Inside).count(), 2);
    assert_eq!(told.iter().filter(|matched| **matched == Match::Typo).count(), 4);
    assert!(told.is_sorted());
}

/// One letter too many, too few, another one, or two the wrong way round: in words of five letters and more, and nothing but
/// letters.
pub fn one_typo_is_forgiven(factory: Factory<'_>) {
    let office = office(factory, &["Otieno", "Véronique", "Ann", "Anna", "Kamau7", "Дмитрий"]);
    for typed in ["otino", "ottieno", "oteino", "otiemo", "toieno", "otienoo", "xotieno", "tieno", "otien"] {
        let better = "otieno".contains(typed);
        let (better, typo) = if better { (&["Otieno"][..], &[][..]) } else { (&[][..], &["Otieno"][..]) };
        finds_with_typos(&office, typed, better, typo);
    }
    for typed in ["otin", "oteinoo", "teinoo", "kamu7", "annn"] {
        finds(&office, typed, &[]);
    }
    finds_with_typos(&office, "veronqiue", &[], &["Véronique"]);
    finds_with_typos(&office, "ДМИТРИЯ", &[], &["Дмитрий"]);
    finds_with_typos(&office, "annaa", &[], &["Anna"]);
}

/// A number is found in any format, by its beginning and by a part.
pub fn phone_numbers_are_found_in_any_format(factory: Factory<'_>) {
    let office = Office::new(factory);
    office.sys.update_settings(|settings| settings.phone_region = "FR".into()).unwrap();
    let with = |name: &str, number: &str| {
        let customer = Customer { phones: vec![number.into()], ..named(name) };
        office.sys.customers().create(customer).unwrap();
    };
    with("Stored international", "+33628230455");
    with("Stored national", "06 28 23 04 66");
    with("No number of any country", "0123-45678");
    for typed in
        ["06 28 23 04 55", "0628230455", "+33628230455", "+33 6 28 23 04 55", "0033 6 28 23 04 55",
         "(06) 28.23.04.55", "06-28-23-04-55", "international 06 28 23 04 55", "8230455", "82 30 455"]
    {
        finds(&office, typed, &["Stored international"]);
    }
    finds(&office, "+33 6 28 23 04 66", &["Stored national"]);
    finds(&office, "06 28 23", &["Stored national", "Stored international"]);
    finds(&office, "28 23 04", &["Stored national", "Stored international"]);
    finds(&office, "012345", &["No number of any country"]);
    finds(&office, "0123 456", &["No number of any country"]);
    finds(&office, "0123-45678", &["No number of any country"]);
    finds(&office, "06 28 23 04 56", &[]);
}

/// Somebody who sees only some of the records finds just these, however many others there are.
pub fn a_narrow_view_finds_its_own(factory: Factory<'_>) {
    let office = Office::new(factory);
    let (own, team) = (office.role("own", Level::Own), office.role("team", Level::Team));
    let owner = office.user("amina", own, Some("north")).id;
    let mate = office.user("brian", team, Some("north")).id;
    let names_of = |records: Vec<Record<Customer>>| names(records);
    // As many as a store that counts takes for few, and more.
    for round in 0..3 {
        for number in 0..3 {
            for (name, owner) in [("Smith", Some(owner)), ("Smith mate", Some(mate)), ("Smith hidden", None)] {
                let customer = Customer { owner, ..named(&format!("{name} {round}{number}")) };
                let customer = office.sys.customers().create(customer).unwrap();
                let contact = Contact { customer: customer.id, ..Contact::default() };
                let family_name = format!("Blacksmith {name} {round}{number}");
                office.sys.contacts().create(Contact { family_name, ..contact }).unwrap();
            }
        }
        let seen = 3 * (round + 1);
        let (amina, brian) = (office.login("amina"), office.login("brian"));
        for (typed, matched) in
            [("smith", Match::Exact), ("smi", Match::Prefix), ("mith", Match::Inside), ("smiht", Match::Typo)]
        {
            let found = names_of(amina.customers().search(typed, 100).unwrap());
            assert_eq!(found.len(), seen, "{typed}: {found:?}");
            assert!(found.iter().all(|name| !name.contains("mate") && !name.contains("hidden")), "{found:?}");
            assert!(found.iter().rev().is_sorted(), "{found:?}");
            assert_eq!(names_of(amina.customers().search(typed, 2).unwrap()), found[..2]);
            let found = brian.customers().search(typed, 100).unwrap();
            assert_eq!(found.len(), 2 * seen, "{typed}: {found:?}");
            let hits = amina.search(typed, 100).unwrap();
            assert_eq!(hits.len(), 2 * seen, "{typed}: {hits:?}");
            assert!(hits.iter().all(|hit| hit.matched == matched), "{typed}: {hits:?}");
            assert_eq!(brian.search(typed, 100).unwrap().len(), 4 * seen, "{typed}");
            assert_eq!(office.sys.search(typed, 100).unwrap().len(), 6 * seen, "{typed}");
            if matched < Match::Typo {
                let found = names_of(amina.customers().search(typed, 100).unwrap());
                let query = Query::new().words(typed).page_size(2).with_total();
                let page = amina.customers().list(&query).unwrap();
                assert_eq!(page.total, u64::try_from(seen).ok());
                assert_eq!(names_of(page.items), found[..2]);
                let all = amina.customers().iter(query.clone()).map(Result::unwrap).collect();
                assert_eq!(names_of(all), found);
                let second = amina.customers().list(&Query { cursor: page.next, ..query }).unwrap();
                assert_eq!(names_of(second.items), found[2..found.len().min(4)]);
                let mut by_name = names_of(amina.customers().list(&Query::new().words(typed).order_by(["name"])).unwrap().items);
                by_name.reverse();
                assert_eq!(by_name, found);
            }
        }
        assert_eq!(amina.search("hidden", 100).unwrap(), []);
        assert_eq!(amina.search("hiddne", 100).unwrap(), []);
    }
}

/// Words that were changed are found as they are now, by every kind of match.
pub fn changed_words_are_found_as_they_are(factory: Factory<'_>) {
    let office = office(factory, &["Mara Tea Estates"]);
    let customers = office.sys.customers();
    let id = customers.search("mara", 1).unwrap()[0].id;
    for name in ["Mara Coffee Estates", "Mara", "Nyeri Mara Tea", "Nyeri Coffee", "Mara Tea Estates"] {
        customers.update(id, |customer| customer.name = name.into()).unwrap();
        for word in ["mara", "tea", "estates", "nyeri", "coffee"] {
            let expected: &[&str] = if name.to_lowercase().contains(word) { &[name] } else { &[] };
            finds(&office, word, expected);
            finds(&office, &word[..3], expected);
            finds(&office, &word[word.len() - 3..], expected);
            if word.len() > 4 {
                finds_with_typos(&office, &format!("{word}x"), &[], expected);
            }
        }
        assert_eq!(office.store.check().unwrap(), Vec::<String>::new());
    }
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
