//! Lists, counts and figures.
//!
//! A page that goes on after a cursor is one range of an index for each key in turn: equal in all keys but further in
//! the order of creation, equal in all but the last key and beyond that, and so on. Each range is a statement of its
//! own; they end as soon as the page is full.

use crate::connection::Conn;
use crate::error::OrError;
use crate::rows::{Bind, read_entry};
use crate::sql::{Sql, plain, rank};
use crate::table::{Table, table};
use crm_core::port::{AggregatePlan, Atom, ColumnRef, Entry, Plan, Position, RawGroup, SortKey};
use crm_core::{Entity, Error, Result, Uuid, to_micros};
use rusqlite::types::ValueRef;
use rusqlite::{Row, params_from_iter};

/// The records of a plan, in order.
pub(crate) fn find<E: Entity>(conn: &Conn, plan: &Plan) -> Result<Vec<Entry<E>>> {
    let table = table::<E>();
    if plan.words.as_ref().is_some_and(Vec::is_empty) || plan.limit == 0 {
        return Ok(Vec::new());
    }
    if plan.order.newest
        && let Some(words) = &plan.words
    {
        return find_words(conn, table, plan, words);
    }
    let ranges = ranges(plan);
    consistently(conn, ranges.len() > 1, || {
        let mut found = Vec::new();
        for range in &ranges {
            let sql = page(table, plan, range, plan.limit - found.len());
            read_into(conn, &sql, &mut found)?;
            if found.len() >= plan.limit {
                break;
            }
        }
        Ok(found)
    })
}

/// Runs reads that must see the same state, in a transaction unless there is one.
fn consistently<T>(conn: &Conn, several: bool, read: impl FnOnce() -> Result<T>) -> Result<T> {
    if !several || conn.in_transaction() {
        return read();
    }
    conn.execute("BEGIN", [])?;
    let result = read();
    conn.roll_back();
    result
}

fn read_into<E: Entity>(conn: &Conn, sql: &Sql, found: &mut Vec<Entry<E>>) -> Result<()> {
    let mut statement = conn.prepare(&sql.text)?;
    let mut rows = statement.query(params_from_iter(&sql.binds)).or_error()?;
    while let Some(row) = rows.next().or_error()? {
        found.push(read_entry(row)?);
    }
    Ok(())
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
fn page(table: &Table, plan: &Plan, range: &Range<'_>, limit: usize) -> Sql {
    let mut sql = Sql::default();
    sql.push(&format!("SELECT {} FROM {} AS t WHERE ", table.columns, table.name));
    matching(&mut sql, table, plan);
    for (key, value) in &range.equal {
        let expression = rank(&key.column, "t");
        match value {
            Atom::Null => sql.push(&format!(" AND {expression} IS NULL")),
            value => {
                sql.push(&format!(" AND {expression} = "));
                sql.bind(value.clone());
            }
        }
    }
    match &range.beyond {
        Some((key, Some(value))) => {
            let sign = if key.descending { "<" } else { ">" };
            sql.push(&format!(" AND {} {sign} ", rank(&key.column, "t")));
            sql.bind(value.clone());
        }
        Some((key, None)) => sql.push(&format!(" AND {} IS NOT NULL", rank(&key.column, "t"))),
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
        sql.push(&format!("{}{}, ", rank(&key.column, "t"), direction(key.descending)));
    }
    for key in range.rest {
        let expression = rank(&key.column, "t");
        if key.column.nullable {
            sql.push(&format!("{expression} IS NULL, "));
        }
        sql.push(&format!("{expression}{}, ", direction(key.descending)));
    }
    sql.push(&format!("t.\"row\"{} LIMIT ", direction(backwards)));
    sql.bind(limit_of(limit));
    sql
}

fn direction(descending: bool) -> &'static str {
    if descending { " DESC" } else { "" }
}

fn limit_of(limit: usize) -> Bind {
    Bind::Int(i64::try_from(limit).unwrap_or(-1))
}

/// The row of the record at a position, or where it would be when it is gone: one further when going backwards, so
/// that the youngest that is left comes next. One that the reader does not see is as good as gone: a cursor tells
/// nothing of it.
fn row_of(sql: &mut Sql, table: &Table, plan: &Plan, position: &Position, backwards: bool) {
    let name = &table.name;
    sql.push(&format!("ifnull((SELECT p.\"row\" FROM {name} AS p WHERE p.id = "));
    sql.bind(Bind::Id(position.id));
    sql.push(" AND ");
    sql.scope(table.schema, &plan.sight, "p");
    // Of the same moment, as in a batch, the ids tell who was first.
    sql.push(&format!("), ifnull((SELECT max(\"row\") FROM {name} WHERE (created_at, id) < ("));
    sql.bind(Bind::Int(to_micros(position.created_at)));
    sql.push(", ");
    sql.bind(Bind::Id(position.id));
    sql.push(")");
    sql.push(&format!("), 0) + {})", i64::from(backwards)));
}

/// The records of a plan, without order: live or in the trash, visible, with the words, under the condition.
fn matching(sql: &mut Sql, table: &Table, plan: &Plan) {
    visible(sql, table, plan);
    if let Some(words) = &plan.words {
        sql.push(&format!(
            " AND t.\"row\" IN (SELECT rowid FROM {0}_words WHERE {0}_words MATCH ",
            table.name
        ));
        sql.bind_text(&match_text(words, usize::MAX));
        sql.push(")");
    }
}

fn visible(sql: &mut Sql, table: &Table, plan: &Plan) {
    sql.push(if plan.trash { "t.deletion IS NOT NULL AND " } else { "t.deletion IS NULL AND " });
    sql.scope(table.schema, &plan.sight, "t");
    sql.push(" AND ");
    sql.condition(table.schema, &plan.condition, &plan.sight, "t");
}

/// The letters of a word that the prefix indexes serve.
const INDEXED_LETTERS: usize = 3;

/// Finds words, newest first. Up to three letters the index gives the hits in the order of rows, one by one. A longer
/// word makes it collect all hits of all words that begin so before it gives the first. In a large table a few
/// candidates of its first three letters are looked at before that: enough for a common word. Only when they don't
/// fill the page the hits of the whole word are collected, which are then not that many.
fn find_words<E: Entity>(conn: &Conn, table: &Table, plan: &Plan, words: &[String]) -> Result<Vec<Entry<E>>> {
    /// Up to so many rows collecting costs less than looking at candidates.
    const SMALL: i64 = 50_000;
    const CANDIDATES_FOR_EACH: usize = 4;
    const LARGEST_PAGE: usize = 2_000;
    let long = words.iter().any(|word| word.chars().count() > INDEXED_LETTERS) && plan.limit <= LARGEST_PAGE;
    consistently(conn, long, || {
        let mut found = Vec::new();
        if long && newest_row(conn, table)? > SMALL {
            read_into(conn, &hits(table, plan, words, Some(plan.limit * CANDIDATES_FOR_EACH)), &mut found)?;
            if found.len() >= plan.limit {
                return Ok(found);
            }
            found.clear();
        }
        read_into(conn, &hits(table, plan, words, None), &mut found)?;
        Ok(found)
    })
}

fn newest_row(conn: &Conn, table: &Table) -> Result<i64> {
    let row = conn.prepare(&table.newest_row)?.query_row([], |row| row.get::<_, Option<i64>>(0)).or_error()?;
    Ok(row.unwrap_or(0))
}

/// The statement that walks hits from the newest to the oldest; with `candidates` only so many hits of the words'
/// first letters, each of which is then checked.
fn hits(table: &Table, plan: &Plan, words: &[String], candidates: Option<usize>) -> Sql {
    let mut sql = Sql::default();
    let name = &table.name;
    let letters = if candidates.is_some() { INDEXED_LETTERS } else { usize::MAX };
    sql.push(&format!("SELECT {} FROM (SELECT rowid AS hit", table.columns));
    sql.push(if candidates.is_some() { ", words" } else { "" });
    sql.push(&format!(" FROM {name}_words WHERE {name}_words MATCH "));
    sql.bind_text(&match_text(words, letters));
    if let Some(position) = &plan.order.after {
        sql.push(" AND rowid < ");
        row_of(&mut sql, table, plan, position, true);
    }
    sql.push(" ORDER BY rowid DESC");
    if let Some(candidates) = candidates {
        sql.push(" LIMIT ");
        sql.bind(limit_of(candidates));
    }
    sql.push(&format!(") AS w CROSS JOIN {name} AS t ON t.\"row\" = w.hit WHERE "));
    visible(&mut sql, table, plan);
    if candidates.is_some() {
        for word in words.iter().filter(|word| word.chars().count() > INDEXED_LETTERS) {
            sql.push(" AND instr(' ' || w.words, ");
            sql.bind_text(&format!(" {word}"));
            sql.push(") > 0");
        }
    }
    sql.push(" ORDER BY w.hit DESC LIMIT ");
    sql.bind(limit_of(plan.limit));
    sql
}

/// Words as FTS5 wants them: each quoted, each a beginning.
fn match_text(words: &[String], letters: usize) -> String {
    let quoted = words.iter().map(|word| {
        let start: String = word.chars().take(letters).collect();
        format!("\"{}\" *", start.replace('"', "\"\""))
    });
    quoted.collect::<Vec<_>>().join(" AND ")
}

/// How many records a plan has in all.
pub(crate) fn count<E: Entity>(conn: &Conn, plan: &Plan) -> Result<u64> {
    if plan.words.as_ref().is_some_and(Vec::is_empty) {
        return Ok(0);
    }
    let table = table::<E>();
    let mut sql = Sql::default();
    sql.push(&format!("SELECT count(*) FROM {} AS t WHERE ", table.name));
    matching(&mut sql, table, plan);
    let count: i64 =
        conn.prepare(&sql.text)?.query_row(params_from_iter(&sql.binds), |row| row.get(0)).or_error()?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The figures of a plan's records.
pub(crate) fn aggregate<E: Entity>(
    conn: &Conn,
    plan: &Plan,
    figures: &AggregatePlan,
) -> Result<Vec<RawGroup>> {
    if plan.words.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let table = table::<E>();
    let mut sql = Sql::default();
    sql.push("SELECT ");
    for key in &figures.keys {
        let column = plain(&key.column, "t");
        match key.period {
            Some(period) => {
                sql.push(&format!("crm_bucket({column}, "));
                sql.bind_text(period.as_str());
                sql.push(", ");
                sql.bind_text(figures.zone.name());
                sql.push("), ");
            }
            None => sql.push(&format!("{column}, ")),
        }
    }
    let or_null =
        |column: &Option<ColumnRef>| column.as_ref().map_or("NULL".to_owned(), |column| plain(column, "t"));
    let (currency, measure) = (or_null(&figures.currency), or_null(&figures.measure));
    let sum = if figures.summable { format!("sum({measure})") } else { "NULL".to_owned() };
    sql.push(&format!("{currency}, count(*), count({measure}), {sum}, min({measure}), max({measure})"));
    sql.push(&format!(" FROM {} AS t WHERE ", table.name));
    matching(&mut sql, table, plan);
    let grouped: Vec<String> =
        (1..=figures.keys.len() + usize::from(figures.currency.is_some())).map(|n| n.to_string()).collect();
    if !grouped.is_empty() {
        sql.push(&format!(" GROUP BY {}", grouped.join(", ")));
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
