//! The store, with the settings that a new one is to have.

use crate::{Failure, Place};
use crm_core::Session;
use std::path::Path;

/// Opens the store. One that is made gets the settings; one that is there must have them, as whoever says them counts on them.
pub(crate) fn open_store(path: &Path, place: &Place) -> Result<Session, Failure> {
    let new = !path.exists();
    let session = crm_sqlite::open(path)?.system("crm-import");
    if *place == Place::default() {
        return Ok(session);
    }
    if new {
        session.update_settings(|settings| {
            if let Some(region) = &place.region {
                region.clone_into(&mut settings.phone_region);
            }
            settings.time_zone = place.zone.unwrap_or(settings.time_zone);
            settings.base_currency = place.currency.unwrap_or(settings.base_currency);
        })?;
        return Ok(session);
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
    Ok(session)
}
