use crate::{failure, office};
use crm_core::{Clock, Interaction};

#[test]
fn an_interaction_is_now_and_by_the_one_who_logs_it() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let call = Interaction {
        customer,
        subject: "Price list".into(),
        employee_comment: Some("Ring again on Friday".into()),
        ..Interaction::default()
    };
    let call = office.admin.interactions().create(call).unwrap();
    assert_eq!(call.occurred_at, Some(office.clock.now()));
    assert_eq!(call.employee, office.admin.me().unwrap().map(|me| me.id));
    assert!(call.contacts.is_empty(), "a walk-in has no contact");
}

#[test]
fn people_and_deals_of_an_interaction_are_the_customers_own() {
    let office = office();
    let (ours, theirs) = (office.customer("Ours").id, office.customer("Theirs").id);
    let interaction = Interaction {
        customer: ours,
        subject: "Call".into(),
        contacts: vec![office.contact(theirs, "Stranger").id],
        opportunity: Some(office.deal(theirs).id),
        ..Interaction::default()
    };
    let failed = failure(office.admin.interactions().create(interaction));
    assert_eq!(failed, "invalid contacts unknown, opportunity unknown");
}
