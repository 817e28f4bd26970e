//! Who is told of a reminder, when, and how often.

use crate::{Office, failure, office};
use crm_core::chrono::TimeDelta;
use crm_core::{Due, DueReminder, Id, Recurrence, Reminder, ReminderStatus, Timestamp};
use std::sync::Mutex;

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const LEASE: TimeDelta = TimeDelta::minutes(5);

impl Office {
    fn meeting(&self, due: &str, offsets: &[u32], rule: Option<&str>) -> Id<Reminder> {
        let customer = self.customer("Mara Tea").id;
        let reminder = Reminder {
            customer,
            title: "Meeting".into(),
            due: Due::at(due.parse().unwrap(), "UTC".parse().unwrap()),
            offsets: offsets.to_vec(),
            recurrence: rule.map(|rule| Recurrence(rule.into())),
            ..Reminder::default()
        };
        self.crm.system("test").reminders().create(reminder).unwrap().id
    }

    fn due(&self, id: Id<Reminder>) -> Due {
        self.crm.system("test").reminders().get(id).unwrap().data.due
    }

    fn claim(&self, now: &str, worker: &str) -> Vec<DueReminder> {
        self.clock.set(moment(now));
        self.crm.claim_due(moment(now), worker, LEASE, 100).unwrap()
    }

    fn status(&self, id: Id<Reminder>) -> ReminderStatus {
        self.crm.system("test").reminders().get(id).unwrap().status
    }
}

#[test]
fn each_occurrence_is_given_to_one_worker() {
    let office = office();
    office.meeting("2026-03-02T09:00:00", &[], None);
    assert!(office.claim("2026-03-02T08:59:59Z", "a").is_empty(), "not before its time");
    assert_eq!(office.claim("2026-03-02T09:00:00Z", "a").len(), 1);
    assert!(office.claim("2026-03-02T09:00:00Z", "b").is_empty());
}

#[test]
fn what_a_worker_dropped_comes_again_after_the_lease_and_is_told_once() {
    let office = office();
    let id = office.meeting("2026-03-02T09:00:00", &[], None);
    let dropped = office.claim("2026-03-02T09:00:00Z", "a").remove(0);
    assert!(office.claim("2026-03-02T09:04:59Z", "b").is_empty());
    let again = office.claim("2026-03-02T09:05:00Z", "b").remove(0);
    let late = office.crm.acknowledge(&dropped.delivery, moment("2026-03-02T09:05:01Z"));
    assert_eq!(failure(late), "refused lease_lost", "another one has it");
    office.crm.acknowledge(&again.delivery, moment("2026-03-02T09:05:02Z")).unwrap();
    let twice = office.crm.acknowledge(&again.delivery, moment("2026-03-02T09:05:03Z"));
    assert_eq!(failure(twice), "refused lease_lost");
    assert_eq!(office.status(id), ReminderStatus::Sent);
    assert!(office.claim("2026-03-03T09:00:00Z", "b").is_empty());
}

#[test]
fn several_offsets_are_told_one_by_one_but_missed_ones_together() {
    let office = office();
    office.meeting("2026-03-02T09:00:00", &[0, 15, 60], None);
    let first = office.claim("2026-03-02T08:00:00Z", "a").remove(0);
    assert_eq!(first.delivery.offset, 60);
    office.crm.acknowledge(&first.delivery, moment("2026-03-02T08:00:00Z")).unwrap();
    // Down for two hours: the last one is told, once.
    let late = office.claim("2026-03-02T10:00:00Z", "a");
    assert_eq!(late.iter().map(|due| due.delivery.offset).collect::<Vec<_>>(), [0]);
    office.crm.acknowledge(&late[0].delivery, moment("2026-03-02T10:00:00Z")).unwrap();
    assert!(office.claim("2026-03-02T11:00:00Z", "a").is_empty());
    let deliveries = office.crm.system("test").deliveries(late[0].reminder.id).unwrap();
    let problems: Vec<_> = deliveries.iter().map(|d| d.problem.is_some()).collect();
    assert_eq!(problems, [false, true, false], "the history tells what was missed");
}

#[test]
fn missed_occurrences_collapse_into_one() {
    let office = office();
    let id = office.meeting("2026-03-02T09:00:00", &[], Some("FREQ=DAILY"));
    let late = office.claim("2026-03-05T12:00:00Z", "a");
    assert_eq!(late.len(), 1);
    office.crm.acknowledge(&late[0].delivery, moment("2026-03-05T12:00:00Z")).unwrap();
    assert!(office.claim("2026-03-05T12:00:01Z", "a").is_empty());
    assert_eq!(office.claim("2026-03-06T09:00:00Z", "a").len(), 1);
    let done = office.crm.system("test").complete_reminder(id, &office.due(id)).unwrap();
    assert_eq!(done.due.date.to_string(), "2026-03-07");
}

#[test]
fn failures_back_off_are_counted_and_lose_nothing() {
    let office = office();
    let id = office.meeting("2026-03-02T09:00:00", &[], None);
    let mut now = moment("2026-03-02T09:00:00Z");
    let mut pauses = Vec::new();
    for _ in 0..12 {
        office.clock.set(now);
        let due = office.crm.claim_due(now, "a", LEASE, 10).unwrap().remove(0);
        office.crm.give_back(&due.delivery, now, "the line is down").unwrap();
        let next = office.crm.system("test").deliveries(id).unwrap()[0].try_at;
        pauses.push((next - now).num_minutes());
        now = next;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
    assert_eq!(office.status(id), ReminderStatus::Failed);
    let told = office.crm.dispatch_due(now, &|_: &DueReminder| Ok(())).unwrap();
    assert_eq!((told.told, office.status(id)), (1, ReminderStatus::Sent));
}

#[test]
fn a_changed_reminder_is_told_by_its_new_time_and_not_twice() {
    let office = office();
    let id = office.meeting("2026-03-02T09:00:00", &[], None);
    let system = office.crm.system("test");
    assert_eq!(
        office.crm.dispatch_due(moment("2026-03-02T09:00:00Z"), &|_: &DueReminder| Ok(())).unwrap().told,
        1
    );
    office.clock.set(moment("2026-03-02T09:10:00Z"));
    // Another offset after it was told: nothing is made up for.
    system.reminders().update(id, |reminder| reminder.offsets = vec![0, 30]).unwrap();
    assert!(office.claim("2026-03-02T09:11:00Z", "a").is_empty());
    // Another day: it is told again, both times.
    let moved = system
        .reminders()
        .update(id, |reminder| {
            reminder.due = Due::at("2026-03-04T09:00:00".parse().unwrap(), "UTC".parse().unwrap());
        })
        .unwrap();
    assert_eq!(moved.status, ReminderStatus::Pending);
    assert_eq!(office.claim("2026-03-04T08:30:00Z", "a").len(), 1);
    // Changed while a worker has it: what the worker says is of the old time.
    let held = office.claim("2026-03-04T09:00:00Z", "a").remove(0);
    let later = Due::at("2026-03-09T09:00:00".parse().unwrap(), "UTC".parse().unwrap());
    system.reminders().update(id, |reminder| reminder.due = later).unwrap();
    assert_eq!(
        failure(office.crm.acknowledge(&held.delivery, moment("2026-03-04T09:00:01Z"))),
        "refused lease_lost"
    );
    assert_eq!(office.status(id), ReminderStatus::Pending);
}

#[test]
fn what_is_done_cancelled_or_deleted_is_not_told_and_comes_back_with_a_restore() {
    let office = office();
    let system = office.crm.system("test");
    let [done, cancelled, deleted] = [0, 1, 2].map(|_| office.meeting("2026-03-02T09:00:00", &[], None));
    system.complete_reminder(done, &office.due(done)).unwrap();
    system.cancel_reminder(cancelled).unwrap();
    system.reminders().delete(deleted).unwrap();
    assert!(office.claim("2026-03-02T09:00:00Z", "a").is_empty());
    assert_eq!(failure(system.snooze_reminder(done, moment("2026-03-03T09:00:00Z"))), "refused not_open");
    system.reminders().restore(deleted).unwrap();
    let told = office.claim("2026-03-02T09:00:00Z", "a");
    assert_eq!(told.iter().map(|due| due.reminder.id).collect::<Vec<_>>(), [deleted]);
    system.reminders().delete(deleted).unwrap();
    system.reminders().purge(deleted).unwrap();
    assert!(office.claim("2026-03-02T10:00:00Z", "a").is_empty());
}

#[test]
fn a_snoozed_reminder_is_told_at_the_end_of_the_snooze() {
    let office = office();
    let system = office.crm.system("test");
    let id = office.meeting("2026-03-02T09:00:00", &[0, 15], None);
    let snoozed = system.snooze_reminder(id, moment("2026-03-02T11:00:00Z")).unwrap();
    assert_eq!(snoozed.status, ReminderStatus::Snoozed);
    assert!(office.claim("2026-03-02T09:00:00Z", "a").is_empty());
    assert_eq!(failure(system.snooze_reminder(id, moment("2026-03-02T09:00:00Z"))), "invalid until range");
    let told = office.claim("2026-03-02T11:00:00Z", "a").remove(0);
    office.crm.acknowledge(&told.delivery, moment("2026-03-02T11:00:00Z")).unwrap();
    assert_eq!(office.status(id), ReminderStatus::Sent);
    assert!(office.claim("2026-03-02T12:00:00Z", "a").is_empty());
}

#[test]
fn whole_days_follow_the_clock_of_assignee_and_organisation() {
    let office = office();
    let system = office.crm.system("test");
    let customer = office.customer("Mara Tea").id;
    let due = Due::on("2026-03-10".parse().unwrap());
    let id =
        system.reminders().create(Reminder { customer, title: "Report".into(), due, ..Reminder::default() });
    let id = id.unwrap().id;
    let fires = || system.deliveries(id).unwrap()[0].fire_at.to_rfc3339();
    assert_eq!(fires(), "2026-03-10T09:00:00+00:00");
    system
        .update_settings(|settings| {
            settings.time_zone = "Africa/Nairobi".parse().unwrap();
            settings.all_day_hour = 7;
        })
        .unwrap();
    assert_eq!(fires(), "2026-03-10T04:00:00+00:00");
    let me = office.admin.me().unwrap().unwrap().id;
    system.reassign_reminder(id, me).unwrap();
    system.users().update(me, |user| user.time_zone = Some("Pacific/Auckland".parse().unwrap())).unwrap();
    assert_eq!(fires(), "2026-03-09T18:00:00+00:00");
}

#[test]
fn the_notifier_gets_everything_that_a_message_needs() {
    let office = office();
    office.meeting("2026-03-02T09:00:00", &[], None);
    let said = Mutex::new(Vec::new());
    let notifier = |due: &DueReminder| {
        said.lock().unwrap().push(format!("{}: {}", due.customer.name, due.reminder.title));
        if said.lock().unwrap().len() < 2 { Err("no signal".to_owned()) } else { Ok(()) }
    };
    let nine = moment("2026-03-02T09:00:00Z");
    let first = office.crm.dispatch_due(nine, &notifier).unwrap();
    assert_eq!((first.told, first.failed), (0, 1));
    let second = office.crm.dispatch_due(nine + TimeDelta::minutes(1), &notifier).unwrap();
    assert_eq!((second.told, second.failed), (1, 0));
    assert_eq!(*said.lock().unwrap(), ["Mara Tea: Meeting", "Mara Tea: Meeting"]);
}
