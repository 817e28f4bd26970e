//! SQL functions that the library needs.

use crm_core::port::Search;
use crm_core::{Currency, Match, Money, Period, Timestamp, Zone};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, Error, Result};

/// `crm_bucket(value, period, zone)`: the first day of the period that a date or instant falls into;
/// `crm_percent(minor, percent)`: so many percent of an amount, rounded half to even;
/// `crm_match(words, search, worst)`: how well a record's words fit a search, as the place in [`Match::ALL`], or NULL.
pub(crate) fn register(conn: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    conn.create_scalar_function("crm_percent", 2, flags, |context| {
        let minor: Option<i64> = context.get(0)?;
        let percent: u8 = context.get(1)?;
        // Percent are the same in every currency.
        Ok(minor.map(|minor| Money::new(minor, Currency::USD).percent(percent).minor))
    })?;
    conn.create_scalar_function("crm_match", 3, flags, |context| {
        let search = context.get_or_create_aux(1, |value| value.as_str().map(Search::from_text))?;
        let worst: u8 = context.get(2)?;
        let worst = Match::ALL.get(usize::from(worst)).copied().unwrap_or(Match::Typo);
        let words = context.get_raw(0);
        Ok(search.best_match(words.as_str()?, worst).map(|matched| matched as i64))
    })?;
    conn.create_scalar_function("crm_bucket", 3, flags, |context| {
        let wrong = |index, ty| Error::InvalidFunctionParameterType(index, ty);
        let period = Period::from_word(context.get_raw(1).as_str()?).ok_or_else(|| wrong(1, Type::Text))?;
        let zone: Zone = context.get_raw(2).as_str()?.parse().map_err(|_| wrong(2, Type::Text))?;
        let day = match context.get_raw(0) {
            ValueRef::Null => return Ok(None),
            ValueRef::Integer(micros) => {
                let at = Timestamp::from_timestamp_micros(micros).ok_or_else(|| wrong(0, Type::Integer))?;
                zone.date_at(at)
            }
            value => value.as_str()?.parse().map_err(|_| wrong(0, Type::Text))?,
        };
        Ok(Some(period.start(day).to_string()))
    })
}
