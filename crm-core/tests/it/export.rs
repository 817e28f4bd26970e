//! Lists as CSV: everything comes back from what was written, and nobody gets more than he sees.

use super::{failure, office};
use crm_core::exchange::{CsvExport, cell, formula};
use crm_core::sample::{SampleOptions, fill};
use crm_core::{
    Action, Address, Contact, Crm, Currency, CustomField, CustomFieldType, CustomValue, CustomValues,
    Customer, Email, Filter, Grants, Id, Kind, Level, Money, Opportunity, Phone, Query, Record, Role, Rules,
    Session, Shape, User, Value, ValueType,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn written<E: Rules>(session: &Session, query: &Query, options: &CsvExport) -> String {
    let mut file = Vec::new();
    let rows = session.collection::<E>().export_csv(query, options, &mut file).unwrap();
    let text = String::from_utf8(file).unwrap();
    let mut reader = csv::ReaderBuilder::new();
    let records = reader.delimiter(u8::try_from(options.delimiter).unwrap()).from_reader(text.as_bytes());
    assert_eq!(rows, records.into_records().map(Result::unwrap).count() as u64);
    text
}

fn columns<E: Rules>(session: &Session, columns: &[&str]) -> String {
    written::<E>(
        session,
        &Query::new().order_by(["created_at"]),
        &CsvExport::default().columns(columns.iter().copied()),
    )
}

/// The rows of a file by header.
fn rows(text: &str, options: &CsvExport) -> Vec<BTreeMap<String, String>> {
    let text = if options.bom { text.strip_prefix('\u{feff}').unwrap() } else { text };
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.delimiter(u8::try_from(options.delimiter).unwrap()).from_reader(text.as_bytes());
    let restored = |cell: &str| match options.spreadsheet_safe {
        true => formula::restore(cell).to_owned(),
        false => cell.to_owned(),
    };
    let headers = reader.headers().unwrap().clone();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        headers.iter().map(str::to_owned).zip(row.iter().map(restored)).collect()
    });
    rows.collect()
}

fn money(row: &BTreeMap<String, String>, amount: &str, currency: &str) -> Value {
    match row[currency].parse() {
        Ok(currency) => Value::Money(Money::parse(&row[amount], currency).unwrap()),
        Err(_) => {
            assert_eq!((&*row[amount], &*row[currency]), ("", ""));
            Value::Null
        }
    }
}

fn single(row: &BTreeMap<String, String>, name: &str, shape: Shape) -> Value {
    match shape {
        Shape::Scalar { ty, .. } => cell::read(&row[name], ty).unwrap(),
        Shape::Code { .. } => cell::read(&row[name], ValueType::Code).unwrap(),
        Shape::Money { .. } => money(row, name, &format!("{name}_currency")),
        Shape::Parts { .. } => panic!("{name} has parts inside parts"),
    }
}

/// The record that a row tells of.
fn read<E: Rules>(row: &BTreeMap<String, String>, definitions: &[CustomField]) -> E {
    let mut data = E::default();
    for (index, field) in E::FIELDS.iter().enumerate() {
        let value = match (field.shape)() {
            Shape::Scalar { ty: ValueType::Custom, .. } => {
                let of_kind = definitions.iter().filter(|definition| definition.entity == E::kind());
                let values = of_kind.map(|definition| {
                    let name = format!("custom.{}", definition.key);
                    let value = match definition.r#type {
                        CustomFieldType::Money => money(row, &name, &format!("{name}.currency")),
                        CustomFieldType::Bool => cell::read(&row[&name], ValueType::Bool).unwrap(),
                        CustomFieldType::Number => cell::read(&row[&name], ValueType::Decimal).unwrap(),
                        CustomFieldType::Choices => cell::read(&row[&name], ValueType::Json).unwrap(),
                        _ => cell::read(&row[&name], ValueType::Text).unwrap(),
                    };
                    (definition.key.clone(), value)
                });
                Value::Map(values.collect())
            }
            Shape::Scalar { .. } => cell::read_field(&row[field.name], field).unwrap(),
            Shape::Parts { parts, .. } => {
                let part = |part: &crm_core::FieldDef| {
                    let name = format!("{}_{}", field.name, part.name);
                    (part.name.to_owned(), single(row, &name, (part.shape)()))
                };
                let parts: BTreeMap<_, _> =
                    parts.iter().map(part).filter(|(_, value)| *value != Value::Null).collect();
                if parts.is_empty() { Value::Null } else { Value::Map(parts) }
            }
            shape => single(row, field.name, shape),
        };
        data.set(index, value).unwrap_or_else(|mismatch| panic!("{}: {mismatch:?}", field.name));
    }
    data
}

fn definitions(session: &Session) -> Vec<CustomField> {
    session.custom_fields().iter(Query::new()).map(|field| field.unwrap().data).collect()
}

fn comes_back<E: Rules>(session: &Session, options: &CsvExport) -> usize {
    let query = Query::new().order_by(["-created_at"]);
    let all: Vec<Record<E>> = session.collection().iter(query.clone()).map(Result::unwrap).collect();
    let rows = rows(&written::<E>(session, &query, options), options);
    assert_eq!(rows.len(), all.len());
    for (row, record) in rows.iter().zip(&all) {
        assert_eq!(read::<E>(row, &definitions(session)), record.data, "{row:?}");
        let id = Value::Id(record.id.uuid());
        assert_eq!(cell::read(&row["id"], ValueType::Id("")).unwrap(), id);
        assert_eq!(cell::read(&row["version"], ValueType::Int).unwrap(), Value::Int(record.version as i64));
        for (name, at) in [("created_at", record.created_at), ("updated_at", record.updated_at)] {
            assert_eq!(cell::read(&row[name], ValueType::Instant).unwrap(), Value::Instant(at));
        }
        assert_eq!(cell::read(&row["updated_by"], ValueType::Id("user")).unwrap(), record.updated_by.into());
    }
    all.len()
}

/// Texts that would come back as something else if anything were done wrongly.
const ODD: &[&str] = &[
    "=10+20+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "'=1",
    "''",
    "'tis",
    "\u{ff1d}1",
    "a;b",
    "[\"a\"]",
    "{}",
    "one, \"two\"",
    "line\nline",
    "O'Brien & Söhne <b>",
    "100%",
    "\u{feff}mark",
];

fn odd(crm: &Crm) {
    let sys = crm.system("odd");
    for (key, r#type) in [("fee", CustomFieldType::Money), ("fee_currency", CustomFieldType::Text)] {
        sys.custom_fields()
            .create(CustomField { key: key.into(), r#type, ..CustomField::default() })
            .unwrap();
    }
    let kinds = CustomField {
        key: "kinds".into(),
        r#type: CustomFieldType::Choices,
        options: vec!["=a".into(), "b;c".into()],
        ..CustomField::default()
    };
    sys.custom_fields().create(kinds).unwrap();
    for (number, text) in ODD.iter().enumerate() {
        let mut custom = CustomValues::default();
        custom.set("fee", Money::new(-5, Currency::from_code("KWD").unwrap()));
        custom.set("fee_currency", *text);
        custom.set("kinds", CustomValue::Texts(vec!["=a".into(), "b;c".into()]));
        let label = Email { label: Some((*text).into()), ..Email::new(format!("l{number}@x.example")) };
        let customer = Customer {
            name: (*text).into(),
            tags: ODD.iter().skip(number).take(3).map(|text| (*text).to_owned()).collect(),
            emails: match number % 3 {
                0 => vec![
                    Email::new(format!("a{number}@x.example")),
                    Email::new(format!("=b{number}@x.example")),
                ],
                1 => vec![label, Email::new(format!("c{number}@x.example"))],
                _ => Vec::new(),
            },
            phones: vec![Phone::new("+442079460958")],
            address: Some(Address { city: Some((*text).into()), ..Address::default() }),
            description: format!("{text}\r\n\r\nend"),
            external_ids: [("erp".to_owned(), format!("{number};{text}"))].into(),
            custom,
            ..Customer::default()
        };
        let id = sys.customers().create(customer).unwrap().id;
        let amount = Some(Money::new(-123_456, Currency::KES));
        let deal = Opportunity { customer: id, name: (*text).into(), amount, ..Opportunity::default() };
        sys.opportunities().create(deal).unwrap();
    }
}

#[test]
fn every_record_comes_back_from_its_cells() {
    let office = office();
    fill(&office.crm, &SampleOptions { seed: 5, leads: 10 }).unwrap();
    odd(&office.crm);
    let sys = office.crm.system("t");
    for options in [
        CsvExport::default(),
        CsvExport { spreadsheet_safe: true, bom: true, ..CsvExport::default() },
        CsvExport { spreadsheet_safe: true, delimiter: ';', ..CsvExport::default() },
        CsvExport { delimiter: '\t', ..CsvExport::default() },
    ] {
        let mut counted = 0;
        macro_rules! each {
            ($($entity:ident = $name:literal),+ $(,)?) => {$(
                counted += comes_back::<crm_core::$entity>(&sys, &options);
            )+};
        }
        crm_core::for_each_entity!(each);
        assert!(counted > 150, "{counted}");
    }
}

proptest! {
    #[test]
    fn a_harmless_text_becomes_what_it_was(text in any::<String>(), begin in "['=+@\t\r\n＝-]{0,4}") {
        for text in [text.clone(), begin + &text] {
            let harmless = formula::neutralise(&text);
            prop_assert!(!harmless.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']));
            prop_assert_eq!(formula::restore(&harmless), &*text);
        }
    }

    #[test]
    fn a_list_becomes_what_it_was(list in prop::collection::vec("[ab;\\[{\" ,'=]{0,4}", 1..4)) {
        let list = Value::List(list.into_iter().map(Value::from).collect());
        let text = cell::write(&list).into_owned();
        prop_assert_eq!(cell::read(&text, ValueType::Json).unwrap(), list);
    }

    #[test]
    fn an_amount_becomes_what_it_was(minor in any::<i64>(), currency in prop::sample::select(vec!["KES", "JPY", "KWD", "USD"])) {
        let money = Money::new(minor, currency.parse().unwrap());
        prop_assert_eq!(Money::parse(&cell::write(&Value::Money(money)), money.currency).unwrap(), money);
    }
}

#[test]
fn case_13_formulas_are_neutralised_and_phones_survive() {
    let office = office();
    let sys = office.crm.system("t");
    for name in ["=10+20+cmd|' /C calc'!A0", "@SUM(1)", "-2+3"] {
        let phones = vec![Phone::new("+442079460958")];
        sys.customers().create(Customer { name: name.into(), phones, ..Customer::default() }).unwrap();
    }
    let price = Some(Money::new(-250, Currency::KES));
    let customer = sys.customers().by_code("C001").unwrap().id;
    sys.opportunities()
        .create(Opportunity { customer, name: "+1".into(), amount: price, ..Default::default() })
        .unwrap();
    let safe = CsvExport { spreadsheet_safe: true, ..CsvExport::default().columns(["name", "phones"]) };
    let query = Query::new().order_by(["created_at"]);
    let file = written::<Customer>(&sys, &query, &safe);
    assert_eq!(
        file,
        "name,phones\r\n'=10+20+cmd|' /C calc'!A0,'+442079460958\r\n'@SUM(1),'+442079460958\r\n'-2+3,'+442079460958\r\n"
    );
    let back: Vec<_> =
        rows(&file, &safe).into_iter().map(|row| (row["name"].clone(), row["phones"].clone())).collect();
    assert_eq!(back[0], ("=10+20+cmd|' /C calc'!A0".to_owned(), "+442079460958".to_owned()));
    assert_eq!(back[1].0, "@SUM(1)");
    assert_eq!(back[2].0, "-2+3");
    // A number stays one, and what a reference shows is as harmless as what the record has itself.
    let safe = safe.columns(["name", "amount", "customer.name"]);
    let file = written::<Opportunity>(&sys, &query, &safe);
    assert_eq!(
        file,
        "name,amount,amount_currency,customer.name\r\n'+1,-2.50,KES,'=10+20+cmd|' /C calc'!A0\r\n"
    );
}

#[test]
fn case_10_texts_are_written_as_they_are() {
    let office = office();
    let sys = office.crm.system("t");
    for name in ["O'Brien & Söhne <b>", "AdolesCiência", "Iñaki"] {
        sys.customers().create(Customer { name: name.into(), ..Customer::default() }).unwrap();
    }
    let file = columns::<Customer>(&sys, &["name"]);
    assert_eq!(file, "name\r\nO'Brien & Söhne <b>\r\nAdolesCiência\r\nIñaki\r\n");
    let bom = CsvExport { bom: true, ..CsvExport::default().columns(["name"]) };
    assert_eq!(
        written::<Customer>(&sys, &Query::new().order_by(["created_at"]), &bom),
        format!("\u{feff}{file}")
    );
}

#[test]
fn case_11_references_are_written_as_ids_and_as_people_know_them() {
    let office = office();
    let sys = office.crm.system("t");
    let owner = office.admin.me().unwrap().unwrap().id;
    let id = sys
        .customers()
        .create(Customer { name: "Mara Tea".into(), owner: Some(owner), ..Customer::default() })
        .unwrap()
        .id;
    let contact = Contact { customer: id, given_name: "Njeri".into(), ..Contact::default() };
    sys.contacts().create(contact).unwrap();
    let file = columns::<Contact>(
        &sys,
        &["given_name", "customer", "customer.name", "customer.code", "customer.owner"],
    );
    let wanted = format!("Njeri,{id},Mara Tea,C001,{}\r\n", owner);
    assert_eq!(file.lines().nth(1).unwrap(), wanted.trim_end());
    // Without being asked: the code beside the id.
    let all = rows(&written::<Contact>(&sys, &Query::new(), &CsvExport::default()), &CsvExport::default());
    assert_eq!((&*all[0]["customer"], &*all[0]["customer.code"]), (&*id.to_string(), "C001"));
    let all = rows(&written::<Customer>(&sys, &Query::new(), &CsvExport::default()), &CsvExport::default());
    assert_eq!((&*all[0]["owner"], &*all[0]["owner.username"]), (&*owner.to_string(), "amina"));
    assert_eq!((&*all[0]["parent"], &*all[0]["parent.code"]), ("", ""));
    // No column tells of the trash, so that none brings it into another store.
    assert!(all[0].keys().all(|name| !name.contains("delet")));
}

#[test]
fn case_11b_line_ends_stay_inside_their_cell() {
    let office = office();
    let sys = office.crm.system("t");
    let description = "Lovelace\nAda";
    let customer = Customer {
        name: "Ada".into(),
        description: description.into(),
        tags: vec!["vip".into()],
        ..Default::default()
    };
    sys.customers().create(customer).unwrap();
    let file = columns::<Customer>(&sys, &["name", "description", "tags"]);
    assert_eq!(file, "name,description,tags\r\nAda,\"Lovelace\nAda\",vip\r\n");
}

#[test]
fn columns_are_those_that_were_chosen() {
    let office = office();
    let sys = office.crm.system("t");
    let address = Some(Address { city: Some("Nakuru".into()), ..Address::default() });
    sys.customers().create(Customer { name: "Mara Tea".into(), address, ..Customer::default() }).unwrap();
    assert_eq!(
        columns::<Customer>(&sys, &["address", "name", "address_city", "name"]),
        "address_street,address_city,address_state,address_postal_code,address_country,name\r\n,Nakuru,,,,Mara Tea\r\n"
    );
    assert_eq!(
        columns::<Customer>(&sys, &["lead_estimated_value", "custom", "kind", "status"]),
        "lead_estimated_value,lead_estimated_value_currency,kind,status\r\n,,individual,lead\r\n"
    );
    let all = written::<Customer>(&sys, &Query::new(), &CsvExport::default());
    let headers: Vec<_> = all.lines().next().unwrap().split(',').collect();
    assert_eq!(headers[..3], ["id", "code", "kind"]);
    assert_eq!(
        headers[headers.len() - 5..],
        ["version", "created_at", "created_by", "updated_at", "updated_by"]
    );
    let refused = |options: &CsvExport, query: &Query| {
        let mut file = Vec::new();
        let told = failure(sys.customers().export_csv(query, options, &mut file));
        assert!(file.is_empty());
        told
    };
    for unknown in [
        "nonsense",
        "address_moon",
        "customer.name",
        "owner.nonsense",
        "custom.tier",
        "name.x",
        "",
        "code_number",
    ] {
        let options = CsvExport::default().columns(["name", unknown]);
        assert_eq!(refused(&options, &Query::new()), "invalid columns unknown_field", "{unknown}");
    }
    for delimiter in ['"', '\n', 'a', '\u{ff0c}', '\0'] {
        let options = CsvExport { delimiter, ..CsvExport::default() };
        assert_eq!(refused(&options, &Query::new()), "invalid delimiter unknown");
    }
    let query = Query::new().order_by(["nonsense"]);
    assert_eq!(refused(&CsvExport::default(), &query), "invalid order unknown_field");
    // Only what the query asks for, in its order.
    for name in ["A", "C", "B", "D", "E", "F"] {
        sys.customers().create(named(name)).unwrap();
    }
    let query =
        Query::new().filter(Filter::is_in("name", ["A", "B", "C", "E"])).order_by(["-name"]).page_size(1);
    let file = written::<Customer>(&sys, &query, &CsvExport::default().columns(["name"]));
    assert_eq!(file, "name\r\nE\r\nC\r\nB\r\nA\r\n");
    let none = Query::new().filter(Filter::is("name", "nobody"));
    assert_eq!(written::<Customer>(&sys, &none, &CsvExport::default().columns(["name"])), "name\r\n");
}

fn named(name: &str) -> Customer {
    Customer { name: name.into(), ..Customer::default() }
}

#[test]
fn a_list_of_the_past_is_written_as_it_was() {
    let office = office();
    let id = office.admin.customers().create(named("Before")).unwrap().id;
    let then = office.admin.now();
    office.clock.advance(crm_core::chrono::TimeDelta::hours(1));
    office.admin.customers().update(id, |customer| customer.name = "After".into()).unwrap();
    assert_eq!(columns::<Customer>(&office.admin.as_of(then), &["name"]), "name\r\nBefore\r\n");
}

#[test]
fn only_what_a_role_may_export_is_written() {
    let office = office();
    let sys = office.crm.system("t");
    let with = |key: &str, change: &dyn Fn(&mut Grants)| -> (Session, Id<User>) {
        let mut grants = Grants::of_all_kinds(&[Action::View, Action::Export], Level::All);
        change(&mut grants);
        let role = Role { key: key.into(), name: key.into(), grants, ..Role::default() };
        let role = sys.roles().create(role).unwrap().id;
        let user = User { username: key.into(), role, ..User::default() };
        let user = sys.users().create(user).unwrap().id;
        sys.set_password(user, "correct horse").unwrap();
        (office.crm.login(key, "correct horse").unwrap(), user)
    };
    let (none, _) = with("sees-only", &|grants| grants.grant(Kind::Customer, Action::Export, Level::None));
    let (own, user) = with("exports-own", &|grants| {
        grants.grant(Kind::Customer, Action::Export, Level::Own);
        grants.grant(Kind::User, Action::Export, Level::None);
    });
    for (name, owner) in [("Theirs", None), ("Mine", Some(user)), ("Theirs too", None)] {
        let customer = sys.customers().create(Customer { owner, ..named(name) }).unwrap().id;
        let contact = Contact { customer, given_name: format!("At {name}"), ..Contact::default() };
        sys.contacts().create(contact).unwrap();
    }
    let refused = none.customers().export_csv(&Query::new(), &CsvExport::default(), &mut std::io::sink());
    assert_eq!(failure(refused), "denied");
    assert_eq!(none.customers().count(&Query::new()).unwrap(), 3);
    assert_eq!(columns::<Customer>(&own, &["name", "owner.username"]), "name,owner.username\r\nMine,\r\n");
    // He may export all contacts, and of customers only his own.
    assert_eq!(
        columns::<Contact>(&own, &["given_name", "customer.name"]),
        "given_name,customer.name\r\nAt Theirs,\r\nAt Mine,Mine\r\nAt Theirs too,\r\n"
    );
    let viewer = with("viewer-like", &|grants| *grants = Grants::of_all_kinds(&[Action::View], Level::All)).0;
    let refused = viewer.contacts().export_csv(&Query::new(), &CsvExport::default(), &mut std::io::sink());
    assert_eq!(failure(refused), "denied");
}

/// Takes some bytes and then fails.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| std::io::Error::other("the disk is full"))?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_failing_writer_is_told() {
    let office = office();
    odd(&office.crm);
    let sys = office.crm.system("t");
    let options = CsvExport { bom: true, ..CsvExport::default() };
    let all = written::<Customer>(&sys, &Query::new(), &CsvExport::default()).len() + '\u{feff}'.len_utf8();
    assert!(sys.customers().export_csv(&Query::new(), &options, &mut Full(all)).is_ok());
    for room in [0, 2, 3, 1_000, all / 2, all - 1] {
        let full = sys.customers().export_csv(&Query::new(), &options, &mut Full(room));
        assert_eq!(failure(full), "storage", "{room}");
    }
}

#[test]
fn options_are_plain_data() {
    let options: CsvExport =
        serde_json::from_str(r#"{"columns":["name"],"bom":true,"delimiter":";"}"#).unwrap();
    let wanted = CsvExport { bom: true, delimiter: ';', ..CsvExport::default().columns(["name"]) };
    assert_eq!(options, wanted);
    assert!(serde_json::from_str::<CsvExport>(r#"{"colums":[]}"#).is_err());
}
