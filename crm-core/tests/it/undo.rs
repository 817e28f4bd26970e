use crate::{failure, office};
use crm_core::{Contact, Customer, Note, Operation, Opportunity, Patch};

fn last(office: &crate::Office) -> Operation {
    office.crm.changes_since(0, 1_000).unwrap().pop().unwrap()
}

#[test]
fn undo_gives_back_the_exact_data_and_can_be_undone() {
    let office = office();
    let customer = office.customer("Right");
    office.admin.customers().update(customer.id, |c| c.name = "Wrong".into()).unwrap();
    let wrong = last(&office);
    let undone = office.admin.undo(wrong.id).unwrap();
    assert_eq!(undone.undoes, Some(wrong.id));
    assert_eq!(office.admin.customers().get(customer.id).unwrap().data, customer.data);
    office.admin.undo(undone.id).unwrap();
    assert_eq!(office.admin.customers().get(customer.id).unwrap().name, "Wrong");
    // Taken back and done again, it stands as it did, and can be taken back again, once.
    office.admin.undo(wrong.id).unwrap();
    assert_eq!(office.admin.customers().get(customer.id).unwrap().name, "Right");
    assert_eq!(failure(office.admin.undo(wrong.id)), "refused changed_since", "it was taken back already");
}

#[test]
fn undo_after_undo_goes_back_step_by_step() {
    let office = office();
    let id = office.customer("One").id;
    let mut steps = Vec::new();
    for name in ["Two", "Three", "Four"] {
        office.admin.customers().update(id, |c| c.name = name.into()).unwrap();
        steps.push(last(&office).id);
    }
    office.admin.customers().delete(id).unwrap();
    steps.push(last(&office).id);
    assert_eq!(failure(office.admin.undo(steps[1])), "refused changed_since");
    for (step, name) in steps.into_iter().rev().zip(["Four", "Three", "Two", "One"]) {
        office.admin.undo(step).unwrap();
        assert_eq!(office.admin.customers().get(id).unwrap().name, name);
    }
}

#[test]
fn undo_leaves_alone_what_others_changed_since() {
    let office = office();
    let id = office.customer("One").id;
    let customers = office.admin.customers();
    customers.update(id, |c| c.name = "Two".into()).unwrap();
    let rename = last(&office);
    customers.update(id, |c| c.website = Some("https://one.example".into())).unwrap();
    office.admin.undo(rename.id).unwrap();
    let now = customers.get(id).unwrap();
    assert_eq!((now.name.as_str(), now.website.as_deref()), ("One", Some("https://one.example")));
    customers.update(id, |c| c.name = "Three".into()).unwrap();
    let third = last(&office);
    customers.update(id, |c| c.name = "Four".into()).unwrap();
    assert_eq!(failure(office.admin.undo(third.id)), "refused changed_since");
}

#[test]
fn undoing_a_creation_puts_it_in_the_trash_unless_something_hangs_on_it() {
    let office = office();
    let customer = office.customer("New").id;
    let created = last(&office);
    let contact = office.contact(customer, "Njeri").id;
    assert_eq!(failure(office.admin.undo(created.id)), "refused has_dependents");
    let contact_created = last(&office);
    office.admin.undo(contact_created.id).unwrap();
    office.admin.undo(created.id).unwrap();
    assert_eq!(failure(office.admin.customers().get(customer)), "not_found");
    assert_eq!(failure(office.admin.contacts().get(contact)), "not_found");
}

#[test]
fn undoing_a_deletion_brings_everything_back_and_a_purge_is_final() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let contact = office.contact(customer, "Njeri");
    office.admin.customers().delete(customer).unwrap();
    let deletion = last(&office);
    office.admin.undo(deletion.id).unwrap();
    assert_eq!(office.admin.contacts().get(contact.id).unwrap().data, contact.data);
    office.admin.customers().delete(customer).unwrap();
    office.admin.customers().purge(customer).unwrap();
    assert_eq!(failure(office.admin.undo(last(&office).id)), "gone");
    assert_eq!(
        failure(office.admin.undo(deletion.id)),
        "gone",
        "it can't be done any more to what was purged since"
    );
}

#[test]
fn the_side_effects_of_a_rule_are_undone_with_it() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let first = office.contact(customer, "First");
    office
        .admin
        .contacts()
        .create(Contact { customer, given_name: "Second".into(), primary: true, ..Contact::default() })
        .unwrap();
    assert!(!office.admin.contacts().get(first.id).unwrap().primary);
    office.admin.undo(last(&office).id).unwrap();
    assert!(office.admin.contacts().get(first.id).unwrap().primary);
}

#[test]
fn a_batch_is_one_operation_and_one_undo() {
    let office = office();
    let old = office.customer("Old").id;
    let mut batch = office.admin.batch();
    let customer = batch.create(Customer { name: "New".into(), ..Customer::default() }).unwrap();
    batch.create(Contact { customer, given_name: "Njeri".into(), ..Contact::default() }).unwrap();
    batch.update::<Customer>(old, |c| c.parent = Some(customer));
    batch.patch::<Customer>(old, Patch::new().set("name", "Older"));
    let operation = batch.run().unwrap();
    assert_eq!(operation.command, "batch");
    assert_eq!(operation.changes.len(), 4);
    office.admin.undo(operation.id).unwrap();
    let back = office.admin.customers().get(old).unwrap();
    assert_eq!((back.name.as_str(), back.parent), ("Old", None));
    assert_eq!(failure(office.admin.customers().get(customer)), "not_found");
}

#[test]
fn a_batch_with_one_bad_step_writes_nothing() {
    let office = office();
    let before = office.crm.changes_since(0, 1_000).unwrap();
    let mut batch = office.admin.batch();
    batch.create(Customer { name: "Good".into(), ..Customer::default() }).unwrap();
    batch.create(Customer::default()).unwrap();
    assert_eq!(failure(batch.run()), "invalid steps.1.name blank");
    assert_eq!(office.crm.changes_since(0, 1_000).unwrap(), before);
    assert_eq!(
        office.customer("Next").code.as_ref().unwrap().as_str(),
        "C001",
        "numbers are given back, too"
    );
}

#[test]
fn a_promotion_can_not_be_undone_into_a_store_without_an_administrator() {
    let office = office();
    let juma = office.user("juma", "agent", None);
    let crm_core::Actor::User(juma) = juma.actor() else { unreachable!() };
    let admin = office.admin.me().unwrap().unwrap();
    office.admin.users().update(juma, |user| user.role = admin.role).unwrap();
    let promotion = last(&office);
    office.admin.users().update(admin.id, |user| user.active = false).unwrap();
    assert_eq!(failure(office.crm.system("t").undo(promotion.id)), "refused last_admin");
}

#[test]
fn the_last_operation_is_the_users_own() {
    let office = office();
    let agent = office.user("juma", "agent", None);
    assert_eq!(agent.last_operation().unwrap(), None);
    let id = office.customer("Mara Tea").id;
    agent.customers().update(id, |customer| customer.name = "Mistake".into()).unwrap();
    let mistake = last(&office);
    office.admin.customers().update(id, |customer| customer.website = Some("mara.example".into())).unwrap();
    // Not what somebody else did since; in another session of his, too.
    let again = office.crm.login("juma", "battery staple").unwrap();
    assert_eq!(again.last_operation().unwrap(), Some(mistake.clone()));
    agent.undo(mistake.id).unwrap();
    assert_eq!(agent.last_operation().unwrap().unwrap().undoes, Some(mistake.id));
    let program = office.crm.system("import");
    assert_eq!(program.last_operation().unwrap(), None, "nothing was done under this name");
    assert_eq!(office.crm.system("test").last_operation().unwrap().unwrap().changes[0].id, id.uuid());
}

#[test]
fn the_newest_operations_come_first() {
    let office = office();
    for name in ["One", "Two", "Three"] {
        office.customer(name);
    }
    let page = office.admin.latest_operations(None, 2).unwrap();
    let mut feed = office.admin.operations(0, 1_000).unwrap();
    feed.reverse();
    assert_eq!(page, feed[..2]);
    assert_eq!(office.admin.latest_operations(Some(page[1].seq), 1_000).unwrap(), feed[2..]);
    let agent = office.user("juma", "agent", None);
    assert_eq!(failure(agent.latest_operations(None, 2)), "denied");
}

/// Creates, changes, deletions, restores of many kinds as one operation, five hundred of them.
#[test]
fn a_batch_of_five_hundred_mixed_writes_is_undone_exactly() {
    let office = office();
    let admin = &office.admin;
    let customers: Vec<_> = (0..60).map(|number| office.customer(&format!("Customer {number}")).id).collect();
    let contacts: Vec<_> = customers.iter().map(|id| office.contact(*id, "Njeri").id).collect();
    let deals: Vec<_> = customers.iter().map(|id| office.deal(*id).id).collect();
    let trashed: Vec<_> = customers.iter().take(40).map(|id| office.contact(*id, "Gone").id).collect();
    for id in &trashed {
        admin.contacts().delete(*id).unwrap();
    }
    let before = crate::merge::everything(&office);
    let mut batch = admin.batch();
    for (place, customer) in customers.iter().copied().enumerate() {
        let number = place;
        batch.update(customer, move |c: &mut Customer| c.tags.push(format!("tag {number}")));
        batch.update(deals[place], move |deal: &mut Opportunity| {
            deal.stage = ["proposal", "won", "lost"][number % 3].into();
            deal.probability = Some(u8::try_from(number).unwrap());
        });
        batch.patch::<Contact>(contacts[place], Patch::new().set("primary", false).set("position", "Buyer"));
        let new = batch
            .create(Contact { customer, given_name: "New".into(), primary: true, ..Contact::default() })
            .unwrap();
        batch.create(Note { customer, body: "Written in a batch".into(), ..Note::default() }).unwrap();
        batch.update(new, |contact: &mut Contact| contact.family_name = "Wanjiku".into());
        batch.update(customer, |c: &mut Customer| {
            c.emails = vec![format!("{}@mara.example", c.name.replace(' ', "")).as_str().into()];
        });
    }
    for id in &trashed {
        batch.restore::<Contact>(*id);
    }
    for id in customers.iter().skip(40) {
        batch.delete::<Customer>(*id);
    }
    for id in trashed.iter().take(20) {
        batch.delete::<Contact>(*id);
    }
    assert_eq!(batch.len(), 500);
    let done = batch.run().unwrap();
    assert_ne!(crate::merge::everything(&office), before);
    admin.undo(done.id).unwrap();
    assert_eq!(crate::merge::everything(&office), before);
    let still: Vec<_> = admin.contacts().trash(&crm_core::Query::new().page_size(1_000)).unwrap().items;
    assert!(trashed.iter().all(|id| still.iter().any(|trashed| trashed.record.id == *id)));
    assert!(office.crm.check().unwrap().is_clean());
    assert!(office.crm.verify().unwrap().holds());
}

/// An agent can't delete customers: not by taking back what made them either. What he did himself he may take back.
#[test]
fn undo_of_a_creation_needs_the_right_to_delete_unless_it_was_ones_own() {
    let office = office();
    let agent = office.user("ann", "agent", None);
    let owner = agent.me().unwrap().map(|user| user.id);
    let given = Customer { name: "Mara Tea".into(), owner, ..Customer::default() };
    let theirs = office.admin.customers().create(given).unwrap().id;
    let created = last(&office).id;
    assert_eq!(failure(agent.customers().delete(theirs)), "denied");
    assert_eq!(failure(agent.undo(created)), "denied");
    office.admin.customers().delete(theirs).unwrap();
    office.admin.customers().restore(theirs).unwrap();
    assert_eq!(failure(agent.undo(last(&office).id)), "denied", "what somebody else restored");
    assert_eq!(agent.customers().get(theirs).unwrap().name, "Mara Tea");
    let own =
        agent.customers().create(Customer { name: "Mistake".into(), ..Customer::default() }).unwrap().id;
    agent.undo(last(&office).id).unwrap();
    assert_eq!(failure(agent.customers().get(own)), "not_found");
}
