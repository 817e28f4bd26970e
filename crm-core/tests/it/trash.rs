use crate::{failure, office};
use crm_core::Query;

#[test]
fn what_was_deleted_together_comes_back_together_and_nothing_else() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let (early, late) = (office.contact(customer, "Early"), office.contact(customer, "Late"));
    let deal = office.deal(customer);
    office.admin.contacts().delete(early.id).unwrap();
    let deletion = office.admin.customers().delete(customer).unwrap();
    assert_eq!(deletion.by, office.admin.me().unwrap().map(|me| me.id));
    assert_eq!(office.admin.contacts().trash(&Query::new()).unwrap().items.len(), 2);
    office.admin.customers().restore(customer).unwrap();
    assert_eq!(office.admin.contacts().get(late.id).unwrap().data, late.data);
    assert_eq!(office.admin.opportunities().get(deal.id).unwrap().data, deal.data);
    assert_eq!(failure(office.admin.contacts().get(early.id)), "not_found", "deleted before, by itself");
}

#[test]
fn a_child_does_not_come_back_alone() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let contact = office.contact(customer, "Njeri").id;
    office.admin.customers().delete(customer).unwrap();
    assert_eq!(failure(office.admin.contacts().restore(contact)), "refused parent_in_trash");
}

#[test]
fn a_purge_takes_what_hangs_on_it_and_empties_what_refers_to_it() {
    let office = office();
    let (group, branch) = (office.customer("Group").id, office.customer("Branch").id);
    office.admin.customers().update(branch, |c| c.parent = Some(group)).unwrap();
    let contact = office.contact(group, "Njeri").id;
    assert_eq!(failure(office.admin.customers().purge(group)), "refused not_in_trash");
    office.admin.customers().delete(group).unwrap();
    assert_eq!(office.admin.customers().get(branch).unwrap().parent, Some(group), "a link reads as trashed");
    office.admin.customers().purge(group).unwrap();
    assert_eq!(office.admin.customers().get(branch).unwrap().parent, None);
    assert_eq!(failure(office.admin.contacts().restore(contact)), "not_found");
    assert!(office.crm.check().unwrap().is_clean(), "the journal outlives what it speaks of");
}

#[test]
fn users_and_settings_are_not_deleted() {
    let office = office();
    let me = office.admin.me().unwrap().unwrap().id;
    assert_eq!(failure(office.admin.users().delete(me)), "refused user_stays");
}
