//! The journal's two tables.

use crate::connection::Conn;
use crate::error::{OrError, from_sqlite, is_duplicate};
use crate::rows::Bind;
use crate::sql::Sql;
use crate::store::{HasConn, SqliteTransaction, SqliteView};
use crm_core::port::{JournalRead, JournalWrite, Moment, Sealed, SealedValues, Sight};
use crm_core::{
    Actor, Change, ChangeKind, Customer, Entity, Error, FieldValues, Gate, Id, Kind, Level, Operation,
    OperationId, Result, Timestamp, Uuid, to_micros,
};
use rusqlite::{OptionalExtension, Row, params, params_from_iter};
use std::borrow::Cow;

macro_rules! journals {
    ($($view:ty),+) => {$(
        impl JournalRead for $view {
            fn operation(&self, id: OperationId) -> Result<Option<Operation>> {
                let mut sql = select();
                sql.push("o.id = ");
                sql.bind(Bind::Id(id));
                Ok(read(self.conn()?, sql)?.into_iter().next())
            }
            fn operations(&self, after: u64, limit: usize, sight: &Sight) -> Result<Vec<Operation>> {
                let mut sql = select();
                sql.push("o.seq IN (SELECT k.operation FROM crm_change AS k WHERE k.operation > ");
                sql.bind(Bind::Int(i64::try_from(after).unwrap_or(i64::MAX)));
                sql.push(" AND ");
                seen(&mut sql, sight, "k");
                sql.push(" GROUP BY k.operation ORDER BY k.operation LIMIT ");
                sql.bind(Bind::Int(i64::try_from(limit).unwrap_or(-1)));
                sql.push(") AND ");
                seen(&mut sql, sight, "c");
                read(self.conn()?, sql)
            }
            fn latest_operations(
                &self,
                before: u64,
                limit: usize,
                of: Option<&Actor>,
                sight: &Sight,
            ) -> Result<Vec<Operation>> {
                let mut sql = select();
                sql.push("o.seq IN (SELECT p.seq FROM crm_operation AS p WHERE p.seq < ");
                sql.bind(Bind::Int(i64::try_from(before).unwrap_or(i64::MAX)));
                match of {
                    Some(Actor::User(user)) => {
                        sql.push(" AND p.actor_user = ");
                        sql.bind(Bind::Id(user.uuid()));
                    }
                    Some(Actor::System(label)) => {
                        sql.push(" AND p.actor_user IS NULL AND p.actor_label = ");
                        sql.bind_text(label);
                    }
                    None => {}
                }
                sql.push(" AND EXISTS (SELECT 1 FROM crm_change AS k WHERE k.operation = p.seq AND ");
                seen(&mut sql, sight, "k");
                sql.push(") ORDER BY p.seq DESC LIMIT ");
                sql.bind(Bind::Int(i64::try_from(limit).unwrap_or(-1)));
                sql.push(") AND ");
                seen(&mut sql, sight, "c");
                let mut found = read(self.conn()?, sql)?;
                found.reverse();
                Ok(found)
            }
            fn operations_on(&self, kind: Kind, id: Uuid, after_version: u64) -> Result<Vec<Operation>> {
                let mut sql = select();
                sql.push("c.record = ");
                sql.bind(Bind::Id(id));
                sql.push(" AND c.version > ");
                sql.bind(Bind::Int(i64::try_from(after_version).unwrap_or(i64::MAX)));
                sql.push(" AND c.kind = ");
                sql.bind_text(kind.as_str());
                read(self.conn()?, sql)
            }
            fn sealed(&self, after: u64, limit: usize) -> Result<Vec<Sealed>> {
                sealed(self.conn()?, after, limit)
            }
            fn operations_of_import(&self, import: Uuid) -> Result<Vec<Operation>> {
                const SQL: &str = "SELECT seq, id, at, actor_user, actor_label, command, undoes, import \
                                   FROM crm_operation WHERE json_extract(import, '$.import') = ?1 \
                                   AND import IS NOT NULL ORDER BY seq";
                let mut statement = self.conn()?.prepare(SQL)?;
                let mut rows = statement.query([import.to_string()]).or_error()?;
                let mut found = Vec::new();
                while let Some(row) = rows.next().or_error()? {
                    let seq = u64::try_from(row.get::<_, i64>(0).or_error()?).unwrap_or(0);
                    found.push(operation(row, seq)?);
                }
                Ok(found)
            }
            fn last_until(&self, at: Timestamp) -> Result<u64> {
                // Time never runs backwards in the journal: the first from the end that is early enough is the last.
                const SQL: &str = "SELECT seq FROM crm_operation WHERE at <= ?1 ORDER BY seq DESC LIMIT 1";
                let mut statement = self.conn()?.prepare(SQL)?;
                let seq = statement.query_row([to_micros(at)], |row| row.get::<_, i64>(0)).optional().or_error()?;
                Ok(seq.and_then(|seq| u64::try_from(seq).ok()).unwrap_or(0))
            }
            fn moments(&self, kind: Kind, versions: &[(Uuid, u64)]) -> Result<Vec<Option<Moment>>> {
                moments(self.conn()?, kind, versions)
            }
        }
    )+};
}
journals!(SqliteView, SqliteTransaction);

fn select() -> Sql {
    let mut sql = Sql::default();
    sql.push(
        "SELECT o.seq, o.id, o.at, o.actor_user, o.actor_label, o.command, o.undoes, o.import, \
         c.kind, c.record, c.change, c.version, c.customer, c.before, c.after, c.salt IS NULL \
         FROM crm_operation AS o JOIN crm_change AS c ON c.operation = o.seq WHERE ",
    );
    sql
}

/// Which changes a reader sees: those of kinds that he sees all of, and those on customers that he sees.
fn seen(sql: &mut Sql, sight: &Sight, alias: &str) {
    let wholly: Vec<Kind> =
        Kind::ALL.iter().copied().filter(|kind| sight.level(*kind) == Level::All).collect();
    if wholly.len() == Kind::ALL.len() {
        return sql.push("1");
    }
    sql.push("(0");
    for kind in Kind::ALL {
        let gated = !matches!(kind.schema().gate, Gate::Free) && sight.level(*kind) != Level::None;
        if !wholly.contains(kind) && !gated {
            continue;
        }
        sql.write(format_args!(" OR ({alias}.kind = "));
        sql.bind_text(kind.as_str());
        if !wholly.contains(kind) {
            sql.write(format_args!(" AND {alias}.customer IN (SELECT v.id FROM crm_customer AS v WHERE "));
            sql.scope(Customer::schema(), &sight.customers_as(*kind), "v");
            sql.push(")");
        }
        sql.push(")");
    }
    sql.push(")");
}

fn read(conn: &Conn, mut sql: Sql) -> Result<Vec<Operation>> {
    sql.push(" ORDER BY c.operation, c.place");
    let mut statement = conn.prepare(&sql.text)?;
    let mut rows = statement.query(params_from_iter(&sql.binds)).or_error()?;
    let mut operations: Vec<Operation> = Vec::new();
    while let Some(row) = rows.next().or_error()? {
        let seq = u64::try_from(row.get::<_, i64>(0).or_error()?).unwrap_or(0);
        let change = change(row)?;
        match operations.last_mut() {
            Some(last) if last.seq == seq => last.changes.push(change),
            _ => operations.push(Operation { changes: vec![change], ..operation(row, seq)? }),
        }
    }
    Ok(operations)
}

fn operation(row: &Row<'_>, seq: u64) -> Result<Operation> {
    let user: Option<[u8; 16]> = row.get(3).or_error()?;
    let label: Option<String> = row.get(4).or_error()?;
    let undoes: Option<[u8; 16]> = row.get(6).or_error()?;
    let import: Option<String> = row.get(7).or_error()?;
    let corrupt = |error: serde_json::Error| Error::Corrupt { reason: error.to_string() };
    Ok(Operation {
        seq,
        id: Uuid::from_bytes(row.get(1).or_error()?),
        at: Timestamp::from_timestamp_micros(row.get(2).or_error()?).unwrap_or_default(),
        actor: match user {
            Some(user) => Actor::User(Id::from_uuid(Uuid::from_bytes(user))),
            None => Actor::System(label.unwrap_or_default()),
        },
        command: Cow::Owned(row.get(5).or_error()?),
        undoes: undoes.map(Uuid::from_bytes),
        import: import.map(|json| serde_json::from_str(&json)).transpose().map_err(corrupt)?,
        changes: Vec::new(),
    })
}

fn change(row: &Row<'_>) -> Result<Change> {
    let unknown = |what: &str| Error::Corrupt { reason: format!("the journal holds an unknown {what}") };
    let kind: String = row.get(8).or_error()?;
    let change: String = row.get(10).or_error()?;
    let customer: Option<[u8; 16]> = row.get(12).or_error()?;
    Ok(Change {
        kind: Kind::from_word(&kind).ok_or_else(|| unknown("kind"))?,
        id: Uuid::from_bytes(row.get(9).or_error()?),
        change: ChangeKind::from_word(&change).ok_or_else(|| unknown("change"))?,
        version: u64::try_from(row.get::<_, i64>(11).or_error()?).unwrap_or(0),
        customer: customer.map(Uuid::from_bytes),
        before: values(row, 13)?,
        after: values(row, 14)?,
        erased: row.get(15).or_error()?,
    })
}

fn moments(conn: &Conn, kind: Kind, versions: &[(Uuid, u64)]) -> Result<Vec<Option<Moment>>> {
    const SQL: &str = "SELECT o.at, o.actor_user FROM crm_change AS c JOIN crm_operation AS o ON o.seq = c.operation \
                       WHERE c.record = ?1 AND c.version = ?2 AND c.kind = ?3";
    let mut statement = conn.prepare(SQL)?;
    let mut moments = Vec::with_capacity(versions.len());
    for (id, version) in versions {
        let params = params![id.as_bytes(), i64::try_from(*version).unwrap_or(i64::MAX), kind.as_str()];
        let moment = statement.query_row(params, |row| {
            let user: Option<[u8; 16]> = row.get(1)?;
            let at = Timestamp::from_timestamp_micros(row.get(0)?).unwrap_or_default();
            Ok((at, user.map(|user| Id::from_uuid(Uuid::from_bytes(user)))))
        });
        moments.push(moment.optional().or_error()?);
    }
    Ok(moments)
}

fn sealed(conn: &Conn, after: u64, limit: usize) -> Result<Vec<Sealed>> {
    // An operation whose changes are missing is read too: that it lacks them is what a check looks for.
    const SQL: &str = "SELECT o.seq, o.id, o.at, o.actor_user, o.actor_label, o.command, o.undoes, o.import, \
                       c.kind, c.record, c.change, c.version, c.customer, NULL, NULL, c.salt IS NULL, \
                       o.hash, c.before, c.after, c.salt, c.digest \
                       FROM (SELECT * FROM crm_operation WHERE seq > ?1 ORDER BY seq LIMIT ?2) AS o \
                       LEFT JOIN crm_change AS c ON c.operation = o.seq ORDER BY o.seq, c.place";
    let mut statement = conn.prepare(SQL)?;
    let (after, limit) = (i64::try_from(after).unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(-1));
    let mut rows = statement.query([after, limit]).or_error()?;
    let mut all: Vec<Sealed> = Vec::new();
    while let Some(row) = rows.next().or_error()? {
        let seq = u64::try_from(row.get::<_, i64>(0).or_error()?).unwrap_or(0);
        if all.last().is_none_or(|last| last.operation.seq != seq) {
            let operation = Operation { changes: Vec::new(), ..operation(row, seq)? };
            all.push(Sealed { operation, hash: row.get(16).or_error()?, values: Vec::new() });
        }
        let (Some(last), Some(_)) = (all.last_mut(), row.get::<_, Option<String>>(8).or_error()?) else {
            continue;
        };
        last.operation.changes.push(change(row)?);
        last.values.push(SealedValues {
            before: row.get(17).or_error()?,
            after: row.get(18).or_error()?,
            salt: row.get(19).or_error()?,
            digest: row.get(20).or_error()?,
        });
    }
    Ok(all)
}

fn values(row: &Row<'_>, index: usize) -> Result<FieldValues> {
    let text = row.get_ref(index).or_error()?.as_str_or_null();
    match text.map_err(|error| Error::Corrupt { reason: error.to_string() })? {
        Some(json) => {
            serde_json::from_str(json).map_err(|error| Error::Corrupt { reason: error.to_string() })
        }
        None => Ok(FieldValues::new()),
    }
}

impl JournalWrite for SqliteTransaction {
    fn append(&mut self, sealed: &Sealed) -> Result<()> {
        const OPERATION: &str = "INSERT INTO crm_operation (seq, id, at, actor_user, actor_label, command, undoes, import, \
                                 hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        const CHANGE: &str = "INSERT INTO crm_change (operation, place, kind, record, change, version, customer, \
                              before, after, salt, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let conn = self.conn()?;
        let operation = &sealed.operation;
        let (user, label) = match &operation.actor {
            Actor::User(id) => (Some(id.uuid()), None),
            Actor::System(label) => (None, Some(label)),
        };
        let bytes = |id: &Uuid| *id.as_bytes();
        let import = operation.import.as_ref().map(serde_json::to_string).transpose();
        let import = import.map_err(|error| Error::invalid("import", "mismatch", error.to_string()))?;
        let seq = i64::try_from(operation.seq).unwrap_or(i64::MAX);
        conn.execute(
            OPERATION,
            params![
                seq,
                bytes(&operation.id),
                to_micros(operation.at),
                user.as_ref().map(bytes),
                label,
                operation.command,
                operation.undoes.as_ref().map(bytes),
                import,
                sealed.hash,
            ],
        )?;
        let mut statements = conn.repeated();
        for (place, (change, values)) in operation.changes.iter().zip(&sealed.values).enumerate() {
            let cells = params![
                seq,
                i64::try_from(place).unwrap_or(i64::MAX),
                change.kind.as_str(),
                bytes(&change.id),
                change.change.as_str(),
                i64::try_from(change.version).unwrap_or(i64::MAX),
                change.customer.as_ref().map(bytes),
                values.before,
                values.after,
                values.salt,
                values.digest,
            ];
            match statements.execute(CHANGE, cells)? {
                Ok(_) => {}
                // An id is used once in all of a store's life, whatever the kind of its record.
                Err(error) if change.change == ChangeKind::Create && is_duplicate(&error) => {
                    let (entity, value) = (change.kind.as_str(), change.id.to_string());
                    return Err(Error::Duplicate { entity, field: "id", value, holder: None });
                }
                Err(error) => return Err(from_sqlite(error)),
            }
        }
        Ok(())
    }

    fn erase_values(&mut self, kind: Kind, id: Uuid) -> Result<u64> {
        let concerned = match kind {
            Kind::Customer => "(customer = ?1 OR record = ?1)",
            _ => "record = ?1",
        };
        let conn = self.conn()?;
        let with_values = format!(
            "SELECT count(*) FROM crm_change WHERE {concerned} AND (before IS NOT NULL OR after IS NOT NULL)"
        );
        let count: i64 =
            conn.prepare(&with_values)?.query_row([id.as_bytes()], |row| row.get(0)).or_error()?;
        let erase = format!(
            "UPDATE crm_change SET before = NULL, after = NULL, salt = NULL WHERE {concerned} AND salt IS NOT NULL"
        );
        conn.execute(&erase, [id.as_bytes()])?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
