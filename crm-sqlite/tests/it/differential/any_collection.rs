//! The records of a kind that is known only at run time, and results as text.

use crm_core::exchange::CsvExport;
use crm_core::{
    Aggregate, Batch, Bulk, Collection, Filter, Id, Kind, Page, Patch, Query, Record, Result, Rules, Session,
    Uuid,
};
use std::fmt::{Debug, Write};

/// The records of a kind that is known only at run time: every call gives its result as text.
pub(super) trait AnyCollection {
    fn create_from(&self, patch: Patch) -> String;
    fn patch(&self, id: Uuid, patch: Patch) -> String;
    /// By a writer who has read the record so many versions ago.
    fn patch_at(&self, id: Uuid, ago: u8, patch: Patch) -> String;
    /// Writes a record back as a writer who has read it so many versions ago.
    fn replace(&self, id: Uuid, ago: u8, patch: Patch) -> String;
    fn upsert(&self, external: &str, patch: Patch) -> String;
    fn delete(&self, id: Uuid) -> String;
    fn restore(&self, id: Uuid) -> String;
    fn purge(&self, id: Uuid) -> String;
    fn get(&self, id: Uuid) -> String;
    fn history(&self, id: Uuid) -> String;
    fn count(&self, query: &Query) -> String;
    /// All pages, at most ten.
    fn list(&self, query: Query) -> String;
    fn trash(&self, query: Query) -> String;
    /// As a file with all columns.
    fn export(&self, query: &Query) -> String;
    fn aggregate(&self, query: &Query, figures: &Aggregate) -> String;
    fn update_all(&self, filter: &Filter, patch: Patch, dry_run: bool) -> String;
    fn delete_all(&self, filter: &Filter, dry_run: bool) -> String;
    /// Adds a step to a batch, unless its data does not even fit the type.
    fn add_create(&self, batch: &mut Batch<'_>, patch: Patch);
    fn add_patch(&self, batch: &mut Batch<'_>, id: Uuid, patch: Patch);
    fn add_delete(&self, batch: &mut Batch<'_>, id: Uuid);
    fn add_restore(&self, batch: &mut Batch<'_>, id: Uuid);
}

impl<E: Rules> AnyCollection for Collection<'_, E> {
    fn create_from(&self, patch: Patch) -> String {
        told(&self.create_from(patch))
    }
    fn patch(&self, id: Uuid, patch: Patch) -> String {
        told(&self.patch(Id::from_uuid(id), patch))
    }
    fn patch_at(&self, id: Uuid, ago: u8, patch: Patch) -> String {
        let id = Id::from_uuid(id);
        let version = self.get(id).map_or(1, |record| record.version);
        told(&self.patch_at(id, version.wrapping_sub(ago.into()), patch))
    }
    fn replace(&self, id: Uuid, ago: u8, patch: Patch) -> String {
        let mut record: Record<E> = match self.get(Id::from_uuid(id)) {
            Ok(record) => record,
            Err(error) => return told::<()>(&Err(error)),
        };
        let mut data = serde_json::to_value(&record.data).unwrap();
        let changes = serde_json::to_value(&patch).unwrap();
        for (name, value) in changes.as_object().unwrap() {
            match name.strip_prefix("custom.") {
                Some(key) if data["custom"].is_object() => data["custom"][key] = value.clone(),
                _ => data[name.as_str()] = value.clone(),
            }
        }
        if let Some(custom) = data.get_mut("custom").and_then(|custom| custom.as_object_mut()) {
            custom.retain(|_, value| !value.is_null());
        }
        let Ok(data) = serde_json::from_value(data) else { return "does not fit".to_owned() };
        record.data = data;
        record.version = record.version.saturating_sub(ago.into());
        told(&self.replace(record))
    }
    fn upsert(&self, external: &str, patch: Patch) -> String {
        told(&self.upsert_patch("erp", external, patch))
    }
    fn delete(&self, id: Uuid) -> String {
        told(&self.delete(Id::from_uuid(id)))
    }
    fn restore(&self, id: Uuid) -> String {
        told(&self.restore(Id::from_uuid(id)))
    }
    fn purge(&self, id: Uuid) -> String {
        told(&self.purge(Id::from_uuid(id)))
    }
    fn get(&self, id: Uuid) -> String {
        told(&self.get(Id::from_uuid(id)))
    }
    fn history(&self, id: Uuid) -> String {
        told(&self.history(Id::from_uuid(id)))
    }
    fn count(&self, query: &Query) -> String {
        told(&self.count(query))
    }
    fn list(&self, query: Query) -> String {
        pages(query, |query| self.list(query))
    }
    fn trash(&self, query: Query) -> String {
        pages(query, |query| self.trash(query))
    }
    fn export(&self, query: &Query) -> String {
        let mut file = Vec::new();
        let options = CsvExport { spreadsheet_safe: true, ..CsvExport::default() };
        let rows = self.export_csv(query, &options, &mut file);
        format!("{}\n{}", told(&rows), String::from_utf8(file).unwrap())
    }
    fn aggregate(&self, query: &Query, figures: &Aggregate) -> String {
        told(&self.aggregate(query, figures))
    }
    fn update_all(&self, filter: &Filter, patch: Patch, dry_run: bool) -> String {
        told_of_many(self.update_all(filter, patch, dry_run))
    }
    fn delete_all(&self, filter: &Filter, dry_run: bool) -> String {
        told_of_many(self.delete_all(filter, dry_run))
    }
    fn add_create(&self, batch: &mut Batch<'_>, patch: Patch) {
        let json = serde_json::to_value(patch).unwrap();
        if let Ok(data) = serde_json::from_value::<E>(json) {
            batch.create(data).unwrap();
        }
    }
    fn add_patch(&self, batch: &mut Batch<'_>, id: Uuid, patch: Patch) {
        batch.patch(Id::<E>::from_uuid(id), patch);
    }
    fn add_delete(&self, batch: &mut Batch<'_>, id: Uuid) {
        batch.delete(Id::<E>::from_uuid(id));
    }
    fn add_restore(&self, batch: &mut Batch<'_>, id: Uuid) {
        batch.restore(Id::<E>::from_uuid(id));
    }
}

/// The collection of a kind.
pub(super) fn collection(session: &Session, kind: Kind) -> Box<dyn AnyCollection + '_> {
    macro_rules! of_each {
        ($($entity:ident = $name:literal),+ $(,)?) => {
            match kind {
                $(Kind::$entity => Box::new(session.collection::<crm_core::$entity>())),+
            }
        };
    }
    crm_core::for_each_entity!(of_each)
}

/// A result as text in which any difference shows.
pub(super) fn told<T: Debug>(result: &Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{} {:?}", error.code(), error.fields()),
    }
}

fn told_of_many<E: Rules>(result: Result<Bulk<E>>) -> String {
    let bulk = match result {
        Ok(bulk) => bulk,
        Err(error) => return told::<()>(&Err(error)),
    };
    let mut text = format!("{} {} {:?}", bulk.matched, bulk.changed, bulk.operation);
    for (id, error) in bulk.problems {
        write!(text, " {id}: {}", told::<()>(&Err(error))).unwrap();
    }
    text
}

/// All pages of a list, at most ten.
pub(super) fn pages<T: Debug>(mut query: Query, list: impl Fn(&Query) -> Result<Page<T>>) -> String {
    let mut text = String::new();
    for _ in 0..10 {
        let page = list(&query);
        write!(text, "{}", told(&page)).unwrap();
        match page.ok().and_then(|page| page.next) {
            Some(next) => query.cursor = Some(next),
            None => break,
        }
    }
    text
}
