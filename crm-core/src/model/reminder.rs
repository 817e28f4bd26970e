//! Reminders: what is to be done for a customer, and when.

use super::{Customer, Interaction, Opportunity, Priority, User, Validate};
use crate::error::Violations;
use crate::value::{Due, Id, Recurrence, Timestamp, choice};
use crm_core_derive::Entity;
use serde::Serialize;

/// Something to be done for a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "reminder")]
pub struct Reminder {
    /// The customer.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// The interaction that it follows up.
    #[entity(filterable, link)]
    pub interaction: Option<Id<Interaction>>,
    /// The opportunity that it is about.
    #[entity(filterable, link)]
    pub opportunity: Option<Id<Opportunity>>,
    /// What is to be done, in a line.
    #[entity(filterable, sortable, searchable, max = 500)]
    pub title: String,
    /// More about it.
    #[entity(searchable, max = 100_000)]
    pub notes: String,
    /// When it is due: a wall-clock time in a zone, or a whole day.
    #[entity(filterable, sortable)]
    pub due: Due,
    /// The moment at which a timed one is due. Computed from `due`.
    #[entity(system, filterable, sortable)]
    pub due_at: Option<Timestamp>,
    /// How it repeats, counted from `due`: an RRULE of RFC 5545. `FREQ=MONTHLY` from the 31st means the last day of
    /// shorter months; `FREQ=MONTHLY;BYMONTHDAY=31` skips them.
    #[entity(max = 500)]
    pub recurrence: Option<Recurrence>,
    /// What the rule is counted from: the first due. Set by the library.
    #[entity(system)]
    pub anchor: Option<Due>,
    /// The user who is to do it; must be able to see the customer. A session's user when none is given.
    #[entity(filterable, link)]
    pub assignee: Option<Id<User>>,
    /// How much it matters.
    #[entity(filterable, sortable)]
    pub priority: Priority,
    /// How many minutes before it is due somebody is told; 0, the default when empty, is at that moment. For a whole day
    /// that moment is the hour that the settings name. At most 20, each at most a year.
    pub offsets: Vec<u32>,
    /// What has become of it.
    #[entity(filterable, sortable)]
    pub status: ReminderStatus,
    /// Until when it is put off; goes with the status `snoozed`.
    #[entity(filterable, sortable)]
    pub snoozed_until: Option<Timestamp>,
}

impl Validate for Reminder {
    fn normalise(&mut self) {
        self.due_at = self.due.instant();
        if self.status != ReminderStatus::Snoozed {
            self.snoozed_until = None;
        }
        self.offsets.sort_unstable();
        self.offsets.dedup();
    }

    fn check(&self, problems: &mut Violations) {
        if self.title.is_empty() {
            problems.add("title", "blank", "", "a reminder says what is to be done");
        }
        if self.due.date == chrono::NaiveDate::default() {
            problems.add("due", "blank", "", "a reminder has a date, and a time with a zone or none");
        }
        self.due.check("due", problems);
        const LONGEST: u32 = 366 * 24 * 60;
        const MOST: usize = 20;
        if self.offsets.len() > MOST {
            problems.add(
                "offsets",
                "too_many",
                &self.offsets.len().to_string(),
                format!("expected at most {MOST} offsets"),
            );
        }
        if let Some(longest) = self.offsets.iter().max().filter(|minutes| **minutes > LONGEST) {
            problems.add(
                "offsets",
                "range",
                &longest.to_string(),
                "expected at most 527,040 minutes, a year, before it is due",
            );
        }
        if let Some(recurrence) = &self.recurrence {
            // From the anchor, once there is one: the due may have come to the rule's last occurrence.
            recurrence.check(self.anchor.as_ref().unwrap_or(&self.due), "recurrence", problems);
        }
        if self.status == ReminderStatus::Snoozed && self.snoozed_until.is_none() {
            problems.add("snoozed_until", "blank", "", "a snoozed reminder says until when");
        }
    }
}

choice! {
    /// What has become of a reminder.
    #[derive(Default)]
    pub enum ReminderStatus {
        /// It waits for its time.
        #[default]
        Pending = "pending",
        /// Somebody was told.
        Sent = "sent",
        /// Nobody could be told.
        Failed = "failed",
        /// It was put off.
        Snoozed = "snoozed",
        /// It was done.
        Done = "done",
        /// It is no longer wanted.
        Cancelled = "cancelled",
    }
}
