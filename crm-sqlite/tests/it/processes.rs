//! Several processes share one file: nothing is lost, nobody starves, and what one of them revokes holds for all.

use crm_core::{Crm, Customer, Error, Id, Options, PasswordCost, Query, Record, Session, User, Uuid};
use crm_sqlite::{Durability, OpenOptions};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const FILE: &str = "CRM_PROCESSES_FILE";
const ROLE: &str = "CRM_PROCESSES_ROLE";
const COUNTER: &str = "CRM_PROCESSES_COUNTER";
const UNTIL: &str = "CRM_PROCESSES_UNTIL";

const PROCESSES: usize = 4;
const THREADS: usize = 8;
const WRITING: Duration = Duration::from_secs(10);
const PASSWORD: &str = "correct horse";

/// Without waiting for the disk: it is the processes that are looked at here, not how fast the disk is.
fn open(path: &Path) -> Result<Crm, Error> {
    let store = OpenOptions::new(path).durability(Durability::Normal).open()?;
    Crm::open(Arc::new(store), Options { password_cost: PasswordCost::MINIMUM, ..Options::default() })
}

fn now_millis() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

/// This program again, as one of the children below.
fn start(role: &str, path: &Path, settings: &[(&str, String)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["processes::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(FILE, path).env(ROLE, role).envs(settings.iter().map(|(name, value)| (*name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n@{words}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// The next line that a child says on purpose.
fn hear(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Option<String> {
    lines.map_while(Result::ok).find_map(|line| line.strip_prefix('@').map(str::to_owned))
}

#[test]
#[ignore = "the children of the tests with several processes"]
fn child() {
    let (Some(path), Ok(role)) = (std::env::var_os(FILE), std::env::var(ROLE)) else { return };
    let crm = open(Path::new(&path)).unwrap();
    match role.as_str() {
        "writer" => writer(&crm),
        "user" => user(&crm),
        _ => panic!("no such role: {role}"),
    }
}

// ---- many writers ----------------------------------------------------------------------------------------------

/// What one thread did.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    created: u64,
    added: u64,
    worst_millis: u128,
}

fn writer(crm: &Crm) {
    let counter: Uuid = std::env::var(COUNTER).unwrap().parse().unwrap();
    let until: u128 = std::env::var(UNTIL).unwrap().parse().unwrap();
    let session = crm.system("writer");
    let done: Vec<Done> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(|| write_until(&session, Id::from_uuid(counter), until)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for Done { created, added, worst_millis } in done {
        say(&format!("done {created} {added} {worst_millis}"));
    }
}

fn write_until(session: &Session, counter: Id<Customer>, until: u128) -> Done {
    let mut done = Done::default();
    while now_millis() < until {
        let begun = Instant::now();
        let new = Customer { name: format!("Customer {}", done.created), ..Customer::default() };
        session.customers().create(new).unwrap();
        done.created += 1;
        done.worst_millis = done.worst_millis.max(begun.elapsed().as_millis());
        let begun = Instant::now();
        session.customers().update(counter, count_on).unwrap();
        done.added += 1;
        done.worst_millis = done.worst_millis.max(begun.elapsed().as_millis());
    }
    done
}

fn count_on(customer: &mut Customer) {
    let count: u64 = customer.description.parse().unwrap();
    customer.description = (count + 1).to_string();
}

/// Four processes with eight threads each write as fast as they can, half of the time all the same record. Each
/// write that ended without an error is there, each closure saw the newest data, and no wait came near the time-out.
#[test]
fn four_processes_of_eight_threads_lose_no_write_and_none_waits_for_long() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let crm = open(&path).unwrap();
    let session = crm.system("parent");
    let zero = Customer { name: "Counter".into(), description: "0".into(), ..Customer::default() };
    let counter = session.customers().create(zero).unwrap();
    let settings =
        [(COUNTER, counter.id.to_string()), (UNTIL, (now_millis() + WRITING.as_millis()).to_string())];
    let children: Vec<Child> = (0..PROCESSES).map(|_| start("writer", &path, &settings)).collect();

    let (mut created, mut added, mut worst) = (0, 0, 0);
    for child in children {
        let output = child.wait_with_output().unwrap();
        // A `busy`, as any other error, ends a child with a panic.
        assert!(output.status.success(), "a writer failed: {}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        let mut threads = 0;
        for line in said.lines().filter_map(|line| line.strip_prefix("@done ")) {
            let numbers: Vec<u64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
            created += numbers[0];
            added += numbers[1];
            worst = worst.max(numbers[2]);
            threads += 1;
        }
        assert_eq!(threads, THREADS);
    }
    eprintln!("{created} customers and {added} increments in {WRITING:?}; the longest call took {worst} ms");
    assert!(created > 100, "hardly anything was written: {created}");

    let stored = session.customers().get(counter.id).unwrap();
    assert_eq!(stored.description, added.to_string(), "increments are lost");
    assert_eq!(stored.version, added + 1);
    let all: Vec<Record<Customer>> = session
        .customers()
        .iter(Query::new().page_size(Query::LARGEST_PAGE).order_by(["code"]))
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(all.len() as u64, created + 1, "customers are lost");
    let codes: BTreeSet<u64> = all.iter().map(|customer| customer.code.as_ref().unwrap().number()).collect();
    assert_eq!(codes, (1..=created + 1).collect(), "codes are given once each, without gaps");
    let report = crm.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

// ---- revocation ------------------------------------------------------------------------------------------------

/// A user at work in another process: writes or reads when told so, and says how it ended.
fn user(crm: &Crm) {
    let session = crm.login("amina", PASSWORD).unwrap();
    session.customers().count(&Query::new()).unwrap();
    session.customers().create(Customer { name: "Mine".into(), ..Customer::default() }).unwrap();
    say("ready");
    let mut order = String::new();
    std::io::stdin().read_line(&mut order).unwrap();
    let word = |result: Result<(), Error>| result.map_or_else(|error| error.code(), |()| "ok");
    if order.trim() == "write" {
        let new = Customer { name: "Too late".into(), ..Customer::default() };
        say(word(session.customers().create(new).map(drop)));
        return;
    }
    let begun = Instant::now();
    let ended = loop {
        match word(session.customers().count(&Query::new()).map(drop)) {
            "ok" if begun.elapsed() < Duration::from_secs(10) => std::thread::sleep(Duration::from_millis(5)),
            ended => break ended,
        }
    };
    say(&format!("{ended} {}", begun.elapsed().as_millis()));
}

/// Sends a user in another process to work after something was revoked here.
fn after(path: &Path, order: &str, revoke: impl FnOnce()) -> String {
    let mut child = start("user", path, &[]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = hear(&mut lines);
    let mut complaint = String::new();
    if ready.as_deref() != Some("ready") {
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    }
    assert_eq!(ready.as_deref(), Some("ready"), "{complaint}");
    revoke();
    writeln!(child.stdin.take().unwrap(), "{order}").unwrap();
    let answer = hear(&mut lines).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    answer
}

fn with_a_user(path: &Path) -> (Session, Id<User>) {
    let crm = open(path).unwrap();
    crm.create_admin(User { username: "boss".into(), ..User::default() }, PASSWORD).unwrap();
    let session = crm.login("boss", PASSWORD).unwrap();
    let roles = session.roles().list(&Query::new().filter(crm_core::Role::KEY.is("agent"))).unwrap().items;
    let amina = User { username: "amina".into(), role: roles[0].id, ..User::default() };
    let amina = session.users().create(amina).unwrap().id;
    session.set_password(amina, PASSWORD).unwrap();
    (session, amina)
}

#[test]
fn a_deactivated_user_writes_nothing_more_in_any_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (boss, amina) = with_a_user(&path);
    let answer =
        after(&path, "write", || _ = boss.users().update(amina, |user| user.active = false).unwrap());
    assert_eq!(answer, "session_ended");
    assert_eq!(boss.customers().count(&Query::new()).unwrap(), 1);
}

#[test]
fn a_deactivated_user_reads_nothing_more_in_any_process_after_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (boss, amina) = with_a_user(&path);
    let answer = after(&path, "read", || _ = boss.users().update(amina, |user| user.active = false).unwrap());
    let (ended, millis) = answer.split_once(' ').unwrap();
    assert_eq!(ended, "session_ended");
    // A second, and what a busy machine adds to it.
    assert!(millis.parse::<u64>().unwrap() < 1_500, "it was seen after {millis} ms");
}

#[test]
fn a_role_that_loses_a_permission_loses_it_in_every_process_at_the_next_write() {
    use crm_core::{Action, Kind, Level, Role};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let (boss, amina) = with_a_user(&path);
    let role = boss.users().get(amina).unwrap().role;
    let answer = after(&path, "write", || {
        let changed = boss.roles().update(role, |role: &mut Role| {
            role.grants.grant(Kind::Customer, Action::Create, Level::None);
        });
        _ = changed.unwrap();
    });
    assert_eq!(answer, "denied");
}
