//! RFC 5545, section 3.3.10, read word for word: every period of a rule is made in full and looked through. Slow, and
//! independent of the library and of the crate under it.

use crm_core::chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Weekday};
use proptest::collection::btree_set;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// From the coarsest to the finest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Frequency {
    Yearly,
    Monthly,
    Weekly,
    Daily,
    Hourly,
    Minutely,
    Secondly,
}

impl Frequency {
    pub(super) const ALL: [Frequency; 7] = [Yearly, Monthly, Weekly, Daily, Hourly, Minutely, Secondly];
}

use Frequency::{Daily, Hourly, Minutely, Monthly, Secondly, Weekly, Yearly};

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// The parts of a rule; an empty set is a part that is absent.
#[derive(Clone, Debug)]
pub(super) struct Model {
    frequency: Frequency,
    interval: u32,
    count: Option<usize>,
    week_start: usize,
    seconds: BTreeSet<u32>,
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    /// A number, 0 for none, and a weekday from Monday.
    weekdays: BTreeSet<(i32, usize)>,
    month_days: BTreeSet<i32>,
    year_days: BTreeSet<i32>,
    weeks: BTreeSet<i32>,
    months: BTreeSet<u32>,
    positions: BTreeSet<i32>,
}

/// Up to three of these, and often none.
fn some<T: Ord + std::fmt::Debug + Clone + 'static>(
    of: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<BTreeSet<T>> {
    prop_oneof![2 => Just(BTreeSet::new()), 1 => btree_set(of, 1..4)].boxed()
}

fn none<T: Ord + std::fmt::Debug + Clone + 'static>() -> BoxedStrategy<BTreeSet<T>> {
    Just(BTreeSet::new()).boxed()
}

fn signed(most: i32) -> impl Strategy<Value = i32> {
    (1..=most, any::<bool>()).prop_map(|(number, back)| if back { -number } else { number })
}

/// A rule of this frequency that RFC 5545 allows and the library takes.
pub(super) fn rules(frequency: Frequency) -> impl Strategy<Value = Model> {
    let most: u32 = match frequency {
        Yearly => 3,
        Monthly => 14,
        Weekly => 6,
        Daily => 40,
        Hourly => 30,
        Minutely => 100,
        Secondly => 4_000,
    };
    let weeks = if frequency == Yearly { some(signed(53)) } else { none() };
    let month_days = if frequency == Weekly { none() } else { some(signed(31)) };
    let year_days = if matches!(frequency, Monthly | Weekly | Daily) { none() } else { some(signed(366)) };
    let numbers = match frequency {
        Yearly => (-52..=53).boxed(),
        Monthly => (-4..=5).boxed(),
        _ => Just(0).boxed(),
    };
    let numbers = prop_oneof![1 => Just(0), 2 => numbers];
    let (days, times) = (
        (some(1..=12_u32), month_days, year_days, weeks, some((numbers, 0..7_usize))),
        (some(0..24_u32), some(0..60_u32), some(0..60_u32)),
    );
    let interval = prop_oneof![1..=1_u32, 1..=most];
    let count = prop_oneof![3 => Just(None), 1 => (1..40_usize).prop_map(Some)];
    (interval, count, 0..7_usize, days, times, some(signed(4))).prop_map(
        move |(interval, count, week_start, days, (hours, minutes, seconds), positions)| {
            let (months, month_days, year_days, weeks, mut weekdays) = days;
            if !weeks.is_empty() {
                weekdays = weekdays.into_iter().map(|(_, weekday)| (0, weekday)).collect();
            }
            let mut model = Model {
                frequency,
                interval,
                count,
                week_start,
                seconds,
                minutes,
                hours,
                weekdays,
                month_days,
                year_days,
                weeks,
                months,
                positions,
            };
            let no_positions = Model { positions: BTreeSet::new(), ..model.clone() };
            if no_positions.is_bare()
                || frequency == Secondly
                || model.weeks.iter().any(|week| week.abs() > 51)
            {
                model = no_positions;
            }
            model
        },
    )
}

impl Model {
    fn is_bare(&self) -> bool {
        !self.chooses_days()
            && self.months.is_empty()
            && self.hours.is_empty()
            && self.minutes.is_empty()
            && self.seconds.is_empty()
            && self.positions.is_empty()
    }

    fn chooses_days(&self) -> bool {
        !(self.weekdays.is_empty()
            && self.month_days.is_empty()
            && self.year_days.is_empty()
            && self.weeks.is_empty())
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("FREQ={:?};INTERVAL={}", self.frequency, self.interval);
        if let Some(count) = self.count {
            text += &format!(";COUNT={count}");
        }
        text += &format!(";WKST={}", WEEKDAYS[self.week_start]);
        let mut part = |name: &str, values: Vec<String>| {
            if !values.is_empty() {
                text += &format!(";{name}={}", values.join(","));
            }
        };
        fn all<T: ToString>(values: &BTreeSet<T>) -> Vec<String> {
            values.iter().map(T::to_string).collect()
        }
        part("BYMONTH", all(&self.months));
        part("BYWEEKNO", all(&self.weeks));
        part("BYYEARDAY", all(&self.year_days));
        part("BYMONTHDAY", all(&self.month_days));
        let weekday = |&(number, weekday): &(i32, usize)| match number {
            0 => WEEKDAYS[weekday].to_owned(),
            number => format!("{number}{}", WEEKDAYS[weekday]),
        };
        part("BYDAY", self.weekdays.iter().map(weekday).collect());
        part("BYHOUR", all(&self.hours));
        part("BYMINUTE", all(&self.minutes));
        part("BYSECOND", all(&self.seconds));
        part("BYSETPOS", all(&self.positions));
        text
    }

    /// The occurrences up to and including this time.
    pub(super) fn occurrences(&self, anchor: NaiveDateTime, last: NaiveDateTime) -> Vec<NaiveDateTime> {
        let mut found = Vec::new();
        for period in 0.. {
            let step = period * self.interval;
            let Some(set) = self.period(anchor, step, last) else { break };
            let at = |position: i32| match usize::try_from(position) {
                Ok(position) => set.get(position - 1),
                Err(_) => set.len().checked_sub(position.unsigned_abs() as usize).and_then(|at| set.get(at)),
            };
            let mut chosen: Vec<_> = match self.positions.is_empty() {
                true => set.clone(),
                false => self.positions.iter().filter_map(|position| at(*position).copied()).collect(),
            };
            chosen.sort_unstable();
            chosen.dedup();
            found.extend(chosen.into_iter().filter(|time| (anchor..=last).contains(time)));
        }
        found.truncate(self.count.unwrap_or(usize::MAX));
        found
    }

    /// All times of the period that is `step` years, months … after the anchor's; `None` after the last.
    fn period(&self, anchor: NaiveDateTime, step: u32, last: NaiveDateTime) -> Option<Vec<NaiveDateTime>> {
        let day = anchor.date();
        let first_of_month = day.with_day(1).unwrap();
        let seconds = |unit: i64| anchor + TimeDelta::seconds(unit * i64::from(step));
        let (from, to) = match self.frequency {
            Yearly => {
                let year = day.year() + i32::try_from(step).unwrap();
                let first = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
                (first(year), first(year + 1))
            }
            Monthly => (first_of_month + Months::new(step), first_of_month + Months::new(step + 1)),
            Weekly => {
                let week = self.week_of(day) + Days::new(7 * u64::from(step));
                (week, week + Days::new(7))
            }
            Daily => (day + Days::new(step.into()), day + Days::new(u64::from(step) + 1)),
            Hourly => (seconds(3_600).date(), seconds(3_600).date() + Days::new(1)),
            Minutely => (seconds(60).date(), seconds(60).date() + Days::new(1)),
            Secondly => (seconds(1).date(), seconds(1).date() + Days::new(1)),
        };
        let moment = match self.frequency {
            Hourly => seconds(3_600),
            Minutely => seconds(60),
            Secondly => seconds(1),
            _ => anchor,
        };
        if from > last.date() || moment > last {
            return None;
        }
        // A part at or above the frequency limits, one below it expands, an absent one below it is the anchor's.
        let units = |part: &BTreeSet<u32>, own: u32, is_limit: bool| match (is_limit, part.is_empty()) {
            (true, true) | (false, true) => vec![own],
            (true, false) => part.iter().copied().filter(|unit| *unit == own).collect(),
            (false, false) => part.iter().copied().collect(),
        };
        let hours = units(&self.hours, moment.hour(), self.frequency >= Hourly);
        let minutes = units(&self.minutes, moment.minute(), self.frequency >= Minutely);
        let seconds = units(&self.seconds, moment.second(), self.frequency >= Secondly);
        let mut set = Vec::new();
        for day in
            from.iter_days().take_while(|day| *day < to).filter(|day| self.has_day(*day, anchor.date()))
        {
            for hour in &hours {
                for minute in &minutes {
                    set.extend(
                        seconds.iter().map(|second| day.and_hms_opt(*hour, *minute, *second).unwrap()),
                    );
                }
            }
        }
        Some(set)
    }

    fn has_day(&self, day: NaiveDate, anchor: NaiveDate) -> bool {
        let either_end = |set: &BTreeSet<i32>, (number, of): (i32, i32)| {
            set.is_empty() || set.contains(&number) || set.contains(&(number - of - 1))
        };
        let in_months = |day: NaiveDate| self.months.is_empty() || self.months.contains(&day.month());
        let own_day = match self.frequency {
            _ if self.chooses_days() => true,
            Yearly if self.months.is_empty() => (day.month(), day.day()) == (anchor.month(), anchor.day()),
            Yearly | Monthly => day.day() == anchor.day(),
            Weekly => day.weekday() == anchor.weekday(),
            _ => true,
        };
        let number = |day: u32| i32::try_from(day).unwrap();
        let first_of_next = |day: NaiveDate| day.with_day(1).unwrap() + Months::new(1);
        let in_month = (number(day.day()), number((first_of_next(day) - Days::new(1)).day()));
        let in_year = (number(day.ordinal()), if day.leap_year() { 366 } else { 365 });
        own_day
            && in_months(day)
            && either_end(&self.month_days, in_month)
            && either_end(&self.year_days, in_year)
            && (self.weekdays.is_empty()
                || self.weekdays.iter().any(|&(number, weekday)| {
                    // A number counts in the month, unless a yearly rule names no months.
                    let counts_in_year = self.frequency == Yearly && self.months.is_empty();
                    let (at, of) = if counts_in_year { in_year } else { in_month };
                    day.weekday().num_days_from_monday() as usize == weekday
                        && (number == 0 || number == (at - 1) / 7 + 1 || -number == (of - at) / 7 + 1)
                }))
            && self.has_week(day)
    }

    fn week_of(&self, day: NaiveDate) -> NaiveDate {
        let start = Weekday::try_from(u8::try_from(self.week_start).unwrap()).unwrap();
        day.week(start).first_day()
    }

    /// The first week of a year is that of 4 January.
    fn has_week(&self, day: NaiveDate) -> bool {
        let first = |year| self.week_of(NaiveDate::from_ymd_opt(year, 1, 4).unwrap());
        let weeks = |from: NaiveDate, to: NaiveDate| i32::try_from((to - from).num_days() / 7).unwrap();
        self.weeks.is_empty()
            || (day.year() - 1..=day.year() + 1).any(|year| {
                let (start, end) = (first(year), first(year + 1));
                (start..end).contains(&day) && {
                    let number = weeks(start, self.week_of(day)) + 1;
                    self.weeks.contains(&number) || self.weeks.contains(&(number - weeks(start, end) - 1))
                }
            })
    }
}
