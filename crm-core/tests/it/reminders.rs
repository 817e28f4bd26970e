use crate::{failure, office};
use crm_core::{CustomerStatus, Due, Error, Recurrence, Reminder, ReminderStatus, Timestamp, resolve_local};

fn at(local: &str, zone: &str) -> Due {
    Due::at(local.parse().unwrap(), zone.parse().unwrap())
}

#[test]
fn a_timed_reminder_knows_its_moment() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let due = at("2026-03-09T09:00:00", "Africa/Nairobi");
    let reminder = Reminder { customer, title: "Ring back".into(), due, ..Reminder::default() };
    let reminder = office.admin.reminders().create(reminder).unwrap();
    assert_eq!(reminder.due_at.unwrap().to_rfc3339(), "2026-03-09T06:00:00+00:00");
    let whole_day = Due::on("2026-03-09".parse().unwrap());
    let moved = office.admin.reminders().update(reminder.id, |reminder| reminder.due = whole_day).unwrap();
    assert_eq!(moved.due_at, None);
}

#[test]
fn a_skipped_time_moves_forward_and_of_a_double_one_the_first_counts() {
    let moment = |local: &str| -> Timestamp {
        resolve_local(local.parse().unwrap(), "America/New_York".parse().unwrap())
    };
    assert_eq!(moment("2026-03-08T02:30:00").to_rfc3339(), "2026-03-08T07:30:00+00:00", "03:30 EDT");
    assert_eq!(moment("2026-11-01T01:30:00").to_rfc3339(), "2026-11-01T05:30:00+00:00", "01:30 EDT, not EST");
}

#[test]
fn a_reminder_says_what_and_when() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let empty = Reminder { customer, status: ReminderStatus::Snoozed, ..Reminder::default() };
    let failed = failure(office.admin.reminders().create(empty));
    assert_eq!(failed, "invalid title blank, due blank, snoozed_until blank");
    let half = Due { zone: None, ..at("2026-03-09T09:00:00", "UTC") };
    let reminder = Reminder { customer, title: "Ring".into(), due: half, ..Reminder::default() };
    assert_eq!(failure(office.admin.reminders().create(reminder)), "invalid due incomplete");
}

#[test]
fn the_assignee_must_see_the_customer() {
    let office = office();
    let mut role = office.admin.roles().list(&crm_core::Query::new()).unwrap().items[0].data.clone();
    role.key = "own".into();
    role.grants = crm_core::Grants::of_all_kinds(crm_core::Action::ALL, crm_core::Level::Own);
    office.admin.roles().create(role).unwrap();
    let ann = office.user("ann", "own", None);
    let ann = match ann.actor() {
        crm_core::Actor::User(id) => id,
        crm_core::Actor::System(_) => unreachable!(),
    };
    let customer = office.customer("Amina's own").id;
    let due = Due::on("2026-03-09".parse().unwrap());
    let reminder =
        Reminder { customer, title: "Ring".into(), due, assignee: Some(ann), ..Reminder::default() };
    assert_eq!(failure(office.admin.reminders().create(reminder.clone())), "invalid assignee unseen");
    let hand_over = |c: &mut crm_core::Customer| {
        c.owner = Some(ann);
        c.status = CustomerStatus::Lead;
    };
    office.admin.customers().update(customer, hand_over).unwrap();
    assert_eq!(office.admin.reminders().create(reminder).unwrap().assignee, Some(ann));
}

/// A second click on the same occurrence is not one on the next.
#[test]
fn an_occurrence_is_ticked_off_once() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let due = at("2026-03-09T09:00:00", "Africa/Nairobi");
    let recurrence = Some(Recurrence("FREQ=WEEKLY;COUNT=2".into()));
    let weekly =
        Reminder { customer, title: "Ring".into(), due: due.clone(), recurrence, ..Reminder::default() };
    let id = office.admin.reminders().create(weekly).unwrap().id;
    let next = office.admin.complete_reminder(id, &due).unwrap();
    assert_eq!(next.due, at("2026-03-16T09:00:00", "Africa/Nairobi"));
    let Error::Conflict { version, fields, .. } = office.admin.complete_reminder(id, &due).unwrap_err()
    else {
        panic!("it was ticked off twice");
    };
    assert_eq!(version, next.version);
    assert_eq!(fields, [("due".to_owned(), crm_core::FieldValue::to_value(&next.due))]);
    assert_eq!(office.admin.reminders().get(id).unwrap(), next, "the next one waits");
    // The same wall clock in another zone is another moment.
    let elsewhere = at("2026-03-16T09:00:00", "UTC");
    assert_eq!(failure(office.admin.complete_reminder(id, &elsewhere)), "conflict");
    let last = office.admin.complete_reminder(id, &next.due).unwrap();
    assert_eq!(last.status, ReminderStatus::Done);
    assert_eq!(failure(office.admin.complete_reminder(id, &next.due)), "refused not_open");
}
