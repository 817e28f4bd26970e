//! Refused rows come back as a file that the same plan reads.

use super::{apply, apply_bytes, plan};
use crate::office;
use crm_core::Query;
use crm_core::exchange::import::{Layout, Plan};

fn names(office: &crate::Office) -> Vec<String> {
    let found = office.admin.customers().list(&Query::new().order_by(["code"])).unwrap();
    found.items.into_iter().map(|customer| customer.data.name).collect()
}

fn people(layout: Layout) -> Plan {
    let mut plan = plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "columns": [{"column": "name", "field": "name"},
        {"column": "email", "field": "emails"}]}]}"#,
    );
    plan.steps[0].layout = layout;
    plan
}

/// Protects: whatever the delimiter, the quote and the encoding, the refused row has all its letters when the same plan reads
/// it again, and the reason does not hinder it.
#[test]
fn the_same_plan_reads_what_was_refused() {
    let text = "name;email\nJörg 'the' Iñaki;j@\nÄnne;a@x.com\n";
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), None),
        (text.as_bytes().to_vec(), Some("utf-8")),
        (marked, None),
        (latin.clone(), Some("windows-1252")),
        (latin, Some("iso-8859-1")),
        (utf_16, Some("utf-16le")),
        (big, None),
    ] {
        for quote in [Some('"'), Some('\''), None] {
            let encoding = encoding.map(str::to_owned);
            let plan = people(Layout { encoding: encoding.clone(), delimiter: ';', quote, header: true });
            let office = office();
            let ran = apply_bytes(&office.admin, &plan, bytes.clone());
            assert_eq!(ran.told(), ["2 email syntax"], "{encoding:?} {quote:?}");
            // Not put right yet: it is told again, and has one reason.
            let again = apply_bytes(&office.admin, &plan, ran.failed_bytes.clone());
            assert_eq!(again.told(), ["2 email syntax"], "{encoding:?} {quote:?}");
            assert_eq!(again.failed_bytes, ran.failed_bytes, "{encoding:?} {quote:?}");
            // Somebody puts it right in an editor.
            let wide = ran.failed_bytes.windows(4).any(|bytes| bytes.contains(&0));
            let (from, to) = ("j@;", "j@x.com;");
            let units = |text: &str| -> Vec<u8> {
                match (wide, ran.failed_bytes.starts_with(b"\xfe\xff")) {
                    (false, _) => text.as_bytes().to_vec(),
                    (true, true) => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                    (true, false) => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                }
            };
            let (from, to) = (units(from), units(to));
            let at = ran.failed_bytes.windows(from.len()).position(|bytes| bytes == from).unwrap();
            let mut corrected = ran.failed_bytes.clone();
            corrected.splice(at..at + from.len(), to);
            let last = apply_bytes(&office.admin, &plan, corrected);
            assert_eq!(last.report.counts.created, 1, "{encoding:?} {quote:?}: {:?}", last.told());
            assert_eq!(names(&office), ["Änne", "Jörg 'the' Iñaki"], "{encoding:?} {quote:?}");
        }
    }
}

/// Protects: what a reason says of other letters than the file's never stops the file.
#[test]
fn a_reason_in_other_letters_is_written_all_the_same() {
    let office = office();
    let field = crm_core::CustomField {
        key: "city".into(),
        r#type: crm_core::CustomFieldType::Choice,
        options: vec!["Київ".into()],
        ..crm_core::CustomField::default()
    };
    office.admin.custom_fields().create(field).unwrap();
    let mut plan = plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "columns": [{"column": "name", "field": "name"},
        {"column": "city", "field": "custom.city"}]}]}"#,
    );
    plan.steps[0].layout.encoding = Some("windows-1252".into());
    let ran = apply_bytes(&office.admin, &plan, b"name,city\n\xc4nne,Rom\n".to_vec());
    assert_eq!(ran.failed_bytes, b"name,city,reason\n\xc4nne,Rom,city: expected one of ????\n");
}

/// Protects: the reasons have one column, also beside cells that are too many, lines with a stray quote, and a column `reason` of
/// the file's own.
#[test]
fn reasons_have_one_column() {
    let office = office();
    let plan = people(Layout::default());
    let ran =
        apply(&office.admin, &plan, "name,email\nA,a@x.com,more,\"cells, here\"\n\"B wide,b@x.com\nC,c@\n");
    let lines: Vec<&str> = ran.failed.lines().collect();
    let wide = "\"the row has 4 cells, the header has 2\"";
    assert_eq!(
        lines[..2],
        ["name,email,reason".to_owned(), format!("A,a@x.com,{wide},more,\"cells, here\"")]
    );
    assert!(lines[2].starts_with("\"\"\"B wide\",b@x.com,a quote is opened"), "{}", ran.failed);
    assert!(lines[3].starts_with("C,c@,\"email: "), "{}", ran.failed);
    let again = apply(&office.admin, &plan, &ran.failed);
    assert_eq!(again.failed.lines().next(), Some("name,email,reason"));
    assert!(
        again.failed.lines().nth(1).unwrap().starts_with("A,a@x.com,\"the row has 5 cells"),
        "{}",
        again.failed
    );

    let mut own = plan.clone();
    own.steps[0].columns[1].column = Some("reason".into());
    let first = apply(&office.admin, &own, "name,reason\nD,d@\n");
    assert!(first.failed.starts_with("name,reason,reason\nD,d@,\"reason: "), "{}", first.failed);
    let second = apply(&office.admin, &own, &first.failed);
    assert!(second.failed.starts_with("name,reason,reason#2\nD,d@,\"reason: "), "{}", second.failed);
    let third = apply(&office.admin, &own, &second.failed);
    assert_eq!(third.failed, second.failed);
}
