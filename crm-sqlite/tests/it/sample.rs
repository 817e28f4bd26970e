//! The sample data goes into a file, and the file is sound afterwards.

use crm_core::contract::test_options;
use crm_core::sample::{SampleOptions, fill};
use crm_core::{Filter, Query};
use crm_sqlite::OpenOptions;

#[test]
fn a_filled_store_is_sound_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let open = || OpenOptions::new(folder.path().join("crm.db")).open_crm(test_options(7).0).unwrap().0;
    let crm = open();
    let sample = fill(&crm, &SampleOptions { seed: 5, leads: 100 }).unwrap();
    let report = crm.check().unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert!(report.records > sample.counts.values().sum());
    drop(crm);

    let crm = open();
    let manager = crm.login(&sample.manager.username, &sample.manager.password).unwrap();
    assert_eq!(manager.customers().count(&Query::new()).unwrap(), 150);
    let in_nakuru = Query::new().filter(Filter::is("custom.county", "Nakuru"));
    assert!(manager.customers().count(&in_nakuru).unwrap() > 0);
    assert!(!manager.search("solar pump", 5).unwrap().is_empty());
    assert!(!manager.dashboard().unwrap().sales.is_empty());
}
