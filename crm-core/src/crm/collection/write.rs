//! Writes of single records.

use super::{Collection, Upserted};
use crate::crm::ops::ops;
use crate::crm::rules::Rules;
use crate::crm::unit_of_work::{UnitOfWork, once};
use crate::error::{Error, Result, Violations};
use crate::model::{Action, AnyData, Deletion, Kind, Patch, Record};
use crate::store::{Condition, Plan, own};
use crate::value::{Id, Value};
use uuid::Uuid;

impl<E: Rules> Collection<'_, E> {
    /// Creates a record and gives it as stored: cleaned, completed by the rules, version 1.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Customer, Email};
    /// let customer = session.customers().create(Customer {
    ///     name: "  Mara Tea Estates ".into(),
    ///     emails: vec![Email::new("Info@mara.example")],
    ///     ..Customer::default()
    /// })?;
    /// assert_eq!(customer.name, "Mara Tea Estates");
    /// assert_eq!(customer.code.as_ref().unwrap().as_str(), "C001");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid` with all violations, `duplicate`, `denied`.
    pub fn create(&self, data: E) -> Result<Record<E>> {
        self.session.write("create", |unit| unit.create(data))
    }

    /// Creates a record under an id from [`Session::new_id`](crate::Session::new_id).
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::Customer;
    /// let id = session.new_id()?;
    /// let customer = session.customers().create_with_id(id, Customer { name: "Mara Tea".into(), ..Customer::default() })?;
    /// assert_eq!(customer.id, id);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::create`]; `duplicate` (`id`) when the id is taken.
    pub fn create_with_id(&self, id: Id<E>, data: E) -> Result<Record<E>> {
        self.session.write("create", |unit| unit.create_with_id(id, data))
    }

    /// Creates a record from a patch on an empty one: for callers without the Rust type.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::Patch;
    /// let customer = session.customers().create_from(Patch::new().set("name", "Mara Tea").set("kind", "business"))?;
    /// assert_eq!(customer.kind, crm_core::CustomerKind::Business);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::create`]; `invalid` for unknown fields and values that don't fit.
    pub fn create_from(&self, patch: Patch) -> Result<Record<E>> {
        self.any().create_from(patch)?.own()
    }

    /// Changes a record by a closure that gets its newest data. Nothing is written when nothing differs.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// let customer = session.customers().update(id, |customer| customer.website = Some("https://mara.example".into()))?;
    /// assert_eq!(customer.version, 2);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`, `invalid`, `duplicate`, `refused` by a rule of the domain.
    pub fn update(&self, id: Id<E>, change: impl FnOnce(&mut E)) -> Result<Record<E>> {
        let updated = self.any().update(
            id.uuid(),
            &mut once(|data| {
                change(data);
                Ok(())
            }),
        );
        Ok(own(updated?)?.record)
    }

    /// Changes the fields that the patch names: null clears, a value sets, what is absent stays.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::Patch;
    /// let customer = session.customers().patch(id, Patch::new().set("company", "Mara Group").clear("website"))?;
    /// assert_eq!(customer.company.as_deref(), Some("Mara Group"));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::update`]; `invalid` for unknown fields and values that don't fit.
    pub fn patch(&self, id: Id<E>, patch: Patch) -> Result<Record<E>> {
        self.any().patch(id.uuid(), patch)?.own()
    }

    /// As [`Collection::patch`], for a writer who has read this version.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::Patch;
    /// session.customers().update(id, |customer| customer.description = "Changed by Juma".into())?;
    /// // Another field than Juma's: no conflict.
    /// session.customers().patch_at(id, 1, Patch::new().set("company", "Mara Group"))?;
    /// let stale = session.customers().patch_at(id, 1, Patch::new().set("description", "Changed by Njeri"));
    /// assert_eq!(stale.unwrap_err().code(), "conflict");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `conflict` when somebody else has changed one of the patch's fields since; as [`Collection::patch`].
    pub fn patch_at(&self, id: Id<E>, version: u64, patch: Patch) -> Result<Record<E>> {
        self.any().patch_at(id.uuid(), version, patch)?.own()
    }

    /// Writes a whole record back. Its version says what the writer has read; only the fields that he changed since
    /// are written, and only those can be in conflict.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// let mut mine = session.customers().get(id)?;
    /// session.customers().update(id, |customer| customer.company = Some("Mara Group".into()))?;
    /// mine.data.website = Some("https://mara.example".into());
    /// let stored = session.customers().replace(mine)?;
    /// assert_eq!(stored.company.as_deref(), Some("Mara Group"));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `conflict` with the fields, their stored values and the stored version; as [`Collection::update`].
    pub fn replace(&self, record: Record<E>) -> Result<Record<E>> {
        self.any().replace(&record.into())?.own()
    }

    /// Puts a record and what hangs on it in the trash, under one deletion.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().delete(id)?;
    /// assert_eq!(session.customers().get(id).unwrap_err().code(), "not_found");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`, `in_use`, `refused` by a rule of the domain.
    pub fn delete(&self, id: Id<E>) -> Result<Deletion> {
        self.any().delete(id.uuid())
    }

    /// Brings a record back from the trash with exactly what was deleted together with it. One that is live stays as
    /// it is.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().delete(id)?;
    /// assert_eq!(session.customers().restore(id)?.name, "Mara Tea");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`, `duplicate` when a unique value was taken meanwhile, `refused` (`parent_in_trash`).
    pub fn restore(&self, id: Id<E>) -> Result<Record<E>> {
        self.any().restore(id.uuid())?.own()
    }

    /// Removes a record and what hangs on it from the trash for good. The journal keeps what it said.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// session.customers().delete(id)?;
    /// session.customers().purge(id)?;
    /// assert_eq!(session.customers().restore(id).unwrap_err().code(), "not_found");
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`, `denied`, `refused` (`not_in_trash`), `in_use`.
    pub fn purge(&self, id: Id<E>) -> Result<()> {
        self.any().purge(id.uuid())
    }

    /// Changes the record with this id in another system, or creates one with it. The closure gets its data, or an
    /// empty one.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// for phone in ["0722 000001", "0722 000002"] {
    ///     session.customers().upsert("erp", "4711", |customer| {
    ///         customer.name = "Mara Tea".into();
    ///         customer.phones = vec![phone.into()];
    ///     })?;
    /// }
    /// assert_eq!(session.customers().count(&crm_core::Query::new())?, 1);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::create`] and [`Collection::update`]; `duplicate` when the id belongs to a record that the
    /// user may not see; `invalid` for entities without external ids.
    pub fn upsert(
        &self,
        source: &str,
        external_id: &str,
        change: impl FnOnce(&mut E),
    ) -> Result<Upserted<E>> {
        let mut change = once(|data| {
            change(data);
            Ok(())
        });
        let (entry, created) = self.any().upsert_with(source, external_id, &mut change)?;
        Ok(Upserted::of(own(entry)?.record, created))
    }

    /// As [`Collection::upsert`], by a patch.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// use crm_core::{Patch, Upserted};
    /// let first = session.customers().upsert_patch("erp", "4711", Patch::new().set("name", "Mara Tea"))?;
    /// assert!(matches!(first, Upserted::Created(_)));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::upsert`] and [`Collection::patch`].
    pub fn upsert_patch(&self, source: &str, external_id: &str, patch: Patch) -> Result<Upserted<E>> {
        let (record, created) = self.any().upsert(source, external_id, patch)?;
        Ok(Upserted::of(record.own()?, created))
    }
}

pub(in crate::crm) fn apply(patch: Patch, data: &mut AnyData) -> Result<()> {
    let mut problems = Violations::default();
    patch.apply(data, &mut problems);
    problems.into_result()
}

/// The record that has this id in another system.
pub(in crate::crm) fn known_as(
    unit: &UnitOfWork<'_>,
    kind: Kind,
    field: usize,
    source: &str,
    external_id: &str,
) -> Result<Option<Uuid>> {
    let keys = vec![format!("{source}:{external_id}")];
    let condition = Condition::HasKey { field: "external_ids", index: field, keys, prefix: false };
    let plan = Plan { sight: unit.sight(Action::View), ..Plan::all_where(condition, false, 1) };
    Ok(ops(kind).ids(unit.tx(), &plan)?.into_iter().next())
}

/// Gives data an id in another system.
pub(in crate::crm) fn is_known_as(
    data: &mut AnyData,
    field: usize,
    source: String,
    external_id: String,
) -> Result<()> {
    let mut ids = match data.value(field) {
        Value::Map(ids) => ids,
        _ => Default::default(),
    };
    ids.insert(source, Value::Text(external_id));
    let set = data.set(field, Value::Map(ids));
    set.map_err(|mismatch| Error::invalid("external_ids", "mismatch", mismatch.expected))
}
