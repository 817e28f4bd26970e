//! Reminders as things to do.

use super::{about, local, text};
use crate::error::Result;
use crate::exchange::content_lines::{LineWriter, escape, utc};
use crate::model::{Customer, Priority, Record, Reminder, ReminderStatus};
use crate::value::Due;
use std::io::Write;

pub(super) fn write(
    record: &Record<Reminder>,
    customer: Option<&Record<Customer>>,
    all_day_hour: u8,
    out: &mut LineWriter<impl Write>,
) -> Result<()> {
    let reminder = &record.data;
    let mut lines = vec!["BEGIN:VTODO".to_owned()];
    lines.extend(about(record, customer));
    if let Some(rule) = rule(reminder) {
        // A rule is counted from a start. As programs for tasks have it, that is when it is due.
        lines.push(due("DTSTART", &reminder.due));
        lines.push(format!("RRULE:{rule}"));
    }
    lines.push(due("DUE", &reminder.due));
    text("SUMMARY", &reminder.title, &mut lines);
    text("DESCRIPTION", &reminder.notes, &mut lines);
    // RFC 5545, section 3.8.1.9: 1 to 4 is high, 5 medium, 6 to 9 low.
    let priority = match reminder.priority {
        Priority::High => 1,
        Priority::Medium => 5,
        Priority::Low => 9,
    };
    lines.push(format!("PRIORITY:{priority}"));
    let (status, is_open) = match reminder.status {
        ReminderStatus::Done => ("COMPLETED", false),
        ReminderStatus::Cancelled => ("CANCELLED", false),
        _ => ("NEEDS-ACTION", true),
    };
    lines.push(format!("STATUS:{status}"));
    if is_open {
        for trigger in triggers(reminder, all_day_hour) {
            lines.extend(["BEGIN:VALARM".to_owned(), "ACTION:DISPLAY".to_owned(), trigger]);
            lines.extend([format!("DESCRIPTION:{}", escape(&reminder.title)), "END:VALARM".to_owned()]);
        }
    }
    lines.push("END:VTODO".to_owned());
    lines.iter().try_for_each(|line| out.line(line))
}

fn due(name: &str, due: &Due) -> String {
    match (due.time, due.zone) {
        (Some(time), Some(zone)) => local(name, due.date.and_time(time), zone),
        _ => format!("{name};VALUE=DATE:{}", due.date.format("%Y%m%d")),
    }
}

/// When somebody is told.
fn triggers(reminder: &Reminder, all_day_hour: u8) -> Vec<String> {
    if let Some(until) = reminder.snoozed_until {
        return vec![format!("TRIGGER;VALUE=DATE-TIME:{}", utc(until))];
    }
    let offsets = if reminder.offsets.is_empty() { &[0][..] } else { &reminder.offsets };
    // A whole day begins at midnight.
    let from = if reminder.due.time.is_none() { i64::from(all_day_hour) * 60 } else { 0 };
    let trigger = |offset: &u32| {
        let minutes = from - i64::from(*offset);
        let sign = if minutes < 0 { "-" } else { "" };
        format!("TRIGGER;RELATED=END:{sign}PT{}M", minutes.abs())
    };
    offsets.iter().map(trigger).collect()
}

/// The rule by which it goes on from its due. The library counts it from its anchor; what is over by now is taken off
/// COUNT.
fn rule(reminder: &Reminder) -> Option<String> {
    let recurrence = reminder.recurrence.as_ref()?;
    let anchor = reminder.anchor.as_ref().unwrap_or(&reminder.due);
    let rule = recurrence.for_anchor(anchor);
    if !rule.split(';').any(|part| part.starts_with("COUNT=")) {
        return Some(rule.into_owned());
    }
    let is_over = |other: &Due| match (other.instant(), reminder.due.instant()) {
        (Some(other), Some(due)) => other < due,
        _ => other.date < reminder.due.date,
    };
    let left: Vec<Due> = recurrence.occurrences(anchor).skip_while(is_over).collect();
    // The start counts, whether the rule gives it or not.
    let count = left.len() + usize::from(left.first() != Some(&reminder.due));
    let part = |part: &str| match part.starts_with("COUNT=") {
        true => format!("COUNT={count}"),
        false => part.to_owned(),
    };
    Some(rule.split(';').map(part).collect::<Vec<_>>().join(";"))
}
