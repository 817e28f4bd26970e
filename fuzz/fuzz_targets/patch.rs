//! Patches from JSON: read again as they were written, and taken or refused alike by both stores.
#![no_main]

use crm_core::{Filter, Patch, Query, Rules, Session};
use crm_fuzz::Twins;
use libfuzzer_sys::fuzz_target;
use std::cell::{Cell, RefCell};

/// Every patch that fits leaves operations behind.
const AS_GOOD_AS_NEW: u32 = 2_000;

thread_local! {
    static TWINS: RefCell<Twins> = RefCell::new(Twins::new());
    static USED: Cell<u32> = const { Cell::new(0) };
}

fuzz_target!(|json: &[u8]| {
    let Ok(patch) = serde_json::from_slice::<Patch>(json) else { return };
    let text = serde_json::to_string(&patch).expect("a patch is JSON");
    // Not the same value: a number of many digits is written as a text.
    let again: Patch = serde_json::from_str(&text).expect("what was written is read");
    assert_eq!(serde_json::to_string(&again).expect("a patch is JSON"), text);
    if USED.get() >= AS_GOOD_AS_NEW {
        TWINS.replace(Twins::new());
    }
    USED.set(USED.get() % AS_GOOD_AS_NEW + 1);
    TWINS.with_borrow(|twins| {
        try_on(twins, &patch, |session| session.customers());
        try_on(twins, &patch, |session| session.contacts());
        try_on(twins, &patch, |session| session.opportunities());
        try_on(twins, &patch, |session| session.reminders());
        try_on(twins, &patch, |session| session.products());
    });
});

fn try_on<E: Rules>(twins: &Twins, patch: &Patch, of: impl Fn(&Session) -> crm_core::Collection<'_, E>) {
    let first = Query::new().filter(Filter::all()).page_size(1);
    let page = twins.ask(|session| of(session).list(&first)).expect("the first record is there");
    let Some(record) = page.items.first() else { return };
    let newest = |session: &Session| Ok(session.last_operation()?.map(|operation| operation.id));
    let before = twins.ask(newest).expect("operations are told");
    if twins.ask(|session| of(session).patch(record.id, patch.clone())).is_err() {
        return;
    }
    // A patch that changes nothing is no operation.
    let done = twins.ask(newest).expect("operations are told").filter(|newest| Some(*newest) != before);
    if let Some(done) = done {
        twins.ask(|session| session.undo(done).map(|_| ())).expect("what was just done can be undone");
    }
    let again = twins.ask(|session| of(session).get(record.id)).expect("the record is there");
    assert_eq!(again.data, record.data, "undo gives back what was");
}
