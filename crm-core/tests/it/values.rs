use crm_core::{Filter, Money, Period, Value, fold};

#[test]
fn the_json_form_of_filters_does_not_change() {
    let filter = Filter::is("status", "active")
        .and(Filter::is_in("tags", ["vip", "fair"]))
        .and(!Filter::is_empty("customer.address_city"))
        .and(
            Filter::between("created_at", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
                .or(Filter::less("version", 3)),
        );
    let json = concat!(
        r#"{"and":[{"field":"status","op":"is","value":"active"},{"field":"tags","op":"in","value":["vip","fair"]},"#,
        r#"{"not":{"field":"customer.address_city","op":"is_empty"}},"#,
        r#"{"or":[{"field":"created_at","op":"between","value":["2026-01-01T00:00:00Z","2026-02-01T00:00:00Z"]},"#,
        r#"{"field":"version","op":"less","value":3}]}]}"#
    );
    assert_eq!(serde_json::to_string(&filter).unwrap(), json);
    assert_eq!(serde_json::from_str::<Filter>(json).unwrap(), filter);
}

#[test]
fn values_have_the_json_that_one_expects() {
    let value = Value::List(vec![
        Value::Null,
        true.into(),
        (-5_i64).into(),
        "Wanjirũ".into(),
        "2026-03-02".parse::<crm_core::chrono::NaiveDate>().unwrap().into(),
        Money::new(-1_250, crm_core::Currency::KES).into(),
    ]);
    let json = r#"[null,true,-5,"Wanjirũ","2026-03-02",{"minor":-1250,"currency":"KES"}]"#;
    assert_eq!(serde_json::to_string(&value).unwrap(), json);
}

#[test]
fn folding_makes_alike_what_people_take_for_alike() {
    for (text, folded) in
        [("ÉCOLE", "ecole"), ("Straße", "strasse"), ("ﬁsh", "fish"), ("İzmir", "izmir"), ("Łódź", "lodz")]
    {
        assert_eq!(fold(text), folded);
        assert_eq!(fold(&fold(text)), folded, "folding twice changes nothing");
    }
}

#[test]
fn periods_begin_where_calendars_say() {
    let day = |text: &str| text.parse::<crm_core::chrono::NaiveDate>().unwrap();
    for (period, start) in [
        (Period::Day, "2027-01-02"),
        (Period::Week, "2026-12-28"),
        (Period::Month, "2027-01-01"),
        (Period::Quarter, "2027-01-01"),
        (Period::Year, "2027-01-01"),
    ] {
        assert_eq!(period.start(day("2027-01-02")), day(start), "{period:?}");
    }
    assert_eq!(Period::Quarter.start(day("2026-08-31")), day("2026-07-01"));
}

#[test]
fn money_is_exact_and_unlike_currencies_never_add() {
    let amount =
        |text: &str, currency: &str| Money::from_decimal(text.parse().unwrap(), currency.parse().unwrap());
    assert_eq!(amount("1.234", "KWD").unwrap().minor, 1_234);
    assert_eq!(amount("500", "JPY").unwrap().minor, 500);
    assert_eq!(amount("500.99", "JPY").unwrap_err().code(), "invalid");
    let (yen, dollars) = (amount("1", "JPY").unwrap(), amount("1", "USD").unwrap());
    assert_eq!(yen.checked_add(dollars).unwrap_err().code(), "refused");
    assert_eq!(dollars.checked_add(dollars).unwrap().to_string(), "USD 2.00");
}
