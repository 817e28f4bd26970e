//! How long it takes to find all duplicates among so many customers, and those of one draft; in which memory.
//!
//! `CRM_BENCH_SIZES` says how many customers; 25,000 to 200,000 when nothing is said. Prints one line of JSON for each.
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use crm_benches::data::{Dice, Population};
use crm_benches::duplicates::{customer, twin_of};
use crm_benches::store::{Template, resume};
use crm_benches::{Outcome, peak_memory};
use crm_core::{Customer, DuplicateRules, Email, Session};
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn main() -> Outcome {
    if let (Ok(path), Ok(token)) = (std::env::var("CRM_BENCH_STORE"), std::env::var("CRM_BENCH_TOKEN")) {
        return measure(&resume(Path::new(&path), &token)?);
    }
    let folder = tempfile::Builder::new().prefix("duplicates-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    for size in sizes()? {
        let template = Template::load_with(folder.path(), size, customer)?;
        let (path, token) = template.place();
        // A process of its own, whose memory is that of the search alone.
        let status = Command::new(std::env::current_exe()?)
            .env("CRM_BENCH_STORE", path)
            .env("CRM_BENCH_TOKEN", token)
            .status()?;
        if !status.success() {
            return Err(format!("the search among {size} failed ({status})").into());
        }
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn sizes() -> Outcome<Vec<u64>> {
    // A run of the tests only wants to know whether it works.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(vec![1_000]);
    }
    let wanted = std::env::var("CRM_BENCH_SIZES").unwrap_or_else(|_| "25000,50000,100000,200000".to_owned());
    Ok(wanted.split(',').map(|size| size.trim().parse()).collect::<Result<_, _>>()?)
}

fn measure(session: &Session) -> Outcome {
    let rules = DuplicateRules::for_customers();
    let start = Instant::now();
    let found = session.customers().find_duplicates(&rules)?;
    let seconds = start.elapsed().as_secs_f64();
    let peak = peak_memory();
    let size = found.records;
    let population = Population { size, owners: vec![crm_core::Uuid::nil()] };
    let told: HashSet<_> = found.pairs.iter().map(|pair| (pair.left.uuid(), pair.right.uuid())).collect();
    let twins = (0..size).filter_map(|number| Some((population.id(twin_of(number)?), population.id(number))));
    let twins: Vec<_> = twins.collect();
    let right =
        twins.iter().filter(|(one, other)| told.contains(&(*one.min(other), *one.max(other)))).count();
    println!(
        "{{\"customers\": {size}, \"seconds\": {seconds:.3}, \"peak_mb\": {peak}, \"pairs\": {}, \"compared\": {}, \
         \"dropped_keys\": {}, \"twins\": {}, \"twins_found\": {right}, \"draft_median_us\": {}}}",
        found.pairs.len(),
        found.compared,
        found.dropped_in_all,
        twins.len(),
        drafts(session, &population, &rules)?.as_micros(),
    );
    Ok(())
}

/// The median time of a lookup for one draft, which is like a stored customer but for its e-mail's domain.
fn drafts(session: &Session, population: &Population, rules: &DuplicateRules) -> Outcome<Duration> {
    const DRAFTS: usize = 201;
    let mut dice = Dice::new(11);
    let mut times = Vec::with_capacity(DRAFTS);
    for _ in 0..DRAFTS {
        let mut draft: Customer = customer(population, population.any(&mut dice)).try_into()?;
        for email in &mut draft.emails {
            let local = email.address.0.split('@').next().unwrap_or_default().to_owned();
            *email = Email::new(format!("{local}@draft.co.ke"));
        }
        let start = Instant::now();
        let found = session.customers().duplicates_of(&draft, rules)?;
        times.push(start.elapsed());
        if found.candidates.is_empty() {
            return Err(format!("{} finds nothing like itself", draft.name).into());
        }
    }
    times.sort_unstable();
    Ok(times.get(DRAFTS / 2).copied().unwrap_or_default())
}
