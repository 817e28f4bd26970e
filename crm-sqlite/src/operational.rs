//! Sessions, log-in attempts, password hashes, counters.

use crate::error::{OrError, from_sqlite, is_duplicate};
use crate::records::holder;
use crate::store::{HasConn, SqliteTransaction, SqliteView};
use crm_core::port::{Attempts, OperationalRead, OperationalWrite, SessionRow, StoreState};
use crm_core::{Error, Id, Result, Timestamp, User, Uuid, to_micros};
use rusqlite::{OptionalExtension, Row, params};

macro_rules! reads {
    ($($view:ty),+) => {$(
        impl OperationalRead for $view {
            fn state(&self) -> Result<StoreState> {
                const SQL: &str = "SELECT (SELECT value FROM crm_meta WHERE name = 'authority'), \
                                   (SELECT at FROM crm_operation ORDER BY seq DESC LIMIT 1)";
                let mut statement = self.conn()?.prepare(SQL)?;
                let (authority, at): (i64, Option<i64>) =
                    statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).or_error()?;
                Ok(StoreState {
                    authority: u64::try_from(authority).unwrap_or(0),
                    last_operation_at: at.and_then(Timestamp::from_timestamp_micros),
                })
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
        }
    )+};
}
reads!(SqliteView, SqliteTransaction);

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

    fn next_number(&mut self, counter: &str) -> Result<u64> {
        const SQL: &str = "INSERT INTO crm_counter (name, last) VALUES (?1, 1) \
                           ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last";
        let number: i64 = self.conn()?.prepare(SQL)?.query_row([counter], |row| row.get(0)).or_error()?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    fn raise_number(&mut self, counter: &str, number: u64) -> Result<()> {
        const SQL: &str = "INSERT INTO crm_counter (name, last) VALUES (?1, ?2) \
                           ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)";
        self.conn()?.execute(SQL, params![counter, i64::try_from(number).unwrap_or(i64::MAX)])?;
        Ok(())
    }

    fn set_unique(&mut self, entity: &'static str, field: &'static str, unique: bool) -> Result<()> {
        const SQL: &str = "UPDATE crm_key SET is_unique = ?3 WHERE kind = ?1 AND field = ?2";
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
