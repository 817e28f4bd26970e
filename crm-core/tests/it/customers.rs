use crate::{failure, office};
use crm_core::{Customer, CustomerStatus, Email, Lead, LeadStatus, Patch};

#[test]
fn codes_count_up_and_are_never_given_twice() {
    let office = office();
    let first = office.customer("One");
    office.admin.customers().delete(first.id).unwrap();
    office.admin.customers().purge(first.id).unwrap();
    let code = office.customer("Two").code.clone().unwrap();
    assert_eq!(code.as_str(), "C002");
    assert_eq!(
        office.admin.customers().by_code(" c2 ").map(|c| c.name.clone()).ok(),
        None,
        "C2 is another code"
    );
    assert_eq!(office.admin.customers().by_code("c002").unwrap().name, "Two");
}

#[test]
fn codes_grow_beyond_their_digits_and_sort_by_number() {
    let office = office();
    let import = office.crm.system("import");
    for (code, name) in [("C999", "Old"), ("C7", "Odd")] {
        let customer = Customer { code: code.parse().ok(), name: name.into(), ..Customer::default() };
        import.customers().create(customer).unwrap();
    }
    assert_eq!(
        office.customer("New").code.as_ref().unwrap().as_str(),
        "C1000",
        "an import raises the counter"
    );
    let by_code = crm_core::Query::new().order_by(["code"]);
    let names: Vec<_> =
        office.admin.customers().list(&by_code).unwrap().into_iter().map(|c| c.data.name).collect();
    assert_eq!(names, ["Odd", "Old", "New"]);
}

#[test]
fn only_the_program_sets_codes_and_only_on_creation() {
    let office = office();
    let coded = Customer { code: "C5".parse().ok(), name: "X".into(), ..Customer::default() };
    assert_eq!(failure(office.admin.customers().create(coded.clone())), "invalid code system");
    let id = office.crm.system("import").customers().create(coded).unwrap().id;
    let changed = office.crm.system("import").customers().patch(id, Patch::new().set("code", "C6"));
    assert_eq!(failure(changed), "invalid code system");
}

#[test]
fn a_person_is_named_after_given_and_family_name() {
    let office = office();
    let person = Customer {
        given_name: Some(" Wangari ".into()),
        family_name: Some("Maathai".into()),
        ..Customer::default()
    };
    assert_eq!(office.admin.customers().create(person).unwrap().name, "Wangari Maathai");
    assert_eq!(failure(office.admin.customers().create(Customer::default())), "invalid name blank");
}

#[test]
fn all_violations_are_told_at_once() {
    let office = office();
    let bad = Customer {
        emails: vec![Email::new("nobody"), Email::new("a@b.example")],
        phones: vec!["1".into()],
        website: Some("a\0b".into()),
        description: "x".repeat(100_001),
        ..Customer::default()
    };
    assert_eq!(
        failure(office.admin.customers().create(bad)),
        "invalid emails.0.address syntax, phones.0.number syntax, website nul, description too_long, name blank"
    );
}

#[test]
fn a_customer_that_is_qualified_is_a_lead_and_no_other_is() {
    let office = office();
    let lead = office.customer("Lead");
    assert_eq!(lead.lead, Some(Lead::default()), "a lead begins as new");
    let skip = office.admin.customers().update(lead.id, |c| c.status = CustomerStatus::Active);
    assert_eq!(failure(skip), "invalid status lead");
    let lost = office.admin.customers().update(lead.id, |c| {
        c.lead =
            Some(Lead { status: LeadStatus::Lost, lost_reason: Some("budget".into()), ..Lead::default() });
    });
    assert_eq!(lost.unwrap().status, CustomerStatus::Inactive, "losing a lead makes it inactive");
}

#[test]
fn a_converted_lead_stays_converted() {
    let office = office();
    let lead = office.customer("Lead");
    let convert = |customer: &mut Customer| {
        customer.status = CustomerStatus::Active;
        customer.lead = Some(Lead { status: LeadStatus::Converted, ..Lead::default() });
    };
    office.admin.customers().update(lead.id, convert).unwrap();
    let back = office.admin.customers().update(lead.id, |c| {
        c.status = CustomerStatus::Lead;
        c.lead = None;
    });
    assert_eq!(failure(back), "refused converted");
}

#[test]
fn one_email_belongs_to_one_live_customer_unless_the_settings_share_it() {
    let office = office();
    let with = |name: &str, email: &str| Customer {
        name: name.into(),
        emails: vec![email.into()],
        ..Customer::default()
    };
    let customers = office.admin.customers();
    let first = customers.create(with("One", "Info@Bücher.example")).unwrap();
    let taken = customers.create(with("Two", "info@xn--bcher-kva.EXAMPLE"));
    match taken.unwrap_err() {
        crm_core::Error::Duplicate { field: "emails", holder, .. } => {
            assert_eq!(holder, Some(first.id.uuid()));
        }
        other => panic!("{other}"),
    }
    office.admin.update_settings(|settings| settings.shared_emails = true).unwrap();
    let second = customers.create(with("Two", "info@bücher.example")).unwrap();
    let unshared = office.admin.update_settings(|settings| settings.shared_emails = false);
    assert_eq!(failure(unshared), "duplicate", "they can't become unique while they are not");
    customers.delete(second.id).unwrap();
    office.admin.update_settings(|settings| settings.shared_emails = false).unwrap();
    assert_eq!(failure(customers.restore(second.id)), "duplicate");
}

#[test]
fn a_customer_is_not_its_own_parent() {
    let office = office();
    let (group, branch) = (office.customer("Group"), office.customer("Branch"));
    office.admin.customers().update(branch.id, |c| c.parent = Some(group.id)).unwrap();
    let circle = office.admin.customers().update(group.id, |c| c.parent = Some(branch.id));
    assert_eq!(failure(circle), "invalid parent circle");
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let office = office();
    let customer = office.customer("Same");
    let before = office.crm.changes_since(0, 100).unwrap().len();
    let same = office.admin.customers().update(customer.id, |c| c.name = "  Same ".into()).unwrap();
    assert_eq!(same, customer);
    assert_eq!(office.crm.changes_since(0, 100).unwrap().len(), before);
}

#[test]
fn a_patch_names_only_the_parts_that_it_means() {
    let office = office();
    let patch: Patch = serde_json::from_str(
        r#"{"name": "Mara Tea", "emails": [{"address": "a@b.example"}], "lead": {"status": "contacted"}}"#,
    )
    .unwrap();
    let customer = office.admin.customers().create_from(patch).unwrap();
    assert_eq!(customer.emails, [Email::new("a@b.example")]);
    assert_eq!(customer.lead, Some(Lead { status: LeadStatus::Contacted, ..Lead::default() }));
}
