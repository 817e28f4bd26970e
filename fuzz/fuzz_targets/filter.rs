//! Queries from JSON: read again as they were written, and answered alike by both stores.
#![no_main]

use crm_core::Query;
use crm_fuzz::Twins;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static TWINS: Twins = Twins::new();
}

fuzz_target!(|json: &[u8]| {
    let Ok(query) = serde_json::from_slice::<Query>(json) else { return };
    let text = serde_json::to_string(&query).expect("a query is JSON");
    // Not the same value: a number of many digits is written as a text.
    let again: Query = serde_json::from_str(&text).expect("what was written is read");
    assert_eq!(serde_json::to_string(&again).expect("a query is JSON"), text);
    TWINS.with(|twins| {
        let _ = twins.ask(|session| session.customers().list(&query));
        let _ = twins.ask(|session| session.contacts().list(&query));
        let _ = twins.ask(|session| session.opportunities().list(&query));
        let _ = twins.ask(|session| session.customers().count(&query));
    });
});
