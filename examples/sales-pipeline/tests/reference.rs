//! The figures of the library against figures that were computed without it.

use crm_core::exchange::import::Counts;
use crm_core::{Customer, Opportunity, Query};
use sales_pipeline::{PLAN, load, report};
use serde_json::{Map, Value};
use std::io::Write;
use std::path::Path;

/// Protects: import through the public interface, dates and amounts of its own, aggregates. Every figure that the
/// program prints must be the reference's, to the last digit.
#[test]
fn every_figure_is_that_of_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/crm_sales");
    let Ok(reference) = std::fs::read_to_string(folder.join("reference.json")) else {
        // Written past the test harness, which keeps what a passing test prints.
        let reason = b"skipped: there is no folder shared/data/crm_sales beside the workspace\n";
        std::io::stderr().write_all(reason).unwrap();
        return;
    };
    let reference: Map<String, Value> = serde_json::from_str(&reference).unwrap();

    let crm = crm_sqlite::open_in_memory().unwrap();
    let session = crm.system("test");
    let loaded = load(&session, &folder, PLAN).unwrap();
    let figures = report(&session, loaded.pipeline).unwrap();

    let all = Query::new();
    let counted =
        (session.users().count(&all), session.customers().count(&all), session.opportunities().count(&all));
    assert_eq!((counted.0.unwrap(), counted.1.unwrap(), counted.2.unwrap()), (41, 86, 8_800));
    assert_eq!(loaded.problems, []);
    let deals = loaded.report.steps.last().unwrap().counts;
    assert_eq!(deals, Counts { rows: 8_800, created: 8_800, ..Counts::default() });
    let unassigned = session.customers().list(&Query::new().filter(Customer::NAME.is("Unassigned"))).unwrap();
    let of_nobody = Query::new().filter(Opportunity::CUSTOMER.is(unassigned.items[0].id.uuid()));
    assert_eq!(session.opportunities().count(&of_nobody).unwrap(), 1_425);
    let figures = figures.as_object().unwrap();
    assert_eq!(figures.len(), 8, "a figure is missing");
    for (name, ours) in figures {
        let theirs = match (name.as_str(), &reference[name]) {
            // The reference has the average of all closed ones beside those of won and of lost ones.
            ("avg_cycle_days", Value::Object(days)) => days
                .iter()
                .filter(|(kind, _)| *kind != "closed")
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
            (_, theirs) => theirs.clone(),
        };
        // The texts too: a number with another form would pass as an equal value.
        assert_eq!(ours.to_string(), theirs.to_string(), "{name}");
        assert_eq!(*ours, theirs, "{name}");
    }
    assert!(crm.check().unwrap().is_clean());
}

/// Protects: a name that the other file does not have is an error of its row, and of no other: without the alias of the plan
/// every deal of that product is refused.
#[test]
fn without_the_alias_its_rows_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/crm_sales");
    if !folder.exists() {
        return;
    }
    let crm = crm_sqlite::open_in_memory().unwrap();
    let plan = PLAN.replace("GTXPro = \"GTX Pro\"", "");
    assert_ne!(plan, PLAN);
    let loaded = load(&crm.system("test"), &folder, &plan).unwrap();
    let deals = loaded.report.steps.last().unwrap().counts;
    assert_eq!(deals, Counts { rows: 8_800, created: 7_320, failed: 1_480, ..Counts::default() });
    assert_eq!(loaded.problems.len(), 1_480);
    assert!(loaded.problems.iter().all(|(_, _, problem)| {
        (problem.column.as_str(), problem.value.as_str(), problem.rule.as_str())
            == ("product", "GTXPro", "unknown")
    }));
}
