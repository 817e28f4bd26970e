use crate::{failure, office};
use crm_core::{Contact, Id};

#[test]
fn the_first_contact_is_primary_and_another_takes_over() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let (first, second) = (office.contact(customer, "Njeri"), office.contact(customer, "Juma"));
    assert!(first.primary && !second.primary);
    let contacts = office.admin.contacts();
    contacts.update(second.id, |contact| contact.primary = true).unwrap();
    assert!(!contacts.get(first.id).unwrap().primary);
    assert!(contacts.get(second.id).unwrap().primary);
}

#[test]
fn deleting_the_primary_leaves_none_and_restoring_it_takes_nothing_away() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let (first, second) = (office.contact(customer, "Njeri"), office.contact(customer, "Juma"));
    let contacts = office.admin.contacts();
    contacts.delete(first.id).unwrap();
    assert!(!contacts.get(second.id).unwrap().primary, "nobody takes over by himself");
    contacts.update(second.id, |contact| contact.primary = true).unwrap();
    assert!(!contacts.restore(first.id).unwrap().primary, "there is a primary already");
    assert!(contacts.get(second.id).unwrap().primary);
}

#[test]
fn a_contact_needs_a_customer_that_is_there() {
    let office = office();
    let nobody = Contact { given_name: "Njeri".into(), ..Contact::default() };
    assert_eq!(failure(office.admin.contacts().create(nobody.clone())), "invalid customer blank");
    let unknown = Contact { customer: Id::from_uuid(crm_core::Uuid::from_u128(9)), ..nobody.clone() };
    assert_eq!(failure(office.admin.contacts().create(unknown)), "invalid customer unknown");
    let gone = office.customer("Gone").id;
    office.admin.customers().delete(gone).unwrap();
    assert_eq!(
        failure(office.admin.contacts().create(Contact { customer: gone, ..nobody })),
        "invalid customer unknown"
    );
}
