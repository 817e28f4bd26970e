//! How long searches over many customers take, warm, for who sees all of them and for who sees few; and how large what is
//! searched is. Prints one JSON object a line: the tables first, then the searches.
//!
//! `CRM_BENCH_SIZES` says how many customers there are; 1,000,000 when nothing is said.

use crm_benches::Outcome;
use crm_benches::data::Population;
use crm_benches::store::{OWNERS_OF, Template};
use crm_core::{Query, Session};
use rusqlite::Connection;
use serde_json::json;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

const LIMIT: u32 = 50;

fn main() -> Outcome {
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    // A run of the tests only wants to know whether it works.
    let sizes = match is_bench {
        true => std::env::var("CRM_BENCH_SIZES").unwrap_or_else(|_| "1000000".to_owned()),
        false => "1000".to_owned(),
    };
    let folder = tempfile::Builder::new().prefix("search-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    for size in sizes.split(',') {
        let size: u64 = size.trim().parse()?;
        let template = Template::load(folder.path(), size)?;
        say(&tables(template.path(), size)?)?;
        let all = template.ours()?;
        let path = template.path_of("ours");
        let mut sessions = vec![("all", all)];
        for (name, share) in OWNERS_OF {
            sessions.push((name, template.agent(name, size / share)?));
        }
        for search in searches(&template.population, &path)? {
            for (view, session) in &sessions {
                say(&timed(session, size, view, &search)?)?;
            }
        }
        drop(sessions);
        template.remove()?;
    }
    Ok(())
}

/// The bytes of all that search needs for customers, and of the words themselves.
fn tables(path: &Path, size: u64) -> Outcome<serde_json::Value> {
    let conn = Connection::open(path)?;
    let text: i64 =
        conn.query_row("SELECT sum(length(CAST(words AS BLOB))) FROM crm_customer_text", [], |row| {
            row.get(0)
        })?;
    let of = |name: &str| -> rusqlite::Result<i64> {
        conn.query_row(
            "SELECT ifnull(sum(pgsize), 0) FROM dbstat WHERE aggregate = TRUE AND name LIKE ?1",
            [name],
            |row| row.get(0),
        )
    };
    let (words, index) = (of("crm_customer_text")?, of("crm_customer_words%")?);
    let times = (words + index) as f64 / text as f64;
    Ok(json!({
        "size": size, "text_bytes": text, "words_table_bytes": words, "index_bytes": index,
        "times_the_text": (times * 1000.0).round() / 1000.0,
    }))
}

/// Prints a line. A run of the tests has nothing to tell.
fn say(line: &serde_json::Value) -> Outcome {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

struct Search {
    kind: &'static str,
    text: String,
}

fn searches(population: &Population, path: &Path) -> Outcome<Vec<Search>> {
    let number = |number| population.customer(number).phones.swap_remove(0).number;
    let phone = number(population.size / 2);
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let list = [
        ("exact", "wholesale"),
        ("exact", "wanjiku kamau"),
        ("exact", "c500"),
        ("prefix", "who"),
        ("prefix", "wholes"),
        ("prefix", "enterpri"),
        ("prefix", "kama nairo"),
        ("prefix", "zube"),
        ("prefix", "c5000"),
        ("prefix", "nobodyatall"),
        ("inside", "olesa"),
        ("inside", "terpris"),
        ("inside", "mau"),
        ("inside", "tienoo"),
        ("inside", "beir"),
        ("inside", "anjik amau"),
        ("inside", "wangan"),
        ("inside", "qqq"),
        ("typo", "wholesael"),
        ("typo", "enterprsies"),
        ("typo", "otineo"),
        ("typo", "wanjuki kamua"),
        ("typo", "zubieri"),
        ("typo", "nbodyatall"),
        ("phone", "254"),
        ("phone", "+254 7"),
        ("phone", "723 456"),
    ];
    // The file is there: what is looked for must be, too.
    Connection::open(path)?;
    let mut searches: Vec<Search> =
        list.into_iter().map(|(kind, text)| Search { kind, text: text.to_owned() }).collect();
    for text in [phone.clone(), phone.replace([' ', '+'], ""), digits[4..].to_owned(), digits[6..].to_owned()]
    {
        searches.push(Search { kind: "phone", text });
    }
    Ok(searches)
}

fn timed(session: &Session, size: u64, view: &str, search: &Search) -> Outcome<serde_json::Value> {
    const MOST_RUNS: usize = 51;
    const LONGEST: Duration = Duration::from_secs(2);
    let run = || session.customers().search(black_box(&search.text), LIMIT);
    let hits = run()?.len();
    let (begun, mut times) = (Instant::now(), Vec::new());
    while times.len() < MOST_RUNS && (times.len() < 5 || begun.elapsed() < LONGEST) {
        let begun = Instant::now();
        black_box(run()?);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    // How many there would be in all, typos aside.
    let matching = session.customers().count(&Query::new().words(search.text.as_str()))?;
    Ok(json!({
        "search": search.kind, "text": search.text, "view": view, "size": size, "hits": hits, "matching": matching,
        "median_us": median.as_micros() as u64, "worst_us": times.last().map(|time| time.as_micros() as u64),
    }))
}
