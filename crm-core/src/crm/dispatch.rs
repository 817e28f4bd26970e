//! Telling people of reminders: claim, tell, acknowledge.

use super::system::Crm;
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{Customer, Record, Reminder, ReminderStatus, User};
use crate::store::Delivery;
use crate::value::{Id, Timestamp};
use chrono::TimeDelta;
use std::fmt;

/// A reminder that somebody is to be told of now.
#[derive(Clone, Debug, PartialEq)]
pub struct DueReminder {
    /// The reminder.
    pub reminder: Record<Reminder>,
    /// Its customer.
    pub customer: Record<Customer>,
    /// Who is to be told; `None` when nobody is assigned.
    pub assignee: Option<Record<User>>,
    /// Which occurrence, which offset, how often it failed: what [`Crm::acknowledge`] and [`Crm::give_back`] take.
    pub delivery: Delivery,
}

/// Tells people of reminders: by e-mail, a push message, a window.
pub trait Notifier {
    /// Tells somebody. An error is noted with the delivery, which is tried again later.
    ///
    /// # Errors
    /// Whatever went wrong, in words for the operator.
    fn notify(&self, due: &DueReminder) -> std::result::Result<(), String>;
}

impl<F> Notifier for F
where
    F: Fn(&DueReminder) -> std::result::Result<(), String>,
{
    fn notify(&self, due: &DueReminder) -> std::result::Result<(), String> {
        self(due)
    }
}

impl fmt::Debug for dyn Notifier + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notifier")
    }
}

/// What a run of the dispatcher did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// How many reminders were told.
    pub told: u64,
    /// How many could not be told and are tried again.
    pub failed: u64,
}

/// After so many failures a reminder counts as failed; it is still tried.
const FAILED_AFTER: u32 = 5;

impl Crm {
    /// Claims reminders that are due at this moment, at most `limit`, for a worker: nobody else gets them while the
    /// lease lasts. Told ones are acknowledged; what a worker drops, because it crashed, comes again after the lease.
    /// Of what a reminder missed only the latest is told.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let due = crm_core::Due::on("2026-03-02".parse().unwrap());
    /// # session.reminders().create(crm_core::Reminder { customer, title: "Ring".into(), due, ..Default::default() })?;
    /// use crm_core::chrono::TimeDelta;
    /// let nine = "2026-03-02T09:00:00Z".parse().unwrap();
    /// let claimed = crm.claim_due(nine, "worker 1", TimeDelta::minutes(5), 10)?;
    /// assert_eq!(claimed[0].reminder.title, "Ring");
    /// assert!(crm.claim_due(nine, "worker 2", TimeDelta::minutes(5), 10)?.is_empty());
    /// crm.acknowledge(&claimed[0].delivery, nine)?;
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub fn claim_due(
        &self,
        now: Timestamp,
        worker: &str,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<DueReminder>> {
        self.system("reminders").write("claim_due", |unit| {
            let claimed = unit.claim_deliveries(now, worker, lease, limit)?;
            let mut due = Vec::with_capacity(claimed.len());
            for (reminder, delivery) in claimed {
                let Some(customer) = unit.peek(reminder.customer)? else { continue };
                let assignee = reminder.assignee.map(|user| unit.peek(user)).transpose()?.flatten();
                due.push(DueReminder {
                    customer: customer.record,
                    assignee: assignee.map(|entry| entry.record),
                    reminder,
                    delivery,
                });
            }
            Ok(due)
        })
    }

    /// Says that somebody was told: the reminder is `sent`, and one that recurs waits for its next occurrence.
    ///
    /// # Errors
    /// `refused` (`lease_lost`) when the lease ended and another worker has it, when the reminder was changed, done or
    /// deleted meanwhile, or when it was acknowledged already.
    pub fn acknowledge(&self, delivery: &Delivery, now: Timestamp) -> Result<()> {
        self.system("reminders").write("acknowledge", |unit| {
            let held = held(unit, delivery)?;
            let told = Delivery { delivered_at: Some(now), worker: None, problem: None, ..held };
            unit.put_delivery(&told)?;
            let Some(reminder) = live(unit, delivery.reminder)? else { return Ok(()) };
            let reminder = match reminder.status {
                ReminderStatus::Pending | ReminderStatus::Failed | ReminderStatus::Snoozed => {
                    unit.adjust(reminder, |reminder| {
                        reminder.status = ReminderStatus::Sent;
                        reminder.snoozed_until = None;
                    })?
                }
                _ => reminder,
            };
            unit.schedule(&reminder, now)
        })
    }

    /// Says that nobody could be told, and why: it is tried again after a pause that doubles from a minute to six hours.
    /// After five failures the reminder counts as `failed`, and is still tried.
    ///
    /// # Errors
    /// As [`Crm::acknowledge`].
    pub fn give_back(&self, delivery: &Delivery, now: Timestamp, problem: &str) -> Result<()> {
        const LONGEST_MINUTES: i64 = 6 * 60;
        const MOST_DOUBLINGS: u32 = 9;
        self.system("reminders").write("give_back", |unit| {
            let held = held(unit, delivery)?;
            let failures = held.failures.saturating_add(1);
            let minutes = (1_i64 << (failures - 1).min(MOST_DOUBLINGS)).min(LONGEST_MINUTES);
            unit.put_delivery(&Delivery {
                failures,
                try_at: now + TimeDelta::minutes(minutes),
                worker: None,
                problem: Some(problem.to_owned()),
                ..held.clone()
            })?;
            let reminder = live(unit, delivery.reminder)?;
            let fails = |reminder: &Record<Reminder>| {
                failures >= FAILED_AFTER && reminder.status == ReminderStatus::Pending
            };
            if let Some(reminder) = reminder.filter(fails) {
                unit.adjust(reminder, |reminder| reminder.status = ReminderStatus::Failed)?;
            }
            Ok(())
        })
    }

    /// Tells everybody of what is due at this moment: claims, calls the notifier for each with no lock held, and
    /// acknowledges or gives back. Several programs may run it at once. Call it every minute or so.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// # let due = crm_core::Due::on("2026-03-02".parse().unwrap());
    /// # session.reminders().create(crm_core::Reminder { customer, title: "Ring".into(), due, ..Default::default() })?;
    /// use crm_core::DueReminder;
    /// let print = |due: &DueReminder| {
    ///     println!("{}: {}", due.customer.name, due.reminder.title);
    ///     Ok(())
    /// };
    /// let done = crm.dispatch_due("2026-03-02T09:00:00Z".parse().unwrap(), &print)?;
    /// assert_eq!((done.told, done.failed), (1, 0));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the store. What the notifier says is counted and noted, not given.
    pub fn dispatch_due(&self, now: Timestamp, notifier: &dyn Notifier) -> Result<Dispatched> {
        const AT_A_TIME: usize = 100;
        let lease = TimeDelta::minutes(5);
        let worker = format!("dispatcher {}", self.new_uuid()?);
        let mut done = Dispatched::default();
        loop {
            let claimed = self.claim_due(now, &worker, lease, AT_A_TIME)?;
            if claimed.is_empty() {
                return Ok(done);
            }
            for due in claimed {
                let after = match notifier.notify(&due) {
                    Ok(()) => {
                        done.told += 1;
                        self.acknowledge(&due.delivery, now)
                    }
                    Err(problem) => {
                        done.failed += 1;
                        self.give_back(&due.delivery, now, &problem)
                    }
                };
                match after {
                    // It was changed or taken over while somebody was told.
                    Err(Error::Refused { .. }) | Ok(()) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// The delivery as it is stored, if the worker still has it.
fn held(unit: &UnitOfWork<'_>, delivery: &Delivery) -> Result<Delivery> {
    let stored = unit.deliveries_of(delivery.reminder)?;
    let same = |stored: &Delivery| {
        stored.occurrence == delivery.occurrence
            && stored.offset == delivery.offset
            && stored.delivered_at.is_none()
            && stored.worker.is_some()
            && stored.worker == delivery.worker
    };
    stored.into_iter().find(same).ok_or_else(|| Error::Refused {
        rule: "lease_lost",
        reason: "another worker has it, or the reminder was changed meanwhile".to_owned(),
    })
}

fn live(unit: &UnitOfWork<'_>, id: Id<Reminder>) -> Result<Option<Record<Reminder>>> {
    Ok(unit.peek(id)?.filter(|entry| entry.deletion.is_none()).map(|entry| entry.record))
}
