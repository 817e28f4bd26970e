//! An honest journal: what is altered in the file shows, and a person can be forgotten without a trace.

use crm_core::chrono::TimeDelta;
use crm_core::contract::test_options;
use crm_core::{
    Address, Attachment, Contact, Crm, CustomField, CustomFieldType, Customer, Due, Feedback, Head, Id,
    Interaction, Note, Opportunity, OpportunityContact, Query, Reminder, Sale, Session, User,
};
use crm_sqlite::{Durability, OpenOptions, SqliteStore, rusqlite};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

struct Desk {
    _folder: TempDir,
    path: PathBuf,
    store: Arc<SqliteStore>,
    crm: Crm,
    session: Session,
}

fn open(path: &Path) -> (Arc<SqliteStore>, Crm) {
    let store = Arc::new(OpenOptions::new(path).durability(Durability::Normal).open().unwrap());
    let (options, _) = test_options(4);
    let crm = Crm::open(Arc::clone(&store) as Arc<dyn crm_core::port::Store>, options).unwrap();
    (store, crm)
}

fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let (store, crm) = open(&path);
    crm.create_admin(User { username: "amina".into(), ..User::default() }, "correct horse").unwrap();
    let session = crm.login("amina", "correct horse").unwrap();
    Desk { _folder: folder, path, store, crm, session }
}

fn named(name: &str) -> Customer {
    Customer { name: name.into(), ..Customer::default() }
}

// ---- the chain -------------------------------------------------------------------------------------------------

/// The place of the operation at which a copy of the file no longer holds, after this was done to it by hand.
fn broken_at(desk: &Desk, known: Head, sql: &str) -> Option<u64> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    desk.store.backup(&path).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;").unwrap();
    raw.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    drop(raw);
    let (_, crm) = open(&path);
    crm.verify_since(known).unwrap().broken.map(|broken| broken.seq)
}

#[test]
fn altering_anything_in_the_journal_shows_at_that_operation() {
    let desk = desk();
    let id = desk.session.customers().create(named("Mara Tea")).unwrap().id;
    desk.session.customers().update(id, |c| c.company = Some("Mara Group".into())).unwrap();
    desk.session.customers().update(id, |c| c.company = Some("Mara Holding".into())).unwrap();
    let update = desk.session.customers().history(id).unwrap().pop().unwrap();
    desk.session.undo(update.id).unwrap();
    desk.session.notes().create(Note { customer: id, body: "Pays late".into(), ..Note::default() }).unwrap();
    let whole = desk.crm.verify().unwrap();
    assert!(whole.holds(), "{whole:?}");
    assert_eq!(whole.head, desk.crm.head().unwrap());
    let none = Head::default();
    assert_eq!(broken_at(&desk, none, "SELECT 1"), None, "a backup holds");

    let at = update.seq;
    let undo = at + 1;
    // One byte of each thing that the journal says.
    let flip = |column: &str| {
        format!(
            "unhex(substr(hex({column}), 3) || CASE substr(hex({column}), 1, 2) WHEN 'AA' THEN 'AB' ELSE 'AA' END)"
        )
    };
    let mut altered = vec![
        ("at", at, "UPDATE crm_operation SET at = at + 1".to_owned()),
        ("the command", at, "UPDATE crm_operation SET command = 'updatf'".to_owned()),
        ("the actor", at, format!("UPDATE crm_operation SET actor_user = {}", flip("actor_user"))),
        ("the actor's kind", at, "UPDATE crm_operation SET actor_user = NULL, actor_label = 'x'".to_owned()),
        ("the id", at, format!("UPDATE crm_operation SET id = {}", flip("id"))),
        ("the hash", at, format!("UPDATE crm_operation SET hash = {}", flip("hash"))),
        ("what it undoes", undo, format!("UPDATE crm_operation SET undoes = {}", flip("undoes"))),
        (
            "that it is a part of an import",
            at,
            "UPDATE crm_operation SET import = '{\"import\":\"00000000-0000-0000-0000-000000000001\",\"plan\":\"\",\"step\":0,\
             \"step_rows\":0,\"rows\":0,\"created\":0,\"updated\":0,\"skipped\":0,\"failed\":0}'"
                .to_owned(),
        ),
        ("that it undoes", undo, "UPDATE crm_operation SET undoes = NULL".to_owned()),
    ];
    for (what, _, sql) in &altered.clone() {
        assert!(
            broken_at(
                &desk,
                none,
                &format!("{sql} WHERE seq = {}", altered.iter().find(|a| a.0 == *what).unwrap().1)
            )
            .is_some()
        );
    }
    for (what, sql) in [
        ("a value before", "before = replace(before, 'Group', 'Groups')".to_owned()),
        ("a value after", "after = replace(after, 'Holding', 'holding')".to_owned()),
        ("white space", "after = after || ' '".to_owned()),
        ("a value taken away", "before = NULL".to_owned()),
        ("all values, with the salt", "before = NULL, after = NULL, salt = NULL".to_owned()),
        ("the salt", format!("salt = {}", flip("salt"))),
        ("the salt taken away", "salt = NULL".to_owned()),
        ("the digest", format!("digest = {}", flip("digest"))),
        ("the kind", "kind = 'contact'".to_owned()),
        ("the record", format!("record = {}", flip("record"))),
        ("the customer", format!("customer = {}", flip("customer"))),
        ("the version", "version = version + 100".to_owned()),
        ("what was done", "change = 'restore'".to_owned()),
    ] {
        altered.push((what, at, format!("UPDATE crm_change SET {sql}")));
    }
    for (what, seq, sql) in &altered {
        let column = if sql.contains("crm_change") { "operation" } else { "seq" };
        assert_eq!(broken_at(&desk, none, &format!("{sql} WHERE {column} = {seq}")), Some(*seq), "{what}");
    }
    // Left out, slipped in, put elsewhere, cut off.
    let gone =
        format!("DELETE FROM crm_change WHERE operation = {at}; DELETE FROM crm_operation WHERE seq = {at}");
    assert_eq!(broken_at(&desk, none, &gone), Some(undo), "the one that follows lacks it");
    assert_eq!(broken_at(&desk, none, &format!("DELETE FROM crm_change WHERE operation = {at}")), Some(at));
    let twice = format!(
        "INSERT INTO crm_change SELECT operation, place + 1, kind, randomblob(16), change, version, customer, before, after, salt, digest FROM crm_change WHERE operation = {at}"
    );
    assert_eq!(broken_at(&desk, none, &twice), Some(at));
    let swapped = format!(
        "UPDATE crm_operation SET seq = -1 WHERE seq = {at}; UPDATE crm_operation SET seq = {at} WHERE seq = {undo}; \
         UPDATE crm_operation SET seq = {undo} WHERE seq = -1"
    );
    assert_eq!(broken_at(&desk, none, &swapped), Some(at));
    let head = whole.head;
    let cut = format!(
        "DELETE FROM crm_change WHERE operation >= {0}; DELETE FROM crm_operation WHERE seq >= {0}",
        head.seq
    );
    assert_eq!(broken_at(&desk, none, &cut), None, "a shorter journal is whole in itself");
    assert_eq!(broken_at(&desk, head, &cut), Some(head.seq), "but not for who knows its head");
    desk.session.customers().update(id, |c| c.company = None).unwrap();
    assert_eq!(broken_at(&desk, head, "SELECT 1"), None);
    let other = Head { hash: [1; 32], ..head };
    assert_eq!(broken_at(&desk, other, "SELECT 1"), Some(head.seq), "it is not the journal that was known");
}

// ---- erasure ---------------------------------------------------------------------------------------------------

/// Texts that nobody else has.
const PLANTED: [&str; 22] = [
    "Wanjikuqz",
    "Kamauqz",
    "wkqz@mail.example",
    "Zuriqzholding",
    "0722770011",
    "Qzstreet",
    "Qzville",
    "qztag",
    "Qzdescription",
    "qz-external-1",
    "Qzcustomvalue",
    "Qzcontact",
    "Qznote",
    "Qzcall",
    "Qzreminder",
    "Qzdeal",
    "Qzfeedback",
    "Qzattached",
    "qzfile.txt",
    "Qztrashed",
    "Qztwin",
    "Qzearlier",
];

/// Where any of the planted texts is, in any case.
fn traces(path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for suffix in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{suffix}", path.display()));
        let Ok(bytes) = std::fs::read(&file) else { continue };
        let lower = bytes.to_ascii_lowercase();
        for text in PLANTED {
            let text = text.to_ascii_lowercase();
            if lower.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(format!("{text} in the file{suffix}"));
            }
        }
    }
    found
}

fn plant(session: &Session) -> Id<Customer> {
    session
        .custom_fields()
        .create(CustomField {
            entity: crm_core::Kind::Customer,
            key: "remark".into(),
            label: "Remark".into(),
            r#type: CustomFieldType::Text,
            ..CustomField::default()
        })
        .unwrap();
    let mut custom = crm_core::CustomValues::default();
    custom.0.insert("remark".into(), crm_core::CustomValue::Text("Qzcustomvalue".into()));
    let customer = session
        .customers()
        .create(Customer {
            name: "Wanjikuqz Kamauqz".into(),
            emails: vec!["wkqz@mail.example".into()],
            phones: vec!["0722770011".into()],
            company: Some("Qzearlier".into()),
            address: Some(Address {
                street: Some("Qzstreet".into()),
                city: Some("Qzville".into()),
                ..Address::default()
            }),
            tags: vec!["qztag".into()],
            description: "Qzdescription".into(),
            external_ids: BTreeMap::from([("erp".into(), "qz-external-1".into())]),
            custom,
            ..Customer::default()
        })
        .unwrap()
        .id;
    session.customers().update(customer, |c| c.company = Some("Zuriqzholding".into())).unwrap();
    let contact = session
        .contacts()
        .create(Contact { customer, given_name: "Qzcontact".into(), ..Contact::default() })
        .unwrap()
        .id;
    let deal = Opportunity {
        customer,
        name: "Qzdeal".into(),
        contacts: vec![OpportunityContact { contact, role: Some("Qzcontact decides".into()) }],
        ..Opportunity::default()
    };
    let deal = session.opportunities().create(deal).unwrap().id;
    session
        .notes()
        .create(Note { customer, body: "Qznote ".repeat(2_000), opportunity: Some(deal), ..Note::default() })
        .unwrap();
    let call = Interaction {
        customer,
        contacts: vec![contact],
        subject: "Qzcall".into(),
        notes: "Qzcall ".repeat(500),
        ..Interaction::default()
    };
    session.interactions().create(call).unwrap();
    let due = Due::at("2026-03-05T09:00:00".parse().unwrap(), "Africa/Nairobi".parse().unwrap());
    session
        .reminders()
        .create(Reminder { customer, title: "Qzreminder".into(), due, ..Reminder::default() })
        .unwrap();
    session
        .feedback()
        .create(Feedback { customer, text: "Qzfeedback".into(), ..Feedback::default() })
        .unwrap();
    let file = Attachment {
        customer,
        file_name: "qzfile.txt".into(),
        media_type: "text/plain".into(),
        ..Attachment::default()
    };
    session.attach(file, &mut "Qzattached ".repeat(50_000).as_bytes()).unwrap();
    let trashed =
        session.notes().create(Note { customer, body: "Qztrashed".into(), ..Note::default() }).unwrap().id;
    session.notes().delete(trashed).unwrap();
    let purged = session
        .notes()
        .create(Note { customer, body: "Qztrashed too".into(), ..Note::default() })
        .unwrap()
        .id;
    session.notes().delete(purged).unwrap();
    session.notes().purge(purged).unwrap();
    let twin = session.customers().create(named("Qztwin")).unwrap().id;
    session
        .notes()
        .create(Note { customer: twin, body: "Qznote of the twin".into(), ..Note::default() })
        .unwrap();
    session.customers().merge(customer, &[twin], &BTreeMap::new(), false).unwrap();
    customer
}

#[test]
fn case_28_an_erased_person_leaves_no_byte_and_the_chain_still_holds() {
    let desk = desk();
    let session = &desk.session;
    // Others, whose rows share pages with the person's.
    let mut others = Vec::new();
    for number in 0..300 {
        let other = session.customers().create(named(&format!("Other {number}"))).unwrap().id;
        session
            .notes()
            .create(Note { customer: other, body: format!("Note {number}"), ..Note::default() })
            .unwrap();
        others.push(other);
    }
    let person = plant(session);
    session.customers().update(others[0], |c| c.parent = Some(person)).unwrap();
    for other in &others {
        session.customers().update(*other, |c| c.source = Some("fair".into())).unwrap();
    }
    assert!(!traces(&desk.path).is_empty());
    let before = session.customers().count(&Query::new()).unwrap();

    let erased = session.customers().erase(person).unwrap();
    assert_eq!(erased.records, 11, "{erased:?}");
    assert!(erased.changes >= 15, "{erased:?}");
    assert_eq!(traces(&desk.path), Vec::<String>::new());
    let backup = desk.path.with_extension("backup");
    desk.store.backup(&backup).unwrap();
    assert_eq!(traces(&backup), Vec::<String>::new());

    let found = desk.crm.verify().unwrap();
    assert!(found.holds() && found.erased > 0, "{found:?}");
    let report = desk.crm.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    assert_eq!(session.customers().count(&Query::new()).unwrap(), before - 1);
    assert_eq!(session.customers().get(others[0]).unwrap().parent, None);
    assert_eq!(session.search("wanjikuqz", 10).unwrap(), []);
    assert_eq!(session.customers().get(person).unwrap_err().code(), "not_found");
    // Who did what and when is still told, without what.
    let told = session.operations(0, 10_000).unwrap();
    let changes = told.iter().flat_map(|operation| &operation.changes);
    let of_person: Vec<_> = changes.filter(|change| change.id == person.uuid()).collect();
    assert!(of_person.len() >= 4);
    assert!(of_person.iter().all(|change| change.before.is_empty() && change.after.is_empty()));
    let created = told.iter().find(|operation| operation.changes[0].id == person.uuid()).unwrap();
    assert_eq!(session.undo(created.id).unwrap_err().code(), "gone");
    // A second call finds nothing more, and what was bound before still is.
    let again = session.customers().erase(person).unwrap();
    assert_eq!((again.records, again.changes, again.operation), (0, 0, None));
    session
        .customers()
        .create(Customer { emails: vec!["wkqz@mail.example".into()], ..named("Someone else") })
        .unwrap();
    assert!(desk.crm.verify().unwrap().holds());
}

#[test]
fn a_purged_customer_can_still_be_erased() {
    let desk = desk();
    let person = plant(&desk.session);
    desk.session.customers().delete(person).unwrap();
    desk.session.customers().purge(person).unwrap();
    assert!(!traces(&desk.path).is_empty(), "the journal outlives what it speaks of");
    desk.session.customers().erase(person).unwrap();
    assert_eq!(
        traces(&desk.path),
        Vec::<String>::new(),
        "the twin that was merged into it is the same person"
    );
    assert!(desk.crm.verify().unwrap().holds());
}

#[test]
fn a_contact_is_erased_and_its_customer_stays() {
    let desk = desk();
    let customer = desk.session.customers().create(named("Mara Tea")).unwrap().id;
    let contact = Contact {
        customer,
        given_name: "Qzcontact".into(),
        emails: vec!["wkqz@mail.example".into()],
        ..Contact::default()
    };
    let contact = desk.session.contacts().create(contact).unwrap().id;
    let call =
        Interaction { customer, contacts: vec![contact], subject: "Call".into(), ..Interaction::default() };
    let call = desk.session.interactions().create(call).unwrap().id;
    desk.session.contacts().erase(contact).unwrap();
    assert_eq!(traces(&desk.path), Vec::<String>::new());
    assert_eq!(desk.session.interactions().get(call).unwrap().contacts, []);
    assert!(desk.crm.verify().unwrap().holds());
    assert!(desk.crm.check().unwrap().is_clean());
}

#[test]
fn a_reader_of_the_state_before_makes_an_erasure_busy_until_it_is_done() {
    use crm_core::port::Store;
    let desk = desk();
    let person = plant(&desk.session);
    let options = OpenOptions::new(&desk.path).busy_timeout(TimeDelta::milliseconds(50).to_std().unwrap());
    let other = options.open().unwrap();
    let view = other.snapshot().unwrap();
    view.state().unwrap();
    let short = Arc::new(options.open().unwrap());
    let crm = Crm::open(short as Arc<dyn Store>, test_options(5).0).unwrap();
    assert_eq!(crm.system("test").customers().erase(person).unwrap_err().code(), "busy");
    assert_eq!(
        desk.session.customers().get(person).unwrap_err().code(),
        "not_found",
        "it is erased nevertheless"
    );
    drop(view);
    crm.system("test").customers().erase(person).unwrap();
    assert_eq!(traces(&desk.path), Vec::<String>::new());
}

#[test]
fn who_may_erase() {
    let desk = desk();
    let customer = desk.session.customers().create(named("Mara Tea")).unwrap().id;
    for (role, code) in [("agent", "denied"), ("viewer", "denied")] {
        let role = desk.session.roles().by_key(role).unwrap().id;
        let username = format!("user-{role}");
        let user = desk
            .session
            .users()
            .create(User { username: username.clone(), role, ..User::default() })
            .unwrap();
        desk.session.set_password(user.id, "battery staple").unwrap();
        let session = desk.crm.login(&username, "battery staple").unwrap();
        assert_eq!(session.customers().erase(customer).unwrap_err().code(), code);
        assert_eq!(session.customers().erase(Id::default()).unwrap_err().code(), "not_found");
    }
    let _ = Sale::default();
}
