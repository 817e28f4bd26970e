//! The store, with the settings that a new one is to have.

use crate::{Arguments, Failure, Place, Task};
use crm_core::Session;
use tempfile::TempDir;

/// The open store.
pub(crate) struct Opened {
    pub(crate) session: Session,
    /// Where it is when it does not stay.
    _folder: Option<TempDir>,
}

/// Opens the store. One that is made gets the settings; one that is there must have them, as whoever says them counts on them.
/// Where there is none, a dry run makes one that does not stay, and an undo none.
pub(crate) fn open_store(arguments: &Arguments) -> Result<Opened, Failure> {
    let path = &arguments.db;
    let new = !path.exists();
    let folder = match arguments.task {
        Task::DryRun if new => Some(tempfile::tempdir()?),
        Task::Undo if new => return Err(format!("{}: there is no such store", path.display()).into()),
        _ => None,
    };
    let made = folder.as_ref().map(|folder| folder.path().join("crm.db"));
    let session = crm_sqlite::open(made.as_deref().unwrap_or(path))?.system("crm-import");
    settle(&session, arguments, new)?;
    Ok(Opened { session, _folder: folder })
}

/// Gives a new store its settings.
fn settle(session: &Session, arguments: &Arguments, new: bool) -> Result<(), Failure> {
    let (path, place) = (&arguments.db, &arguments.place);
    if *place == Place::default() {
        return Ok(());
    }
    if new {
        session.update_settings(|settings| {
            if let Some(region) = &place.region {
                region.clone_into(&mut settings.phone_region);
            }
            settings.time_zone = place.zone.unwrap_or(settings.time_zone);
            settings.base_currency = place.currency.unwrap_or(settings.base_currency);
        })?;
        return Ok(());
    }
    let settings = session.settings()?;
    let other = place.region.as_ref().is_some_and(|region| *region != settings.phone_region)
        || place.zone.is_some_and(|zone| zone != settings.time_zone)
        || place.currency.is_some_and(|currency| currency != settings.base_currency);
    if other {
        let (region, zone, currency) = (&settings.phone_region, settings.time_zone, settings.base_currency);
        return Err(format!(
            "{} is there already, with the settings --region {region} --zone {zone} --currency {currency}: these options \
             are for new stores only",
            path.display()
        )
        .into());
    }
    Ok(())
}
