use crate::{failure, office};
use crm_core::{Actor, Customer, Note, Patch, Query};

fn note(customer: crm_core::Id<Customer>, body: &str) -> Note {
    Note { customer, body: body.into(), ..Note::default() }
}

#[test]
fn a_note_says_something_and_who_wrote_it() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let notes = office.admin.notes();
    let me = office.admin.me().unwrap().unwrap().id;
    let written = notes.create(note(customer, "  Likes it black.\nAnd hot. ")).unwrap();
    assert_eq!((written.author, written.body.as_str()), (Some(me), "Likes it black.\nAnd hot."));
    assert_eq!(failure(notes.create(note(customer, " \n "))), "invalid body blank");
    let hits = office.admin.search("black", 5).unwrap();
    assert_eq!(hits[0].title, "Likes it black.", "the first line stands for it");
}

#[test]
fn only_the_program_says_who_wrote_a_note_and_only_when_it_writes_it() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let juma = office.user("juma", "agent", None);
    let Actor::User(author) = juma.actor() else { unreachable!() };
    let forged = Note { author: Some(author), ..note(customer, "It was me") };
    assert_eq!(failure(office.admin.notes().create(forged.clone())), "invalid author system");
    let import = office.crm.system("import");
    let imported = import.notes().create(forged).unwrap();
    assert_eq!(imported.author, Some(author));
    assert_eq!(import.notes().create(note(customer, "Nobody's")).unwrap().author, None);
    let stolen = import.notes().patch(imported.id, Patch::new().clear("author"));
    assert_eq!(failure(stolen), "invalid author system");
    // Somebody else's change makes him no author.
    let changed = office.admin.notes().update(imported.id, |note| note.pinned = true).unwrap();
    assert_eq!(changed.author, Some(author));
}

#[test]
fn pinned_notes_stand_before_others() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let notes = office.admin.notes();
    let first = notes.create(Note { pinned: true, ..note(customer, "first") }).unwrap().id;
    let second = notes.create(note(customer, "second")).unwrap().id;
    let third = notes.create(note(customer, "third")).unwrap().id;
    let pinned_first = Query::new().order_by(["-pinned", "-created_at"]);
    let ids: Vec<_> = notes.list(&pinned_first).unwrap().into_iter().map(|note| note.id).collect();
    assert_eq!(ids, [first, third, second]);
}

#[test]
fn a_note_is_about_an_opportunity_of_its_customer_and_goes_with_the_customer() {
    let office = office();
    let (ours, theirs) = (office.customer("Ours").id, office.customer("Theirs").id);
    let (deal, other) = (office.deal(ours).id, office.deal(theirs).id);
    let notes = office.admin.notes();
    let foreign = Note { opportunity: Some(other), ..note(ours, "x") };
    assert_eq!(failure(notes.create(foreign)), "invalid opportunity unknown");
    let written = notes.create(Note { opportunity: Some(deal), ..note(ours, "x") }).unwrap();
    assert_eq!(
        failure(notes.update(written.id, |note| note.customer = theirs)),
        "invalid opportunity unknown"
    );
    // The link stays while the deal is in the trash, and is emptied when it is gone.
    office.admin.opportunities().delete(deal).unwrap();
    assert_eq!(notes.get(written.id).unwrap().opportunity, Some(deal));
    notes.update(written.id, |note| note.pinned = true).unwrap();
    office.admin.opportunities().purge(deal).unwrap();
    assert_eq!(notes.get(written.id).unwrap().opportunity, None);
    office.admin.customers().delete(ours).unwrap();
    assert_eq!(failure(notes.get(written.id)), "not_found");
    office.admin.customers().restore(ours).unwrap();
    notes.get(written.id).unwrap();
    office.admin.customers().delete(ours).unwrap();
    office.admin.customers().purge(ours).unwrap();
    assert_eq!(failure(notes.restore(written.id)), "not_found");
    assert!(office.crm.check().unwrap().is_clean());
}
