//! The words of records, as they are written: the text of them, and its index.

use crate::connection::{Conn, MANY};
use crate::error::OrError;
use crate::table::Table;
use crm_core::port::index_tokens;
use crm_core::{Kind, Result, Uuid};
use rusqlite::{OptionalExtension, params};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};

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
    /// Tells the index something: a word and a number.
    command: String,
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
            command: format!("INSERT INTO {name}_words ({name}_words, rank) VALUES (?1, ?2)"),
            sample: format!(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SAMPLED}) \
                 SELECT substr(x.words, 1, {SAMPLED_LETTERS}) FROM n CROSS JOIN {name}_text AS x \
                 ON x.\"row\" = (SELECT max(\"row\") FROM {name}_text) * n.i / {SAMPLED}"
            ),
        }
    }
}

/// What a transaction will write into the indexes of words before it searches them or commits.
///
/// FTS5 writes a part of the index of its own for what it has gathered whenever a savepoint begins, and SQLite begins one for
/// most statements: a row at a time every record would be such a part, and the parts would be merged over and over. Written one
/// after the other at the end, thousands of records are one.
#[derive(Default)]
pub(crate) struct Unwritten {
    all: RefCell<Vec<Change>>,
    /// Makes tokens on another core while records are written.
    maker: RefCell<Option<Sender<Vec<Arc<Pending>>>>>,
    /// How much was gathered when the savepoint began, and how much of it was written since.
    savepoint: RefCell<Option<Savepoint>>,
    /// More large transactions follow this one.
    more: Cell<bool>,
    /// Indexes in more parts than is usual.
    untidy: RefCell<Vec<&'static WordsSql>>,
}

struct Change {
    index: &'static WordsSql,
    sql: &'static str,
    row: i64,
    tokens: Tokens,
}

impl Change {
    fn pending(&self) -> Option<Arc<Pending>> {
        match &self.tokens {
            Tokens::Made(_) => None,
            Tokens::Pending(pending) => Some(Arc::clone(pending)),
        }
    }
}

/// Tokens, or what will be.
enum Tokens {
    Made(String),
    Pending(Arc<Pending>),
}

/// Words and their tokens, made by whoever comes first: the maker, or the writer who needs them.
struct Pending {
    words: String,
    tokens: OnceLock<String>,
}

impl Pending {
    fn tokens(&self) -> &str {
        self.tokens.get_or_init(|| index_tokens(&self.words))
    }
}

impl Tokens {
    fn text(&self) -> &str {
        match self {
            Tokens::Made(tokens) => tokens,
            Tokens::Pending(pending) => pending.tokens(),
        }
    }
}

#[derive(Clone, Copy)]
struct Savepoint {
    gathered: usize,
    written: usize,
}

/// Of how many changes the tokens are made at once on another core.
const AT_ONCE: usize = 128;

/// How many changes are gathered at most, where no savepoint has to be gone back to.
const MOST_GATHERED: usize = 4_096;

impl Unwritten {
    fn push(&self, conn: &Conn, change: Change) -> Result<()> {
        self.all.borrow_mut().push(change);
        let gathered = self.all.borrow().len();
        if gathered.is_multiple_of(AT_ONCE) {
            self.make_last();
        }
        if gathered >= MOST_GATHERED && self.savepoint.borrow().is_none() { write(conn) } else { Ok(()) }
    }

    /// Has the tokens of the last lot made. Where there can be no maker the writer makes them.
    fn make_last(&self) {
        let all = self.all.borrow();
        let lot: Vec<Arc<Pending>> = all.iter().rev().take(AT_ONCE).filter_map(Change::pending).collect();
        let mut maker = self.maker.borrow_mut();
        if maker.is_none() {
            let (sender, lots) = channel::<Vec<Arc<Pending>>>();
            let work = move || {
                // Of what was taken back nobody wants the tokens any more.
                for pending in lots.iter().flatten().filter(|pending| Arc::strong_count(pending) > 1) {
                    pending.tokens();
                }
            };
            *maker = std::thread::Builder::new().spawn(work).ok().map(|_| sender);
        }
        if let Some(maker) = maker.as_ref() {
            // Nobody listens when the maker ended: then the writer makes them.
            let _ = maker.send(lot);
        }
    }

    /// Nothing of what was gathered will be written.
    pub(crate) fn forget(&self) {
        self.all.borrow_mut().clear();
        *self.maker.borrow_mut() = None;
        *self.savepoint.borrow_mut() = None;
        self.more.set(false);
    }

    /// More large transactions follow this one.
    pub(crate) fn expect_more(&self) {
        self.more.set(true);
    }

    /// Whether [`tidy`] has something to do.
    pub(crate) fn is_untidy(&self) -> bool {
        !self.untidy.borrow().is_empty()
    }

    /// The indexes that get a part of many more.
    fn widened_by(&self, changes: &[Change]) -> Vec<&'static WordsSql> {
        let mut indexes: Vec<&'static WordsSql> = Vec::new();
        if self.more.get() && changes.len() >= MANY {
            for index in changes.iter().map(|change| change.index) {
                if !indexes.iter().any(|known| std::ptr::eq(*known, index)) {
                    indexes.push(index);
                }
            }
        }
        indexes
    }
}

/// Of how many parts of an index FTS5 makes one, and how many may gather while it is at larger ones. What is usual is what the
/// tables begin with.
type Merging = [(&'static str, i64); 2];
const USUAL: Merging = [("automerge", 8), ("crisismerge", 16)];
/// While many large parts come one after the other: each row is merged half as often, and a search takes longer until the end.
const WIDE: Merging = [("automerge", 32), ("crisismerge", 64)];

fn merge_as(conn: &Conn, indexes: &[&'static WordsSql], merging: &Merging) -> Result<()> {
    for index in indexes {
        for (what, parts) in merging {
            conn.execute(&index.command, params![what, parts])?;
        }
    }
    Ok(())
}

/// Merges some of what transactions left that expected more of them. Whether there may be more to do.
pub(crate) fn tidy(conn: &Conn) -> Result<bool> {
    // Some tens of milliseconds: others write in between.
    const PAGES: i64 = 500;
    let untidy = &conn.unwritten().untidy;
    let Some(index) = untidy.borrow().last().copied() else { return Ok(false) };
    let before = conn.raw().total_changes();
    conn.execute(&index.command, params!["merge", PAGES])?;
    // The command itself counts as one.
    if conn.raw().total_changes() - before < 2 {
        untidy.borrow_mut().pop();
    }
    Ok(conn.unwritten().is_untidy())
}

/// Writes what was gathered: before a search of this transaction, and before it commits.
pub(crate) fn write(conn: &Conn) -> Result<()> {
    let unwritten = conn.unwritten();
    let from = unwritten.savepoint.borrow().map_or(0, |savepoint| savepoint.written);
    write_all(conn, unwritten.all.borrow().get(from..).unwrap_or_default())?;
    match unwritten.savepoint.borrow_mut().as_mut() {
        // All of it may have to be written again.
        Some(savepoint) => savepoint.written = unwritten.all.borrow().len(),
        None => {
            unwritten.all.borrow_mut().clear();
            // It ends when it has made what it was given.
            *unwritten.maker.borrow_mut() = None;
        }
    }
    Ok(())
}

fn write_all(conn: &Conn, changes: &[Change]) -> Result<()> {
    let widened = conn.unwritten().widened_by(changes);
    merge_as(conn, &widened, &WIDE)?;
    let mut statements = conn.repeated();
    changes.iter().try_for_each(|change| {
        statements.execute(change.sql, params![change.row, change.tokens.text()])?.or_error().map(drop)
    })?;
    // Before it takes another number of parts FTS5 writes what it has gathered.
    merge_as(conn, &widened, &USUAL)?;
    let mut untidy = conn.unwritten().untidy.borrow_mut();
    untidy.retain(|known| !widened.iter().any(|index| std::ptr::eq(*known, *index)));
    untidy.extend(widened);
    Ok(())
}

/// A savepoint begins: what was gathered until now stays.
pub(crate) fn savepoint(conn: &Conn) -> Result<()> {
    let unwritten = conn.unwritten();
    let written = unwritten.savepoint.borrow_mut().take().map_or(0, |savepoint| savepoint.written);
    unwritten.all.borrow_mut().drain(..written);
    if unwritten.all.borrow().len() >= MOST_GATHERED {
        write(conn)?;
    }
    let gathered = unwritten.all.borrow().len();
    *unwritten.savepoint.borrow_mut() = Some(Savepoint { gathered, written: 0 });
    Ok(())
}

/// The transaction went back to its savepoint: what was gathered since is forgotten, what was written since is not.
pub(crate) fn went_back(conn: &Conn) {
    let unwritten = conn.unwritten();
    if let Some(savepoint) = unwritten.savepoint.borrow_mut().as_mut() {
        unwritten.all.borrow_mut().truncate(savepoint.gathered);
        savepoint.written = 0;
    }
}

/// The words of a new record.
pub(crate) fn add(conn: &Conn, table: &'static Table, row: i64, words: &str) -> Result<()> {
    conn.execute(&table.words.add_text, params![row, words])?;
    let tokens = Tokens::Pending(Arc::new(Pending { words: words.to_owned(), tokens: OnceLock::new() }));
    conn.unwritten().push(conn, Change { index: &table.words, sql: &table.words.add_tokens, row, tokens })
}

/// Gives a record other words, or none. Only the tokens that differ are written.
pub(crate) fn change(conn: &Conn, table: &'static Table, id: Uuid, words: &str) -> Result<()> {
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
    let later = |sql: &'static str, tokens: String| {
        conn.unwritten().push(conn, Change { index: &table.words, sql, row, tokens: Tokens::Made(tokens) })
    };
    if words.is_empty() {
        conn.execute(&sql.remove_text, [row])?;
        return later(&sql.remove_tokens, without(&index_tokens(&old), ""));
    }
    let (before, after) = (index_tokens(&old), index_tokens(words));
    conn.execute(&sql.change_text, params![row, words])?;
    // Both even when one is empty: the index counts its rows.
    later(&sql.remove_tokens, without(&before, &after))?;
    later(&sql.add_tokens, without(&after, &before))
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
