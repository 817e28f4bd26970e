//! Keys that belong to one live record.

use super::Factory;
use super::fixture::{Office, entry, id, named, names, no_index, refused, unique, write};
use crate::crm::Upserted;
use crate::error::Error;
use crate::model::{Contact, Customer, Settings, User, Query};
use crate::store::{Entry, IndexChange, Key, Stored};
use crate::value::{Code, Id, Phone};
use uuid::Uuid;

/// What a `duplicate` error says.
#[track_caller]
fn duplicate<T: std::fmt::Debug>(
    result: crate::error::Result<T>,
) -> (&'static str, &'static str, String, Option<Uuid>) {
    match refused(result, "duplicate") {
        Error::Duplicate { entity, field, value, holder } => (entity, field, value, holder),
        other => panic!("{other}"),
    }
}

/// A unique key has one holder; who gives it up lets another have it, in the same transaction too.
pub fn a_unique_key_has_one_holder(factory: Factory<'_>) {
    let store = factory();
    let claim = |key: &str| IndexChange { added: vec![unique("emails", key)], ..no_index() };
    let give_up = |key: &str| IndexChange { removed: vec![unique("emails", key)], ..no_index() };
    let (one, two) = (entry(10, named("One")), entry(11, named("Two")));
    write(&*store, |tx| Customer::repo(tx).insert(&one, &claim("a@b.example")).unwrap());
    let mut tx = store.begin().unwrap();
    let taken = duplicate(Customer::repo(&mut *tx).insert(&two, &claim("a@b.example")));
    assert_eq!(taken, ("customer", "emails", "a@b.example".into(), Some(id::<Customer>(10).uuid())));
    drop(tx);
    write(&*store, |tx| {
        Customer::repo(tx).replace(&one, crate::model::FieldSet::EMPTY, &give_up("a@b.example")).unwrap();
        Customer::repo(tx).insert(&two, &claim("a@b.example")).unwrap();
    });
    // The same text in another field, or of another kind of record, is another key.
    write(&*store, |tx| {
        let other = IndexChange { added: vec![unique("external_ids", "a@b.example")], ..no_index() };
        Customer::repo(tx).insert(&entry(12, named("Three")), &other).unwrap();
        let user = IndexChange { added: vec![unique("emails", "a@b.example")], ..no_index() };
        let role = entry(2, crate::model::Role::shipped().remove(0));
        crate::model::Role::repo(tx).insert(&role, &user).unwrap();
    });
}

/// Uniqueness holds among live records; coming back into a conflict names the holder.
pub fn a_key_is_given_up_in_the_trash_and_claimed_again_on_restore(factory: Factory<'_>) {
    let office = Office::new(factory);
    let customers = office.sys.customers();
    let with_email = |name: &str| Customer { emails: vec!["Tea@Mara.example".into()], ..named(name) };
    let first = customers.create(with_email("First")).unwrap();
    let told = duplicate(customers.create(with_email("Second")));
    assert_eq!(told, ("customer", "emails", "tea@mara.example".into(), Some(first.id.uuid())));
    customers.delete(first.id).unwrap();
    let second = customers.create(with_email("Second")).unwrap();
    let told = duplicate(customers.restore(first.id));
    assert_eq!(told.3, Some(second.id.uuid()));
    refused(customers.get(first.id), "not_found");
    customers.update(second.id, |customer| customer.emails.clear()).unwrap();
    customers.restore(first.id).unwrap();
    duplicate(customers.create(with_email("Third")));
    assert!(office.crm.check().unwrap().is_clean());
}

/// Tags, phones and a contact's e-mails may be everybody's; a record may name one twice.
pub fn other_keys_are_shared(factory: Factory<'_>) {
    let store = factory();
    let tag = Key { field: "tags", key: "vip".into(), unique: false };
    let index = IndexChange { added: vec![tag], ..no_index() };
    write(&*store, |tx| {
        Customer::repo(tx).insert(&entry(10, named("One")), &index).unwrap();
        Customer::repo(tx).insert(&entry(11, named("Two")), &index).unwrap();
    });
    let office = Office::new(factory);
    let twice =
        Customer { tags: vec!["vip".into(), "VIP".into()], phones: vec!["123".into()], ..named("Twice") };
    let same = Customer { emails: vec!["a@b.example".into(), "A@B.example".into()], ..twice.clone() };
    office.sys.customers().create(twice).unwrap();
    office.sys.customers().create(same).unwrap();
}

/// An id is one record's, live or in the trash.
pub fn an_id_is_taken_for_ever(factory: Factory<'_>) {
    let store = factory();
    write(&*store, |tx| Customer::repo(tx).insert(&entry(10, named("One")), &no_index()).unwrap());
    let mut tx = store.begin().unwrap();
    let told = duplicate(Customer::repo(&mut *tx).insert(&entry(10, named("Two")), &no_index()));
    assert_eq!(told, ("customer", "id", Uuid::from_u128(10).to_string(), Some(Uuid::from_u128(10))));
    drop(tx);
    let office = Office::new(factory);
    let own = office.sys.new_id::<Customer>().unwrap();
    office.sys.customers().create_with_id(own, named("Own")).unwrap();
    office.sys.customers().delete(own).unwrap();
    assert_eq!(duplicate(office.sys.customers().create_with_id(own, named("Again"))).1, "id");
    refused(office.sys.customers().create_with_id(Id::default(), named("Nil")), "invalid");
}

/// A code belongs to its record in the trash, too.
pub fn a_code_is_unique_for_ever(factory: Factory<'_>) {
    let store = factory();
    let coded = |number: u128, code: &str| {
        entry(number, Customer { code: Some(code.parse::<Code>().unwrap()), ..named("Coded") })
    };
    write(&*store, |tx| Customer::repo(tx).insert(&coded(10, "C001"), &no_index()).unwrap());
    let trashed = Entry {
        deletion: Some(crate::model::Deletion {
            id: Uuid::from_u128(1),
            at: super::fixture::monday(),
            by: None,
        }),
        ..coded(10, "C001")
    };
    write(&*store, |tx| {
        Customer::repo(tx).replace(&trashed, crate::model::FieldSet::EMPTY, &IndexChange { deletion: true, ..no_index() }).unwrap();
    });
    let mut tx = store.begin().unwrap();
    let told = duplicate(Customer::repo(&mut *tx).insert(&coded(11, "C001"), &no_index()));
    assert_eq!(told, ("customer", "code", "C001".into(), Some(Uuid::from_u128(10))));
    drop(tx);
    write(&*store, |tx| Customer::repo(tx).insert(&coded(11, "C01"), &no_index()).unwrap());
}

/// Numbers go on: after a purge, and after an import that set a higher one.
pub fn codes_are_not_reused_after_a_purge(factory: Factory<'_>) {
    let office = Office::new(factory);
    let customers = office.sys.customers();
    let code =
        |customer: &crate::model::Record<Customer>| customer.code.as_ref().unwrap().as_str().to_owned();
    assert_eq!(code(&office.customer("One")), "C001");
    let two = office.customer("Two");
    customers.delete(two.id).unwrap();
    customers.purge(two.id).unwrap();
    assert_eq!(code(&office.customer("Three")), "C003");
    let imported = Customer { code: Some("C998".parse().unwrap()), ..named("Imported") };
    assert_eq!(code(&customers.create(imported).unwrap()), "C998");
    assert_eq!(code(&office.customer("C999")), "C999");
    assert_eq!(code(&office.customer("C1000")), "C1000");
    let low = Customer { code: Some("C002".parse().unwrap()), ..named("Low") };
    assert_eq!(code(&customers.create(low).unwrap()), "C002");
    assert_eq!(code(&office.customer("C1001")), "C1001");
    assert_eq!(customers.by_code("c998").unwrap().name, "Imported");
}

/// `Amina` and `amina` are one user name.
pub fn user_names_are_unique_without_case(factory: Factory<'_>) {
    let office = Office::new(factory);
    let role = office.shipped_role("agent");
    let amina = office.user("Amina", role, None);
    let same = User { username: "amina".into(), role, ..User::default() };
    let told = duplicate(office.sys.users().create(same));
    assert_eq!(told, ("user", "username", "amina".into(), Some(amina.id.uuid())));
}

/// Whether customers share an e-mail is decided by the settings; going back needs that none is shared.
pub fn shared_emails_are_a_setting(factory: Factory<'_>) {
    let office = Office::new(factory);
    let customers = office.sys.customers();
    let with_email = |name: &str| Customer { emails: vec!["a@b.example".into()], ..named(name) };
    let one = customers.create(with_email("One")).unwrap();
    duplicate(customers.create(with_email("Two")));
    office.sys.update_settings(|settings| settings.shared_emails = true).unwrap();
    let two = customers.create(with_email("Two")).unwrap();
    let told = duplicate(office.sys.update_settings(|settings| settings.shared_emails = false));
    assert_eq!((told.0, told.1, told.2.as_str()), ("customer", "emails", "a@b.example"));
    assert!([one.id, two.id].contains(&Id::from_uuid(told.3.unwrap())));
    assert!(office.sys.settings().unwrap().shared_emails, "the refused change left the setting");
    customers.delete(two.id).unwrap();
    office.sys.update_settings(|settings| settings.shared_emails = false).unwrap();
    duplicate(customers.create(with_email("Three")));
    duplicate(customers.restore(two.id));
}

/// The region of phone numbers is a setting. When it changes, the keys and words that are stored follow at once, in
/// the trash when they come back, and the records stay as they are.
pub fn keys_and_words_follow_the_region(factory: Factory<'_>) {
    let office = Office::new(factory);
    let (customers, contacts) = (office.sys.customers(), office.sys.contacts());
    let with_phones = |name: &str, phones: &[&str]| Customer {
        phones: phones.iter().map(|number| Phone::from(*number)).collect(),
        ..named(name)
    };
    let home = customers.create(with_phones("Home", &["0722 000 001"])).unwrap();
    customers.create(with_phones("Abroad", &["+254 722 000 001", "+1 650 253 0000"])).unwrap();
    customers.create(with_phones("None", &[])).unwrap();
    let trashed = customers.create(with_phones("Trashed", &["0722-000-001"])).unwrap();
    customers.create(with_phones("Many", &["(650) 253-0000", "0722000001", "12345"])).unwrap();
    let person = Contact {
        customer: home.id,
        given_name: "Amina".into(),
        phones: vec!["0722 000001".into()],
        ..Contact::default()
    };
    let person = contacts.create(person).unwrap();
    customers.delete(trashed.id).unwrap();

    let told = || {
        let of = |text: &str| {
            let filter = Customer::PHONES.is(text);
            let listed = names(customers.list(&Query::new().filter(filter).order_by(["name"])).unwrap());
            let people = Query::new().filter(Contact::PHONES.is(text));
            let mut searched = names(customers.search(text, 10).unwrap());
            searched.sort_unstable();
            let people = names(contacts.list(&people).unwrap()).len() + contacts.search(text, 10).unwrap().len();
            (listed, searched, people)
        };
        (of("+254722000001"), of("+16502530000"))
    };
    let found = |listed: &[&str], people| {
        let listed: Vec<String> = listed.iter().map(|name| (*name).to_owned()).collect();
        (listed.clone(), listed, people)
    };
    let american = (found(&["Abroad"], 0), found(&["Abroad", "Many"], 0));
    let kenyan = (found(&["Abroad", "Home", "Many"], 2), found(&["Abroad"], 0));
    assert_eq!(told(), american);

    let operations = || office.crm.changes_since(0, 1_000).unwrap();
    let before = operations().len();
    office.clock.advance(chrono::TimeDelta::seconds(1));
    office.sys.update_settings(|settings| settings.phone_region = "KE".into()).unwrap();
    assert_eq!(told(), kenyan);
    assert_eq!(customers.get(home.id).unwrap(), home, "a record stays as it is");
    assert_eq!(contacts.get(person.id).unwrap(), person);
    let settings = operations().pop().unwrap();
    assert_eq!((operations().len(), settings.changes.len()), (before + 1, 1), "the journal tells of the settings");
    customers.restore(trashed.id).unwrap();
    assert_eq!(told().0, found(&["Abroad", "Home", "Many", "Trashed"], 2));
    customers.delete(trashed.id).unwrap();

    // What is stored follows when the change is taken back, and when records change later.
    office.sys.undo(settings.id).unwrap();
    assert_eq!(told(), american);
    // In one operation, what comes after the settings follows them.
    let mut batch = office.sys.batch();
    let id = office.sys.settings().unwrap().id;
    batch.create(with_phones("Before", &["0722000001"])).unwrap();
    batch.update(id, |settings: &mut Settings| settings.phone_region = "KE".into());
    batch.create(with_phones("After", &["0722000001"])).unwrap();
    batch.update(home.id, |customer: &mut Customer| customer.phones.push("0722000002".into()));
    batch.run().unwrap();
    assert_eq!(told(), (found(&["Abroad", "After", "Before", "Home", "Many"], 2), found(&["Abroad"], 0)));
    customers.update(home.id, |customer| customer.phones.clear()).unwrap();
    assert_eq!(told().0, found(&["Abroad", "After", "Before", "Many"], 2));
    // A change that is refused leaves them.
    refused(office.sys.update_settings(|settings| settings.phone_region = "UK".into()), "invalid");
    assert_eq!(told().1, found(&["Abroad"], 0));
    assert!(office.crm.check().unwrap().is_clean());
}

/// An id in another system belongs to one live record, which an upsert finds.
pub fn external_ids_upsert_one_record(factory: Factory<'_>) {
    let office = Office::new(factory);
    let customers = office.sys.customers();
    let made = customers.upsert("erp", "7", |customer| customer.name = "Seven".into()).unwrap();
    let Upserted::Created(made) = made else { panic!("there was none") };
    let again = customers.upsert("erp", "7", |customer| customer.name = "Seven B".into()).unwrap();
    let Upserted::Updated(again) = again else { panic!("there was one") };
    assert_eq!((again.id, again.version), (made.id, 2));
    assert_eq!(customers.by_external_id("erp", "7").unwrap().name, "Seven B");
    refused(customers.by_external_id("crm", "7"), "not_found");
    customers.delete(made.id).unwrap();
    refused(customers.by_external_id("erp", "7"), "not_found");
    let other = customers.upsert("erp", "7", |customer| customer.name = "Other".into()).unwrap();
    assert!(matches!(other, Upserted::Created(_)), "what is in the trash is not found");
    assert_eq!(duplicate(customers.restore(made.id)).1, "external_ids");
}
