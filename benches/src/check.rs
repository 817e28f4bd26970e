//! Both sides do the same work: else their times could not be compared.

use crate::Outcome;
use crate::data::{Dice, SEARCHES};
use crate::hand::{Record, next_status};
use crate::store::{Template, open, page_query};
use crm_core::{CustomerStatus, Id};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

/// Runs every operation of the benchmark on a small store of each side and compares what they answer and what they
/// leave in the file: every table of the schema, row by row, the index of words included. New ids count as equal when
/// they stand in the same places; moments are not compared.
///
/// # Errors
/// Says the first difference; and those of the two sides.
pub fn same_work(folder: &Path) -> Outcome {
    const CUSTOMERS: u64 = 500;
    const WRITES: u64 = 200;
    let template = Template::load(folder, CUSTOMERS)?;
    let (ours, mut hand) = (template.ours()?, template.hand()?);
    let (customers, population) = (ours.customers(), &template.population);
    let mut dice = Dice::new(1);

    for number in 0..CUSTOMERS {
        let id = population.id(number);
        same("get", &customers.get(Id::from_uuid(id))?, &hand.get(id)?)?;
    }
    same("page", &customers.list(&page_query(50))?.items, &hand.page(CustomerStatus::Active, 50)?)?;
    for word in SEARCHES {
        let found = hand.search(word, 50)?;
        same(word, &customers.search(word, 50)?, &found)?;
        if found.is_empty() {
            return Err(format!("nobody is called {word}").into());
        }
    }
    for number in CUSTOMERS..CUSTOMERS + WRITES {
        let customer = population.customer(number);
        let created = customers.create(customer.clone().try_into()?)?;
        without_ids(number, serde_json::to_value(created)?, &hand.create(customer)?)?;
        if number % 2 == 0 {
            let (id, website) =
                (population.id(population.any(&mut dice)), format!("https://{number}.example"));
            customers.update(Id::from_uuid(id), |customer| customer.website = Some(website.clone()))?;
            hand.set_website(id, website)?;
        } else {
            let id = population.id(population.any_without_lead(&mut dice));
            customers.update(Id::from_uuid(id), |customer| customer.status = next_status(customer.status))?;
            hand.advance_status(id)?;
        }
    }
    drop((ours, hand));
    for side in ["ours", "hand"] {
        let found = open(&template.path_of(side))?.verify()?;
        if let Some(broken) = found.broken {
            return Err(format!("{side}: operation {}: {}", broken.seq, broken.reason).into());
        }
    }
    let (mine, theirs) = (dump(&template.path_of("ours"))?, dump(&template.path_of("hand"))?);
    for (mine, theirs) in mine.iter().zip(&theirs) {
        if mine != theirs {
            return Err(format!("the stores differ\n  ours: {mine}\n  hand: {theirs}").into());
        }
    }
    if mine.len() != theirs.len() {
        return Err(format!("one store has {} rows, the other {}", mine.len(), theirs.len()).into());
    }
    Ok(())
}

fn same(what: &str, ours: &impl Serialize, hand: &impl Serialize) -> Outcome {
    let (ours, hand) = (serde_json::to_value(ours)?, serde_json::to_value(hand)?);
    if ours == hand { Ok(()) } else { Err(format!("{what}: {ours} is not {hand}").into()) }
}

/// Compares created records but for what is new in each store.
fn without_ids(number: u64, mut ours: serde_json::Value, hand: &Record) -> Outcome {
    let mut hand = serde_json::to_value(hand)?;
    for record in [&mut ours, &mut hand] {
        if let Some(fields) = record.as_object_mut() {
            fields.retain(|name, _| !["id", "created_at", "updated_at"].contains(&name.as_str()));
        }
    }
    same(&format!("customer {number}"), &ours, &hand)
}

/// Every row of every table as text.
fn dump(path: &Path) -> Outcome<Vec<String>> {
    const MOMENTS: [&str; 3] = ["created_at", "updated_at", "at"];
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name LIKE 'crm\\_%' ESCAPE '\\' ORDER BY name";
    let tables: Vec<String> =
        conn.prepare(tables)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let (mut rows_as_text, mut ids) = (Vec::new(), HashMap::new());
    for table in tables {
        // The tables of the index hold pages, no ids.
        let is_index = table.contains("_words_");
        let mut statement = conn.prepare(&format!("SELECT * FROM {table}"))?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut text = table.clone();
            for (column, name) in names.iter().enumerate() {
                match row.get_ref(column)? {
                    ValueRef::Integer(_) if MOMENTS.contains(&name.as_str()) => text.push_str(" moment"),
                    ValueRef::Blob(bytes) if bytes.len() == 16 && !is_index => {
                        let seen = ids.len();
                        write!(text, " {name}=#{}", ids.entry(bytes.to_vec()).or_insert(seen))?;
                    }
                    // Hashes that cover ids, moments and salts.
                    ValueRef::Blob(bytes) if bytes.len() == 32 && !is_index => write!(text, " {name}=hash")?,
                    value => write!(text, " {name}={value:?}")?,
                }
            }
            rows_as_text.push(text);
        }
    }
    Ok(rows_as_text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_sides_answer_and_write_the_same() {
        let folder = tempfile::tempdir().unwrap();
        super::same_work(folder.path()).unwrap();
    }
}
