//! An RRULE taken apart and checked against RFC 5545, section 3.3.10.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};
use rrule::{Frequency, NWeekday};
use std::str::FromStr;

/// The longest text of a rule.
const LONGEST: usize = 500;
/// The most occurrences that COUNT may ask for. They are counted from the first, so this bounds the work.
const MOST_COUNTED: u32 = 100_000;
/// The most times of one day in a rule that takes whole weeks, months or years at once.
const MOST_TIMES: usize = 288;
/// The most times of one day with which the rule for the end of the month works: `BYSETPOS` reaches as far.
const MOST_MONTH_END_TIMES: usize = 31;

/// Where a rule ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// With this day.
    Day(NaiveDate),
    /// At this time of the anchor's wall clock.
    Local(NaiveDateTime),
    /// At this moment in UTC.
    Utc(NaiveDateTime),
}

impl Until {
    /// The calendar day in it.
    pub(super) fn date(self) -> NaiveDate {
        match self {
            Until::Day(day) => day,
            Until::Local(at) | Until::Utc(at) => at.date(),
        }
    }
}

/// The parts of a rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) frequency: Frequency,
    pub(super) interval: u16,
    pub(super) count: Option<u32>,
    pub(super) until: Option<Until>,
    pub(super) week_start: Weekday,
    pub(super) seconds: Vec<i16>,
    pub(super) minutes: Vec<i16>,
    pub(super) hours: Vec<i16>,
    pub(super) weekdays: Vec<NWeekday>,
    pub(super) month_days: Vec<i16>,
    pub(super) year_days: Vec<i16>,
    pub(super) weeks: Vec<i16>,
    pub(super) months: Vec<i16>,
    pub(super) positions: Vec<i16>,
}

/// What stands for a bare rule whose anchor lies after the 28th.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MonthEnd {
    pub(super) frequency: Frequency,
    pub(super) months: Vec<i16>,
    pub(super) month_days: Vec<i16>,
    pub(super) positions: Vec<i16>,
}

type Checked<T> = Result<T, String>;

impl Rule {
    /// Takes a text in upper case apart, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Checked<Self> {
        if text.len() > LONGEST {
            return Err(format!("a rule has at most {LONGEST} characters"));
        }
        if text.contains([':', '\n', '\r']) {
            return Err("a rule is one RRULE alone, without DTSTART, EXDATE or other lines".to_owned());
        }
        let mut rule = Rule {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            week_start: Weekday::Mon,
            seconds: Vec::new(),
            minutes: Vec::new(),
            hours: Vec::new(),
            weekdays: Vec::new(),
            month_days: Vec::new(),
            year_days: Vec::new(),
            weeks: Vec::new(),
            months: Vec::new(),
            positions: Vec::new(),
        };
        let mut seen = Vec::new();
        for part in text.split(';') {
            let Some((name, value)) = part.split_once('=') else {
                return Err(format!("{part:?} is no part of a rule, such as FREQ=WEEKLY"));
            };
            if seen.contains(&name) {
                return Err(format!("{name} stands twice"));
            }
            seen.push(name);
            match name {
                "FREQ" => rule.frequency = frequency(value)?,
                "INTERVAL" => rule.interval = number(name, value, 1, u16::MAX)?,
                "COUNT" => rule.count = Some(number(name, value, 1, MOST_COUNTED)?),
                "UNTIL" => rule.until = Some(until(value)?),
                "WKST" => rule.week_start = weekday(value)?,
                "BYSECOND" => rule.seconds = numbers(name, value, 0, 60)?,
                "BYMINUTE" => rule.minutes = numbers(name, value, 0, 59)?,
                "BYHOUR" => rule.hours = numbers(name, value, 0, 23)?,
                "BYDAY" => rule.weekdays = value.split(',').map(numbered_weekday).collect::<Checked<_>>()?,
                "BYMONTHDAY" => rule.month_days = signed_numbers(name, value, 31)?,
                "BYYEARDAY" => rule.year_days = signed_numbers(name, value, 366)?,
                "BYWEEKNO" => rule.weeks = signed_numbers(name, value, 53)?,
                "BYMONTH" => rule.months = numbers(name, value, 1, 12)?,
                "BYSETPOS" => rule.positions = signed_numbers(name, value, 366)?,
                _ => return Err(format!("RFC 5545 knows no part {name}")),
            }
        }
        if !seen.contains(&"FREQ") {
            return Err("a rule says FREQ, such as FREQ=WEEKLY".to_owned());
        }
        // A clock without leap seconds shows second 60 as 59.
        rule.seconds.iter_mut().for_each(|second| *second = (*second).min(59));
        rule.seconds.dedup();
        rule.check()?;
        Ok(rule)
    }

    /// What RFC 5545 forbids in combination, and what the expansion can't do.
    fn check(&self) -> Checked<()> {
        let frequency = self.frequency;
        let refuse = |broken: bool, reason: &str| if broken { Err(reason.to_owned()) } else { Ok(()) };
        let by_month_or_year = matches!(frequency, Frequency::Monthly | Frequency::Yearly);
        let numbers = || {
            self.weekdays.iter().filter_map(|weekday| match weekday {
                NWeekday::Nth(number, _) => Some(*number),
                NWeekday::Every(_) => None,
            })
        };
        let numbered = numbers().next().is_some();
        refuse(self.count.is_some() && self.until.is_some(), "COUNT and UNTIL exclude each other")?;
        refuse(numbered && !by_month_or_year, "only MONTHLY and YEARLY number the weekdays of BYDAY")?;
        refuse(numbered && !self.weeks.is_empty(), "BYDAY with a number does not go with BYWEEKNO")?;
        refuse(
            !self.month_days.is_empty() && frequency == Frequency::Weekly,
            "BYMONTHDAY does not go with WEEKLY",
        )?;
        refuse(
            !self.year_days.is_empty()
                && matches!(frequency, Frequency::Daily | Frequency::Weekly | Frequency::Monthly),
            "BYYEARDAY does not go with DAILY, WEEKLY and MONTHLY",
        )?;
        refuse(!self.weeks.is_empty() && frequency != Frequency::Yearly, "BYWEEKNO goes with YEARLY only")?;
        refuse(
            !self.positions.is_empty() && Rule { positions: Vec::new(), ..self.clone() }.is_bare(),
            "BYSETPOS chooses among what another BY part gives",
        )?;
        // From here on RFC 5545 allows more than this library does.
        let range = if frequency == Frequency::Monthly { -4..=5 } else { -52..=53 };
        refuse(
            numbers().any(|number| !range.contains(&number)),
            "BYDAY counts the weekdays of a month from -4 to 5, those of a year from -52 to 53",
        )?;
        let reach = match frequency {
            Frequency::Yearly | Frequency::Daily => 366,
            Frequency::Monthly => 31,
            Frequency::Weekly => 53,
            Frequency::Hourly => 24,
            Frequency::Minutely => 60,
            Frequency::Secondly => 1,
        };
        refuse(
            self.positions.iter().any(|position| position.abs() > reach),
            "BYSETPOS reaches further than FREQ",
        )?;
        refuse(
            !self.positions.is_empty() && self.weeks.iter().any(|week| week.abs() > 51),
            "BYSETPOS does not go with the weeks 52 and 53",
        )?;
        refuse(
            self.times() > MOST_TIMES && frequency < Frequency::Daily,
            "BYHOUR, BYMINUTE and BYSECOND make more than 288 times of a day",
        )
    }

    /// Whether no BY part is given.
    pub(super) fn is_bare(&self) -> bool {
        !(self.chooses_days() || self.chooses_times()) && self.months.is_empty() && self.positions.is_empty()
    }

    /// Whether the rule itself says on which days.
    pub(super) fn chooses_days(&self) -> bool {
        !(self.weekdays.is_empty()
            && self.month_days.is_empty()
            && self.year_days.is_empty()
            && self.weeks.is_empty())
    }

    /// Whether the rule itself says at what times.
    pub(super) fn chooses_times(&self) -> bool {
        !(self.hours.is_empty() && self.minutes.is_empty() && self.seconds.is_empty())
    }

    /// Whether it repeats within a day.
    pub(super) fn is_sub_daily(&self) -> bool {
        self.frequency > Frequency::Daily
    }

    /// How many times of a day BYHOUR, BYMINUTE and BYSECOND make.
    fn times(&self) -> usize {
        [&self.hours, &self.minutes, &self.seconds].iter().map(|times| times.len().max(1)).product()
    }

    /// The last day that is not after the anchor's, for a bare rule anchored after the 28th. `BYSETPOS` takes all
    /// times of that day.
    pub(super) fn month_end(&self, anchor: NaiveDate) -> Option<MonthEnd> {
        let day = i16::try_from(anchor.day()).ok().filter(|day| *day > 28)?;
        let times = i16::try_from(self.times().min(MOST_MONTH_END_TIMES + 1)).ok()?;
        if self.chooses_days() || !self.positions.is_empty() || self.times() > MOST_MONTH_END_TIMES {
            return None;
        }
        let (frequency, months) = match (self.frequency, self.months.as_slice()) {
            (Frequency::Monthly, months) => (Frequency::Monthly, months.to_vec()),
            (Frequency::Yearly, []) => (Frequency::Yearly, vec![i16::try_from(anchor.month()).ok()?]),
            (Frequency::Yearly, [month]) => (Frequency::Yearly, vec![*month]),
            // BYSETPOS would take the end of the last of the months only.
            (Frequency::Yearly, months) if self.interval == 1 => (Frequency::Monthly, months.to_vec()),
            _ => return None,
        };
        Some(MonthEnd {
            frequency,
            months,
            month_days: (28..=day).collect(),
            positions: (-times..=-1).collect(),
        })
    }
}

fn frequency(word: &str) -> Checked<Frequency> {
    Frequency::from_str(word)
        .map_err(|_| "FREQ is YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY or SECONDLY".to_owned())
}

fn weekday(word: &str) -> Checked<Weekday> {
    Ok(match word {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return Err(format!("{word:?} is no weekday, such as MO")),
    })
}

/// `MO`, `2MO` or `-1MO`.
fn numbered_weekday(text: &str) -> Checked<NWeekday> {
    let split = text.len().checked_sub(2).and_then(|at| text.split_at_checked(at));
    let Some((number, word)) = split else { return Err(format!("{text:?} is no weekday, such as MO")) };
    let weekday = weekday(word)?;
    match number {
        "" => Ok(NWeekday::Every(weekday)),
        number => Ok(NWeekday::Nth(signed("BYDAY", number, 53)?, weekday)),
    }
}

fn number<T>(name: &str, text: &str, low: T, high: T) -> Checked<T>
where
    T: FromStr + PartialOrd + std::fmt::Display,
{
    let number = if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None };
    let number: Option<T> = number.filter(|number| (&low..=&high).contains(&number));
    number.ok_or_else(|| format!("{name} is a number from {low} to {high}"))
}

/// A number that may count from the end.
fn signed(name: &str, text: &str, high: i16) -> Checked<i16> {
    let failed = |_| format!("{name} is a number from 1 to {high} or from -{high} to -1");
    match text.strip_prefix('-') {
        Some(digits) => number(name, digits, 1, high).map(|number| -number).map_err(failed),
        None => number(name, text.strip_prefix('+').unwrap_or(text), 1, high).map_err(failed),
    }
}

fn numbers(name: &str, list: &str, low: i16, high: i16) -> Checked<Vec<i16>> {
    sorted(list.split(',').map(|text| number(name, text, low, high)))
}

fn signed_numbers(name: &str, list: &str, high: i16) -> Checked<Vec<i16>> {
    sorted(list.split(',').map(|text| signed(name, text, high)))
}

fn sorted(numbers: impl Iterator<Item = Checked<i16>>) -> Checked<Vec<i16>> {
    let mut numbers = numbers.collect::<Checked<Vec<_>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn until(text: &str) -> Checked<Until> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let parsed = match (text.len(), digits) {
        (8, 8) => NaiveDate::parse_from_str(text, "%Y%m%d").ok().map(Until::Day),
        (15, 14) => NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok().map(Until::Local),
        (16, 14) => NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok().map(Until::Utc),
        _ => None,
    };
    parsed
        .filter(|until| until.date().year() >= 1)
        .ok_or_else(|| "UNTIL is a date like 20261120 or a time like 20261120T090000 or …Z".to_owned())
}
