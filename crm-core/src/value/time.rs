//! Moments, calendar days, zones and periods.

use super::field::{Cell, ColumnReader, ColumnWriter, FieldValue, Mismatch, Shape};
use super::{Value, ValueType};
use crate::error::{Error, Result, Violations};
use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta,
    TimeZone, Utc,
};
use chrono_tz::Tz;
#[cfg(feature = "exchange")]
use chrono_tz::{OffsetComponents, OffsetName};
use crm_core_derive::Composite;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A moment in UTC. The library keeps microseconds and cuts what is finer.
pub type Timestamp = DateTime<Utc>;

/// The moment cut to microseconds.
pub fn truncate(at: Timestamp) -> Timestamp {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// Microseconds since 1970 UTC.
pub fn to_micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

pub(super) fn parse_instant(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| truncate(at.with_timezone(&Utc)))
}

/// Only the ten-character form, so that text and date sort alike.
pub(super) fn parse_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (text.len() == 10 && (1..=9999).contains(&date.year())).then_some(date)
}

/// A time zone of the IANA database, such as `Africa/Nairobi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Zone(Tz);

/// What fits.
const EXPECTED: &str = "the name of a time zone, such as Africa/Nairobi";

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Zone = Zone(Tz::UTC);

    /// The zone with this name in the database.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok().map(Zone)
    }

    /// The zone's name in the database.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What a clock in the zone shows at this moment.
    pub fn wall_clock(self, at: Timestamp) -> NaiveDateTime {
        at.with_timezone(&self.0).naive_local()
    }

    /// The calendar day at this moment.
    pub fn date_at(self, at: Timestamp) -> NaiveDate {
        self.local_at(at).date()
    }

    /// How the zone's clocks are set at this moment.
    #[cfg(feature = "exchange")]
    pub(crate) fn clock_at(self, at: Timestamp) -> Clock {
        let offset = self.0.offset_from_utc_datetime(&at.naive_utc());
        Clock {
            offset: offset.fix().local_minus_utc(),
            is_daylight: offset.dst_offset() != TimeDelta::zero(),
            name: offset.abbreviation().unwrap_or("LMT").to_owned(),
        }
    }

    /// Whether the zone's clocks show this time once, and neither twice nor not at all.
    #[cfg(feature = "exchange")]
    pub(crate) fn shows_once(self, local: NaiveDateTime) -> bool {
        matches!(self.0.from_local_datetime(&local), MappedLocalTime::Single(_))
    }

    /// What a wall clock shows at this moment.
    pub(super) fn local_at(self, at: Timestamp) -> NaiveDateTime {
        at.with_timezone(&self.0).naive_local()
    }
}

/// How the clocks of a zone are set.
#[cfg(feature = "exchange")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Seconds ahead of UTC.
    pub(crate) offset: i32,
    /// Whether they are set otherwise than the zone's standard time.
    pub(crate) is_daylight: bool,
    /// What people call it: `CEST`.
    pub(crate) name: String,
}

impl Default for Zone {
    fn default() -> Self {
        Zone::UTC
    }
}
impl FromStr for Zone {
    type Err = Error;

    /// # Errors
    /// `invalid` (`zone`) for what is no name of the IANA database.
    fn from_str(name: &str) -> Result<Self> {
        Zone::from_name(name)
            .ok_or_else(|| Error::invalid("zone", "syntax", format!("{name:?} is not {EXPECTED}")))
    }
}
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
impl FieldValue for Zone {
    fn shape() -> Shape {
        Shape::scalar(ValueType::Text)
    }
    fn to_value(&self) -> Value {
        Value::Text(self.name().to_owned())
    }
    fn from_value(value: Value) -> std::result::Result<Self, Mismatch> {
        match &value {
            Value::Text(name) => Zone::from_name(name).ok_or_else(|| Mismatch::new(EXPECTED, &value)),
            _ => Err(Mismatch::new(EXPECTED, &value)),
        }
    }
    fn write(&self, out: &mut dyn ColumnWriter) -> Result<()> {
        out.put(Cell::Text(self.name()))
    }
    fn read<R: ColumnReader + ?Sized>(from: &mut R) -> Result<Option<Self>> {
        match from.take()? {
            Cell::Null => Ok(None),
            Cell::Text(name) => {
                name.parse().map(Some).map_err(|_| Error::corrupt(format!("{name:?} is no time zone")))
            }
            _ => Err(Error::corrupt("a time zone is no text")),
        }
    }
}

/// The moment at which a wall clock in the zone shows this. A time that the clock skips moves forward by the length
/// of the gap; of a time that it shows twice, the first (RFC 5545, section 3.3.5).
pub fn resolve_local(local: NaiveDateTime, zone: Zone) -> Timestamp {
    resolve(local, zone).0
}

/// The moment, and whether the clock skips this time.
pub(super) fn resolve(local: NaiveDateTime, zone: Zone) -> (Timestamp, bool) {
    match zone.0.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => (at.with_timezone(&Utc), false),
        MappedLocalTime::None => {
            // The offset before the gap holds a day earlier: no zone has two transitions within one.
            let before = local.checked_sub_days(Days::new(1)).unwrap_or(local);
            let offset = zone.0.offset_from_utc_datetime(&before).fix().local_minus_utc();
            let at = local.checked_sub_signed(TimeDelta::seconds(offset.into())).unwrap_or(local);
            (at.and_utc(), true)
        }
    }
}

/// When something is due: a wall-clock time in a zone, or a whole day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Composite)]
#[serde(deny_unknown_fields)]
pub struct Due {
    /// The calendar day.
    #[entity(filterable, sortable)]
    pub date: NaiveDate,
    /// The wall-clock time; absent means the whole day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<NaiveTime>,
    /// The zone of the wall clock; goes with `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
}

impl Due {
    /// At this wall-clock time in this zone.
    pub fn at(local: NaiveDateTime, zone: Zone) -> Self {
        Due { date: local.date(), time: Some(local.time()), zone: Some(zone) }
    }

    /// On this day, at no particular time.
    pub fn on(date: NaiveDate) -> Self {
        Due { date, time: None, zone: None }
    }

    /// The moment, for a timed one.
    pub fn instant(&self) -> Option<Timestamp> {
        Some(resolve_local(self.date.and_time(self.time?), self.zone?))
    }

    pub(crate) fn check(&self, field: &str, problems: &mut Violations) {
        if self.time.is_some() != self.zone.is_some() {
            problems.add(field, "incomplete", "", "a time needs its zone, and a zone its time");
        }
    }
}

/// A calendar period by which figures are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A day.
    Day,
    /// A week from Monday (ISO 8601).
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

impl Period {
    /// The first day of the period that holds this day.
    pub fn start(self, day: NaiveDate) -> NaiveDate {
        let first = |month| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
        match self {
            Period::Day => day,
            Period::Week => {
                let since_monday = u64::from(day.weekday().num_days_from_monday());
                day.checked_sub_days(Days::new(since_monday)).unwrap_or(day)
            }
            Period::Month => first(day.month()),
            Period::Quarter => first((day.month() - 1) / 3 * 3 + 1),
            Period::Year => first(1),
        }
    }

    /// The word for it: `month`.
    pub fn as_str(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
            Period::Quarter => "quarter",
            Period::Year => "year",
        }
    }

    /// The period with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year]
            .into_iter()
            .find(|period| period.as_str() == word)
    }
}
