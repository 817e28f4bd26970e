//! What is done with reminders.

use super::session::Session;
use super::unit_of_work::{UnitOfWork, next_after, next_after_both};
use crate::error::{Error, Result};
use crate::model::{Action, Entity, Record, Reminder, ReminderStatus, User};
use crate::store::{Delivery, OperationalRead, Stored};
use crate::value::{Due, FieldValue, Id, Timestamp};

impl Session {
    /// Ticks off the occurrence of a reminder that the user saw, which its due names: one that recurs goes on to the
    /// occurrence after its due, or after now when that is later, and is pending again; after the last one, and
    /// without a recurrence, it is done. A second call for the same occurrence, such as a double click, changes nothing
    /// and says `conflict`, or `not_open` after the last one.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::{Due, Recurrence, Reminder};
    /// let due = Due::on("2026-03-02".parse().unwrap());
    /// let recurrence = Some(Recurrence("FREQ=WEEKLY".into()));
    /// let weekly = Reminder { customer, title: "Report".into(), due, recurrence, ..Reminder::default() };
    /// let weekly = session.reminders().create(weekly)?;
    /// assert_eq!(session.complete_reminder(weekly.id, &weekly.due)?.due.date.to_string(), "2026-03-09");
    /// assert_eq!(session.complete_reminder(weekly.id, &weekly.due).unwrap_err().code(), "conflict");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`; `refused` (`not_open`) for one that is done or cancelled; `conflict` (`due`, with the
    /// stored one) when it is no longer due then: it was ticked off already, or put on another day.
    pub fn complete_reminder(&self, id: Id<Reminder>, due: &Due) -> Result<Record<Reminder>> {
        self.write("complete_reminder", |unit| {
            let reminder = open(unit, id)?;
            if reminder.due != *due {
                return Err(Error::Conflict {
                    entity: Reminder::ENTITY,
                    id: id.uuid(),
                    version: reminder.version,
                    fields: vec![("due".to_owned(), reminder.due.to_value())],
                });
            }
            let today = Due::on(unit.today());
            let next = match (reminder.due.zone, reminder.due.date.max(today.date)) {
                (Some(zone), _) => next_after_both(&reminder, unit.now(), zone),
                (None, day) => next_after(&reminder, &Due::on(day)),
            };
            unit.adjust(reminder, |reminder| {
                reminder.status = match next {
                    Some(_) => ReminderStatus::Pending,
                    None => ReminderStatus::Done,
                };
                reminder.snoozed_until = None;
                if let Some(next) = next {
                    reminder.due_at = next.instant();
                    reminder.due = next;
                }
            })
        })
    }

    /// Puts a reminder off: it is told again at that moment and is not overdue before it.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let due = crm_core::Due::on("2026-03-02".parse().unwrap());
    /// # let id = session.reminders().create(crm_core::Reminder { customer, title: "Ring".into(), due, ..Default::default() })?.id;
    /// use crm_core::ReminderStatus;
    /// let snoozed = session.snooze_reminder(id, session.now() + crm_core::chrono::TimeDelta::hours(1))?;
    /// assert_eq!(snoozed.status, ReminderStatus::Snoozed);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`; `refused` (`not_open`); `invalid` (`until`) for a moment that is not in the future.
    pub fn snooze_reminder(&self, id: Id<Reminder>, until: Timestamp) -> Result<Record<Reminder>> {
        self.write("snooze_reminder", |unit| {
            let reminder = open(unit, id)?;
            if until <= unit.now() {
                return Err(Error::invalid(
                    "until",
                    "range",
                    "a reminder is put off until a moment in the future",
                ));
            }
            unit.update(reminder.id, |reminder| {
                reminder.status = ReminderStatus::Snoozed;
                reminder.snoozed_until = Some(until);
                Ok(())
            })
        })
    }

    /// Says that a reminder is no longer wanted; one that recurs ends.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let due = crm_core::Due::on("2026-03-02".parse().unwrap());
    /// # let id = session.reminders().create(crm_core::Reminder { customer, title: "Ring".into(), due: due.clone(), ..Default::default() })?.id;
    /// session.cancel_reminder(id)?;
    /// assert_eq!(session.complete_reminder(id, &due).unwrap_err().code(), "refused");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`; `refused` (`not_open`).
    pub fn cancel_reminder(&self, id: Id<Reminder>) -> Result<Record<Reminder>> {
        self.write("cancel_reminder", |unit| {
            let reminder = open(unit, id)?;
            unit.update(reminder.id, |reminder| {
                reminder.status = ReminderStatus::Cancelled;
                Ok(())
            })
        })
    }

    /// Gives a reminder to another user, who must be able to see its customer.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let due = crm_core::Due::on("2026-03-02".parse().unwrap());
    /// # let id = session.reminders().create(crm_core::Reminder { customer, title: "Ring".into(), due, ..Default::default() })?.id;
    /// let me = session.me()?.unwrap().id;
    /// assert_eq!(session.reassign_reminder(id, me)?.assignee, Some(me));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`; `refused` (`not_open`); `invalid` (`assignee`).
    pub fn reassign_reminder(&self, id: Id<Reminder>, assignee: Id<User>) -> Result<Record<Reminder>> {
        self.write("reassign_reminder", |unit| {
            let reminder = open(unit, id)?;
            unit.update(reminder.id, |reminder| {
                reminder.assignee = Some(assignee);
                Ok(())
            })
        })
    }

    /// When a reminder was told and will be told, by the moment of telling: tries, failures and what was missed too.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let due = crm_core::Due::on("2026-03-02".parse().unwrap());
    /// # let id = session.reminders().create(crm_core::Reminder { customer, title: "Ring".into(), due, ..Default::default() })?.id;
    /// let deliveries = session.deliveries(id)?;
    /// assert_eq!((deliveries.len(), deliveries[0].delivered_at), (1, None));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`.
    pub fn deliveries(&self, id: Id<Reminder>) -> Result<Vec<Delivery>> {
        self.read_consistently(|view, authority, _| {
            let seen = Reminder::read(view).get(id, authority.sight(Action::View))?;
            match seen.filter(|entry| entry.deletion.is_none()) {
                Some(_) => OperationalRead::deliveries_of(view, id),
                None => Err(Error::NotFound { entity: "reminder", key: id.to_string() }),
            }
        })
    }
}

/// The reminder, if the actor may change it and it is open.
fn open(unit: &UnitOfWork<'_>, id: Id<Reminder>) -> Result<Record<Reminder>> {
    let reminder = unit.load(id)?.record;
    unit.require(id, Action::Edit)?;
    match reminder.status {
        ReminderStatus::Done | ReminderStatus::Cancelled => {
            Err(Error::Refused { rule: "not_open", reason: format!("the reminder is {}", reminder.status) })
        }
        _ => Ok(reminder),
    }
}
