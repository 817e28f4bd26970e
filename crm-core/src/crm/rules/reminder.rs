//! Reminders: the assignee must be able to see the customer.

use super::{Rules, refuse_foreign};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Result, Violations};
use crate::model::{Record, Reminder, ReminderStatus};
use crate::value::Id;

impl Rules for Reminder {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            data.assignee = data.assignee.or(unit.user());
        }
        // The anchor stays while the reminder goes from one of its occurrences to another.
        let same_rule = |old: &&Record<Self>| old.recurrence == data.recurrence && old.anchor.is_some();
        if old.filter(same_rule).is_none_or(|old| old.due != data.due) {
            data.anchor = data.recurrence.as_ref().map(|_| data.due.clone());
        }
        // Put on another day, it is to be told again.
        if let Some(old) = old
            && old.due != data.due
            && old.status == data.status
            && matches!(data.status, ReminderStatus::Sent | ReminderStatus::Failed | ReminderStatus::Snoozed)
        {
            data.status = ReminderStatus::Pending;
        }
        let mut problems = Violations::default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        if moved || data.interaction != old.and_then(|old| old.interaction) {
            refuse_foreign(unit, "interaction", data.customer, data.interaction, &mut problems)?;
        }
        if moved || data.opportunity != old.and_then(|old| old.opportunity) {
            refuse_foreign(unit, "opportunity", data.customer, data.opportunity, &mut problems)?;
        }
        if let Some(assignee) = data.assignee
            && (moved || Some(assignee) != old.and_then(|old| old.assignee))
            && Some(assignee) != unit.user()
            && !unit.sees_customer(assignee, data.customer)?
        {
            let reason = "the assignee must be able to see the customer";
            problems.add("assignee", "unseen", &assignee.to_string(), reason);
        }
        problems.into_result()
    }

    fn after_save(
        unit: &mut UnitOfWork<'_>,
        record: &Record<Self>,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let told_alike = |old: &Record<Self>| {
            stands(old.status) == stands(record.status)
                && (&old.due, &old.offsets, &old.recurrence, &old.anchor)
                    == (&record.due, &record.offsets, &record.recurrence, &record.anchor)
                && old.snoozed_until == record.snoozed_until
                && old.assignee == record.assignee
        };
        match old {
            Some(old) if told_alike(old) => Ok(()),
            _ => unit.schedule(record, unit.now()),
        }
    }

    fn after_restore(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        unit.schedule(record, unit.now())
    }

    fn after_purge(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        unit.forget_deliveries(record.id)
    }
}

/// Whether a reminder is told when it is due, when its snooze ends, or not at all.
fn stands(status: ReminderStatus) -> u8 {
    match status {
        ReminderStatus::Pending | ReminderStatus::Sent | ReminderStatus::Failed => 0,
        ReminderStatus::Snoozed => 1,
        ReminderStatus::Done | ReminderStatus::Cancelled => 2,
    }
}
