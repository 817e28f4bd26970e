//! The wall-clock times that a rule gives, computed by the crate `rrule` in UTC as a stand-in for any local time.
//!
//! The crate is right on every vector of python-dateutil that it takes. Where it is wrong or slow we go round it:
//!
//! - MINUTELY with BYHOUR or BYMINUTE and SECONDLY with BYHOUR, BYMINUTE or BYSECOND lose their step (`INTERVAL=40;
//!   BYHOUR=6,12,19` misses 06:00), and BYWEEKNO takes week 52 for 53 at the turn of some years (1 January 2011): the
//!   crate gets the rule without these parts, and a sieve holds back what they exclude.
//! - BYDAY with and without numbers (`MO,2TU`) gives the days that are both; RFC 5545 means either.
//! - BYSETPOS of a WEEKLY rule counts in the first week from the anchor on, so we start with that week's first day.
//! - It walks from the anchor: a rule without COUNT starts near the time that is asked for.

use super::rule::Rule;
use chrono::{Datelike, Days, Month, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Weekday};
use rrule::{Frequency, NWeekday, RRule, RRuleSet, RRuleSetIter, Tz};

/// How many times in a row the sieve may hold back before the search is given up. A day has 86,400 seconds.
const MOST_HELD_BACK: usize = 100_000;
/// How many steps one search from an anchor may take: COUNT has to be counted, and allows half as many.
const MOST_STEPS: usize = 200_000;

/// The wall-clock times of a rule in order. It ends with the year 9999, and when the search for the next one takes
/// more than 100,000 steps.
pub(super) struct Expansion {
    times: RRuleSetIter,
    sieve: Sieve,
    /// How many occurrences are left of COUNT.
    left: Option<u32>,
    /// How many steps of the crate are left.
    steps: usize,
    /// The part of a second that the anchor has.
    nanosecond: u32,
}

impl Expansion {
    /// From the anchor on, or from some time between it and `near`, where that gives the same.
    pub(super) fn new(rule: &Rule, anchor: NaiveDateTime, near: Option<NaiveDateTime>) -> Option<Self> {
        if !(1..=9999).contains(&anchor.year()) {
            return None;
        }
        let is_bare = rule.is_bare();
        let rule = &explicit(rule, anchor.date());
        let (start, passed) = near.and_then(|near| periods_before(rule, anchor, near)).unwrap_or((anchor, 0));
        let (start, left) = match rule.count {
            None => (start, None),
            // Each period of a bare rule has one occurrence, so those that were passed are known.
            Some(count) if is_bare => (start, Some(count.saturating_sub(passed))),
            Some(count) => (anchor, Some(count)),
        };
        let start = match rule.frequency {
            Frequency::Weekly => start.checked_sub_days(into_week(start.date(), rule.week_start))?,
            _ => start,
        };
        let (sieve, rule) = Sieve::of(rule, anchor.with_nanosecond(0)?);
        let start = start.with_nanosecond(0)?.and_utc().with_timezone(&Tz::UTC);
        let set: RRuleSet = translate(&rule)?.build(start).ok()?.limit();
        let nanosecond = anchor.nanosecond() % 1_000_000_000;
        let steps = if near.is_some() { MOST_STEPS } else { usize::MAX };
        Some(Expansion { times: (&set).into_iter(), sieve, left, steps, nanosecond })
    }
}

/// Whether all occurrences of COUNT are found within the steps of one search.
pub(super) fn is_countable(rule: &Rule, anchor: NaiveDateTime) -> bool {
    if rule.count.is_none() || rule.is_bare() || rule.frequency < Frequency::Minutely {
        return true;
    }
    Expansion::new(rule, anchor, Some(anchor)).is_none_or(|mut expansion| {
        while expansion.next().is_some() {}
        expansion.steps > 0
    })
}

impl Iterator for Expansion {
    type Item = NaiveDateTime;

    fn next(&mut self) -> Option<NaiveDateTime> {
        if self.left != Some(0) {
            for _ in 0..MOST_HELD_BACK.min(self.steps) {
                self.steps -= 1;
                let Some(at) = self.times.next().map(|at| at.naive_utc()).filter(|at| at.year() <= 9999)
                else {
                    break;
                };
                if self.sieve.passes(at) {
                    self.left = self.left.map(|left| left - 1);
                    return at.with_nanosecond(self.nanosecond);
                }
            }
        }
        self.left = Some(0);
        None
    }
}

/// The rule with what RFC 5545 takes from the anchor written out, so that it can start elsewhere.
fn explicit(rule: &Rule, anchor: NaiveDate) -> Rule {
    let mut rule = rule.clone();
    if let Some(end) = rule.month_end(anchor) {
        rule.frequency = end.frequency;
        rule.months = end.months;
        rule.month_days = end.month_days;
        rule.positions = end.positions;
    }
    let number = |number: u32| i16::try_from(number).unwrap_or_default();
    if !rule.chooses_days() {
        match rule.frequency {
            Frequency::Yearly => {
                if rule.months.is_empty() {
                    rule.months = vec![number(anchor.month())];
                }
                rule.month_days = vec![number(anchor.day())];
            }
            Frequency::Monthly => rule.month_days = vec![number(anchor.day())],
            Frequency::Weekly => rule.weekdays = vec![NWeekday::Every(anchor.weekday())],
            _ => {}
        }
    }
    let has_numbers = rule.weekdays.iter().any(|weekday| matches!(weekday, NWeekday::Nth(..)));
    if has_numbers {
        let is_year = rule.frequency == Frequency::Yearly && rule.months.is_empty();
        let most = if is_year { 53 } else { 5 };
        let all = |weekday: NWeekday| match weekday {
            NWeekday::Every(weekday) => (1..=most).map(|number| NWeekday::Nth(number, weekday)).collect(),
            numbered => vec![numbered],
        };
        rule.weekdays = rule.weekdays.into_iter().flat_map(all).collect();
    }
    rule
}

/// A start that is whole periods after the anchor and at least one before `near`, and how many periods.
fn periods_before(rule: &Rule, anchor: NaiveDateTime, near: NaiveDateTime) -> Option<(NaiveDateTime, u32)> {
    let step = i64::from(rule.interval);
    let months = |of: NaiveDateTime| i64::from(of.year()) * 12 + i64::from(of.month0());
    let seconds = match rule.frequency {
        Frequency::Yearly | Frequency::Monthly => {
            let step = if rule.frequency == Frequency::Yearly { step * 12 } else { step };
            let passed = u32::try_from((months(near) - months(anchor)) / step - 1).ok()?;
            let forward = Months::new(passed.checked_mul(u32::try_from(step).ok()?)?);
            // The days are written out in the rule, so the period may begin with its first.
            let month = if rule.frequency == Frequency::Yearly { 1 } else { anchor.month() };
            let first = NaiveDate::from_ymd_opt(anchor.year(), month, 1)?;
            let start = first.checked_add_months(forward)?.and_time(anchor.time());
            return (passed > 0).then_some((start, passed));
        }
        Frequency::Weekly => 7 * 86_400,
        Frequency::Daily => 86_400,
        Frequency::Hourly => 3_600,
        Frequency::Minutely => 60,
        Frequency::Secondly => 1,
    };
    let step = step * seconds;
    let passed = u32::try_from((near - anchor).num_seconds() / step - 1).ok()?;
    let start = anchor.checked_add_signed(TimeDelta::try_seconds(i64::from(passed) * step)?)?;
    Some((start, passed))
}

/// The days from the start of the week to this one.
fn into_week(day: NaiveDate, week_start: Weekday) -> Days {
    Days::new(day.weekday().days_since(week_start).into())
}

/// The rule in the words of the crate, without COUNT and UNTIL.
fn translate(rule: &Rule) -> Option<RRule<rrule::Unvalidated>> {
    fn narrow<T: TryFrom<i16>>(numbers: &[i16]) -> Option<Vec<T>> {
        numbers.iter().map(|number| T::try_from(*number).ok()).collect()
    }
    let months = narrow::<u8>(&rule.months)?.into_iter().map(|month| Month::try_from(month).ok());
    Some(
        RRule::new(rule.frequency)
            .interval(rule.interval)
            .week_start(rule.week_start)
            .by_second(narrow(&rule.seconds)?)
            .by_minute(narrow(&rule.minutes)?)
            .by_hour(narrow(&rule.hours)?)
            .by_weekday(rule.weekdays.clone())
            .by_month_day(narrow(&rule.month_days)?)
            .by_year_day(rule.year_days.clone())
            .by_week_no(narrow(&rule.weeks)?)
            .by_month(&months.collect::<Option<Vec<_>>>()?)
            .by_set_pos(rule.positions.iter().copied().map(i32::from).collect()),
    )
}

/// The parts of a rule that the crate does not get; an empty list lets all through.
struct Sieve {
    anchor: NaiveDateTime,
    hours: Vec<i16>,
    minutes: Vec<i16>,
    seconds: Vec<i16>,
    weeks: Vec<i16>,
    week_start: Weekday,
}

impl Sieve {
    /// Takes out of the rule what the crate gets wrong.
    fn of(rule: &Rule, anchor: NaiveDateTime) -> (Self, Rule) {
        let mut rule = rule.clone();
        let mut sieve = Sieve {
            anchor,
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            weeks: Vec::new(),
            week_start: rule.week_start,
        };
        if rule.frequency >= Frequency::Minutely {
            sieve.hours = std::mem::take(&mut rule.hours);
            sieve.minutes = std::mem::take(&mut rule.minutes);
        }
        if rule.frequency == Frequency::Secondly {
            sieve.seconds = std::mem::take(&mut rule.seconds);
            // A second has one occurrence, the first and the last.
            rule.positions.clear();
        }
        if rule.positions.is_empty() && !rule.weeks.is_empty() {
            sieve.weeks = std::mem::take(&mut rule.weeks);
            if !rule.chooses_days() {
                // Else the crate would take the anchor's day.
                rule.month_days = (1..=31).collect();
            }
        }
        (sieve, rule)
    }

    fn passes(&self, at: NaiveDateTime) -> bool {
        let lets = |list: &[i16], number: u32| {
            list.is_empty() || i16::try_from(number).is_ok_and(|number| list.contains(&number))
        };
        at >= self.anchor
            && lets(&self.hours, at.hour())
            && lets(&self.minutes, at.minute())
            && lets(&self.seconds, at.second())
            && (self.weeks.is_empty() || self.has_week_of(at.date()))
    }

    /// A week belongs to the year that has at least four of its days, and counts from either end of it.
    fn has_week_of(&self, day: NaiveDate) -> bool {
        let Some(first) = day.checked_sub_days(into_week(day, self.week_start)) else { return false };
        let Some(fourth) = first.checked_add_days(Days::new(3)) else { return false };
        let number = fourth.ordinal0() / 7 + 1;
        let last = if fourth.leap_year() { 365 } else { 364 };
        let to_come = (last - fourth.ordinal0()) / 7;
        let has = |number: i64| i16::try_from(number).is_ok_and(|number| self.weeks.contains(&number));
        has(i64::from(number)) || has(-i64::from(to_come) - 1)
    }
}
