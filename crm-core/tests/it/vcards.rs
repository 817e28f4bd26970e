//! vCard files in and out.

mod files;
mod import;
mod reading;
mod round_trip;

use super::{office, shared};
use crm_core::exchange::{
    CardOutcome, ImportedCard, MatchPolicy, VCard, VCardImport, VCardSummary, VCards, export_contacts,
    export_customers, import_vcards,
};
use crm_core::{Contact, Customer, Query, Record, Session};

/// Imports a file; gives the summary and what was told of each card.
fn import(session: &Session, file: &[u8], options: &VCardImport) -> (VCardSummary, Vec<ImportedCard>) {
    let mut told = Vec::new();
    let summary = import_vcards(session, file, options, |card| told.push(card)).unwrap();
    assert_eq!(summary.cards, told.len() as u64);
    let VCardSummary { created, updated, unchanged, skipped, failed, .. } = summary;
    assert_eq!(summary.cards, created + updated + unchanged + skipped + failed);
    (summary, told)
}

fn customers(session: &Session) -> Vec<Record<Customer>> {
    let query = Query::new().order_by(["created_at"]).page_size(1_000);
    session.customers().list(&query).unwrap().items
}

fn contacts(session: &Session) -> Vec<Record<Contact>> {
    let query = Query::new().order_by(["created_at"]).page_size(1_000);
    session.contacts().list(&query).unwrap().items
}

fn cards(file: &[u8]) -> Vec<VCard> {
    VCards::new(file).map(Result::unwrap).collect()
}

/// A card of version 3.0 with these lines.
fn card(lines: &[&str]) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{}\r\nEND:VCARD\r\n", lines.join("\r\n"))
}

/// The values of a property.
fn values<'c>(card: &'c VCard, name: &str) -> Vec<&'c str> {
    let of_name = card.properties.iter().filter(|property| property.name == name);
    of_name.map(|property| property.value.as_str()).collect()
}
