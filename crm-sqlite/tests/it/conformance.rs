//! The scenario that every language runs: `conformance/*.json`, whose README tells its form. Here it runs on both stores,
//! and is looked over: every command and every error code must be in it.

mod args;
mod cards;
mod matching;
mod plain;
mod records;
mod run;
mod sessions;
mod stores;

use run::Run;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance")
}

/// The files with what they say.
fn scenario() -> BTreeMap<String, Json> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let all: BTreeMap<String, Json> = files
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let said = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, said)
        })
        .collect();
    for (name, said) in &all {
        assert!(said["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{name} has no steps");
    }
    all
}

macro_rules! files {
    (on both stores: $($both:ident),+; in a file: $($file:ident),+;) => {
        mod in_a_file {
            $(
                #[test]
                fn $both() {
                    super::run(stringify!($both), false);
                }
            )+
            $(
                #[test]
                fn $file() {
                    super::run(stringify!($file), false);
                }
            )+
        }

        mod in_memory {
            $(
                #[test]
                fn $both() {
                    super::run(stringify!($both), true);
                }
            )+
        }

        #[test]
        fn every_file_is_run() {
            let both = [$(stringify!($both)),+].map(|name| (name.to_owned(), "any".to_owned()));
            let file = [$(stringify!($file)),+].map(|name| (name.to_owned(), "file".to_owned()));
            let store = |said: Json| said["store"].as_str().unwrap_or_default().to_owned();
            let there: BTreeMap<_, _> = scenario().into_iter().map(|(name, said)| (name, store(said))).collect();
            assert_eq!(there, both.into_iter().chain(file).collect());
        }
    };
}
files! {
    on both stores: access, deals, exchange, files, journal, kinds, work;
    in a file: hard;
}

fn run(name: &str, in_memory: bool) {
    let said = &scenario()[name];
    Run::new(name, said, in_memory).all(said["steps"].as_array().unwrap());
}

/// A run that would see nothing wrong in these would see nothing at all.
#[test]
fn what_is_wrong_is_seen() {
    let wrong = serde_json::json!([
        {"call": "customers.conjure"},
        {"call": "customer.count"},
        {"call": "customers.count", "args": {"colour": "red"}},
        {"call": "customers.count", "fields": {"name": "x"}},
        {"call": "customers.count", "colour": "red"},
        {"call": "customers.get", "args": {}},
        {"call": "customers.get", "args": {"id": {"$": "nobody.id"}}},
        {"call": "customers.get", "args": {"id": "C001"}},
        {"call": "customers.count", "expect": 1},
        {"call": "customers.count", "expect": "0"},
        {"call": "customers.count", "expect": {"$any": true}, "error": {"code": "denied"}},
        {"call": "customers.count", "error": {"code": "denied"}},
        {"call": "customers.count", "expect": {"$some": 0}},
        {"call": "session.settings", "expect": {"code_digits": null}},
        {"call": "session.settings", "expect": {"code_digits": {"$absent": true}}},
        {"call": "session.settings", "expect": {"colour": null}},
        {"call": "session.settings", "expect": {"$exact": {"code_digits": 3}}},
        {"call": "session.token", "expect": {"$any": true}},
        {"call": "customers.list", "expect": [{}]},
        {"call": "customers.list", "expect": {"$length": 1}},
        {"call": "customers.list", "expect": {"$contains": {}}},
        {"call": "customers.get", "args": {"id": "C001"}, "error": {"code": "denied"}},
        {"call": "customers.get", "args": {"id": "C001"}, "error": {"code": "not_found", "key": "C002"}},
        {"call": "customers.get", "args": {"id": "C001"}, "error": {"key": "C001"}},
    ]);
    for step in wrong.as_array().unwrap() {
        let said = serde_json::json!({"clock": "2026-03-02T09:00:00.000000Z"});
        let run = || Run::new("wrong", &said, true).all(std::slice::from_ref(step));
        assert!(std::panic::catch_unwind(run).is_err(), "nothing wrong was seen in {step}");
    }
}

// ---- what must be in it --------------------------------------------------------------------------------------------

/// Every step, also those inside of others.
fn all_steps(steps: &Json, found: &mut Vec<Json>) {
    for step in steps.as_array().into_iter().flatten() {
        found.push(step.clone());
        all_steps(&step["steps"], found);
        all_steps(&step["during"], found);
    }
}

fn steps() -> Vec<Json> {
    let mut found = Vec::new();
    scenario().values().for_each(|said| all_steps(&said["steps"], &mut found));
    found
}

#[test]
fn there_are_enough_steps() {
    let count = steps().len();
    eprintln!("{count} steps");
    assert!(count >= 100, "{count}");
}

/// Codes that no scenario can bring about, and where they are tested.
const OTHER_CODES: &[(&str, &str)] = &[
    ("full", "needs a disk without space: bad_input/files.rs"),
    ("interrupted", "needs a second thread at the right moment: bad_input/files.rs"),
];

/// The code of every error with its fields, as the sources have them.
fn errors() -> BTreeMap<String, BTreeSet<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crm-core/src/error.rs");
    let file = syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap();
    let variants = file.items.iter().find_map(|item| match item {
        syn::Item::Enum(error) if error.ident == "Error" => Some(&error.variants),
        _ => None,
    });
    let fields = |variant: &syn::Variant| match &variant.fields {
        syn::Fields::Named(named) => {
            named.named.iter().filter_map(|field| field.ident.as_ref()).map(ToString::to_string).collect()
        }
        // The one that has no name is the list of violations.
        syn::Fields::Unnamed(_) => BTreeSet::from(["violations".to_owned()]),
        syn::Fields::Unit => BTreeSet::new(),
    };
    let mut found: BTreeMap<String, BTreeSet<String>> = variants
        .unwrap()
        .iter()
        .map(|variant| (snake(&variant.ident.to_string()), fields(variant)))
        .collect();
    // The backend's own error, which no other language sees.
    found.get_mut("storage").unwrap().remove("source");
    found
}

/// `NotFound` as `not_found`: the code of a variant. One with another would be unknown to the steps that fail with it.
fn snake(name: &str) -> String {
    let letters = name.char_indices().flat_map(|(place, letter)| {
        let mark = (letter.is_uppercase() && place > 0).then_some('_');
        mark.into_iter().chain(letter.to_lowercase())
    });
    letters.collect()
}

#[test]
fn every_error_is_in_the_scenario_with_all_of_its_fields() {
    let errors = errors();
    assert!(errors.len() >= 20, "the sources were not read: {errors:?}");
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for step in steps() {
        let Some(error) = step["error"].as_object() else { continue };
        let fields = expected.entry(error["code"].as_str().unwrap().to_owned()).or_default();
        fields.extend(error.keys().filter(|name| *name != "code").cloned());
    }
    let unknown: Vec<_> = expected.keys().filter(|code| !errors.contains_key(*code)).collect();
    assert!(unknown.is_empty(), "there are no such codes: {unknown:?}");
    let others: BTreeSet<&str> = OTHER_CODES.iter().map(|(code, _)| *code).collect();
    for (code, fields) in errors {
        match expected.get(&code) {
            None => assert!(others.contains(code.as_str()), "no step fails with {code}"),
            Some(said) => {
                assert!(!others.contains(code.as_str()), "{code} needs no excuse");
                assert_eq!(*said, fields, "the fields of {code}");
            }
        }
    }
}

/// Functions whose call in the scenario has another name; `*` stands for any collection.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("Collection::by_code", "customers.get"),
    ("Collection::by_key", "roles.get"),
    ("Collection::by_username", "users.get"),
    ("Collection::create_from", "*.create"),
    ("Collection::create_with_id", "*.create"),
    ("Collection::duplicates_of_record", "*.duplicates_of"),
    ("Collection::iter", "*.list"),
    ("Collection::list", "*.page"),
    ("Collection::patch", "*.update"),
    ("Collection::patch_at", "*.update"),
    ("Collection::upsert_patch", "*.upsert"),
    ("Batch::create_with_id", "*.create"),
    ("Batch::patch", "*.update"),
    ("Crm::open", "store.open"),
    ("Crm::verify_since", "store.verify"),
    ("Import::apply", "session.import_csv"),
    ("Import::dry_run", "session.import_csv"),
    ("Import::id", "session.import_csv"),
    ("Import::new", "session.import_csv"),
    ("Import::resume", "session.import_csv"),
    ("Session::patch_settings", "session.update_settings"),
    ("Upserted::into_record", "*.upsert"),
    ("export_contacts", "contacts.export_vcards"),
    ("export_customers", "customers.export_vcards"),
];

/// Functions that have no call in the scenario, and why.
const NO_CALL: &[(&str, &str)] = &[
    ("Batch::is_empty", "of the builder in Rust"),
    ("Batch::len", "of the builder in Rust"),
    ("Batch::run", "what session.batch ends with"),
    ("Collection::update", "takes a closure, which is Rust's way to write a patch"),
    ("Batch::update", "takes a closure, which is Rust's way to write a patch"),
    ("Session::update_settings", "takes a closure; the call of this name is patch_settings"),
    ("Batch::create", "create_with_id with an id of new_id; that is what the scenario calls"),
    ("Crm::options", "what the program gave itself"),
    ("Duplicates::groups", "a view of what find_duplicates gave, which bindings make themselves"),
    ("Session::actor", "me() for a user; a program knows its own label"),
    ("Session::collection", "generic: other languages have one attribute a kind"),
];

/// The call of the scenario that a public function of the core is.
fn call_of(function: &str) -> String {
    if let Some((_, call)) = OTHER_NAMES.iter().find(|(name, _)| *name == function) {
        return (*call).to_owned();
    }
    match function.split_once("::") {
        Some(("Session", name)) if records::kind_of(name).is_some() => {
            format!("{name}.*")
        }
        Some(("Session", name)) => format!("session.{name}"),
        Some(("Crm", name)) => format!("store.{name}"),
        Some(("Batch", "convert_lead")) => "session.convert_lead".to_owned(),
        Some((_, name)) => format!("*.{name}"),
        None => format!("session.{function}"),
    }
}

#[test]
fn every_command_is_in_the_scenario() {
    const OF: [&str; 6] = ["Session", "Collection", "Batch", "Crm", "Import", "Upserted"];
    let of_types = crate::leaks::public_functions()
        .into_iter()
        .filter(|name| name.split_once("::").is_some_and(|(of, _)| OF.contains(&of) || of == "Duplicates"));
    let mut functions: BTreeSet<String> = of_types.collect();
    functions.extend(crate::leaks::functions_of_the_exchange());
    functions
        .extend(["Crm::dump", "Crm::restore", "Crm::close", "Crm::reopen", "Crm::backup"].map(str::to_owned));
    assert!(functions.len() > 100, "the sources were not read");
    let all = steps();
    let names = |steps: Vec<&Json>| -> BTreeSet<String> {
        steps.into_iter().map(|step| step["call"].as_str().unwrap().to_owned()).collect()
    };
    let of_batches = all.iter().filter(|step| step["call"] == "session.batch");
    let in_batches = names(of_batches.flat_map(|step| step["steps"].as_array().unwrap()).collect());
    let calls = names(all.iter().collect());
    let is_called = |function: &String| {
        let wanted = call_of(function);
        let calls = if function.starts_with("Batch::") { &in_batches } else { &calls };
        match wanted.split_once('.').unwrap() {
            ("*", command) => calls.iter().any(|call| {
                let (of, called) = call.split_once('.').unwrap();
                called == command && records::kind_of(of).is_some()
            }),
            (of, "*") => calls.iter().any(|call| call.starts_with(&format!("{of}."))),
            _ => calls.contains(&wanted),
        }
    };
    let excused: BTreeSet<&str> = NO_CALL.iter().map(|(name, _)| *name).collect();
    let missing: Vec<_> = functions
        .iter()
        .filter(|name| !is_called(name) && !excused.contains(name.as_str()))
        .map(|name| format!("{name}: {}", call_of(name)))
        .collect();
    assert!(missing.is_empty(), "no step calls these: {missing:#?}");
    let gone: Vec<_> = excused.iter().filter(|name| !functions.contains(**name)).collect();
    assert!(gone.is_empty(), "these functions are gone: {gone:?}");
    let renamed: Vec<_> = OTHER_NAMES.iter().filter(|(name, _)| !functions.contains(*name)).collect();
    assert!(renamed.is_empty(), "these functions are gone: {renamed:?}");
}
