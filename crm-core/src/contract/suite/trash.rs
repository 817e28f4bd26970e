//! The trash: what goes together comes back together, what is purged is gone, and undo takes back exactly.

use super::Factory;
use super::fixture::{Office, named, refused};
use crate::model::{Contact, Customer, Interaction, Opportunity, Record, Reminder, StageKind};
use crate::model::Query;
use crate::value::{Currency, Due, Id, Money};

fn contact(office: &Office, customer: Id<Customer>, given_name: &str) -> Record<Contact> {
    let contact = Contact { customer, given_name: given_name.into(), ..Contact::default() };
    office.sys.contacts().create(contact).unwrap()
}

/// A deletion takes along what hangs on the record; restore brings back exactly that set.
pub fn what_hangs_on_a_record_goes_and_comes_with_it(factory: Factory<'_>) {
    let office = Office::new(factory);
    let sys = &office.sys;
    let customer = office.customer("Mara").id;
    let (early, late) = (contact(&office, customer, "Early"), contact(&office, customer, "Late"));
    let deal = sys
        .opportunities()
        .create(Opportunity { customer, name: "Deal".into(), ..Opportunity::default() })
        .unwrap();
    let due = Due::on("2026-03-09".parse().unwrap());
    let reminder =
        Reminder { customer, opportunity: Some(deal.id), title: "Call".into(), due, ..Reminder::default() };
    let reminder = sys.reminders().create(reminder).unwrap();
    sys.contacts().delete(early.id).unwrap();
    let deletion = sys.customers().delete(customer).unwrap();
    for (gone, trashed) in [
        (sys.contacts().get(late.id).is_err(), sys.contacts().trash(&Query::new()).unwrap().items.len() == 2),
        (
            sys.opportunities().get(deal.id).is_err(),
            sys.opportunities().trash(&Query::new()).unwrap().items.len() == 1,
        ),
        (
            sys.reminders().get(reminder.id).is_err(),
            sys.reminders().trash(&Query::new()).unwrap().items.len() == 1,
        ),
    ] {
        assert!(gone && trashed);
    }
    let trash = sys.contacts().trash(&Query::new().order_by(["given_name"])).unwrap();
    assert_ne!(trash.items[0].deletion.id, deletion.id, "was deleted earlier");
    assert_eq!(trash.items[1].deletion, deletion);
    refused(sys.contacts().restore(late.id), "refused");
    sys.customers().restore(customer).unwrap();
    assert_eq!(sys.contacts().get(late.id).unwrap().data, late.data);
    assert_eq!(sys.opportunities().get(deal.id).unwrap().data, deal.data);
    assert_eq!(sys.reminders().get(reminder.id).unwrap().data, reminder.data);
    refused(sys.contacts().get(early.id), "not_found");
    assert!(office.crm.check().unwrap().is_clean());
}

/// A purge removes a record with what hangs on it, empties links to it, and leaves the journal.
pub fn a_purge_is_for_good(factory: Factory<'_>) {
    let office = Office::new(factory);
    let sys = &office.sys;
    let parent = office.customer("Parent").id;
    let child = sys.customers().create(Customer { parent: Some(parent), ..named("Child") }).unwrap().id;
    let person = contact(&office, parent, "Juma").id;
    let talk = Interaction {
        customer: parent,
        contacts: vec![person],
        subject: "x".into(),
        ..Interaction::default()
    };
    let talk = sys.interactions().create(talk).unwrap().id;
    refused(sys.customers().purge(parent), "refused");
    sys.contacts().delete(person).unwrap();
    sys.contacts().purge(person).unwrap();
    assert_eq!(sys.interactions().get(talk).unwrap().contacts, []);
    sys.customers().delete(parent).unwrap();
    assert_eq!(sys.customers().get(child).unwrap().parent, Some(parent), "a link to the trash is kept");
    let deletion = office.crm.changes_since(0, 1_000).unwrap().pop().unwrap();
    sys.customers().purge(parent).unwrap();
    assert_eq!(sys.customers().get(child).unwrap().parent, None);
    refused(sys.interactions().history(talk), "not_found");
    refused(sys.customers().restore(parent), "not_found");
    let purge = office.crm.changes_since(0, 1_000).unwrap().pop().unwrap();
    refused(sys.undo(purge.id), "gone");
    assert!(matches!(sys.undo(deletion.id).unwrap_err().code(), "gone" | "not_found" | "refused"));
    assert!(office.crm.check().unwrap().is_clean());
}

/// Undo gives the data of before, and is refused when something was built on it.
pub fn undo_takes_back_exactly(factory: Factory<'_>) {
    let office = Office::new(factory);
    let sys = &office.sys;
    let last = || office.crm.changes_since(0, 1_000).unwrap().pop().unwrap();
    let customer = office.customer("Mara");
    let created = last();
    let first = contact(&office, customer.id, "First");
    assert!(first.primary);
    let second =
        Contact { customer: customer.id, given_name: "Second".into(), primary: true, ..Contact::default() };
    let second = sys.contacts().create(second).unwrap();
    assert!(!sys.contacts().get(first.id).unwrap().primary, "another primary took over");
    sys.undo(last().id).unwrap();
    assert!(sys.contacts().get(first.id).unwrap().primary);
    refused(sys.contacts().get(second.id), "not_found");
    sys.undo(last().id).unwrap();
    assert!(sys.contacts().get(second.id).unwrap().primary, "undo is undone");
    refused(sys.undo(created.id), "refused");
    sys.customers().update(customer.id, |customer| customer.website = Some("a".into())).unwrap();
    let website = last();
    sys.customers().update(customer.id, |customer| customer.source = Some("fair".into())).unwrap();
    sys.undo(website.id).unwrap();
    let now = sys.customers().get(customer.id).unwrap();
    assert_eq!((now.website.as_deref(), now.source.as_deref()), (None, Some("fair")), "other fields stay");
    refused(sys.undo(website.id), "refused");
    assert!(office.crm.check().unwrap().is_clean());
}

/// An opportunity is closed by its stage, and reopened.
pub fn closing_and_reopening(factory: Factory<'_>) {
    let office = Office::new(factory);
    let customer = office.customer("Mara").id;
    let amount = Some(Money::new(5, Currency::KES));
    let deal = Opportunity { customer, name: "Deal".into(), amount, ..Opportunity::default() };
    let deals = office.sys.opportunities();
    let deal = deals.create(deal).unwrap();
    assert_eq!((deal.stage.as_str(), deal.status, deal.closed_on), ("prospecting", StageKind::Open, None));
    office.clock.advance(chrono::TimeDelta::days(3));
    let won = deals.update(deal.id, |deal| deal.stage = "won".into()).unwrap();
    assert_eq!(
        (won.status, won.closed_on, won.cycle_days),
        (StageKind::Won, "2026-03-05".parse().ok(), Some(3))
    );
    let open = deals.update(deal.id, |deal| deal.stage = "proposal".into()).unwrap();
    assert_eq!((open.status, open.closed_on, open.cycle_days), (StageKind::Open, None, None));
}
