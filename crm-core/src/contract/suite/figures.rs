//! Figures: counts, sums, averages, least and greatest, by up to two fields.

use super::Factory;
use super::fixture::{Office, named, refused};
use crate::model::{Customer, CustomerStatus, Interaction, Opportunity, Query};
use crate::store::{Aggregate, Group, GroupBy};
use crate::value::{Currency, Money, Period, Value};
use rust_decimal::Decimal;

fn keys(groups: &[Group]) -> Vec<(Vec<Value>, u64)> {
    groups.iter().map(|group| (group.keys.clone(), group.count)).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn day(day: &str) -> Value {
    Value::Date(day.parse().unwrap())
}

/// Groups by two fields, sorted by them with empty ones last; texts as they are written.
pub fn counts_by_two_fields(factory: Factory<'_>) {
    let office = Office::new(factory);
    for (status, company) in [
        (CustomerStatus::Active, Some("acme")),
        (CustomerStatus::Active, Some("ACME")),
        (CustomerStatus::Active, None),
        (CustomerStatus::Active, None),
        (CustomerStatus::Lead, Some("acme")),
    ] {
        let company = company.map(str::to_owned);
        office.sys.customers().create(Customer { status, company, ..named("x") }).unwrap();
    }
    let figures = Aggregate::count().by(Customer::STATUS).by(Customer::COMPANY);
    let groups = office.sys.customers().aggregate(&Query::new(), &figures).unwrap();
    let (active, lead) = (text("active"), text("lead"));
    assert_eq!(
        keys(&groups),
        [
            (vec![active.clone(), text("ACME")], 1),
            (vec![active.clone(), text("acme")], 1),
            (vec![active.clone(), Value::Null], 2),
            (vec![lead, text("acme")], 1),
        ]
    );
    assert!(groups.iter().all(|group| group.sum.is_none() && group.measured == 0 && group.avg.is_none()));
    let of_active = Query::new().filter(Customer::STATUS.is(CustomerStatus::Active));
    let groups =
        office.sys.customers().aggregate(&of_active, &Aggregate::count().by(Customer::STATUS)).unwrap();
    assert_eq!(keys(&groups), [(vec![active], 4)]);
    let groups = office.sys.customers().aggregate(&Query::new(), &Aggregate::count()).unwrap();
    assert_eq!(keys(&groups), [(vec![], 5)]);
    let nobody = Query::new().filter(Customer::NAME.is("nobody"));
    assert_eq!(office.sys.customers().aggregate(&nobody, &Aggregate::count()).unwrap(), []);
    assert_eq!(office.sys.customers().aggregate(&Query::new().words(""), &Aggregate::count()).unwrap(), []);
    let found = office.sys.customers().aggregate(&Query::new().words("x"), &Aggregate::count()).unwrap();
    assert_eq!(keys(&found), [(vec![], 5)]);
}

/// Instants fall into the periods of the organisation's zone, days into their own.
pub fn periods_are_those_of_the_organisation(factory: Factory<'_>) {
    let office = Office::new(factory);
    let customer = office.customer("Mara").id;
    // 00:30 on Thursday, 1 January 2026 in Nairobi; still 2025 in UTC.
    for at in ["2025-12-31T21:30:00Z", "2025-12-31T20:59:59.999999Z", "2026-03-31T22:00:00Z"] {
        let occurred_at = Some(at.parse().unwrap());
        let talk = Interaction { customer, subject: "x".into(), occurred_at, ..Interaction::default() };
        office.sys.interactions().create(talk).unwrap();
    }
    let by = |period| {
        let figures = Aggregate::count().by_period(Interaction::OCCURRED_AT, period);
        keys(&office.sys.interactions().aggregate(&Query::new(), &figures).unwrap())
    };
    let one = |start: &str, count| (vec![day(start)], count);
    assert_eq!(by(Period::Day), [one("2025-12-31", 2), one("2026-03-31", 1)]);
    assert_eq!(by(Period::Year), [one("2025-01-01", 2), one("2026-01-01", 1)]);
    office.sys.update_settings(|settings| settings.time_zone = "Africa/Nairobi".parse().unwrap()).unwrap();
    assert_eq!(by(Period::Day), [one("2025-12-31", 1), one("2026-01-01", 1), one("2026-04-01", 1)]);
    assert_eq!(by(Period::Week), [one("2025-12-29", 2), one("2026-03-30", 1)]);
    assert_eq!(by(Period::Month), [one("2025-12-01", 1), one("2026-01-01", 1), one("2026-04-01", 1)]);
    assert_eq!(by(Period::Quarter), [one("2025-10-01", 1), one("2026-01-01", 1), one("2026-04-01", 1)]);
    assert_eq!(by(Period::Year), [one("2025-01-01", 1), one("2026-01-01", 2)]);
    for (name, expected) in [("a", Some("2026-08-31")), ("b", None), ("c", Some("2026-07-01"))] {
        let expected_close_on = expected.map(|day| day.parse().unwrap());
        let deal = Opportunity { customer, name: name.into(), expected_close_on, ..Opportunity::default() };
        office.sys.opportunities().create(deal).unwrap();
    }
    let figures = Aggregate::count().by_period(Opportunity::EXPECTED_CLOSE_ON, Period::Quarter);
    let groups = office.sys.opportunities().aggregate(&Query::new(), &figures).unwrap();
    assert_eq!(keys(&groups), [one("2026-07-01", 2), (vec![Value::Null], 1)]);
}

/// Amounts are summed for each currency by itself, exactly; averages are over those that have a value.
pub fn amounts_are_summed_by_currency(factory: Factory<'_>) {
    let office = Office::new(factory);
    let customer = office.customer("Mara").id;
    let jpy = Currency::from_code("JPY").unwrap();
    let amounts = [
        Some(Money::new(100, Currency::KES)),
        Some(Money::new(101, Currency::KES)),
        Some(Money::new(-1, Currency::KES)),
        Some(Money::new(5, jpy)),
        Some(Money::new(8, jpy)),
        None,
    ];
    for amount in amounts {
        let deal = Opportunity { customer, name: "x".into(), amount, ..Opportunity::default() };
        office.sys.opportunities().create(deal).unwrap();
    }
    let figures = Aggregate::of(Opportunity::AMOUNT).by(Opportunity::STAGE);
    let groups = office.sys.opportunities().aggregate(&Query::new(), &figures).unwrap();
    let told: Vec<_> = groups.iter().map(|group| (group.currency, group.count, group.measured)).collect();
    assert_eq!(told, [(Some(jpy), 2, 2), (Some(Currency::KES), 3, 3), (None, 1, 0)]);
    let money = |minor, currency| Some(Value::Money(Money::new(minor, currency)));
    assert_eq!(groups[0].sum, money(13, jpy));
    assert_eq!(groups[0].avg, Some(Decimal::new(65, 1)));
    assert_eq!(groups[1].sum, money(200, Currency::KES));
    assert_eq!(groups[1].min, money(-1, Currency::KES));
    assert_eq!(groups[1].max, money(101, Currency::KES));
    assert_eq!(groups[1].avg, Some(Decimal::new(200, 2) / Decimal::from(3)));
    assert_eq!((&groups[2].sum, &groups[2].avg, &groups[2].min), (&None, &None, &None));
    assert_eq!(groups[2].keys, [text("prospecting")]);
}

/// Numbers have sums and averages, days and moments a least and a greatest; a sum that is too large is refused.
pub fn numbers_days_and_moments_are_measured(factory: Factory<'_>) {
    let office = Office::new(factory);
    let customer = office.customer("Mara").id;
    for (probability, expected) in
        [(Some(0), Some("2026-05-01")), (Some(25), None), (None, Some("2026-04-30"))]
    {
        let expected_close_on = expected.map(|day| day.parse().unwrap());
        let deal = Opportunity {
            customer,
            name: "x".into(),
            probability,
            expected_close_on,
            ..Opportunity::default()
        };
        office.sys.opportunities().create(deal).unwrap();
    }
    let deals = office.sys.opportunities();
    let group = |figures: &Aggregate| deals.aggregate(&Query::new(), figures).unwrap().remove(0);
    let numbers = group(&Aggregate::of(Opportunity::PROBABILITY));
    assert_eq!((numbers.count, numbers.measured), (3, 2));
    assert_eq!(
        (numbers.sum, numbers.min, numbers.max),
        (Some(25_i64.into()), Some(0_i64.into()), Some(25_i64.into()))
    );
    assert_eq!(numbers.avg, Some(Decimal::new(125, 1)));
    let days = group(&Aggregate::of(Opportunity::EXPECTED_CLOSE_ON));
    assert_eq!((days.sum, days.min, days.max), (None, Some(day("2026-04-30")), Some(day("2026-05-01"))));
    for _ in 0..2 {
        let amount = Some(Money::new(i64::MAX, Currency::KES));
        let deal = Opportunity { customer, name: "x".into(), amount, ..Opportunity::default() };
        deals.create(deal).unwrap();
    }
    refused(deals.aggregate(&Query::new(), &Aggregate::of(Opportunity::AMOUNT)), "invalid");
    let by = |fields: &[&str], of: Option<&str>| Aggregate {
        by: fields.iter().map(|field| GroupBy { field: (*field).to_owned(), period: None }).collect(),
        of: of.map(str::to_owned),
    };
    for wrong in [
        by(&["nothing"], None),
        by(&["tags"], None),
        by(&["stage", "status", "owner"], None),
        by(&[], Some("name")),
        by(&[], Some("nothing")),
        Aggregate { by: vec![GroupBy { field: "name".into(), period: Some(Period::Day) }], of: None },
    ] {
        refused(deals.aggregate(&Query::new(), &wrong), "invalid");
    }
}
