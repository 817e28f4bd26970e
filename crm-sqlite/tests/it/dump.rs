//! A dump goes from one kind of store to the other and back, and stays the same.

use crm_core::contract::test_options;
use crm_core::port::Store;
use crm_core::sample::{SampleOptions, fill};
use crm_core::{
    Attachment, Conversion, ConversionOpportunity, Crm, Customer, CustomerStatus, Email, Filter, MemoryStore,
    Opportunity, Query, exchange,
};
use crm_sqlite::{Durability, OpenOptions, SqliteStore};
use std::sync::Arc;

fn file(folder: &tempfile::TempDir, name: &str) -> Arc<SqliteStore> {
    let options = OpenOptions::new(folder.path().join(name)).durability(Durability::Normal);
    Arc::new(options.open().unwrap())
}

fn dumped(crm: &Crm) -> Vec<u8> {
    let mut dump = Vec::new();
    exchange::dump(crm, &mut dump).unwrap();
    dump
}

/// Fills a store with something of everything, in an order that no plain order of kinds would give: records refer to
/// such as were created later, and what is in the trash lies between what is not.
fn fill_up(crm: &Crm) {
    fill(crm, &SampleOptions { seed: 3, leads: 20 }).unwrap();
    let sys = crm.system("busy");
    let customers: Vec<_> = sys.customers().iter(Query::new()).map(|found| found.unwrap().id).collect();
    let (oldest, newest) = (customers[customers.len() - 1], customers[0]);
    sys.customers().update(oldest, |customer| customer.parent = Some(newest)).unwrap();
    let mut batch = sys.batch();
    let several: Vec<_> = (0..6)
        .map(|n| batch.create(Customer { name: format!("At once {n}"), ..Customer::default() }).unwrap())
        .collect();
    batch.run().unwrap();
    sys.customers().delete(several[1]).unwrap();
    sys.customers().delete(several[4]).unwrap();
    let lead = sys
        .customers()
        .create(Customer { name: "Lead".into(), status: CustomerStatus::Lead, ..Customer::default() })
        .unwrap();
    let deal = Opportunity { name: "Deal".into(), ..Opportunity::default() };
    let opportunity = ConversionOpportunity::New(Box::new(deal));
    sys.convert_lead(lead.id, Conversion { opportunity, ..Conversion::default() }).unwrap();
    for (number, size) in [(0_u8, 600_000), (1, 12), (1, 12), (2, 0)] {
        let order =
            Attachment { customer: newest, file_name: format!("{size}.bin"), ..Attachment::default() };
        sys.attach(order, &mut vec![number; size].as_slice()).unwrap();
    }
    sys.customers().merge(customers[1], &[customers[2]], &Default::default(), false).unwrap();
    sys.customers().erase(customers[3]).unwrap();
}

/// That a copy is sound, found by words and keys, and goes on where the original stands.
fn is_as_good_as(copy: &Crm, original: &Crm) {
    assert!(dumped(copy) == dumped(original), "bit for bit");
    assert_eq!(copy.check().unwrap().problems, Vec::<String>::new());
    assert_eq!(copy.verify().unwrap(), original.verify().unwrap());
    let both = [copy.system("t"), original.system("t")];
    let told = both.each_ref().map(|session| {
        let ids =
            |query: Query| -> Vec<_> { session.customers().iter(query).map(|f| f.unwrap().id).collect() };
        let by_key = Query::new().filter(Filter::is_not("emails", "x@y.example"));
        let county = Query::new().filter(Filter::is("custom.county", "Nakuru"));
        let trash: Vec<_> = session
            .customers()
            .trash(&Query::new())
            .unwrap()
            .items
            .iter()
            .map(|found| found.record.id)
            .collect();
        let words = ["solar", "mar", "nakuru", "+2547"]
            .map(|words| session.search(words, 50).unwrap().iter().map(|hit| hit.id).collect::<Vec<_>>());
        (ids(Query::new()), ids(Query::new().order_by(["name"])), ids(by_key), ids(county), trash, words)
    });
    assert_eq!(told[0], told[1]);
    assert!(!told[0].0.is_empty() && told[0].5.iter().any(|hits| !hits.is_empty()));
    // What comes back from the trash stands where it stood.
    let [copy, original] = both.each_ref().map(|session| {
        for trashed in session.customers().trash(&Query::new()).unwrap().items {
            // One that was merged away has given its keys to another.
            let _ = session.customers().restore(trashed.record.id);
        }
        let next = Customer { name: "Next".into(), ..Customer::default() };
        let code = session.customers().create(next).unwrap().code.clone();
        let names: Vec<_> = session
            .customers()
            .iter(Query::new().order_by(["created_at"]))
            .map(|f| f.unwrap().name.clone())
            .collect();
        (code, names)
    });
    assert_eq!(copy, original);
}

#[test]
fn from_memory_to_a_file_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Crm::open(Arc::new(MemoryStore::new()), test_options(7).0).unwrap();
    fill_up(&memory);
    let dump = dumped(&memory);
    let store = file(&folder, "copy.db");
    let copy = exchange::restore(store, test_options(8).0, &mut dump.as_slice()).unwrap();
    let again =
        exchange::restore(Arc::new(MemoryStore::new()), test_options(8).0, &mut dumped(&copy).as_slice())
            .unwrap();
    is_as_good_as(&again, &copy);
    drop(again);
    let copy = exchange::restore(file(&folder, "other.db"), test_options(8).0, &mut dump.as_slice()).unwrap();
    is_as_good_as(&copy, &memory);
}

#[test]
fn from_a_file_to_memory_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let original = Crm::open(file(&folder, "crm.db"), test_options(7).0).unwrap();
    fill_up(&original);
    let dump = dumped(&original);
    let memory =
        exchange::restore(Arc::new(MemoryStore::new()), test_options(8).0, &mut dump.as_slice()).unwrap();
    assert!(dumped(&memory) == dump);
    let copy = exchange::restore(file(&folder, "copy.db"), test_options(8).0, &mut dump.as_slice()).unwrap();
    assert!(dumped(&copy) == dump);
    drop(copy);
    // What is in the file is what was put back, also for the next program that opens it.
    let copy = Crm::open(file(&folder, "copy.db"), test_options(8).0).unwrap();
    is_as_good_as(&copy, &original);
}

#[test]
fn one_dump_is_one_state_while_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let crm = Crm::open(file(&folder, "crm.db"), test_options(7).0).unwrap();
    fill_up(&crm);
    let before = dumped(&crm);
    /// Writes into the store while the dump is written.
    struct Meddler<'c>(&'c Crm, Vec<u8>);
    impl std::io::Write for Meddler<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let late = Customer { name: "Late".into(), ..Customer::default() };
            self.0.system("late").customers().create(late).unwrap();
            self.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut meddler = Meddler(&crm, Vec::new());
    exchange::dump(&crm, &mut meddler).unwrap();
    assert!(meddler.1 == before);
    assert!(dumped(&crm) != before);
}

#[test]
fn a_refused_dump_leaves_an_empty_file() {
    let folder = tempfile::tempdir().unwrap();
    let crm = Crm::open(Arc::new(MemoryStore::new()), test_options(7).0).unwrap();
    fill_up(&crm);
    let dump = dumped(&crm);
    let store = file(&folder, "copy.db");
    for end in (1..10).map(|part| dump.len() * part / 10) {
        let cut =
            exchange::restore(Arc::clone(&store) as Arc<dyn Store>, test_options(8).0, &mut &dump[..end]);
        assert_eq!(cut.unwrap_err().code(), "invalid", "cut after {end} of {} bytes", dump.len());
        assert_eq!(store.reader().unwrap().state().unwrap(), Default::default());
    }
    // A customer is missing on whom others hang, and the last line is as it should be: only the commit can tell.
    use sha2::{Digest, Sha256};
    let hex = |hash: &Sha256| -> String {
        hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let text = String::from_utf8(dump.clone()).unwrap();
    let mut lines: Vec<_> = text.lines().map(|line| line[..line.len() - 26].to_owned()).collect();
    lines.pop();
    let gone = lines.iter().position(|line| line.contains("\"kind\":\"customer\"")).unwrap();
    lines.remove(gone);
    let mut hash = Sha256::new();
    lines.iter().for_each(|line| hash.update(line));
    lines.push(format!("{{\"line\":\"end\",\"lines\":{},\"sha256\":\"{}\"", lines.len(), hex(&hash)));
    let mut hash = Sha256::new();
    let mut made_up = String::new();
    for line in lines {
        hash.update(&line);
        made_up += &format!("{line},\"sum\":\"{}\"}}\n", &hex(&hash)[..16]);
    }
    let dangling =
        exchange::restore(Arc::clone(&store) as Arc<dyn Store>, test_options(8).0, &mut made_up.as_bytes());
    assert_eq!(dangling.unwrap_err().code(), "corrupt");
    assert_eq!(store.reader().unwrap().state().unwrap(), Default::default());
    // The store is as empty as before and takes the whole one.
    let copy = exchange::restore(store, test_options(8).0, &mut dump.as_slice()).unwrap();
    assert!(dumped(&copy) == dump);
    // Foreign keys are looked at again in what comes after.
    let taken =
        Customer { emails: vec![Email::new("a@b.example")], name: "One".into(), ..Customer::default() };
    copy.system("t").customers().create(taken.clone()).unwrap();
    assert_eq!(copy.system("t").customers().create(taken).unwrap_err().code(), "duplicate");
}
