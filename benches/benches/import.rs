//! How fast a CSV file of customers is imported, each checked for being there already by its e-mail address and phone number;
//! in which memory. Beside it what people would use instead for the bare rows: `sqlite3`'s own `.import`, and Python.
//!
//! `CRM_BENCH_SIZES` says how many rows; 100,000 and 1,000,000 when nothing is said. Prints one line of JSON for each.
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use crm_benches::Outcome;
use crm_core::exchange::import::{Import, ImportEvent, Plan};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// As in `crm-import`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PLAN: &str = r#"{"steps": [{"entity": "customer", "file": "customers.csv", "match_by": ["emails", "phones"],
    "on_match": "skip", "columns": [{"column": "name", "field": "name"}, {"column": "email", "field": "emails"},
    {"column": "phone", "field": "phones"}, {"column": "company", "field": "company"},
    {"column": "city", "field": "address.city"}]}]}"#;

fn main() -> Outcome {
    if let (Ok(folder), Ok(rows)) = (std::env::var("CRM_BENCH_FOLDER"), std::env::var("CRM_BENCH_ROWS")) {
        return measure(Path::new(&folder), rows.parse()?);
    }
    for rows in sizes()? {
        let folder = tempfile::Builder::new().prefix("import-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let file = folder.path().join("customers.csv");
        write_file(&file, rows)?;
        // A process of its own, whose memory is that of the import alone.
        let output = Command::new(std::env::current_exe()?)
            .env("CRM_BENCH_FOLDER", folder.path())
            .env("CRM_BENCH_ROWS", rows.to_string())
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("the import of {rows} rows failed ({})", output.status).into());
        }
        let ours = String::from_utf8(output.stdout)?;
        let seconds = |time: Option<f64>| time.map_or("null".to_owned(), |time| format!("{time:.3}"));
        println!(
            "{}, \"sqlite3_import_seconds\": {}, \"python_seconds\": {}}}",
            ours.trim_end().trim_end_matches('}'),
            seconds(by_sqlite3(folder.path())),
            seconds(by_python(folder.path())),
        );
    }
    Ok(())
}

fn sizes() -> Outcome<Vec<u64>> {
    // A run of the tests only wants to know whether it works.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(vec![2_500]);
    }
    let wanted = std::env::var("CRM_BENCH_SIZES").unwrap_or_else(|_| "100000,1000000".to_owned());
    Ok(wanted.split(',').map(|size| size.trim().parse()).collect::<Result<_, _>>()?)
}

const GIVEN: [&str; 8] = ["Wanjiku", "Amina", "Juma", "Njeri", "Otieno", "Zawadi", "Baraka", "Achieng"];
const FAMILY: [&str; 8] = ["Kamau", "Hassan", "Mwangi", "Odhiambo", "Kiptoo", "Ochieng", "Mutua", "Njoroge"];
const TRADES: [&str; 8] = ["Tea", "Coffee", "Roses", "Safaris", "Timber", "Dairy", "Textiles", "Solar"];
const CITIES: [&str; 8] = ["Nairobi", "Mombasa", "Kisumu", "Nakuru", "Eldoret", "Thika", "Malindi", "Nyeri"];

/// Every hundredth row is one that was there before, by its address in capitals or by its number in another form.
fn write_file(path: &Path, rows: u64) -> Outcome {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "name,email,phone,company,city")?;
    for row in 0..rows {
        let n = if row % 100 == 99 { row - 50 } else { row };
        let pick = |list: [&'static str; 8], of: u64| list[usize::try_from(of % 8).unwrap_or(0)];
        let (given, family) = (pick(GIVEN, n), pick(FAMILY, n / 8));
        let phone = format!("07{:02} {:06}", n / 1_000_000 % 40, n % 1_000_000);
        let email = format!("{given}.{family}{n}@example{}.co.ke", n % 50);
        let (email, phone) = match row % 200 {
            99 => (email.to_uppercase(), String::new()),
            199 => (String::new(), format!("+254 {}", phone.trim_start_matches('0'))),
            _ => (email, phone),
        };
        let company = format!("{} {} Ltd", pick(FAMILY, n / 64), pick(TRADES, n / 512));
        writeln!(out, "{given} {family},{email},{phone},{company},{}", pick(CITIES, n / 3))?;
    }
    Ok(out.flush()?)
}

fn measure(folder: &Path, rows: u64) -> Outcome {
    let crm = crm_sqlite::open(folder.join("crm.db"))?;
    let session = crm.system("bench");
    session.update_settings(|settings| settings.phone_region = "KE".to_owned())?;
    let plan: Plan = serde_json::from_str(PLAN)?;
    let import = Import::new(&session, &plan)?;
    let mut open = |name: &str| Ok(Box::new(File::open(folder.join(name))?) as Box<dyn Read + Send>);
    let start = Instant::now();
    let mut private = 0;
    let report = import.apply(&mut open, &mut |event| {
        if let ImportEvent::Chunk(_) = event {
            private = private.max(crm_benches::private_memory());
        }
        if let ImportEvent::Row(row) = event
            && let Some(problem) = row.problems.first()
        {
            println!("{}: {}", row.row.line, problem.reason);
        }
        ControlFlow::Continue(())
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let counts = report.counts;
    if (counts.created, counts.skipped) != (rows - rows / 100, rows / 100) {
        return Err(
            format!("of {rows} rows {} were created and {} skipped", counts.created, counts.skipped).into()
        );
    }
    println!(
        "{{\"rows\": {rows}, \"seconds\": {seconds:.3}, \"rows_per_second\": {:.0}, \"peak_mb\": {}, \"private_mb\": {private}}}",
        counts.rows as f64 / seconds,
        crm_benches::peak_memory(),
    );
    Ok(())
}

/// The bare rows into a table of texts; `None` where there is no such program.
fn by_sqlite3(folder: &Path) -> Option<f64> {
    let script = "PRAGMA journal_mode = WAL;\n.mode csv\n.import customers.csv customers\n";
    let start = Instant::now();
    let mut program = Command::new("sqlite3")
        .arg("bare.db")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    program.stdin.take()?.write_all(script.as_bytes()).ok()?;
    program.wait().ok()?.success().then(|| start.elapsed().as_secs_f64())
}

/// The rows into a table with a unique address and an indexed number; `None` where there is no Python.
fn by_python(folder: &Path) -> Option<f64> {
    const SCRIPT: &str = "\
import csv, re, sqlite3
db = sqlite3.connect('python.db')
db.execute('PRAGMA journal_mode = WAL')
db.execute('CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE, phone TEXT UNIQUE, company TEXT, city TEXT)')
def phone(text):
    digits = re.sub(r'[^0-9]', '', text)
    return '+254' + digits[1:] if digits.startswith('0') else '+' + digits if digits else None
with open('customers.csv', newline='', encoding='utf-8') as file:
    for number, row in enumerate(csv.DictReader(file)):
        db.execute('INSERT OR IGNORE INTO customers (name, email, phone, company, city) VALUES (?, ?, ?, ?, ?)',
                   (row['name'], row['email'].lower() or None, phone(row['phone']), row['company'], row['city']))
        if number % 1000 == 999:
            db.commit()
db.commit()
";
    let start = Instant::now();
    let status = Command::new("python3")
        .args(["-c", SCRIPT])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.ok()?.success().then(|| start.elapsed().as_secs_f64())
}
