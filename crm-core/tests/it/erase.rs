//! Erasure: the person is gone, with whatever hung on it, now and in the past; nothing else is.

use crate::{failure, office};
use crm_core::{
    Contact, Conversion, ConversionOpportunity, Customer, CustomerStatus, Note, Opportunity, Query,
};

fn converted(office: &crate::Office) -> crm_core::Converted {
    let lead = Customer { name: "Kericho Gold".into(), ..Customer::default() };
    let lead = office.admin.customers().create(lead).unwrap();
    assert_eq!(lead.status, CustomerStatus::Lead);
    let conversion = Conversion {
        opportunity: ConversionOpportunity::New(Box::new(Opportunity {
            name: "Packing".into(),
            ..Opportunity::default()
        })),
        contact: Some(Contact { given_name: "Kip".into(), ..Contact::default() }),
        ..Conversion::default()
    };
    office.admin.convert_lead(lead.id, conversion).unwrap()
}

/// A lead refers to the deal and the contact that it became, and they hang on it.
#[test]
fn a_converted_lead_is_erased_and_purged_with_what_it_became() {
    let office = office();
    let program = office.crm.system("test");
    let first = converted(&office);
    let erased = program.customers().erase(first.customer.id).unwrap();
    assert_eq!(erased.records, 3);
    assert_eq!(failure(program.opportunities().get(first.opportunity.unwrap().id)), "not_found");
    let second = converted(&office);
    program.customers().delete(second.customer.id).unwrap();
    program.customers().purge(second.customer.id).unwrap();
    assert_eq!(program.contacts().trash(&Query::new()).unwrap().items.len(), 0);
    assert!(office.crm.verify().unwrap().holds());
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn what_hung_on_somebody_who_was_erased_is_gone_from_the_past_too() {
    let office = office();
    let program = office.crm.system("test");
    let lead = converted(&office);
    let (customer, deal) = (lead.customer.id, lead.opportunity.unwrap().id);
    let note = Note { customer, body: "Likes it strong.".into(), ..Note::default() };
    let note = program.notes().create(note).unwrap().id;
    let then = program.now();
    office.clock.advance(chrono::TimeDelta::days(1));
    program.customers().erase(customer).unwrap();
    let past = program.as_of(then);
    assert_eq!(failure(past.customers().get(customer)), "not_found");
    assert_eq!(failure(past.opportunities().get(deal)), "not_found");
    assert_eq!(failure(past.notes().get(note)), "not_found");
    for kind_is_empty in [
        past.customers().count(&Query::new()).unwrap(),
        past.contacts().count(&Query::new()).unwrap(),
        past.opportunities().count(&Query::new()).unwrap(),
        past.notes().count(&Query::new()).unwrap(),
    ] {
        assert_eq!(kind_is_empty, 0);
    }
}

/// The person would stay in the survivor while the caller believes it gone.
#[test]
fn a_record_that_was_merged_is_erased_with_the_survivor_only() {
    let office = office();
    let program = office.crm.system("test");
    let (a, b) = (office.customer("Mara Tea").id, office.customer("Mara Tea Ltd").id);
    let merged = program.customers().merge(a, &[b], &[].into(), false).unwrap();
    assert_eq!(failure(program.customers().erase(b)), "refused merged");
    program.undo(merged.operation.unwrap().id).unwrap();
    assert_eq!(program.customers().erase(b).unwrap().records, 1);
    assert_eq!(program.customers().get(a).unwrap().name, "Mara Tea");
    let c = office.customer("Mara Tea Company").id;
    program.customers().merge(a, &[c], &[].into(), false).unwrap();
    assert_eq!(program.customers().erase(a).unwrap().records, 2);
    assert_eq!(failure(program.customers().get(c)), "not_found");
}

#[test]
fn an_erasure_is_not_undone() {
    let office = office();
    let program = office.crm.system("test");
    let erased = program.customers().erase(office.customer("Mara Tea").id).unwrap();
    assert_eq!(failure(program.undo(erased.operation.unwrap().id)), "gone");
}
