//! Queries that make no sense, and cursors that are none.

use super::{Desk, named, violations};
use crm_core::{Currency, Customer, Filter, Money, Opportunity, Query, Value};

fn desk() -> Desk {
    let desk = Desk::new();
    for number in 0..9 {
        desk.sys.customers().create(named(&format!("Customer {}", number % 3))).unwrap();
    }
    desk
}

#[test]
fn a_page_has_1_to_1000_records() {
    let desk = desk();
    for size in [0, 1_001, u32::MAX] {
        desk.invalid(&[("page_size", "range")], || desk.sys.customers().list(&Query::new().page_size(size)));
        desk.invalid(&[("page_size", "range")], || desk.sys.customers().trash(&Query::new().page_size(size)));
    }
    assert_eq!(desk.sys.customers().list(&Query::new().page_size(1_000)).unwrap().items.len(), 10);
}

#[test]
fn a_cursor_is_taken_as_it_was_given() {
    let desk = desk();
    let query = Query::new().order_by(["name"]).page_size(2);
    let cursor = desk.sys.customers().list(&query).unwrap().next.unwrap();
    for broken in
        ["", "x", "!!!", "bm9uc2Vuc2U", "e30", "\0", "ünï", &"A".repeat(100_000), &format!("{cursor}=")]
    {
        desk.invalid(&[("cursor", "cursor")], || desk.sys.customers().list(&query.clone().after(broken)));
    }
    // Any change of any character is found, or gives a place in the list; it breaks nothing.
    for at in 0..cursor.len() {
        for letter in ["A", "z", "_"] {
            let mut changed = cursor.clone();
            changed.replace_range(at..=at, letter);
            if let Err(error) = desk.sys.customers().list(&query.clone().after(&changed)) {
                assert_eq!(violations(&error), [("cursor", "cursor")], "{changed}");
            }
        }
    }
    let larger = query.clone().page_size(1_000).after(&cursor);
    assert_eq!(desk.sys.customers().list(&larger).unwrap().items.len(), 8, "the size of the page may change");
}

#[test]
fn a_cursor_belongs_to_its_list() {
    let desk = desk();
    let query = Query::new().order_by(["name"]).page_size(2);
    let cursor = desk.sys.customers().list(&query).unwrap().next.unwrap();
    let after = |query: Query| query.page_size(2).after(&cursor);
    for other in [
        after(Query::new()),
        after(Query::new().order_by(["-name"])),
        after(Query::new().order_by(["name", "status"])),
        after(Query::new().order_by(["name"]).filter(Customer::NAME.is("x"))),
        after(Query::new().order_by(["name"]).words("x")),
    ] {
        desk.invalid(&[("cursor", "cursor")], || desk.sys.customers().list(&other));
    }
    desk.invalid(&[("cursor", "cursor")], || {
        desk.sys.opportunities().list(&Query::new().order_by(["name"]).after(&cursor))
    });
}

#[test]
fn a_filter_nests_at_most_32_deep() {
    let desk = desk();
    for depth in [40_u32, 10_000] {
        let deep = (0..depth).fold(Customer::NAME.is("x"), |filter, _| !filter);
        let query = Query::new().filter(deep);
        desk.invalid(&[("filter", "too_deep")], || desk.sys.customers().list(&query));
        desk.invalid(&[("filter", "too_deep")], || desk.sys.customers().count(&query));
    }
}

#[test]
fn a_filter_has_at_most_500_tests_and_10000_values() {
    let desk = desk();
    let count = |filter: Filter| desk.sys.customers().count(&Query::new().filter(filter));
    let names =
        |count: u32| (0..count).map(|n| Customer::NAME.is(format!("Customer {n}"))).collect::<Vec<_>>();
    assert_eq!(count(Filter::Or { or: names(500) }).unwrap(), 9);
    assert_eq!(count(!Filter::And { and: names(500) }).unwrap(), 10);
    desk.invalid(&[("filter", "too_many")], || count(Filter::Or { or: names(501) }));
    desk.invalid(&[("filter", "too_many")], || count(Filter::And { and: names(100_000) }));
    let halves = || Filter::Or { or: vec![Filter::Or { or: names(300) }, !Filter::Or { or: names(300) }] };
    desk.invalid(&[("filter", "too_many")], || count(halves()));
    let listed = |tests: u32| {
        let values = |_| Customer::NAME.is_in((0..1_000).map(|n| format!("Customer {n}")));
        Filter::Or { or: (0..tests).map(values).collect() }
    };
    assert_eq!(count(listed(10)).unwrap(), 9);
    desk.invalid(&[("filter", "too_many")], || count(listed(11)));
    let amounts =
        |count: i64| Filter::is_in("lead_estimated_value", (0..count).map(|n| Money::new(n, Currency::KES)));
    assert_eq!(count(amounts(250)).unwrap(), 0);
    desk.invalid(&[("filter", "too_many")], || count(amounts(251)));
}

#[test]
fn a_filter_fits_the_fields() {
    let desk = desk();
    let filters = [
        (Filter::is("nothing", "x"), "nothing", "unknown_field"),
        (Filter::is("", "x"), "", "unknown_field"),
        (Filter::is("name'; --", "x"), "name'; --", "unknown_field"),
        (Filter::is("description", "x"), "description", "not_filterable"),
        (Filter::is("name", 5_i64), "name", "mismatch"),
        (Filter::is("status", "sleeping"), "status", "mismatch"),
        (Filter::is("owner", "nobody"), "owner", "mismatch"),
        (Filter::is("code", "nonsense"), "code", "mismatch"),
        (Filter::less("code", Value::Null), "code", "mismatch"),
        (Filter::less("name", Value::Null), "name", "mismatch"),
        (Filter::contains("status", "le"), "status", "operator"),
        (Filter::starts_with("created_at", "2026"), "created_at", "operator"),
        (Filter::less("tags", "x"), "tags", "operator"),
        (Filter::is("tags", 5_i64), "tags", "mismatch"),
        (Filter::is("lead_estimated_value", 5_i64), "lead_estimated_value", "mismatch"),
        (Filter::is_in("name", vec!["x"; 1_001]), "name", "too_many"),
        (Filter::is_in("name", [5_i64]), "name", "mismatch"),
        (Filter::is("created_at", "yesterday"), "created_at", "mismatch"),
        (Filter::is("name.first", "x"), "name.first", "not_a_reference"),
        (Filter::is("parent.nothing", "x"), "parent.nothing", "unknown_field"),
        (Filter::is("parent.parent.name", "x"), "parent.parent.name", "unknown_field"),
    ];
    for (filter, field, rule) in filters {
        desk.invalid(&[(field, rule)], || desk.sys.customers().list(&Query::new().filter(filter.clone())));
        desk.invalid(&[(field, rule)], || desk.sys.customers().count(&Query::new().filter(!filter)));
    }
    let between = r#"{"field": "name", "op": "between", "value": ["a"]}"#;
    let between: Filter = serde_json::from_str(between).unwrap();
    let both = between.and(Filter::is("nothing", 1_i64));
    desk.invalid(&[("name", "mismatch"), ("nothing", "unknown_field")], || {
        desk.sys.customers().list(&Query::new().filter(both))
    });
    assert!(serde_json::from_str::<Filter>(r#"{"field": "name", "op": "like", "value": "%"}"#).is_err());
    assert!(serde_json::from_str::<Query>(r#"{"page": 1}"#).is_err());
}

#[test]
fn an_order_fits_the_fields() {
    let desk = desk();
    for (key, rule) in [
        ("nothing", "unknown_field"),
        ("", "unknown_field"),
        ("-", "unknown_field"),
        ("--name", "unknown_field"),
        ("name DESC", "unknown_field"),
        ("customer.name", "unknown_field"),
        ("emails", "not_sortable"),
        ("kind", "not_sortable"),
    ] {
        desk.invalid(&[("order", rule)], || desk.sys.customers().list(&Query::new().order_by([key])));
    }
    let nine = ["name"; 9];
    desk.invalid(&[("order", "too_many")], || desk.sys.customers().list(&Query::new().order_by(nine)));
    let ascending = Query::new().ascending(Opportunity::NAME);
    assert_eq!(desk.sys.opportunities().list(&ascending).unwrap().items, []);
}
