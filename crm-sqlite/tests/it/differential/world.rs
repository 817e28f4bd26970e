//! The two worlds: the same program on two stores.

use super::command::{Command, Deal, DuplicateCall, Pick, Step};
use super::values::{KEYS, currency, day, filter, measured, patch, path, sorted_by, stage, words};
use crate::import;
use crm_core::chrono::TimeDelta;
use crm_core::contract::{ManualClock, test_options};
use crm_core::exchange::{self, Calendar, CsvExport, VCardImport};
use crm_core::{
    Aggregate, Attachment, Batch, Bulk, Collection, Comparison, Contact, Conversion, ConversionOpportunity,
    Crm, CustomField, CustomFieldType, Customer, CustomerStatus, Decimal, Delivery, DueReminder, Duplicable,
    Error, Filter, Gate, GroupBy, Id, KeyForm, KeyPart, Kind, Level, MemoryStore, Mergeable, Money,
    Operation, Page, Patch, Period, Quantity, Query, Rate, Record, Result, Role, Rules, SavedView, Session,
    StageChange, User, Uuid, Value,
};
use crm_sqlite::OpenOptions;
use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

const USERS: [&str; 5] = ["admin", "ann", "ben", "eve", "kim"];
const PASSWORD: &str = "correct horse";

/// What exists.
#[derive(Default)]
pub(crate) struct Ids {
    /// The ids by kind, in the order of their making; purged ones stay in the list.
    ids: BTreeMap<&'static str, Vec<Uuid>>,
    /// The definitions of custom fields.
    pub(crate) fields: Vec<CustomField>,
    /// The last operation that was looked at.
    learnt: u64,
}

impl Ids {
    pub(crate) fn of(&self, entity: &str) -> &[Uuid] {
        self.ids.get(entity).map_or(&[], Vec::as_slice)
    }

    /// One of them, or one that nobody has.
    pub(crate) fn pick(&self, entity: &str, seed: u32) -> Value {
        Value::Id(self.one(entity, seed))
    }

    /// The record of this kind that a command means.
    fn which(&self, kind: Kind, which: u16) -> Uuid {
        self.one(kind.as_str(), which.into())
    }

    fn one(&self, entity: &str, seed: u32) -> Uuid {
        match self.of(entity) {
            ids if ids.is_empty() || seed.is_multiple_of(31) => Uuid::from_u128(u128::from(seed) + 1),
            ids => ids[seed as usize % ids.len()],
        }
    }
}

struct World {
    crm: Crm,
    clock: Arc<ManualClock>,
    sessions: Vec<Session>,
    events: Arc<Mutex<Vec<Operation>>>,
    /// What workers took, whatever became of it.
    claimed: Vec<Delivery>,
    _subscription: crm_core::Subscription,
    _folder: Option<tempfile::TempDir>,
}

pub(crate) struct Worlds {
    worlds: [World; 2],
    ids: Ids,
    steps: usize,
    looks_back: bool,
    /// How everything looked at some moments.
    looks: Vec<(crm_core::Timestamp, String)>,
}

/// The records of a kind that is known only at run time: every call gives its result as text.
trait AnyCollection {
    fn create_from(&self, patch: Patch) -> String;
    fn patch(&self, id: Uuid, patch: Patch) -> String;
    /// By a writer who has read the record so many versions ago.
    fn patch_at(&self, id: Uuid, ago: u8, patch: Patch) -> String;
    /// Writes a record back as a writer who has read it so many versions ago.
    fn replace(&self, id: Uuid, ago: u8, patch: Patch) -> String;
    fn upsert(&self, external: &str, patch: Patch) -> String;
    fn delete(&self, id: Uuid) -> String;
    fn restore(&self, id: Uuid) -> String;
    fn purge(&self, id: Uuid) -> String;
    fn get(&self, id: Uuid) -> String;
    fn history(&self, id: Uuid) -> String;
    fn count(&self, query: &Query) -> String;
    /// All pages, at most ten.
    fn list(&self, query: Query) -> String;
    fn trash(&self, query: Query) -> String;
    /// As a file with all columns.
    fn export(&self, query: &Query) -> String;
    fn aggregate(&self, query: &Query, figures: &Aggregate) -> String;
    fn update_all(&self, filter: &Filter, patch: Patch, dry_run: bool) -> String;
    fn delete_all(&self, filter: &Filter, dry_run: bool) -> String;
    /// Adds a step to a batch, unless its data does not even fit the type.
    fn add_create(&self, batch: &mut Batch<'_>, patch: Patch);
    fn add_patch(&self, batch: &mut Batch<'_>, id: Uuid, patch: Patch);
    fn add_delete(&self, batch: &mut Batch<'_>, id: Uuid);
    fn add_restore(&self, batch: &mut Batch<'_>, id: Uuid);
}

impl<E: Rules> AnyCollection for Collection<'_, E> {
    fn create_from(&self, patch: Patch) -> String {
        told(&self.create_from(patch))
    }
    fn patch(&self, id: Uuid, patch: Patch) -> String {
        told(&self.patch(Id::from_uuid(id), patch))
    }
    fn patch_at(&self, id: Uuid, ago: u8, patch: Patch) -> String {
        let id = Id::from_uuid(id);
        let version = self.get(id).map_or(1, |record| record.version);
        told(&self.patch_at(id, version.wrapping_sub(ago.into()), patch))
    }
    fn replace(&self, id: Uuid, ago: u8, patch: Patch) -> String {
        let mut record: Record<E> = match self.get(Id::from_uuid(id)) {
            Ok(record) => record,
            Err(error) => return told::<()>(&Err(error)),
        };
        let mut data = serde_json::to_value(&record.data).unwrap();
        let changes = serde_json::to_value(&patch).unwrap();
        for (name, value) in changes.as_object().unwrap() {
            match name.strip_prefix("custom.") {
                Some(key) if data["custom"].is_object() => data["custom"][key] = value.clone(),
                _ => data[name.as_str()] = value.clone(),
            }
        }
        if let Some(custom) = data.get_mut("custom").and_then(|custom| custom.as_object_mut()) {
            custom.retain(|_, value| !value.is_null());
        }
        let Ok(data) = serde_json::from_value(data) else { return "does not fit".to_owned() };
        record.data = data;
        record.version = record.version.saturating_sub(ago.into());
        told(&self.replace(record))
    }
    fn upsert(&self, external: &str, patch: Patch) -> String {
        told(&self.upsert_patch("erp", external, patch))
    }
    fn delete(&self, id: Uuid) -> String {
        told(&self.delete(Id::from_uuid(id)))
    }
    fn restore(&self, id: Uuid) -> String {
        told(&self.restore(Id::from_uuid(id)))
    }
    fn purge(&self, id: Uuid) -> String {
        told(&self.purge(Id::from_uuid(id)))
    }
    fn get(&self, id: Uuid) -> String {
        told(&self.get(Id::from_uuid(id)))
    }
    fn history(&self, id: Uuid) -> String {
        told(&self.history(Id::from_uuid(id)))
    }
    fn count(&self, query: &Query) -> String {
        told(&self.count(query))
    }
    fn list(&self, query: Query) -> String {
        pages(query, |query| self.list(query))
    }
    fn trash(&self, query: Query) -> String {
        pages(query, |query| self.trash(query))
    }
    fn export(&self, query: &Query) -> String {
        let mut file = Vec::new();
        let options = CsvExport { spreadsheet_safe: true, ..CsvExport::default() };
        let rows = self.export_csv(query, &options, &mut file);
        format!("{}\n{}", told(&rows), String::from_utf8(file).unwrap())
    }
    fn aggregate(&self, query: &Query, figures: &Aggregate) -> String {
        told(&self.aggregate(query, figures))
    }
    fn update_all(&self, filter: &Filter, patch: Patch, dry_run: bool) -> String {
        told_of_many(self.update_all(filter, patch, dry_run))
    }
    fn delete_all(&self, filter: &Filter, dry_run: bool) -> String {
        told_of_many(self.delete_all(filter, dry_run))
    }
    fn add_create(&self, batch: &mut Batch<'_>, patch: Patch) {
        let json = serde_json::to_value(patch).unwrap();
        if let Ok(data) = serde_json::from_value::<E>(json) {
            batch.create(data).unwrap();
        }
    }
    fn add_patch(&self, batch: &mut Batch<'_>, id: Uuid, patch: Patch) {
        batch.patch(Id::<E>::from_uuid(id), patch);
    }
    fn add_delete(&self, batch: &mut Batch<'_>, id: Uuid) {
        batch.delete(Id::<E>::from_uuid(id));
    }
    fn add_restore(&self, batch: &mut Batch<'_>, id: Uuid) {
        batch.restore(Id::<E>::from_uuid(id));
    }
}

/// The collection of a kind.
fn collection(session: &Session, kind: Kind) -> Box<dyn AnyCollection + '_> {
    macro_rules! of_each {
        ($($entity:ident = $name:literal),+ $(,)?) => {
            match kind {
                $(Kind::$entity => Box::new(session.collection::<crm_core::$entity>())),+
            }
        };
    }
    crm_core::for_each_entity!(of_each)
}

impl World {
    fn new(seed: u64, store: Arc<dyn crm_core::port::Store>, folder: Option<tempfile::TempDir>) -> Self {
        let (options, clock) = test_options(seed);
        let crm = Crm::open(store, options).unwrap();
        let events: Arc<Mutex<Vec<Operation>>> = Arc::default();
        let heard = Arc::clone(&events);
        let subscription = crm.subscribe(move |operation| heard.lock().unwrap().push(operation.clone()));
        let system = crm.system("test");
        crm.create_admin(User { username: "admin".into(), ..User::default() }, PASSWORD).unwrap();
        for (key, level) in [("own", Level::Own), ("team", Level::Team)] {
            let mut role =
                Role { key: key.into(), users_manage: false, journal_view: true, ..Role::default() };
            for kind in Kind::ALL {
                let free = kind.schema().gate == Gate::Free;
                for action in crm_core::Action::ALL {
                    role.grants.grant(*kind, *action, if free { Level::All } else { level });
                }
            }
            system.roles().create(role).unwrap();
        }
        let roles = |key: &str| {
            let found = system.roles().list(&Query::new().filter(Role::KEY.is(key))).unwrap();
            found.items[0].id
        };
        for (name, role, team) in [
            ("ann", "own", "north"),
            ("ben", "team", "north"),
            ("eve", "agent", "north"),
            ("kim", "viewer", ""),
        ] {
            let team = Some(team.to_owned()).filter(|team| !team.is_empty());
            let user = User { username: name.into(), role: roles(role), team, ..User::default() };
            let user = system.users().create(user).unwrap();
            system.set_password(user.id, PASSWORD).unwrap();
        }
        populate(&system, seed);
        let mut sessions = vec![system];
        sessions.extend(USERS.map(|name| crm.login(name, PASSWORD).unwrap()));
        World {
            crm,
            clock,
            sessions,
            events,
            claimed: Vec::new(),
            _subscription: subscription,
            _folder: folder,
        }
    }

    /// Logs everybody in again who is logged out.
    fn come_back(&mut self) {
        for (place, name) in USERS.iter().enumerate() {
            if self.sessions[place + 1].me().is_err()
                && let Ok(session) = self.crm.login(name, PASSWORD)
            {
                self.sessions[place + 1] = session;
            }
        }
    }

    fn session(&self, by: u8) -> &Session {
        &self.sessions[usize::from(by) % self.sessions.len()]
    }
}

/// Something to work on: customers of different owners, with people, deals and the rest.
fn populate(system: &Session, seed: u64) {
    use crm_core::{
        Currency, Due, Email, Feedback, Interaction, Line, Note, Opportunity, OpportunityContact, Product,
        Reminder, Sale,
    };
    let users = system.users().list(&Query::new().order_by(["username"])).unwrap().items;
    define_fields(system);
    let product = |sku: &str, minor| Product {
        sku: Some(sku.to_owned()),
        name: format!("Product {sku}"),
        price: Some(Money::new(minor, Currency::KES)),
        ..Product::default()
    };
    let products = [("T-1", 1_250), ("T-2", 99)]
        .map(|(sku, minor)| system.products().create(product(sku, minor)).unwrap().id);
    let rate = |valid_from: &str, rate: &str| Rate {
        from: Currency::USD,
        to: Currency::KES,
        valid_from: valid_from.parse().unwrap(),
        rate: rate.parse().unwrap(),
        ..Rate::default()
    };
    system.rates().create(rate("2026-01-01", "129.25")).unwrap();
    let mine = SavedView {
        name: "Gold".into(),
        query: Query::new().filter(Filter::is("custom.level", "gold")).order_by(["-custom.score"]),
        ..SavedView::default()
    };
    system.saved_views().create(mine).unwrap();
    for n in 0..5_u32 {
        let owner = users.get(n as usize).map(|user| user.id).filter(|_| n > 0);
        let mut customer = Customer {
            name: ["Wanjiku & Daughters", "Véronique Fleurs", "O'Brien", "zebra", "Ärzte"][n as usize]
                .to_owned(),
            status: if n % 2 == 0 { CustomerStatus::Lead } else { CustomerStatus::Active },
            emails: vec![Email::new(format!("c{n}@x.example"))],
            tags: vec!["vip".to_owned()],
            owner,
            ..Customer::default()
        };
        if n < 4 {
            customer.custom.set("tier", ["Wanjiku", "été", "x", "Été"][n as usize]);
            customer.custom.set("score", Decimal::new(i64::from(n) * 25, 1));
            customer.custom.set("level", ["gold", "SILVER", "Gold", "grosste"][n as usize]);
        }
        if n % 2 == 0 {
            customer.custom.set("fee", Money::new(i64::from(n) * 10, Currency::KES));
            customer.custom.set("vip", n == 0);
            customer.custom.set("topics", vec!["silver".to_owned(), "Gold".to_owned()]);
            customer.custom.set("since", "2026-01-01");
        }
        let customer = system.customers().create(customer).unwrap().id;
        let contact = Contact {
            customer,
            given_name: "Juma".into(),
            family_name: format!("Mwangi{n}"),
            ..Contact::default()
        };
        let contact = system.contacts().create(contact).unwrap().id;
        let line = Line {
            product: Some(products[0]),
            quantity: i64::from(n).into(),
            discount: 10.into(),
            ..Line::default()
        };
        let deal = Opportunity {
            customer,
            name: format!("Deal {n}"),
            amount: (n <= 2).then(|| Money::new(i64::from(n) * 700, Currency::KES)),
            contacts: vec![OpportunityContact { contact, role: None }],
            lines: if n > 2 { vec![line] } else { Vec::new() },
            ..Opportunity::default()
        };
        let opportunity = Some(system.opportunities().create(deal).unwrap().id);
        let call = Interaction {
            customer,
            contacts: vec![contact],
            opportunity,
            subject: "Call".into(),
            ..Interaction::default()
        };
        let interaction = Some(system.interactions().create(call).unwrap().id);
        if !seed.is_multiple_of(3) {
            let due = Due::on("2026-03-05".parse().unwrap());
            system
                .reminders()
                .create(Reminder { customer, title: "Ring back".into(), due, ..Reminder::default() })
                .unwrap();
        }
        let body = "Wanjiku likes it black\nand hot".to_owned();
        let note = system.notes().create(Note { customer, opportunity, body, ..Note::default() }).unwrap().id;
        let quantity = Quantity(Decimal::new(i64::from(n) * 5 - 7, 1));
        let product = Some(products[n as usize % 2]);
        system.sales().create(Sale { customer, product, opportunity, quantity, ..Sale::default() }).unwrap();
        let rating = Some(u8::try_from(n % 5 + 1).unwrap());
        let channel = Some("Survey".to_owned()).filter(|_| n > 2);
        system.feedback().create(Feedback { customer, rating, channel, ..Feedback::default() }).unwrap();
        let file = Attachment {
            customer,
            interaction,
            note: Some(note),
            file_name: format!("order {n}.pdf"),
            ..Attachment::default()
        };
        system.attach(file, &mut *bytes(if n < 3 { 80 } else { 30 })).unwrap();
    }
}

/// A custom field of each type for customers, and a few for the others.
fn define_fields(system: &Session) {
    let of = |entity: Kind, key: &str, r#type: CustomFieldType| CustomField {
        entity,
        key: key.to_owned(),
        r#type,
        options: match r#type {
            CustomFieldType::Choice | CustomFieldType::Choices => {
                ["Gold", "Silver", "Größte"].map(str::to_owned).to_vec()
            }
            _ => Vec::new(),
        },
        target: (r#type == CustomFieldType::Reference).then_some(Kind::Customer),
        ..CustomField::default()
    };
    let mut batch = system.batch();
    for (key, r#type) in KEYS.iter().zip(CustomFieldType::ALL) {
        batch.create(of(Kind::Customer, key, *r#type)).unwrap();
    }
    for (entity, key, r#type) in [
        (Kind::Contact, "tier", CustomFieldType::Choices),
        (Kind::Contact, "friend", CustomFieldType::Reference),
        (Kind::Opportunity, "score", CustomFieldType::Number),
        (Kind::Opportunity, "since", CustomFieldType::Instant),
        (Kind::Product, "fee", CustomFieldType::Money),
        (Kind::Product, "site", CustomFieldType::Url),
    ] {
        batch.create(of(entity, key, r#type)).unwrap();
    }
    batch.run().unwrap();
}

/// The bytes of a file: of a few sizes and contents, and now and then such as can't be read to their end.
fn bytes(content: u8) -> Box<dyn Read> {
    const PIECE: u64 = 256 * 1024;
    let of = |byte: u8, size: u64| std::io::repeat(byte).take(size);
    match content {
        0 => Box::new(of(b'x', PIECE)),
        1 => Box::new(of(b'x', PIECE + 1)),
        2 | 3 => Box::new(of(b'y', PIECE * 2)),
        4..12 => Box::new(of(b'z', 900).chain(Broken)),
        12..40 => Box::new(std::io::empty()),
        _ => Box::new(of(b'a' + content % 3, u64::from(content % 7) * 20)),
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the line is dead"))
    }
}

/// A result as text in which any difference shows.
fn told<T: Debug>(result: &Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{} {:?}", error.code(), error.fields()),
    }
}

fn told_of_many<E: Rules>(result: Result<Bulk<E>>) -> String {
    let bulk = match result {
        Ok(bulk) => bulk,
        Err(error) => return told::<()>(&Err(error)),
    };
    let mut text = format!("{} {} {:?}", bulk.matched, bulk.changed, bulk.operation);
    for (id, error) in bulk.problems {
        write!(text, " {id}: {}", told::<()>(&Err(error))).unwrap();
    }
    text
}

impl Worlds {
    const STEPS_BETWEEN_LOOKS: usize = 20;

    pub(crate) fn new(seed: u64) -> Self {
        let memory = World::new(seed, Arc::new(MemoryStore::new()), None);
        // Mostly in memory, which is faster; now and then the real thing with its readers and its WAL.
        let sqlite = if seed.is_multiple_of(5) {
            let folder = tempfile::tempdir().unwrap();
            let options =
                OpenOptions::new(folder.path().join("crm.db")).durability(crm_sqlite::Durability::Normal);
            World::new(seed, Arc::new(options.open().unwrap()), Some(folder))
        } else {
            World::new(seed, Arc::new(OpenOptions::in_memory().open().unwrap()), None)
        };
        let mut worlds = Worlds {
            worlds: [memory, sqlite],
            ids: Ids::default(),
            steps: 0,
            looks_back: seed.is_multiple_of(4),
            looks: Vec::new(),
        };
        worlds.learn_ids();
        worlds
    }

    /// Takes the ids from the journal: whatever was created by whatever way.
    fn learn_ids(&mut self) {
        let crm = &self.worlds[0].crm;
        for operation in crm.changes_since(self.ids.learnt, usize::MAX).unwrap() {
            self.ids.learnt = operation.seq;
            for change in operation.changes {
                let ids = self.ids.ids.entry(change.kind.as_str()).or_default();
                if !ids.contains(&change.id) {
                    ids.push(change.id);
                }
                if change.kind == Kind::CustomField {
                    let all = Query::new().order_by(["created_at"]).page_size(1_000);
                    let fields = crm.system("test").custom_fields().list(&all).unwrap();
                    self.ids.fields = fields.into_iter().map(|field| field.data).collect();
                }
            }
        }
    }

    pub(crate) fn run(&mut self, command: &Command) {
        let told = [0, 1].map(|n| act(&mut self.worlds[n], &self.ids, command));
        let [memory, sqlite] = &told;
        assert_same([("memory", memory), ("SQLite", sqlite)], &format!("after {command:?}"));
        self.learn_ids();
        self.steps += 1;
        // Looking at the past takes long: in some of the worlds is enough.
        if self.looks_back && self.steps.is_multiple_of(Self::STEPS_BETWEEN_LOOKS) {
            self.remember();
        }
    }

    /// Keeps how everything looks now, so that it can be compared later with what the past shows.
    fn remember(&mut self) {
        let [memory, _] = &self.worlds;
        let last = memory.crm.changes_since(0, usize::MAX).unwrap().last().map(|operation| operation.at);
        let now = last.map_or(memory.sessions[0].now(), |last| last.max(memory.sessions[0].now()));
        self.looks.push((now, look(&memory.crm.system("test"))));
        for world in &self.worlds {
            world.clock.set(now + TimeDelta::seconds(1));
        }
    }

    /// What was seen at each remembered moment is what both stores show of it now, but for what was erased since.
    fn compare_the_past(&self) {
        for (at, then) in &self.looks {
            for world in &self.worlds {
                let system = world.crm.system("test");
                let erased = world.crm.changes_since(0, usize::MAX).unwrap();
                let erased =
                    erased.iter().any(|operation| operation.command == "erase" && operation.at > *at);
                if erased {
                    continue;
                }
                let shown = look(&system.as_of(*at));
                assert_same([("then", then), ("shown now", &shown)], &format!("as of {at}"));
            }
        }
    }

    /// Everything that there is: journals, events, every record live or in the trash, and that both are whole.
    pub(crate) fn compare_all(&self) {
        self.compare_the_past();
        let [memory, sqlite] = self.worlds.each_ref().map(|world| {
            let mut text = String::new();
            let journal = world.crm.changes_since(0, usize::MAX).unwrap();
            let heard = world.events.lock().unwrap().clone();
            let tail = &journal[journal.len() - heard.len()..];
            let heard: Vec<_> =
                heard.into_iter().zip(tail).map(|(heard, told)| as_erased(heard, told)).collect();
            let (told, heard) = (format!("{tail:?}"), format!("{heard:?}"));
            assert_same([("journal", &told), ("listener", &heard)], "in what listeners hear");
            writeln!(text, "{journal:?}").unwrap();
            let system = world.crm.system("test");
            for kind in Kind::ALL {
                let all = Query::new().page_size(1_000).with_total();
                writeln!(text, "{}", collection(&system, *kind).list(all.clone())).unwrap();
                writeln!(text, "{}", collection(&system, *kind).trash(all)).unwrap();
            }
            let found = world.crm.verify().unwrap();
            assert!(found.holds(), "{:?}", found.broken);
            let report = world.crm.check().unwrap();
            assert!(report.is_clean(), "{:?}", report.problems);
            text
        });
        for (memory, sqlite) in memory.lines().zip(sqlite.lines()) {
            assert_same([("memory", memory), ("SQLite", sqlite)], "at the end");
        }
        self.compare_dumps();
    }

    /// Both give the same dump, and each takes that of the other.
    fn compare_dumps(&self) {
        let dump = |crm: &Crm| {
            let mut dump = Vec::new();
            exchange::dump(crm, &mut dump).unwrap();
            String::from_utf8(dump).unwrap()
        };
        let [memory, sqlite] = self.worlds.each_ref().map(|world| dump(&world.crm));
        for (memory, sqlite) in memory.lines().zip(sqlite.lines()) {
            assert_same([("memory", memory), ("SQLite", sqlite)], "in the dump");
        }
        let empty: [Arc<dyn crm_core::port::Store>; 2] =
            [Arc::new(MemoryStore::new()), Arc::new(OpenOptions::in_memory().open().unwrap())];
        for (store, taken) in empty.into_iter().zip([&sqlite, &memory]) {
            let copy = exchange::restore(store, test_options(1).0, &mut taken.as_bytes()).unwrap();
            assert_same([("dump", taken), ("copy", &dump(&copy))], "after the restore");
            let report = copy.check().unwrap();
            assert!(report.is_clean(), "{:?}", report.problems);
        }
    }
}

/// Every live record of every kind, and the totals of every pipeline.
fn look(session: &Session) -> String {
    let mut text = String::new();
    macro_rules! records {
        ($($entity:ident = $name:literal),+ $(,)?) => {$(
            // Those of one moment may stand in another order.
            let mut records: Vec<_> = session.collection::<crm_core::$entity>().iter(Query::new()).flatten().collect();
            records.sort_by_key(|record| record.id);
            for record in records {
                writeln!(text, "{}: {record:?}", $name).unwrap();
            }
        )+};
    }
    crm_core::for_each_entity!(records);
    for pipeline in session.pipelines().list(&Query::new()).unwrap().items {
        writeln!(text, "{:?}", session.pipeline_report(pipeline.id)).unwrap();
        writeln!(text, "{:?}", session.pipelines().get(pipeline.id)).unwrap();
    }
    text
}

/// What was heard, without the values that the journal has lost since by an erasure.
fn as_erased(mut heard: Operation, told: &Operation) -> Operation {
    for (heard, told) in heard.changes.iter_mut().zip(&told.changes).filter(|(_, told)| told.erased) {
        heard.before.clear();
        heard.after.clear();
        heard.erased = told.erased;
    }
    heard
}

/// Shows where two texts begin to differ.
fn assert_same([(one, left), (other, right)]: [(&str, &str); 2], when: &str) {
    if left != right {
        let same = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
        let around = |text: &str| -> String {
            let start =
                (0..=same.saturating_sub(200)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text[start..].chars().take(500).collect()
        };
        panic!("they differ {when}\n{one}: …{}\n{other}: …{}", around(left), around(right));
    }
}

fn act(world: &mut World, ids: &Ids, command: &Command) -> String {
    let crm = &world.crm;
    match command {
        Command::Create { by, kind: Kind::Settings, fields }
        | Command::Patch { by, kind: Kind::Settings, fields, .. } => {
            told(&world.session(*by).patch_settings(patch(Kind::Settings, fields, ids, false)))
        }
        Command::Create { by, kind, fields } => {
            collection(world.session(*by), *kind).create_from(patch(*kind, fields, ids, true))
        }
        Command::Patch { by, kind, which, fields } => {
            let patch = patch(*kind, fields, ids, false);
            collection(world.session(*by), *kind).patch(ids.which(*kind, *which), patch)
        }
        Command::PatchAt { by, kind, which, ago, fields } => {
            let patch = patch(*kind, fields, ids, false);
            collection(world.session(*by), *kind).patch_at(ids.which(*kind, *which), *ago, patch)
        }
        Command::Replace { by, kind, which, ago, fields } => {
            let patch = patch(*kind, fields, ids, false);
            collection(world.session(*by), *kind).replace(ids.which(*kind, *which), *ago, patch)
        }
        Command::Upsert { by, kind, id, fields } => {
            let patch = patch(*kind, fields, ids, true);
            collection(world.session(*by), *kind).upsert(&(id % 3).to_string(), patch)
        }
        Command::Attach { by, fields, content } => {
            let patch = patch(Kind::Attachment, fields, ids, true);
            let json = serde_json::to_value(patch).unwrap();
            match serde_json::from_value(json) {
                Ok(data) => told(&world.session(*by).attach(data, &mut *bytes(*content))),
                Err(_) => "does not fit".to_owned(),
            }
        }
        Command::ReadAttachment { by, which } => {
            let mut bytes = Vec::new();
            let id = Id::from_uuid(ids.which(Kind::Attachment, *which));
            let read = told(&world.session(*by).read_attachment(id, &mut bytes));
            let sum = bytes.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(*byte));
            format!("{read} {} {sum}", bytes.len())
        }
        Command::ConvertLead { by, which, active, deal, contact } => {
            convert_lead(world.session(*by), ids, *which, *active, deal, contact.as_deref())
        }
        Command::MoveStage { by, which, stage: pick, closed_on, reason } => {
            let with = StageChange {
                closed_on: closed_on.map(day),
                lost_reason: reason.then(|| "Too dear".to_owned()),
            };
            let deal = Id::from_uuid(ids.which(Kind::Opportunity, *which));
            told(&world.session(*by).move_stage(deal, stage(*pick), with))
        }
        Command::Duplicates { by, contacts: false, call, which } => {
            duplicates::<Customer>(world.session(*by), ids, *call, *which)
        }
        Command::Duplicates { by, contacts: true, call, which } => {
            duplicates::<Contact>(world.session(*by), ids, *call, *which)
        }
        Command::ExportCards { by, contacts } => {
            let (session, query, mut file) = (world.session(*by), Query::new(), Vec::new());
            let written = match contacts {
                true => exchange::export_contacts(session, &query, &mut file),
                false => exchange::export_customers(session, &query, &mut file),
            };
            format!("{} {}", told(&written), String::from_utf8_lossy(&file))
        }
        Command::ExportCalendar { by } => {
            let mut file = Vec::new();
            let written = exchange::export_calendar(world.session(*by), &Calendar::default(), &mut file);
            format!("{} {}", told(&written), String::from_utf8_lossy(&file))
        }
        Command::ImportCards { by, customer, policy, dry_run, cards } => {
            let mut import = match customer {
                Some(which) => VCardImport::contacts_of(Id::from_uuid(ids.which(Kind::Customer, *which))),
                None => VCardImport::customers(),
            };
            import = VCardImport { on_match: *policy, dry_run: *dry_run, ..import };
            let file: String = cards.iter().map(|pick| card(*pick)).collect();
            let mut each = String::new();
            let summary = exchange::import_vcards(world.session(*by), file.as_bytes(), &import, |card| {
                write!(each, "{card:?} ").unwrap();
            });
            format!("{} {each}", told(&summary))
        }
        Command::ImportRows { by, policy, seed, dry_run, undo } => {
            const ROWS: u64 = 6;
            let session = world.session(*by);
            let plan = import::customers_by(import::POLICIES[usize::from(*policy) % import::POLICIES.len()]);
            let ran = import::run(session, &plan, &import::generated((*seed).into(), ROWS), *dry_run);
            let taken_back =
                ran.as_ref().ok().and_then(|(report, _)| report.import).filter(|_| *undo).map(|id| {
                    told(&exchange::import::undo_import(session, id, &mut |_| ControlFlow::Continue(())))
                });
            format!("{} {taken_back:?}", told(&ran))
        }
        Command::StageHistory { by, which } => {
            told(&world.session(*by).stage_history(Id::from_uuid(ids.which(Kind::Opportunity, *which))))
        }
        Command::Clocks { by, which } => {
            told(&world.session(*by).clocks(Id::from_uuid(ids.which(Kind::Opportunity, *which))))
        }
        Command::CompleteReminder { by, which, stale } => {
            let id = Id::from_uuid(ids.which(Kind::Reminder, *which));
            let seen = world.crm.system("look").reminders().get(id).ok().filter(|_| !stale);
            let due = seen.map_or(crm_core::Due::on(day(0)), |reminder| reminder.data.due);
            told(&world.session(*by).complete_reminder(id, &due))
        }
        Command::SnoozeReminder { by, which, seconds } => {
            let until = world.session(*by).now() + TimeDelta::seconds((*seconds).into());
            let reminder = Id::from_uuid(ids.which(Kind::Reminder, *which));
            told(&world.session(*by).snooze_reminder(reminder, until))
        }
        Command::CancelReminder { by, which } => {
            told(&world.session(*by).cancel_reminder(Id::from_uuid(ids.which(Kind::Reminder, *which))))
        }
        Command::ReassignReminder { by, which, user } => {
            let user = Id::from_uuid(ids.one("user", (*user).into()));
            let reminder = Id::from_uuid(ids.which(Kind::Reminder, *which));
            told(&world.session(*by).reassign_reminder(reminder, user))
        }
        Command::Deliveries { by, which } => {
            told(&world.session(*by).deliveries(Id::from_uuid(ids.which(Kind::Reminder, *which))))
        }
        Command::Convert { by, amounts, to, on } => {
            let amounts: Vec<Money> =
                amounts.iter().map(|(minor, pick)| Money::new(*minor, currency(*pick))).collect();
            told(&world.session(*by).convert(&amounts, currency(*to), day(*on)))
        }
        Command::Dashboard { by } => told(&world.session(*by).dashboard()),
        Command::PipelineReport { by, which } => {
            told(&world.session(*by).pipeline_report(Id::from_uuid(ids.which(Kind::Pipeline, *which))))
        }
        Command::Timeline { by, which, size } => {
            let customer = Id::from_uuid(ids.which(Kind::Customer, *which));
            let list = |query: &Query| {
                world.session(*by).timeline(customer, (*size).into(), query.cursor.as_deref())
            };
            pages(Query::new(), list)
        }
        Command::Agenda { by, bucket, assignee, size } => {
            let assignee = assignee.map(|user| Id::from_uuid(ids.one("user", user.into())));
            let query = Query { total: size % 2 == 0, ..Query::new().page_size((*size).into()) };
            pages(query, |query| world.session(*by).agenda(*bucket, assignee, query))
        }
        Command::Merge { by, contacts, survivor, losers, choice, dry_run } => {
            let session = world.session(*by);
            match contacts {
                true => merge(session.contacts(), Kind::Contact, ids, *survivor, losers, *choice, *dry_run),
                false => {
                    merge(session.customers(), Kind::Customer, ids, *survivor, losers, *choice, *dry_run)
                }
            }
        }
        Command::Erase { by, contact, which } => {
            let session = world.session(*by);
            match contact {
                true => told(&session.contacts().erase(Id::from_uuid(ids.which(Kind::Contact, *which)))),
                false => told(&session.customers().erase(Id::from_uuid(ids.which(Kind::Customer, *which)))),
            }
        }
        Command::UpdateAll { by, kind, filter: tests, any, fields, dry_run } => {
            let filter = filter(*kind, tests, *any, ids);
            let patch = patch(*kind, fields, ids, false);
            collection(world.session(*by), *kind).update_all(&filter, patch, *dry_run)
        }
        Command::DeleteAll { by, kind, filter: tests, dry_run } => {
            let filter = filter(*kind, tests, false, ids);
            collection(world.session(*by), *kind).delete_all(&filter, *dry_run)
        }
        Command::ClaimDue { worker, minutes, limit } => {
            let (now, lease) = (world.sessions[0].now(), TimeDelta::minutes((*minutes).into()));
            let claimed = crm.claim_due(now, &format!("worker {worker}"), lease, (*limit).into());
            let text = told(&claimed);
            world.claimed.extend(claimed.into_iter().flatten().map(|due| due.delivery));
            text
        }
        Command::Acknowledge { claimed } => match claimed_one(world, *claimed) {
            Some(delivery) => told(&crm.acknowledge(delivery, world.sessions[0].now())),
            None => String::new(),
        },
        Command::GiveBack { claimed } => match claimed_one(world, *claimed) {
            Some(delivery) => told(&crm.give_back(delivery, world.sessions[0].now(), "no line")),
            None => String::new(),
        },
        Command::DispatchDue { in_vain } => {
            let heard = Mutex::new(String::new());
            let tell = |due: &DueReminder| {
                write!(heard.lock().unwrap(), "{due:?}").unwrap();
                let lot = due.reminder.id.uuid().as_u128() % 7;
                if lot < u128::from(*in_vain) { Err("nobody there".to_owned()) } else { Ok(()) }
            };
            let done = told(&crm.dispatch_due(world.sessions[0].now(), &tell));
            done + &heard.into_inner().unwrap()
        }
        Command::Delete { by, kind, which } => {
            collection(world.session(*by), *kind).delete(ids.which(*kind, *which))
        }
        Command::Restore { by, kind, which } => {
            collection(world.session(*by), *kind).restore(ids.which(*kind, *which))
        }
        Command::Purge { by, kind, which } => {
            collection(world.session(*by), *kind).purge(ids.which(*kind, *which))
        }
        Command::Get { by, kind, which } => {
            collection(world.session(*by), *kind).get(ids.which(*kind, *which))
        }
        Command::History { by, kind, which } => {
            collection(world.session(*by), *kind).history(ids.which(*kind, *which))
        }
        Command::List { by, kind, trash, filter: tests, any, order, words: word, size } => {
            let sign = |n: &u16| if n.is_multiple_of(2) { "" } else { "-" };
            let query = Query {
                words: word.map(words),
                order: order.iter().map(|n| format!("{}{}", sign(n), sorted_by(*kind, *n, ids))).collect(),
                total: *any,
                ..Query::new().filter(filter(*kind, tests, *any, ids)).page_size((*size).into())
            };
            let collection = collection(world.session(*by), *kind);
            match *trash {
                true => collection.trash(query),
                false => collection.count(&query) + &collection.export(&query) + &collection.list(query),
            }
        }
        Command::Aggregate { by, kind, filter: tests, of, groups } => {
            let query = Query::new().filter(filter(*kind, tests, false, ids));
            let periods = [
                None,
                Some(Period::Day),
                Some(Period::Week),
                Some(Period::Month),
                Some(Period::Quarter),
                Some(Period::Year),
            ];
            let by_fields = groups.iter().map(|n| GroupBy {
                field: path(*kind, *n, ids),
                period: periods[usize::from(if n % 12 < 7 { 0 } else { n % 12 - 6 })],
            });
            let figures =
                Aggregate { by: by_fields.collect(), of: (of % 3 > 0).then(|| measured(*kind, *of, ids)) };
            collection(world.session(*by), *kind).aggregate(&query, &figures)
        }
        Command::Search { by, words: word, limit } => {
            told(&world.session(*by).search(&words(*word), (*limit).into()))
        }
        Command::ByCode { by, number } => {
            told(&world.session(*by).customers().by_code(&format!("c{number:03}")))
        }
        Command::Undo { by, ago } => {
            let operations = crm.changes_since(0, usize::MAX).unwrap();
            match operations.iter().rev().nth((*ago).into()) {
                Some(operation) => told(&world.session(*by).undo(operation.id)),
                None => told(&world.session(*by).undo(Uuid::from_u128(7))),
            }
        }
        Command::Batch { by, steps } => {
            let mut batch = world.session(*by).batch();
            for step in steps {
                add_step(world.session(*by), &mut batch, step, ids);
            }
            told(&batch.run())
        }
        Command::LatestOperations { by, before } => {
            told(&world.session(*by).latest_operations(before.map(u64::from), 20))
        }
        Command::LastOperation { by } => told(&world.session(*by).last_operation()),
        Command::Feed { by, after } => told(&world.session(*by).operations((*after).into(), 20)),
        Command::Login { user, right } => {
            let names = ["admin", "ann", "ben", "eve", "kim", "achieng", "nobody"];
            let password = if *right { PASSWORD } else { "wrong horse" };
            let result = crm.login(names[usize::from(*user) % names.len()], password);
            let text = told(&result.as_ref().map(Session::actor).map_err(copy));
            if let Ok(session) = result {
                // In the place of one that may have ended.
                let place = 1 + usize::from(*user) % 5;
                world.sessions[place] = session;
            }
            text
        }
        Command::Logout { by } => told(&world.session(*by).logout()),
        Command::ComeBack => {
            world.come_back();
            String::new()
        }
        Command::SetPassword { by, user } => {
            let user = ids.one("user", (*user).into());
            told(&world.session(*by).set_password(Id::from_uuid(user), PASSWORD))
        }
        Command::Wait { seconds } => {
            world.clock.advance(TimeDelta::seconds((*seconds).into()));
            if seconds % 2 == 0 {
                world.come_back();
            }
            String::new()
        }
    }
}

/// A card with a few names, phones and e-mails.
fn card(pick: u32) -> String {
    let part = |shift: u32, of: u32| (pick >> shift) % of;
    let name = ["Amina Otieno", "Juma Mwangi", "Mara Tea", "tea"][part(0, 4) as usize];
    let mut card = format!("BEGIN:VCARD\nVERSION:4.0\nFN:{name}\nX-PICK:{}\n", part(24, 3));
    for (is_there, line) in [
        (part(2, 2), format!("UID:card-{}", part(4, 5))),
        (part(8, 2), format!("TEL;TYPE=cell:+25472200000{}", part(9, 4))),
        (part(12, 2), format!("EMAIL:a{}@mara.example", part(13, 4))),
        (part(16, 2), format!("ORG:Mara Tea;Sales {}", part(17, 3))),
        (part(20, 8), format!("ADR:;;Moi Avenue {};Voi;;00100;Kenya", part(22, 3))),
    ] {
        if is_there == 1 {
            card += &line;
            card.push('\n');
        }
    }
    card + "END:VCARD\n"
}

fn duplicates<E: Duplicable>(session: &Session, ids: &Ids, call: DuplicateCall, which: u16) -> String {
    let collection = session.collection::<E>();
    let id = Id::from_uuid(ids.which(E::kind(), which));
    // Much is alike for these, and every form of a key is asked for.
    let mut rules = E::usual_rules().threshold(0.01).most_sharing(3);
    if which.is_multiple_of(2) {
        let (path, list) =
            if E::kind() == Kind::Customer { ("name", "tags") } else { ("given_name", "emails") };
        for form in [KeyForm::First(1), KeyForm::Sound, KeyForm::Digits, KeyForm::Year] {
            rules = rules.key([KeyPart::new(path, form)]);
        }
        rules = rules
            .key([KeyPart::whole("custom.tier")])
            .key([KeyPart::whole(list), KeyPart::new("created_at", KeyForm::First(7))])
            .key([KeyPart::whole("created_by"), KeyPart::new("phones", KeyForm::First(2))])
            .compare("custom.tier", Comparison::Exact, 4.0, 1.0);
    }
    match call {
        DuplicateCall::All => told(&collection.find_duplicates(&rules)),
        DuplicateCall::OfRecord => told(&collection.duplicates_of_record(id, &rules)),
        DuplicateCall::OfDraft => match collection.get(id) {
            Ok(record) => told(&collection.duplicates_of(&record.data, &rules)),
            Err(_) => told(&collection.duplicates_of(&E::default(), &rules)),
        },
        DuplicateCall::Not(other) => {
            told(&collection.not_duplicates(id, Id::from_uuid(ids.which(E::kind(), other))))
        }
    }
}

/// One of the latest claims, or of the older ones.
fn claimed_one(world: &World, pick: u8) -> Option<&Delivery> {
    let count = world.claimed.len();
    world.claimed.iter().rev().nth(usize::from(pick) % count.max(1))
}

fn merge<E: Mergeable>(
    collection: Collection<'_, E>,
    kind: Kind,
    ids: &Ids,
    survivor: u16,
    losers: &[u16],
    choice: u8,
    dry_run: bool,
) -> String {
    let id = |which: u16| Id::<E>::from_uuid(ids.which(kind, which));
    let losers: Vec<Id<E>> = losers.iter().map(|loser| id(*loser)).collect();
    // Often no choice, sometimes a field that can't be chosen.
    let field = E::FIELDS.get(usize::from(choice)).map(|field| field.name.to_owned());
    let choices = field.into_iter().zip(losers.first().copied()).collect();
    told(&collection.merge(id(survivor), &losers, &choices, dry_run))
}

fn convert_lead(
    session: &Session,
    ids: &Ids,
    which: u16,
    active: bool,
    deal: &Deal,
    contact: Option<&[Pick]>,
) -> String {
    fn made<E: Rules>(fields: &[Pick], ids: &Ids) -> Option<E> {
        let json = serde_json::to_value(patch(E::kind(), fields, ids, true)).unwrap();
        serde_json::from_value(json).ok()
    }
    let opportunity = match deal {
        Deal::None => Some(ConversionOpportunity::None),
        Deal::New(fields) => made(fields, ids).map(Box::new).map(ConversionOpportunity::New),
        Deal::Existing(which) => {
            let id = Id::from_uuid(ids.which(Kind::Opportunity, *which));
            Some(ConversionOpportunity::Existing(id))
        }
    };
    let contact = contact.map(|fields| made(fields, ids).ok_or(())).transpose();
    let (Some(opportunity), Ok(contact)) = (opportunity, contact) else { return "does not fit".to_owned() };
    let status = if active { CustomerStatus::Active } else { CustomerStatus::Prospect };
    let lead = Id::from_uuid(ids.which(Kind::Customer, which));
    told(&session.convert_lead(lead, Conversion { status, opportunity, contact }))
}

/// Errors can't be cloned; what is compared of them can.
fn copy(error: &Error) -> Error {
    Error::Storage { reason: format!("{} {:?}", error.code(), error.fields()), source: None }
}

/// All pages of a list, at most ten.
fn pages<T: Debug>(mut query: Query, list: impl Fn(&Query) -> Result<Page<T>>) -> String {
    let mut text = String::new();
    for _ in 0..10 {
        let page = list(&query);
        write!(text, "{}", told(&page)).unwrap();
        match page.ok().and_then(|page| page.next) {
            Some(next) => query.cursor = Some(next),
            None => break,
        }
    }
    text
}

fn add_step(session: &Session, batch: &mut Batch<'_>, step: &Step, ids: &Ids) {
    match step {
        Step::Create { kind, fields } => {
            collection(session, *kind).add_create(batch, patch(*kind, fields, ids, true));
        }
        Step::Patch { kind, which, fields } => {
            let patch = patch(*kind, fields, ids, false);
            collection(session, *kind).add_patch(batch, ids.which(*kind, *which), patch);
        }
        Step::Delete { kind, which } => {
            collection(session, *kind).add_delete(batch, ids.which(*kind, *which));
        }
        Step::Restore { kind, which } => {
            collection(session, *kind).add_restore(batch, ids.which(*kind, *which));
        }
    }
}
