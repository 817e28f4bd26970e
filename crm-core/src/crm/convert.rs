//! Converting a lead.

use super::session::Session;
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::model::{
    Action, Change, ChangeKind, Contact, Customer, CustomerStatus, Entity, Kind, LeadStatus, OperationId,
    Opportunity, OpportunityContact, Record, Reminder, ReminderStatus,
};
use crate::store::{Condition, column_is};
use crate::value::{Id, Value};

/// What a lead becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    /// What the customer is from now on: a prospect or active.
    pub status: CustomerStatus,
    /// The opportunity that comes of it.
    pub opportunity: ConversionOpportunity,
    /// A contact to be created. Names, e-mails and phones that it leaves blank are those of the customer. A new
    /// opportunity gets it as one of its contacts.
    pub contact: Option<Contact>,
}

/// The opportunity that comes of a lead.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ConversionOpportunity {
    /// None.
    #[default]
    None,
    /// A new one; its customer is the lead.
    New(Box<Opportunity>),
    /// One that the customer has.
    Existing(Id<Opportunity>),
}

impl Default for Conversion {
    /// A prospect, without an opportunity or a contact.
    fn default() -> Self {
        Conversion {
            status: CustomerStatus::Prospect,
            opportunity: ConversionOpportunity::None,
            contact: None,
        }
    }
}

/// What a lead became.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// The customer, who was the lead.
    pub customer: Record<Customer>,
    /// The opportunity, while it is live and visible.
    pub opportunity: Option<Record<Opportunity>>,
    /// The contact that was created, while it is live and visible.
    pub contact: Option<Record<Contact>>,
    /// The operation that converted it, for [`Session::undo`]; a second call gives that of the first. `None` for one that
    /// was written as converted from the start.
    pub operation: Option<OperationId>,
}

impl Session {
    /// Converts a lead as one operation: the customer becomes a prospect or active, an opportunity and a contact may
    /// come of it, and open reminders without an opportunity follow to it. A lead is the customer at its start, so
    /// nothing is copied. A second call changes nothing and gives the first result. [`Session::undo`] takes it back.
    ///
    /// From then on the customer's status is in the hands of its users: winning or losing an opportunity does not move it.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let lead = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::{Conversion, ConversionOpportunity, LeadStatus, Opportunity};
    /// let deal = Opportunity { name: "Ten tons of tea".into(), ..Opportunity::default() };
    /// let opportunity = ConversionOpportunity::New(Box::new(deal));
    /// let converted = session.convert_lead(lead, Conversion { opportunity, ..Conversion::default() })?;
    /// assert_eq!(converted.customer.lead.as_ref().unwrap().status, LeadStatus::Converted);
    /// assert_eq!(converted.opportunity.unwrap().customer, lead);
    /// session.undo(converted.operation.unwrap())?;
    /// assert_eq!(session.customers().get(lead)?.lead.as_ref().unwrap().status, LeadStatus::New);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `denied`; `refused` (`not_a_lead`) for a customer that is no lead in qualification; `invalid` for a
    /// status that is neither prospect nor active, with all that is wrong with the opportunity (`opportunity.…`) or the
    /// contact (`contact.…`). Nothing is written then.
    pub fn convert_lead(&self, lead: Id<Customer>, conversion: Conversion) -> Result<Converted> {
        self.write("convert_lead", |unit| convert(unit, lead, conversion))
    }
}

pub(super) fn convert(
    unit: &mut UnitOfWork<'_>,
    id: Id<Customer>,
    conversion: Conversion,
) -> Result<Converted> {
    let lead = unit.load(id)?.record;
    unit.require(id, Action::Edit)?;
    let status = lead.lead.as_ref().map(|lead| lead.status);
    if status == Some(LeadStatus::Converted) {
        return Ok(Converted {
            operation: converting(unit, id)?,
            opportunity: seen(unit, lead.converted_opportunity)?,
            contact: seen(unit, lead.converted_contact)?,
            customer: lead,
        });
    }
    if lead.status != CustomerStatus::Lead {
        let reason = "only a lead that is new, contacted or qualified is converted".to_owned();
        return Err(Error::Refused { rule: "not_a_lead", reason });
    }
    if !matches!(conversion.status, CustomerStatus::Prospect | CustomerStatus::Active) {
        return Err(Error::invalid("status", "range", "a lead becomes a prospect or active"));
    }
    let contact = match conversion.contact {
        None => None,
        Some(contact) => {
            let contact = filled(contact, &lead);
            Some(unit.create(contact).map_err(|error| error.inside("contact"))?)
        }
    };
    let opportunity = match conversion.opportunity {
        ConversionOpportunity::None => None,
        ConversionOpportunity::New(deal) => {
            let mut deal = Opportunity { customer: id, ..*deal };
            let part = contact.as_ref().map(|person| OpportunityContact { contact: person.id, role: None });
            deal.contacts.extend(part);
            Some(unit.create(deal).map_err(|error| error.inside("opportunity"))?)
        }
        ConversionOpportunity::Existing(deal) => {
            let unknown = || Error::invalid("opportunity", "unknown", "the customer has no such opportunity");
            let deal = unit.load(deal).map_err(|error| match error {
                Error::NotFound { .. } => unknown(),
                other => other,
            })?;
            Some(Some(deal.record).filter(|deal| deal.customer == id).ok_or_else(unknown)?)
        }
    };
    if let Some(deal) = &opportunity {
        follow(unit, id, deal.id)?;
    }
    let customer = unit.update_by_library(id, |customer| {
        customer.status = conversion.status;
        if let Some(lead) = &mut customer.lead {
            lead.status = LeadStatus::Converted;
        }
        customer.converted_opportunity = opportunity.as_ref().map(|deal| deal.id);
        customer.converted_contact = contact.as_ref().map(|contact| contact.id);
    })?;
    Ok(Converted { customer, opportunity, contact, operation: Some(unit.operation_id()) })
}

/// The operation that converted a lead, the last one when it was taken back and converted anew.
fn converting(unit: &UnitOfWork<'_>, id: Id<Customer>) -> Result<Option<OperationId>> {
    let converts = |change: &Change| {
        let status = change.after.get("lead").cloned().map(|lead| lead.part("status"));
        let was = change.before.get("lead").cloned().map(|lead| lead.part("status"));
        let converted = Some(LeadStatus::Converted.into());
        change.change == ChangeKind::Update && status == converted && was != converted
    };
    let operations = unit.tx().operations_on(Kind::Customer, id.uuid(), 0)?;
    let found = operations.iter().rev().find(|operation| operation.changes.iter().any(converts));
    Ok(found.map(|operation| operation.id))
}

/// The record, while it is live and the actor sees it.
fn seen<E: crate::store::Stored>(unit: &UnitOfWork<'_>, id: Option<Id<E>>) -> Result<Option<Record<E>>> {
    let Some(id) = id else { return Ok(None) };
    match unit.load(id) {
        Ok(entry) => Ok(Some(entry.record)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The contact with what it leaves blank taken from the customer.
fn filled(mut contact: Contact, lead: &Record<Customer>) -> Contact {
    contact.customer = lead.id;
    if contact.given_name.trim().is_empty() && contact.family_name.trim().is_empty() {
        contact.given_name = lead.given_name.clone().unwrap_or_default();
        contact.family_name = lead.family_name.clone().unwrap_or_default();
        if contact.given_name.is_empty() && contact.family_name.is_empty() {
            contact.family_name.clone_from(&lead.name);
        }
    }
    if contact.emails.is_empty() {
        contact.emails.clone_from(&lead.emails);
    }
    if contact.phones.is_empty() {
        contact.phones.clone_from(&lead.phones);
    }
    contact
}

/// Open reminders of the customer that belong to no opportunity follow to this one.
fn follow(unit: &mut UnitOfWork<'_>, customer: Id<Customer>, deal: Id<Opportunity>) -> Result<()> {
    let schema = Reminder::schema();
    let reminders = unit.find::<Reminder>(Condition::All(vec![
        column_is(schema, "customer", customer.uuid()),
        column_is(schema, "opportunity", Value::Null),
    ]))?;
    let open = |reminder: &Record<Reminder>| {
        !matches!(reminder.status, ReminderStatus::Done | ReminderStatus::Cancelled)
    };
    for reminder in reminders.into_iter().filter(open) {
        unit.adjust(reminder, |reminder| reminder.opportunity = Some(deal))?;
    }
    Ok(())
}
