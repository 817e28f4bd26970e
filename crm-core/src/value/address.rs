//! Postal addresses.

use crm_core_derive::Composite;
use serde::{Deserialize, Serialize};

/// Where a customer or contact is. An address without any part is no address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Composite)]
#[serde(default)]
pub struct Address {
    /// Street, number, building; may have several lines.
    pub street: Option<String>,
    /// City or town.
    #[entity(filterable, sortable, searchable)]
    pub city: Option<String>,
    /// State, county or region.
    #[entity(filterable)]
    pub state: Option<String>,
    /// Postal code.
    #[entity(filterable)]
    pub postal_code: Option<String>,
    /// Country, as people write it.
    #[entity(filterable, sortable)]
    pub country: Option<String>,
}
