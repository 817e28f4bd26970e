//! Conditions as SQL with bound parameters.

use crate::rows::Bind;
use crm_core::port::{Atom, ColumnRef, Condition, Scope, Sight, Source};
use crm_core::{Gate, Op, Schema, ValueType};
use std::fmt::Write;

/// SQL that is being written, with its parameters.
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) binds: Vec<Bind>,
    /// Inside a NOT every test must be true or false, never NULL.
    negated: bool,
}

impl Default for Sql {
    fn default() -> Self {
        // The columns of a customer alone take more than a thousand characters.
        const USUAL: usize = 2_048;
        Sql { text: String::with_capacity(USUAL), binds: Vec::with_capacity(8), negated: false }
    }
}

impl Sql {
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A parameter in place.
    pub(crate) fn bind(&mut self, value: impl Into<Bind>) {
        self.binds.push(value.into());
        // Writing to a string does not fail.
        let _ = write!(self.text, "?{}", self.binds.len());
    }

    pub(crate) fn bind_text(&mut self, text: &str) {
        self.bind(Bind::Text(text.to_owned()));
    }

    fn bind_list(&mut self, values: impl Iterator<Item = Bind>) {
        self.push("(");
        for (n, value) in values.enumerate() {
            if n > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self.push(")");
    }

    /// What the reader sees of an entity on this alias.
    pub(crate) fn scope(&mut self, schema: &Schema, sight: &Sight, alias: &str) {
        let owner = |sql: &mut Sql, column: String| match sight.scope(schema) {
            Scope::Own(user) => {
                sql.push(&format!("{column} = "));
                sql.bind(Bind::Id(user.uuid()));
            }
            Scope::Team(team) => {
                sql.push(&format!("{column} IN (SELECT id FROM crm_user WHERE team = "));
                sql.bind_text(team);
                sql.push(")");
            }
            Scope::All => sql.push("1"),
            Scope::Nothing => sql.push("0"),
        };
        match (sight.scope(schema), schema.gate) {
            (Scope::All, _) => self.push("1"),
            (Scope::Nothing, _) => self.push("0"),
            (_, Gate::Customer) => {
                self.push(&format!("{alias}.customer IN (SELECT c.id FROM crm_customer AS c WHERE "));
                owner(self, "c.owner".to_owned());
                self.push(")");
            }
            _ => owner(self, format!("{alias}.owner")),
        }
    }

    /// A condition on an entity on this alias.
    pub(crate) fn condition(&mut self, schema: &Schema, condition: &Condition, sight: &Sight, alias: &str) {
        match condition {
            Condition::All(all) => self.joined(schema, all, " AND ", "1", sight, alias),
            Condition::Any(any) => self.joined(schema, any, " OR ", "0", sight, alias),
            Condition::Not(not) => {
                let before = std::mem::replace(&mut self.negated, true);
                self.push("NOT ");
                self.condition(schema, not, sight, alias);
                self.negated = before;
            }
            leaf => {
                self.push(if self.negated { "ifnull(" } else { "(" });
                self.leaf(schema, leaf, sight, alias);
                self.push(if self.negated { ", 0)" } else { ")" });
            }
        }
    }

    fn joined(
        &mut self,
        schema: &Schema,
        conditions: &[Condition],
        word: &str,
        empty: &str,
        sight: &Sight,
        alias: &str,
    ) {
        if conditions.is_empty() {
            return self.push(empty);
        }
        self.push("(");
        for (n, condition) in conditions.iter().enumerate() {
            if n > 0 {
                self.push(word);
            }
            self.condition(schema, condition, sight, alias);
        }
        self.push(")");
    }

    fn leaf(&mut self, schema: &Schema, leaf: &Condition, sight: &Sight, alias: &str) {
        match leaf {
            Condition::Test { column, op, values } => self.test(column, *op, values, alias),
            Condition::HasKey { field, keys, prefix, .. } => {
                self.push(&format!("{alias}.id IN (SELECT record FROM crm_key WHERE kind = "));
                self.bind_text(schema.entity);
                self.push(" AND field = ");
                self.bind_text(field);
                match keys.as_slice() {
                    [start] if *prefix => {
                        self.push(" AND ");
                        self.starts_with("\"key\"", start);
                    }
                    [key] => {
                        self.push(" AND \"key\" = ");
                        self.bind_text(key);
                    }
                    keys => {
                        self.push(" AND \"key\" IN ");
                        self.bind_list(keys.iter().map(|key| Bind::Text(key.clone())));
                    }
                }
                self.push(")");
            }
            Condition::NoKeys { column } => self.push(&format!("{} IN ('[]', '{{}}')", plain(column, alias))),
            Condition::Hop { column, target, condition } => {
                let name = format!("crm_{}", target.entity);
                self.push(&format!(
                    "{} IN (SELECT h.id FROM {name} AS h WHERE h.deletion IS NULL AND ",
                    plain(column, alias)
                ));
                self.scope(target, sight, "h");
                self.push(" AND ");
                self.condition(target, condition, sight, "h");
                self.push(")");
            }
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {
                self.condition(schema, leaf, sight, alias);
            }
        }
    }

    fn starts_with(&mut self, expression: &str, start: &str) {
        self.push(&format!("{expression} >= "));
        self.bind_text(start);
        // The greatest character there is: every text that starts so is less.
        self.push(&format!(" AND {expression} < "));
        self.bind_text(&format!("{start}\u{10ffff}"));
    }

    fn test(&mut self, column: &ColumnRef, op: Op, values: &[Atom], alias: &str) {
        let (same, ranked) = (compared(column, alias), rank(column, alias));
        let first = values.first().cloned().unwrap_or(Atom::Null);
        let compare = |sql: &mut Sql, sign: &str| {
            sql.push(&format!("{ranked} {sign} "));
            sql.bind(first.clone());
        };
        match op {
            Op::Is if first == Atom::Null => self.push(&format!("{same} IS NULL")),
            Op::Is => {
                self.push(&format!("{same} = "));
                self.bind(first);
            }
            Op::IsNot if first == Atom::Null => self.push(&format!("{same} IS NOT NULL")),
            Op::IsNot => {
                self.push(&format!("{same} IS NOT "));
                self.bind(first);
            }
            Op::In => {
                self.push(&format!("{same} IN "));
                self.bind_list(values.iter().filter(|atom| **atom != Atom::Null).cloned().map(Bind::from));
                if values.contains(&Atom::Null) {
                    self.push(&format!(" OR {same} IS NULL"));
                }
            }
            Op::Less => compare(self, "<"),
            Op::AtMost => compare(self, "<="),
            Op::Greater => compare(self, ">"),
            Op::AtLeast => compare(self, ">="),
            Op::Between => {
                compare(self, ">=");
                self.push(&format!(" AND {ranked} <= "));
                self.bind(values.get(1).cloned().unwrap_or(Atom::Null));
            }
            Op::Contains => {
                self.push(&format!("instr({same}, "));
                self.bind(first);
                self.push(") > 0");
            }
            Op::StartsWith => match &first {
                Atom::Text(start) => self.starts_with(&same, start),
                _ => self.push("0"),
            },
            Op::IsEmpty if column.ty == ValueType::Text => {
                let plain = plain(column, alias);
                self.push(&format!("{plain} IS NULL OR {plain} = ''"));
            }
            Op::IsEmpty => self.push(&format!("{} IS NULL", plain(column, alias))),
        }
    }
}

/// The column as it is.
pub(crate) fn plain(column: &ColumnRef, alias: &str) -> String {
    format!("{alias}.\"{}\"", column.name)
}

/// The column as it is compared for equality.
fn compared(column: &ColumnRef, alias: &str) -> String {
    match column.folded {
        true => format!("{alias}.\"{}_key\"", column.name),
        false => plain(column, alias),
    }
}

/// The column as it is ordered: a choice by its place.
pub(crate) fn rank(column: &ColumnRef, alias: &str) -> String {
    match (column.ty, column.source) {
        (ValueType::Choice(words), Source::Field { .. }) => {
            let mut case = format!("CASE {}", plain(column, alias));
            for (place, word) in words.iter().enumerate() {
                // Words of a choice are the program's own text.
                let _ = write!(case, " WHEN '{word}' THEN {place}");
            }
            case + " END"
        }
        _ => compared(column, alias),
    }
}
