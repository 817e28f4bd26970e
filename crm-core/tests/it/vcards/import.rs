//! What cards become.

use super::*;
use crate::failure;
use crm_core::{Address, CustomerKind, Email, Id, Phone, User};

fn file() -> String {
    [
        card(&[
            "UID:a-1",
            "FN:Amina Otieno",
            "N:Otieno;Amina;Wanjiku;Dr.;",
            "ORG:Mara Tea;Sales;Export",
            "TITLE:Buyer",
            "TEL;TYPE=CELL,PREF:0722 000 001",
            "TEL;TYPE=WORK:020 111 111",
            "EMAIL:amina@mara.example",
            "ADR;TYPE=WORK:;;Moi Avenue 1;Nairobi;;00100;Kenya",
            "BDAY:1980-03-22",
            "URL:https://mara.example",
            "CATEGORIES:fair,tea\\, green",
            "NOTE:Likes green tea\\, not black",
            "X-SKYPE:amina",
            "PHOTO;ENCODING=b:QUJD",
        ]),
        card(&["FN:Mara Tea", "ORG:Mara Tea", "EMAIL:info@mara.example"]),
        card(&["EMAIL;TYPE=HOME:juma@mail.example"]),
    ]
    .concat()
}

#[test]
fn cards_become_customers() {
    let office = office();
    let (summary, told) = import(&office.admin, file().as_bytes(), &VCardImport::customers());
    assert_eq!((summary.created, summary.operations.len()), (3, 1));
    let [amina, mara, juma] = customers(&office.admin).try_into().unwrap();
    assert_eq!((amina.name.as_str(), amina.kind), ("Amina Otieno", CustomerKind::Individual));
    assert_eq!((amina.given_name.as_deref(), amina.family_name.as_deref()), (Some("Amina"), Some("Otieno")));
    assert_eq!(amina.company.as_deref(), Some("Mara Tea"));
    let phones: Vec<_> = amina.phones.iter().map(|p| (p.label.as_deref(), p.number.0.as_str())).collect();
    assert_eq!(phones, [(Some("mobile"), "0722 000 001"), (Some("work"), "020 111 111")]);
    assert_eq!(amina.emails[0].address.0, "amina@mara.example");
    let text = |text: &str| Some(text.to_owned());
    let address = Address {
        street: text("Moi Avenue 1"),
        city: text("Nairobi"),
        postal_code: text("00100"),
        country: text("Kenya"),
        state: None,
    };
    assert_eq!(amina.address, Some(address));
    assert_eq!(amina.tags, ["fair", "tea, green"]);
    assert_eq!(amina.description, "Likes green tea, not black");
    assert_eq!(amina.website.as_deref(), Some("https://mara.example"));
    assert_eq!(amina.external_ids["vcard"], "a-1");
    let kept: Vec<_> = amina.extra.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    let wanted = [
        "ADR;TYPE=WORK:;;Moi Avenue 1;Nairobi;;00100;Kenya",
        "BDAY:19800322",
        "N:Otieno;Amina;Wanjiku;Dr.;",
        "ORG:Mara Tea;Sales;Export",
        "TITLE:Buyer",
        "X-SKYPE:amina",
    ];
    assert_eq!(kept, wanted);
    assert_eq!((told[0].problems[0].rule, told[0].problems[0].line), ("inline_data", 17));
    assert_eq!((mara.name.as_str(), mara.kind, &mara.company), ("Mara Tea", CustomerKind::Business, &None));
    assert_eq!((juma.name.as_str(), juma.emails[0].label.as_deref()), ("juma@mail.example", Some("home")));
}

#[test]
fn cards_become_contacts() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let (summary, _) = import(&office.admin, file().as_bytes(), &VCardImport::contacts_of(customer));
    assert_eq!(summary.created, 3);
    let [amina, company, juma] = contacts(&office.admin).try_into().unwrap();
    assert_eq!((amina.given_name.as_str(), amina.family_name.as_str()), ("Amina", "Otieno"));
    assert_eq!((amina.position.as_deref(), amina.department.as_deref()), (Some("Buyer"), Some("Sales")));
    assert_eq!(amina.birthday.unwrap().to_string(), "1980-03-22");
    assert!(amina.primary && !company.primary);
    assert_eq!(amina.extra["X-SKYPE"], "amina");
    assert_eq!((company.given_name.as_str(), company.family_name.as_str()), ("Mara", "Tea"));
    assert_eq!(juma.given_name, "juma@mail.example");
    // At another customer the same people are told, and not created a second time.
    let other = office.customer("Rift Coffee").id;
    let (summary, told) = import(&office.admin, file().as_bytes(), &VCardImport::contacts_of(other));
    assert_eq!((summary.created, summary.skipped), (2, 1));
    assert_eq!((told[0].record, told[0].problems.last().unwrap().rule), (Some(amina.id.uuid()), "elsewhere"));
}

#[test]
fn a_dry_run_tells_the_same_and_writes_nothing() {
    let office = office();
    let before = office.admin.last_operation().unwrap();
    let (planned, plan) = import(&office.admin, file().as_bytes(), &VCardImport::customers().dry_run());
    assert_eq!(office.admin.last_operation().unwrap(), before);
    assert!(customers(&office.admin).is_empty() && planned.operations.is_empty());
    let (done, told) = import(&office.admin, file().as_bytes(), &VCardImport::customers());
    assert_eq!((planned.created, planned.cards), (done.created, done.cards));
    for (planned, done) in plan.into_iter().zip(told) {
        assert_eq!(planned, ImportedCard { record: None, operation: None, ..done });
    }
    assert_eq!(customers(&office.admin)[0].code.as_ref().unwrap().as_str(), "C001");
}

#[test]
fn an_import_is_taken_back_by_undo() {
    let office = office();
    let many: String =
        (0..1_050).map(|n| card(&[&format!("FN:Customer {n}"), &format!("UID:{n}")])).collect();
    let (summary, told) = import(&office.admin, many.as_bytes(), &VCardImport::customers());
    assert_eq!((summary.created, summary.operations.len()), (1_050, 2));
    assert_eq!(told[999].operation, Some(summary.operations[0]));
    assert_eq!(told[1_000].operation, Some(summary.operations[1]));
    assert_eq!(office.admin.last_operation().unwrap().unwrap().command, "import_vcards");
    for operation in summary.operations.into_iter().rev() {
        office.admin.undo(operation).unwrap();
    }
    assert_eq!(office.admin.customers().count(&Query::new()).unwrap(), 0);
    let (again, _) = import(&office.admin, many.as_bytes(), &VCardImport::customers());
    assert_eq!(again.created, 1_050);
}

#[test]
fn what_is_done_with_a_record_that_is_there_is_the_policys() {
    for (policy, position, website, outcome) in [
        (MatchPolicy::Fill, "Old tea", Some("https://new.example"), CardOutcome::Updated),
        (MatchPolicy::Update, "New tea", Some("https://new.example"), CardOutcome::Updated),
        (MatchPolicy::Skip, "Old tea", None, CardOutcome::Skipped),
    ] {
        let office = office();
        let emails = vec![Email { opted_out: true, ..Email::new("amina@mara.example") }];
        let name = "Amina Otieno".to_owned();
        let company = Some("Old tea".to_owned());
        let there = Customer { name, company, emails, ..Customer::default() };
        let there = office.admin.customers().create(there).unwrap();
        let file = card(&[
            "FN:Amina Otieno",
            "ORG:New tea",
            "URL:https://new.example",
            "TEL:0722 000 001",
            "EMAIL;TYPE=WORK:Amina@mara.example",
        ]);
        let (_, told) = import(&office.admin, file.as_bytes(), &VCardImport::customers().on_match(policy));
        assert_eq!((told[0].outcome, told[0].record), (outcome, Some(there.id.uuid())), "{policy}");
        let after = office.admin.customers().get(there.id).unwrap();
        assert_eq!(
            (after.company.as_deref(), after.website.as_deref()),
            (Some(position), website),
            "{policy}"
        );
        // Who asked not to be written to is not written to because a card does not know that.
        assert!(after.emails.len() == 1 && after.emails[0].opted_out, "{policy}");
        assert_eq!(after.phones.len(), usize::from(policy != MatchPolicy::Skip));
        let differs: Vec<_> =
            told[0].problems.iter().map(|problem| (problem.property.as_str(), problem.rule)).collect();
        match policy {
            MatchPolicy::Fill => assert_eq!(differs, [("ORG", "differs")]),
            _ => assert!(differs.is_empty(), "{differs:?}"),
        }
    }
}

#[test]
fn relatives_and_colleagues_are_not_taken_for_one_another() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let family = [
        card(&["FN:Amina Otieno", "TEL:0722 000 001"]),
        card(&["FN:Juma Mwangi", "TEL:0722 000 001"]),
        card(&["FN:Amina Otieno", "TEL:0733 000 002"]),
    ]
    .concat();
    assert_eq!(import(&office.admin, family.as_bytes(), &VCardImport::customers()).0.created, 3);
    let (again, _) = import(&office.admin, family.as_bytes(), &VCardImport::customers());
    assert_eq!((again.created, again.unchanged), (0, 3));
    let desk = [
        card(&["FN:Grace Njeri", "EMAIL:desk@mara.example", "TEL:020 111 111"]),
        card(&["FN:Peter Kamau", "EMAIL:desk@mara.example", "TEL:020 111 111"]),
    ]
    .concat();
    assert_eq!(import(&office.admin, desk.as_bytes(), &VCardImport::contacts_of(customer)).0.created, 2);
    // As a customer the second can't have the address: it is refused, and tells who has it.
    let (summary, told) = import(&office.admin, desk.as_bytes(), &VCardImport::customers());
    assert_eq!((summary.created, summary.failed), (1, 1));
    assert_eq!(told[1].problems[0].rule, "duplicate");
}

#[test]
fn a_card_that_fits_several_records_is_left_alone() {
    let office = office();
    office.customer("Amina Otieno");
    office.customer("Amina Otieno");
    let (summary, told) =
        import(&office.admin, card(&["FN:Amina Otieno"]).as_bytes(), &VCardImport::customers());
    assert_eq!((summary.skipped, told[0].problems[0].rule), (1, "ambiguous"));
}

#[test]
fn a_card_that_is_refused_leaves_nothing_and_stops_nothing() {
    let office = office();
    let file = [
        card(&["FN:Amina", "EMAIL:amina@mara.example"]),
        card(&[&format!("FN:{}", "x".repeat(300)), "TEL:0722 000 001"]),
        card(&["FN:Juma", "EMAIL:amina@mara.example"]),
        card(&["KIND:group", "FN:Friends"]),
        card(&["FN:Grace"]),
    ]
    .concat();
    let (summary, told) = import(&office.admin, file.as_bytes(), &VCardImport::customers());
    assert_eq!((summary.created, summary.failed, summary.skipped), (2, 2, 1));
    let told: Vec<_> =
        told.iter().map(|c| (c.number, c.line, c.problems.first().map_or("", |p| p.rule))).collect();
    assert_eq!(
        told,
        [(1, 1, ""), (2, 6, "too_long"), (3, 11, "duplicate"), (4, 16, "no_person"), (5, 21, "")]
    );
    let codes: Vec<_> =
        customers(&office.admin).iter().map(|c| c.code.as_ref().unwrap().as_str().to_owned()).collect();
    assert_eq!(codes, ["C001", "C002"]);
    let report = office.crm.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

#[test]
fn only_who_may_create_and_take_out_does() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    office.contact(customer, "Amina");
    let viewer = office.user("juma", "viewer", None);
    let file = card(&["FN:Amina"]);
    for options in
        [VCardImport::customers(), VCardImport::contacts_of(customer), VCardImport::customers().dry_run()]
    {
        assert_eq!(failure(import_vcards(&viewer, file.as_bytes(), &options, drop)), "denied");
    }
    let nowhere = VCardImport::contacts_of(Id::from_uuid(crm_core::Uuid::from_u128(5)));
    assert_eq!(failure(import_vcards(&office.admin, file.as_bytes(), &nowhere, drop)), "not_found");
    let may = |session: &Session| session.may(crm_core::Action::Export, crm_core::Kind::Contact).unwrap();
    for user in [&viewer, &office.admin] {
        let result = export_contacts(user, &Query::new(), Vec::new());
        match may(user) {
            true => assert_eq!(result.unwrap(), 1),
            false => assert_eq!(failure(result), "denied"),
        }
    }
    assert!(may(&office.admin) && !may(&viewer));
}

#[test]
fn an_owner_or_parent_of_another_store_is_left_out() {
    let (here, there) = (office(), office());
    let owner = here.admin.me().unwrap().unwrap().id;
    let parent = here.customer("Mara Group").id;
    let phones = vec![Phone::new("0722 000 001")];
    let child = Customer {
        name: "Mara Tea".into(),
        owner: Some(owner),
        parent: Some(parent),
        phones,
        ..Customer::default()
    };
    here.admin.customers().create(child).unwrap();
    there
        .admin
        .users()
        .create(User {
            username: "x".into(),
            role: there.admin.me().unwrap().unwrap().role,
            ..User::default()
        })
        .unwrap();
    let mut file = Vec::new();
    export_customers(&here.admin, &Query::new().filter(Customer::NAME.is("Mara Tea")), &mut file).unwrap();
    let program = there.crm.system("import");
    let (summary, _) = import(&program, &file, &VCardImport::customers());
    assert_eq!(summary.created, 1);
    assert_eq!(customers(&program)[0].parent, None);
}
