//! The format of the file, and how an older one becomes the newest.

use crate::connection::Conn;
use crate::error::OrError;
use crm_core::{Error, Result};
use std::time::{Duration, Instant};

/// The steps from one format to the next; the number of steps taken is SQLite's `user_version`.
const STEPS: &[&str] = &[include_str!("../migrations/0001_first_format.sql")];

/// Says in the file's header whose it is: `CRM1`.
const APPLICATION_ID: i64 = 0x4352_4d31;

/// What a file is.
enum Found {
    Empty,
    Ours { format: usize },
}

/// Brings the file to the newest format, in one transaction.
pub(crate) fn migrate(conn: &Conn, read_only: bool, timeout: Duration) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(1);
    let until = Instant::now() + timeout;
    loop {
        match try_to_migrate(conn, read_only) {
            // SQLite does not wait for others while it switches to WAL: two who open a new file get in each other's
            // way, and the next try finds what the other one did.
            Err(Error::Busy) if Instant::now() < until => std::thread::sleep(PAUSE),
            result => return result,
        }
    }
}

fn try_to_migrate(conn: &Conn, read_only: bool) -> Result<()> {
    if matches!(look(conn)?, Found::Ours { format } if format == STEPS.len()) {
        return use_wal(conn, read_only);
    }
    if read_only {
        return Err(Error::ReadOnly);
    }
    use_wal(conn, read_only)?;
    conn.raw().execute_batch("BEGIN IMMEDIATE").or_error()?;
    let migrated = take_steps(conn);
    if migrated.is_err() {
        conn.roll_back();
    }
    migrated
}

fn take_steps(conn: &Conn) -> Result<()> {
    // Another process may have been faster: look again, now that nobody else can write.
    let taken = match look(conn)? {
        Found::Empty => 0,
        Found::Ours { format } => format,
    };
    for step in &STEPS[taken..] {
        conn.raw().execute_batch(step).or_error()?;
    }
    conn.raw().pragma_update(None, "application_id", APPLICATION_ID).or_error()?;
    conn.raw()
        .pragma_update(None, "user_version", i64::try_from(STEPS.len()).unwrap_or(i64::MAX))
        .or_error()?;
    conn.raw().execute_batch("COMMIT").or_error()
}

/// Looks without touching.
fn look(conn: &Conn) -> Result<Found> {
    let number = |sql: &str| conn.raw().query_row(sql, [], |row| row.get::<_, i64>(0)).or_error();
    let application = number("PRAGMA application_id")?;
    let format = number("PRAGMA user_version")?;
    if application != APPLICATION_ID {
        let objects = number("SELECT count(*) FROM sqlite_schema")?;
        if application == 0 && format == 0 && objects == 0 {
            return Ok(Found::Empty);
        }
        return Err(Error::NotAStore { reason: "a database of another program".to_owned() });
    }
    match usize::try_from(format) {
        Ok(format) if format <= STEPS.len() => Ok(Found::Ours { format }),
        _ => Err(Error::TooNew {
            found: u32::try_from(format).unwrap_or(u32::MAX),
            supported: u32::try_from(STEPS.len()).unwrap_or(u32::MAX),
        }),
    }
}

/// WAL is a property of the file; a database in memory has none and says so.
fn use_wal(conn: &Conn, read_only: bool) -> Result<()> {
    if read_only {
        return Ok(());
    }
    let mode = "PRAGMA journal_mode = WAL";
    conn.raw().query_row(mode, [], |row| row.get::<_, String>(0)).or_error()?;
    Ok(())
}
