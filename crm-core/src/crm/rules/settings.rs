//! Settings: one record, and what follows from its changes.

use super::{Rules, refused};
use crate::crm::system::SETTINGS_ID;
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::Result;
use crate::model::{Customer, Entity, Record, Settings};
use crate::value::Id;

impl Rules for Settings {
    fn title(&self) -> String {
        "Settings".to_owned()
    }

    fn before_save(
        _: &mut UnitOfWork<'_>,
        id: Id<Self>,
        _: &mut Self,
        _: Option<&Record<Self>>,
    ) -> Result<()> {
        if id.uuid() != SETTINGS_ID {
            return refused("one_settings", "a store has one settings record; change that one");
        }
        Ok(())
    }

    fn after_save(
        unit: &mut UnitOfWork<'_>,
        record: &Record<Self>,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_some_and(|old| old.shared_emails != record.shared_emails) {
            unit.set_unique(Customer::ENTITY, "emails", !record.shared_emails)?;
        }
        let clock = |settings: &Record<Self>| (settings.time_zone, settings.all_day_hour);
        unit.adopt(record)?;
        if old.is_some_and(|old| clock(old) != clock(record)) {
            unit.schedule_whole_days(None)?;
        }
        Ok(())
    }

    fn before_trash(_: &mut UnitOfWork<'_>, _: &Record<Self>) -> Result<()> {
        refused("one_settings", "the settings can't be deleted")
    }
}
