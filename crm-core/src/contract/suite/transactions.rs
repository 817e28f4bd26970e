//! What a transaction writes, and who sees it when.

use super::Factory;
use super::fixture::{
    Office, count, entry, everything, id, insert, monday, named, no_index, refused, stored, unique, write,
};
use crate::contract::{FaultStore, PortCall};
use crate::error::Error;
use crate::model::{
    Attachment, Contact, CustomField, CustomFieldType, Customer, CustomerKind, CustomerStatus, Deletion, Direction,
    Entity, Feedback, FieldSet, Interaction, InteractionKind, Kind, Lead, LeadStatus, Line, Note, Operation,
    Opportunity, OpportunityContact, Pipeline, Priority, Product, Query, Rate, Reminder, ReminderStatus, Role, Sale,
    SavedView, Settings, StageKind, StageTime, User,
};
use crate::store::{Condition, Entry, IndexChange, Plan, Sealed, Sight, Store, Stored, Transaction, column_is};
use crate::value::{Address, Currency, CustomValues, Due, Email, EmailAddress, Money, Phone, Quantity, Search};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;
use uuid::Uuid;

fn map(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

fn address() -> Address {
    Address {
        street: Some("Moi Avenue 1\n2nd floor".into()),
        city: Some("Nairobi".into()),
        state: None,
        postal_code: Some("00100".into()),
        country: Some("Kenya".into()),
    }
}

fn custom() -> CustomValues {
    let mut custom = CustomValues::default();
    custom.set("tier", "Gold \"1\" 🫖");
    custom.set("score", Decimal::new(-25, 1));
    custom.set("count", 12_i64);
    custom.set("vip", true);
    custom.set("budget", Money::new(-1, Currency::KES));
    custom.set("colours", vec!["red".to_owned(), "blue".to_owned()]);
    custom
}

fn full_customer() -> Customer {
    let email = Email {
        address: EmailAddress("Info@Mara.example".into()),
        label: Some("work".into()),
        opted_out: true,
    };
    Customer {
        converted_opportunity: None,
        converted_contact: None,
        merged_into: None,
        custom: custom(),
        code: Some("C042".parse().unwrap()),
        kind: CustomerKind::Business,
        status: CustomerStatus::Inactive,
        name: "Mara Tea – „Tee“ 🫖".into(),
        given_name: Some("Ma".into()),
        family_name: Some("Ra".into()),
        company: Some("Mara & Co".into()),
        emails: vec![email, "b@mara.example".into()],
        phones: vec![Phone { number: Phone::new("+254 20 123").number, label: None, opted_out: false }],
        website: Some("https://mara.example".into()),
        address: Some(address()),
        tags: vec!["vip".into(), "tea".into()],
        description: "line one\nline two".into(),
        source: Some("fair".into()),
        owner: Some(id(3)),
        parent: Some(id(10)),
        external_ids: map("erp", "4711"),
        extra: map("X-SKYPE", "mara"),
        lead: Some(Lead {
            status: LeadStatus::Lost,
            priority: Priority::High,
            estimated_value: Some(Money::new(i64::MAX, Currency::KES)),
            lost_reason: Some("price".into()),
        }),
    }
}

/// Every field of every kind, empty and full, comes out as it went in.
pub fn every_kind_comes_back_as_it_was_written(factory: Factory<'_>) {
    let store = factory();
    let date = |text: &str| text.parse().unwrap();
    let zone = "Africa/Nairobi".parse().unwrap();
    let role = Role::shipped().remove(0);
    let user = User {
        username: "amina".into(),
        given_name: "Amina".into(),
        family_name: "Otieno".into(),
        email: Some(EmailAddress("amina@example.org".into())),
        phone: Some("+254 1".into()),
        role: id(2),
        team: Some("north".into()),
        time_zone: Some(zone),
        active: true,
    };
    let contact = Contact {
        customer: id(11),
        given_name: "Juma".into(),
        family_name: "Ōé".into(),
        emails: vec!["juma@mara.example".into()],
        phones: vec!["0712 000000".into()],
        position: Some("Buyer".into()),
        department: Some("Tea".into()),
        primary: true,
        birthday: Some(date("1988-02-29")),
        address: Some(address()),
        description: "x".into(),
        external_ids: map("vcard", "7"),
        extra: map("X-SKYPE", "juma"),
        merged_into: None,
        custom: custom(),
    };
    let opportunity = Opportunity {
        customer: id(11),
        contacts: vec![OpportunityContact { contact: id(20), role: Some("decides".into()) }],
        name: "Deal".into(),
        pipeline: Some(id(4)),
        stage: "lost".into(),
        status: StageKind::Lost,
        amount: Some(Money::new(-5, Currency::EUR)),
        probability: Some(0),
        opened_on: Some(date("2025-12-31")),
        closed_on: Some(date("2026-01-01")),
        expected_close_on: Some(date("9999-12-31")),
        cycle_days: Some(1),
        owner: Some(id(3)),
        external_ids: map("erp", "9"),
        lost_reason: Some("price".into()),
        source: Some("web".into()),
        tags: vec!["big".into()],
        lines: vec![Line {
            product: Some(id(6)),
            description: "Tea".into(),
            quantity: Quantity(Decimal::new(1_000_001, 6)),
            unit_price: Some(Money::new(-5, Currency::EUR)),
            discount: Quantity(Decimal::new(125, 1)),
        }],
        stage_since: Some(monday()),
        stage_times: vec![StageTime { stage: "proposal".into(), seconds: 86_400 }],
        custom: custom(),
    };
    let interaction = Interaction {
        customer: id(11),
        contacts: vec![id(20)],
        opportunity: Some(id(30)),
        kind: InteractionKind::Visit,
        direction: Some(Direction::Inbound),
        subject: "Tasting".into(),
        notes: "They like it".into(),
        occurred_at: Some("1969-12-31T23:59:59.999999Z".parse().unwrap()),
        duration: Some(u32::MAX),
        location: Some("Kericho".into()),
        outcome: Some("order".into()),
        employee: Some(id(3)),
        employee_comment: Some("bring milk".into()),
    };
    let due = Due::at("2026-03-29T02:30:00".parse().unwrap(), zone);
    let reminder = Reminder {
        customer: id(11),
        interaction: Some(id(40)),
        opportunity: Some(id(30)),
        title: "Call back".into(),
        notes: "soon".into(),
        due_at: due.instant(),
        due,
        recurrence: Some(crate::value::Recurrence("FREQ=DAILY".into())),
        anchor: Some(Due::on(date("2026-03-01"))),
        assignee: Some(id(3)),
        priority: Priority::Low,
        offsets: vec![0, 15],
        status: ReminderStatus::Snoozed,
        snoozed_until: Some(monday()),
    };
    let product = Product {
        sku: Some("T-1".into()),
        name: "Tea".into(),
        description: "black".into(),
        price: Some(Money::new(1, Currency::EUR)),
        active: false,
        custom: custom(),
    };
    let definition = CustomField {
        entity: Kind::Contact,
        key: "tier".into(),
        label: "Tier".into(),
        r#type: CustomFieldType::Choice,
        required: true,
        options: vec!["gold".into(), "silver".into()],
        target: Some(Kind::User),
        active: false,
        path: "contact.tier".into(),
    };
    let rate = Rate {
        from: Currency::USD,
        to: Currency::KES,
        valid_from: date("2026-01-01"),
        rate: "129.123456789".parse().unwrap(),
        slot: "USD/KES 2026-01-01".into(),
    };
    let view = SavedView {
        name: "Big ones".into(),
        entity: Kind::Opportunity,
        query: Query::new().filter(Opportunity::STAGE.is("lost")).order_by(["-amount"]),
        owner: Some(id(3)),
    };
    let note = Note {
        customer: id(11),
        opportunity: Some(id(30)),
        author: Some(id(3)),
        body: "line\nline".into(),
        pinned: true,
    };
    let sale = Sale {
        customer: id(11),
        product: Some(id(6)),
        opportunity: Some(id(30)),
        refund_of: Some(id(61)),
        quantity: Quantity(Decimal::new(-15, 1)),
        unit_price: Some(Money::new(1, Currency::EUR)),
        amount: Some(Money::new(-2, Currency::EUR)),
        sold_at: Some(monday()),
        employee: Some(id(3)),
    };
    let feedback = Feedback {
        customer: id(11),
        text: "good".into(),
        rating: Some(5),
        channel: Some("shop".into()),
        provided_at: Some(monday()),
    };
    let attachment = Attachment {
        customer: id(11),
        interaction: Some(id(40)),
        opportunity: Some(id(30)),
        note: Some(id(60)),
        file_name: "Order.pdf".into(),
        media_type: "application/pdf".into(),
        size: i64::MAX,
        sha256: "ab".repeat(32),
    };
    let bare = Reminder { customer: id(10), due: Due::on(date("2026-03-02")), ..Reminder::default() };
    let converted = Customer {
        converted_opportunity: Some(id(30)),
        converted_contact: Some(id(20)),
        ..full_customer()
    };
    write(&*store, |tx| {
        insert(tx, &entry(1, Settings::default()));
        insert(tx, &entry(2, role.clone()));
        insert(tx, &entry(3, user.clone()));
        insert(tx, &entry(4, Pipeline::shipped()));
        insert(tx, &entry(5, definition.clone()));
        insert(tx, &entry(6, product.clone()));
        insert(tx, &entry(7, rate.clone()));
        insert(tx, &entry(8, view.clone()));
        insert(tx, &entry(10, named("bare")));
        insert(tx, &entry(11, full_customer()));
        insert(tx, &entry(20, contact.clone()));
        insert(tx, &entry(30, opportunity.clone()));
        insert(tx, &entry(40, interaction.clone()));
        insert(tx, &entry(50, reminder.clone()));
        insert(tx, &entry(51, bare.clone()));
        insert(tx, &entry(60, note.clone()));
        insert(tx, &entry(61, sale.clone()));
        insert(tx, &entry(62, feedback.clone()));
        insert(tx, &entry(63, attachment.clone()));
        // What refers to each other is not written at once.
        let changed = converted.changed(&full_customer());
        Customer::repo(tx).replace(&entry(11, converted.clone()), changed, &no_index()).unwrap();
    });
    fn same<E: Stored>(store: &dyn Store, number: u128, data: E) {
        assert_eq!(stored(store, id(number)), Some(entry(number, data)));
    }
    same(&*store, 1, Settings::default());
    same(&*store, 2, role);
    same(&*store, 3, user);
    same(&*store, 4, Pipeline::shipped());
    same(&*store, 10, named("bare"));
    same(&*store, 11, converted);
    same(&*store, 20, contact);
    same(&*store, 30, opportunity);
    same(&*store, 40, interaction);
    same(&*store, 50, reminder);
    same(&*store, 51, bare);
    same(&*store, 5, definition);
    same(&*store, 6, product);
    same(&*store, 7, rate);
    same(&*store, 8, view);
    same(&*store, 60, note);
    same(&*store, 61, sale);
    same(&*store, 62, feedback);
    same(&*store, 63, attachment);
    assert_eq!(stored::<Customer>(&*store, id(12)), None);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

/// A change writes the envelope, the mark of the trash and the fields that changed.
pub fn replace_writes_the_envelope_and_the_changed_fields(factory: Factory<'_>) {
    let store = factory();
    let old = entry(10, named("Old"));
    write(&*store, |tx| insert(tx, &old));
    let mut new = old.clone();
    new.record.version = 2;
    new.record.updated_at = "2026-03-02T07:00:00.000001Z".parse().unwrap();
    new.record.data.name = "New".into();
    new.record.data.address = Some(address());
    new.deletion = Some(Deletion { id: Uuid::from_u128(99), at: monday(), by: None });
    let changed = new.record.data.changed(&old.record.data);
    write(&*store, |tx| Customer::repo(tx).replace(&new, changed, &IndexChange { deletion: true, ..no_index() }).unwrap());
    assert_eq!(stored(&*store, id(10)), Some(new.clone()));
    assert_eq!(count::<Customer>(&*store), 0, "it is in the trash");
    let live = Entry { deletion: None, ..new };
    write(&*store, |tx| Customer::repo(tx).replace(&live, FieldSet::EMPTY, &IndexChange { deletion: true, ..no_index() }).unwrap());
    assert_eq!(stored(&*store, id(10)), Some(live));
    assert_eq!(count::<Customer>(&*store), 1);
}

/// A removed record leaves neither row nor words nor keys.
pub fn what_is_removed_is_gone(factory: Factory<'_>) {
    let store = factory();
    let index = IndexChange {
        added: vec![unique("emails", "a@b.example")],
        words: Some("mara".into()),
        ..no_index()
    };
    let mara = entry(10, named("Mara"));
    write(&*store, |tx| Customer::repo(tx).insert(&mara, &index).unwrap());
    let out = IndexChange { removed: index.added.clone(), words: Some(String::new()), ..no_index() };
    write(&*store, |tx| Customer::repo(tx).remove(id(10), &out).unwrap());
    assert_eq!(stored::<Customer>(&*store, id(10)), None);
    write(&*store, |tx| Customer::repo(tx).insert(&entry(11, named("Other")), &index).unwrap());
    let view = store.reader().unwrap();
    let plan = Plan { words: Some(crate::port::Search::new("mara", "KE")), ..everything() };
    let found = Customer::read(&*view).find(&plan).unwrap();
    assert_eq!(found.iter().map(|found| found.record.id).collect::<Vec<_>>(), [id(11)]);
}

/// Reads of a transaction see what it wrote.
pub fn a_transaction_sees_its_own_writes(factory: Factory<'_>) {
    let store = factory();
    let mut tx = store.begin().unwrap();
    let index =
        IndexChange { added: vec![unique("tags", "vip")], words: Some("mara tea".into()), ..no_index() };
    Customer::repo(&mut *tx).insert(&entry(10, named("Mara Tea")), &index).unwrap();
    let reads = Customer::reads(&*tx);
    assert!(reads.get(id(10), &Sight::all()).unwrap().is_some());
    assert_eq!(reads.count(&everything()).unwrap(), 1);
    let by_name = Plan::all_where(column_is(Customer::schema(), "name", "MARA tea"), false, 10);
    assert_eq!(reads.find(&by_name).unwrap().len(), 1);
    let by_words = Plan { words: Some(crate::port::Search::new("te", "KE")), ..everything() };
    assert_eq!(reads.find(&by_words).unwrap().len(), 1);
    let field = Customer::schema().field("tags").unwrap();
    let by_key = Condition::HasKey { field: "tags", index: field, keys: vec!["vip".into()], prefix: false };
    assert_eq!(reads.find(&Plan::all_where(by_key, false, 10)).unwrap().len(), 1);
    assert_eq!(tx.next_number("customer").unwrap(), 1);
    assert_eq!(tx.next_number("customer").unwrap(), 2);
    tx.commit().unwrap();
    assert_eq!(count::<Customer>(&*store), 1);
}

/// Going back to a savepoint leaves what was before it, and nothing of what came after: rows, keys, words, counters. It can be
/// gone back to again, and the next one takes its place.
pub fn a_savepoint_takes_back_what_came_after(factory: Factory<'_>) {
    let store = factory();
    write(&*store, |tx| {
        let index = |key: &str| IndexChange {
            added: vec![unique("emails", key)],
            words: Some("tea".into()),
            ..no_index()
        };
        Customer::repo(&mut *tx).insert(&entry(10, named("Kept")), &index("a@b.example")).unwrap();
        tx.savepoint().unwrap();
        for _ in 0..2 {
            Customer::repo(&mut *tx).insert(&entry(11, named("Gone")), &index("c@d.example")).unwrap();
            Customer::repo(&mut *tx).remove(id(10), &no_index()).unwrap();
            assert_eq!(tx.next_number("customer").unwrap(), 1);
            // A search in between sees what was written, and what it saw is taken back with it.
            assert_eq!(named_tea(&*tx), ["Gone"]);
            tx.roll_back_to_savepoint().unwrap();
        }
        assert_eq!(named_tea(&*tx), ["Kept"]);
        assert!(Customer::reads(&*tx).get(id(11), &Sight::all()).unwrap().is_none());
        Customer::repo(&mut *tx).insert(&entry(12, named("Kept too")), &index("c@d.example")).unwrap();
        tx.savepoint().unwrap();
        Customer::repo(&mut *tx).insert(&entry(13, named("Gone")), &no_index()).unwrap();
        tx.roll_back_to_savepoint().unwrap();
        assert_eq!(tx.next_number("customer").unwrap(), 1);
    });
    let found = Customer::read(&*store.reader().unwrap()).search(&words_plan("tea")).unwrap();
    let found: Vec<String> = found.into_iter().map(|found| found.entry.record.data.name).collect();
    assert_eq!(found, ["Kept too", "Kept"]);
    let names: Vec<String> =
        [10, 11, 12, 13].iter().filter_map(|n| stored::<Customer>(&*store, id(*n))).map(|e| e.record.data.name).collect();
    assert_eq!(names, ["Kept", "Kept too"]);
}

fn words_plan(words: &str) -> Plan {
    Plan { words: Some(Search::new(words, "KE")), ..Plan::all_where(Condition::All(Vec::new()), false, 10) }
}

/// The names of the customers that a search for tea finds in a transaction.
fn named_tea(tx: &dyn Transaction) -> Vec<String> {
    let found = Customer::reads(tx).search(&words_plan("tea")).unwrap();
    found.into_iter().map(|found| found.entry.record.data.name).collect()
}

/// A transaction that ends without a commit leaves neither records nor keys, words, journal or operational data.
pub fn a_dropped_transaction_leaves_nothing(factory: Factory<'_>) {
    let office = Office::new(factory);
    let kept = office.customer("Kept");
    let before = office.crm.changes_since(0, 1_000).unwrap();
    {
        let mut tx = office.store.begin().unwrap();
        let index = IndexChange {
            added: vec![unique("emails", "a@b.example")],
            words: Some("gone".into()),
            ..no_index()
        };
        Customer::repo(&mut *tx).insert(&entry(10, named("Gone")), &index).unwrap();
        Customer::repo(&mut *tx).remove(kept.id, &no_index()).unwrap();
        let operation = Operation { id: Uuid::from_u128(9), changes: Vec::new(), ..before[0].clone() };
        let head = tx.state().unwrap().head;
        tx.append(&Sealed::new(operation, head, || Ok([1; 16])).unwrap()).unwrap();
        tx.set_attempts("amina", None).unwrap();
        tx.bump_authority().unwrap();
        assert_eq!(tx.next_number("customer").unwrap(), 2);
    }
    assert_eq!(stored::<Customer>(&*office.store, id(10)), None);
    assert_eq!(office.sys.customers().get(kept.id).unwrap(), kept);
    assert_eq!(office.sys.customers().search("gone", 10).unwrap(), []);
    assert_eq!(office.crm.changes_since(0, 1_000).unwrap(), before);
    let next = Customer { emails: vec!["a@b.example".into()], ..named("Next") };
    let next = office.sys.customers().create(next).unwrap();
    assert_eq!(next.code.as_ref().unwrap().as_str(), "C002", "the number was given back");
    assert!(office.crm.check().unwrap().is_clean());
}

/// What another thread reads while a transaction is open. A store with one connection lets it wait; then it reads
/// after the end, which tells nothing and is no error.
pub fn nobody_sees_what_is_not_committed(factory: Factory<'_>) {
    let store = factory();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut tx = store.begin().unwrap();
        insert(&mut *tx, &entry(10, named("Not yet")));
        let (tell, told) = channel();
        let (store, ended) = (&store, &ended);
        scope.spawn(move || {
            let view = store.reader().unwrap();
            let seen = Customer::read(&*view).count(&everything()).unwrap();
            tell.send((seen, ended.load(Ordering::SeqCst))).unwrap();
        });
        let early = told.recv_timeout(Duration::from_millis(200));
        ended.store(true, Ordering::SeqCst);
        drop(tx);
        let (seen, _) = early.unwrap_or_else(|_| told.recv().unwrap());
        assert_eq!(seen, 0);
    });
}

/// All reads of a snapshot see the state of its beginning, whatever is committed meanwhile. Where the one connection
/// of a store makes the writer wait, it goes on when the snapshot ends.
pub fn a_snapshot_sees_one_state(factory: Factory<'_>) {
    let store = factory();
    write(&*store, |tx| insert(tx, &entry(10, named("First"))));
    std::thread::scope(|scope| {
        let view = store.snapshot().unwrap();
        let reads = Customer::read(&*view);
        assert_eq!(reads.count(&everything()).unwrap(), 1);
        let (tell, told) = channel();
        let store = &store;
        scope.spawn(move || {
            write(&**store, |tx| {
                insert(tx, &entry(11, named("Second")));
                Customer::repo(tx).remove(id(10), &no_index()).unwrap();
            });
            tell.send(()).unwrap();
        });
        let early = told.recv_timeout(Duration::from_millis(200));
        assert_eq!(reads.count(&everything()).unwrap(), 1);
        assert!(reads.get(id(10), &Sight::all()).unwrap().is_some());
        assert_eq!(reads.get(id(11), &Sight::all()).unwrap(), None);
        drop(view);
        early.or_else(|_| told.recv()).unwrap();
    });
    assert_eq!(stored::<Customer>(&*store, id(10)), None);
    assert!(stored::<Customer>(&*store, id(11)).is_some());
}

/// Transactions of several threads run one after the other: no number is given twice, no write is lost.
pub fn one_transaction_at_a_time(factory: Factory<'_>) {
    const THREADS: u64 = 4;
    const EACH: u64 = 25;
    let store = factory();
    let inside = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let mut tx = store.begin().unwrap();
                    assert!(
                        !inside.swap(true, Ordering::SeqCst),
                        "two transactions are open at the same time"
                    );
                    let before = Customer::reads(&*tx).count(&everything()).unwrap();
                    let number = tx.next_number("customer").unwrap();
                    assert_eq!(number, before + 1);
                    insert(&mut *tx, &entry(u128::from(number), named("One more")));
                    inside.store(false, Ordering::SeqCst);
                    tx.commit().unwrap();
                }
            });
        }
    });
    assert_eq!(count::<Customer>(&*store), THREADS * EACH);
}

/// When the commit fails, the caller is told, nothing is there, nobody hears of it, and the next write works.
pub fn a_commit_that_fails_leaves_nothing(factory: Factory<'_>) {
    let store = Arc::new(FaultStore::new(factory()));
    let office = Office::on(Arc::clone(&store) as Arc<dyn Store>);
    let before = office.crm.changes_since(0, 1_000).unwrap();
    let heard = Arc::new(AtomicBool::new(false));
    let ear = Arc::clone(&heard);
    let subscription = office.crm.subscribe(move |_| ear.store(true, Ordering::SeqCst));
    store.fail_once(&[PortCall::Commit], 1, || Error::Full);
    refused(office.sys.customers().create(named("Lost")), "full");
    assert!(!heard.load(Ordering::SeqCst));
    assert_eq!(count::<Customer>(&*office.store), 0);
    assert_eq!(office.crm.changes_since(0, 1_000).unwrap(), before);
    assert_eq!(office.customer("Next").code.as_ref().unwrap().as_str(), "C001");
    assert!(heard.load(Ordering::SeqCst));
    assert!(office.crm.check().unwrap().is_clean());
    drop(subscription);
}
