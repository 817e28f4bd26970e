//! Custom fields: what a definition says of stored values stays true.

use super::{Rules, refused};
use crate::crm::ops::ops;
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::Result;
use crate::model::{CustomField, Record};
use crate::value::Id;

impl Rules for CustomField {
    fn title(&self) -> String {
        self.label.clone()
    }

    fn before_save(
        _: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let Some(old) = old else { return Ok(()) };
        if (old.entity, &old.key, old.r#type, old.target)
            != (data.entity, &data.key, data.r#type, data.target)
        {
            let reason = "records have values in it, so its kind, key, type and target can't be changed";
            return refused("custom_field_stays", reason);
        }
        Ok(())
    }

    fn after_save(unit: &mut UnitOfWork<'_>, record: &Record<Self>, _: Option<&Record<Self>>) -> Result<()> {
        unit.use_custom_field(&record.path, Some(&record.data));
        Ok(())
    }

    fn before_trash(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        if ops(record.entity).has_custom(unit.tx(), &record.key)? {
            return refused("custom_field_stays", "records have values in it; make it inactive instead");
        }
        unit.use_custom_field(&record.path, None);
        Ok(())
    }
}
