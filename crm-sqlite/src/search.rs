//! Search: candidates come from the index of words in the order of rows, and each is checked by its words.
//!
//! A search goes in stages, from the records that have the very words to those with a typo, each the newest first, and
//! ends when the page is full. A stage that ends before has given all of its records: the next one leaves them out by
//! asking for its own kind of match only.

use crate::connection::Conn;
use crate::error::OrError;
use crate::lists::{consistently, limit_of, row_of, take_rows, visible};
use crate::rows::{Bind, read_entry};
use crate::sql::Sql;
use crate::table::{Table, table};
use crm_core::port::{Found, Plan, Scope, Search, has_token, inside_tokens, start_tokens, typo_tokens};
use crm_core::{Entity, Match, Result};
use rusqlite::{Row, params_from_iter};

/// The best records for a search.
pub(crate) fn ranked<E: Entity>(conn: &Conn, plan: &Plan) -> Result<Vec<Found<E>>> {
    let mut found = Vec::new();
    take_ranked(conn, table::<E>(), plan, &mut |matched, row| {
        found.push(Found { matched, entry: read_entry(row, plan.trash)? });
        Ok(())
    })?;
    Ok(found)
}

/// Takes a row and how well its words fit.
type Take<'t> = dyn FnMut(Match, &Row<'_>) -> Result<()> + 't;

fn take_ranked(conn: &Conn, table: &Table, plan: &Plan, take: &mut Take<'_>) -> Result<()> {
    let Some(search) = plan.words.as_ref().filter(|search| !search.is_empty() && plan.limit > 0) else {
        return Ok(());
    };
    consistently(conn, true, || {
        if is_narrow(conn, table, plan)? {
            return among_few(conn, table, plan, search, take);
        }
        let mut taken = 0;
        let mut sample = Sample::default();
        for stage in Match::ALL {
            let wanted = Wanted::Just(stage);
            if let Some(matching) = matching(conn, table, search, wanted, &mut sample)? {
                let sql = candidates(table, plan, search, &matching, wanted, plan.limit - taken);
                take_rows(conn, &sql, plan.limit, &mut taken, &mut |row| take(stage, row))?;
                if taken >= plan.limit {
                    break;
                }
            }
        }
        Ok(())
    })
}

/// Takes the newest records that have the words of a plan, without typos, up to its limit, and tells whether there are more
/// among so many rows.
pub(crate) fn newest(
    conn: &Conn,
    table: &Table,
    plan: &Plan,
    search: &Search,
    rows: usize,
    take: &mut dyn FnMut(&Row<'_>) -> Result<()>,
) -> Result<bool> {
    consistently(conn, true, || match matching(conn, table, search, FILTER, &mut Sample::default())? {
        Some(matching) => {
            let sql = candidates(table, plan, search, &matching, FILTER, rows);
            take_rows(conn, &sql, plan.limit, &mut 0, take)
        }
        None => Ok(false),
    })
}

/// The words of a plan as a part of another statement.
pub(crate) struct Having {
    search: String,
    by: By,
}

/// How records with the words are found.
enum By {
    /// Each record that the reader sees is looked at.
    Each,
    /// By the index, which may know that there is none.
    Index(Option<Matching>),
}

/// What the words of a plan are for lists in other orders and for figures.
pub(crate) fn having(conn: &Conn, table: &Table, plan: &Plan) -> Result<Option<Having>> {
    let Some(search) = &plan.words else { return Ok(None) };
    let by = match is_narrow(conn, table, plan)? {
        true => By::Each,
        false => By::Index(matching(conn, table, search, FILTER, &mut Sample::default())?),
    };
    Ok(Some(Having { search: search.to_text(), by }))
}

impl Having {
    pub(crate) fn write(&self, sql: &mut Sql, table: &Table) {
        let name = &table.name;
        let matching = match &self.by {
            By::Index(Some(matching)) => matching,
            By::Index(None) => return sql.push(" AND 0"),
            By::Each => {
                sql.write(format_args!(
                    " AND EXISTS (SELECT 1 FROM {name}_text AS x WHERE x.\"row\" = t.\"row\""
                ));
                matches(sql, &self.search, FILTER);
                return sql.push(")");
            }
        };
        sql.write(format_args!(" AND t.\"row\" IN (SELECT w.rowid FROM {name}_words AS w"));
        if !matching.exact {
            sql.write(format_args!(" CROSS JOIN {name}_text AS x ON x.\"row\" = w.rowid"));
        }
        sql.write(format_args!(" WHERE w.{name}_words MATCH "));
        sql.bind_text(&matching.text);
        if !matching.exact {
            matches(sql, &self.search, FILTER);
        }
        sql.push(")");
    }
}

/// Which records are wanted.
#[derive(Clone, Copy)]
enum Wanted {
    /// Those that fit just so well: a stage.
    Just(Match),
    /// Those that fit so well, or better.
    UpTo(Match),
}

/// What the words of a list ask for.
const FILTER: Wanted = Wanted::UpTo(Match::Inside);

fn matches(sql: &mut Sql, search: &str, wanted: Wanted) {
    let (worst, test) = match wanted {
        Wanted::Just(stage) => (stage, "="),
        Wanted::UpTo(stage) => (stage, "<="),
    };
    sql.push(" AND crm_match(x.words, ");
    sql.bind_text(search);
    sql.write(format_args!(", {0}) {test} {0}", worst as u8));
}

/// The statement of a stage.
fn candidates(
    table: &Table,
    plan: &Plan,
    search: &Search,
    matching: &Matching,
    wanted: Wanted,
    limit: usize,
) -> Sql {
    let mut sql = Sql::default();
    let name = &table.name;
    sql.push("SELECT ");
    sql.push(table.columns(plan.trash));
    sql.write(format_args!(" FROM {name}_words AS w"));
    let all_are_wanted = matching.exact && matches!(wanted, Wanted::Just(Match::Exact) | Wanted::UpTo(_));
    let words = match all_are_wanted {
        true => String::new(),
        false => format!(" CROSS JOIN {name}_text AS x ON x.\"row\" = w.rowid"),
    };
    let record = format!(" CROSS JOIN {name} AS t ON t.\"row\" = w.rowid");
    // Whom a record belongs to takes less to tell than whether its words fit, but most records fit.
    let (first, second) = match plan.sight.scope(table.schema) {
        Scope::All => (words, record),
        _ => (record, words),
    };
    sql.push(&first);
    sql.push(&second);
    sql.write(format_args!(" WHERE w.{name}_words MATCH "));
    sql.bind_text(&matching.text);
    if !all_are_wanted {
        matches(&mut sql, &search.to_text(), wanted);
    }
    if let (Wanted::UpTo(_), Some(position)) = (wanted, &plan.order.after) {
        sql.push(" AND w.rowid < ");
        row_of(&mut sql, table, plan, position, true);
    }
    sql.push(if plan.trash { " AND t.deletion IS NOT NULL AND " } else { " AND t.deletion IS NULL AND " });
    sql.scope_of_one(table.schema, &plan.sight, "t");
    sql.push(" AND ");
    sql.condition(table.schema, &plan.condition, &plan.sight, "t");
    sql.push(" ORDER BY w.rowid DESC LIMIT ");
    sql.bind(limit_of(limit));
    sql
}

/// What the index is asked for.
struct Matching {
    text: String,
    /// Whether it gives nothing but what the stage is for or what is better.
    exact: bool,
}

/// What the index is asked for; `None` when nothing can be found.
fn matching(
    conn: &Conn,
    table: &Table,
    search: &Search,
    wanted: Wanted,
    sample: &mut Sample,
) -> Result<Option<Matching>> {
    let (Wanted::Just(stage) | Wanted::UpTo(stage)) = wanted;
    let mut exact = true;
    let mut readings = Vec::new();
    for words in search.readings() {
        // A record is as good as its worst word: without a word that can be found so it is found better, or not at all.
        let possible = match wanted {
            Wanted::Just(Match::Inside) => words.iter().any(|word| inside_tokens(word) != start_tokens(word)),
            Wanted::Just(Match::Typo) => words.iter().any(|word| !typo_tokens(word).is_empty()),
            _ => true,
        };
        if !possible {
            continue;
        }
        let (mut tokens, mut typos) = (Vec::new(), Vec::new());
        for word in words {
            let parts = match stage {
                Match::Exact => vec![word.clone()],
                Match::Prefix => start_tokens(word),
                Match::Inside => inside_tokens(word),
                Match::Typo => match typo_tokens(word) {
                    none if none.is_empty() => inside_tokens(word),
                    typo if words.len() == 1 => {
                        typos.push(any_of(&typo));
                        continue;
                    }
                    typo => {
                        // Another word may be the one with the typo.
                        let well_spelt = inside_tokens(word);
                        typos.push(format!("({} OR ({}))", any_of(&typo), all_of(&well_spelt)));
                        continue;
                    }
                },
            };
            exact &= parts.len() == 1;
            for part in parts {
                if !tokens.contains(&part) {
                    tokens.push(part);
                }
            }
        }
        if tokens.len() > 1 && stage != Match::Exact {
            if !sample.read(conn, table)? {
                return Ok(None);
            }
            exact &= sample.keep_rare(&mut tokens);
        }
        let mut clauses: Vec<String> = tokens.iter().map(|token| quoted(token)).collect();
        clauses.append(&mut typos);
        readings.push(format!("({})", clauses.join(" AND ")));
    }
    exact &= stage != Match::Typo;
    Ok((!readings.is_empty()).then(|| Matching { text: readings.join(" OR "), exact }))
}

fn all_of(tokens: &[String]) -> String {
    tokens.iter().map(|token| quoted(token)).collect::<Vec<_>>().join(" AND ")
}

fn any_of(tokens: &[String]) -> String {
    tokens.iter().map(|token| quoted(token)).collect::<Vec<_>>().join(" OR ")
}

fn quoted(token: &str) -> String {
    format!("\"{}\"", token.replace('"', "\"\""))
}

/// The words of some records from all over the table: they tell which tokens are common.
#[derive(Default)]
struct Sample {
    words: Option<Vec<String>>,
}

impl Sample {
    /// Reads it once, and says whether there is any record at all.
    fn read(&mut self, conn: &Conn, table: &Table) -> Result<bool> {
        if self.words.is_none() {
            let mut statement = conn.prepare(&table.words.sample)?;
            let rows = statement.query_map([], |row| row.get(0)).or_error()?;
            self.words = Some(rows.collect::<rusqlite::Result<_>>().or_error()?);
        }
        Ok(self.words.as_ref().is_some_and(|words| !words.is_empty()))
    }

    /// Leaves the tokens that few records have, and says whether it left all. To look up common ones would take longer than
    /// to check what the rare ones give.
    fn keep_rare(&self, tokens: &mut Vec<String>) -> bool {
        const MOST: usize = 4;
        const TIMES_AS_COMMON: usize = 4;
        let all = tokens.len();
        let sampled = self.words.as_deref().unwrap_or_default();
        let mut counted: Vec<(usize, String)> =
            tokens.drain(..).map(|token| (common(sampled, &token), token)).collect();
        counted.sort_by_key(|(count, _)| *count);
        let rarest = counted.first().map_or(0, |(count, _)| *count);
        counted.truncate(MOST);
        counted.retain(|(count, _)| *count <= (rarest + 1) * TIMES_AS_COMMON);
        tokens.extend(counted.into_iter().map(|(_, token)| token));
        tokens.len() == all
    }
}

fn common(sampled: &[String], token: &str) -> usize {
    sampled.iter().filter(|words| has_token(words, token)).count()
}

/// Whether the reader sees so few records that it takes less to look at all of them than to look for them among the others'
/// that have the words.
pub(crate) fn is_narrow(conn: &Conn, table: &Table, plan: &Plan) -> Result<bool> {
    const FEW: i64 = if cfg!(debug_assertions) { 4 } else { 3_000 };
    if matches!(plan.sight.scope(table.schema), Scope::All | Scope::Nothing) {
        return Ok(false);
    }
    let mut sql = Sql::default();
    let most = Bind::Int(FEW + 1);
    sql.push("SELECT CASE WHEN (SELECT count(*) FROM (SELECT 1 FROM crm_customer AS c WHERE ");
    sql.owned(table.schema, &plan.sight, "c");
    sql.push(" LIMIT ");
    sql.bind(most.clone());
    sql.push(")) < ");
    sql.bind(most.clone());
    sql.push(" THEN (SELECT count(*) FROM (SELECT 1 FROM ");
    sql.push(&table.name);
    sql.push(" AS t WHERE ");
    sql.scope(table.schema, &plan.sight, "t");
    sql.push(" LIMIT ");
    sql.bind(most.clone());
    sql.push(")) ELSE ");
    sql.bind(most);
    sql.push(" END");
    let seen: i64 =
        conn.prepare(&sql.text)?.query_row(params_from_iter(&sql.binds), |row| row.get(0)).or_error()?;
    Ok(seen <= FEW)
}

/// Looks at all records that the reader sees.
fn among_few(conn: &Conn, table: &Table, plan: &Plan, search: &Search, take: &mut Take<'_>) -> Result<()> {
    let mut sql = Sql::default();
    let name = &table.name;
    sql.push("SELECT ");
    sql.push(table.columns(plan.trash));
    sql.push(", crm_match(x.words, ");
    sql.bind_text(&search.to_text());
    sql.write(format_args!(
        ", {}) AS matched FROM {name} AS t CROSS JOIN {name}_text AS x ON x.\"row\" = t.\"row\" WHERE ",
        Match::Typo as u8
    ));
    visible(&mut sql, table, plan);
    sql.push(" AND matched IS NOT NULL ORDER BY matched, t.\"row\" DESC LIMIT ");
    sql.bind(limit_of(plan.limit));
    let mut statement = conn.prepare(&sql.text)?;
    let place = statement.column_count() - 1;
    let mut rows = statement.query(params_from_iter(&sql.binds)).or_error()?;
    while let Some(row) = rows.next().or_error()? {
        let matched: u8 = row.get(place).or_error()?;
        take(Match::ALL.get(usize::from(matched)).copied().unwrap_or(Match::Typo), row)?;
    }
    Ok(())
}
