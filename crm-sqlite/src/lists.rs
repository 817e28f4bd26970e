//! Lists, counts and figures.
//!
//! A page that goes on after a cursor is one range of an index for each key in turn: equal in all keys but further in
//! the order of creation, equal in all but the last key and beyond that, and so on. Each range is a statement of its
//! own; they end as soon as the page is full.

use crate::connection::Conn;
use crate::error::OrError;
use crate::rows::{Bind, read_entry};
use crate::search::{self, Having};
use crate::sql::{Sql, plain};
use crate::table::{Table, table};
use crm_core::port::{
    AggregatePlan, Atom, ColumnRef, Entry, Plan, Position, RawGroup, Search, SortKey, Weights,
};
use crm_core::{Entity, Error, Id, Result, Uuid, to_micros};
use rusqlite::types::ValueRef;
use rusqlite::{Row, params_from_iter};

/// The records of a plan, in order.
pub(crate) fn find<E: Entity>(conn: &Conn, plan: &Plan) -> Result<Vec<Entry<E>>> {
    Ok(read_page(conn, plan, false)?.0)
}

/// The records of a plan, in order, and whether there are more.
pub(crate) fn page<E: Entity>(conn: &Conn, plan: &Plan) -> Result<(Vec<Entry<E>>, bool)> {
    read_page(conn, plan, true)
}

/// When it is asked whether there are more, one row more is fetched, but not decoded.
fn read_page<E: Entity>(conn: &Conn, plan: &Plan, ask_for_more: bool) -> Result<(Vec<Entry<E>>, bool)> {
    const LARGEST_PAGE: usize = 1_001;
    // A page is taken in without growing.
    let mut found = Vec::with_capacity(if plan.limit > LARGEST_PAGE { 0 } else { plan.limit });
    let more = read_rows(conn, table::<E>(), plan, ask_for_more, &mut |row| {
        found.push(read_entry(row, plan.trash)?);
        Ok(())
    })?;
    Ok((found, more))
}

/// Takes the rows of a plan, and tells whether there are more.
fn read_rows(
    conn: &Conn,
    table: &Table,
    plan: &Plan,
    ask_for_more: bool,
    take: &mut dyn FnMut(&Row<'_>) -> Result<()>,
) -> Result<bool> {
    let rows = plan.limit.saturating_add(usize::from(ask_for_more));
    if plan.words.as_ref().is_some_and(Search::is_empty) || rows == 0 {
        return Ok(false);
    }
    if plan.order.newest
        && let Some(words) = &plan.words
        && !search::is_narrow(conn, table, plan)?
    {
        return search::newest(conn, table, plan, words, rows, take);
    }
    let having = search::having(conn, table, plan)?;
    let ranges = ranges(plan);
    consistently(conn, ranges.len() > 1, || {
        let mut taken = 0;
        for range in &ranges {
            let sql = statement(table, plan, having.as_ref(), range, rows - taken);
            let more = take_rows(conn, &sql, plan.limit, &mut taken, take)?;
            if more || taken >= rows {
                return Ok(more);
            }
        }
        Ok(false)
    })
}

/// Records live and in the trash, in the order of their rows.
pub(crate) fn all<E: Entity>(conn: &Conn, after: Option<Id<E>>, limit: usize) -> Result<Vec<Entry<E>>> {
    let mut found = Vec::new();
    all_rows(conn, table::<E>(), after.map(Id::uuid), limit, &mut |row| {
        found.push(read_entry(row, true)?);
        Ok(())
    })?;
    Ok(found)
}

fn all_rows(
    conn: &Conn,
    table: &Table,
    after: Option<Uuid>,
    limit: usize,
    take: &mut dyn FnMut(&Row<'_>) -> Result<()>,
) -> Result<()> {
    let mut statement = conn.prepare(&table.all)?;
    let after = after.map(Bind::Id).unwrap_or(Bind::Null);
    let mut rows = statement.query([after, limit_of(limit)]).or_error()?;
    while let Some(row) = rows.next().or_error()? {
        take(row)?;
    }
    Ok(())
}

/// Runs reads that must see the same state, in a transaction unless there is one.
pub(crate) fn consistently<T>(conn: &Conn, several: bool, read: impl FnOnce() -> Result<T>) -> Result<T> {
    if !several || conn.in_transaction() {
        return read();
    }
    conn.execute("BEGIN", [])?;
    let result = read();
    conn.roll_back();
    result
}

/// Takes rows until so many were taken in all, and tells whether there is another one.
pub(crate) fn take_rows(
    conn: &Conn,
    sql: &Sql,
    limit: usize,
    taken: &mut usize,
    take: &mut dyn FnMut(&Row<'_>) -> Result<()>,
) -> Result<bool> {
    let mut statement = conn.prepare(&sql.text)?;
    let mut rows = statement.query(params_from_iter(&sql.binds)).or_error()?;
    while let Some(row) = rows.next().or_error()? {
        if *taken >= limit {
            return Ok(true);
        }
        take(row)?;
        *taken += 1;
    }
    Ok(false)
}

/// A part of the list in which one index range gives the order.
struct Range<'p> {
    /// Keys with one value for the whole range.
    equal: Vec<(&'p SortKey, Atom)>,
    /// The key that goes on beyond a value, or has any value but NULL.
    beyond: Option<(&'p SortKey, Option<Atom>)>,
    /// The keys that order the range after those.
    rest: &'p [SortKey],
    /// Further in the order of creation than this record.
    after: Option<&'p Position>,
}

fn ranges(plan: &Plan) -> Vec<Range<'_>> {
    let keys = plan.order.keys.as_slice();
    let mut ranges = Vec::new();
    let Some(position) = &plan.order.after else {
        match keys.first() {
            // The first key alone decides whether an index can give the order.
            Some(first) if first.column.nullable => {
                ranges.push(Range {
                    equal: Vec::new(),
                    beyond: Some((first, None)),
                    rest: &keys[1..],
                    after: None,
                });
                ranges.push(Range {
                    equal: vec![(first, Atom::Null)],
                    beyond: None,
                    rest: &keys[1..],
                    after: None,
                });
            }
            _ => ranges.push(Range { equal: Vec::new(), beyond: None, rest: keys, after: None }),
        }
        return ranges;
    };
    let equal = |count: usize| -> Vec<(&SortKey, Atom)> {
        keys.iter().zip(position.ranks.iter().cloned()).take(count).collect()
    };
    ranges.push(Range { equal: equal(keys.len()), beyond: None, rest: &[], after: Some(position) });
    for (index, key) in keys.iter().enumerate().rev() {
        let Some(rank) = position.ranks.get(index).filter(|rank| **rank != Atom::Null) else { continue };
        let rest = &keys[index + 1..];
        ranges.push(Range {
            equal: equal(index),
            beyond: Some((key, Some(rank.clone()))),
            rest,
            after: None,
        });
        if key.column.nullable {
            let mut fixed = equal(index);
            fixed.push((key, Atom::Null));
            ranges.push(Range { equal: fixed, beyond: None, rest, after: None });
        }
    }
    ranges
}

/// The statement of one range.
fn statement(table: &Table, plan: &Plan, having: Option<&Having>, range: &Range<'_>, limit: usize) -> Sql {
    let mut sql = Sql::default();
    sql.push("SELECT ");
    sql.push(table.columns(plan.trash));
    sql.push(" FROM ");
    sql.push(&table.name);
    sql.push(" AS t WHERE ");
    matching(&mut sql, table, plan, having);
    for (key, value) in &range.equal {
        sql.push(" AND ");
        sql.rank(&key.column, "t");
        match value {
            Atom::Null => sql.push(" IS NULL"),
            value => {
                sql.push(" = ");
                sql.bind(value.clone());
            }
        }
    }
    match &range.beyond {
        Some((key, Some(value))) => {
            sql.push(" AND ");
            sql.rank(&key.column, "t");
            sql.push(if key.descending { " < " } else { " > " });
            sql.bind(value.clone());
        }
        Some((key, None)) => {
            sql.push(" AND ");
            sql.rank(&key.column, "t");
            sql.push(" IS NOT NULL");
        }
        None => {}
    }
    let backwards = plan.order.keys.last().is_some_and(|key| key.descending);
    if let Some(position) = range.after {
        sql.push(if backwards { " AND t.\"row\" < " } else { " AND t.\"row\" > " });
        row_of(&mut sql, table, plan, position, backwards);
    }
    sql.push(" ORDER BY ");
    let beyond = range.beyond.as_ref().map(|(key, _)| *key);
    if let Some(key) = beyond {
        sql.rank(&key.column, "t");
        sql.write(format_args!("{}, ", direction(key.descending)));
    }
    for key in range.rest {
        if key.column.nullable {
            sql.rank(&key.column, "t");
            sql.push(" IS NULL, ");
        }
        sql.rank(&key.column, "t");
        sql.write(format_args!("{}, ", direction(key.descending)));
    }
    sql.write(format_args!("t.\"row\"{} LIMIT ", direction(backwards)));
    sql.bind(limit_of(limit));
    sql
}

fn direction(descending: bool) -> &'static str {
    if descending { " DESC" } else { "" }
}

pub(crate) fn limit_of(limit: usize) -> Bind {
    Bind::Int(i64::try_from(limit).unwrap_or(-1))
}

/// The row of the record at a position, or where it would be when it is gone: one further when going backwards, so
/// that the youngest that is left comes next. One that the reader does not see is as good as gone: a cursor tells
/// nothing of it.
pub(crate) fn row_of(sql: &mut Sql, table: &Table, plan: &Plan, position: &Position, backwards: bool) {
    let name = &table.name;
    sql.write(format_args!("ifnull((SELECT p.\"row\" FROM {name} AS p WHERE p.id = "));
    sql.bind(Bind::Id(position.id));
    sql.push(" AND ");
    sql.scope(table.schema, &plan.sight, "p");
    // Of the same moment, as in a batch, the ids tell who was first.
    sql.write(format_args!("), ifnull((SELECT max(\"row\") FROM {name} WHERE (created_at, id) < ("));
    sql.bind(Bind::Int(to_micros(position.created_at)));
    sql.push(", ");
    sql.bind(Bind::Id(position.id));
    sql.push(")");
    sql.write(format_args!("), 0) + {})", i64::from(backwards)));
}

/// The records of a plan, without order: live or in the trash, visible, with the words, under the condition.
fn matching(sql: &mut Sql, table: &Table, plan: &Plan, having: Option<&Having>) {
    visible(sql, table, plan);
    if let Some(having) = having {
        having.write(sql, table);
    }
}

pub(crate) fn visible(sql: &mut Sql, table: &Table, plan: &Plan) {
    sql.push(if plan.trash { "t.deletion IS NOT NULL AND " } else { "t.deletion IS NULL AND " });
    sql.scope(table.schema, &plan.sight, "t");
    sql.push(" AND ");
    sql.condition(table.schema, &plan.condition, &plan.sight, "t");
}

/// How many records a plan has in all.
pub(crate) fn count(conn: &Conn, table: &Table, plan: &Plan) -> Result<u64> {
    if plan.words.as_ref().is_some_and(Search::is_empty) {
        return Ok(0);
    }
    let having = search::having(conn, table, plan)?;
    let mut sql = Sql::default();
    sql.write(format_args!("SELECT count(*) FROM {} AS t WHERE ", table.name));
    matching(&mut sql, table, plan, having.as_ref());
    let count: i64 =
        conn.prepare(&sql.text)?.query_row(params_from_iter(&sql.binds), |row| row.get(0)).or_error()?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The figures of a plan's records.
pub(crate) fn aggregate(
    conn: &Conn,
    table: &Table,
    plan: &Plan,
    figures: &AggregatePlan,
) -> Result<Vec<RawGroup>> {
    if plan.words.as_ref().is_some_and(Search::is_empty) {
        return Ok(Vec::new());
    }
    let mut sql = Sql::default();
    sql.push("SELECT ");
    for key in &figures.keys {
        let column = plain(&key.column, "t");
        match key.period {
            Some(period) => {
                sql.write(format_args!("crm_bucket({column}, "));
                sql.bind_text(period.as_str());
                sql.push(", ");
                sql.bind_text(figures.zone.name());
                sql.push("), ");
            }
            None => sql.write(format_args!("{column}, ")),
        }
    }
    let or_null = |column: &Option<ColumnRef>| {
        column.as_ref().map_or("NULL".to_owned(), |column| plain(column, "t").to_string())
    };
    let (currency, measure) = (or_null(&figures.currency), or_null(&figures.measure));
    sql.write(format_args!("{currency}, count(*), count({measure}), "));
    match (&figures.weights, figures.summable) {
        (_, false) => sql.push("NULL"),
        (None, true) => sql.write(format_args!("sum({measure})")),
        (Some(weights), true) => {
            sql.write(format_args!("sum(crm_percent({measure}, "));
            percent(&mut sql, weights);
            sql.push("))");
        }
    }
    sql.write(format_args!(", min({measure}), max({measure})"));
    sql.write(format_args!(" FROM {} AS t WHERE ", table.name));
    matching(&mut sql, table, plan, search::having(conn, table, plan)?.as_ref());
    let grouped: Vec<String> =
        (1..=figures.keys.len() + usize::from(figures.currency.is_some())).map(|n| n.to_string()).collect();
    if !grouped.is_empty() {
        sql.write(format_args!(" GROUP BY {}", grouped.join(", ")));
    }
    let mut statement = conn.prepare(&sql.text)?;
    let mut rows = statement.query(params_from_iter(&sql.binds)).or_error()?;
    let mut groups = Vec::new();
    while let Some(row) = rows.next().or_error()? {
        groups.push(group(row, figures)?);
    }
    // Without anything to group by, SQL makes one group even of nothing.
    groups.retain(|group| group.count > 0);
    Ok(groups)
}

/// How likely a deal is won: judged by hand, or as its stage says.
fn percent(sql: &mut Sql, weights: &Weights) {
    sql.write(format_args!("ifnull({}, ", plain(&weights.probability, "t")));
    if weights.stages.is_empty() {
        return sql.push("0)");
    }
    sql.push("CASE");
    for (pipeline, stage, percent) in &weights.stages {
        sql.write(format_args!(" WHEN {} = ", plain(&weights.pipeline, "t")));
        sql.bind(Bind::Id(*pipeline));
        sql.write(format_args!(" AND {} = ", plain(&weights.stage, "t")));
        sql.bind_text(stage);
        sql.write(format_args!(" THEN {percent}"));
    }
    sql.push(" ELSE 0 END)");
}

fn group(row: &Row<'_>, figures: &AggregatePlan) -> Result<RawGroup> {
    let keys = figures.keys.len();
    let number = |index: usize| -> Result<u64> {
        let number: i64 = row.get(index).or_error()?;
        u64::try_from(number).map_err(|_| Error::Corrupt { reason: "a negative count".to_owned() })
    };
    Ok(RawGroup {
        keys: (0..keys).map(|index| atom(row, index)).collect::<Result<_>>()?,
        currency: atom(row, keys)?,
        count: number(keys + 1)?,
        measured: number(keys + 2)?,
        sum: row.get(keys + 3).or_error()?,
        min: atom(row, keys + 4)?,
        max: atom(row, keys + 5)?,
    })
}

fn atom(row: &Row<'_>, index: usize) -> Result<Atom> {
    Ok(match row.get_ref(index).or_error()? {
        ValueRef::Null => Atom::Null,
        ValueRef::Integer(number) => Atom::Int(number),
        ValueRef::Text(bytes) => Atom::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => match Uuid::from_slice(bytes) {
            Ok(id) => Atom::Id { id },
            Err(_) => return Err(Error::Corrupt { reason: "an id is not 16 bytes".to_owned() }),
        },
        ValueRef::Real(_) => return Err(Error::Corrupt { reason: "a floating-point number".to_owned() }),
    })
}
