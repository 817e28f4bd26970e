//! When a reminder is told: one delivery for each offset before its next occurrence.

use super::UnitOfWork;
use crate::error::Result;
use crate::model::{Record, Reminder, ReminderStatus, User};
use crate::store::{Condition, Delivery, OperationalRead, Plan, Stored, column_is};
use crate::value::{Due, Id, Timestamp, Zone, resolve_local};
use chrono::{NaiveTime, TimeDelta};

/// What stands between an occurrence and the end of its snooze.
const SNOOZED: &str = " snoozed until ";

/// What stands in a delivery that was not made because a later one of the same reminder was due too.
const MISSED: &str = "missed; told with a later one";

impl UnitOfWork<'_> {
    /// Brings the deliveries of a reminder in line with it. What was told already is not told again.
    pub(in crate::crm) fn schedule(&mut self, reminder: &Record<Reminder>, now: Timestamp) -> Result<()> {
        self.writer().remove_deliveries(reminder.id, false)?;
        match reminder.status {
            ReminderStatus::Done | ReminderStatus::Cancelled => return Ok(()),
            ReminderStatus::Snoozed => {
                let Some(until) = reminder.snoozed_until else { return Ok(()) };
                let until_text = crate::value::instant_text(until);
                let occurrence = format!("{}{SNOOZED}{until_text}", occurrence_of(&reminder.due));
                return self.writer().put_delivery(&waiting(reminder.id, occurrence, 0, until));
            }
            ReminderStatus::Pending | ReminderStatus::Sent | ReminderStatus::Failed => {}
        }
        let told = self.tx.deliveries_of(reminder.id)?;
        let mut offsets = reminder.offsets.clone();
        if offsets.is_empty() {
            offsets.push(0);
        }
        for offset in offsets {
            let mut due = reminder.due.clone();
            let mut fire_at = self.fire_at(reminder, &due, offset)?;
            // A telling that another of the same occurrence has come after is not made up for.
            let name = occurrence_of(&due);
            let over = |delivery: &Delivery| {
                let of_this = delivery
                    .occurrence
                    .strip_prefix(&name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(SNOOZED));
                of_this && delivery.delivered_at.is_some() && delivery.fire_at >= fire_at
            };
            if told.iter().any(over) {
                // Of a reminder that recurs, those that were missed since are not told one by one.
                let Some(next) = self.next_telling(reminder, offset, now)? else { continue };
                due = next;
                fire_at = self.fire_at(reminder, &due, offset)?;
            }
            self.writer().put_delivery(&waiting(reminder.id, occurrence_of(&due), offset, fire_at))?;
        }
        Ok(())
    }

    /// The first occurrence that is told after now and comes after the reminder's due.
    fn next_telling(&self, reminder: &Reminder, offset: u32, now: Timestamp) -> Result<Option<Due>> {
        let mut next = next_after_both(
            reminder,
            now + TimeDelta::minutes(offset.into()),
            self.zone_of(reminder.assignee)?,
        );
        while let Some(due) = &next {
            if self.fire_at(reminder, due, offset)? > now {
                break;
            }
            // A whole day whose hour of telling has passed.
            next = next_after(reminder, due);
        }
        Ok(next)
    }

    /// The moment at which an occurrence is told, so many minutes before it.
    pub(in crate::crm) fn fire_at(&self, reminder: &Reminder, due: &Due, offset: u32) -> Result<Timestamp> {
        let at = match due.instant() {
            Some(at) => at,
            None => {
                let hour =
                    NaiveTime::from_hms_opt(self.settings().all_day_hour.into(), 0, 0).unwrap_or_default();
                resolve_local(due.date.and_time(hour), self.zone_of(reminder.assignee)?)
            }
        };
        Ok(at - TimeDelta::minutes(offset.into()))
    }

    /// The zone of a user, else the organisation's.
    fn zone_of(&self, user: Option<Id<User>>) -> Result<Zone> {
        let user = user.map(|user| self.peek(user)).transpose()?.flatten();
        Ok(user.and_then(|entry| entry.record.time_zone).unwrap_or(self.settings().time_zone))
    }

    /// Whole-day reminders follow the clock of their assignee or of the organisation.
    pub(in crate::crm) fn schedule_whole_days(&mut self, assignee: Option<Id<User>>) -> Result<()> {
        use crate::model::Entity;
        let schema = Reminder::schema();
        let mut conditions = vec![column_is(schema, "due_at", crate::value::Value::Null)];
        if let Some(assignee) = assignee {
            conditions.push(column_is(schema, "assignee", assignee.uuid()));
        }
        let plan = Plan::all_where(Condition::All(conditions), false, usize::MAX);
        for entry in Reminder::reads(self.tx()).find(&plan)? {
            self.schedule(&entry.record, self.now())?;
        }
        Ok(())
    }

    /// Claims the deliveries that are due: each reminder once, with its latest one. What it missed before that is
    /// noted as missed, and is not told by itself.
    pub(in crate::crm) fn claim_deliveries(
        &mut self,
        now: Timestamp,
        worker: &str,
        lease: TimeDelta,
        limit: usize,
    ) -> Result<Vec<(Record<Reminder>, Delivery)>> {
        let mut claimed: Vec<(Record<Reminder>, Delivery)> = Vec::new();
        for found in self.tx.deliveries_due(now, limit)? {
            if claimed.iter().any(|(reminder, _)| reminder.id == found.reminder) {
                continue;
            }
            let entry = self.peek(found.reminder)?.filter(|entry| entry.deletion.is_none());
            let Some(reminder) = entry.map(|entry| entry.record) else {
                // In the trash; a restore schedules it anew.
                self.writer().remove_deliveries(found.reminder, false)?;
                continue;
            };
            let mut due: Vec<Delivery> = self.tx.deliveries_of(reminder.id)?;
            due.retain(|delivery| delivery.delivered_at.is_none() && delivery.fire_at <= now);
            let Some(mut latest) = due.pop() else { continue };
            if latest.try_at > now {
                // Somebody has it, or it waits after a failure.
                continue;
            }
            for missed in due {
                self.note_missed(missed, now)?;
            }
            latest.worker = Some(worker.to_owned());
            latest.try_at = now + lease;
            self.writer().put_delivery(&latest)?;
            claimed.push((reminder, latest));
        }
        Ok(claimed)
    }

    fn note_missed(&mut self, delivery: Delivery, now: Timestamp) -> Result<()> {
        let problem = Some(MISSED.to_owned());
        self.writer().put_delivery(&Delivery { delivered_at: Some(now), worker: None, problem, ..delivery })
    }

    pub(in crate::crm) fn deliveries_of(&self, reminder: Id<Reminder>) -> Result<Vec<Delivery>> {
        OperationalRead::deliveries_of(self.tx(), reminder)
    }

    pub(in crate::crm) fn put_delivery(&mut self, delivery: &Delivery) -> Result<()> {
        self.writer().put_delivery(delivery)
    }

    pub(in crate::crm) fn forget_deliveries(&mut self, reminder: Id<Reminder>) -> Result<()> {
        self.writer().remove_deliveries(reminder, true)
    }
}

fn waiting(reminder: Id<Reminder>, occurrence: String, offset: u32, fire_at: Timestamp) -> Delivery {
    Delivery {
        reminder,
        occurrence,
        offset,
        fire_at,
        try_at: fire_at,
        failures: 0,
        worker: None,
        delivered_at: None,
        problem: None,
    }
}

/// The occurrence after this one, of a reminder that recurs.
pub(in crate::crm) fn next_after(reminder: &Reminder, due: &Due) -> Option<Due> {
    let rule = reminder.recurrence.as_ref()?;
    rule.next_after(reminder.anchor.as_ref().unwrap_or(&reminder.due), due)
}

/// The occurrence that comes after the reminder's due and after this moment; a whole day after the day before it.
pub(in crate::crm) fn next_after_both(reminder: &Reminder, at: Timestamp, zone: Zone) -> Option<Due> {
    let due = &reminder.due;
    let moment = match due.zone {
        Some(zone) => Due::at(zone.wall_clock(at), zone),
        None => Due::on(zone.date_at(at).pred_opt()?),
    };
    let later = match (due.instant(), moment.instant()) {
        (Some(due_at), Some(at)) if due_at >= at => due,
        (None, None) if due.date >= moment.date => due,
        _ => &moment,
    };
    next_after(reminder, later)
}

/// The name of an occurrence in deliveries.
pub(in crate::crm) fn occurrence_of(due: &Due) -> String {
    match (due.time, due.zone) {
        (Some(time), Some(zone)) => format!("{}T{time} {zone}", due.date),
        _ => due.date.to_string(),
    }
}
