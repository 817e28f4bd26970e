//! Calls on the records of one kind.

use super::args::{Args, data};
use super::{cards, plain};
use crm_core::exchange::CsvExport;
use crm_core::{
    Aggregate, Batch, Collection, Duplicable, DuplicateRules, GroupBy, Id, Kind, Mergeable, Record, Result,
    Rules, Session, Upserted, Uuid,
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

/// The collections by the names that sessions have for them.
pub(super) fn kind_of(collection: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| {
        let singular = kind.as_str();
        match kind {
            Kind::Settings => false,
            Kind::Feedback => collection == singular,
            Kind::Opportunity => collection == "opportunities",
            _ => collection.strip_suffix('s') == Some(singular),
        }
    })
}

/// Calls a command of a collection; nothing when there is none of that name.
pub(super) fn call(
    session: &Session,
    kind: Kind,
    command: &str,
    args: &Args,
    folder: &Path,
) -> Option<Result<Json>> {
    macro_rules! of_each {
        ($($entity:ident = $name:literal),+ $(,)?) => {
            match kind {
                $(Kind::$entity => of(&session.collection::<crm_core::$entity>(), session, command, args, folder)),+
            }
        };
    }
    if command == "export_vcards" {
        return cards::export(session, kind, args, folder);
    }
    let found = crm_core::for_each_entity!(of_each);
    found.or_else(|| match kind {
        Kind::Customer => of_people(&session.customers(), &DuplicateRules::for_customers(), command, args),
        Kind::Contact => of_people(&session.contacts(), &DuplicateRules::for_contacts(), command, args),
        _ => None,
    })
}

fn of<E: Rules>(
    records: &Collection<'_, E>,
    session: &Session,
    command: &str,
    args: &Args,
    folder: &Path,
) -> Option<Result<Json>> {
    Some(match command {
        "create" => match args.option::<Uuid>("id") {
            Some(id) => args
                .data(E::default())
                .and_then(|data| records.create_with_id(Id::from_uuid(id), data))
                .map(told),
            None => records.create_from(args.patch()).map(told),
        },
        "get" => get(records, session, &args.text("id")),
        "update" => match args.option::<u64>("version") {
            Some(version) => records.patch_at(args.id("id"), version, args.patch()).map(told),
            None => records.patch(args.id("id"), args.patch()).map(told),
        },
        "replace" => replaced(args).and_then(|record| records.replace(record)).map(told),
        "upsert" => {
            let done = records.upsert_patch(&args.text("source"), &args.text("external_id"), args.patch());
            done.map(|done| {
                let created = matches!(done, Upserted::Created(_));
                json!([told(done.into_record()), created])
            })
        }
        "by_external_id" => {
            records.by_external_id(&args.text("source"), &args.text("external_id")).map(told)
        }
        "delete" => records.delete(args.id("id")).map(|done| plain::deletion(&done)),
        "restore" => records.restore(args.id("id")).map(told),
        "purge" => records.purge(args.id("id")).map(|()| Json::Null),
        "list" => {
            let pages = records.iter(args.query());
            pages.collect::<Result<Vec<_>>>().map(|all| plain::records(&all))
        }
        "page" => records.list(&args.query()).map(|page| plain::records(&page.items)),
        "trash" => records.trash(&args.query()).map(|page| {
            let one = |gone: &crm_core::Trashed<E>| {
                json!({"record": plain::record(&gone.record), "deletion": plain::deletion(&gone.deletion)})
            };
            page.items.iter().map(one).collect()
        }),
        "search" => {
            records.search(&args.text("words"), args.or("limit", 20)).map(|all| plain::records(&all))
        }
        "count" => records.count(&args.query()).map(Into::into),
        "aggregate" => {
            let by = args.or("by", Vec::<String>::new());
            let by = by.iter().map(|name| match name.split_once(':') {
                Some((field, period)) => {
                    GroupBy { field: field.into(), period: Some(super::args::read("by", &period.into())) }
                }
                None => GroupBy { field: name.clone(), period: None },
            });
            let figures = Aggregate { by: by.collect(), of: args.option("of") };
            records
                .aggregate(&args.query(), &figures)
                .map(|groups| groups.into_iter().map(plain::group).collect())
        }
        "history" => records.history(args.id("id")).map(|all| plain::operations(&all)),
        "update_all" => {
            records.update_all(&args.filter(), args.patch(), args.or("dry_run", false)).map(plain::bulk)
        }
        "delete_all" => records.delete_all(&args.filter(), args.or("dry_run", false)).map(plain::bulk),
        "export_csv" => {
            let options = CsvExport {
                columns: args.or("columns", Vec::new()),
                delimiter: args.or("delimiter", ','),
                bom: args.or("bom", false),
                spreadsheet_safe: args.or("spreadsheet_safe", false),
            };
            let mut out = std::fs::File::create(folder.join(args.text("file"))).unwrap();
            records.export_csv(&args.query(), &options, &mut out).map(Into::into)
        }
        _ => return None,
    })
}

fn told<E: Rules>(record: Record<E>) -> Json {
    plain::record(&record)
}

/// By id, or by what people call it: a customer's code, a user's name, a role's key.
fn get<E: Rules>(records: &Collection<'_, E>, session: &Session, name: &str) -> Result<Json> {
    if let Ok(id) = name.parse::<Uuid>() {
        return records.get(Id::from_uuid(id)).map(told);
    }
    match E::kind() {
        Kind::Customer => session.customers().by_code(name).map(told),
        Kind::User => session.users().by_username(name).map(told),
        Kind::Role => session.roles().by_key(name).map(told),
        kind => panic!("a {kind} has no name: {name:?}"),
    }
}

/// A record as it was read, with some fields changed.
fn replaced<E: Rules>(args: &Args) -> Result<Record<E>> {
    const ENVELOPE: [&str; 6] = ["id", "version", "created_at", "created_by", "updated_at", "updated_by"];
    let mut all = args.json("record").as_object().unwrap().clone();
    let mut envelope: BTreeMap<&str, Json> =
        ENVELOPE.into_iter().map(|name| (name, all.remove(name).unwrap())).collect();
    let mut take = |name: &str| envelope.remove(name).unwrap();
    let data = args.data(data(E::default(), Some(&all))?)?;
    Ok(Record {
        id: Id::from_uuid(super::args::read("id", &take("id"))),
        version: super::args::read("version", &take("version")),
        created_at: super::args::read("created_at", &take("created_at")),
        created_by: super::args::read("created_by", &take("created_by")),
        updated_at: super::args::read("updated_at", &take("updated_at")),
        updated_by: super::args::read("updated_by", &take("updated_by")),
        data,
    })
}

/// What customers and contacts have besides.
fn of_people<E: Rules + Mergeable + Duplicable>(
    records: &Collection<'_, E>,
    rules: &DuplicateRules,
    command: &str,
    args: &Args,
) -> Option<Result<Json>> {
    Some(match command {
        "merge" => {
            let ids = args.get::<Vec<Uuid>>("losers").into_iter().map(Id::from_uuid).collect::<Vec<_>>();
            let choices = args.or("choices", BTreeMap::<String, Uuid>::new());
            let choices = choices.into_iter().map(|(field, from)| (field, Id::from_uuid(from))).collect();
            let merged = records.merge(args.id("survivor"), &ids, &choices, args.or("dry_run", false));
            merged.map(|merged| {
                let moved: serde_json::Map<String, Json> =
                    merged.moved.iter().map(|(kind, count)| (kind.to_string(), (*count).into())).collect();
                json!({
                    "survivor": plain::record(&merged.survivor),
                    "moved": moved,
                    "operation": merged.operation.as_ref().map(plain::operation),
                })
            })
        }
        "find_duplicates" => records.find_duplicates(rules).map(|found| {
            let pair = |pair: &crm_core::DuplicatePair<E>| {
                json!({
                    "left": pair.left.to_string(),
                    "right": pair.right.to_string(),
                    "score": pair.score,
                    "reasons": plain::reasons(&pair.reasons),
                })
            };
            found.pairs.iter().map(pair).collect()
        }),
        "duplicates_of" => {
            let found = match args.has_fields() {
                true => args.data(E::default()).and_then(|draft| records.duplicates_of(&draft, rules)),
                false => records.duplicates_of_record(args.id("id"), rules),
            };
            found.map(|found| {
                let one = |candidate: &crm_core::DuplicateCandidate<E>| {
                    json!({
                        "record": plain::record(&candidate.record),
                        "score": candidate.score,
                        "reasons": plain::reasons(&candidate.reasons),
                    })
                };
                found.candidates.iter().map(one).collect()
            })
        }
        "not_duplicates" => records.not_duplicates(args.id("one"), args.id("other")).map(told),
        "erase" => records
            .erase(args.id("id"))
            .map(|done| json!({"records": done.records, "changes": done.changes, "beyond": done.beyond})),
        _ => return None,
    })
}

/// Adds a step to a batch, and gives the id of what it creates.
pub(super) fn add_to_batch(
    batch: &mut Batch<'_>,
    session: &Session,
    kind: Kind,
    command: &str,
    args: &Args,
) -> Result<Json> {
    macro_rules! of_each {
        ($($entity:ident = $name:literal),+ $(,)?) => {
            match kind {
                $(Kind::$entity => add::<crm_core::$entity>(batch, session, command, args)),+
            }
        };
    }
    crm_core::for_each_entity!(of_each)
}

fn add<E: Rules>(batch: &mut Batch<'_>, session: &Session, command: &str, args: &Args) -> Result<Json> {
    match command {
        "create" => {
            let id = match args.option::<Uuid>("id") {
                Some(id) => Id::from_uuid(id),
                None => session.new_id::<E>()?,
            };
            batch.create_with_id(id, args.data(E::default())?);
            return Ok(json!({"id": id.to_string()}));
        }
        "update" => batch.patch(args.id::<E>("id"), args.patch()),
        "delete" => batch.delete(args.id::<E>("id")),
        "restore" => batch.restore(args.id::<E>("id")),
        _ => panic!("a batch has no {command:?}"),
    }
    Ok(Json::Null)
}
