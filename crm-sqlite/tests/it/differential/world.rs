//! The two worlds: the same program on two stores.

use super::acting::act;
use super::any_collection::collection;
use super::command::Command;
use super::population::populate;
use crm_core::chrono::TimeDelta;
use crm_core::contract::{ManualClock, test_options};
use crm_core::exchange;
use crm_core::{
    Crm, CustomField, Delivery, Gate, Kind, Level, MemoryStore, Operation, Query, Role, Session, User, Uuid,
    Value,
};
use crm_sqlite::OpenOptions;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

pub(super) const USERS: [&str; 5] = ["admin", "ann", "ben", "eve", "kim"];
pub(super) const PASSWORD: &str = "correct horse";

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
    pub(super) fn which(&self, kind: Kind, which: u16) -> Uuid {
        self.one(kind.as_str(), which.into())
    }

    pub(super) fn one(&self, entity: &str, seed: u32) -> Uuid {
        match self.of(entity) {
            ids if ids.is_empty() || seed.is_multiple_of(31) => Uuid::from_u128(u128::from(seed) + 1),
            ids => ids[seed as usize % ids.len()],
        }
    }
}

pub(super) struct World {
    pub(super) crm: Crm,
    pub(super) clock: Arc<ManualClock>,
    pub(super) sessions: Vec<Session>,
    pub(super) events: Arc<Mutex<Vec<Operation>>>,
    /// What workers took, whatever became of it.
    pub(super) claimed: Vec<Delivery>,
    pub(super) _subscription: crm_core::Subscription,
    pub(super) _folder: Option<tempfile::TempDir>,
}

pub(crate) struct Worlds {
    worlds: [World; 2],
    ids: Ids,
    steps: usize,
    looks_back: bool,
    /// How everything looked at some moments.
    looks: Vec<(crm_core::Timestamp, String)>,
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
    pub(super) fn come_back(&mut self) {
        for (place, name) in USERS.iter().enumerate() {
            if self.sessions[place + 1].me().is_err()
                && let Ok(session) = self.crm.login(name, PASSWORD)
            {
                self.sessions[place + 1] = session;
            }
        }
    }

    pub(super) fn session(&self, by: u8) -> &Session {
        &self.sessions[usize::from(by) % self.sessions.len()]
    }
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
