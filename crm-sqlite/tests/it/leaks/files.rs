//! Walks of what goes in and out as files.

use super::*;
use crm_core::exchange::import::{ImportEvent, Plan, undo_import};
use crm_core::exchange::{Calendar, CardOutcome, ImportedCard, VCardImport};
use crm_core::exchange::{export_contacts, export_customers, import_vcards};

/// A file with its folds undone, so that nothing hides in one.
fn unfolded(file: &[u8]) -> String {
    String::from_utf8(file.to_vec()).unwrap().replace("\r\n ", "")
}

pub(super) fn take_out<E: Gated>(walk: &Walk<'_>, call: impl Fn(&Session, &mut Vec<u8>) -> Result<u64>) {
    if !walk.sees_kind::<E, _>(|| call(&walk.session, &mut Vec::new())) {
        return;
    }
    let mut file = Vec::new();
    let written = call(&walk.session, &mut file).unwrap();
    walk.look(&unfolded(&file));
    assert_eq!(written, walk.world.mine::<E>().len() as u64);
}

pub(super) fn take_out_calendar(walk: &Walk<'_>) {
    let mut file = Vec::new();
    let written = exchange::export_calendar(&walk.session, &Calendar::default(), &mut file).unwrap();
    walk.look(&unfolded(&file));
    assert_eq!(written.reminders, walk.world.mine::<Reminder>().len() as u64);
    assert!(written.reminders > 0);
    let filter = Some(Filter::contains("customer.name", SECRET));
    let secret = Calendar { reminders: filter.clone(), meetings: filter };
    let written = exchange::export_calendar(&walk.session, &secret, &mut file).unwrap();
    assert_eq!((written.reminders, written.meetings), (0, 0));
}

/// Cards of what the user does not see become something of his own, or are refused like a value that is taken; none of
/// them is told to be there.
pub(super) fn bring_cards(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<Customer>(), |customer| {
        let import = VCardImport::contacts_of(customer);
        import_vcards(&walk.session, "BEGIN:VCARD\nFN:Open\nEND:VCARD\n".as_bytes(), &import, drop)
    });
    let mut cards = Vec::new();
    export_customers(&walk.world.system, &Query::new(), &mut cards).unwrap();
    export_contacts(&walk.world.system, &Query::new(), &mut cards).unwrap();
    // What the user brings he knows.
    let told = import(walk, &cards, &VCardImport::customers().dry_run());
    let foreign: BTreeSet<Uuid> = walk.world.foreign::<Customer>().iter().map(|id| id.uuid()).collect();
    for card in &told {
        assert!(card.record.is_none_or(|record| !foreign.contains(&record)), "{card:?}");
        for problem in &card.problems {
            assert!(walk.world.secrets.iter().all(|secret| !problem.reason.contains(secret)), "{problem:?}");
        }
    }
    let own = import(walk, "BEGIN:VCARD\nFN:Open card\nEND:VCARD\n".as_bytes(), &VCardImport::customers());
    assert_eq!(own[0].outcome, CardOutcome::Created);
    walk.shown(own);
}

fn import(walk: &Walk<'_>, file: &[u8], import: &VCardImport) -> Vec<ImportedCard> {
    let mut told = Vec::new();
    import_vcards(&walk.session, file, import, |card| told.push(card)).unwrap();
    told
}

// ---- rows ------------------------------------------------------------------------------------------------------

/// Rows of customers, found again by their addresses.
pub(super) fn people() -> Plan {
    plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "match_by": ["emails"], "on_match": "update", "columns": [
            {"column": "name", "field": "name"}, {"column": "key", "field": "emails"}]}]}"#,
    )
}

/// Rows that refer to a customer.
fn notes() -> Plan {
    plan(
        r#"{"steps": [{"entity": "note", "file": "f", "columns": [{"column": "body", "field": "body"},
            {"column": "key", "field": "customer", "by": ["id", "code", "name", "emails"]}]}]}"#,
    )
}

fn plan(json: &str) -> Plan {
    serde_json::from_str(json).unwrap()
}

/// What an import tells of a file with one row.
fn one_row(walk: &Walk<'_>, plan: &Plan, file: &str, dry: bool) -> String {
    let import = Import::new(&walk.session, plan).unwrap();
    let (mut told, mut kept) = (String::new(), None);
    let mut open =
        |_: &str| Ok(Box::new(std::io::Cursor::new(file.to_owned())) as Box<dyn std::io::Read + Send>);
    let mut watch = |event: ImportEvent<'_>| {
        if let ImportEvent::Row(row) = event {
            told = format!("{:?} {} {:?}", row.action, row.reason, row.problems);
            kept = row.record.filter(|_| !dry).map(Id::<Customer>::from_uuid);
        }
        std::ops::ControlFlow::Continue(())
    };
    let report =
        if dry { import.dry_run(&mut open, &mut watch) } else { import.apply(&mut open, &mut watch) };
    if let Some(id) = kept {
        walk.record(walk.session.customers().get(id).unwrap());
    }
    format!("{told} {:?}", walk.shown(report.unwrap()).counts)
}

/// What a row names is found when it is seen, and else it is as if it were not there, or taken like any other value.
pub(super) fn bring_rows(walk: &Walk<'_>, dry: bool) {
    let world = walk.world;
    let unseen = world.everything::<Customer>().into_iter().filter(|(record, _)| !world.sees(record));
    let unseen: Vec<(Record<Customer>, bool)> = unseen.collect();
    let told_of = |plan: &Plan, key: &str| {
        walk.say(key);
        let told = one_row(walk, plan, &format!("body,key\nOpen,{key}\n"), dry);
        walk.look(&told);
        told.replace(key, "<key>")
    };
    if world.sees_kind(Kind::Note) {
        let nothing = told_of(&notes(), "nobody of that name");
        for (customer, _) in &unseen {
            let code = customer.code.as_ref().map(ToString::to_string);
            for key in
                [Some(customer.id.to_string()), code, Some(customer.name.clone())].into_iter().flatten()
            {
                assert_eq!(told_of(&notes(), &key), nothing);
            }
        }
    }
    // Addresses of what is live are taken, by nobody knows whom.
    for email in unseen.iter().filter(|(_, trashed)| !trashed).flat_map(|(customer, _)| &customer.emails) {
        walk.say(&email.address.0);
        let file = format!("name,key\nOpen row,{}\n", email.address.0);
        walk.look(&one_row(walk, &people(), &file, dry));
    }
    let own = one_row(walk, &people(), &format!("name,key\nOpen row,row.{dry}@open.example\n"), dry);
    assert!(own.starts_with("Create"), "{own}");
}

/// An import of the program that the user knows nothing of, while it is there.
fn with_an_import_of_the_program(walk: &Walk<'_>, call: impl Fn(Uuid) -> Result<()>) {
    let (system, people) = (&walk.world.system, people());
    let import = Import::new(system, &people).unwrap();
    let mut open =
        |_: &str| Ok(Box::new("name,key\nOpen import,\n".as_bytes()) as Box<dyn std::io::Read + Send>);
    let mut created = Vec::new();
    let mut watch = |event: ImportEvent<'_>| {
        if let ImportEvent::Row(row) = event {
            created.extend(row.record);
        }
        std::ops::ControlFlow::Continue(())
    };
    import.apply(&mut open, &mut watch).unwrap();
    walk.alike_ids(&[Id::<Customer>::from_uuid(import.id())], |id| call(id.uuid()));
    take_back(system, import.id()).unwrap();
    created.into_iter().for_each(|id| system.customers().purge(Id::from_uuid(id)).unwrap());
}

fn take_back(session: &Session, import: Uuid) -> Result<()> {
    undo_import(session, import, &mut |_| std::ops::ControlFlow::Continue(())).map(drop)
}

pub(super) fn take_up_an_import(walk: &Walk<'_>) {
    with_an_import_of_the_program(walk, |id| Import::resume(&walk.session, &people(), id).map(drop));
}

pub(super) fn take_back_an_import(walk: &Walk<'_>) {
    with_an_import_of_the_program(walk, |id| take_back(&walk.session, id));
}
