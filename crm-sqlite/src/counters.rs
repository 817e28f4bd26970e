//! Counters: written when the transaction first takes a number of one, and once more at its end when it took others.

use crate::connection::Conn;
use crate::error::OrError;
use crm_core::Result;
use rusqlite::params;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The counters of which a transaction took numbers, so that a thousand records do not write one row a thousand times.
#[derive(Default)]
pub(crate) struct Counters(RefCell<BTreeMap<String, Counter>>);

struct Counter {
    last: i64,
    written: bool,
}

impl Counters {
    /// What was not written is taken back.
    pub(crate) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

/// The next number.
pub(crate) fn next(conn: &Conn, name: &str) -> Result<u64> {
    const SQL: &str = "INSERT INTO crm_counter (name, last) VALUES (?1, 1) \
                       ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last";
    let mut counters = conn.counters().0.borrow_mut();
    let last = match counters.get_mut(name) {
        Some(counter) => {
            *counter = Counter { last: counter.last.saturating_add(1), written: false };
            counter.last
        }
        None => {
            let last = conn.prepare(SQL)?.query_row([name], |row| row.get(0)).or_error()?;
            counters.insert(name.to_owned(), Counter { last, written: true });
            last
        }
    };
    Ok(u64::try_from(last).unwrap_or(0))
}

/// Lets the counter go on after this number, unless it is further already.
pub(crate) fn raise(conn: &Conn, name: &str, number: u64) -> Result<()> {
    const SQL: &str = "INSERT INTO crm_counter (name, last) VALUES (?1, ?2) \
                       ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)";
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    match conn.counters().0.borrow_mut().get_mut(name) {
        Some(counter) => *counter = Counter { last: counter.last.max(number), written: false },
        None => drop(conn.execute(SQL, params![name, number])?),
    }
    Ok(())
}

/// Writes those that went on since: before the transaction commits, begins a savepoint or reads them all.
pub(crate) fn write(conn: &Conn) -> Result<()> {
    const SQL: &str = "UPDATE crm_counter SET last = ?2 WHERE name = ?1";
    for (name, counter) in conn.counters().0.borrow_mut().iter_mut().filter(|(_, counter)| !counter.written) {
        conn.execute(SQL, params![name, counter.last])?;
        counter.written = true;
    }
    Ok(())
}
