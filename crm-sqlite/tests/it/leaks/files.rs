//! Walks of what goes in and out as files.

use super::*;
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
