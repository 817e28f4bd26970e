//! Attachments: a record for bytes that are in the store.

use super::{Rules, refuse_foreign};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Error, Result, Violations};
use crate::model::{Attachment, Record};
use crate::value::Id;

impl Rules for Attachment {
    fn title(&self) -> String {
        self.file_name.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            let Some(content) = unit.take_content() else {
                return Err(Error::invalid(
                    "sha256",
                    "blank",
                    "a file is added with its bytes: use attach()",
                ));
            };
            (data.size, data.sha256) = (content.size, content.sha256);
        }
        let mut problems = Violations::default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        if moved || data.interaction != old.and_then(|old| old.interaction) {
            refuse_foreign(unit, "interaction", data.customer, data.interaction, &mut problems)?;
        }
        if moved || data.opportunity != old.and_then(|old| old.opportunity) {
            refuse_foreign(unit, "opportunity", data.customer, data.opportunity, &mut problems)?;
        }
        if moved || data.note != old.and_then(|old| old.note) {
            refuse_foreign(unit, "note", data.customer, data.note, &mut problems)?;
        }
        problems.into_result()
    }

    fn after_purge(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        unit.drop_content_unless_used(&record.sha256)
    }
}
