//! Records become cards of vCard 4.0.

use super::person::{SYSTEM, types_of};
use crate::crm::Session;
use crate::error::Result;
use crate::exchange::content_lines::{LineWriter, escape, utc};
use crate::exchange::taken_out::TakenOut;
use crate::model::{Contact, Customer, Query, Record};
use crate::store::Stored;
use crate::value::{Address, Email, Id, Phone};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// Writes the contacts that a query finds, in its order, as vCard 4.0 (RFC 6350), all as they are at one moment; gives
/// how many. Reads them in pages of 500, whatever the query says of pages.
///
/// Nothing that a contact has is lost: fields that vCard has no property for are properties that begin with `X-CRM-`,
/// which [`import_vcards`] reads; the customer is told as `ORG`. Only control characters in texts, which the format
/// forbids, are left out. A record without a `UID` of its own gets `urn:uuid:` and its id.
///
/// ```
/// # let (crm, session) = crm_core::contract::demo()?;
/// use crm_core::exchange::export_contacts;
/// use crm_core::{Contact, Customer, Query};
/// let customer = session.customers().create(Customer { name: "Mara Tea".into(), ..Customer::default() })?.id;
/// let contact = Contact { customer, given_name: "Amina".into(), family_name: "Otieno".into(), ..Contact::default() };
/// session.contacts().create(contact)?;
///
/// let mut file = Vec::new();
/// let query = Query::new().filter(Contact::CUSTOMER.is(customer));
/// assert_eq!(export_contacts(&session, &query, &mut file)?, 1);
/// let file = String::from_utf8(file).unwrap();
/// assert!(file.starts_with("BEGIN:VCARD\r\nVERSION:4.0\r\n"));
/// assert!(file.contains("\r\nN:Otieno;Amina;;;\r\n") && file.contains("\r\nORG:Mara Tea\r\n"));
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// `denied` for a role that takes no contacts out; `invalid` for what is wrong with the query; `storage` when the writer
/// fails.
///
/// [`import_vcards`]: super::import_vcards
pub fn export_contacts(session: &Session, query: &Query, out: impl Write) -> Result<u64> {
    export::<Contact>(session, query, out)
}

/// Writes the customers that a query finds as vCard 4.0, as [`export_contacts`] writes contacts. A customer that is
/// imported elsewhere gets a new code there, and keeps its owner and its parent only where these are.
///
/// ```
/// # let (crm, session) = crm_core::contract::demo()?;
/// use crm_core::exchange::export_customers;
/// use crm_core::{Customer, CustomerKind, Query};
/// let kind = CustomerKind::Business;
/// session.customers().create(Customer { name: "Mara Tea".into(), kind, ..Customer::default() })?;
///
/// let mut file = Vec::new();
/// assert_eq!(export_customers(&session, &Query::new(), &mut file)?, 1);
/// assert!(String::from_utf8(file).unwrap().contains("\r\nKIND:org\r\nFN:Mara Tea\r\n"));
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// As [`export_contacts`].
pub fn export_customers(session: &Session, query: &Query, out: impl Write) -> Result<u64> {
    export::<Customer>(session, query, out)
}

/// A kind of record that becomes cards.
pub(super) trait Card: Stored {
    /// The lines of its card but those that all cards have.
    fn write(&self, customer: Option<&Record<Customer>>, lines: &mut Vec<String>);

    /// The `UID` that it keeps of an imported card.
    fn card_id(&self) -> Option<&str>;

    /// The customer that the card names.
    fn named_customer(&self) -> Option<Id<Customer>>;
}

fn export<E: Card>(session: &Session, query: &Query, out: impl Write) -> Result<u64> {
    let mut out = LineWriter::new(out);
    let mut written = 0;
    session.read_consistently(|view, authority, shared| {
        TakenOut { view, authority, shared }.each::<E>(query, E::named_customer, |record, customer| {
            written += 1;
            write(record, customer, &mut out)
        })
    })?;
    out.finish()?;
    Ok(written)
}

fn write<E: Card>(
    record: &Record<E>,
    customer: Option<&Record<Customer>>,
    out: &mut LineWriter<impl Write>,
) -> Result<()> {
    let uid = record.data.card_id().map_or_else(|| format!("urn:uuid:{}", record.id), escape);
    let mut lines = vec!["BEGIN:VCARD".to_owned(), "VERSION:4.0".to_owned(), format!("UID:{uid}")];
    record.data.write(customer, &mut lines);
    lines.extend([format!("REV:{}", utc(record.updated_at)), "END:VCARD".to_owned()]);
    lines.iter().try_for_each(|line| out.line(line))
}

/// E-mails and phones; the groups of some labels must not be those of other properties.
pub(super) fn reachable(emails: &[Email], phones: &[Phone], groups: &[String], lines: &mut Vec<String>) {
    let mut groups = Groups { taken: groups, next: 0 };
    for (place, email) in emails.iter().enumerate() {
        let value = escape(&email.address.0);
        let first = place == 0 && emails.len() > 1;
        groups.write("EMAIL", "", email.label.as_deref(), email.opted_out, first, &value, lines);
    }
    for (place, phone) in phones.iter().enumerate() {
        let number = &phone.number.0;
        // As it was typed: not a URI, even when it looks like one.
        let scheme = number.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("tel:"));
        let kind = if scheme { ";VALUE=text" } else { "" };
        let first = place == 0 && phones.len() > 1;
        groups.write("TEL", kind, phone.label.as_deref(), phone.opted_out, first, &escape(number), lines);
    }
}

/// The groups that labels need which are no types.
struct Groups<'g> {
    taken: &'g [String],
    next: u32,
}

impl Groups<'_> {
    #[expect(clippy::too_many_arguments, reason = "what e-mails and phones have alike")]
    fn write(
        &mut self,
        name: &str,
        kind: &str,
        label: Option<&str>,
        opted_out: bool,
        first: bool,
        value: &str,
        lines: &mut Vec<String>,
    ) {
        let types = label.and_then(types_of);
        let group = label.filter(|_| types.is_none()).map(|label| (self.new_group(), label));
        let mut line = group.as_ref().map(|(group, _)| format!("{group}.")).unwrap_or_default();
        line.push_str(name);
        line.push_str(kind);
        for word in types.into_iter().flatten() {
            line.push_str(&format!(";TYPE={word}"));
        }
        line.push_str(if first { ";PREF=1" } else { "" });
        line.push_str(if opted_out { ";X-OPTED-OUT=true" } else { "" });
        lines.push(format!("{line}:{value}"));
        if let Some((group, label)) = group {
            lines.push(format!("{group}.X-ABLabel:{}", escape(&wrapped(label))));
        }
    }

    fn new_group(&mut self) -> String {
        loop {
            self.next += 1;
            let group = format!("item{}", self.next);
            if !self.taken.contains(&group) {
                return group;
            }
        }
    }
}

/// A label that looks like one of Apple's own is wrapped once more, as reading unwraps it.
fn wrapped(label: &str) -> String {
    match label.starts_with("_$!<") {
        true => format!("_$!<{label}>!$_"),
        false => label.to_owned(),
    }
}

/// The address as a value.
pub(super) fn address(address: &Address) -> String {
    let part = |part: &Option<String>| escape(part.as_deref().unwrap_or_default());
    let Address { street, city, state, postal_code, country } = address;
    format!(";;{};{};{};{};{}", part(street), part(city), part(state), part(postal_code), part(country))
}

/// Free text.
pub(super) fn note(text: &str, lines: &mut Vec<String>) {
    if !text.is_empty() {
        lines.push(format!("NOTE:{}", escape(text)));
    }
}

/// A URI, in which commas and semicolons are no separators.
pub(super) fn uri(text: &str) -> String {
    text.replace('\\', "\\\\").replace("\r\n", "\\n").replace(['\r', '\n'], "\\n")
}

/// A field that vCard has no property for, in JSON; nothing when it says nothing.
pub(super) fn own(name: &str, value: &impl Serialize, lines: &mut Vec<String>) {
    let says_nothing = match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(map)) => map.is_empty(),
        Ok(value) => value.is_null(),
        Err(_) => true,
    };
    if !says_nothing {
        super::own::write(name, value, lines);
    }
}

/// The ids in other systems but the card's, which is its `UID`.
pub(super) fn other_ids(ids: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let others = ids.iter().filter(|(system, _)| *system != SYSTEM);
    others.map(|(system, id)| (system.as_str(), id.as_str())).collect()
}
