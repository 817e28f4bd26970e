//! All records at once: those with a common key are compared, by what was kept of them.

use super::DuplicateReason;
use super::matcher::Matcher;
use crate::error::{Error, Result};
use crate::model::Entity;
use crate::store::Entry;
use std::collections::HashSet;
use uuid::Uuid;

/// What is kept of records that were looked at: some hundred bytes of each.
#[derive(Default)]
pub(crate) struct Blocks {
    ids: Vec<Uuid>,
    /// Where what is compared of each record begins in `features`.
    starts: Vec<usize>,
    features: String,
    /// The keys with the records that have them.
    keys: Vec<(u64, u32)>,
}

/// Records that are likely the same.
pub(crate) struct Pair {
    pub(crate) left: Uuid,
    pub(crate) right: Uuid,
    pub(crate) score: f64,
    pub(crate) reasons: Vec<DuplicateReason>,
}

/// A key that too many records share.
pub(crate) struct Common {
    pub(crate) hash: u64,
    /// One that has it.
    pub(crate) record: Uuid,
    pub(crate) records: usize,
}

/// What came out.
pub(crate) struct Found {
    /// The most alike first.
    pub(crate) pairs: Vec<Pair>,
    /// The commonest first.
    pub(crate) common: Vec<Common>,
    pub(crate) records: usize,
    pub(crate) compared: u64,
}

/// The other records with a key of this one: a range of the sorted keys.
struct Place {
    record: u32,
    start: usize,
    end: usize,
}

impl Blocks {
    /// Keeps what is needed of a record.
    pub(crate) fn add<E: Entity>(&mut self, matcher: &Matcher<'_>, entry: &Entry<E>) -> Result<()> {
        let Ok(record) = u32::try_from(self.ids.len()) else {
            return Err(Error::invalid("records", "too_many", "at most four thousand million records"));
        };
        let texts = matcher.texts(entry);
        self.ids.push(entry.record.id.uuid());
        self.starts.push(self.features.len());
        self.features.push_str(&matcher.features(&texts));
        self.keys.extend(matcher.keys(&texts).iter().map(|key| (key.hash(), record)));
        Ok(())
    }

    fn features(&self, record: u32) -> &str {
        let at = |index: usize| self.starts.get(index).copied().unwrap_or(self.features.len());
        let record = usize::try_from(record).unwrap_or(usize::MAX);
        self.features.get(at(record)..at(record.saturating_add(1))).unwrap_or_default()
    }

    fn id(&self, record: u32) -> Uuid {
        usize::try_from(record).ok().and_then(|record| self.ids.get(record)).copied().unwrap_or_default()
    }

    /// Compares the records with a common key, save those that are known to be different.
    pub(crate) fn finish(mut self, matcher: &Matcher<'_>, apart: &HashSet<(Uuid, Uuid)>) -> Found {
        self.keys.sort_unstable();
        self.keys.dedup();
        let mut common = Vec::new();
        let mut places = Vec::new();
        let mut start = 0;
        for group in self.keys.chunk_by(|one, next| one.0 == next.0) {
            let end = start + group.len();
            match group {
                [(hash, record), ..] if group.len() > matcher.most_sharing() => {
                    common.push(Common { hash: *hash, record: self.id(*record), records: group.len() });
                }
                [rest @ .., _] => {
                    // Each is compared with those after it.
                    let later = rest.iter().zip(start + 1..);
                    places.extend(later.map(|((_, record), start)| Place { record: *record, start, end }));
                }
                [] => {}
            }
            start = end;
        }
        places.sort_unstable_by_key(|place| place.record);
        common.sort_by_key(|common| (std::cmp::Reverse(common.records), common.record, common.hash));
        let (mut pairs, mut compared) = (Vec::new(), 0_u64);
        let mut others: Vec<u32> = Vec::new();
        for places in places.chunk_by(|one, next| one.record == next.record) {
            let Some(record) = places.first().map(|place| place.record) else { continue };
            others.clear();
            for place in places {
                let sharing = self.keys.get(place.start..place.end).unwrap_or_default();
                others.extend(sharing.iter().map(|(_, other)| *other));
            }
            others.sort_unstable();
            others.dedup();
            let features = self.features(record);
            for other in &others {
                compared += 1;
                let score = matcher.score(features, self.features(*other));
                let (one, other_id) = (self.id(record), self.id(*other));
                if matcher.is_told(score) && !apart.contains(&ordered(one, other_id)) {
                    let reasons = matcher.reasons(features, self.features(*other));
                    let (left, right) = ordered(one, other_id);
                    pairs.push(Pair { left, right, score, reasons });
                }
            }
        }
        pairs.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then_with(|| (a.left, a.right).cmp(&(b.left, b.right)))
        });
        Found { pairs, common, records: self.ids.len(), compared }
    }
}

/// Two ids, the one that was made first at the front.
pub(crate) fn ordered(left: Uuid, right: Uuid) -> (Uuid, Uuid) {
    if left <= right { (left, right) } else { (right, left) }
}
