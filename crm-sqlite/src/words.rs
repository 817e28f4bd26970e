//! The words of records, as they are written: the text of them, and its index.

use crate::connection::Conn;
use crate::error::OrError;
use crate::table::Table;
use crm_core::port::index_tokens;
use crm_core::{Kind, Result, Uuid};
use rusqlite::{OptionalExtension, params};
use std::collections::HashSet;

/// How much is looked at to tell which words are common.
const SAMPLED: usize = 64;
const SAMPLED_LETTERS: usize = 500;

/// The statements of one entity's words.
pub(crate) struct WordsSql {
    find: String,
    add_text: String,
    add_tokens: String,
    change_text: String,
    remove_text: String,
    remove_tokens: String,
    /// Words from all over the table.
    pub(crate) sample: String,
}

impl WordsSql {
    /// Of the entity with this table.
    pub(crate) fn of(name: &str) -> Self {
        WordsSql {
            find: format!(
                "SELECT t.\"row\", x.words FROM {name} AS t LEFT JOIN {name}_text AS x ON x.\"row\" = t.\"row\" \
                 WHERE t.id = ?1"
            ),
            add_text: format!("INSERT INTO {name}_text (\"row\", words) VALUES (?1, ?2)"),
            add_tokens: format!("INSERT INTO {name}_words (rowid, tokens) VALUES (?1, ?2)"),
            change_text: format!("UPDATE {name}_text SET words = ?2 WHERE \"row\" = ?1"),
            remove_text: format!("DELETE FROM {name}_text WHERE \"row\" = ?1"),
            remove_tokens: format!(
                "INSERT INTO {name}_words ({name}_words, rowid, tokens) VALUES ('delete', ?1, ?2)"
            ),
            sample: format!(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SAMPLED}) \
                 SELECT substr(x.words, 1, {SAMPLED_LETTERS}) FROM n CROSS JOIN {name}_text AS x \
                 ON x.\"row\" = (SELECT max(\"row\") FROM {name}_text) * n.i / {SAMPLED}"
            ),
        }
    }
}

/// The words of a new record.
pub(crate) fn add(conn: &Conn, table: &Table, row: i64, words: &str) -> Result<()> {
    conn.execute(&table.words.add_text, params![row, words])?;
    conn.execute(&table.words.add_tokens, params![row, index_tokens(words)])?;
    Ok(())
}

/// Gives a record other words, or none. Only the tokens that differ are written.
pub(crate) fn change(conn: &Conn, table: &Table, id: Uuid, words: &str) -> Result<()> {
    let sql = &table.words;
    let found = {
        let mut statement = conn.prepare(&sql.find)?;
        statement
            .query_row([&id.as_bytes()[..]], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?))
            })
            .optional()
            .or_error()?
    };
    let Some((row, old)) = found else { return Ok(()) };
    let Some(old) = old else {
        return if words.is_empty() { Ok(()) } else { add(conn, table, row, words) };
    };
    if words == old {
        return Ok(());
    }
    if words.is_empty() {
        conn.execute(&sql.remove_tokens, params![row, without(&index_tokens(&old), "")])?;
        conn.execute(&sql.remove_text, [row])?;
        return Ok(());
    }
    let (before, after) = (index_tokens(&old), index_tokens(words));
    // Both even when one is empty: the index counts its rows.
    conn.execute(&sql.remove_tokens, params![row, without(&before, &after)])?;
    conn.execute(&sql.add_tokens, params![row, without(&after, &before)])?;
    conn.execute(&sql.change_text, params![row, words])?;
    Ok(())
}

/// The tokens of one list that the other has not, each once: FTS5 counts tokens, and finds the file damaged when more are
/// taken out than were put in.
fn without(tokens: &str, others: &str) -> String {
    let mut known: HashSet<&str> = others.split(' ').collect();
    tokens.split(' ').filter(|token| known.insert(token)).collect::<Vec<_>>().join(" ")
}

/// Writes every index anew without what was removed from it: until then its pages may still hold the tokens of words that
/// no record has any more.
pub(crate) fn forget(conn: &Conn) -> Result<()> {
    for kind in Kind::ALL.iter().filter(|kind| kind.schema().searchable) {
        let index = format!("crm_{kind}_words");
        let optimise = format!("INSERT INTO {index} ({index}) VALUES ('optimize')");
        // What this transaction wrote becomes a part of the index of its own.
        conn.execute(&optimise, [])?;
        // FTS5 leaves an index alone that has only one part, whatever was removed inside of it: this makes another one.
        conn.execute(&format!("INSERT INTO {index} (rowid, tokens) VALUES (0, '0')"), [])?;
        conn.execute(&format!("INSERT INTO {index} ({index}, rowid, tokens) VALUES ('delete', 0, '0')"), [])?;
        conn.execute(&optimise, [])?;
    }
    Ok(())
}
