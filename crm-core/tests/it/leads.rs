//! Leads on their way to customers.

use crate::{failure, office};
use crm_core::{
    Contact, Conversion, ConversionOpportunity, CustomerStatus, Due, LeadStatus, Opportunity, Query, Reminder,
};

#[test]
fn a_converted_lead_is_a_prospect_with_a_deal_and_its_open_reminders_follow() {
    let office = office();
    let lead = office.customer("Mara Tea").id;
    let remind = |title: &str| {
        let due = Due::on("2026-03-09".parse().unwrap());
        let reminder = Reminder { customer: lead, title: title.into(), due, ..Reminder::default() };
        office.admin.reminders().create(reminder).unwrap().id
    };
    let (open, done) = (remind("Ring"), remind("Done"));
    office.admin.complete_reminder(done, &Due::on("2026-03-09".parse().unwrap())).unwrap();
    let deal = Opportunity { name: "Tea".into(), ..Opportunity::default() };
    let conversion = Conversion {
        opportunity: ConversionOpportunity::New(Box::new(deal)),
        contact: Some(Contact::default()),
        ..Conversion::default()
    };
    let converted = office.admin.convert_lead(lead, conversion).unwrap();
    assert_eq!(converted.customer.status, CustomerStatus::Prospect);
    assert_eq!(converted.customer.lead.as_ref().unwrap().status, LeadStatus::Converted);
    let deal = converted.opportunity.unwrap();
    assert_eq!(converted.customer.converted_opportunity, Some(deal.id));
    let contact = converted.contact.unwrap();
    assert_eq!(contact.family_name, "Mara Tea", "what it leaves blank is the customer's");
    assert_eq!(deal.contacts.iter().map(|part| part.contact).collect::<Vec<_>>(), [contact.id]);
    assert_eq!(office.admin.reminders().get(open).unwrap().opportunity, Some(deal.id));
    assert_eq!(office.admin.reminders().get(done).unwrap().opportunity, None);
    // It can't be left, only taken back.
    let back = office.admin.customers().update(lead, |customer| customer.status = CustomerStatus::Lead);
    assert_eq!(failure(back), "invalid status lead");
}

#[test]
fn a_conversion_is_taken_back_as_a_whole() {
    let office = office();
    let lead = office.customer("Mara Tea");
    let deal = Opportunity { name: "Tea".into(), ..Opportunity::default() };
    let opportunity = ConversionOpportunity::New(Box::new(deal));
    let conversion = Conversion { opportunity, contact: Some(Contact::default()), ..Conversion::default() };
    let first = office.admin.convert_lead(lead.id, conversion.clone()).unwrap();
    let second = office.admin.convert_lead(lead.id, conversion.clone()).unwrap();
    assert_eq!(second, first, "a second call gives the first result, the operation too");
    let operation = office.admin.customers().history(lead.id).unwrap().pop().unwrap();
    assert_eq!((&*operation.command, Some(operation.id)), ("convert_lead", first.operation));
    office.admin.undo(operation.id).unwrap();
    assert_eq!(office.admin.customers().get(lead.id).unwrap().data, lead.data);
    assert_eq!(office.admin.opportunities().count(&Query::new()).unwrap(), 0);
    assert_eq!(office.admin.contacts().count(&Query::new()).unwrap(), 0);
    // Then it can be converted anew; once something was built on it, it stays.
    let again = office.admin.convert_lead(lead.id, conversion.clone()).unwrap();
    office.admin.move_stage(again.opportunity.as_ref().unwrap().id, "proposal", Default::default()).unwrap();
    let operation = office.admin.customers().history(lead.id).unwrap().pop().unwrap();
    assert_eq!(failure(office.admin.undo(operation.id)), "refused changed_since");
    assert_ne!(again.operation, first.operation);
    let once_more = office.admin.convert_lead(lead.id, conversion).unwrap();
    assert_eq!(once_more.operation, again.operation, "the one that holds");
}

#[test]
fn only_a_lead_in_qualification_is_converted_to_prospect_or_active() {
    let office = office();
    let lead = office.customer("Mara Tea").id;
    let as_lead = Conversion { status: CustomerStatus::Lead, ..Conversion::default() };
    assert_eq!(failure(office.admin.convert_lead(lead, as_lead)), "invalid status range");
    let others = office.customer("Other").id;
    let theirs = Opportunity { customer: others, name: "Theirs".into(), ..Opportunity::default() };
    let theirs = office.admin.opportunities().create(theirs).unwrap().id;
    let opportunity = ConversionOpportunity::Existing(theirs);
    let foreign = Conversion { opportunity, ..Conversion::default() };
    assert_eq!(failure(office.admin.convert_lead(lead, foreign)), "invalid opportunity unknown");
    office.admin.customers().update(lead, |c| c.lead.as_mut().unwrap().status = LeadStatus::Lost).unwrap();
    assert_eq!(failure(office.admin.convert_lead(lead, Conversion::default())), "refused not_a_lead");
    assert_eq!(office.admin.customers().get(lead).unwrap().status, CustomerStatus::Inactive, "lost");
    let viewer = office.user("kim", "viewer", None);
    assert_eq!(failure(viewer.convert_lead(others, Conversion::default())), "denied");
}
