//! How a reminder repeats: an RRULE of RFC 5545.

mod expansion;
mod rule;

use super::FieldValue;
use super::time::{Due, Timestamp, Zone, resolve};
use crate::error::{Error, Result, Violations};
use chrono::{Datelike, NaiveDateTime, NaiveTime, TimeDelta};
use expansion::{Expansion, is_countable};
use rule::{Rule, Until};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

/// How something repeats: one RRULE of RFC 5545, stored as its text without the word `RRULE:`.
///
/// A rule says nothing by itself: it repeats an *anchor*, the [`Due`] from which it is counted (DTSTART). Two things
/// are ours, the rest is plain RFC 5545:
///
/// - MONTHLY or YEARLY without a BY part that chooses days, anchored after the 28th, means "the last day if the month
///   is shorter". RFC 5545 would skip the shorter months. YEARLY with several months of BYMONTH and an INTERVAL stays
///   plain.
/// - UNTIL may be a date, which is inclusive, a time of the anchor's wall clock, or UTC, whatever the anchor is.
///
/// The anchor counts as an occurrence only if the rule gives it. RFC 5545 calls DTSTART the first instance, but leaves
/// undefined what comes of a rule that is not in step with it; the cases of python-dateutil have it so.
///
/// Occurrences are computed on the wall clock. One that the clock skips moves forward by the length of the gap, of a
/// time that it shows twice the first counts (section 3.3.5), and two that fall on one moment are one.
///
/// Refused though RFC 5545 allows them: an INTERVAL over 65,535, a COUNT over 100,000, BYDAY numbers beyond -4 to 5 in
/// a month and -52 to 53 in a year, BYSETPOS together with the weeks 52 and 53 or beyond 31 in a month, 53 in a week,
/// 24 in an hour and 60 in a minute, and more than 288 times of a day in a rule that is not DAILY or finer.
///
/// ```
/// use crm_core::{Due, Recurrence};
///
/// let rule: Recurrence = "FREQ=MONTHLY".parse()?;
/// let last_of_january = Due::on("2024-01-31".parse()?);
/// let days: Vec<_> = rule.occurrences(&last_of_january).take(3).map(|due| due.date.to_string()).collect();
/// assert_eq!(days, ["2024-01-31", "2024-02-29", "2024-03-31"]);
/// let next = rule.next_after(&last_of_january, &Due::on("2034-05-01".parse()?));
/// assert_eq!(next, Some(Due::on("2034-05-31".parse()?)));
/// assert_eq!(rule.for_anchor(&last_of_january), "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A field of a record may hold an unchecked text until the record is written, so that a wrong rule is told together
/// with all that is wrong with the record. A wrong rule has no occurrences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recurrence(pub String);

impl Recurrence {
    /// The rule's text: upper case, once it was checked.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The occurrences from the anchor on, in order: timed ones at the anchor's zone, or whole days.
    ///
    /// They end with the rule, with the year 9999, and when the next one is not found within 100,000 steps, as for
    /// `FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30`. A rule that does not fit the anchor has none; see
    /// [`Recurrence::check_for`].
    pub fn occurrences(&self, anchor: &Due) -> impl Iterator<Item = Due> + use<> {
        self.expand(anchor, None).into_iter().flatten()
    }

    /// The first occurrence that comes strictly after this. Moments are compared, whatever the zones; when one of the
    /// two is a whole day, the days are.
    ///
    /// Without COUNT it does not matter how long ago the anchor is. With COUNT the occurrences are counted from the
    /// anchor, unless the rule has no BY part; `None` too when that takes more than 200,000 steps, which
    /// [`Recurrence::check_for`] refuses.
    pub fn next_after(&self, anchor: &Due, after: &Due) -> Option<Due> {
        let is_later = |due: &Due| match (due.instant(), after.instant()) {
            (Some(due), Some(after)) => due > after,
            _ => due.date > after.date,
        };
        if after.date.year() > 9999 {
            return None;
        }
        self.expand(anchor, Some(after))?.find(is_later)
    }

    /// The rule as another calendar should get it with this anchor: the rule for the end of the month is written out,
    /// and UNTIL has the form that RFC 5545 wants, a date for a whole day and UTC for a timed anchor.
    pub fn for_anchor(&self, anchor: &Due) -> Cow<'_, str> {
        let text = canonical(&self.0);
        let Ok(rule) = Rule::parse(&text) else { return Cow::Borrowed(&self.0) };
        let end = rule.month_end(anchor.date);
        let mut parts = Vec::new();
        for part in text.split(';') {
            parts.push(match (part.split_once('='), &end, rule.until) {
                (Some(("FREQ", _)), Some(end), _) => format!("FREQ={}", end.frequency),
                (Some(("UNTIL", _)), _, Some(until)) => format!("UNTIL={}", export(until, anchor)),
                _ => part.to_owned(),
            });
        }
        if let Some(end) = end {
            let list = |numbers: &[i16]| numbers.iter().map(i16::to_string).collect::<Vec<_>>().join(",");
            if rule.months.is_empty() && !end.months.is_empty() {
                parts.push(format!("BYMONTH={}", list(&end.months)));
            }
            parts.push(format!("BYMONTHDAY={}", list(&end.month_days)));
            parts.push(format!("BYSETPOS={}", list(&end.positions)));
        }
        let text = parts.join(";");
        if text == self.0 { Cow::Borrowed(&self.0) } else { Cow::Owned(text) }
    }

    /// Whether the rule is one, and fits this anchor.
    ///
    /// # Errors
    /// `invalid` with the field `recurrence` and the rule `rrule`: the text is no rule; the anchor is a whole day and
    /// the rule repeats within a day or names times; the rule ends before the anchor; its COUNT takes more than 200,000
    /// steps to count, as that of `FREQ=SECONDLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;COUNT=9`.
    pub fn check_for(&self, anchor: &Due) -> Result<()> {
        let rule = Rule::parse(&canonical(&self.0)).map_err(invalid)?;
        fits(&rule, anchor)
            .and_then(|()| countable(&rule, anchor))
            .map_err(|reason| invalid(reason.to_owned()))
    }

    /// Notes what [`Recurrence::check_for`] finds, but not what `tidy` has noted already.
    pub(crate) fn check(&self, anchor: &Due, field: &str, problems: &mut Violations) {
        if let Ok(rule) = Rule::parse(&canonical(&self.0))
            && let Err(reason) = fits(&rule, anchor).and_then(|()| countable(&rule, anchor))
        {
            problems.add(field, "rrule", &self.0, reason);
        }
    }

    /// The occurrences from the anchor on, or from one that is not after `near`.
    fn expand(&self, anchor: &Due, near: Option<&Due>) -> Option<Occurrences> {
        let rule = Rule::parse(&canonical(&self.0)).ok().filter(|rule| fits(rule, anchor).is_ok())?;
        let near = match near {
            Some(near) if !(1..=9999).contains(&near.date.year()) => None,
            Some(near) => match (near.instant(), anchor.zone, anchor.time) {
                (Some(at), Some(zone), Some(_)) => Some(wall_clock_before(at, zone)),
                _ => Some(near.date.and_time(NaiveTime::MIN)),
            },
            None => None,
        };
        let times = Expansion::new(&rule, wall_clock(anchor), near)?;
        Some(Occurrences {
            times: Some(times),
            anchor: anchor.clone(),
            until: rule.until,
            shown: None,
            skipped: VecDeque::new(),
        })
    }
}

impl From<&str> for Recurrence {
    /// Unchecked; `parse` checks.
    fn from(text: &str) -> Self {
        Recurrence(text.to_owned())
    }
}

impl FromStr for Recurrence {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = canonical(text);
        Rule::parse(&text).map_err(invalid)?;
        Ok(Recurrence(text))
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FieldValue for Recurrence {
    super::field::text_field!(Recurrence);

    fn tidy(&mut self, name: &str, max: usize, problems: &mut Violations) {
        self.0.tidy(name, max, problems);
        if self.0.is_empty() {
            return;
        }
        self.0 = canonical(&self.0);
        if let Err(reason) = Rule::parse(&self.0) {
            problems.add(name, "rrule", &self.0, reason);
        }
    }
}

/// The occurrences of a rule, in the order of their moments.
struct Occurrences {
    /// `None` when there are no more.
    times: Option<Expansion>,
    anchor: Due,
    until: Option<Until>,
    /// The next occurrence that the clock shows.
    shown: Option<Due>,
    /// Occurrences that the clock skips: they move forward, perhaps past some that it shows.
    skipped: VecDeque<Due>,
}

impl Occurrences {
    /// Looks for the next occurrence that the clock shows, and keeps those that it skips on the way.
    fn look(&mut self) -> Option<Due> {
        loop {
            let wall = self.times.as_mut()?.next()?;
            let (due, moment, is_skipped) = match (self.anchor.time, self.anchor.zone) {
                (Some(_), Some(zone)) => {
                    let (moment, is_skipped) = resolve(wall, zone);
                    (Due::at(wall, zone), moment, is_skipped)
                }
                (time, _) => {
                    let due = Due { date: wall.date(), time: time.and(Some(wall.time())), zone: None };
                    (due, wall.and_utc(), false)
                }
            };
            match (self.is_over(wall, moment), is_skipped) {
                (false, false) => return Some(due),
                (false, true) => self.skipped.push_back(due),
                (true, false) => return None,
                (true, true) => {}
            }
        }
    }

    fn is_over(&self, wall: NaiveDateTime, moment: Timestamp) -> bool {
        self.until.is_some_and(|until| is_past(until, wall, moment, self.anchor.time.is_some()))
    }
}

impl Iterator for Occurrences {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        if self.shown.is_none() {
            self.shown = self.look();
            if self.shown.is_none() {
                self.times = None;
            }
        }
        let shown = self.shown.as_ref().map(Due::instant);
        while let Some(skipped) = self.skipped.pop_front() {
            match shown {
                // Both fall on one moment: the one that the clock shows stands for them.
                Some(shown) if shown == skipped.instant() => {}
                Some(shown) if shown < skipped.instant() => {
                    self.skipped.push_front(skipped);
                    break;
                }
                _ => return Some(skipped),
            }
        }
        self.shown.take()
    }
}

/// Upper case, without the word before the rule.
fn canonical(text: &str) -> String {
    let text = text.trim().to_ascii_uppercase();
    text.strip_prefix("RRULE:").map(str::to_owned).unwrap_or(text)
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::invalid("recurrence", "rrule", reason)
}

/// What keeps the rule from repeating this anchor.
fn fits(rule: &Rule, anchor: &Due) -> std::result::Result<(), &'static str> {
    if anchor.time.is_none() && rule.is_sub_daily() {
        return Err("what is due on a whole day can't repeat within one");
    }
    if anchor.time.is_none() && rule.chooses_times() {
        return Err("what is due on a whole day has no BYHOUR, BYMINUTE and BYSECOND");
    }
    let wall = wall_clock(anchor);
    let moment = anchor.instant().unwrap_or(wall.and_utc());
    match rule.until {
        Some(until) if is_past(until, wall, moment, anchor.time.is_some()) => {
            Err("UNTIL lies before it is due")
        }
        _ => Ok(()),
    }
}

fn countable(rule: &Rule, anchor: &Due) -> std::result::Result<(), &'static str> {
    if is_countable(rule, wall_clock(anchor)) {
        return Ok(());
    }
    Err(
        "COUNT takes too long to count among so many seconds; say UNTIL, or a coarser FREQ with BYHOUR, BYMINUTE and BYSECOND",
    )
}

/// Whether this occurrence comes after the end.
fn is_past(until: Until, wall: NaiveDateTime, moment: Timestamp, is_timed: bool) -> bool {
    match until {
        Until::Local(end) if is_timed => wall > end,
        Until::Utc(end) if is_timed => moment.naive_utc() > end,
        end => wall.date() > end.date(),
    }
}

/// UNTIL in the form of RFC 5545: a date for a whole day, else UTC.
fn export(until: Until, anchor: &Due) -> String {
    let utc = match (until, anchor.time, anchor.zone) {
        (Until::Utc(end), Some(_), _) => Some(end),
        (Until::Local(end), Some(_), Some(zone)) => Some(resolve(end, zone).0.naive_utc()),
        (Until::Day(day), Some(_), Some(zone)) => {
            let end = NaiveTime::from_hms_opt(23, 59, 59).map(|end| day.and_time(end));
            end.map(|end| resolve(end, zone).0.naive_utc())
        }
        _ => None,
    };
    match utc {
        Some(end) => end.format("%Y%m%dT%H%M%SZ").to_string(),
        None => until.date().format("%Y%m%d").to_string(),
    }
}

fn wall_clock(due: &Due) -> NaiveDateTime {
    due.date.and_time(due.time.unwrap_or_default())
}

/// A wall-clock time such that what is due at it or before comes no later than this moment: what the clock shows
/// then, less what it has skipped shortly before.
fn wall_clock_before(at: Timestamp, zone: Zone) -> NaiveDateTime {
    let ahead = |at: Timestamp| zone.local_at(at) - at.naive_utc();
    let earlier = at.checked_sub_signed(TimeDelta::days(2)).unwrap_or(at);
    zone.local_at(at) - (ahead(at) - ahead(earlier)).max(TimeDelta::zero())
}
