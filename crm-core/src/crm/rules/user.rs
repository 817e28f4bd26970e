//! Users: they stay, and one administrator always remains.

use super::{Rules, refused};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::Result;
use crate::model::{Entity, Record, User};
use crate::store::{Condition, column_is};

impl Rules for User {
    fn title(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    fn after_save(
        unit: &mut UnitOfWork<'_>,
        record: &Record<Self>,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let Some(old) = old else { return Ok(()) };
        if old.time_zone != record.time_zone {
            unit.schedule_whole_days(Some(record.id))?;
        }
        if old.role != record.role || (old.active && !record.active) {
            unit.revoke_sessions(record.id)?;
            refuse_without_admin(unit)?;
        }
        Ok(())
    }

    fn before_trash(_: &mut UnitOfWork<'_>, _: &Record<Self>) -> Result<()> {
        refused("user_stays", "users are deactivated, not deleted: the journal speaks of them")
    }
}

/// Somebody must remain who can manage the rest.
fn refuse_without_admin(unit: &UnitOfWork<'_>) -> Result<()> {
    let admin = unit.role_with_key("admin")?;
    let admins = Condition::All(vec![
        column_is(User::schema(), "role", admin.uuid()),
        column_is(User::schema(), "active", true),
    ]);
    let users = unit.count::<User>(Condition::All(Vec::new()))?;
    if users > 0 && unit.count::<User>(admins)? == 0 {
        return refused("last_admin", "the last active administrator can be neither deactivated nor demoted");
    }
    Ok(())
}
