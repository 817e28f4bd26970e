//! Failures of other systems that an import here must not have: the rows of the table of known failures.

use super::{apply, dry_run, plan, try_rows};
use crate::{failure, office};
use crm_core::exchange::import::{
    FailedRows, Formats, Import, ImportEvent, Plan, RowAction, sniff, undo_import,
};
use crm_core::{Contact, Customer, Email, Kind, Query};
use std::ops::ControlFlow;

fn customers(columns: &str) -> Plan {
    plan(&format!(r#"{{"steps": [{{"entity": "customer", "file": "f", "columns": [{columns}]}}]}}"#))
}

const NAME_AND_EMAIL: &str = r#"{"column": "name", "field": "name"}, {"column": "email", "field": "emails"}"#;

fn names(office: &crate::Office) -> Vec<String> {
    let found = office.admin.customers().list(&Query::new().order_by(["code"])).unwrap();
    found.items.into_iter().map(|customer| customer.data.name).collect()
}

/// Protects: a blank line, and one of nothing but commas, stop nothing and are counted.
#[test]
fn case_01_blank_lines_stop_nothing() {
    let office = office();
    let text = "name,email\nA,a@x.com\n\nB,b@x.com\n,\nC,c@x.com\n";
    let ran = apply(&office.admin, &customers(NAME_AND_EMAIL), text);
    assert_eq!(names(&office), ["A", "B", "C"]);
    let counts = ran.report.counts;
    assert_eq!((counts.rows, counts.created, counts.skipped, counts.failed), (5, 3, 2, 0));
    assert_eq!(ran.reasons(RowAction::Skipped), [(3, "blank"), (5, "blank")]);
}

/// Protects: a row of a stray quote is told, its neighbours are imported.
#[test]
fn case_02_a_stray_quote_fails_one_row() {
    let office = office();
    let text = "name,email\nA,a@x.com\n\"B wide,b@x.com\nC,c@x.com\n";
    let ran = apply(&office.admin, &customers(NAME_AND_EMAIL), text);
    assert_eq!(names(&office), ["A", "C"]);
    assert_eq!(ran.told(), ["3  stray_quote"]);
}

/// Protects: a bad row is told with line, column, value and reason, all of its problems at once; the others proceed.
#[test]
fn case_03_a_bad_row_ends_nothing() {
    let office = office();
    let long = "n".repeat(256);
    let text =
        format!("name,email\nA,a@x.com\nB,bla.bla.@example.com\n{long},c@x.com\n{long},d@\nE,e@x.com\n");
    let ran = apply(&office.admin, &customers(NAME_AND_EMAIL), &text);
    assert_eq!(names(&office), ["A", "E"]);
    assert_eq!(ran.told(), ["3 email syntax", "4 name too_long", "5 name too_long", "5 email syntax"]);
    let problem = &ran.rows[1].problems[0];
    assert_eq!(
        (problem.value.as_str(), problem.field.as_str()),
        ("bla.bla.@example.com", "emails.0.address")
    );
    assert!(!problem.reason.is_empty());
    let counts = ran.report.counts;
    assert_eq!((counts.rows, counts.created, counts.failed), (5, 2, 3));
    // They come back as a file with the reasons.
    assert_eq!(ran.failed.lines().next().unwrap(), "name,email,reason");
    assert!(ran.failed.lines().nth(1).unwrap().starts_with("B,bla.bla.@example.com,email: "));
}

/// Protects: rows with a phone only, and phones in several columns; a column without any value is told.
#[test]
fn case_04_phones_alone_are_enough() {
    let office = office();
    let columns = r#"{"column": "name", "field": "name"}, {"column": "phone", "field": "phones"},
        {"column": "mobile", "field": "phones", "label": "mobile"},
        {"column": "work_phone_2", "field": "phones", "label": "work"}, {"column": "web", "field": "website"}"#;
    let text = "name,phone,mobile,work_phone_2,web,fax\nA,+254 722 000001,,,,1\nB,,+254 722 000002,+254 20 000003,,\n";
    let ran = apply(&office.admin, &customers(columns), text);
    assert_eq!(ran.report.counts.created, 2);
    let b = &office.admin.customers().list(&Query::new().filter(Customer::NAME.is("B"))).unwrap().items[0];
    let phones: Vec<_> =
        b.phones.iter().map(|p| (p.number.0.as_str(), p.label.as_deref().unwrap())).collect();
    assert_eq!(phones, [("+254 722 000002", "mobile"), ("+254 20 000003", "work")]);
    let step = &ran.report.steps[0];
    assert_eq!(step.warnings, ["web: no row has a value for website"]);
    assert_eq!(step.unused, ["fax"]);
    assert_eq!(step.filled[1], ("phones".to_owned(), 1));
}

/// Protects: what becomes a phone number and looks like none is told, by a dry run too; what people write is not.
#[test]
fn case_04_phones_that_look_like_none_are_told() {
    let office = office();
    let columns = r#"{"column": "name", "field": "name"}, {"column": "p", "field": "phones"}"#;
    let text = "name,p\nA,7.22555E+11\nB,########\nC,see notes 2021 (call after 5)\n\
                D,+254 722 000001 ::: +254 722 000002\nE,0722 000003 ext. 12\nF,1-800-FLOWERS\nG,3615\n";
    let tried = dry_run(&office.admin, &customers(columns), text);
    let ran = apply(&office.admin, &customers(columns), text);
    assert_eq!((ran.told(), ran.report.counts.created), (vec!["3 p syntax".to_owned()], 6));
    let warning =
        "p: what looks like no phone number is one now in 3 rows, the first on line 2: \"7.22555E+11\"";
    assert_eq!(ran.report.steps[0].warnings, [warning]);
    assert_eq!(tried.report.steps[0].warnings, [warning]);
}

/// Protects: several addresses and numbers in one cell of Google's files are several, by the plan that is suggested.
#[test]
fn case_04_googles_cells_hold_several() {
    let office = office();
    let text = "First Name,E-mail 1 - Value,Phone 1 - Value\n\
                Ana,a@x.com ::: ana@y.com,+254 722 000001 ::: +254 722 000002\nBob,b@x.com,\n";
    let step = sniff(text.as_bytes()).unwrap().suggest(Kind::Customer, "f");
    let ran = apply(&office.admin, &Plan { name: String::new(), steps: vec![step] }, text);
    assert_eq!((ran.told(), ran.report.steps[0].warnings.len()), (Vec::new(), 0));
    let ana = &office.admin.customers().list(&Query::new().order_by(["code"])).unwrap().items[0];
    assert_eq!(
        ana.emails.iter().map(|email| email.address.0.as_str()).collect::<Vec<_>>(),
        ["a@x.com", "ana@y.com"]
    );
    assert_eq!(ana.phones.len(), 2);
}

/// Protects: an empty cell is empty, and not what the row before had.
#[test]
fn case_05_empty_cells_take_nothing_from_the_row_before() {
    let office = office();
    let text = "first_name;last_name;email1\nf1;l1;email1@test.com\nf2;l2;\nf3;l3;email3@test.com\nf4;l4;\n";
    let found = sniff(text.as_bytes()).unwrap();
    let step = found.suggest(Kind::Customer, "f");
    let fields: Vec<&str> = step.columns.iter().map(|mapping| mapping.field.as_str()).collect();
    assert_eq!(fields, ["given_name", "family_name", "emails"]);
    apply(&office.admin, &Plan { name: String::new(), steps: vec![step] }, text);
    let found = office.admin.customers().list(&Query::new().order_by(["code"])).unwrap();
    let emails: Vec<usize> = found.items.iter().map(|customer| customer.emails.len()).collect();
    assert_eq!(emails, [1, 0, 1, 0]);
}

/// Protects: what an empty cell does to a record is what the plan says, and by default nothing.
#[test]
fn case_06_blank_on_update_does_what_the_plan_says() {
    let rows = "name,email,phone\nNew,a@x.com,\n";
    let run = |policy: &str, text: &str| {
        let office = office();
        let customer = Customer {
            name: "Old".into(),
            emails: vec![Email::new("A@x.com")],
            phones: vec!["+254 722 000001".into()],
            ..Customer::default()
        };
        office.admin.customers().create(customer).unwrap();
        let step = format!(
            r#"{{"steps": [{{"entity": "customer", "file": "f", "match_by": ["emails"], {policy}, "columns": [
                {NAME_AND_EMAIL}, {{"column": "phone", "field": "phones"}}]}}]}}"#
        );
        let ran = apply(&office.admin, &plan(&step), text);
        let found = office.admin.customers().list(&Query::new()).unwrap().items;
        assert_eq!(found.len(), 1);
        let phones: Vec<String> = found[0].phones.iter().map(|phone| phone.number.0.clone()).collect();
        (ran.actions(), found[0].name.clone(), phones.join(" / "))
    };
    use RowAction::{Skipped, Updated};
    let old = "+254 722 000001".to_owned();
    let told = |action, name: &str, phones: &str| (vec![action], name.to_owned(), phones.to_owned());
    assert_eq!(run(r#""on_match": "update""#, rows), told(Updated, "New", &old));
    assert_eq!(run(r#""on_match": "update", "when_empty": "keep""#, rows), told(Updated, "New", &old));
    assert_eq!(run(r#""on_match": "update", "when_empty": "clear""#, rows), told(Updated, "New", ""));
    assert_eq!(run(r#""on_match": "fill_empty""#, rows), told(Skipped, "Old", &old));
    assert_eq!(run(r#""on_match": "skip""#, rows), told(Skipped, "Old", &old));
    // A second number is no loss for the first one, as with cards.
    let second = "name,email,phone\nNew,a@x.com,+254 722 000002\n";
    let both = format!("{old} / +254 722 000002");
    assert_eq!(run(r#""on_match": "fill_empty""#, second), told(Updated, "Old", &both));
    assert_eq!(run(r#""on_match": "fill_empty", "lists": "replace""#, second), told(Skipped, "Old", &old));
    // The number that is there already comes once, however it is written; a new one comes first.
    let same = "name,email,phone\nNew,a@x.com,+254722000001\n";
    assert_eq!(run(r#""on_match": "update""#, same), told(Updated, "New", &old));
    let other = "name,email,phone\nNew,a@x.com,+254 722 000002\n";
    let both = format!("+254 722 000002 / {old}");
    assert_eq!(run(r#""on_match": "update""#, other), told(Updated, "New", &both));
    let only = told(Updated, "New", "+254 722 000002");
    assert_eq!(run(r#""on_match": "update", "lists": "replace""#, other), only);
}

/// Protects: an amount has the magnitude that its file means, or is refused.
#[test]
fn case_07_no_number_changes_its_magnitude() {
    let amount = |formats: &str, cell: &str| {
        let office = office();
        let columns = format!(
            r#"{{"column": "name", "field": "name"}},
            {{"column": "value", "field": "lead.estimated_value", "formats": {formats}}}"#
        );
        let ran = try_rows(&office.admin, &customers(&columns), &format!("name;value\nA;\"{cell}\"\n"));
        match ran.told().first() {
            Some(problem) => problem.clone(),
            None => {
                let found = office.admin.customers().list(&Query::new()).unwrap();
                found.items[0].lead.as_ref().unwrap().estimated_value.unwrap().to_string()
            }
        }
    };
    let german = r#"{"decimal": ",", "group": ".", "currency": "EUR"}"#;
    let english = r#"{"decimal": ".", "group": ",", "currency": "USD", "parentheses": true}"#;
    let plain = r#"{"currency": "EUR"}"#;
    assert_eq!(amount(german, "1.234,56"), "EUR 1234.56");
    assert_eq!(amount(german, "1234,56"), "EUR 1234.56");
    for cell in ["12.5.6", "12.5abc", "1.234.5", "١٢٣", "1,234.56", "12,345,6"] {
        assert_eq!(
            amount(german, cell),
            if cell == "12.5abc" { "2 value currency" } else { "2 value number" },
            "{cell}"
        );
    }
    assert_eq!(amount(plain, "1.234,56"), "2 value ambiguous");
    assert_eq!(amount(plain, "1.234"), "2 value ambiguous");
    assert_eq!(amount(plain, "1234,56"), "2 value ambiguous");
    assert_eq!(amount(plain, "1234.56"), "EUR 1234.56");
    assert_eq!(amount(english, "$1,000.00"), "USD 1000.00");
    assert_eq!(amount(english, "(100.00)"), "USD -100.00");
    assert_eq!(amount(r#"{"currency": "USD"}"#, "(100.00)"), "2 value number");
    assert_eq!(amount(r#"{"decimal": ".", "group": "'", "currency": "CHF"}"#, "1'234.50"), "CHF 1234.50");
    assert_eq!(
        amount(r#"{"decimal": ",", "group": " ", "currency": "EUR"}"#, "1\u{a0}234,50"),
        "EUR 1234.50"
    );
    assert_eq!(amount("{}", "12.50"), "2 value currency");
    assert_eq!(amount("{}", "12.50 KES"), "KES 12.50");
    assert_eq!(amount(plain, "0.001"), "2 value range");
}

/// Protects: a day is what the plan says; what could be two days is an error of the dry run.
#[test]
fn case_08_no_day_is_guessed() {
    let day = |formats: &str, cell: &str| {
        let office = office();
        let mara = office.customer("Mara");
        let step = format!(
            r#"{{"steps": [{{"entity": "contact", "file": "f", "columns": [{{"field": "customer", "default": "Mara"}},
            {{"column": "name", "field": "given_name"}}, {{"column": "born", "field": "birthday", "formats": {formats}}}]}}]}}"#
        );
        let text = format!("name,born\nAna,{cell}\n");
        let tried = dry_run(&office.admin, &plan(&step), &text);
        if let Some(problem) = tried.told().first() {
            return problem.clone();
        }
        apply(&office.admin, &plan(&step), &text);
        let of_mara = Query::new().filter(Contact::CUSTOMER.is(mara.id.uuid()));
        office.admin.contacts().list(&of_mara).unwrap().items[0].birthday.unwrap().to_string()
    };
    assert_eq!(day(r#"{"date": "%d/%m/%Y"}"#, "12/03/2021"), "2021-03-12");
    assert_eq!(day(r#"{"date": "%m/%d/%Y"}"#, "12/03/2021"), "2021-12-03");
    assert_eq!(day("{}", "12/03/2021"), "2 born ambiguous");
    assert_eq!(day("{}", "2021-12-03"), "2021-12-03");
    assert_eq!(day(r#"{"date": "%d/%m/%Y"}"#, "31/02/2024"), "2 born date");
    assert_eq!(day(r#"{"date": "%d/%m/%Y"}"#, "5/6/24"), "2 born date");
    assert_eq!(day(r#"{"date": "%d/%m/%y", "pivot": 68}"#, "5/6/24"), "2024-06-05");
    assert_eq!(day(r#"{"date": "%d/%m/%y", "pivot": 20}"#, "5/6/24"), "1924-06-05");
    assert_eq!(day(r#"{"date": "%d.%m.%Y"}"#, "28.09.2025"), "2025-09-28");
    assert_eq!(day("{}", "28.09.2025"), "2 born ambiguous");
    assert_eq!(day(r#"{"date": "excel"}"#, "45000"), "2023-03-15");
    assert_eq!(day("{}", "45000"), "2 born ambiguous");
    let reason = |formats: Formats, cell: &str| formats.day(cell).unwrap_err().1;
    for cell in ["2026-02-29", "2026-13-01", "2026-02-29T09:00:00Z"] {
        assert_eq!(reason(Formats::default(), cell), "there is no such day", "{cell}");
    }
    let european = || Formats { date: Some("%d/%m/%Y".into()), ..Formats::default() };
    assert_eq!(reason(european(), "29/02/2026"), "there is no such day");
    assert_eq!(reason(european(), "29.02.2026"), "it is no date of the form %d/%m/%Y");
    let wordy = Formats { date: Some("dd/mm/yyyy".into()), ..Formats::default() };
    assert!(wordy.check().unwrap_err().1.contains("%d/%m/%Y"));
    let pivotless: Plan = serde_json::from_str(
        r#"{"steps": [{"entity": "contact", "file": "f", "formats": {"date": "%d/%m/%y"},
        "columns": [{"column": "name", "field": "given_name"}]}]}"#,
    )
    .unwrap();
    assert_eq!(failure(pivotless.check()), "invalid steps.0.formats pivot");
}

/// Protects: no is no, and a word that nobody knows is an error.
#[test]
fn case_09_no_is_no() {
    let office = office();
    office.customer("Mara");
    let step = r#"{"steps": [{"entity": "product", "file": "f", "columns": [{"column": "name", "field": "name"},
        {"column": "price", "field": "price", "formats": {"currency": "USD"}}, {"column": "sold", "field": "active",
        "formats": {"yes": ["да", "yes"], "no": ["нет", "no", "n"]}}]}]}"#;
    let text = "name,price,sold\nA,1,no\nB,1,No\nC,1,N\nD,1,нет\nE,1,perhaps\nF,1,ДА\nG,1, \n";
    let ran = apply(&office.admin, &plan(step), text);
    assert_eq!(ran.told(), ["6 sold boolean"]);
    let found = office.admin.products().list(&Query::new().order_by(["name"])).unwrap();
    let active: Vec<bool> = found.items.iter().map(|product| product.active).collect();
    assert_eq!(active, [false, false, false, false, true, true]);
}

/// Protects: names in any encoding arrive, in one form; what is too long is refused and not cut.
#[test]
fn case_10_names_of_any_encoding_arrive() {
    let wanted = ["AdolesCiência", "Österreich", "Stöfan", "Jörg", "Iñaki"];
    let text = format!("name,email\n{}\n", wanted.map(|name| format!("{name},")).join("\n"));
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf_16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let decomposed = text.replace('ñ', "n\u{303}").into_bytes();
    let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    for (bytes, encoding) in [
        (text.clone().into_bytes(), "utf-8"),
        (marked, "utf-8"),
        (decomposed, "utf-8"),
        (utf_16, "utf-16le"),
        (latin, "windows-1252"),
    ] {
        let office = office();
        let ran = super::apply_bytes(&office.admin, &customers(NAME_AND_EMAIL), bytes);
        assert_eq!(names(&office), wanted, "{encoding}");
        assert_eq!(ran.report.steps[0].encoding, encoding);
    }
    let office = office();
    let long = "é".repeat(256);
    let ran = apply(&office.admin, &customers(NAME_AND_EMAIL), &format!("name,email\n{long},\n"));
    assert_eq!(ran.told(), ["2 name too_long"]);
}

/// Protects: the line ends of any system give the same records, and a quoted one stays in its value.
#[test]
fn case_11b_line_ends_give_the_same_records() {
    let columns = r#"{"column": "name", "field": "name"}, {"column": "email", "field": "emails"},
        {"column": "company", "field": "company"}, {"column": "tags", "field": "tags"}"#;
    for end in ["\n", "\r\n", "\r"] {
        for (mark, last) in [("", true), ("\u{feff}", true), ("", false), ("\u{feff}", false)] {
            let office = office();
            let last = if last { "\n" } else { "" };
            let text = format!("{mark}name,email,company,tags\nAda Lovelace,ada@x.com,Acme,vip{last}");
            apply(&office.admin, &customers(columns), &text.replace('\n', end));
            let ada = &office.admin.customers().list(&Query::new()).unwrap().items[0];
            assert_eq!((ada.name.as_str(), ada.tags.as_slice()), ("Ada Lovelace", &["vip".to_owned()][..]));
        }
    }
    let office = office();
    apply(
        &office.admin,
        &customers(NAME_AND_EMAIL),
        "email,name\nada@x.com,\"Lovelace\nAda\"\nbob@y.com,Bob\n",
    );
    assert_eq!(names(&office), ["Lovelace\nAda", "Bob"]);
}

/// Protects: a dry run tells what would happen and does nothing of it.
#[test]
fn case_12_a_dry_run_writes_nothing() {
    let office = office();
    let customer =
        Customer { name: "Old".into(), emails: vec![Email::new("a@x.com")], ..Customer::default() };
    office.admin.customers().create(customer).unwrap();
    let head = office.crm.head().unwrap();
    let step = format!(
        r#"{{"steps": [{{"entity": "customer", "file": "f", "match_by": ["emails"], "on_match": "update",
        "columns": [{NAME_AND_EMAIL}]}}]}}"#
    );
    let text = "name,email\nNew,A@X.com\nOther,b@x.com\nBad,b@\nAgain,b@x.com\n";
    let tried = dry_run(&office.admin, &plan(&step), text);
    use RowAction::{Created, Failed, Updated};
    assert_eq!(tried.actions(), [Updated, Created, Failed, Updated]);
    assert_eq!(tried.report.import, None);
    assert_eq!((names(&office), office.crm.head().unwrap()), (vec!["Old".to_owned()], head));
    // And what it said is what comes.
    let ran = apply(&office.admin, &plan(&step), text);
    assert_eq!((ran.actions(), ran.report.counts), (tried.actions(), tried.report.counts));
    assert_eq!(names(&office), ["New", "Again"]);
}

/// Protects: the apostrophe that keeps a spreadsheet from running a cell is taken off, when the plan says so.
#[test]
fn case_13_guarded_cells_come_back_as_they_were() {
    let values = ["=10+20+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "'=1"];
    let guarded: String = values.iter().map(|value| format!("'{value},'+442079460958\n")).collect();
    let text = format!("name,phone\n{guarded}'Quoted',020 7946 0958\n");
    let step = r#"{"steps": [{"entity": "customer", "file": "f", "spreadsheet_safe": true, "columns": [
        {"column": "name", "field": "name"}, {"column": "phone", "field": "phones"}]}]}"#;
    let office = office();
    apply(&office.admin, &plan(step), &text);
    assert_eq!(names(&office), [values[0], values[1], values[2], values[3], "'Quoted'"]);
    let found = office.admin.customers().list(&Query::new().order_by(["code"])).unwrap();
    assert_eq!(found.items[0].phones[0].number.0, "+442079460958");
}

/// Protects: the same file a second time creates nothing.
#[test]
fn case_14_a_second_import_creates_nothing() {
    let office = office();
    let step = format!(
        r#"{{"steps": [{{"entity": "customer", "file": "f", "match_by": ["emails", "phones", "name"], "on_match": "skip",
        "columns": [{NAME_AND_EMAIL}, {{"column": "phone", "field": "phones"}}]}}]}}"#
    );
    let text = "name,email,phone\nA,a@x.com,\nB,,+254 722 000001\nC,,\nSecond A,A@X.COM,\n";
    let first = apply(&office.admin, &plan(&step), text);
    assert_eq!((first.report.counts.created, first.report.counts.skipped), (3, 1));
    let second = apply(&office.admin, &plan(&step), &text.replace("+254 722", "+254-722-"));
    assert_eq!((second.report.counts.created, second.report.counts.skipped), (0, 4));
    // Twice in one file, too; and an import can be taken back.
    undo_import(&office.admin, first.report.import.unwrap(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(names(&office), Vec::<String>::new());
}

/// The writer of refused rows takes only those.
#[test]
fn failed_rows_can_be_imported_again() {
    let office = office();
    let plan = customers(NAME_AND_EMAIL);
    let text = "name,email\nA,a@\nB,b@x.com\n";
    let ran = apply(&office.admin, &plan, text);
    let again = ran.failed.replace("a@,", "a@x.com,");
    let ran = apply(&office.admin, &plan, &again);
    assert_eq!(ran.report.counts.created, 1);
    assert_eq!(ran.report.steps[0].unused, [FailedRows::<Vec<u8>>::REASON]);
    let import = Import::new(&office.admin, &plan).unwrap();
    let mut rows = 0;
    let mut open = |_: &str| Err::<Box<dyn std::io::Read + Send>, _>(std::io::ErrorKind::NotFound.into());
    let result = import.apply(&mut open, &mut |event| {
        rows += usize::from(matches!(event, ImportEvent::Row(_)));
        ControlFlow::Continue(())
    });
    assert_eq!((failure(result), rows), ("invalid steps.0.file unreadable".to_owned(), 0));
}
