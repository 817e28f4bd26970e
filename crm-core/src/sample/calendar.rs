//! Days and hours of work around the clock's today.

use super::dice::Dice;
use crate::value::{Due, Timestamp, Zone, resolve_local};
use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};

/// When the sample is made, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    pub(super) now: Timestamp,
    pub(super) zone: Zone,
    pub(super) today: NaiveDate,
}

impl Calendar {
    pub(super) fn new(now: Timestamp, zone: Zone) -> Self {
        Calendar { now, zone, today: zone.date_at(now) }
    }

    /// So many days ago, or the day before when that was a Sunday.
    pub(super) fn ago(&self, days: u32) -> NaiveDate {
        let day = before(self.today, days);
        if is_sunday(day) { before(day, 1) } else { day }
    }

    /// In so many days, or the day after when that is a Sunday.
    pub(super) fn ahead(&self, days: u32) -> NaiveDate {
        let after = |day: NaiveDate, days: u32| day.checked_add_days(Days::new(days.into())).unwrap_or(day);
        let day = after(self.today, days);
        if is_sunday(day) { after(day, 1) } else { day }
    }

    /// Some day from one to another, no Sunday unless there is nothing else.
    pub(super) fn between(&self, first: NaiveDate, last: NaiveDate, dice: &mut Dice) -> NaiveDate {
        let days = u32::try_from((last - first).num_days()).unwrap_or(0);
        let day = before(last, dice.below(days + 1));
        if is_sunday(day) && day > first { before(day, 1) } else { day }
    }

    /// At some time of work on this day, but not after now.
    pub(super) fn moment(&self, day: NaiveDate, dice: &mut Dice) -> Timestamp {
        resolve_local(day.and_time(time_of_work(dice)), self.zone).min(self.now)
    }

    /// At some time of work on this day.
    pub(super) fn due(&self, day: NaiveDate, dice: &mut Dice) -> Due {
        Due::at(day.and_time(time_of_work(dice)), self.zone)
    }
}

/// So many days before this one.
pub(super) fn before(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(days.into())).unwrap_or(day)
}

fn is_sunday(day: NaiveDate) -> bool {
    day.weekday() == Weekday::Sun
}

/// A quarter of an hour from 8:00 to 16:45.
fn time_of_work(dice: &mut Dice) -> NaiveTime {
    let (hour, quarter) = (dice.between(8, 16), dice.below(4));
    NaiveTime::from_hms_opt(hour, quarter * 15, 0).unwrap_or_default()
}
