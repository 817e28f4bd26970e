//! Merging: nothing is lost, everything moves, and undo gives back exactly what was.

use crate::{Office, failure, office};
use crm_core::{
    Action, Address, Contact, Customer, CustomerStatus, Grants, Id, Interaction, Kind, Lead, LeadStatus,
    Level, Merged, Money, Note, Opportunity, OpportunityContact, Query, Reminder, Role, User,
};
use std::collections::BTreeMap;

fn none<E>() -> BTreeMap<String, Id<E>> {
    BTreeMap::new()
}

fn choose<E>(choices: &[(&str, Id<E>)]) -> BTreeMap<String, Id<E>> {
    choices.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect()
}

impl Office {
    fn like(&self, data: Customer) -> Id<Customer> {
        self.admin.customers().create(data).unwrap().id
    }

    fn merge(&self, survivor: Id<Customer>, loser: Id<Customer>) -> Merged<Customer> {
        self.admin.customers().merge(survivor, &[loser], &none(), false).unwrap()
    }
}

/// Every live record of every kind.
pub(crate) fn everything(office: &Office) -> BTreeMap<(Kind, String), String> {
    let mut all = BTreeMap::new();
    let program = office.crm.system("test");
    macro_rules! gather {
        ($($entity:ident = $name:literal),+ $(,)?) => {$(
            for record in program.collection::<crm_core::$entity>().iter(Query::new()) {
                let record = record.unwrap();
                all.insert((Kind::$entity, record.id.to_string()), format!("{:?}", record.data));
            }
        )+};
    }
    crm_core::for_each_entity!(gather);
    all
}

#[test]
fn the_survivors_values_win_empty_ones_are_filled_and_lists_unite() {
    let office = office();
    let address = |city: &str| Address { city: Some(city.into()), ..Address::default() };
    let survivor = office.like(Customer {
        name: "Mara Tea".into(),
        emails: vec!["Info@mara.example".into()],
        tags: vec!["vip".into()],
        address: Some(address("Kericho")),
        external_ids: BTreeMap::from([("erp".into(), "1".into())]),
        ..Customer::default()
    });
    let loser = office.like(Customer {
        name: "Mara Tea Ltd".into(),
        company: Some("Mara Group".into()),
        emails: vec!["sales@mara.example".into()],
        phones: vec!["0722 000001".into()],
        tags: vec!["VIP".into(), "tea".into()],
        address: Some(Address { street: Some("1 Tea Rd".into()), ..Address::default() }),
        external_ids: BTreeMap::from([("erp".into(), "2".into()), ("web".into(), "9".into())]),
        ..Customer::default()
    });
    let one = office.merge(survivor, loser).survivor;
    assert_eq!((one.name.as_str(), one.company.as_deref()), ("Mara Tea", Some("Mara Group")));
    let emails: Vec<_> = one.emails.iter().map(|email| email.address.0.as_str()).collect();
    assert_eq!(emails, ["Info@mara.example", "sales@mara.example"], "the primary one stays the first");
    assert_eq!(one.phones.len(), 1);
    assert_eq!(one.tags, ["vip", "tea"]);
    assert_eq!(one.address, Some(address("Kericho")), "an address is taken whole");
    assert_eq!(one.external_ids["erp"], "1");
    assert_eq!(one.external_ids["web"], "9");
    assert_eq!(one.code.as_ref().unwrap().as_str(), "C001");
}

#[test]
fn the_furthest_status_wins_and_a_conversion_stays() {
    let office = office();
    let lead = |status| {
        let lead =
            Lead { status, estimated_value: Some(Money::new(5, crm_core::Currency::KES)), ..Lead::default() };
        Customer { name: "Mara".into(), lead: Some(lead), ..Customer::default() }
    };
    let plain = |status| Customer { name: "Mara".into(), status, ..Customer::default() };
    let new = office.like(lead(LeadStatus::New));
    let qualified = office.like(lead(LeadStatus::Qualified));
    let one = office.merge(new, qualified).survivor;
    assert_eq!(
        (one.status, one.lead.as_ref().unwrap().status),
        (CustomerStatus::Lead, LeadStatus::Qualified)
    );
    let active = office.like(plain(CustomerStatus::Active));
    let one = office.merge(new, active).survivor;
    assert_eq!((one.status, one.lead.as_ref()), (CustomerStatus::Active, None));
    let inactive = office.like(plain(CustomerStatus::Inactive));
    assert_eq!(office.merge(inactive, active_lead(&office)).survivor.status, CustomerStatus::Lead);
    // A converted lead never goes back.
    let converted = active_lead(&office);
    office.admin.convert_lead(converted, crm_core::Conversion::default()).unwrap();
    office.admin.customers().update(converted, |c| c.status = CustomerStatus::Inactive).unwrap();
    let one = office.merge(active_lead(&office), converted).survivor;
    assert_eq!(
        (one.status, one.lead.as_ref().unwrap().status),
        (CustomerStatus::Inactive, LeadStatus::Converted)
    );
    let open = active_lead(&office);
    let back = office.admin.customers().merge(one.id, &[open], &choose(&[("status", open)]), false);
    assert_eq!(failure(back), "refused converted");
}

fn active_lead(office: &Office) -> Id<Customer> {
    office.like(Customer { name: "Open".into(), ..Customer::default() })
}

#[test]
fn case_15_a_merge_loses_nothing_and_undo_restores_exactly_what_was() {
    let office = office();
    let admin = &office.admin;
    let people = ["Jon Smith", "John Smith"].map(|name| office.customer(name).id);
    let companies: Vec<_> = (1..=4).map(|number| office.customer(&format!("Company {number}")).id).collect();
    for (person, tags) in people.iter().zip([["one", "two"], ["three", "four"]]) {
        admin.customers().update(*person, |c| c.tags = tags.map(Into::into).to_vec()).unwrap();
    }
    // Each is the parent of two companies, and has notes, tasks, calls, deals and contacts of his own.
    for (place, company) in companies.iter().enumerate() {
        admin.customers().update(*company, |c| c.parent = Some(people[place / 2])).unwrap();
    }
    let mut contacts = Vec::new();
    for customer in people {
        admin
            .notes()
            .create(Note { customer, body: format!("note of {customer}"), ..Note::default() })
            .unwrap();
        let due = crm_core::Due::on("2026-03-09".parse().unwrap());
        admin
            .reminders()
            .create(Reminder { customer, title: "Call".into(), due, ..Reminder::default() })
            .unwrap();
        let contact = office.contact(customer, "Njeri").id;
        contacts.push(contact);
        admin
            .interactions()
            .create(Interaction {
                customer,
                contacts: vec![contact],
                subject: "Call".into(),
                ..Interaction::default()
            })
            .unwrap();
        let role = Some(format!("decides for {customer}"));
        let contacts = vec![OpportunityContact { contact, role }];
        admin
            .opportunities()
            .create(Opportunity { customer, contacts, name: "Deal".into(), ..Opportunity::default() })
            .unwrap();
    }
    let trashed = office.contact(people[1], "Gone").id;
    admin.contacts().delete(trashed).unwrap();
    let before = everything(&office);

    let planned = admin.customers().merge(people[0], &[people[1]], &none(), true).unwrap();
    assert_eq!(everything(&office), before, "a dry run leaves everything as it is");
    let merged = office.merge(people[0], people[1]);
    assert_eq!((planned.survivor.data, planned.moved), (merged.survivor.data.clone(), merged.moved.clone()));
    assert_eq!(merged.survivor.tags, ["one", "two", "three", "four"]);
    let expected = [
        (Kind::Customer, 2),
        (Kind::Contact, 2),
        (Kind::Opportunity, 1),
        (Kind::Interaction, 1),
        (Kind::Reminder, 1),
        (Kind::Note, 1),
    ];
    assert_eq!(merged.moved, BTreeMap::from(expected), "the contact in the trash moved too");
    let of = |customer: Id<Customer>| Query::new().filter(Note::CUSTOMER.is(customer));
    assert_eq!(admin.notes().count(&of(people[0])).unwrap(), 2);
    let held = Query::new().filter(Customer::PARENT.is(people[0]));
    assert_eq!(admin.customers().count(&held).unwrap(), 4, "companies 1 to 4");
    let primary = Query::new().filter(Contact::CUSTOMER.is(people[0]).and(Contact::PRIMARY.is(true)));
    assert_eq!(admin.contacts().count(&primary).unwrap(), 1);
    for deal in admin.opportunities().list(&Query::new()).unwrap().items {
        assert_eq!(deal.customer, people[0]);
        assert!(deal.contacts[0].role.as_ref().unwrap().starts_with("decides for"));
    }
    assert_eq!(admin.customers().get(people[1]).unwrap().id, people[0], "the old id leads to the survivor");
    assert_eq!(admin.customers().by_code("C002").unwrap().id, people[0], "and so does the old code");
    let timeline = admin.timeline(people[0], 100, None).unwrap();
    assert!(timeline.items.len() >= 8);

    // Two contacts that are one person: both roles of a deal stay, and what a deal says twice it says once.
    let deal = admin
        .opportunities()
        .list(&Query::new().filter(Opportunity::CONTACTS.is(contacts[0])))
        .unwrap()
        .items
        .remove(0);
    let both = vec![
        OpportunityContact { contact: contacts[0], role: None },
        OpportunityContact { contact: contacts[1], role: Some("signs".into()) },
    ];
    admin.opportunities().update(deal.id, |deal| deal.contacts = both).unwrap();
    let before_contacts = everything(&office);
    let one = admin.contacts().merge(contacts[0], &[contacts[1]], &none(), false).unwrap();
    let deal = admin.opportunities().get(deal.id).unwrap();
    assert_eq!(deal.contacts, [OpportunityContact { contact: contacts[0], role: Some("signs".into()) }]);
    assert!(one.survivor.primary);
    admin.undo(one.operation.unwrap().id).unwrap();
    assert_eq!(everything(&office), before_contacts);
    let last = admin.opportunities().history(deal.id).unwrap();
    let set_both = last.iter().rev().find(|operation| operation.command == "update").unwrap().id;
    admin.undo(set_both).unwrap();

    admin.undo(merged.operation.unwrap().id).unwrap();
    assert_eq!(everything(&office), before, "the exact previous state");
    admin.contacts().restore(trashed).unwrap();
    assert_eq!(admin.contacts().get(trashed).unwrap().customer, people[1]);
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn choices_take_the_value_of_another_record() {
    let office = office();
    let survivor = office.like(Customer { name: "A".into(), tags: vec!["x".into()], ..Customer::default() });
    let loser = office.like(Customer {
        name: "B".into(),
        tags: vec!["y".into()],
        status: CustomerStatus::Active,
        ..Customer::default()
    });
    let merge = |choices: &[(&str, Id<Customer>)]| {
        office.admin.customers().merge(survivor, &[loser], &choose(choices), true)
    };
    let one = merge(&[("name", loser), ("tags", loser), ("status", survivor)]).unwrap().survivor;
    assert_eq!((one.name.as_str(), one.status), ("B", CustomerStatus::Lead));
    assert_eq!(one.tags, ["y"]);
    assert_eq!(failure(merge(&[("code", loser)])), "invalid choices unknown_field");
    assert_eq!(failure(merge(&[("nme", loser)])), "invalid choices unknown_field");
    assert_eq!(failure(merge(&[("name", Id::default())])), "invalid choices unknown");
    let customers = office.admin.customers();
    assert_eq!(failure(customers.merge(survivor, &[], &none(), false)), "invalid losers range");
    assert_eq!(failure(customers.merge(survivor, &[survivor], &none(), false)), "invalid losers repeated");
}

#[test]
fn nobody_becomes_his_own_parent() {
    let office = office();
    let [top, middle, bottom] = ["Top", "Middle", "Bottom"].map(|name| office.customer(name).id);
    let customers = office.admin.customers();
    customers.update(middle, |c| c.parent = Some(top)).unwrap();
    customers.update(bottom, |c| c.parent = Some(middle)).unwrap();
    // The parent that the loser would give is the survivor's own child.
    let merged = office.merge(top, bottom);
    assert_eq!(merged.survivor.parent, None);
    office.admin.undo(merged.operation.unwrap().id).unwrap();
    assert_eq!(failure(customers.merge(bottom, &[top], &none(), false)), "refused circle");
    let merged = office.merge(bottom, middle);
    assert_eq!(merged.survivor.parent, Some(top), "a loser is nobody's parent any more");
}

#[test]
fn who_merges_no_longer_says_that_they_are_different() {
    let office = office();
    let [a, b, c] = ["A", "B", "C"].map(|name| office.customer(name).id);
    let customers = office.admin.customers();
    customers.not_duplicates(b, a).unwrap();
    customers.not_duplicates(b, c).unwrap();
    let before = everything(&office);
    let merged = office.merge(a, b);
    let left = office.admin.distinctions().list(&Query::new()).unwrap().items;
    assert_eq!(left.len(), 1);
    let pair = [Some(left[0].customer), left[0].other];
    assert!(
        pair.contains(&Some(a)) && pair.contains(&Some(c)),
        "what was told from the loser is told from the survivor"
    );
    office.admin.undo(merged.operation.unwrap().id).unwrap();
    assert_eq!(everything(&office), before);
}

#[test]
fn merged_records_come_back_and_go_for_good() {
    let office = office();
    let customers = office.admin.customers();
    let [a, b, c] = ["A", "B", "C"].map(|name| office.customer(name).id);
    office.merge(b, c);
    office.merge(a, b);
    assert_eq!(customers.get(c).unwrap().id, a, "over two merges");
    customers.restore(b).unwrap();
    assert_eq!(customers.get(b).unwrap().name, "B", "restored in its own right");
    customers.delete(a).unwrap();
    assert_eq!(failure(customers.get(c)), "not_found");
    customers.purge(a).unwrap();
    assert_eq!(failure(customers.get(c)), "not_found");
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn who_may_merge() {
    let office = office();
    let agent = office.user("juma", "agent", None);
    let manager = office.user("njeri", "manager", None);
    let [a, b] = ["A", "B"].map(|name| office.customer(name).id);
    assert_eq!(
        failure(agent.customers().merge(a, &[b], &none(), false)),
        "denied",
        "agents delete no customers"
    );
    manager.customers().merge(a, &[b], &none(), false).unwrap();
    // One that is not seen looks like one that is not there.
    let grants = Grants::of_all_kinds(Action::ALL, Level::Own);
    let role = Role { key: "own".into(), name: "Own".into(), grants, ..Role::default() };
    let role = office.admin.roles().create(role).unwrap().id;
    let user = office.admin.users().create(User { username: "own".into(), role, ..User::default() }).unwrap();
    office.admin.set_password(user.id, "battery staple").unwrap();
    let own = office.crm.login("own", "battery staple").unwrap();
    let mine = own.customers().create(Customer { name: "Mine".into(), ..Customer::default() }).unwrap().id;
    assert_eq!(failure(own.customers().merge(mine, &[a], &none(), false)), "not_found");
    assert_eq!(failure(own.customers().merge(a, &[mine], &none(), true)), "not_found");
}

/// What two records are told apart by does not move: it is dropped.
#[test]
fn what_is_dropped_did_not_move() {
    let office = office();
    let (a, b) = (office.customer("Mara Tea").id, office.customer("Mara Tea Ltd").id);
    office.admin.customers().not_duplicates(a, b).unwrap();
    assert!(office.merge(a, b).moved.is_empty());
}

#[test]
fn a_custom_field_that_is_not_defined_can_not_be_chosen() {
    let office = office();
    let (a, b) = (office.customer("Mara Tea").id, office.customer("Mara Tea Ltd").id);
    for name in ["custom.teir", "nmae", "code"] {
        let merged = office.admin.customers().merge(a, &[b], &choose(&[(name, b)]), true);
        assert_eq!(failure(merged), "invalid choices unknown_field", "{name}");
    }
}
