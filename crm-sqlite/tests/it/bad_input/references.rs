//! Ids that lead nowhere, or where they should not.

use super::{Desk, named};
use crm_core::{
    Action, Collection, Contact, Customer, Error, Grants, Id, Interaction, Kind, Level, Opportunity,
    OpportunityContact, Patch, Reminder, Role, Rules, User, Uuid, Value,
};
use crm_core::{Due, Entity, Record};

const NOWHERE: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0bad);

/// Every call that takes an id says `not_found`, with the kind and the id.
fn every_call<E: Rules>(desk: &Desk, records: Collection<'_, E>, id: Uuid) {
    let id = Id::<E>::from_uuid(id);
    let record = Record {
        id,
        version: 1,
        created_at: desk.customer.created_at,
        created_by: None,
        updated_at: desk.customer.created_at,
        updated_by: None,
        data: E::default(),
    };
    let not_found = |error: Error| {
        assert_eq!(error.fields()["entity"], Value::from(E::ENTITY));
        assert_eq!(error.fields()["key"], Value::from(id.to_string()));
    };
    not_found(desk.refuses("not_found", || records.get(id)));
    not_found(desk.refuses("not_found", || records.update(id, |_| {})));
    not_found(desk.refuses("not_found", || records.patch(id, Patch::new())));
    not_found(desk.refuses("not_found", || records.patch_at(id, 1, Patch::new())));
    not_found(desk.refuses("not_found", || records.replace(record)));
    not_found(desk.refuses("not_found", || records.delete(id)));
    not_found(desk.refuses("not_found", || records.restore(id)));
    not_found(desk.refuses("not_found", || records.purge(id)));
    not_found(desk.refuses("not_found", || records.history(id)));
}

fn every_call_of_every_kind(desk: &Desk, id: Uuid) {
    let (sys, kind) = (&desk.sys, |entity: &str| id != NOWHERE && entity == "customer");
    if !kind(Customer::ENTITY) {
        every_call(desk, sys.customers(), id);
    }
    every_call(desk, sys.contacts(), id);
    every_call(desk, sys.pipelines(), id);
    every_call(desk, sys.opportunities(), id);
    every_call(desk, sys.interactions(), id);
    every_call(desk, sys.reminders(), id);
    every_call(desk, sys.users(), id);
    every_call(desk, sys.roles(), id);
}

#[test]
fn an_unknown_id_is_not_found_by_any_call() {
    let desk = Desk::new();
    every_call_of_every_kind(&desk, NOWHERE);
    let user = Id::<User>::from_uuid(NOWHERE);
    desk.refuses("not_found", || desk.sys.set_password(user, "long enough"));
    desk.refuses("not_found", || desk.sys.revoke_sessions(user));
    let error = desk.refuses("not_found", || desk.sys.undo(NOWHERE));
    assert_eq!(error.fields()["entity"], "operation".into());
    desk.refuses("not_found", || desk.sys.customers().by_code("C999"));
    desk.refuses("not_found", || desk.sys.customers().by_code("nonsense"));
    desk.refuses("not_found", || desk.sys.customers().by_external_id("erp", "1"));
    desk.invalid(&[("external_ids", "unknown_field")], || desk.sys.reminders().by_external_id("erp", "1"));
    let mut batch = desk.sys.batch();
    batch.create(named("Lost")).unwrap();
    batch.delete(Id::<Contact>::from_uuid(NOWHERE));
    desk.refuses("not_found", || batch.run());
}

#[test]
fn an_id_of_another_kind_is_unknown() {
    let desk = Desk::new();
    every_call_of_every_kind(&desk, desk.customer.id.uuid());
}

#[test]
fn a_reference_leads_to_a_live_record_that_the_user_sees() {
    let desk = Desk::new();
    let mut grants = Grants::of_all_kinds(Action::ALL, Level::Own);
    grants.grant(Kind::Pipeline, Action::View, Level::All);
    let own = desk.sys.roles().create(Role { key: "own".into(), grants, ..Role::default() }).unwrap().id;
    desk.sys.users().update(desk.agent.id, |user| user.role = own).unwrap();
    let agent = desk.login("juma");
    let hidden = desk.customer.id;
    let mine = agent.customers().create(named("Mine")).unwrap().id;
    let trashed = agent.customers().create(named("Trashed")).unwrap().id;
    desk.sys.customers().delete(trashed).unwrap();
    let contact = |customer| Contact { customer, given_name: "x".into(), ..Contact::default() };
    let words = |customer: Id<Customer>| {
        let error = desk.invalid(&[("customer", "unknown")], || agent.contacts().create(contact(customer)));
        let deal = Opportunity { customer, name: "x".into(), ..Opportunity::default() };
        desk.invalid(&[("customer", "unknown")], || agent.opportunities().create(deal));
        desk.invalid(&[("parent", "unknown")], || {
            agent.customers().update(mine, |c| c.parent = Some(customer))
        });
        error.to_string()
    };
    let unknown = words(Id::from_uuid(NOWHERE));
    assert_eq!(words(hidden), unknown, "what is hidden looks like what is not there");
    assert_eq!(words(trashed), unknown);
    assert_eq!(words(Id::from_uuid(desk.agent.id.uuid())), unknown, "an id of another kind, too");
    desk.invalid(&[("customer", "blank")], || agent.contacts().create(contact(Id::default())));
    let own_contact = agent.contacts().create(contact(mine)).unwrap().id;
    desk.invalid(&[("customer", "unknown")], || {
        agent.contacts().update(own_contact, |c| c.customer = hidden)
    });
}

#[test]
fn what_belongs_together_is_of_one_customer() {
    let desk = Desk::new();
    let sys = &desk.sys;
    let (customer, other) = (desk.customer.id, sys.customers().create(named("Other")).unwrap().id);
    let stranger = Contact { customer: other, given_name: "x".into(), ..Contact::default() };
    let stranger = sys.contacts().create(stranger).unwrap().id;
    let talk = Interaction { customer: other, subject: "x".into(), ..Interaction::default() };
    let talk = sys.interactions().create(talk).unwrap().id;
    let deal = || Opportunity { customer, name: "x".into(), ..Opportunity::default() };
    let with = OpportunityContact { contact: stranger, role: None };
    desk.invalid(&[("contacts", "unknown")], || {
        sys.opportunities().create(Opportunity { contacts: vec![with], ..deal() })
    });
    let foreign =
        Interaction { customer, subject: "x".into(), contacts: vec![stranger], ..Interaction::default() };
    desk.invalid(&[("contacts", "unknown")], || sys.interactions().create(foreign));
    let due = Due::on("2026-03-02".parse().unwrap());
    let reminder =
        Reminder { customer, title: "x".into(), interaction: Some(talk), due, ..Reminder::default() };
    desk.invalid(&[("interaction", "unknown")], || sys.reminders().create(reminder));
    desk.invalid(&[("stage", "unknown")], || {
        sys.opportunities().create(Opportunity { stage: "nowhere".into(), ..deal() })
    });
    sys.customers().update(other, |c| c.parent = Some(customer)).unwrap();
    desk.invalid(&[("parent", "circle")], || sys.customers().update(customer, |c| c.parent = Some(other)));
    desk.invalid(&[("parent", "circle")], || sys.customers().update(customer, |c| c.parent = Some(customer)));
}

#[test]
fn a_role_in_use_stays() {
    let desk = Desk::new();
    let role = desk.sys.roles().create(Role { key: "own".into(), ..Role::default() }).unwrap().id;
    desk.sys.users().update(desk.agent.id, |user| user.role = role).unwrap();
    let error = desk.refuses("in_use", || desk.sys.roles().delete(role));
    assert_eq!(
        (error.fields()["entity"].clone(), error.fields()["by"].clone()),
        ("role".into(), "user".into())
    );
    desk.refuses("refused", || desk.sys.roles().delete(desk.admin.role));
    desk.refuses("refused", || desk.sys.users().delete(desk.agent.id));
}
