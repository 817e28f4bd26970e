use crate::{failure, office};
use crm_core::{Conversion, ConversionOpportunity, Opportunity, Query};

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
fn a_converted_lead_is_purged_with_what_it_became() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let deal = Opportunity { name: "Deal".into(), ..Opportunity::default() };
    let opportunity = ConversionOpportunity::New(Box::new(deal));
    office.admin.convert_lead(customer, Conversion { opportunity, ..Conversion::default() }).unwrap();
    office.admin.customers().delete(customer).unwrap();
    office.admin.customers().purge(customer).unwrap();
    // The opportunity went first and was unlinked from it: another version, and another change.
    let changes =
        office.crm.changes_since(0, 1_000).unwrap().into_iter().flat_map(|operation| operation.changes);
    let versions: Vec<_> = changes.filter(|c| c.id == customer.uuid()).map(|c| c.version).collect();
    assert!(versions.len() > 4 && versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    assert!(office.crm.check().unwrap().is_clean());
    assert!(office.crm.verify().unwrap().holds());
}

#[test]
fn users_and_settings_are_not_deleted() {
    let office = office();
    let me = office.admin.me().unwrap().unwrap().id;
    assert_eq!(failure(office.admin.users().delete(me)), "refused user_stays");
}
