//! Conditions as SQL with bound parameters.

use crate::rows::Bind;
use crm_core::port::{Atom, ColumnRef, Condition, Scope, Sight, Source};
use crm_core::{Gate, Op, Schema, ValueType, fold};
use std::fmt::{self, Write};

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

    pub(crate) fn write(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.text.write_fmt(text);
    }

    /// A parameter in place.
    pub(crate) fn bind(&mut self, value: impl Into<Bind>) {
        self.binds.push(value.into());
        self.write(format_args!("?{}", self.binds.len()));
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
        match (sight.scope(schema), schema.gate) {
            (Scope::All, _) => self.push("1"),
            (Scope::Nothing, _) => self.push("0"),
            (_, Gate::Customer) => {
                self.write(format_args!("{alias}.customer IN (SELECT c.id FROM crm_customer AS c WHERE "));
                self.owned(schema, sight, "c");
                self.push(")");
            }
            _ => self.owned(schema, sight, alias),
        }
    }

    /// As [`scope`](Self::scope), for records that were found otherwise and are looked at one by one: what the reader owns is
    /// not listed beforehand.
    pub(crate) fn scope_of_one(&mut self, schema: &Schema, sight: &Sight, alias: &str) {
        match (sight.scope(schema), schema.gate) {
            (Scope::Own(_) | Scope::Team(_), Gate::Customer) => {
                self.write(format_args!(
                    "EXISTS (SELECT 1 FROM crm_customer AS c WHERE c.id = {alias}.customer AND "
                ));
                self.owned(schema, sight, "c");
                self.push(")");
            }
            _ => self.scope(schema, sight, alias),
        }
    }

    /// Whether a customer on this alias belongs to those whose records of an entity the reader sees.
    pub(crate) fn owned(&mut self, schema: &Schema, sight: &Sight, alias: &str) {
        match sight.scope(schema) {
            Scope::Own(user) => {
                self.write(format_args!("{alias}.owner = "));
                self.bind(Bind::Id(user.uuid()));
            }
            Scope::Team(team) => {
                self.write(format_args!("{alias}.owner IN (SELECT id FROM crm_user WHERE team = "));
                self.bind_text(team);
                self.push(")");
            }
            Scope::All => self.push("1"),
            Scope::Nothing => self.push("0"),
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
                self.write(format_args!("{alias}.id IN (SELECT record FROM crm_key WHERE kind = "));
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
            Condition::KeyContains { field, part, .. } => {
                self.write(format_args!("{alias}.id IN (SELECT record FROM crm_key WHERE kind = "));
                self.bind_text(schema.entity);
                self.push(" AND field = ");
                self.bind_text(field);
                self.push(" AND instr(\"key\", ");
                self.bind_text(part);
                self.push(") > 0)");
            }
            Condition::HasChoice { column, choices } => {
                let Source::Custom { key, .. } = column.source else { return self.push("0") };
                let list = format_args!(
                    "EXISTS (SELECT 1 FROM json_each({alias}.custom_key, '$.{key}') AS j WHERE j.value IN "
                );
                self.write(list);
                self.bind_list(choices.iter().map(|choice| Bind::Text(choice.clone())));
                self.push(")");
            }
            Condition::NoKeys { column } => {
                self.write(format_args!("{} IN ('[]', '{{}}')", plain(column, alias)));
            }
            Condition::Hop { column, target, condition } => {
                let name = format!("crm_{}", target.entity);
                self.write(format_args!(
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

    pub(crate) fn starts_with(&mut self, expression: impl fmt::Display, start: &str) {
        self.write(format_args!("{expression} >= "));
        self.bind_text(start);
        // The greatest character there is: every text that starts so is less.
        self.write(format_args!(" AND {expression} < "));
        self.bind_text(&format!("{start}\u{10ffff}"));
    }

    /// The column as it is ordered: a choice by its place, one that is no option any more after the others.
    pub(crate) fn rank(&mut self, column: &ColumnRef, alias: &str) {
        let same = compared(column, alias);
        match (column.ty, column.source) {
            (ValueType::Choice(words), Source::Field { .. }) => {
                self.write(format_args!("CASE {same}"));
                for (place, word) in words.iter().enumerate() {
                    // Words of a choice are the program's own text.
                    self.write(format_args!(" WHEN '{word}' THEN {place}"));
                }
                self.push(" END");
            }
            (ValueType::Choice(options), _) => {
                self.write(format_args!("CASE {same}"));
                for (place, option) in options.iter().enumerate() {
                    self.push(" WHEN ");
                    self.bind_text(&fold(option));
                    self.write(format_args!(" THEN {place}"));
                }
                self.write(format_args!(" ELSE iif({same} IS NULL, NULL, {}) END", options.len()));
            }
            _ => self.write(format_args!("{same}")),
        }
    }

    fn test(&mut self, column: &ColumnRef, op: Op, values: &[Atom], alias: &str) {
        let same = compared(column, alias);
        let first = values.first().cloned().unwrap_or(Atom::Null);
        let compare = |sql: &mut Sql, sign: &str| {
            sql.rank(column, alias);
            sql.write(format_args!(" {sign} "));
            sql.bind(first.clone());
        };
        match op {
            Op::Is if first == Atom::Null => self.write(format_args!("{same} IS NULL")),
            Op::Is => {
                self.write(format_args!("{same} = "));
                self.bind(first);
            }
            Op::IsNot if first == Atom::Null => self.write(format_args!("{same} IS NOT NULL")),
            Op::IsNot => {
                self.write(format_args!("{same} IS NOT "));
                self.bind(first);
            }
            Op::In => {
                self.write(format_args!("{same} IN "));
                self.bind_list(values.iter().filter(|atom| **atom != Atom::Null).cloned().map(Bind::from));
                if values.contains(&Atom::Null) {
                    self.write(format_args!(" OR {same} IS NULL"));
                }
            }
            Op::Less => compare(self, "<"),
            Op::AtMost => compare(self, "<="),
            Op::Greater => compare(self, ">"),
            Op::AtLeast => compare(self, ">="),
            Op::Between => {
                compare(self, ">=");
                self.push(" AND ");
                self.rank(column, alias);
                self.push(" <= ");
                self.bind(values.get(1).cloned().unwrap_or(Atom::Null));
            }
            Op::Contains => {
                self.write(format_args!("instr({same}, "));
                self.bind(first);
                self.push(") > 0");
            }
            Op::StartsWith => match &first {
                Atom::Text(start) => self.starts_with(same, start),
                _ => self.push("0"),
            },
            Op::IsEmpty if column.ty == ValueType::Text => {
                let plain = plain(column, alias);
                self.write(format_args!("{plain} IS NULL OR {plain} = ''"));
            }
            Op::IsEmpty => self.write(format_args!("{} IS NULL", plain(column, alias))),
        }
    }
}

/// A column in a statement. It is written in place: lists are built anew at every call.
#[derive(Clone, Copy)]
pub(crate) enum Expression<'a> {
    /// The column as it is.
    Plain(&'a ColumnRef, &'a str),
    /// The column as it is compared for equality.
    Compared(&'a ColumnRef, &'a str),
}

impl fmt::Display for Expression<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            // The key is small letters, digits and `_`: the definition of the field was checked.
            Expression::Plain(ColumnRef { source: Source::Custom { key, sub, .. }, .. }, alias)
            | Expression::Compared(ColumnRef { source: Source::Custom { key, sub, .. }, .. }, alias) => {
                write!(f, "{alias}.custom_key ->> '$.{key}")?;
                match sub {
                    Some(sub) => write!(f, ".{sub}'"),
                    None => f.write_str("'"),
                }
            }
            Expression::Compared(column, alias) if column.folded => {
                write!(f, "{alias}.\"{}_key\"", column.name)
            }
            Expression::Plain(column, alias) | Expression::Compared(column, alias) => {
                write!(f, "{alias}.\"{}\"", column.name)
            }
        }
    }
}

/// The column as it is.
pub(crate) fn plain<'a>(column: &'a ColumnRef, alias: &'a str) -> Expression<'a> {
    Expression::Plain(column, alias)
}

/// The column as it is compared for equality.
fn compared<'a>(column: &'a ColumnRef, alias: &'a str) -> Expression<'a> {
    Expression::Compared(column, alias)
}
