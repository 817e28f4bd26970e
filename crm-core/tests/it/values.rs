use crm_core::{
    Code, Currency, CustomValue, Customer, Decimal, Email, Error, Filter, Id, Money, Patch, Period, Phone,
    Quantity, Recurrence, Result, Value, Zone, fold,
};

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

/// An amount of a currency in its smallest unit.
fn amount(minor: i64, currency: &str) -> Money {
    Money::new(minor, currency.parse().unwrap())
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn money_times_a_number_rounds_half_to_even() {
    let times = |minor, currency, factor| amount(minor, currency).times(decimal(factor)).map(|m| m.minor);
    assert_eq!(times(5, "KES", "0.5"), Some(2), "2.5 is between 2 and 3");
    assert_eq!(times(7, "KES", "0.5"), Some(4), "3.5 is between 3 and 4");
    assert_eq!(times(-5, "KES", "0.5"), Some(-2));
    assert_eq!(times(-7, "KES", "0.5"), Some(-4));
    assert_eq!(times(5, "KES", "0.500001"), Some(3), "a little more than half is more");
    assert_eq!(times(5, "KES", "0.499999"), Some(2));
    assert_eq!(times(333, "JPY", "1.5"), Some(500), "499.5 yen");
    assert_eq!(times(1_001, "KWD", "2.5"), Some(2_502), "2.5025 dinar");
    assert_eq!(times(1_003, "KWD", "2.5"), Some(2_508), "2.5075 dinar");
    assert_eq!(times(i64::MAX, "KES", "1"), Some(i64::MAX));
    assert_eq!(times(i64::MAX, "KES", "1.1"), None, "what is too large is not cut");
    assert_eq!(times(i64::MIN, "KES", "-1"), None);
    assert_eq!(times(i64::MAX, "KES", "79228162514264337593543950335"), None);
    assert_eq!(times(0, "KES", "-3"), Some(0));
}

#[test]
fn money_in_percent_rounds_half_to_even_and_stays_at_the_edge() {
    let percent = |minor, part| amount(minor, "KES").percent(part).minor;
    assert_eq!([percent(50, 1), percent(150, 1), percent(250, 1)], [0, 2, 2]);
    assert_eq!([percent(-50, 1), percent(-150, 1), percent(-250, 1)], [0, -2, -2]);
    assert_eq!([percent(51, 1), percent(49, 1), percent(-51, 1), percent(-49, 1)], [1, 0, -1, 0]);
    assert_eq!((percent(i64::MAX, 255), percent(i64::MIN, 255)), (i64::MAX, i64::MIN));
    assert_eq!(percent(i64::MAX - 1, 50), i64::MAX / 2);
    assert_eq!(amount(3, "JPY").percent(50), amount(2, "JPY"));
}

#[test]
fn money_converts_between_currencies_of_other_exponents() {
    let convert = |minor, from, to: &str, rate| {
        amount(minor, from)
            .convert(to.parse().unwrap(), decimal(rate))
            .map(|money| (money.minor, money.currency.code().to_owned()))
    };
    let some = |minor: i64, code: &str| Some((minor, code.to_owned()));
    assert_eq!(convert(1_000, "USD", "KES", "129.5"), some(129_500, "KES"));
    assert_eq!(convert(1_000, "USD", "JPY", "156.25"), some(1_562, "JPY"), "1562.5 yen, to the even one");
    assert_eq!(convert(1_000, "USD", "JPY", "156.35"), some(1_564, "JPY"), "1563.5 yen");
    assert_eq!(convert(-1_000, "USD", "JPY", "156.25"), some(-1_562, "JPY"));
    assert_eq!(convert(1_562, "JPY", "USD", "0.0064"), some(1_000, "USD"), "9.9968 dollars");
    assert_eq!(convert(1, "JPY", "KWD", "0.0025"), some(2, "KWD"), "2.5 fils, to the even one");
    assert_eq!(convert(1, "JPY", "KWD", "0.0035"), some(4, "KWD"), "3.5 fils");
    assert_eq!(convert(1_234, "KWD", "JPY", "500"), some(617, "JPY"));
    assert_eq!(convert(1_001, "KWD", "JPY", "500"), some(500, "JPY"), "500.5 yen, to the even one");
    assert_eq!(convert(1_005, "KWD", "KES", "1"), some(100, "KES"), "1.005, to the even one");
    assert_eq!(convert(1_015, "KWD", "KES", "1"), some(102, "KES"));
    assert_eq!(convert(i64::MAX, "JPY", "KWD", "1"), None, "what is too large is not cut");
    assert_eq!(convert(i64::MAX, "JPY", "KES", "79228162514264337593543950335"), None);
}

#[test]
fn exponents_are_those_of_iso_4217() {
    for (code, digits, text) in
        [("KES", 2, "KES 12.34"), ("JPY", 0, "JPY 1234"), ("KWD", 3, "KWD 1.234"), ("CLF", 4, "CLF 0.1234")]
    {
        let money = amount(1_234, code);
        assert_eq!((money.currency.exponent(), money.to_string().as_str()), (digits, text));
        assert_eq!(Money::from_decimal(money.to_decimal(), money.currency).unwrap(), money);
    }
}

#[test]
fn quantities_are_exact_to_the_millionth() {
    let millionths = |text: &str| Quantity(decimal(text)).millionths();
    assert_eq!(millionths("2.5"), Some(2_500_000));
    assert_eq!(millionths("2.500000000"), Some(2_500_000));
    assert_eq!(millionths("-0.000001"), Some(-1));
    assert_eq!(millionths("0.0000001"), None);
    assert_eq!(millionths("1000000000000"), Some(1_000_000_000_000_000_000));
    assert_eq!(millionths("1000000000000.000001"), None);
    assert_eq!(Quantity::from_millionths(2_500_000).to_string(), "2.5");
    let all: Vec<Quantity> = ["10", "9.5", "-3", "0.1"].iter().map(|text| Quantity(decimal(text))).collect();
    let mut sorted = all.clone();
    sorted.sort_by_key(|quantity| quantity.millionths());
    let mut by_number = all;
    by_number.sort();
    assert_eq!(sorted, by_number);
}

#[test]
fn decimals_keep_all_of_their_digits_in_json() {
    for (text, json) in [
        ("2.5", "2.5"),
        ("-3", "-3.0"),
        ("0.000001", "1e-6"),
        ("999999999.999999", "999999999.999999"),
        ("123456789012.345678", "\"123456789012.345678\""),
    ] {
        let value = Value::Decimal(decimal(text));
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        let patch: Patch = serde_json::from_str(&format!("{{\"quantity\": {json}}}")).unwrap();
        let office = crate::office();
        let customer = office.customer("Mara Tea").id;
        let patch = patch.set("customer", customer).set("unit_price", amount(1, "KES"));
        let sale = office.admin.sales().create_from(patch).unwrap();
        assert_eq!(sale.quantity, Quantity(decimal(text)));
    }
    let custom: CustomValue = serde_json::from_str("2.50").unwrap();
    assert_eq!(custom, CustomValue::Number(decimal("2.5")));
}

/// What a program parses by hand tells the library's own error, in words that read on their own.
#[test]
fn texts_become_values_or_the_librarys_error() {
    fn told<T: std::str::FromStr<Err = Error> + std::fmt::Debug>(text: &str) -> String {
        let error = text.parse::<T>().unwrap_err();
        assert_eq!(error.code(), "invalid");
        error.to_string()
    }
    assert_eq!(
        told::<Zone>("Nairobi"),
        "invalid data: zone: \"Nairobi\" is not the name of a time zone, such as Africa/Nairobi"
    );
    assert_eq!(
        told::<Currency>("shilling"),
        "invalid data: currency: \"shilling\" is not a currency code of three letters, such as KES"
    );
    assert_eq!(
        told::<Code>("C"),
        "invalid data: code: \"C\" is not a code that ends with a number, like C001"
    );
    assert_eq!(told::<Id<Customer>>("C001"), "invalid data: id: \"C001\" is not an id");
    let number = "a number of at most 1,000,000,000,000 with at most 6 decimals";
    for text in ["many", "0.0000001", "1000000000001", ""] {
        let told = told::<Quantity>(text);
        assert!(told.starts_with("invalid data: quantity: "), "{told}");
        assert!(told.ends_with(&format!(" is not {number}")) && told.contains(text), "{told}");
    }
    assert!(told::<Recurrence>("daily").starts_with("invalid data: "));
    fn all(texts: &[&str]) -> Result<Vec<Quantity>> {
        texts.iter().map(|text| text.parse()).collect()
    }
    assert_eq!(all(&["2.50", "-3"]).unwrap(), ["2.5".parse().unwrap(), Quantity::from(-3)]);
    let other: Result<u8, std::num::ParseIntError> = "7".parse::<u8>();
    assert_eq!(other, Ok(7), "the alias takes another error");
}

#[test]
fn values_are_made_of_what_programs_have() {
    let text = String::from("a@b.example");
    assert_eq!(Email::from(text.clone()), Email::from("a@b.example"));
    assert_eq!(Phone::from(String::from("0722 000 001")), Phone::from("0722 000 001"));
    assert_eq!(Value::from(&text), Value::Text(text.clone()));
    let id = Id::<Customer>::from_uuid(crm_core::Uuid::from_u128(7));
    assert_eq!(Value::from(Some(id)), Value::Id(id.uuid()));
    assert_eq!(Value::from(None::<Id<Customer>>), Value::Null);
    assert_eq!(Quantity::try_from(Decimal::new(250, 2)).unwrap().to_string(), "2.5");
    let fine = Quantity::try_from(Decimal::new(1, 7)).unwrap_err();
    assert_eq!((fine.code(), Quantity::from(3_i32)), ("invalid", Quantity::from(3_i64)));
}
