//! Values for fields, filters and searches, made from small numbers: mostly fitting, sometimes not.

use super::command::{Pick, Tested};
use super::world::Ids;
use crm_core::{Action, Filter, Kind, Op, Patch, Schema, Shape, Value, ValueType};
use serde_json::json;

const TEXTS: &[&str] = &[
    "Wanjiku",
    "wanjiku",
    "Otieno Traders",
    "Véronique",
    "Veronique",
    "O'Brien & Sons",
    "C# Ltd",
    "",
    "  ",
    "Ångström",
    "Wanjiru Holdings",
    "zebra",
    "100%",
    "x",
];
const NAMES: &[&str] = &["achieng", "Baraka", "chebet", "Daudi", "ACHIENG", "two words", ""];
const EMAILS: &[&str] =
    &["a@x.example", "A@X.example", "b@x.example", "no address", "ü@bücher.example", "c@d.example"];
const PHONES: &[&str] = &["+254 722 000001", "0722000001", "12", "020-555 0100"];
const TAGS: &[&str] = &["vip", "VIP", "fair", "Nairobi West", "été"];
const WORDS: &[&str] = &[
    "wan",
    "wanji",
    "wanjiku",
    "o'brien",
    "brien sons",
    "c#",
    "ver",
    "\"",
    "*",
    "",
    "72200",
    "a@x",
    "ltd c",
];
const ZONES: &[&str] = &["Africa/Nairobi", "America/New_York", "UTC", "Nowhere/Else"];
const STAGES: &[&str] = &["prospecting", "proposal", "won", "lost", "nowhere", ""];
const DAYS: &[&str] = &["2025-12-31", "2026-01-01", "2026-03-02", "2026-03-29", "2026-02-30", "2027-07-15"];
const MOMENTS: &[&str] = &[
    "2025-12-31T21:30:00Z",
    "2026-01-01T00:00:00Z",
    "1969-12-31T23:59:59.5Z",
    "2026-03-02T06:00:00.123456789Z",
    "+012026-03-02T06:00:00Z",
    "never",
];

fn of<'a>(list: &[&'a str], seed: u32) -> &'a str {
    list[seed as usize % list.len()]
}

fn json(value: serde_json::Value) -> Value {
    serde_json::from_value(value).unwrap()
}

/// A patch of a record of this kind; a new one gets what it needs, mostly.
pub(crate) fn patch(kind: Kind, picks: &[Pick], ids: &Ids, new: bool) -> Patch {
    let schema = kind.schema();
    let mut patch = Patch::new();
    if new {
        let seed = picks.first().map_or(0, |pick| pick.1);
        for field in schema.fields {
            let needed = match (kind, field.name) {
                (Kind::User | Kind::Role, "username" | "key") => {
                    json(json!(format!("new{}", ids.of(kind.as_str()).len())))
                }
                (Kind::Pipeline, "stages") => stages(0),
                (Kind::Reminder, "due") => json(json!({"date": "2026-03-09"})),
                (Kind::User, "role") => ids.pick("role", seed),
                (_, "customer") => ids.pick("customer", seed),
                (_, "name" | "family_name" | "subject" | "title") => json(json!(of(TEXTS, seed))),
                _ => continue,
            };
            patch = patch.set(field.name, needed);
        }
    }
    for (field, seed) in picks {
        let field = &schema.fields[usize::from(*field) % schema.fields.len()];
        if field.system && seed % 8 > 0 {
            continue;
        }
        patch = patch.set(field.name, value(field.name, (field.shape)(), *seed, ids));
    }
    patch
}

fn value(name: &str, shape: Shape, seed: u32, ids: &Ids) -> Value {
    let rest = seed / 64;
    match seed % 64 {
        0..5 => return Value::Null,
        5 => return json(json!([{"strange": true}])),
        _ => {}
    }
    match shape {
        Shape::Money { .. } => json(match rest % 4 {
            0 => json!({"minor": 5}),
            1 => json!({"minor": -1_250, "currency": "USD"}),
            _ => {
                json!({"minor": i64::from(rest % 900), "currency": if rest.is_multiple_of(2) { "KES" } else { "USD" }})
            }
        }),
        Shape::Code { .. } => json(json!(format!("C{rest}"))),
        Shape::Parts { parts, .. } => {
            let mut map = std::collections::BTreeMap::new();
            for (n, part) in parts.iter().enumerate() {
                let seed = rest.rotate_right(u32::try_from(n).unwrap() * 3);
                if !seed.is_multiple_of(3) {
                    map.insert(part.name.to_owned(), value(part.name, (part.shape)(), seed, ids));
                }
            }
            Value::Map(map)
        }
        Shape::Scalar { ty, .. } => scalar(name, ty, rest, ids),
    }
}

fn scalar(name: &str, ty: ValueType, seed: u32, ids: &Ids) -> Value {
    match ty {
        ValueType::Id(entity) => ids.pick(entity, seed),
        ValueType::Choice(words) => json(json!(of(words, seed))),
        ValueType::Bool => Value::Bool(seed.is_multiple_of(2)),
        ValueType::Int => Value::Int(i64::from(seed % 130)),
        ValueType::Date => json(json!(of(DAYS, seed))),
        ValueType::Time => json(json!(of(&["09:00:00", "02:30:00", "soon"], seed))),
        ValueType::Instant => json(json!(of(MOMENTS, seed))),
        ValueType::Text => json(json!(match name {
            "username" => of(NAMES, seed),
            "key" => of(&["admin", "agent", "own", "new"], seed),
            "stage" => of(STAGES, seed),
            "time_zone" | "zone" => of(ZONES, seed),
            "base_currency" => of(&["KES", "JPY", "???"], seed),
            "phone_region" => of(&["ke", "US", "x"], seed),
            "team" => of(&["north", "south", "North"], seed),
            "code_prefix" => of(&["C", "k", "K9"], seed),
            "email" => of(EMAILS, seed),
            _ => of(TEXTS, seed),
        })),
        ValueType::Json => list(name, seed, ids),
        ValueType::Money | ValueType::Code => Value::Null,
    }
}

fn list(name: &str, seed: u32, ids: &Ids) -> Value {
    let two = |list: &[&str]| -> Vec<String> {
        (0..seed % 3).map(|n| of(list, seed.rotate_right(n * 5 + 2)).to_owned()).collect()
    };
    match name {
        "emails" => json(json!(
            two(EMAILS).iter().map(|a| json!({"address": a, "opted_out": false})).collect::<Vec<_>>()
        )),
        "phones" => json(json!(
            two(PHONES).iter().map(|a| json!({"number": a, "opted_out": false})).collect::<Vec<_>>()
        )),
        "tags" => json(json!(two(TAGS))),
        "external_ids" => json(json!({ of(&["erp", "web", "a:b"], seed): format!("{}", seed % 4) })),
        "extra" => json(json!({ "X-ICQ": "1" })),
        "offsets" => json(json!([seed % 90, 0])),
        "stages" => stages(seed),
        "grants" => grants(seed),
        "contacts" if seed.is_multiple_of(2) => Value::List(vec![ids.pick("contact", seed)]),
        "contacts" => {
            Value::List(vec![Value::Map([("contact".to_owned(), ids.pick("contact", seed))].into())])
        }
        _ => json(json!([])),
    }
}

fn stages(seed: u32) -> Value {
    let mut stages = vec![
        json!({"key": "prospecting", "name": "P", "kind": "open", "probability": seed % 101}),
        json!({"key": "proposal", "name": "Offer", "kind": "open", "probability": 50, "rotting_after_days": 5}),
        json!({"key": "won", "name": "Won", "kind": "won", "probability": 100}),
        json!({"key": "lost", "name": "Lost", "kind": "lost", "probability": 0}),
    ];
    if seed % 5 == 1 {
        stages.remove(1);
    }
    if seed % 7 == 1 {
        stages.pop();
    }
    json(serde_json::Value::Array(stages))
}

fn grants(seed: u32) -> Value {
    let levels = ["none", "own", "team", "all"];
    let mut kinds = serde_json::Map::new();
    for (n, kind) in Kind::ALL.iter().enumerate() {
        let mut actions = serde_json::Map::new();
        for (m, action) in Action::ALL.iter().enumerate() {
            let turn = u32::try_from(n * 7 + m * 3).unwrap() % 31;
            actions.insert(action.to_string(), json!(levels[seed.rotate_right(turn) as usize % 4]));
        }
        kinds.insert(kind.to_string(), actions.into());
    }
    json(kinds.into())
}

/// The paths that filters, orders and figures may name, and now and then those that they may not.
fn paths(schema: &Schema, seed: u16) -> Vec<(String, ValueType)> {
    let all = seed.is_multiple_of(16);
    let usable = |column: &&crm_core::Column| all || column.filterable;
    let columns = schema.columns.iter().filter(usable);
    let mut paths: Vec<(String, ValueType)> =
        columns.map(|column| (column.name.to_owned(), column.ty)).collect();
    for field in schema.fields.iter().filter(|field| all || field.filterable) {
        match (field.shape)() {
            Shape::Money { .. } => paths.push((field.name.to_owned(), ValueType::Money)),
            Shape::Scalar { ty: ValueType::Id(entity), .. } => {
                let target = Kind::from_word(entity).unwrap().schema();
                let hop = |column: &crm_core::Column| (format!("{}.{}", field.name, column.name), column.ty);
                paths.extend(target.columns.iter().filter(usable).take(6).map(hop));
            }
            _ => {}
        }
    }
    paths.push(("created_at".to_owned(), ValueType::Instant));
    paths.push(("version".to_owned(), ValueType::Int));
    paths.push(("created_by".to_owned(), ValueType::Id("user")));
    if all {
        paths.push(("nothing".to_owned(), ValueType::Text));
    }
    paths
}

pub(crate) fn filter(kind: Kind, tests: &[Tested], any: bool, ids: &Ids) -> Filter {
    let mut filters = Vec::new();
    for tested in tests {
        let paths = paths(kind.schema(), tested.field);
        let (path, ty) = &paths[usize::from(tested.field) % paths.len()];
        let name = path.rsplit('.').next().unwrap_or(path);
        let one = |seed: u32| match (ty, name) {
            (ValueType::Money, _) => value(name, Shape::Money { nullable: true }, seed | 2, ids),
            (ValueType::Code, _) => json(json!(format!("c{:03}", seed % 9))),
            (ValueType::Json, "emails") => json(json!(of(EMAILS, seed))),
            (ValueType::Json, "contacts") => ids.pick("contact", seed),
            (ValueType::Json, "external_ids") => json(json!(format!("erp:{}", seed % 4))),
            (ValueType::Json, _) => json(json!(of(TAGS, seed))),
            (ValueType::Text, _) if matches!(tested.op, Op::Contains | Op::StartsWith) => {
                json(json!(of(WORDS, seed)))
            }
            (ty, name) => scalar(name, *ty, seed, ids),
        };
        // Mostly a comparison that means something for the type.
        let op = match (ty, tested.op) {
            (ValueType::Text, op) => op,
            (ValueType::Json, Op::Less | Op::AtMost | Op::Greater | Op::AtLeast | Op::Between)
                if tested.value % 9 > 0 =>
            {
                Op::Is
            }
            (ValueType::Json, op) => op,
            (_, Op::Contains | Op::StartsWith) if tested.value % 9 > 0 => Op::IsNot,
            (_, op) => op,
        };
        let value = match op {
            Op::In | Op::Between => Value::List(vec![one(tested.value), one(tested.value / 7)]),
            Op::IsEmpty => Value::Null,
            _ if tested.value % 23 == 0 => Value::Null,
            _ => one(tested.value),
        };
        let filter = Filter::Test { field: path.clone(), op, value };
        filters.push(if tested.not { !filter } else { filter });
    }
    if any && !filters.is_empty() { Filter::Or { or: filters } } else { Filter::And { and: filters } }
}

pub(crate) fn path(kind: Kind, pick: u16) -> String {
    let paths = paths(kind.schema(), pick);
    paths[usize::from(pick / 2) % paths.len()].0.clone()
}

/// A field to sort by, now and then one that lists are not sorted by.
pub(crate) fn sorted_by(kind: Kind, pick: u16) -> String {
    let columns = kind.schema().columns.iter().filter(|column| column.sortable);
    let mut names: Vec<&str> = columns.map(|column| column.name).collect();
    names.extend(["created_at", "updated_at", "id"]);
    if pick.is_multiple_of(16) {
        path(kind, pick)
    } else {
        names[usize::from(pick / 2) % names.len()].to_owned()
    }
}

/// A field with figures, mostly.
pub(crate) fn measured(kind: Kind, pick: u16) -> String {
    let fit = |ty: ValueType| {
        matches!(ty, ValueType::Int | ValueType::Date | ValueType::Instant | ValueType::Money)
    };
    let names: Vec<String> =
        paths(kind.schema(), pick).into_iter().filter(|(_, ty)| fit(*ty)).map(|(name, _)| name).collect();
    if pick.is_multiple_of(16) || names.is_empty() {
        path(kind, pick)
    } else {
        names[usize::from(pick / 2) % names.len()].clone()
    }
}

pub(crate) fn words(pick: u8) -> &'static str {
    of(WORDS, pick.into())
}
