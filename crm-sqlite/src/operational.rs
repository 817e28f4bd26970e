//! Sessions, log-in attempts, password hashes, counters.

use crate::counters;
use crate::error::{OrError, from_sqlite, is_duplicate};
use crate::records::holder;
use crate::store::{HasConn, SqliteTransaction, SqliteView};
use crm_core::port::{Attempts, Delivery, OperationalRead, OperationalWrite, SessionRow, StoreState};
use crm_core::{Error, Head, Id, Reminder, Result, Timestamp, User, Uuid, to_micros};
use rusqlite::{OptionalExtension, Row, params};

macro_rules! reads {
    ($($view:ty),+) => {$(
        impl OperationalRead for $view {
            fn state(&self) -> Result<StoreState> {
                const SQL: &str = "SELECT m.value, o.at, o.seq, o.hash FROM crm_meta AS m LEFT JOIN \
                                   (SELECT seq, at, hash FROM crm_operation ORDER BY seq DESC LIMIT 1) AS o \
                                   WHERE m.name = 'authority'";
                let mut statement = self.conn()?.prepare(SQL)?;
                let state = statement.query_row([], |row| {
                    let (authority, at): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
                    let (seq, hash): (Option<i64>, Option<[u8; 32]>) = (row.get(2)?, row.get(3)?);
                    Ok(StoreState {
                        authority: u64::try_from(authority).unwrap_or(0),
                        last_operation_at: at.and_then(Timestamp::from_timestamp_micros),
                        head: Head {
                            seq: seq.and_then(|seq| u64::try_from(seq).ok()).unwrap_or(0),
                            hash: hash.unwrap_or_default(),
                        },
                    })
                });
                state.or_error()
            }

            fn credential(&self, user: Id<User>) -> Result<Option<String>> {
                const SQL: &str = "SELECT hash FROM crm_credential WHERE user = ?1";
                self.conn()?.prepare(SQL)?.query_row([user.uuid().as_bytes()], |row| row.get(0)).optional().or_error()
            }

            fn session(&self, token_hash: &[u8; 32]) -> Result<Option<SessionRow>> {
                const SQL: &str =
                    "SELECT token_hash, user, created_at, expires_at, revoked_at FROM crm_session WHERE token_hash = ?1";
                self.conn()?.prepare(SQL)?.query_row([token_hash], session).optional().or_error()
            }

            fn attempts(&self, name: &str) -> Result<Option<Attempts>> {
                const SQL: &str = "SELECT failures, retry_at FROM crm_attempt WHERE name = ?1";
                let attempts = |row: &Row<'_>| {
                    Ok(Attempts { failures: row.get(0)?, retry_at: instant(row.get(1)?) })
                };
                self.conn()?.prepare(SQL)?.query_row([name], attempts).optional().or_error()
            }

            fn chunk(&self, content: &[u8; 32], place: u32) -> Result<Option<Vec<u8>>> {
                const SQL: &str = "SELECT bytes FROM crm_chunk WHERE content = ?1 AND place = ?2";
                let found = self.conn()?.prepare(SQL)?.query_row(params![content, place], |row| row.get(0));
                found.optional().or_error()
            }

            fn contents(&self, after: Option<&[u8; 32]>, limit: usize) -> Result<Vec<[u8; 32]>> {
                const SQL: &str =
                    "SELECT DISTINCT content FROM crm_chunk WHERE content > ?1 ORDER BY content LIMIT ?2";
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                // Nothing is less than a name of no bytes.
                let after = after.map(<[u8; 32]>::as_slice).unwrap_or_default();
                let mut statement = self.conn()?.prepare(SQL)?;
                let found = statement.query_map(params![after, limit], |row| row.get(0)).or_error()?;
                found.collect::<rusqlite::Result<_>>().or_error()
            }

            fn counters(&self) -> Result<Vec<(String, u64)>> {
                const SQL: &str = "SELECT name, last FROM crm_counter ORDER BY name";
                counters::write(self.conn()?)?;
                let counter = |row: &Row<'_>| Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)));
                let mut statement = self.conn()?.prepare(SQL)?;
                let found = statement.query_map([], counter).or_error()?;
                found.collect::<rusqlite::Result<_>>().or_error()
            }

            fn deliveries_of(&self, reminder: Id<Reminder>) -> Result<Vec<Delivery>> {
                let sql = format!("{DELIVERY} WHERE reminder = ?1 ORDER BY fire_at, occurrence, \"offset\"");
                let mut statement = self.conn()?.prepare(&sql)?;
                let found = statement.query_map([reminder.uuid().as_bytes()], delivery).or_error()?;
                found.collect::<rusqlite::Result<_>>().or_error()
            }

            fn deliveries_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>> {
                let sql = format!(
                    "{DELIVERY} WHERE delivered_at IS NULL AND try_at <= ?1 \
                     ORDER BY try_at, reminder, occurrence, \"offset\" LIMIT ?2"
                );
                let mut statement = self.conn()?.prepare(&sql)?;
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                let found = statement.query_map(params![to_micros(now), limit], delivery).or_error()?;
                found.collect::<rusqlite::Result<_>>().or_error()
            }
        }
    )+};
}
reads!(SqliteView, SqliteTransaction);

const DELIVERY: &str = "SELECT reminder, occurrence, \"offset\", fire_at, try_at, failures, worker, delivered_at, \
                        problem FROM crm_delivery";

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        reminder: Id::from_uuid(Uuid::from_bytes(row.get(0)?)),
        occurrence: row.get(1)?,
        offset: row.get(2)?,
        fire_at: instant(row.get(3)?),
        try_at: instant(row.get(4)?),
        failures: row.get(5)?,
        worker: row.get(6)?,
        delivered_at: row.get::<_, Option<i64>>(7)?.map(instant),
        problem: row.get(8)?,
    })
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(micros).unwrap_or_default()
}

fn session(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        token_hash: row.get(0)?,
        user: Id::from_uuid(Uuid::from_bytes(row.get(1)?)),
        created_at: instant(row.get(2)?),
        expires_at: instant(row.get(3)?),
        revoked_at: row.get::<_, Option<i64>>(4)?.map(instant),
    })
}

impl OperationalWrite for SqliteTransaction {
    fn bump_authority(&mut self) -> Result<()> {
        self.conn()?.execute("UPDATE crm_meta SET value = value + 1 WHERE name = 'authority'", [])?;
        Ok(())
    }

    fn set_credential(&mut self, user: Id<User>, hash: &str) -> Result<()> {
        const SQL: &str = "INSERT INTO crm_credential (user, hash) VALUES (?1, ?2) \
                           ON CONFLICT (user) DO UPDATE SET hash = excluded.hash";
        self.conn()?.execute(SQL, params![user.uuid().as_bytes(), hash])?;
        Ok(())
    }

    fn add_session(&mut self, session: &SessionRow) -> Result<()> {
        const SQL: &str = "INSERT INTO crm_session (token_hash, user, created_at, expires_at, revoked_at) \
                           VALUES (?1, ?2, ?3, ?4, ?5)";
        let (created, expires) = (to_micros(session.created_at), to_micros(session.expires_at));
        let revoked = session.revoked_at.map(to_micros);
        self.conn()?.execute(
            SQL,
            params![session.token_hash, session.user.uuid().as_bytes(), created, expires, revoked],
        )?;
        Ok(())
    }

    fn revoke_session(&mut self, token_hash: &[u8; 32], at: Timestamp) -> Result<()> {
        const SQL: &str =
            "UPDATE crm_session SET revoked_at = ?2 WHERE token_hash = ?1 AND revoked_at IS NULL";
        self.conn()?.execute(SQL, params![token_hash, to_micros(at)])?;
        Ok(())
    }

    fn revoke_sessions_of(&mut self, user: Id<User>, at: Timestamp) -> Result<()> {
        const SQL: &str = "UPDATE crm_session SET revoked_at = ?2 WHERE user = ?1 AND revoked_at IS NULL";
        self.conn()?.execute(SQL, params![user.uuid().as_bytes(), to_micros(at)])?;
        Ok(())
    }

    fn set_attempts(&mut self, name: &str, attempts: Option<&Attempts>) -> Result<()> {
        const SET: &str = "INSERT INTO crm_attempt (name, failures, retry_at) VALUES (?1, ?2, ?3) ON CONFLICT (name) \
                           DO UPDATE SET failures = excluded.failures, retry_at = excluded.retry_at";
        match attempts {
            Some(attempts) => {
                self.conn()?.execute(SET, params![name, attempts.failures, to_micros(attempts.retry_at)])?
            }
            None => self.conn()?.execute("DELETE FROM crm_attempt WHERE name = ?1", [name])?,
        };
        Ok(())
    }

    fn put_delivery(&mut self, delivery: &Delivery) -> Result<()> {
        const SQL: &str = "REPLACE INTO crm_delivery (reminder, occurrence, \"offset\", fire_at, try_at, failures, \
                           worker, delivered_at, problem) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        self.conn()?.execute(
            SQL,
            params![
                delivery.reminder.uuid().as_bytes(),
                delivery.occurrence,
                delivery.offset,
                to_micros(delivery.fire_at),
                to_micros(delivery.try_at),
                delivery.failures,
                delivery.worker,
                delivery.delivered_at.map(to_micros),
                delivery.problem,
            ],
        )?;
        Ok(())
    }

    fn remove_deliveries(&mut self, reminder: Id<Reminder>, told_too: bool) -> Result<()> {
        const WAITING: &str = "DELETE FROM crm_delivery WHERE reminder = ?1 AND delivered_at IS NULL";
        const ALL: &str = "DELETE FROM crm_delivery WHERE reminder = ?1";
        let sql = if told_too { ALL } else { WAITING };
        self.conn()?.execute(sql, [reminder.uuid().as_bytes()])?;
        Ok(())
    }

    fn add_chunk(&mut self, content: &[u8; 32], place: u32, bytes: &[u8]) -> Result<()> {
        const SQL: &str = "INSERT INTO crm_chunk (content, place, bytes) VALUES (?1, ?2, ?3)";
        self.conn()?.execute(SQL, params![content, place, bytes])?;
        Ok(())
    }

    fn rename_chunks(&mut self, from: &[u8; 32], to: &[u8; 32]) -> Result<()> {
        self.conn()?.execute("UPDATE crm_chunk SET content = ?2 WHERE content = ?1", params![from, to])?;
        Ok(())
    }

    fn remove_chunks(&mut self, content: &[u8; 32]) -> Result<()> {
        self.conn()?.execute("DELETE FROM crm_chunk WHERE content = ?1", params![content])?;
        Ok(())
    }

    fn next_number(&mut self, counter: &str) -> Result<u64> {
        counters::next(self.conn()?, counter)
    }

    fn raise_number(&mut self, counter: &str, number: u64) -> Result<()> {
        counters::raise(self.conn()?, counter, number)
    }

    fn defer_references(&mut self) -> Result<()> {
        // It ends with the transaction.
        self.conn()?.execute("PRAGMA defer_foreign_keys = ON", [])?;
        Ok(())
    }

    fn set_unique(&mut self, entity: &'static str, field: &'static str, unique: bool) -> Result<()> {
        const SQL: &str = "UPDATE crm_key SET shared = iif(?3, x'', record) WHERE kind = ?1 AND field = ?2";
        const SHARED: &str = "SELECT \"key\", max(record) FROM crm_key WHERE kind = ?1 AND field = ?2 \
                              GROUP BY \"key\" HAVING count(*) > 1 ORDER BY \"key\" LIMIT 1";
        let conn = self.conn()?;
        match conn.prepare(SQL)?.execute(params![entity, field, unique]) {
            Ok(_) => Ok(()),
            Err(error) if is_duplicate(&error) => {
                let mut statement = conn.prepare(SHARED)?;
                let (value, record): (String, [u8; 16]) = statement
                    .query_row(params![entity, field], |row| Ok((row.get(0)?, row.get(1)?)))
                    .or_error()?;
                let holder = holder(conn, entity, field, &value)?.or(Some(Uuid::from_bytes(record)));
                Err(Error::Duplicate { entity, field, value, holder })
            }
            Err(error) => Err(from_sqlite(error)),
        }
    }
}
