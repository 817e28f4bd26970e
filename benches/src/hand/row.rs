//! Rows as customers.

use super::{Address, Customer, Lead, Money, Record};
use chrono::{DateTime, Utc};
use crm_core::{CustomerKind, CustomerStatus, LeadStatus, Priority};
use rusqlite::Row;
use rusqlite::types::{Type, ValueRef};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A record from the columns that every SELECT here has.
pub(super) fn read_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        id: Uuid::from_bytes(row.get(0)?),
        version: row.get(1)?,
        created_at: instant(row, 2)?,
        created_by: id(row, 3)?,
        updated_at: instant(row, 4)?,
        updated_by: id(row, 5)?,
        customer: Customer {
            code: row.get(6)?,
            kind: word(row, 7, CustomerKind::from_word)?,
            status: word(row, 8, CustomerStatus::from_word)?,
            name: row.get(9)?,
            given_name: row.get(10)?,
            family_name: row.get(11)?,
            company: row.get(12)?,
            emails: json(row, 13)?,
            phones: json(row, 14)?,
            website: row.get(15)?,
            address: read_address(row)?,
            tags: json(row, 21)?,
            description: row.get(22)?,
            source: row.get(23)?,
            owner: id(row, 24)?,
            parent: id(row, 25)?,
            external_ids: json(row, 26)?,
            extra: json(row, 36)?,
            lead: read_lead(row)?,
            converted_opportunity: id(row, 32)?,
            converted_contact: id(row, 33)?,
            merged_into: id(row, 34)?,
            custom: match row.get_ref(35)? {
                ValueRef::Null => BTreeMap::new(),
                _ => json(row, 35)?,
            },
        },
    })
}

fn read_address(row: &Row<'_>) -> rusqlite::Result<Option<Address>> {
    let address = Address {
        street: row.get(16)?,
        city: row.get(17)?,
        state: row.get(18)?,
        postal_code: row.get(19)?,
        country: row.get(20)?,
    };
    let Address { street, city, state, postal_code, country } = &address;
    let empty = [street, city, state, postal_code, country].into_iter().all(Option::is_none);
    Ok((!empty).then_some(address))
}

fn read_lead(row: &Row<'_>) -> rusqlite::Result<Option<Lead>> {
    let Some(status) = row.get_ref(27)?.as_str_or_null()? else { return Ok(None) };
    let money = match (row.get(29)?, row.get(30)?) {
        (Some(minor), Some(currency)) => Some(Money { minor, currency }),
        _ => None,
    };
    Ok(Some(Lead {
        status: LeadStatus::from_word(status).ok_or_else(|| wrong(27, "an unknown word"))?,
        priority: word(row, 28, Priority::from_word)?,
        estimated_value: money,
        lost_reason: row.get(31)?,
    }))
}

fn wrong(column: usize, reason: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, reason.to_owned().into())
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(row.get(column)?).ok_or_else(|| wrong(column, "no moment"))
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Uuid>> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(Uuid::from_bytes))
}

fn word<T>(row: &Row<'_>, column: usize, from_word: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    from_word(row.get_ref(column)?.as_str()?).ok_or_else(|| wrong(column, "an unknown word"))
}

fn json<T: Default + for<'de> Deserialize<'de>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    match row.get_ref(column)?.as_str()? {
        "[]" | "{}" => Ok(T::default()),
        text => serde_json::from_str(text).map_err(|error| wrong(column, &error.to_string())),
    }
}
