//! Cursors: as text that somebody typed, and as what could be inside of one.
#![no_main]

use crm_core::{Query, Record};
use crm_fuzz::Twins;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static TWINS: Twins = Twins::new();
}

fuzz_target!(|data: (u8, &str)| {
    let (order, position) = data;
    let order: &[&str] = match order % 4 {
        0 => &[],
        1 => &["name"],
        2 => &["company", "-lead_status"],
        _ => &["-code", "updated_at"],
    };
    let query = Query::new().order_by(order.iter().copied()).page_size(3);
    TWINS.with(|twins| {
        let _ = twins.ask(|session| session.customers().list(&query.clone().after(position)));
        // The place itself, with the number of the query that every true cursor begins with.
        let first = twins.ask(|session| session.customers().list(&query)).expect("the first page is there");
        let cursor = first.next.expect("there is a second page");
        let forged = forge(&cursor, position);
        let _ = twins.ask(|session| session.customers().list(&query.clone().after(forged.clone())));
        let ids = |records: Vec<Record<_>>| records.into_iter().map(|record| record.id).collect::<Vec<_>>();
        let second = twins.ask(|session| session.customers().list(&query.clone().after(cursor.clone())));
        let second = ids(second.expect("the second page is there").items);
        assert!(ids(first.items).iter().all(|id| !second.contains(id)), "pages overlap");
    });
});

/// The cursor with another place in it.
fn forge(cursor: &str, position: &str) -> String {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let inside = base64.decode(cursor).expect("a cursor is Base64");
    let mut inside: serde_json::Value = serde_json::from_slice(&inside).expect("a cursor is JSON");
    if let Ok(position) = serde_json::from_str(position) {
        inside["p"] = position;
    }
    base64.encode(inside.to_string())
}
