//! Meetings as events.

use super::{about, local, text};
use crate::error::Result;
use crate::exchange::content_lines::{LineWriter, utc};
use crate::model::{Customer, Interaction, Record};
use crate::value::Zone;
use std::io::Write;

pub(super) fn write(
    record: &Record<Interaction>,
    customer: Option<&Record<Customer>>,
    zone: Zone,
    out: &mut LineWriter<impl Write>,
) -> Result<()> {
    let mut lines = vec!["BEGIN:VEVENT".to_owned()];
    lines.extend(about(record, customer));
    if let Some(at) = record.occurred_at {
        let wall = zone.wall_clock(at);
        // Of what the clock shows twice RFC 5545 takes the first; some programs take neither.
        let is_told = zone.shows_once(wall);
        lines.push(if is_told { local("DTSTART", wall, zone) } else { format!("DTSTART:{}", utc(at)) });
        let minutes = record.duration.filter(|minutes| *minutes > 0);
        lines.extend(minutes.map(|minutes| format!("DURATION:PT{minutes}M")));
    }
    let summary = record.subject.as_str();
    text("SUMMARY", if summary.is_empty() { first_line(&record.notes) } else { summary }, &mut lines);
    text("DESCRIPTION", &record.notes, &mut lines);
    text("LOCATION", record.location.as_deref().unwrap_or_default(), &mut lines);
    lines.push("STATUS:CONFIRMED".to_owned());
    lines.push("END:VEVENT".to_owned());
    lines.iter().try_for_each(|line| out.line(line))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
