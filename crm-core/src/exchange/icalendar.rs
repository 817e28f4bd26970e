//! iCalendar files: reminders and meetings, out.

mod meeting;
mod reminder;
mod time_zone;

use super::content_lines::{LineWriter, escape, utc};
use super::taken_out::TakenOut;
use crate::crm::Session;
use crate::error::Result;
use crate::model::{Customer, Entity, Filter, Interaction, InteractionKind, Query, Record, Reminder};
use crate::value::Zone;
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use time_zone::write_time_zone;

/// What is written into a calendar; a value that can be kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calendar {
    /// Which reminders; `None` for none of them.
    pub reminders: Option<Filter>,
    /// Which meetings, of the interactions that are such; `None` for none of them.
    pub meetings: Option<Filter>,
}

impl Default for Calendar {
    /// All of both.
    fn default() -> Self {
        Calendar { reminders: Some(Filter::all()), meetings: Some(Filter::all()) }
    }
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Reminders.
    pub reminders: u64,
    /// Meetings.
    pub meetings: u64,
}

/// Writes reminders and meetings as iCalendar (RFC 5545), the earliest first, all as they are at one moment.
///
/// - A reminder is a `VTODO`: with an alarm for each of its offsets, and the rule by which it goes on from its due. One
///   that was put off has an alarm at that moment. A whole day's alarms are at the hour that the settings name.
/// - A meeting is a `VEVENT` at the organisation's wall clock, or in UTC for an hour that this clock shows twice.
/// - Each zone that is named is described, as the library itself reckons with it, up to 2037 or the last one written,
///   and beyond by the rule that it follows then.
///
/// A record's `UID` is its id, so a later file replaces an earlier one; `DTSTAMP` is when it was changed last. The
/// customer is told as `CONTACT`.
///
/// ```
/// # let (crm, session) = crm_core::contract::demo()?;
/// use crm_core::exchange::{Calendar, export_calendar};
/// use crm_core::{Customer, Due, Reminder};
/// let customer = session.customers().create(Customer { name: "Mara Tea".into(), ..Customer::default() })?.id;
/// let due = Due::at("2026-03-02T09:30:00".parse().unwrap(), "Africa/Nairobi".parse()?);
/// session.reminders().create(Reminder { customer, title: "Ring Mara".into(), due, ..Reminder::default() })?;
///
/// let mut file = Vec::new();
/// let written = export_calendar(&session, &Calendar::default(), &mut file)?;
/// assert_eq!((written.reminders, written.meetings), (1, 0));
/// let file = String::from_utf8(file).unwrap();
/// assert!(file.contains("\r\nDUE;TZID=Africa/Nairobi:20260302T093000\r\n"));
/// assert!(file.contains("\r\nBEGIN:VTIMEZONE\r\nTZID:Africa/Nairobi\r\n"));
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// `denied` for a role that takes no records of a kind out that is asked for; `invalid` for what is wrong with a filter;
/// `storage` when the writer fails.
pub fn export_calendar(session: &Session, calendar: &Calendar, out: impl Write) -> Result<Exported> {
    let mut out = LineWriter::new(out);
    let mut written = Exported::default();
    session.read_consistently(|view, authority, shared| {
        let taken_out = TakenOut { view, authority, shared };
        let reminders = calendar.reminders.as_ref();
        let reminders =
            reminders.map(|filter| Query::new().filter(filter.clone()).order_by(["due_date", "due_at"]));
        let meetings = calendar.meetings.as_ref().map(|filter| {
            let meetings = Interaction::KIND.is(InteractionKind::Meeting);
            Query::new().filter(meetings).filter(filter.clone()).order_by(["occurred_at"])
        });
        let zone = shared.settings.time_zone;
        let mut zones = Zones::default();
        if let Some(query) = &reminders {
            taken_out.each::<Reminder>(
                query,
                |_| None,
                |record, _| {
                    zones.add(record.due.zone, record.due.date.year());
                    Ok(())
                },
            )?;
        }
        if let Some(query) = &meetings {
            taken_out.each::<Interaction>(
                query,
                |_| None,
                |record, _| {
                    if let Some(at) = record.occurred_at {
                        zones.add(Some(zone), at.year());
                    }
                    Ok(())
                },
            )?;
        }
        // Only now, so that what is refused leaves no file.
        for line in
            ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//crm-core//crm-core//EN", "CALSCALE:GREGORIAN"]
        {
            out.line(line)?;
        }
        zones.years.values().try_for_each(|(zone, years)| write_time_zone(*zone, *years, &mut out))?;
        if let Some(query) = &reminders {
            let hour = shared.settings.all_day_hour;
            taken_out.each::<Reminder>(
                query,
                |reminder| Some(reminder.customer),
                |record, customer| {
                    written.reminders += 1;
                    reminder::write(record, customer, hour, &mut out)
                },
            )?;
        }
        if let Some(query) = &meetings {
            taken_out.each::<Interaction>(
                query,
                |meeting| Some(meeting.customer),
                |record, customer| {
                    written.meetings += 1;
                    meeting::write(record, customer, zone, &mut out)
                },
            )?;
        }
        out.line("END:VCALENDAR")
    })?;
    out.finish()?;
    Ok(written)
}

/// The zones that are named, with the first and the last year in which they are.
#[derive(Default)]
struct Zones {
    years: BTreeMap<&'static str, (Zone, (i32, i32))>,
}

impl Zones {
    fn add(&mut self, zone: Option<Zone>, year: i32) {
        let Some(zone) = zone.filter(|zone| *zone != Zone::UTC) else { return };
        let (_, (first, last)) = self.years.entry(zone.name()).or_insert((zone, (year, year)));
        (*first, *last) = ((*first).min(year), (*last).max(year));
    }
}

/// What every component says of its record.
fn about<E: Entity>(record: &Record<E>, customer: Option<&Record<Customer>>) -> Vec<String> {
    let mut lines = vec![
        format!("UID:{}", record.id),
        format!("DTSTAMP:{}", utc(record.updated_at)),
        format!("CREATED:{}", utc(record.created_at)),
        format!("LAST-MODIFIED:{}", utc(record.updated_at)),
        format!("SEQUENCE:{}", record.version.saturating_sub(1)),
    ];
    lines.extend(customer.map(|customer| format!("CONTACT:{}", escape(&customer.name))));
    lines
}

/// A text, unless it is blank.
fn text(name: &str, text: &str, lines: &mut Vec<String>) {
    if !text.is_empty() {
        lines.push(format!("{name}:{}", escape(text)));
    }
}

/// A wall-clock time in a zone.
fn local(name: &str, at: chrono::NaiveDateTime, zone: Zone) -> String {
    let at = at.format("%Y%m%dT%H%M%S");
    match zone == Zone::UTC {
        true => format!("{name}:{at}Z"),
        false => format!("{name};TZID={}:{at}", zone.name()),
    }
}
