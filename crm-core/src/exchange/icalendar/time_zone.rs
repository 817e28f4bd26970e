//! What a zone's clocks show, in the words of RFC 5545, section 3.6.5.

use crate::error::Result;
use crate::exchange::content_lines::LineWriter;
use crate::value::{Clock, Timestamp, Zone};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Weekday};
use std::io::Write;

/// A zone is described to the end of this year at least: what repeats without an end is read beyond it by the rule that
/// the zone follows by then.
const HORIZON: i32 = 2037;
/// So many years must follow a rule before it is taken for one.
const ENOUGH: usize = 5;

/// A change of the clocks.
#[derive(Clone)]
struct Change {
    /// What the clocks show before it, at that moment.
    at: NaiveDateTime,
    /// Before and after.
    from: Clock,
    to: Clock,
}

/// Writes what the clocks of a zone show in these years, and after them.
pub(super) fn write_time_zone(
    zone: Zone,
    (first, last): (i32, i32),
    out: &mut LineWriter<impl Write>,
) -> Result<()> {
    // From the year before: the first year may begin with what began in it.
    let start = year(first - 1);
    let changes = changes(zone, start, year(last.max(HORIZON) + 1));
    out.line("BEGIN:VTIMEZONE")?;
    out.line(&format!("TZID:{}", zone.name()))?;
    let before = zone.clock_at(start);
    let begins = start.naive_utc() + TimeDelta::seconds(before.offset.into());
    write_observance(&before, &before, begins, &[], None, out)?;
    for group in groups(changes) {
        let rule = regular(&group);
        let (listed, ruled) = group.split_at(group.len() - rule.as_ref().map_or(0, |(years, _)| *years));
        if let Some((change, others)) = listed.split_first() {
            let others: Vec<_> = others.iter().map(|change| change.at).collect();
            write_observance(&change.from, &change.to, change.at, &others, None, out)?;
        }
        if let (Some(change), Some((_, rule))) = (ruled.first(), rule) {
            write_observance(&change.from, &change.to, change.at, &[], Some(&rule), out)?;
        }
    }
    out.line("END:VTIMEZONE")
}

fn write_observance(
    from: &Clock,
    to: &Clock,
    begins: NaiveDateTime,
    others: &[NaiveDateTime],
    rule: Option<&str>,
    out: &mut LineWriter<impl Write>,
) -> Result<()> {
    let kind = if to.is_daylight { "DAYLIGHT" } else { "STANDARD" };
    let local = |at: &NaiveDateTime| at.format("%Y%m%dT%H%M%S").to_string();
    out.line(&format!("BEGIN:{kind}"))?;
    out.line(&format!("DTSTART:{}", local(&begins)))?;
    if let Some(rule) = rule {
        out.line(&format!("RRULE:{rule}"))?;
    }
    if !others.is_empty() {
        out.line(&format!("RDATE:{}", others.iter().map(local).collect::<Vec<_>>().join(",")))?;
    }
    out.line(&format!("TZOFFSETFROM:{}", offset(from.offset)))?;
    out.line(&format!("TZOFFSETTO:{}", offset(to.offset)))?;
    out.line(&format!("TZNAME:{}", to.name))?;
    out.line(&format!("END:{kind}"))
}

/// `+0530`, with seconds only when there are some.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match rest {
        0 => format!("{sign}{hours:02}{minutes:02}"),
        _ => format!("{sign}{hours:02}{minutes:02}{rest:02}"),
    }
}

fn year(year: i32) -> Timestamp {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc()
}

/// The changes from one moment to another, in order.
fn changes(zone: Zone, from: Timestamp, to: Timestamp) -> Vec<Change> {
    const STEP: i64 = 24 * 3600;
    let clock = |seconds: i64| zone.clock_at(DateTime::from_timestamp(seconds, 0).unwrap_or_default());
    let mut changes = Vec::new();
    let (mut at, end) = (from.timestamp(), to.timestamp());
    let mut shown = clock(at);
    while at < end {
        let next = at + STEP;
        let then = clock(next);
        if then != shown {
            // Between the two: the last second before it and the first after it come together.
            let (mut before, mut after) = (at, next);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if clock(middle) == shown { before = middle } else { after = middle }
            }
            let to = clock(after);
            let local = DateTime::from_timestamp(after + i64::from(shown.offset), 0).unwrap_or_default();
            changes.push(Change { at: local.naive_utc(), from: shown, to: to.clone() });
            // There may be another one on the same day.
            (at, shown) = (after, to);
        } else {
            at = next;
        }
    }
    changes
}

/// Those that change the clocks alike.
fn groups(changes: Vec<Change>) -> Vec<Vec<Change>> {
    let mut groups: Vec<Vec<Change>> = Vec::new();
    for change in changes {
        let is_alike = |group: &&mut Vec<Change>| {
            group.first().is_some_and(|first| first.from == change.from && first.to == change.to)
        };
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.push(change),
            None => groups.push(vec![change]),
        }
    }
    groups
}

/// The rule that the last of them follow, up to the last year that was looked at, and how many do.
fn regular(group: &[Change]) -> Option<(usize, String)> {
    let last = group.last()?;
    if last.at.year() < HORIZON {
        return None;
    }
    let weekday = |change: &Change| change.at.weekday();
    // Which one of its weekday in the month, from the beginning, and whether it is the last one.
    let number = |change: &Change| (change.at.day() - 1) / 7 + 1;
    let is_last = |change: &Change| (change.at.date() + chrono::Days::new(7)).month() != change.at.month();
    let mut best: Option<(usize, String)> = None;
    for (nth, fits) in [
        ("-1".to_owned(), &is_last as &dyn Fn(&Change) -> bool),
        (number(last).to_string(), &|change: &Change| number(change) == number(last)),
    ] {
        let mut expected = last.at.year();
        let follows = |change: &&Change| {
            let is_next = change.at.year() == expected;
            expected -= 1;
            is_next
                && fits(change)
                && weekday(change) == weekday(last)
                && change.at.month() == last.at.month()
                && change.at.time() == last.at.time()
        };
        let years = group.iter().rev().take_while(follows).count();
        if years >= ENOUGH && best.as_ref().is_none_or(|(most, _)| years > *most) {
            let day = day_of(weekday(last));
            best = Some((years, format!("FREQ=YEARLY;BYMONTH={};BYDAY={nth}{day}", last.at.month())));
        }
    }
    best
}

fn day_of(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}
