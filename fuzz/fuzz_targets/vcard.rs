//! vCard of any kind: read, brought in, taken out as 4.0, and brought in again without a new record.
#![no_main]

use crm_core::contract::test_options;
use crm_core::exchange::{VCardImport, VCards, export_customers, import_vcards};
use crm_core::{Crm, MemoryStore, Query};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|file: &[u8]| {
    let lines = file.iter().filter(|byte| **byte == b'\n').count() + 1;
    let cards = VCards::new(file).take_while(Result::is_ok).count();
    assert!(cards <= lines, "more cards than lines");
    if cards == 0 {
        return;
    }
    // The ids of one are none of the other: a card may be told by the id of its record.
    let session = |seed| {
        let crm =
            Crm::open(Arc::new(MemoryStore::new()), test_options(seed).0).expect("a store in memory opens");
        crm.system("fuzz")
    };
    let first = session(1);
    let bring = |session: &crm_core::Session, file: &[u8]| {
        let mut told = Vec::new();
        let brought = import_vcards(session, file, &VCardImport::customers(), |card| told.push(card));
        brought.map(|summary| (summary.created, told))
    };
    let Ok((created, _)) = bring(&first, file) else { return };
    assert_eq!(first.customers().count(&Query::new()).expect("they are counted"), created);
    let mut taken_out = Vec::new();
    export_customers(&first, &Query::new(), &mut taken_out).expect("what is there goes out");
    let second = session(2);
    for (expected, time) in [(created, "what went out"), (0, "the same file again")] {
        let (created, told) = bring(&second, &taken_out).expect("what went out comes in");
        let file = String::from_utf8_lossy(&taken_out);
        assert_eq!(created, expected, "{time} makes other records: {told:#?}\n{file}");
    }
});
