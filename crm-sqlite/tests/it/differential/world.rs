//! The two worlds: the same program on two stores.

use super::command::{Command, Step};
use super::values::{filter, measured, patch, path, sorted_by, words};
use crm_core::contract::{ManualClock, test_options};
use crm_core::{
    Aggregate, Batch, Collection, Crm, Error, GroupBy, Id, Kind, Level, MemoryStore, Operation, Page, Period,
    Query, Record, Result, Role, Rules, Session, User, Uuid, Value,
};
use crm_sqlite::OpenOptions;
use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

const USERS: [&str; 5] = ["admin", "ann", "ben", "eve", "kim"];
const PASSWORD: &str = "correct horse";

/// The ids that exist, by kind, in the order of their making; purged ones stay in the list.
#[derive(Default)]
pub(crate) struct Ids(BTreeMap<&'static str, Vec<Uuid>>);

impl Ids {
    pub(crate) fn of(&self, entity: &str) -> &[Uuid] {
        self.0.get(entity).map_or(&[], Vec::as_slice)
    }

    /// One of them, or one that nobody has.
    pub(crate) fn pick(&self, entity: &str, seed: u32) -> Value {
        Value::Id(self.one(entity, seed))
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
    _subscription: crm_core::Subscription,
    _folder: Option<tempfile::TempDir>,
}

pub(crate) struct Worlds {
    worlds: [World; 2],
    ids: Ids,
}

/// Calls a block with the collection of a kind that is known only at run time.
macro_rules! with_collection {
    ($session:expr, $kind:expr, |$collection:ident| $body:expr) => {
        match $kind {
            Kind::Customer => {
                let $collection = $session.customers();
                $body
            }
            Kind::Contact => {
                let $collection = $session.contacts();
                $body
            }
            Kind::Opportunity => {
                let $collection = $session.opportunities();
                $body
            }
            Kind::Interaction => {
                let $collection = $session.interactions();
                $body
            }
            Kind::Reminder => {
                let $collection = $session.reminders();
                $body
            }
            Kind::User => {
                let $collection = $session.users();
                $body
            }
            Kind::Role => {
                let $collection = $session.roles();
                $body
            }
            Kind::Pipeline => {
                let $collection = $session.pipelines();
                $body
            }
            // Settings have no collection; whoever names them changes them, and reads users.
            Kind::Settings => {
                let $collection = $session.users();
                $body
            }
        }
    };
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
                let free = matches!(kind, Kind::User | Kind::Role | Kind::Settings | Kind::Pipeline);
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
        World { crm, clock, sessions, events, _subscription: subscription, _folder: folder }
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
        Contact, Customer, CustomerStatus, Due, Email, Interaction, Money, Opportunity, OpportunityContact,
        Reminder,
    };
    let users = system.users().list(&Query::new().order_by(["username"])).unwrap().items;
    for n in 0..5_u32 {
        let owner = users.get(n as usize).map(|user| user.id).filter(|_| n > 0);
        let customer = Customer {
            name: ["Wanjiku & Daughters", "Véronique Fleurs", "O'Brien", "zebra", "Ärzte"][n as usize]
                .to_owned(),
            status: if n % 2 == 0 { CustomerStatus::Lead } else { CustomerStatus::Active },
            emails: vec![Email::new(format!("c{n}@x.example"))],
            tags: vec!["vip".to_owned()],
            owner,
            ..Customer::default()
        };
        let customer = system.customers().create(customer).unwrap().id;
        let contact = Contact {
            customer,
            given_name: "Juma".into(),
            family_name: format!("Mwangi{n}"),
            ..Contact::default()
        };
        let contact = system.contacts().create(contact).unwrap().id;
        let deal = Opportunity {
            customer,
            name: format!("Deal {n}"),
            amount: Some(Money::new(i64::from(n) * 700, crm_core::Currency::KES)),
            contacts: vec![OpportunityContact { contact, role: None }],
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
        system.interactions().create(call).unwrap();
        if !seed.is_multiple_of(3) {
            let due = Due::on("2026-03-05".parse().unwrap());
            system
                .reminders()
                .create(Reminder { customer, title: "Ring back".into(), due, ..Reminder::default() })
                .unwrap();
        }
    }
}

/// A result as text in which any difference shows.
fn told<T: Debug>(result: &Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{} {:?}", error.code(), error.fields()),
    }
}

impl Worlds {
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
        let mut worlds = Worlds { worlds: [memory, sqlite], ids: Ids::default() };
        worlds.learn_ids();
        worlds
    }

    /// Takes the ids from the journal: whatever was created by whatever way.
    fn learn_ids(&mut self) {
        self.ids = Ids::default();
        for operation in self.worlds[0].crm.changes_since(0, usize::MAX).unwrap() {
            for change in operation.changes {
                let ids = self.ids.0.entry(change.kind.as_str()).or_default();
                if !ids.contains(&change.id) {
                    ids.push(change.id);
                }
            }
        }
    }

    pub(crate) fn run(&mut self, command: &Command) {
        let told = [0, 1].map(|n| act(&mut self.worlds[n], &self.ids, command));
        assert_same(&told[0], &told[1], &format!("after {command:?}"));
        self.learn_ids();
    }

    /// Everything that there is: journals, events, every record live or in the trash, and that both are whole.
    pub(crate) fn compare_all(&self) {
        let [memory, sqlite] = self.worlds.each_ref().map(|world| {
            let mut text = String::new();
            let journal = world.crm.changes_since(0, usize::MAX).unwrap();
            let heard = world.events.lock().unwrap().clone();
            let tail = &journal[journal.len() - heard.len()..];
            assert_eq!(tail, heard.as_slice(), "listeners hear what the journal tells");
            writeln!(text, "{journal:?}").unwrap();
            let system = world.crm.system("test");
            for kind in Kind::ALL {
                with_collection!(system, kind, |collection| {
                    let all = Query::new().page_size(1_000).with_total();
                    writeln!(text, "{}", told(&collection.list(&all))).unwrap();
                    writeln!(text, "{}", told(&collection.trash(&all))).unwrap();
                });
            }
            writeln!(text, "{}", told(&system.settings())).unwrap();
            let report = world.crm.check().unwrap();
            assert!(report.is_clean(), "{:?}", report.problems);
            text
        });
        for (left, right) in memory.lines().zip(sqlite.lines()) {
            assert_same(left, right, "at the end");
        }
    }
}

/// Shows where two texts begin to differ.
fn assert_same(memory: &str, sqlite: &str, when: &str) {
    if memory != sqlite {
        let same = memory.bytes().zip(sqlite.bytes()).take_while(|(left, right)| left == right).count();
        let around = |text: &str| -> String {
            let start =
                (0..=same.saturating_sub(200)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text[start..].chars().take(500).collect()
        };
        panic!("the stores differ {when}\nmemory: …{}\nSQLite: …{}", around(memory), around(sqlite));
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
            let patch = patch(*kind, fields, ids, true);
            with_collection!(world.session(*by), kind, |collection| told(&collection.create_from(patch)))
        }
        Command::Patch { by, kind, which, fields } => {
            let (id, patch) = (ids.one(kind.as_str(), (*which).into()), patch(*kind, fields, ids, false));
            with_collection!(world.session(*by), kind, |collection| {
                told(&collection.patch(Id::from_uuid(id), patch))
            })
        }
        Command::PatchAt { by, kind, which, ago, fields } => {
            let (id, patch) = (ids.one(kind.as_str(), (*which).into()), patch(*kind, fields, ids, false));
            with_collection!(world.session(*by), kind, |collection| {
                let version = collection.get(Id::from_uuid(id)).map_or(1, |record| record.version);
                told(&collection.patch_at(Id::from_uuid(id), version.wrapping_sub((*ago).into()), patch))
            })
        }
        Command::Replace { by, kind, which, ago, fields } => {
            let (id, patch) = (ids.one(kind.as_str(), (*which).into()), patch(*kind, fields, ids, false));
            with_collection!(world.session(*by), kind, |collection| replace(&collection, id, *ago, patch))
        }
        Command::Upsert { by, kind, id, fields } => {
            let patch = patch(*kind, fields, ids, true);
            let external = (id % 3).to_string();
            with_collection!(world.session(*by), kind, |collection| {
                told(&collection.upsert_patch("erp", &external, patch))
            })
        }
        Command::Delete { by, kind, which } => {
            let id = ids.one(kind.as_str(), (*which).into());
            with_collection!(world.session(*by), kind, |collection| told(
                &collection.delete(Id::from_uuid(id))
            ))
        }
        Command::Restore { by, kind, which } => {
            let id = ids.one(kind.as_str(), (*which).into());
            with_collection!(world.session(*by), kind, |collection| told(
                &collection.restore(Id::from_uuid(id))
            ))
        }
        Command::Purge { by, kind, which } => {
            let id = ids.one(kind.as_str(), (*which).into());
            with_collection!(world.session(*by), kind, |collection| told(
                &collection.purge(Id::from_uuid(id))
            ))
        }
        Command::Get { by, kind, which } => {
            let id = ids.one(kind.as_str(), (*which).into());
            with_collection!(world.session(*by), kind, |collection| told(&collection.get(Id::from_uuid(id))))
        }
        Command::History { by, kind, which } => {
            let id = ids.one(kind.as_str(), (*which).into());
            with_collection!(world.session(*by), kind, |collection| told(
                &collection.history(Id::from_uuid(id))
            ))
        }
        Command::List { by, kind, trash, filter: tests, any, order, words: word, size } => {
            let sign = |n: &u16| if n.is_multiple_of(2) { "" } else { "-" };
            let query = Query {
                words: word.map(|word| words(word).to_owned()),
                order: order.iter().map(|n| format!("{}{}", sign(n), sorted_by(*kind, *n))).collect(),
                total: *any,
                ..Query::new().filter(filter(*kind, tests, *any, ids)).page_size((*size).into())
            };
            with_collection!(world.session(*by), kind, |collection| {
                if *trash {
                    pages(query, |query| collection.trash(query))
                } else {
                    let mut text = told(&collection.count(&query));
                    text.push_str(&pages(query, |query| collection.list(query)));
                    text
                }
            })
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
                field: path(*kind, *n),
                period: periods[usize::from(if n % 12 < 7 { 0 } else { n % 12 - 6 })],
            });
            let figures =
                Aggregate { by: by_fields.collect(), of: (of % 3 > 0).then(|| measured(*kind, *of)) };
            with_collection!(world.session(*by), kind, |collection| told(
                &collection.aggregate(&query, &figures)
            ))
        }
        Command::Search { by, words: word } => told(&world.session(*by).search(words(*word), 5)),
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
                add_step(&mut batch, step, ids);
            }
            told(&batch.run())
        }
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
            world.clock.advance(crm_core::chrono::TimeDelta::seconds((*seconds).into()));
            if seconds % 2 == 0 {
                world.come_back();
            }
            String::new()
        }
    }
}

/// Errors can't be cloned; what is compared of them can.
fn copy(error: &Error) -> Error {
    Error::Storage { reason: format!("{} {:?}", error.code(), error.fields()), source: None }
}

/// Writes a record back as a writer who has read it so many versions ago: with what the history tells of then.
fn replace<E: Rules>(collection: &Collection<'_, E>, id: Uuid, ago: u8, patch: crm_core::Patch) -> String {
    let mut record: Record<E> = match collection.get(Id::from_uuid(id)) {
        Ok(record) => record,
        Err(error) => return told::<()>(&Err(error)),
    };
    let mut data = serde_json::to_value(&record.data).unwrap();
    let changes = serde_json::to_value(&patch).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        data[name.as_str()] = value.clone();
    }
    let Ok(data) = serde_json::from_value(data) else { return "does not fit".to_owned() };
    record.data = data;
    record.version = record.version.saturating_sub(ago.into());
    told(&collection.replace(record))
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

fn add_step(batch: &mut Batch<'_>, step: &Step, ids: &Ids) {
    macro_rules! typed {
        ($kind:expr, |$entity:ident| $body:expr) => {
            match $kind {
                Kind::Customer => {
                    type $entity = crm_core::Customer;
                    $body
                }
                Kind::Contact => {
                    type $entity = crm_core::Contact;
                    $body
                }
                Kind::Opportunity => {
                    type $entity = crm_core::Opportunity;
                    $body
                }
                Kind::Interaction => {
                    type $entity = crm_core::Interaction;
                    $body
                }
                Kind::Reminder => {
                    type $entity = crm_core::Reminder;
                    $body
                }
                Kind::User => {
                    type $entity = crm_core::User;
                    $body
                }
                Kind::Role => {
                    type $entity = crm_core::Role;
                    $body
                }
                Kind::Pipeline => {
                    type $entity = crm_core::Pipeline;
                    $body
                }
                Kind::Settings => {
                    type $entity = crm_core::Settings;
                    $body
                }
            }
        };
    }
    match step {
        Step::Create { kind, fields } => typed!(kind, |E| {
            let json = serde_json::to_value(patch(*kind, fields, ids, true)).unwrap();
            if let Ok(data) = serde_json::from_value::<E>(json) {
                batch.create(data).unwrap();
            }
        }),
        Step::Patch { kind, which, fields } => typed!(kind, |E| {
            let id = Id::<E>::from_uuid(ids.one(kind.as_str(), (*which).into()));
            batch.patch(id, patch(*kind, fields, ids, false));
        }),
        Step::Delete { kind, which } => {
            typed!(kind, |E| batch.delete(Id::<E>::from_uuid(ids.one(kind.as_str(), (*which).into()))));
        }
        Step::Restore { kind, which } => {
            typed!(kind, |E| batch.restore(Id::<E>::from_uuid(ids.one(kind.as_str(), (*which).into()))));
        }
    }
}
