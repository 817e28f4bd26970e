//! What was acknowledged survives the death of the program at any moment.
//!
//! A child, this very program again, writes without a pause and says after each write what was acknowledged. It is
//! killed (SIGKILL) at a random moment, the file is opened again, and everything that was said must be there.

use crm_core::{Contact, Crm, Customer, Error, Id, Options, PasswordCost, Query, Session, Trashed, Uuid};
use crm_sqlite::{Durability, OpenOptions};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FILE: &str = "CRM_KILL_FILE";
const SEED: &str = "CRM_KILL_SEED";
const FULL: &str = "CRM_KILL_FULL";

const FILES: u64 = 5;
const KILLS_A_FILE: u64 = 10;

/// What was acknowledged of a record: at least this version, and this state when it is still that version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Acknowledged {
    version: u64,
    trashed: bool,
}

/// A small generator of random numbers (xorshift64*): the seed is printed, so a failure can be looked at again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

fn open(path: &Path, durability: Durability) -> Result<Crm, Error> {
    let store = OpenOptions::new(path).durability(durability).open()?;
    Crm::open(Arc::new(store), Options { password_cost: PasswordCost::MINIMUM, ..Options::default() })
}

// ---- the child -------------------------------------------------------------------------------------------------

/// Says that a write was acknowledged: one line, in one piece.
fn acknowledge(id: Uuid, version: u64, trashed: bool) {
    let line = format!("\n@ack {id} {version} {}\n", u8::from(trashed));
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.flush().unwrap();
}

fn lead(name: String) -> Customer {
    Customer { name, ..Customer::default() }
}

/// One random write; its outcome is acknowledged.
fn write(session: &Session, random: &mut Random, known: &mut Vec<(Id<Customer>, u64, bool)>) {
    let customers = session.customers();
    let place = usize::try_from(random.below(known.len().max(1) as u64)).unwrap();
    match (random.below(10), known.get(place).copied()) {
        (0..=2, _) | (_, None) => {
            let created = customers.create(lead(format!("Customer {}", random.below(1_000)))).unwrap();
            known.push((created.id, created.version, false));
            acknowledge(created.id.uuid(), created.version, false);
        }
        (3..=4, _) => {
            let mut batch = session.batch();
            let customer = batch.create(lead("Of a batch".to_owned())).unwrap();
            for name in ["Amina", "Juma"] {
                let contact = Contact { customer, given_name: name.to_owned(), ..Contact::default() };
                batch.create(contact).unwrap();
            }
            let operation = batch.run().unwrap();
            known.push((customer, 1, false));
            let last: HashMap<Uuid, u64> = operation.changes.iter().map(|c| (c.id, c.version)).collect();
            last.into_iter().for_each(|(id, version)| acknowledge(id, version, false));
        }
        (_, Some((id, version, true))) => {
            let restored = customers.restore(id).unwrap();
            assert_eq!(restored.version, version + 1);
            known[place] = (id, version + 1, false);
            acknowledge(id.uuid(), version + 1, false);
        }
        (5..=7, Some((id, version, false))) => {
            let text = format!("text {}", random.below(1_000_000));
            let updated = customers.update(id, |customer| customer.description = text).unwrap();
            known[place] = (id, updated.version, false);
            assert!(updated.version >= version);
            acknowledge(id.uuid(), updated.version, false);
        }
        (_, Some((id, version, false))) => {
            customers.delete(id).unwrap();
            known[place] = (id, version + 1, true);
            acknowledge(id.uuid(), version + 1, true);
        }
    }
}

#[test]
#[ignore = "the child of the kill test"]
fn child() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let mut random = Random(std::env::var(SEED).unwrap().parse().unwrap());
    let durability = match std::env::var_os(FULL) {
        Some(_) => Durability::Full,
        None => Durability::Normal,
    };
    let crm = open(Path::new(&path), durability).unwrap();
    let session = crm.system("kill");
    let mut known = Vec::new();
    for record in session.customers().list(&Query::new()).unwrap() {
        known.push((record.id, record.version, false));
    }
    loop {
        write(&session, &mut random, &mut known);
    }
}

// ---- the parent ------------------------------------------------------------------------------------------------

fn start(path: &Path, seed: u64, durability: Durability) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["kill::child", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(FILE, path).env(SEED, seed.to_string());
    if durability == Durability::Full {
        command.env(FULL, "1");
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn parse(line: &str) -> Option<(Uuid, Acknowledged)> {
    let mut words = line.strip_prefix("@ack ")?.split(' ');
    let id = words.next()?.parse().ok()?;
    let version = words.next()?.parse().ok()?;
    Some((id, Acknowledged { version, trashed: words.next()? == "1" }))
}

/// Everything that the file holds of an entity.
fn all_of<E: crm_core::Rules>(
    collection: crm_core::Collection<'_, E>,
    found: &mut HashMap<Uuid, Acknowledged>,
) {
    for record in collection.iter(Query::new().page_size(Query::LARGEST_PAGE)) {
        let record = record.unwrap();
        found.insert(record.id.uuid(), Acknowledged { version: record.version, trashed: false });
    }
    let mut query = Query::new().page_size(Query::LARGEST_PAGE);
    loop {
        let page = collection.trash(&query).unwrap();
        for Trashed { record, .. } in page.items {
            found.insert(record.id.uuid(), Acknowledged { version: record.version, trashed: true });
        }
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return,
        }
    }
}

/// Opens the file again: it is whole, and everything acknowledged is there.
fn verify(path: &Path, acknowledged: &HashMap<Uuid, Acknowledged>, story: &str) {
    let crm = open(path, Durability::Normal).unwrap_or_else(|error| panic!("{story}: {error}"));
    let report = crm.check().unwrap();
    assert!(report.is_clean(), "{story}: {:?}", report.problems);
    let session = crm.system("look");
    let mut found = HashMap::new();
    all_of(session.customers(), &mut found);
    all_of(session.contacts(), &mut found);
    for (id, told) in acknowledged {
        let Some(stored) = found.get(id) else { panic!("{story}: {id} was acknowledged and is gone") };
        assert!(stored.version >= told.version, "{story}: {id}: told {told:?}, stored {stored:?}");
        if stored.version == told.version {
            assert_eq!(stored, told, "{story}: {id}");
        }
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let seed =
        u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() % (1 << 60)).unwrap();
    eprintln!("the seed of the kills is {seed}");
    let mut random = Random(seed | 1);
    let folder = tempfile::tempdir().unwrap();
    let mut told_in_all = 0;
    for file in 0..FILES {
        let path = folder.path().join(format!("{file}.db"));
        let mut acknowledged = HashMap::new();
        for kill in 0..=KILLS_A_FILE {
            let durability = if kill % 3 == 1 { Durability::Full } else { Durability::Normal };
            let mut child = start(&path, random.below(u64::from(u32::MAX)) + 1, durability);
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
            // The first child of a file may die while it makes the file; it need not have said anything.
            let moment = match kill {
                0 => random.below(60_000),
                _ => {
                    let first = lines.find_map(|line| parse(&line));
                    let Some((id, told)) = first else {
                        let output = child.wait_with_output().unwrap();
                        panic!("the child wrote nothing: {}", String::from_utf8_lossy(&output.stderr));
                    };
                    acknowledged.insert(id, told);
                    1_000 + random.below(149_000)
                }
            };
            let killer = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_micros(moment));
                // A child that failed by itself is dead already, and that is told below.
                let _ = child.kill();
                child.wait_with_output().unwrap()
            });
            let story = format!("seed {seed}, file {file}, kill {kill} after {moment} µs, {durability:?}");
            for (id, told) in lines.filter_map(|line| parse(&line)) {
                acknowledged.insert(id, told);
                told_in_all += 1;
            }
            let output = killer.join().unwrap();
            assert_eq!(output.status.code(), None, "{story}: {}", String::from_utf8_lossy(&output.stderr));
            verify(&path, &acknowledged, &story);
        }
    }
    let kills = FILES * KILLS_A_FILE;
    assert!(
        told_in_all > kills,
        "the children hardly wrote anything: {told_in_all} writes before {kills} kills"
    );
    eprintln!("{told_in_all} acknowledged writes survived {kills} kills");
}

/// The test above proves nothing if the parent could not read what the child says.
#[test]
fn an_acknowledgement_is_read_as_it_was_said() {
    let id = Uuid::from_u128(7);
    let told = Acknowledged { version: 12, trashed: true };
    assert_eq!(parse(&format!("@ack {id} 12 1")), Some((id, told)));
    assert_eq!(parse("test kill::child ... "), None);
}
