//! Nothing leaks by a side door: every public function that a user can reach is walked as somebody who sees few of
//! the customers, and nothing of the others may show: no text, id, code, count, sum, cursor or history, and no
//! error that differs from that of an id which does not exist.
//!
//! The list of the functions is read from the sources, so a new one that is not walked fails the test.
//!
//! Told on purpose: that a unique value is taken (never by whom), gaps in codes, and the bare id in a link that a
//! visible record has.

mod batch;
mod collection;
mod duplicates;
mod files;
mod look;
mod queries;
mod session;
mod work;
mod world;

use aho_corasick::AhoCorasick;
use batch::*;
use collection::*;
use crm_core::chrono::{NaiveDate, TimeDelta};
use crm_core::contract::test_options;
use crm_core::exchange::import::Import;
use crm_core::*;
use duplicates::*;
use files::*;
use look::*;
use queries::*;
use session::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use work::*;
use world::*;

/// Begins every text of a record that the user may not see.
const SECRET: &str = "zqsecret";
/// Begins the phone numbers and amounts of such records.
const SECRET_DIGITS: &str = "77077";
const PASSWORD: &str = "correct horse";

// ---- which functions there are ---------------------------------------------------------------------------------

/// The types that a user's hands can reach.
const WALKED: &[&str] = &["Session", "Collection", "Batch", "Pages", "Upserted", "Duplicates", "Import"];
/// The types that are a walked one of which the kind is known only at run time: what they can do the walked one can.
const UNTYPED: &[(&str, &str)] = &[("AnyCollection", "Collection"), ("AnyBatch", "Batch")];
/// The types that only the embedding program has, or that hold no records.
const OF_THE_HOST: &[&str] = &[
    "AnyRecord",
    "CardProperty",
    "CheckReport",
    "Crm",
    "CsvExport",
    "FailedRows",
    "Formats",
    "Plan",
    "Row",
    "Rows",
    "Sniffed",
    "SniffedColumn",
    "Step",
    "UnitOfWork",
    "VCardImport",
    "VCards",
    "Verification",
];

/// `Type::function` of every public function in an inherent `impl` of the façade.
pub(crate) fn public_functions() -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crm-core/src");
    let mut found = BTreeSet::new();
    let mut folders = ["crm", "insight", "exchange"].map(|folder| sources.join(folder)).to_vec();
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension == "rs" => functions_in(&path, &mut found),
                _ => {}
            }
        }
    }
    found
}

fn functions_in(file: &Path, found: &mut BTreeSet<String>) {
    let parsed = syn::parse_file(&std::fs::read_to_string(file).unwrap()).unwrap();
    let blocks = parsed.items.into_iter().filter_map(|item| match item {
        syn::Item::Impl(block) if block.trait_.is_none() => Some(block),
        _ => None,
    });
    for block in blocks {
        let syn::Type::Path(of) = &*block.self_ty else { continue };
        let ty = of.path.segments.last().unwrap().ident.to_string();
        for item in &block.items {
            if let syn::ImplItem::Fn(function) = item
                && matches!(function.vis, syn::Visibility::Public(_))
            {
                found.insert(format!("{ty}::{}", function.sig.ident));
            }
        }
    }
}

#[test]
fn every_public_function_is_walked_and_every_walk_is_of_one() {
    let functions = public_functions();
    let of_type = |name: &str| name.split("::").next().unwrap().to_owned();
    let typed = |name: &str| {
        let (of, call) = name.split_once("::").unwrap();
        let typed = UNTYPED.iter().find(|(untyped, _)| *untyped == of);
        typed.map(|(_, typed)| if call == "new" { None } else { Some(format!("{typed}::{call}")) })
    };
    for untyped in functions.iter().filter_map(|name| typed(name).flatten()) {
        assert!(functions.contains(&untyped), "there is no {untyped} that is walked");
    }
    let unknown: Vec<_> = functions
        .iter()
        .filter(|name| typed(name).is_none())
        .filter(|name| !WALKED.contains(&&*of_type(name)) && !OF_THE_HOST.contains(&&*of_type(name)))
        .collect();
    assert!(unknown.is_empty(), "say whether users can reach these: {unknown:?}");
    let reachable: BTreeSet<String> =
        functions.into_iter().filter(|name| WALKED.contains(&&*of_type(name))).collect();
    let walks: BTreeSet<String> = WALKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(walks.len(), WALKS.len(), "a function is walked twice");
    let missing: Vec<_> = reachable.difference(&walks).collect();
    let stale: Vec<_> = walks.difference(&reachable).collect();
    assert!(missing.is_empty(), "write a walk for {missing:?}");
    assert!(stale.is_empty(), "these functions are gone: {stale:?}");
    assert!(reachable.len() > 50, "the sources were not read");
}

/// The name of every public function of `crm_core::exchange` that a session is given to.
pub(crate) fn functions_of_the_exchange() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../crm-core/src/exchange")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            for item in syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap().items {
                let syn::Item::Fn(function) = item else { continue };
                let is_session = |input: &syn::FnArg| match input {
                    syn::FnArg::Typed(input) => matches!(&*input.ty, syn::Type::Reference(of)
                        if matches!(&*of.elem, syn::Type::Path(of) if of.path.is_ident("Session"))),
                    syn::FnArg::Receiver(_) => false,
                };
                let is_public = matches!(function.vis, syn::Visibility::Public(_));
                if is_public && function.sig.inputs.iter().any(is_session) {
                    found.insert(function.sig.ident.to_string());
                }
            }
        }
    }
    found
}

#[test]
fn every_function_of_the_exchange_is_walked() {
    let walks: BTreeSet<String> = EXCHANGE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(functions_of_the_exchange(), walks);
}

// ---- the walks -------------------------------------------------------------------------------------------------

/// Calls a generic function for each kind that hangs on a customer.
macro_rules! each {
    ($walk:ident) => {
        |walk: &Walk<'_>| {
            $walk::<Customer>(walk);
            $walk::<Contact>(walk);
            $walk::<Opportunity>(walk);
            $walk::<Interaction>(walk);
            $walk::<Reminder>(walk);
            $walk::<Note>(walk);
            $walk::<Sale>(walk);
            $walk::<Feedback>(walk);
            $walk::<Attachment>(walk);
        }
    };
}

/// The same without attachments, which are made with their bytes only.
macro_rules! each_but_files {
    ($walk:ident) => {
        |walk: &Walk<'_>| {
            $walk::<Customer>(walk);
            $walk::<Contact>(walk);
            $walk::<Opportunity>(walk);
            $walk::<Interaction>(walk);
            $walk::<Reminder>(walk);
            $walk::<Note>(walk);
            $walk::<Sale>(walk);
            $walk::<Feedback>(walk);
        }
    };
}

/// Calls a generic function for each kind that has duplicates.
macro_rules! each_duplicable {
    ($walk:ident) => {
        |walk: &Walk<'_>| {
            $walk::<Customer>(walk);
            $walk::<Contact>(walk);
        }
    };
}

type WalkFn = fn(&Walk<'_>);

/// Every public function with its walk.
const WALKS: &[(&str, WalkFn)] = &[
    ("Batch::convert_lead", batch_convert_lead),
    ("Batch::create", each!(batch_create)),
    ("Batch::create_with_id", each_but_files!(batch_create_with_id)),
    ("Batch::delete", each!(batch_delete)),
    ("Batch::is_empty", batch_size),
    ("Batch::len", batch_size),
    ("Batch::patch", each!(batch_patch)),
    ("Batch::restore", each!(batch_restore)),
    ("Batch::run", batch_run),
    ("Batch::update", each!(batch_update)),
    ("Collection::aggregate", each!(aggregate)),
    ("Collection::by_code", by_code),
    ("Collection::by_external_id", each!(by_external_id)),
    ("Collection::by_key", |walk| {
        by_name(walk, &["admin", "narrow"], |key| walk.session.roles().by_key(key));
    }),
    ("Collection::by_username", |walk| {
        by_name(walk, &["boss", "mate", "narrow"], |name| walk.session.users().by_username(name));
    }),
    ("Collection::count", each!(count)),
    ("Collection::create", each_but_files!(create)),
    ("Collection::create_from", each_but_files!(create_from)),
    ("Collection::create_with_id", each_but_files!(create_with_id)),
    ("Collection::delete", each!(delete)),
    ("Collection::delete_all", each!(delete_all)),
    ("Collection::erase", |walk| {
        erase::<Customer>(walk);
        erase::<Contact>(walk);
    }),
    ("Collection::duplicates_of", each_duplicable!(duplicates_of)),
    ("Collection::duplicates_of_record", each_duplicable!(duplicates_of_record)),
    ("Collection::export_csv", each!(export_csv)),
    ("Collection::find_duplicates", each_duplicable!(find_duplicates)),
    ("Collection::get", each!(get)),
    ("Collection::history", each!(history)),
    ("Collection::iter", each!(iter)),
    ("Collection::list", each!(list)),
    ("Collection::merge", |walk| {
        merge::<Customer>(walk);
        merge::<Contact>(walk);
    }),
    ("Collection::not_duplicates", each_duplicable!(not_duplicates)),
    ("Collection::patch", each!(patch)),
    ("Collection::patch_at", each!(patch_at)),
    ("Collection::purge", each!(purge)),
    ("Collection::replace", each!(replace)),
    ("Collection::restore", each!(restore)),
    ("Collection::search", each!(search)),
    ("Collection::trash", each!(trash)),
    ("Collection::update", each!(update)),
    ("Collection::update_all", each!(update_all)),
    ("Collection::upsert", each!(upsert)),
    ("Collection::upsert_patch", each!(upsert_patch)),
    ("Session::actor", |walk| _ = walk.shown(walk.session.actor())),
    ("Session::agenda", agenda),
    ("Import::apply", |walk| bring_rows(walk, false)),
    ("Import::dry_run", |walk| bring_rows(walk, true)),
    ("Import::id", |walk| _ = walk.shown(Import::new(&walk.session, &people()).unwrap().id())),
    ("Import::new", |walk| _ = walk.shown(Import::new(&walk.session, &people()).unwrap())),
    ("Import::resume", take_up_an_import),
    ("Session::as_of", as_of),
    ("Session::attach", attach),
    ("Session::attachments", collection_of::<Attachment>),
    ("Session::batch", |walk| _ = walk.shown(walk.session.batch())),
    ("Session::cancel_reminder", |walk| on_reminders(walk, |id| walk.session.cancel_reminder(id))),
    ("Session::change_password", |walk| {
        let error = walk.refused(walk.session.change_password("wrong horse", "battery staple"));
        assert_eq!(error.code(), "bad_credentials");
        walk.session.change_password(PASSWORD, "battery staple").unwrap();
        assert_eq!(walk.refused(walk.session.me()).code(), "session_ended");
        walk.world.system.set_password(walk.world.me, PASSWORD).unwrap();
    }),
    ("Session::clocks", clocks),
    ("Session::collection", |walk| {
        collection_of::<Note>(walk);
        walk.shown(walk.session.collection::<Note>());
    }),
    ("Session::complete_reminder", complete_reminder),
    ("Session::contacts", collection_of::<Contact>),
    ("Session::convert", convert),
    ("Session::convert_lead", convert_lead),
    ("Session::custom_fields", |walk| {
        free(walk, walk.session.custom_fields(), walk.world.system.custom_fields());
    }),
    ("Session::customers", collection_of::<Customer>),
    ("Session::dashboard", dashboard),
    ("Session::deliveries", deliveries),
    ("Duplicates::groups", each_duplicable!(find_duplicates)),
    ("Session::distinctions", distinctions),
    ("Session::feedback", collection_of::<Feedback>),
    ("Session::interactions", collection_of::<Interaction>),
    ("Session::last_operation", last_operation),
    ("Session::latest_operations", latest_operations),
    ("Session::logout", |walk| {
        walk.session.logout().unwrap();
        walk.alike_ids(&walk.world.foreign::<Customer>(), |id| walk.session.customers().get(id));
        assert_eq!(walk.refused(walk.session.customers().list(&Query::new())).code(), "session_ended");
    }),
    ("Session::may", |walk| {
        for kind in Kind::ALL {
            let may = walk.session.may(Action::View, *kind).unwrap();
            let blind = walk.world.variant == Variant::Blind && kind.schema().gate == Gate::Free;
            assert_eq!(may, walk.world.sees_kind(*kind) && !blind);
        }
    }),
    ("Session::me", |walk| {
        let me = walk.shown(walk.session.me().unwrap().unwrap());
        assert_eq!(me.id, walk.world.me);
    }),
    ("Session::move_stage", move_stage),
    ("Session::new_id", |walk| _ = walk.shown(walk.session.new_id::<Customer>().unwrap())),
    ("Session::notes", collection_of::<Note>),
    ("Session::now", |walk| _ = walk.shown(walk.session.now())),
    ("Session::operations", session_operations),
    ("Session::opportunities", collection_of::<Opportunity>),
    ("Session::patch_settings", |walk| {
        let patch = Patch::new().set("code_digits", 4);
        let error = walk.refused(walk.session.patch_settings(patch));
        assert_eq!(error.code(), if walk.world.variant == Variant::Blind { "not_found" } else { "denied" });
    }),
    ("Session::pipeline_report", pipeline_report),
    ("Session::pipelines", |walk| {
        free(walk, walk.session.pipelines(), walk.world.system.pipelines());
    }),
    ("Session::products", |walk| {
        free(walk, walk.session.products(), walk.world.system.products());
    }),
    ("Session::rates", |walk| free(walk, walk.session.rates(), walk.world.system.rates())),
    ("Session::read_attachment", read_attachment),
    ("Session::reassign_reminder", reassign_reminder),
    ("Session::reminders", collection_of::<Reminder>),
    ("Session::revoke_sessions", |walk| of_nobody(walk, |user| walk.session.revoke_sessions(user))),
    ("Session::roles", |walk| free(walk, walk.session.roles(), walk.world.system.roles())),
    ("Session::sales", collection_of::<Sale>),
    ("Session::saved_views", |walk| {
        free(walk, walk.session.saved_views(), walk.world.system.saved_views());
    }),
    ("Session::search", session_search),
    ("Session::set_password", |walk| {
        of_nobody(walk, |user| walk.session.set_password(user, "battery staple"));
    }),
    ("Session::settings", |walk| {
        let settings = walk.session.settings();
        match walk.world.variant {
            Variant::Blind => assert_eq!(walk.refused(settings).code(), "denied"),
            _ => _ = walk.shown(settings.unwrap()),
        }
    }),
    ("Session::snooze_reminder", |walk| {
        let until = walk.session.now() + TimeDelta::hours(1);
        on_reminders(walk, |id| walk.session.snooze_reminder(id, until));
    }),
    ("Session::stage_history", stage_history),
    ("Session::timeline", timeline),
    ("Session::today", |walk| _ = walk.shown(walk.session.today().unwrap())),
    ("Session::token", |walk| _ = walk.shown(walk.session.token().unwrap())),
    ("Session::undo", session_undo),
    ("Session::update_settings", |walk| {
        let error = walk.refused(walk.session.update_settings(|settings| settings.shared_emails = true));
        assert_eq!(error.code(), if walk.world.variant == Variant::Blind { "not_found" } else { "denied" });
    }),
    ("Session::users", |walk| free(walk, walk.session.users(), walk.world.system.users())),
    ("Upserted::into_record", each!(upsert)),
];

/// Every function of `crm_core::exchange` that takes a session, with its walk.
const EXCHANGE: &[(&str, WalkFn)] = &[
    ("export_calendar", take_out_calendar),
    ("export_contacts", |walk| {
        take_out::<Contact>(walk, |session, out| exchange::export_contacts(session, &Query::new(), out));
    }),
    ("export_customers", |walk| {
        take_out::<Customer>(walk, |session, out| exchange::export_customers(session, &Query::new(), out));
    }),
    ("import_vcards", bring_cards),
    ("undo_import", take_back_an_import),
];

/// Walks every function in one world.
fn walk_all(store: Arc<dyn port::Store>, variant: Variant) {
    let (options, clock) = test_options(26);
    let crm = Crm::open(store, options).unwrap();
    let world = World::new(crm, &clock, variant);
    for (name, walk) in WALKS.iter().chain(EXCHANGE) {
        let before = world.fingerprint();
        let session = world.crm.login("narrow", PASSWORD).unwrap();
        walk(&Walk { world: &world, name, session, said: RefCell::default() });
        assert_eq!(world.fingerprint(), before, "{name} changed what the user does not see");
    }
    let report = world.crm.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

macro_rules! walks {
    ($($memory:ident, $sqlite:ident => $variant:ident;)+) => {$(
        #[test]
        fn $memory() {
            walk_all(Arc::new(MemoryStore::new()), Variant::$variant);
        }
        #[test]
        fn $sqlite() {
            walk_all(Arc::new(crm_sqlite::OpenOptions::in_memory().open().unwrap()), Variant::$variant);
        }
    )+
        #[test]
        fn every_variant_of_the_role_is_walked() {
            assert_eq!([$(Variant::$variant),+], Variant::ALL);
        }
    };
}
walks! {
    own_customers_in_memory, own_customers_in_sqlite => Own;
    the_teams_customers_in_memory, the_teams_customers_in_sqlite => Team;
    no_contacts_in_memory, no_contacts_in_sqlite => NoContacts;
    own_customers_in_the_feed_in_memory, own_customers_in_the_feed_in_sqlite => Feed;
    no_users_in_memory, no_users_in_sqlite => Blind;
}
