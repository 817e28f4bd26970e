use crate::{failure, office};
use crm_core::{Currency, Patch, Query, Rate};

fn rate(from: Currency, to: Currency, valid_from: &str, rate: &str) -> Rate {
    Rate { from, to, valid_from: valid_from.parse().unwrap(), rate: rate.parse().unwrap(), ..Rate::default() }
}

#[test]
fn a_rate_is_between_two_currencies_from_a_day_on() {
    let office = office();
    let rates = office.admin.rates();
    let (usd, kes) = (Currency::USD, Currency::KES);
    assert_eq!(failure(rates.create(Rate::default())), "invalid to same, valid_from blank");
    assert_eq!(failure(rates.create(rate(usd, usd, "2026-01-01", "1"))), "invalid to same");
    assert_eq!(failure(rates.create(rate(usd, kes, "2026-01-01", "0"))), "invalid rate range");
    assert_eq!(failure(rates.create(rate(usd, kes, "2026-01-01", "-1"))), "invalid rate range");
    let first = rates.create(rate(usd, kes, "2026-01-01", "129.50")).unwrap();
    assert_eq!(first.rate.to_string(), "129.5");
    assert_eq!(failure(rates.create(rate(usd, kes, "2026-01-01", "130"))), "duplicate");
    // Another day, another direction, another pair.
    rates.create(rate(usd, kes, "2026-01-02", "130")).unwrap();
    rates.create(rate(kes, usd, "2026-01-01", "0.0077220077220077220077")).unwrap();
    rates.create(rate(Currency::EUR, kes, "2026-01-01", "150")).unwrap();
    let moved = rates.update(first.id, |rate| rate.valid_from = "2026-01-02".parse().unwrap());
    assert_eq!(failure(moved), "duplicate");
    rates.update(first.id, |rate| rate.valid_from = "2026-01-03".parse().unwrap()).unwrap();
    rates.create(rate(usd, kes, "2026-01-01", "129")).unwrap();
    let fine = Query::new().filter(Rate::FROM.is(kes.code()));
    assert_eq!(rates.list(&fine).unwrap().items[0].rate.to_string(), "0.0077220077220077220077");
    let newest =
        Query::new().filter(Rate::FROM.is("usd").and(Rate::TO.is("kes"))).descending(Rate::VALID_FROM);
    let days: Vec<_> =
        rates.list(&newest).unwrap().into_iter().map(|rate| rate.valid_from.to_string()).collect();
    assert_eq!(days, ["2026-01-03", "2026-01-02", "2026-01-01"]);
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn rates_are_kept_by_those_who_edit_settings_and_seen_by_all() {
    let office = office();
    let agent = office.user("juma", "agent", None);
    let new = rate(Currency::USD, Currency::KES, "2026-01-01", "129.5");
    assert_eq!(failure(agent.rates().create(new.clone())), "denied");
    let stored = office.admin.rates().create(new).unwrap();
    assert_eq!(agent.rates().get(stored.id).unwrap(), stored);
    assert_eq!(failure(agent.rates().patch(stored.id, Patch::new().set("rate", 1))), "denied");
    assert_eq!(failure(agent.rates().delete(stored.id)), "denied");
}

#[test]
fn a_rate_is_written_as_a_number_or_as_a_text() {
    let office = office();
    let rates = office.admin.rates();
    let create = |rate: &str| {
        let patch = format!(r#"{{"from": "USD", "to": "JPY", "valid_from": "2026-01-01", "rate": {rate}}}"#);
        rates.create_from(serde_json::from_str::<Patch>(&patch).unwrap())
    };
    let id = create("156.25").unwrap().id;
    assert_eq!(rates.get(id).unwrap().rate.to_string(), "156.25");
    let texted = rates.patch(id, Patch::new().set("rate", "156.000")).unwrap();
    assert_eq!(texted.rate.to_string(), "156");
    assert_eq!(failure(create("\"many\"")), "invalid rate mismatch");
    assert_eq!(failure(rates.patch(id, Patch::new().set("from", "XXX9"))), "invalid from mismatch");
    assert_eq!(failure(rates.patch(id, Patch::new().set("slot", "x"))), "invalid slot system");
    let was = office.crm.changes_since(0, 1_000).unwrap().pop().unwrap();
    office.admin.undo(was.id).unwrap();
    assert_eq!(rates.get(id).unwrap().rate.to_string(), "156.25");
}
