//! Saved views: what they list can be listed, and their owner changes them.

use super::{Rules, refused};
use crate::crm::ops::ops;
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{Action, Entity, Kind, Record, SavedView};
use crate::value::Id;

impl Rules for SavedView {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        match old {
            None => data.owner = data.owner.or(unit.user()),
            Some(old) => {
                refuse_others(unit, old, Action::Edit)?;
                if old.entity != data.entity {
                    return refused(
                        "saved_view_entity",
                        "the kind of records that a saved view lists can't be changed",
                    );
                }
            }
        }
        if old.is_none_or(|old| old.query != data.query) {
            let checked = ops(data.entity).check_query(&data.query, unit.conventions());
            checked.map_err(|error| error.inside("query"))?;
        }
        Ok(())
    }

    /// Neither by undo nor out of the trash: those run no rule before.
    fn after_save(unit: &mut UnitOfWork<'_>, _: &Record<Self>, old: Option<&Record<Self>>) -> Result<()> {
        old.map_or(Ok(()), |old| refuse_others(unit, old, Action::Edit))
    }

    fn before_trash(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        refuse_others(unit, record, Action::Delete)
    }

    fn after_purge(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        refuse_others(unit, record, Action::Purge)
    }
}

/// A view is changed by its owner, and by those who may edit settings.
fn refuse_others(unit: &UnitOfWork<'_>, view: &Record<SavedView>, action: Action) -> Result<()> {
    if unit.user().is_some() && view.owner != unit.user() && !unit.edits_all(Kind::Settings) {
        return Err(Error::Denied { action: action.as_str(), entity: <SavedView as Entity>::ENTITY });
    }
    Ok(())
}
