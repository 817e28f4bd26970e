//! Every string of the big list of naughty strings, as a name and as free text.

use super::{Desk, named, violations};
use crm_core::port::{Search, clean};
use crm_core::{Contact, Customer, Error, Interaction, Query, Rules};
use std::io::Write;
use std::path::Path;

/// The list, when the folder with test data is there.
fn naughty_strings() -> Option<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/strings/blns.json");
    match std::fs::read_to_string(file) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            // Directly, so that it is seen although the test passes.
            let _ =
                writeln!(std::io::stderr(), "skipped naughty strings: no folder with test data ({error})");
            None
        }
    }
}

/// What a text must become, or the rule by which it is refused.
fn expected(text: &str, max: usize, may_be_blank: bool) -> Result<String, &'static str> {
    let mut text = text.to_owned();
    clean(&mut text);
    match text.chars().count() {
        _ if text.contains('\0') => Err("nul"),
        0 if !may_be_blank => Err("blank"),
        length if length > max => Err("too_long"),
        _ => Ok(text),
    }
}

#[track_caller]
fn stored<E: Rules>(
    result: crm_core::Result<crm_core::Record<E>>,
    read: impl Fn(&E) -> &str,
    expected: &Result<String, &'static str>,
) -> Option<crm_core::Record<E>> {
    match (result, expected) {
        (Ok(record), Ok(text)) => {
            assert_eq!(read(&record.data), text);
            Some(record)
        }
        (Err(error @ Error::Invalid(_)), Err(rule)) => {
            assert!(violations(&error).iter().any(|(_, found)| found == rule), "{rule}: {error}");
            None
        }
        (result, _) => panic!("expected {expected:?}, not {result:?}"),
    }
}

#[test]
fn naughty_strings_come_back_as_they_went_in() {
    let Some(strings) = naughty_strings() else { return };
    assert!(strings.len() > 400);
    let desk = Desk::new();
    let (sys, customer) = (&desk.sys, desk.customer.id);
    let mut kept = 0;
    for text in strings.iter().map(String::as_str).chain(["\0", "a\0b", "e\u{301}", "\u{a0}x\u{2003}"]) {
        let name = expected(text, 255, false);
        let record = stored(sys.customers().create(named(text)), |customer| &customer.name, &name);
        if let Some(record) = &record {
            assert_eq!(&sys.customers().get(record.id).unwrap(), record);
            let same = Query::new().filter(Customer::NAME.is(record.name.as_str())).page_size(1_000);
            assert!(
                sys.customers().list(&same).unwrap().into_iter().any(|found| found.id == record.id),
                "{text:?}"
            );
            let found = sys.customers().search(text, 1_000).unwrap();
            assert_eq!(
                found.iter().any(|found| found.id == record.id),
                !Search::new(text, "US").is_empty(),
                "{text:?}"
            );
            kept += 1;
        }
        let contact = Contact { customer, family_name: text.into(), ..Contact::default() };
        stored(sys.contacts().create(contact), |contact| &contact.family_name, &name);
        let talk =
            Interaction { customer, subject: "x".into(), notes: text.into(), ..Interaction::default() };
        let note = expected(text, 100_000, true);
        let talk = stored(sys.interactions().create(talk), |talk| &talk.notes, &note);
        if let Some(talk) = talk {
            assert_eq!(sys.interactions().get(talk.id).unwrap(), talk);
        }
        let changed = sys.customers().update(customer, |customer| customer.description = text.into());
        stored(changed, |customer| &customer.description, &note);
        sys.search(text, 1_000).unwrap();
        for filter in
            [Customer::NAME.contains(text), Customer::NAME.starts_with(text), Customer::TAGS.is(text)]
        {
            sys.customers().count(&Query::new().filter(filter)).unwrap();
        }
    }
    assert!(kept > 400, "only {kept} were kept");
    let report = desk.crm.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}
