//! A new customer as the journal has it.

use super::{Customer, Email, Money, Phone};
use crm_core::{CustomerKind, CustomerStatus, LeadStatus, Priority};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// By the names of its fields, without what is empty.
#[derive(Serialize)]
pub(super) struct Journalled<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<JournalledAddress<'a>>,
    code: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: &'a Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    emails: Vec<JournalledEmail<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    external_ids: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: &'a Option<String>,
    kind: CustomerKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<JournalledLead<'a>>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phones: Vec<JournalledPhone<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: &'a Option<String>,
    status: CustomerStatus,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    website: &'a Option<String>,
}

#[derive(Serialize)]
struct JournalledAddress<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    city: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street: &'a Option<String>,
}

#[derive(Serialize)]
struct JournalledEmail<'a> {
    address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: &'a Option<String>,
    opted_out: bool,
}

#[derive(Serialize)]
struct JournalledPhone<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    label: &'a Option<String>,
    number: &'a str,
    opted_out: bool,
}

#[derive(Serialize)]
struct JournalledLead<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_value: &'a Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_reason: &'a Option<String>,
    priority: Priority,
    status: LeadStatus,
}

impl<'a> Journalled<'a> {
    pub(super) fn of(customer: &'a Customer) -> Self {
        let email = |email: &'a Email| JournalledEmail {
            address: &email.address,
            label: &email.label,
            opted_out: email.opted_out,
        };
        let phone = |phone: &'a Phone| JournalledPhone {
            label: &phone.label,
            number: &phone.number,
            opted_out: phone.opted_out,
        };
        Journalled {
            address: customer.address.as_ref().map(|address| JournalledAddress {
                city: &address.city,
                country: &address.country,
                postal_code: &address.postal_code,
                state: &address.state,
                street: &address.street,
            }),
            code: &customer.code,
            company: &customer.company,
            description: &customer.description,
            emails: customer.emails.iter().map(email).collect(),
            external_ids: &customer.external_ids,
            extra: &customer.extra,
            family_name: &customer.family_name,
            given_name: &customer.given_name,
            kind: customer.kind,
            lead: customer.lead.as_ref().map(|lead| JournalledLead {
                estimated_value: &lead.estimated_value,
                lost_reason: &lead.lost_reason,
                priority: lead.priority,
                status: lead.status,
            }),
            name: &customer.name,
            owner: customer.owner,
            parent: customer.parent,
            phones: customer.phones.iter().map(phone).collect(),
            source: &customer.source,
            status: customer.status,
            tags: &customer.tags,
            website: &customer.website,
        }
    }
}
