//! Values for fields, filters and searches, made from small numbers: mostly fitting, sometimes not.

use super::command::{Pick, Tested};
use super::world::Ids;
use crm_core::{Action, CustomField, CustomFieldType, Filter, Kind, Op, Patch, Shape, Value, ValueType};
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
    "0722",
    "+254722",
    "a@x",
    "ltd c",
    "anjik",
    "wanjuki",
    "wanjku holding",
    "tieno raders",
    "otieon",
    "obrien",
    "vernique",
    "07 22 00 00 01",
    "22 00",
    "+254 (722) 000-001",
    "0205550100",
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

/// The keys of custom fields. What is there at first has the type in the same place of [`CustomFieldType::ALL`].
pub(crate) const KEYS: &[&str] =
    &["tier", "score", "fee", "since", "seen", "vip", "level", "topics", "site", "mail", "line", "friend"];
const OPTIONS: &[&str] = &["Gold", "Silver", "Größte", "100%"];
const CURRENCIES: &[&str] = &["KES", "USD", "EUR", "JPY", "KWD", "???"];
const NUMBERS: &[&str] = &[
    "1",
    "2.5",
    "-3",
    "0.000001",
    "1.0000001",
    "0",
    "12",
    "999999999999.999999",
    "1000000000000",
    "many",
    "2.50",
    "0.333333",
];
const URLS: &[&str] =
    &["https://mara.example", "http://x.example/a?b", "ftp://x.example", "https://", "mara"];

fn of<'a>(list: &[&'a str], seed: u32) -> &'a str {
    list[seed as usize % list.len()]
}

fn json(value: serde_json::Value) -> Value {
    serde_json::from_value(value).unwrap()
}

/// A patch of a record of this kind; a new one gets what it needs, mostly.
pub(crate) fn patch(kind: Kind, picks: &[Pick], ids: &Ids, new: bool) -> Patch {
    let schema = kind.schema();
    let seed = picks.first().map_or(0, |pick| pick.1);
    let mut patch = Patch::new();
    if new {
        for field in schema.fields {
            if let Some(needed) = needed(kind, field.name, seed, ids) {
                patch = patch.set(field.name, needed);
            }
        }
    }
    for (field, seed) in picks {
        // A custom field more often than its one place among the fields would give.
        let place = match schema.custom {
            Some(custom) if field % 4 == 0 => custom,
            _ => usize::from(*field) % schema.fields.len(),
        };
        let field = &schema.fields[place];
        let set_by_the_library = field.system && !seed.is_multiple_of(8);
        // The fields of a definition have to fit each other.
        let fits_already = kind == Kind::CustomField && !seed.is_multiple_of(4);
        if set_by_the_library || fits_already && new {
            continue;
        }
        patch = match (field.shape)() {
            Shape::Scalar { ty: ValueType::Custom, .. } => custom_patch(kind, *seed, ids, patch),
            shape => patch.set(field.name, value(field.name, shape, *seed, ids)),
        };
    }
    patch
}

/// What a new record can't do without.
fn needed(kind: Kind, field: &str, seed: u32, ids: &Ids) -> Option<Value> {
    let ty = CustomFieldType::ALL[seed as usize / 16 % CustomFieldType::ALL.len()];
    Some(match (kind, field) {
        (Kind::User | Kind::Role, "username" | "key") => {
            json(json!(format!("new{}", ids.of(kind.as_str()).len())))
        }
        (Kind::Pipeline, "stages") => stages(0),
        (Kind::Reminder, "due") => json(json!({"date": "2026-03-09"})),
        (Kind::User, "role") => ids.pick("role", seed),
        (Kind::CustomField, "entity") => json(json!(custom_kind(seed).as_str())),
        (Kind::CustomField, "key") => json(json!(of(KEYS, seed / 4))),
        (Kind::CustomField, "type") => json(json!(ty.as_str())),
        (Kind::CustomField, "options")
            if matches!(ty, CustomFieldType::Choice | CustomFieldType::Choices) =>
        {
            json(json!(OPTIONS))
        }
        (Kind::CustomField, "target") if ty == CustomFieldType::Reference => {
            json(json!(Kind::ALL[seed as usize % Kind::ALL.len()].as_str()))
        }
        (Kind::Rate, "from") => json(json!(of(&["USD", "EUR"], seed))),
        (Kind::Rate, "to") => json(json!(of(&["KES", "JPY"], seed / 2))),
        (Kind::Rate, "valid_from") => json(json!(of(DAYS, seed / 4))),
        (Kind::Rate, "rate") => json(json!(of(&["129.5", "0.0065", "1"], seed))),
        (Kind::SavedView, "query") => query(seed),
        (Kind::Product, "price") => money(seed | 2),
        // A refund takes the product of its sale.
        (Kind::Sale, "product" | "refund_of") if (field == "product") != seed.is_multiple_of(3) => {
            ids.pick(if field == "product" { "product" } else { "sale" }, seed)
        }
        (Kind::Sale, "quantity") if seed.is_multiple_of(3) => json(json!("-0.5")),
        (Kind::Attachment, "file_name") => json(json!(of(&["order.pdf", "Größe.txt", "a/b", ""], seed / 2))),
        (_, "customer") => ids.pick("customer", seed),
        (_, "name" | "family_name" | "subject" | "title" | "body" | "text") => json(json!(of(TEXTS, seed))),
        _ => return None,
    })
}

/// A kind that may have custom fields, mostly.
fn custom_kind(seed: u32) -> Kind {
    let kinds = if seed.is_multiple_of(13) { Kind::ALL } else { CustomField::KINDS };
    kinds[seed as usize / 13 % kinds.len()]
}

fn money(seed: u32) -> Value {
    json(match seed % 4 {
        0 => json!({"minor": 5}),
        1 => json!({"minor": -1_250, "currency": "USD"}),
        _ => {
            json!({"minor": i64::from(seed % 900), "currency": if seed.is_multiple_of(2) { "KES" } else { "USD" }})
        }
    })
}

/// Sets one or two custom fields, in both of the ways in which a patch can.
fn custom_patch(kind: Kind, seed: u32, ids: &Ids, mut patch: Patch) -> Patch {
    let fields: Vec<&CustomField> = ids.fields.iter().filter(|field| field.entity == kind).collect();
    let one = |seed: u32| match fields.get(seed as usize % (fields.len() + 1)) {
        Some(field) => (field.key.clone(), custom_value(field, seed / 32, ids)),
        // One that was never defined, or no longer is.
        None => {
            let unknown = of(&["nothing", "Tier", "", "tier.more", of(KEYS, seed / 8)], seed / 2);
            (unknown.to_owned(), json(json!("x")))
        }
    };
    let (first, second) = (one(seed), one(seed.rotate_left(11)));
    match seed % 8 {
        0 => patch.set("custom", json(json!(of(&["text", "{}"], seed)))),
        1 => patch.clear("custom"),
        2 | 3 => patch.set("custom", Value::Map([first, second].into())),
        4 | 5 => {
            patch = patch.set("custom", Value::Map([first].into()));
            patch.set(format!("custom.{}", second.0), second.1)
        }
        _ => patch.set(format!("custom.{}", first.0), first.1),
    }
}

/// A value for a custom field, mostly of its type.
fn custom_value(field: &CustomField, seed: u32, ids: &Ids) -> Value {
    let rest = seed / 16;
    match seed % 16 {
        0 => return Value::Null,
        1 => return json(json!([{"strange": true}])),
        2 => return json(json!(of(TEXTS, rest))),
        3 => return json(json!(rest % 9)),
        _ => {}
    }
    let option = |seed: u32| of(&["gold", "Silver", "grosste", "GRÖSSTE", "Gold", "tin", "100%"], seed);
    json(match field.r#type {
        CustomFieldType::Text => json!(of(TEXTS, rest)),
        CustomFieldType::Number if rest.is_multiple_of(2) => json!(f64::from(rest % 64) / 8.0),
        CustomFieldType::Number => json!(of(NUMBERS, rest / 2)),
        CustomFieldType::Money => return money(rest),
        CustomFieldType::Date => json!(of(DAYS, rest)),
        CustomFieldType::Instant => json!(of(MOMENTS, rest)),
        CustomFieldType::Bool => json!(rest.is_multiple_of(2)),
        CustomFieldType::Choice => json!(option(rest)),
        CustomFieldType::Choices => {
            json!((0..rest % 4).map(|n| option(rest.rotate_right(n * 5))).collect::<Vec<_>>())
        }
        CustomFieldType::Url => json!(of(URLS, rest)),
        CustomFieldType::Email => json!(of(EMAILS, rest)),
        CustomFieldType::Phone => json!(of(PHONES, rest)),
        CustomFieldType::Reference => {
            return ids.pick(field.target.map_or("customer", Kind::as_str), rest);
        }
    })
}

/// A saved view's query, now and then one that can't be carried out.
fn query(seed: u32) -> Value {
    let text = |op: &str, value: &str| json!({"field": "name", "op": op, "value": value});
    json(match seed % 12 {
        0 => json!({}),
        1 => json!({"filter": text("contains", of(WORDS, seed / 12)), "order": ["-created_at"]}),
        2 => json!({"filter": {"not": text("is", of(TEXTS, seed / 12))}, "order": ["name", "-version"]}),
        3 => json!({"filter": {"field": format!("custom.{}", of(KEYS, seed / 12)), "op": "is_empty"}}),
        4 => json!({"order": [format!("-custom.{}", of(KEYS, seed / 12))]}),
        5 => json!({"words": of(WORDS, seed / 12), "page_size": 5}),
        6 => json!({"filter": {"field": "version", "op": "between", "value": [1, 2.5]}}),
        7 => {
            json!({"filter": {"field": "version", "op": "in", "value": [1, 3]}, "total": true, "cursor": "x"})
        }
        8 => json!({"filter": {"field": "nothing", "op": "is", "value": 1}}),
        9 => json!({"page_size": 0}),
        10 => json!({"strange": true}),
        _ => json!({"filter": {"or": [text("is_empty", ""), text("starts_with", of(WORDS, seed / 12))]}}),
    })
}

fn value(name: &str, shape: Shape, seed: u32, ids: &Ids) -> Value {
    let rest = seed / 64;
    match seed % 64 {
        0..5 => return Value::Null,
        5 => return json(json!([{"strange": true}])),
        _ => {}
    }
    match shape {
        Shape::Money { .. } => money(rest),
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
        ValueType::Int if name == "rating" => Value::Int(i64::from(seed % 7)),
        ValueType::Int => Value::Int(i64::from(seed % 130)),
        ValueType::Date => json(json!(of(DAYS, seed))),
        ValueType::Time => json(json!(of(&["09:00:00", "02:30:00", "soon"], seed))),
        ValueType::Instant => json(json!(of(MOMENTS, seed))),
        ValueType::Text => json(json!(match name {
            "username" => of(NAMES, seed),
            "key" => of(&["admin", "agent", "own", "new", "tier", "Score", "2nd"], seed),
            "stage" => of(STAGES, seed),
            "time_zone" | "zone" => of(ZONES, seed),
            "base_currency" | "from" | "to" => of(CURRENCIES, seed),
            "rate" => of(NUMBERS, seed),
            "sku" => of(&["T-1", "t-1", "T-2", " "], seed),
            "channel" => of(&["survey", "phone", "Shop"], seed),
            "file_name" => of(&["order.pdf", "Größe.txt", "a/b", "..", ""], seed),
            "media_type" => of(&["application/pdf", "Text/Plain", "text", "a/b c", ""], seed),
            "phone_region" => of(&["ke", "US", "x"], seed),
            "team" => of(&["north", "south", "North"], seed),
            "code_prefix" => of(&["C", "k", "K9"], seed),
            "email" => of(EMAILS, seed),
            "recurrence" =>
                of(&["FREQ=WEEKLY;BYDAY=MO", " freq=monthly;count=3 ", "FREQ=HOURLY", "daily", ""], seed),
            _ => of(TEXTS, seed),
        })),
        ValueType::Json => list(name, seed, ids),
        ValueType::Decimal if seed.is_multiple_of(2) => json(json!(f64::from(seed % 64) / 8.0)),
        ValueType::Decimal => json(json!(of(NUMBERS, seed / 2))),
        ValueType::Custom | ValueType::Money | ValueType::Code => Value::Null,
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
        "options" => json(json!(two(OPTIONS))),
        "query" => query(seed),
        "lines" => Value::List((0..seed % 4).map(|n| line(seed.rotate_right(n * 7), ids)).collect()),
        "stages" => stages(seed),
        "grants" => grants(seed),
        "contacts" if seed.is_multiple_of(2) => Value::List(vec![ids.pick("contact", seed)]),
        "contacts" => {
            Value::List(vec![Value::Map([("contact".to_owned(), ids.pick("contact", seed))].into())])
        }
        _ => json(json!([])),
    }
}

/// One line of an offer: of a product, or of words with a price.
fn line(seed: u32, ids: &Ids) -> Value {
    let mut line: std::collections::BTreeMap<String, Value> =
        [("quantity".to_owned(), json(json!(of(NUMBERS, seed / 4))))].into();
    if !seed.is_multiple_of(4) {
        line.insert("product".to_owned(), ids.pick("product", seed / 2));
    } else {
        line.insert("description".to_owned(), json(json!(of(TEXTS, seed / 2))));
    }
    if seed.is_multiple_of(4) || seed.is_multiple_of(3) {
        line.insert("unit_price".to_owned(), money(seed / 8));
    }
    if seed.is_multiple_of(5) {
        line.insert(
            "discount".to_owned(),
            json(json!(of(&["10", "33.333333", "100", "101", "-1"], seed / 5))),
        );
    }
    Value::Map(line)
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

/// What is at the end of a path.
#[derive(Clone, Debug)]
enum At {
    Column(ValueType),
    Custom(CustomField),
}

/// The paths that filters, orders and figures may name, and now and then those that they may not.
fn paths(kind: Kind, seed: u16, ids: &Ids) -> Vec<(String, At)> {
    let schema = kind.schema();
    let all = seed.is_multiple_of(16);
    let usable = |column: &&crm_core::Column| all || column.filterable;
    let columns = schema.columns.iter().filter(usable);
    let mut paths: Vec<(String, At)> =
        columns.map(|column| (column.name.to_owned(), At::Column(column.ty))).collect();
    let custom = |kind: Kind| {
        let of_kind = ids.fields.iter().filter(move |field| field.entity == kind);
        of_kind.map(|field| (format!("custom.{}", field.key), At::Custom(field.clone())))
    };
    for field in schema.fields.iter().filter(|field| all || field.filterable) {
        match (field.shape)() {
            Shape::Money { .. } => paths.push((field.name.to_owned(), At::Column(ValueType::Money))),
            Shape::Scalar { ty: ValueType::Id(entity), .. } => {
                let target = Kind::from_word(entity).unwrap();
                let columns = target.schema().columns.iter().filter(usable).take(6);
                let columns = columns.map(|column| (column.name.to_owned(), At::Column(column.ty)));
                let hop = |(name, at)| (format!("{}.{name}", field.name), at);
                paths.extend(columns.chain(custom(target).take(4)).map(hop));
            }
            _ => {}
        }
    }
    paths.extend(custom(kind));
    paths.push(("created_at".to_owned(), At::Column(ValueType::Instant)));
    paths.push(("version".to_owned(), At::Column(ValueType::Int)));
    paths.push(("created_by".to_owned(), At::Column(ValueType::Id("user"))));
    if all {
        paths.push(("nothing".to_owned(), At::Column(ValueType::Text)));
        paths.push((format!("custom.{}", of(KEYS, seed.into())), At::Column(ValueType::Text)));
    }
    paths
}

pub(crate) fn filter(kind: Kind, tests: &[Tested], any: bool, ids: &Ids) -> Filter {
    let mut filters = Vec::new();
    for tested in tests {
        let paths = paths(kind, tested.field, ids);
        let (path, at) = &paths[usize::from(tested.field) % paths.len()];
        let name = path.rsplit('.').next().unwrap_or(path);
        let textual = matches!(tested.op, Op::Contains | Op::StartsWith);
        let one = |seed: u32| match (at, name) {
            (At::Custom(field), _) if field.r#type == CustomFieldType::Choices => {
                json(json!(of(OPTIONS, seed)))
            }
            (At::Custom(field), _) if textual && !seed.is_multiple_of(4) => {
                json(json!(of(if field.r#type == CustomFieldType::Url { URLS } else { WORDS }, seed)))
            }
            (At::Custom(field), _) => custom_value(field, seed | 4, ids),
            (At::Column(ty), name) => match (ty, name) {
                (ValueType::Money, _) => value(name, Shape::Money { nullable: true }, seed | 2, ids),
                (ValueType::Code, _) => json(json!(format!("c{:03}", seed % 9))),
                (ValueType::Json, "emails") => json(json!(of(EMAILS, seed))),
                (ValueType::Json, "phones") => json(json!(of(PHONES, seed))),
                (ValueType::Json, "contacts") => ids.pick("contact", seed),
                (ValueType::Json, "lines") => ids.pick("product", seed),
                (ValueType::Json, "external_ids") => json(json!(format!("erp:{}", seed % 4))),
                (ValueType::Json, _) => json(json!(of(TAGS, seed))),
                (ValueType::Text, _) if textual => json(json!(of(WORDS, seed))),
                (ty, name) => scalar(name, *ty, seed, ids),
            },
        };
        // Mostly a comparison that means something for the type.
        let (is_list, is_text) = match at {
            At::Column(ty) => (*ty == ValueType::Json, *ty == ValueType::Text),
            At::Custom(field) => match field.r#type {
                CustomFieldType::Choices => (true, false),
                CustomFieldType::Number
                | CustomFieldType::Money
                | CustomFieldType::Bool
                | CustomFieldType::Date => (false, false),
                _ => (false, true),
            },
        };
        let op = match tested.op {
            Op::Less | Op::AtMost | Op::Greater | Op::AtLeast | Op::Between
                if is_list && tested.value % 9 > 0 =>
            {
                Op::Is
            }
            Op::Contains | Op::StartsWith if !is_list && !is_text && tested.value % 9 > 0 => Op::IsNot,
            op => op,
        };
        let value = match op {
            Op::In | Op::Between => Value::List(vec![one(tested.value), one(tested.value / 7)]),
            Op::IsEmpty => Value::Null,
            _ if tested.value.is_multiple_of(23) => Value::Null,
            _ => one(tested.value),
        };
        let filter = Filter::Test { field: path.clone(), op, value };
        filters.push(if tested.not { !filter } else { filter });
    }
    if any && !filters.is_empty() { Filter::Or { or: filters } } else { Filter::And { and: filters } }
}

pub(crate) fn path(kind: Kind, pick: u16, ids: &Ids) -> String {
    let paths = paths(kind, pick, ids);
    paths[usize::from(pick / 2) % paths.len()].0.clone()
}

/// A field to sort by, now and then one that lists are not sorted by.
pub(crate) fn sorted_by(kind: Kind, pick: u16, ids: &Ids) -> String {
    let columns = kind.schema().columns.iter().filter(|column| column.sortable);
    let mut names: Vec<String> = columns.map(|column| column.name.to_owned()).collect();
    let custom = ids.fields.iter().filter(|field| field.entity == kind);
    names.extend(custom.map(|field| format!("custom.{}", field.key)));
    names.extend(["created_at", "updated_at", "id"].map(str::to_owned));
    if pick.is_multiple_of(16) {
        path(kind, pick, ids)
    } else {
        names[usize::from(pick / 2) % names.len()].clone()
    }
}

/// A field with figures, mostly.
pub(crate) fn measured(kind: Kind, pick: u16, ids: &Ids) -> String {
    let fit = |at: &At| {
        use ValueType::{Date, Decimal, Instant, Int, Money};
        matches!(at, At::Column(Int | Decimal | Date | Instant | Money))
    };
    let names: Vec<String> =
        paths(kind, pick, ids).into_iter().filter(|(_, at)| fit(at)).map(|(name, _)| name).collect();
    if pick.is_multiple_of(16) || names.is_empty() {
        path(kind, pick, ids)
    } else {
        names[usize::from(pick / 2) % names.len()].clone()
    }
}

/// What somebody types: a word that is there or not, a part of one, one with a typo, two, a number with other blanks.
pub(crate) fn words(pick: u16) -> String {
    let (how, pick) = (pick % 8, usize::from(pick / 8));
    let all: Vec<&str> = [TEXTS, NAMES, EMAILS, PHONES, TAGS].concat();
    let text = all[pick % all.len()];
    let letters: Vec<char> = text.chars().collect();
    let at = (pick / all.len()) % letters.len().max(1);
    let but =
        |at: usize| letters.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, letter)| *letter).collect();
    match how {
        0 | 1 => of(WORDS, u32::try_from(pick).unwrap_or(0)).to_owned(),
        2 => letters.iter().skip(at).take(3 + pick % 4).collect(),
        3 => letters.iter().take(at).collect(),
        4 => but(at),
        5 => {
            let mut letters = letters.clone();
            if at > 0 {
                letters.swap(at - 1, at);
            }
            letters.into_iter().collect()
        }
        6 => text.split(' ').rev().collect::<Vec<_>>().join("  "),
        _ => letters
            .iter()
            .map(|letter| if letter.is_numeric() { format!("{letter} ") } else { letter.to_string() })
            .collect(),
    }
}

pub(crate) fn stage(pick: u8) -> &'static str {
    of(STAGES, pick.into())
}

/// A day that there is.
pub(crate) fn day(pick: u8) -> crm_core::chrono::NaiveDate {
    of(DAYS, pick.into()).parse().unwrap_or_default()
}

pub(crate) fn currency(pick: u8) -> crm_core::Currency {
    const MOST: usize = 5;
    let word = of(&CURRENCIES[..MOST], pick.into());
    serde_json::from_value(json!(word)).unwrap()
}
