//! Roles: the shipped ones stay.

use super::{Rules, refused};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::Result;
use crate::model::{Record, Role};
use crate::value::Id;

impl Rules for Role {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn before_save(
        _: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let Some(old) = old else { return Ok(()) };
        if old.key == "admin" || (is_shipped(&old.key) && data.key != old.key) {
            return refused(
                "shipped_role",
                "the administrator's role and the keys of shipped roles can't be changed",
            );
        }
        Ok(())
    }

    fn before_trash(_: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        if is_shipped(&record.key) {
            return refused("shipped_role", "the shipped roles can't be deleted");
        }
        Ok(())
    }
}

fn is_shipped(key: &str) -> bool {
    matches!(key, "admin" | "manager" | "agent" | "viewer")
}
