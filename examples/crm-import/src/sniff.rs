//! A plan to start from, as people would write it.

use crate::run::at;
use crate::{Ending, Failure};
use crm_core::Kind;
use crm_core::exchange::import::{Formats, Step};
use serde_json::Value as Json;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Prints what the library suggests for a file, and in comments what people have to decide.
pub(crate) fn sniff(path: &Path, kind: Kind, out: &mut dyn Write) -> Result<Ending, Failure> {
    let file = File::open(path).map_err(|error| at(path, &error))?;
    let found = crm_core::exchange::import::sniff(file).map_err(|error| at(path, &error))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let step = found.suggest(kind, &name);
    let Json::Object(mut parts) = serde_json::to_value(&step)? else { return Ok(Ending::Clean) };
    let columns = parts.remove("columns");
    writeln!(out, "[[steps]]")?;
    for name in ["entity", "file"] {
        let value = parts.remove(name).unwrap_or_default();
        writeln!(out, "{name} = {}", inline(&value))?;
    }
    if let Some(by) = key_of(&step) {
        writeln!(
            out,
            "# What is there already is found by: match_by = [\"{by}\"], and then on_match = \"update\","
        )?;
        writeln!(out, "# \"fill_empty\" or \"skip\". Without it every row is a new record.")?;
    }
    for (name, value) in &parts {
        writeln!(out, "{name} = {}", inline(value))?;
    }
    writeln!(out, "columns = [")?;
    for column in columns.as_ref().and_then(Json::as_array).into_iter().flatten() {
        writeln!(out, "    {},", inline(column))?;
    }
    writeln!(out, "]")?;
    for column in &found.columns {
        let name = inline(&Json::from(column.name.as_str()));
        let mapped = uses(&step, &column.name);
        if mapped && column.is_ambiguous() {
            let ways = column.formats.iter().map(formats).collect::<Result<Vec<_>, Failure>>()?;
            writeln!(out, "# {name} can be read in two ways; say which: {}", ways.join(" or "))?;
        } else if !mapped {
            let samples = column.samples.iter().map(|sample| inline(&Json::from(sample.as_str())));
            writeln!(out, "# not used: {name}, with {}", samples.collect::<Vec<_>>().join(", "))?;
        }
    }
    Ok(Ending::Clean)
}

fn uses(step: &Step, column: &str) -> bool {
    let in_braces = format!("{{{column}}}");
    step.columns.iter().any(|mapping| {
        mapping.column.as_deref() == Some(column)
            || mapping.template.as_ref().is_some_and(|template| template.contains(&in_braces))
    })
}

fn formats(formats: &Formats) -> Result<String, Failure> {
    Ok(format!("formats = {}", inline(&serde_json::to_value(formats)?)))
}

/// A value in TOML, on one line. The texts of JSON are texts of TOML.
fn inline(value: &Json) -> String {
    match value {
        Json::Array(list) => format!("[{}]", list.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            // TOML has no null: what is absent is left out.
            let parts = map.iter().filter(|(_, value)| !value.is_null());
            let parts: Vec<String> =
                parts.map(|(name, value)| format!("{} = {}", key(name), inline(value))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        other => other.to_string().replace('\u{7f}', "\\u007f"),
    }
}

fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if bare { name.to_owned() } else { inline(&Json::from(name)) }
}

/// A field of the step by which a record may be found to be there already.
fn key_of(step: &Step) -> Option<&'static str> {
    const KEYS: [&str; 6] = ["emails", "email", "username", "code", "sku", "phones"];
    let maps = |key: &str| step.columns.iter().any(|mapping| mapping.field == key);
    KEYS.into_iter().find(|key| maps(key))
}
