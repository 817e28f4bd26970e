//! Rules that were checked against an entity: they give the keys of a record and the score of a pair.

use super::alike::{BETWEEN, alike, prepared};
use super::field::FieldRef;
use super::{DuplicateReason, DuplicateRules, KeyForm};
use crate::error::{Result, Violations};
use crate::model::{Conventions, Entity, Schema};
use crate::store::Entry;
use crate::value::KeyRules;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Between the compared values of a record. No prepared value has it inside.
const NEXT_FIELD: char = '\t';
/// The most keys that a record has of one kind: those of many e-mails and phones together.
const MOST_KEYS: usize = 32;

/// Checked rules.
#[derive(Debug)]
pub(crate) struct Matcher<'r> {
    pub(super) rules: &'r DuplicateRules,
    pub(super) key_rules: &'r KeyRules,
    /// All fields that the rules speak of, each once.
    pub(super) fields: Vec<FieldRef>,
    pub(super) keys: Vec<Vec<Part>>,
    /// For each compared field its place among the fields.
    compared: Vec<usize>,
}

/// A part of a key: the place of its field, and the form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) field: usize,
    pub(super) form: KeyForm,
}

/// What a record has in the fields of the rules.
pub(crate) struct Texts(Vec<Vec<String>>);

/// A key of a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyOf {
    /// The place of the key in the rules.
    pub(crate) key: usize,
    /// For each part the text of the field, and its form.
    pub(super) parts: Vec<(String, String)>,
}

impl KeyOf {
    /// Tells keys apart: records that share it share the key.
    pub(crate) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.key.hash(&mut hasher);
        self.parts.iter().for_each(|(_, form)| form.hash(&mut hasher));
        hasher.finish()
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let forms: Vec<&str> = self.parts.iter().map(|(_, form)| form.as_str()).collect();
        forms.join(", ")
    }
}

impl<'r> Matcher<'r> {
    /// Checks rules against an entity.
    ///
    /// # Errors
    /// `invalid` with all that is wrong with them.
    pub(crate) fn new(
        rules: &'r DuplicateRules,
        schema: &'static Schema,
        conventions: &'r Conventions,
    ) -> Result<Self> {
        let mut problems = Violations::default();
        check(rules, &mut problems);
        let mut fields: Vec<FieldRef> = Vec::new();
        let mut place = |path: &str, at: &str| match FieldRef::resolve(schema, path, conventions) {
            Some(field) => fields.iter().position(|known| *known == field).unwrap_or_else(|| {
                fields.push(field);
                fields.len() - 1
            }),
            None => {
                let reason = format!("{} has no field {path:?}", schema.entity);
                problems.add(at, "unknown_field", path, reason);
                0
            }
        };
        let keys = rules.keys.iter().map(|parts| {
            let part = parts.iter().map(|part| Part { field: place(&part.field, "keys"), form: part.form });
            part.collect()
        });
        let keys = keys.collect();
        let compared = rules.compared.iter().map(|field| place(&field.field, "compared")).collect();
        problems.into_result()?;
        Ok(Matcher { rules, key_rules: &conventions.keys, fields, keys, compared })
    }

    /// How many records may share a key.
    pub(crate) fn most_sharing(&self) -> usize {
        usize::try_from(self.rules.most_sharing).unwrap_or(usize::MAX)
    }

    /// What a record has in the fields of the rules.
    pub(crate) fn texts<E: Entity>(&self, entry: &Entry<E>) -> Texts {
        Texts(self.fields.iter().map(|field| field.texts(entry, self.key_rules)).collect())
    }

    /// The keys of a record: for each key of the rules one, none, or several when a field is a list.
    pub(crate) fn keys(&self, texts: &Texts) -> Vec<KeyOf> {
        let mut found = Vec::with_capacity(self.keys.len());
        for (key, parts) in self.keys.iter().enumerate() {
            let mut several = vec![KeyOf { key, parts: Vec::with_capacity(parts.len()) }];
            for part in parts {
                let mut longer: Vec<KeyOf> = Vec::new();
                for text in texts.0.get(part.field).into_iter().flatten() {
                    let Some(form) = part.form.of(text, self.key_rules) else { continue };
                    for one in &several {
                        let mut one = one.clone();
                        one.parts.push((text.clone(), form.clone()));
                        // Two numbers with extensions are one number.
                        if !longer.iter().any(|known| same_form(known, &one)) {
                            longer.push(one);
                        }
                    }
                }
                longer.truncate(MOST_KEYS);
                several = longer;
            }
            found.append(&mut several);
        }
        found
    }

    /// What is compared of a record, in one text.
    pub(crate) fn features(&self, texts: &Texts) -> String {
        let mut all = String::new();
        for (place, (field, compared)) in self.compared.iter().zip(&self.rules.compared).enumerate() {
            if place > 0 {
                all.push(NEXT_FIELD);
            }
            let mut first = true;
            for text in texts.0.get(*field).into_iter().flatten() {
                let value = prepared(compared.comparison, text);
                if !value.is_empty() {
                    if !first {
                        all.push(BETWEEN);
                    }
                    first = false;
                    all.extend(value.chars().map(|c| if c == NEXT_FIELD { ' ' } else { c }));
                }
            }
        }
        all
    }

    /// What each compared field that both have says: its place, how alike, the points.
    fn judge<'f>(&'f self, left: &'f str, right: &'f str) -> impl Iterator<Item = (usize, f64, f64)> + 'f {
        let values = left.split(NEXT_FIELD).zip(right.split(NEXT_FIELD));
        let both = self.rules.compared.iter().zip(values).enumerate();
        both.filter(|(_, (_, (left, right)))| !left.is_empty() && !right.is_empty()).map(
            |(place, (field, (left, right)))| {
                let alike = alike(field.comparison, left, right);
                (place, alike, alike.mul_add(field.weight + field.against, -field.against))
            },
        )
    }

    /// How likely two records are the same, from 0 to 1, by what is compared of them.
    pub(crate) fn score(&self, left: &str, right: &str) -> f64 {
        let points: f64 = self.judge(left, right).map(|(_, _, points)| points).sum();
        rounded((1.0 + (self.rules.prior - points).exp2()).recip())
    }

    /// Whether a score is told.
    pub(crate) fn is_told(&self, score: f64) -> bool {
        score >= self.rules.threshold
    }

    /// Why they have that score.
    pub(crate) fn reasons(&self, left: &str, right: &str) -> Vec<DuplicateReason> {
        let reason = |(place, alike, points): (usize, f64, f64)| {
            let field = self.rules.compared.get(place)?.field.clone();
            Some(DuplicateReason { field, alike: rounded(alike), contribution: rounded(points) })
        };
        self.judge(left, right).filter_map(reason).collect()
    }
}

fn same_form(left: &KeyOf, right: &KeyOf) -> bool {
    left.parts.iter().map(|(_, form)| form).eq(right.parts.iter().map(|(_, form)| form))
}

/// Six decimals: what follows them is noise of the calculation.
fn rounded(number: f64) -> f64 {
    const DECIMALS: f64 = 1_000_000.0;
    (number * DECIMALS).round() / DECIMALS
}

fn check(rules: &DuplicateRules, problems: &mut Violations) {
    const MOST: usize = 32;
    const MOST_POINTS: f64 = 100.0;
    const SHARING: std::ops::RangeInclusive<u32> = 2..=1_000;
    let counted = [("keys", rules.keys.len()), ("compared", rules.compared.len())];
    for (name, count) in counted {
        if !(1..=MOST).contains(&count) {
            problems.add(name, "range", &count.to_string(), format!("there are 1 to {MOST} of them"));
        }
    }
    if rules.keys.iter().any(|parts| parts.is_empty() || parts.len() > MOST) {
        problems.add("keys", "range", "", format!("a key has 1 to {MOST} parts"));
    }
    if rules.keys.iter().flatten().any(|part| part.form == KeyForm::First(0)) {
        problems.add("keys", "range", "0", "at least the first letter");
    }
    let mut within = |name: &str, number: f64, low: f64, high: f64| {
        if !(low..=high).contains(&number) {
            problems.add(name, "range", &number.to_string(), format!("a number from {low} to {high}"));
        }
    };
    for field in &rules.compared {
        within("weight", field.weight, 0.0, MOST_POINTS);
        within("against", field.against, 0.0, MOST_POINTS);
    }
    within("prior", rules.prior, -MOST_POINTS, MOST_POINTS);
    within("threshold", rules.threshold, 0.0, 1.0);
    if !SHARING.contains(&rules.most_sharing) {
        let reason = "a key is shared by at most 2 to 1,000 records";
        problems.add("most_sharing", "range", &rules.most_sharing.to_string(), reason);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Comparison;
    use super::*;
    use crate::model::Customer;

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let rules = DuplicateRules::new()
            .key([super::super::KeyPart::whole("custom.nothing")])
            .compare("nme", Comparison::Text, -1.0, f64::NAN)
            .threshold(2.0)
            .most_sharing(1);
        let conventions = Conventions::default();
        let error = Matcher::new(&rules, Customer::schema(), &conventions).unwrap_err();
        let crate::Error::Invalid(problems) = error else { panic!("{error}") };
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["weight", "against", "threshold", "most_sharing", "keys", "compared"]);
    }
}
