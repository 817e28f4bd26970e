//! Search: walks the hits of the word index from the newest to the oldest.

use crate::connection::Conn;
use crate::error::OrError;
use crate::lists::{consistently, limit_of, read_into, room_for, row_of, visible};
use crate::rows::read_entry;
use crate::sql::Sql;
use crate::table::Table;
use crm_core::port::{Entry, Plan};
use crm_core::{Entity, Result};
use rusqlite::params_from_iter;
use rusqlite::types::ValueRef;

/// The letters of a word that the prefix indexes serve.
const INDEXED_LETTERS: usize = 3;

/// Up to so many rows collecting all hits costs less than looking at candidates. Tests, whose tables are tiny, take
/// both ways.
const SMALL: i64 = if cfg!(debug_assertions) { 4 } else { 50_000 };

/// Finds words, newest first. Up to three letters the index gives the hits in the order of rows, one by one. A longer
/// word makes it collect all hits of all words that begin so before it gives the first. In a large table candidates,
/// the hits of its first three letters, are looked at before that: enough for a common word. Only when they will not
/// fill the page the hits of the whole word are collected, which are then not that many.
pub(crate) fn find<E: Entity>(
    conn: &Conn,
    table: &Table,
    plan: &Plan,
    words: &[String],
) -> Result<Vec<Entry<E>>> {
    const LARGEST_PAGE: usize = 2_000;
    let long = words.iter().any(|word| is_long(word)) && plan.limit <= LARGEST_PAGE;
    consistently(conn, long, || {
        let mut found = room_for(plan);
        if long
            && newest_row(conn, table)? > SMALL
            && look_at_candidates(conn, table, plan, words, &mut found)?
        {
            return Ok(found);
        }
        found.clear();
        read_into(conn, &hits(table, plan, words), plan.trash, &mut found)?;
        Ok(found)
    })
}

fn is_long(word: &str) -> bool {
    word.chars().count() > INDEXED_LETTERS
}

fn newest_row(conn: &Conn, table: &Table) -> Result<i64> {
    let row =
        conn.prepare(&table.newest_row)?.query_row([], |row| row.get::<_, Option<i64>>(0)).or_error()?;
    Ok(row.unwrap_or(0))
}

/// Takes the records among the candidates, and says whether they are the answer: the page is full, or there are no
/// more candidates. Gives up as soon as the rate of records among them could not fill the page.
fn look_at_candidates<E: Entity>(
    conn: &Conn,
    table: &Table,
    plan: &Plan,
    words: &[String],
    found: &mut Vec<Entry<E>>,
) -> Result<bool> {
    const MOST_FOR_EACH: usize = 8;
    const ENOUGH_TO_JUDGE: usize = 1;
    let most = plan.limit * MOST_FOR_EACH;
    let sql = candidates(table, plan, words, most);
    let mut statement = conn.prepare(&sql.text)?;
    let mut rows = statement.query(params_from_iter(&sql.binds)).or_error()?;
    let mut seen = 0;
    while let Some(row) = rows.next().or_error()? {
        seen += 1;
        // The id comes first; a candidate without the words, or one that is not seen, has none.
        if row.get_ref(0).or_error()? != ValueRef::Null {
            found.push(read_entry(row, plan.trash)?);
            if found.len() >= plan.limit {
                return Ok(true);
            }
        }
        let judged = seen >= plan.limit * ENOUGH_TO_JUDGE;
        if judged && found.len() * most < plan.limit * seen {
            return Ok(false);
        }
    }
    Ok(seen < most)
}

/// The statement of the candidates: each with its record when it has the words. Their words are read beside the word
/// index, which takes long to give them.
fn candidates(table: &Table, plan: &Plan, words: &[String], most: usize) -> Sql {
    let mut sql = Sql::default();
    let name = &table.name;
    sql.push("SELECT ");
    sql.push(table.columns(plan.trash));
    sql.push(" FROM (");
    matching_rows(&mut sql, table, plan, words, INDEXED_LETTERS);
    sql.push(" LIMIT ");
    sql.bind(limit_of(most));
    // A condition beside the equality of rows would be tested after the record was looked up.
    sql.write(format_args!(
        ") AS w CROSS JOIN {name}_words_content AS c ON c.id = w.hit \
         LEFT JOIN {name} AS t ON t.\"row\" = CASE WHEN 1"
    ));
    for word in words.iter().filter(|word| is_long(word)) {
        sql.push(" AND (instr(c.c0, ");
        sql.bind_text(&format!(" {word}"));
        sql.push(") > 0 OR ");
        sql.starts_with("c.c0", word);
        sql.push(")");
    }
    sql.push(" THEN w.hit END AND ");
    visible(&mut sql, table, plan);
    sql
}

/// The statement of the hits of the whole words.
fn hits(table: &Table, plan: &Plan, words: &[String]) -> Sql {
    let mut sql = Sql::default();
    sql.push("SELECT ");
    sql.push(table.columns(plan.trash));
    sql.push(" FROM (");
    matching_rows(&mut sql, table, plan, words, usize::MAX);
    sql.write(format_args!(") AS w CROSS JOIN {} AS t ON t.\"row\" = w.hit WHERE ", table.name));
    visible(&mut sql, table, plan);
    sql.push(" ORDER BY w.hit DESC LIMIT ");
    sql.bind(limit_of(plan.limit));
    sql
}

/// The rows whose words begin with so many letters of each of these, the newest first.
fn matching_rows(sql: &mut Sql, table: &Table, plan: &Plan, words: &[String], letters: usize) {
    let name = &table.name;
    sql.write(format_args!("SELECT rowid AS hit FROM {name}_words WHERE {name}_words MATCH "));
    sql.bind_text(&match_text(words, letters));
    if let Some(position) = &plan.order.after {
        sql.push(" AND rowid < ");
        row_of(sql, table, plan, position, true);
    }
    sql.push(" ORDER BY rowid DESC");
}

/// Words as FTS5 wants them: each quoted, each a beginning.
pub(crate) fn match_text(words: &[String], letters: usize) -> String {
    let quoted = words.iter().map(|word| {
        let start: String = word.chars().take(letters).collect();
        format!("\"{}\" *", start.replace('"', "\"\""))
    });
    quoted.collect::<Vec<_>>().join(" AND ")
}
