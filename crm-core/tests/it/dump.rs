//! A dump that was broken, cut, altered or made by a newer release is refused, and the store stays empty.

use super::{failure, office};
use crm_core::contract::test_options;
use crm_core::port::Store;
use crm_core::sample::{SampleOptions, fill};
use crm_core::{Attachment, Crm, Kind, MemoryStore, Note, Query, Reminder, SavedView, exchange};
use std::io::{Read, Write};
use std::sync::Arc;

/// A store with something of everything: what is in the trash, purged, erased and merged too.
fn busy() -> Crm {
    let office = office();
    fill(&office.crm, &SampleOptions::default()).unwrap();
    let sys = office.crm.system("busy");
    let customers: Vec<_> = sys.customers().iter(Query::new()).map(|found| found.unwrap().id).collect();
    for (number, customer) in customers.iter().take(3).enumerate() {
        let file = Attachment { customer: *customer, file_name: "order.txt".into(), ..Attachment::default() };
        // Two of them have the same bytes.
        let bytes = [u8::try_from(number / 2).unwrap()].repeat(300_000);
        sys.attach(file, &mut bytes.as_slice()).unwrap();
    }
    let empty = Attachment { customer: customers[0], file_name: "empty".into(), ..Attachment::default() };
    sys.attach(empty, &mut "".as_bytes()).unwrap();
    sys.customers().delete(customers[3]).unwrap();
    sys.customers().delete(customers[4]).unwrap();
    sys.customers().purge(customers[4]).unwrap();
    sys.customers().erase(customers[5]).unwrap();
    sys.customers().merge(customers[6], &[customers[7]], &Default::default(), false).unwrap();
    sys.customers().not_duplicates(customers[8], customers[9]).unwrap();
    let view =
        SavedView { name: "Everybody".into(), query: Query::new().words("tea"), ..SavedView::default() };
    sys.saved_views().create(view).unwrap();
    office.customer("Created after all that");
    office.crm
}

fn dumped(crm: &Crm) -> Vec<u8> {
    let mut dump = Vec::new();
    exchange::dump(crm, &mut dump).unwrap();
    dump
}

fn put_back(dump: &[u8]) -> Result<Crm, crm_core::Error> {
    exchange::restore(Arc::new(MemoryStore::new()), test_options(9).0, &mut &*dump)
}

/// What a refused dump leaves: nothing at all.
#[track_caller]
fn refused(dump: &[u8]) -> String {
    let store = Arc::new(MemoryStore::new());
    let told =
        failure(exchange::restore(Arc::clone(&store) as Arc<dyn Store>, test_options(9).0, &mut &*dump));
    let view = store.snapshot().unwrap();
    assert_eq!(view.state().unwrap(), Default::default());
    assert!(view.counters().unwrap().is_empty());
    assert!(view.contents(None, 1).unwrap().is_empty());
    assert!(crm_core::port::Read::<crm_core::Settings>::all(&*view, None, 1).unwrap().is_empty());
    told
}

/// A dump of these lines with sums and a last line, as somebody makes it who knows the format.
fn closed_again(lines: &[String]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let hex = |hash: &Sha256| -> String {
        hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mut hash = Sha256::new();
    let mut dump = String::new();
    let mut add = |line: &str| {
        let open = line.strip_suffix('}').unwrap();
        hash.update(open);
        let all = hex(&hash);
        dump += &format!("{open},\"sum\":\"{}\"}}\n", &all[..16]);
        all
    };
    let all = lines.iter().map(|line| add(line)).last().unwrap_or_default();
    add(&format!("{{\"line\":\"end\",\"lines\":{},\"sha256\":\"{all}\"}}", lines.len()));
    dump.into_bytes()
}

/// All lines but the last one, without their sums.
fn lines(dump: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(dump).unwrap();
    let mut lines: Vec<_> = text.lines().map(|line| line[..line.len() - 26].to_owned() + "}").collect();
    lines.pop();
    lines
}

#[test]
fn a_restored_store_gives_the_same_dump() {
    let crm = busy();
    let dump = dumped(&crm);
    let copy = put_back(&dump).unwrap();
    assert!(dumped(&copy) == dump, "bit for bit");
    assert_eq!(copy.check().unwrap().problems, Vec::<String>::new());
    let (found, was) = (copy.verify().unwrap(), crm.verify().unwrap());
    assert!(found.holds() && found == was);
    assert!(found.erased > 0);
    assert_eq!(copy.changes_since(0, 10_000).unwrap(), crm.changes_since(0, 10_000).unwrap());
    // Both go on with the same code.
    assert_eq!(
        copy.system("t").customers().create(named("Next")).unwrap().code,
        crm.system("t").customers().create(named("Next")).unwrap().code
    );
    // Nobody comes in with an old password, and the program lets users in again.
    assert_eq!(failure(copy.login("amina", "correct horse")), "bad_credentials");
    let amina = copy.system("t").users().by_username("amina").unwrap().id;
    copy.system("t").set_password(amina, "another horse").unwrap();
    assert!(copy.login("amina", "another horse").is_ok());
}

fn named(name: &str) -> crm_core::Customer {
    crm_core::Customer { name: name.into(), ..Default::default() }
}

#[test]
fn every_kind_is_in_it_and_no_secret() {
    let crm = busy();
    let text = String::from_utf8(dumped(&crm)).unwrap();
    for kind in Kind::ALL {
        let line = format!("{{\"line\":\"record\",\"kind\":\"{kind}\",");
        assert!(text.contains(&line), "{kind}");
    }
    for line in ["counter", "delivery", "chunk", "operation", "change"] {
        assert!(text.contains(&format!("{{\"line\":\"{line}\",")), "{line}");
    }
    assert!(!text.contains("argon2"));
    let head = crm.head().unwrap().to_string();
    let (seq, hash) = head.split_once(':').unwrap();
    let header = format!(
        "{{\"line\":\"header\",\"schema\":\"crm-dump\",\"format\":1,\"seq\":{seq},\"hash\":\"{hash}\",\"sum\":"
    );
    assert!(text.starts_with(&header));
    let told = exchange::dump(&crm, &mut std::io::sink()).unwrap();
    assert_eq!(told.head, crm.head().unwrap());
    assert_eq!(told.lines, u64::try_from(text.lines().count()).unwrap());
    assert_eq!(told.records, crm.check().unwrap().records);
    assert_eq!(told.operations, crm.verify().unwrap().operations);
}

#[test]
fn what_is_no_dump_or_too_new_is_told() {
    for other in ["", "\n", "name,email\nA,a@x.example\n", "{}\n", "\u{feff}", "[1]\n"] {
        assert_eq!(refused(other.as_bytes()), "not_a_store", "{other:?}");
    }
    assert_eq!(refused(&[0; 200_000]), "not_a_store");
    let foreign = "{\"line\":\"header\",\"schema\":\"other\",\"format\":1}\n";
    assert_eq!(refused(foreign.as_bytes()), "not_a_store");
    let newer = "{\"line\":\"header\",\"schema\":\"crm-dump\",\"format\":2,\"compressed\":true}\n";
    assert_eq!(refused(newer.as_bytes()), "too_new");
    let never = "{\"line\":\"header\",\"schema\":\"crm-dump\",\"format\":0}\n";
    assert_eq!(refused(never.as_bytes()), "invalid line.1 syntax");
}

#[test]
fn a_cut_dump_is_refused_wherever_it_ends() {
    let dump = dumped(&busy());
    let ends: Vec<usize> =
        dump.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
    let first = ends[0];
    // After whole lines, and inside them.
    for end in ends.iter().step_by(ends.len() / 20).map(|at| at + 1).chain([first + 20, dump.len() - 1]) {
        if end < dump.len() {
            assert!(refused(&dump[..end]).ends_with(" truncated"), "cut after {end} bytes");
        }
    }
    let more = [dump.as_slice(), b"\n"].concat();
    assert!(refused(&more).ends_with(" altered"));
}

#[test]
fn an_altered_byte_is_found_wherever_it_is() {
    let dump = dumped(&busy());
    let first = dump.iter().position(|byte| *byte == b'\n').unwrap();
    let step = dump.len() / 60;
    for at in (first + 1..dump.len()).step_by(step).chain([dump.len() - 5, dump.len() - 1]) {
        let mut altered = dump.clone();
        altered[at] ^= 1;
        let line = dump[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let rule = if at == dump.len() - 1 { "truncated" } else { "altered" };
        assert_eq!(refused(&altered), format!("invalid line.{line} {rule}"), "byte {at}");
    }
    // In the first line what says that it is a dump, of which format, and all else.
    for at in 0..=first {
        let mut altered = dump.clone();
        altered[at] ^= 1;
        let told = refused(&altered);
        assert!(
            ["not_a_store", "too_new", "invalid line.1 altered", "invalid line.1 syntax"].contains(&&*told),
            "{told}"
        );
    }
    // A line left out, twice, or in another place.
    let text = String::from_utf8(dump.clone()).unwrap();
    let whole: Vec<&str> = text.split_inclusive('\n').collect();
    let middle = whole.len() / 2;
    let refusal = format!("invalid line.{} altered", middle + 1);
    let left_out = [&whole[..middle], &whole[middle + 1..]].concat().concat();
    assert_eq!(refused(left_out.as_bytes()), refusal);
    let twice = [&whole[..middle], &whole[middle - 1..]].concat().concat();
    assert_eq!(refused(twice.as_bytes()), refusal);
    let mut moved = whole.clone();
    moved.swap(middle, middle + 1);
    assert_eq!(refused(moved.concat().as_bytes()), refusal);
    // Line ends that a program made of them, as when a file was sent as text.
    let text = String::from_utf8(dump).unwrap().replace('\n', "\r\n");
    assert_eq!(refused(text.as_bytes()), "invalid line.1 altered");
}

#[test]
fn a_dump_that_was_made_anew_still_needs_its_journal() {
    let dump = dumped(&busy());
    let all = lines(&dump);
    assert!(closed_again(&all) == dump, "the sums are those that the library makes");
    let place = |start: &str| all.iter().position(|line| line.starts_with(start)).unwrap();
    let change = place("{\"line\":\"change\"");
    let operations: Vec<_> =
        (0..all.len()).filter(|at| all[*at].starts_with("{\"line\":\"operation\"")).collect();
    // A value in the journal.
    let mut altered = all.clone();
    let at =
        (change..all.len()).find(|at| all[*at].contains("Mara") || all[*at].contains("Nairobi")).unwrap();
    altered[at] = all[at].replace("Mara", "Lara").replace("Nairobi", "Mombasa");
    assert!(refused(&closed_again(&altered)).ends_with(" altered"));
    // Who it was.
    let mut altered = all.clone();
    let last = *operations.last().unwrap();
    altered[last] = all[last].replace("\"system\":\"", "\"system\":\"not ");
    assert_ne!(altered[last], all[last]);
    assert!(refused(&closed_again(&altered)).ends_with(" altered"));
    // The last operation left out, and the first.
    assert!(refused(&closed_again(&all[..last])).ends_with(" altered"));
    let without_first = [&all[..operations[0]], &all[operations[1]..]].concat();
    assert!(refused(&closed_again(&without_first)).ends_with(" altered"));
    // Half an operation.
    let half = [&all[..change], &all[change + 1..]].concat();
    assert!(refused(&closed_again(&half)).ends_with(" order"));
    // A salt taken away without an erasure.
    let mut bare: serde_json::Value = serde_json::from_str(&all[change]).unwrap();
    for field in ["salt", "before", "after"] {
        bare[field] = serde_json::Value::Null;
    }
    let mut altered = all.clone();
    altered[change] = bare.to_string();
    assert!(refused(&closed_again(&altered)).ends_with(" altered"));
    // The bytes of a file.
    let mut altered = all.clone();
    let chunk =
        (0..all.len()).find(|at| all[*at].contains("\"chunk\"") && all[*at].contains("AAAA")).unwrap();
    altered[chunk] = all[chunk].replacen("AAAA", "BAAA", 1);
    assert!(refused(&closed_again(&altered)).ends_with(" altered"));
    // A piece of them.
    let without = [&all[..chunk], &all[chunk + 1..]].concat();
    assert!(refused(&closed_again(&without)).ends_with(" order"));
    // Records in the wrong place, unknown ones, and fields that there never were.
    let mut moved = all.clone();
    let customer = place("{\"line\":\"record\",\"kind\":\"customer\"");
    moved.swap(1, customer);
    assert!(refused(&closed_again(&moved)).ends_with(" order"));
    for (from, to) in [
        ("\"kind\":\"customer\"", "\"kind\":\"spaceship\""),
        ("\"data\":{", "\"data\":{\"colour\":\"red\","),
        ("\"version\":", "\"revision\":"),
        ("\"line\":\"record\"", "\"line\":\"recorded\""),
    ] {
        let mut altered = all.clone();
        altered[customer] = all[customer].replacen(from, to, 1);
        assert_eq!(refused(&closed_again(&altered)), format!("invalid line.{} syntax", customer + 1), "{to}");
    }
    // Twice the same record.
    let twice = [&all[..=customer], &all[customer..]].concat();
    assert_eq!(refused(&closed_again(&twice)), "duplicate");
}

#[test]
fn only_an_empty_store_takes_one() {
    let dump = dumped(&busy());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let crm = Crm::open(Arc::clone(&store), test_options(3).0).unwrap();
    let before = dumped(&crm);
    let told = failure(exchange::restore(store, test_options(9).0, &mut dump.as_slice()));
    assert_eq!(told, "refused not_empty");
    assert!(dumped(&crm) == before);
}

#[test]
fn keys_and_words_are_made_anew() {
    let office = office();
    office.admin.update_settings(|settings| settings.phone_region = "KE".into()).unwrap();
    let id = office.customer("Mara Tea").id;
    let sys = office.crm.system("t");
    sys.customers()
        .update(id, |customer| {
            customer.emails = vec![crm_core::Email::new("Info@Mara.example")];
            customer.phones = vec![crm_core::Phone::new("0712 345678")];
            customer.tags = vec!["tea".into()];
        })
        .unwrap();
    let trashed = office.customer("Gone Tea").id;
    sys.customers().delete(trashed).unwrap();
    sys.notes().create(Note { customer: id, body: "Über allen Gipfeln".into(), ..Note::default() }).unwrap();
    let copy = put_back(&dumped(&office.crm)).unwrap().system("t");
    for words in ["tea", "mara example", "+254712345678"] {
        let found: Vec<_> = copy.customers().search(words, 5).unwrap().iter().map(|found| found.id).collect();
        assert_eq!(found, [id], "{words}");
    }
    assert_eq!(copy.search("uber gipfel", 5).unwrap().len(), 1);
    let tagged = Query::new().filter(crm_core::Customer::TAGS.is("TEA"));
    assert_eq!(copy.customers().count(&tagged).unwrap(), 1);
    let taken =
        crm_core::Customer { emails: vec![crm_core::Email::new("info@mara.EXAMPLE")], ..named("Other") };
    assert_eq!(failure(copy.customers().create(taken)), "duplicate");
    copy.customers().restore(trashed).unwrap();
    assert_eq!(copy.customers().search("gone", 5).unwrap().len(), 1);
}

#[test]
fn reminders_are_told_as_they_would_have_been() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let due = "2026-03-03T09:00:00".parse().unwrap();
    let zone = crm_core::Zone::from_name("Africa/Nairobi").unwrap();
    let call =
        Reminder { customer, title: "Call".into(), due: crm_core::Due::at(due, zone), ..Reminder::default() };
    office.crm.system("t").reminders().create(call).unwrap();
    let dump = dumped(&office.crm);
    let copy = put_back(&dump).unwrap();
    let at = "2026-03-03T07:00:00Z".parse().unwrap();
    let claimed = copy.claim_due(at, "worker", crm_core::chrono::TimeDelta::minutes(5), 10).unwrap();
    assert_eq!(claimed.len(), 1);
}

/// Gives some bytes and then fails; takes some bytes and then fails.
struct Failing<'b>(&'b [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(bytes)? {
            0 => Err(std::io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

impl Write for Failing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.0.len());
        self.0 = &self.0[taken..];
        if taken == 0 { Err(std::io::Error::other("the disk is full")) } else { Ok(taken) }
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failing_reader_or_writer_is_told() {
    let crm = busy();
    let dump = dumped(&crm);
    let store = Arc::new(MemoryStore::new());
    let failing = exchange::restore(
        Arc::clone(&store) as Arc<dyn Store>,
        test_options(9).0,
        &mut Failing(&dump[..9_000]),
    );
    assert_eq!(failure(failing), "storage");
    assert_eq!(store.snapshot().unwrap().state().unwrap(), Default::default());
    assert_eq!(failure(exchange::dump(&crm, &mut Failing(&dump[..9_000]))), "storage");
    // The store is as good as before.
    assert!(exchange::restore(store, test_options(9).0, &mut dump.as_slice()).is_ok());
}
