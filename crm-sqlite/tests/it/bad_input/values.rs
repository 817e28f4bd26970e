//! Values that don't fit their fields.

use super::{Desk, named, role, violations};
use crm_core::{
    Collection, Contact, Customer, Due, FieldDef, Interaction, Money, Opportunity, Patch, Pipeline, Reminder,
    Role, Rules, Shape, User, Value, ValueType,
};
use crm_core::{Currency, Email, Phone};
use std::collections::BTreeMap;

fn json(text: &str) -> Patch {
    serde_json::from_str(text).unwrap()
}

/// One fault is told once, in words that stand on their own.
#[test]
fn what_is_wrong_is_told_in_plain_words() {
    let desk = Desk::new();
    let (sys, customer) = (&desk.sys, desk.customer.id);
    let settings = |field: &str, text: &str| {
        let patch = Patch::new().set(field, text);
        desk.refuses("invalid", || sys.patch_settings(patch)).to_string()
    };
    assert_eq!(
        settings("time_zone", "Nairobi"),
        "invalid data: time_zone: expected the name of a time zone, such as Africa/Nairobi"
    );
    assert_eq!(
        settings("base_currency", "shilling"),
        "invalid data: base_currency: expected a currency code of three letters, such as KES"
    );
    assert_eq!(
        settings("phone_region", "KEN"),
        "invalid data: phone_region: a region is two letters, such as KE"
    );
    assert_eq!(
        settings("phone_region", "XX"),
        "invalid data: phone_region: there are no phone numbers of this region"
    );
    let hour = desk.refuses("invalid", || sys.update_settings(|settings| settings.all_day_hour = 24));
    assert_eq!(hour.to_string(), "invalid data: all_day_hour: expected a number from 0 to 23");
    let told = |patch: Patch| desk.refuses("invalid", || sys.customers().patch(customer, patch)).to_string();
    assert_eq!(told(json(r#"{"address": {"city": 7}}"#)), "invalid data: address: expected a text for city");
    assert_eq!(
        told(json(r#"{"emails": [{"address": "amina@localhost"}]}"#)),
        "invalid data: emails.0.address: the domain needs a dot"
    );
    assert_eq!(
        told(json(r#"{"status": "gold"}"#)),
        "invalid data: status: expected one of lead, prospect, active, inactive"
    );
    let deal = sys.opportunities().create(Opportunity::default()).unwrap_err();
    assert_eq!(
        deal.to_string(),
        "invalid data: customer: the id of the customer is missing; name: an opportunity has a name"
    );
    // A permission has the name of the role's field.
    let denied = desk.refuses("denied", || desk.login("juma").operations(0, 10));
    assert_eq!(denied.to_string(), "the role does not allow journal_view on operation");
}

#[test]
fn a_name_is_not_blank() {
    let desk = Desk::new();
    let (sys, customer) = (&desk.sys, desk.customer.id);
    for blank in ["", " ", "\t\r\n", "\u{a0}\u{3000}"] {
        let text = || blank.to_owned();
        desk.invalid(&[("name", "blank")], || sys.customers().create(named(blank)));
        desk.invalid(&[("name", "blank")], || sys.customers().update(customer, |c| c.name = text()));
        let contact = || Contact { customer, given_name: text(), family_name: text(), ..Contact::default() };
        desk.invalid(&[("family_name", "blank")], || sys.contacts().create(contact()));
        let deal = || Opportunity { customer, name: text(), ..Opportunity::default() };
        desk.invalid(&[("name", "blank")], || sys.opportunities().create(deal()));
        let talk = || Interaction { customer, subject: text(), notes: text(), ..Interaction::default() };
        desk.invalid(&[("subject", "blank")], || sys.interactions().create(talk()));
        let due = Due::on("2026-03-02".parse().unwrap());
        let reminder = || Reminder { customer, title: text(), due: due.clone(), ..Reminder::default() };
        desk.invalid(&[("title", "blank")], || sys.reminders().create(reminder()));
        let pipeline = || Pipeline { name: text(), default: false, ..Pipeline::shipped() };
        desk.invalid(&[("name", "blank")], || sys.pipelines().create(pipeline()));
        let user = || User { username: text(), role: desk.admin.role, ..User::default() };
        desk.invalid(&[("username", "blank")], || sys.users().create(user()));
        desk.invalid(&[("key", "blank")], || sys.roles().create(Role { key: text(), ..Role::default() }));
    }
}

/// Creates a record for every text field of a kind with this text in it, which must be refused by this rule.
fn every_text<E: Rules>(desk: &Desk, records: Collection<'_, E>, base: &Patch, text: &str, rule: &str) {
    // Zones and currencies are names of a list, a recurrence is a rule: nothing else fits.
    let told = |field: &FieldDef| match field.name {
        "time_zone" | "base_currency" => "mismatch".to_owned(),
        "recurrence" => "rrule".to_owned(),
        _ => rule.to_owned(),
    };
    let is_text = |field: &&FieldDef| matches!((field.shape)(), Shape::Scalar { ty: ValueType::Text, .. });
    let mut fields = 0;
    for field in E::FIELDS.iter().filter(is_text) {
        let patch = base.clone().set(field.name, text);
        let error = desk.refuses("invalid", || records.create_from(patch));
        let told = told(field);
        let expected = (field.name, told.as_str());
        assert!(violations(&error).contains(&expected), "{expected:?}: {error}");
        fields += 1;
    }
    assert!(fields > 0);
}

fn every_text_of_every_kind(text: &str, rule: &str) {
    let desk = Desk::new();
    let sys = &desk.sys;
    let customer = Patch::new().set("customer", desk.customer.id.uuid());
    let due = json(r#"{"due": {"date": "2026-03-02"}, "title": "x"}"#);
    let reminder = due.set("customer", desk.customer.id.uuid());
    let pipeline: BTreeMap<String, Value> =
        serde_json::from_value(serde_json::to_value(Pipeline::shipped()).unwrap()).unwrap();
    let user = Patch::new().set("username", "x").set("role", role(sys, "agent").uuid());
    every_text(&desk, sys.customers(), &Patch::new().set("name", "x"), text, rule);
    every_text(&desk, sys.contacts(), &customer.clone().set("given_name", "x"), text, rule);
    every_text(&desk, sys.opportunities(), &customer.clone().set("name", "x"), text, rule);
    every_text(&desk, sys.interactions(), &customer.set("subject", "x"), text, rule);
    every_text(&desk, sys.reminders(), &reminder, text, rule);
    every_text(&desk, sys.pipelines(), &pipeline.into_iter().collect(), text, rule);
    every_text(&desk, sys.users(), &user, text, rule);
    every_text(&desk, sys.roles(), &Patch::new().set("key", "x"), text, rule);
    for field in ["phone_region", "code_prefix"] {
        let error = desk.refuses("invalid", || sys.patch_settings(Patch::new().set(field, text)));
        assert!(violations(&error).contains(&(field, rule)), "{error}");
    }
    // Texts inside of composites and lists.
    for (patch, path) in [
        (
            Patch::new().set("address", BTreeMap::from([("street".to_owned(), Value::from(text))])),
            "address.street",
        ),
        (Patch::new().set("tags", vec![Value::from("ok"), Value::from(text)]), "tags.1"),
        (
            Patch::new().set("external_ids", BTreeMap::from([("erp".to_owned(), Value::from(text))])),
            "external_ids.erp",
        ),
        (
            Patch::new().set("external_ids", BTreeMap::from([(text.to_owned(), Value::from("1"))])),
            "external_ids.source",
        ),
    ] {
        let error = desk.refuses("invalid", || sys.customers().patch(desk.customer.id, patch));
        assert!(violations(&error).contains(&(path, rule)), "{path}: {error}");
    }
    let labelled = Email { label: Some(text.to_owned()), ..Email::new("a@b.example") };
    let error =
        desk.refuses("invalid", || sys.customers().update(desk.customer.id, |c| c.emails = vec![labelled]));
    assert!(violations(&error).contains(&("emails.0.label", rule)));
    let error = desk.refuses("invalid", || {
        sys.customers().update(desk.customer.id, |c| c.phones = vec![Phone::new(text)])
    });
    assert!(violations(&error).contains(&("phones.0.number", rule)));
}

#[test]
fn a_text_of_a_megabyte_fits_nowhere() {
    every_text_of_every_kind(&"x".repeat(1 << 20), "too_long");
}

#[test]
fn a_text_has_no_nul_anywhere() {
    every_text_of_every_kind("12\0", "nul");
    let desk = Desk::new();
    let upsert = || desk.sys.customers().upsert("er\0p", "1", |customer| customer.name = "x".into());
    assert_eq!(violations(&desk.refuses("invalid", upsert))[0].1, "nul");
    desk.refuses("not_found", || desk.sys.customers().by_external_id("\0", "\0"));
    desk.refuses("not_found", || desk.sys.customers().by_code("C\u{0}001"));
    desk.refuses("bad_credentials", || desk.crm.login("ami\0na", "x\0"));
}

#[test]
fn lists_have_an_end() {
    let desk = Desk::new();
    let many = |count: usize| (0..count).map(|n| format!("tag {n}")).collect::<Vec<_>>();
    desk.invalid(&[("tags", "too_many")], || {
        desk.sys.customers().update(desk.customer.id, |customer| customer.tags = many(1_001))
    });
    let customer =
        desk.sys.customers().update(desk.customer.id, |customer| customer.tags = many(1_000)).unwrap();
    assert_eq!(customer.tags.len(), 1_000);
}

#[test]
fn an_amount_is_given_whole() {
    let desk = Desk::new();
    let deal = Opportunity { customer: desk.customer.id, name: "Deal".into(), ..Opportunity::default() };
    let deal = desk.sys.opportunities().create(deal).unwrap();
    for amount in [
        r#"{"minor": 5}"#,
        r#"{"currency": "KES"}"#,
        r#"{"minor": 5.5, "currency": "KES"}"#,
        r#"{"minor": "5", "currency": "KES"}"#,
        r#"{"minor": 5, "currency": "kes"}"#,
        r#"{"minor": 5, "currency": "XQX"}"#,
        r#"{"minor": 5, "currency": null}"#,
        r#"{"minor": 5, "currency": "KES", "more": 1}"#,
        "5",
        r#""5 KES""#,
        "[5]",
        "true",
    ] {
        let patch = json(&format!(r#"{{"amount": {amount}}}"#));
        desk.invalid(&[("amount", "mismatch")], || desk.sys.opportunities().patch(deal.id, patch));
    }
    let whole = json(r#"{"amount": {"minor": 5, "currency": "KES"}}"#);
    let amount = desk.sys.opportunities().patch(deal.id, whole).unwrap().amount;
    assert_eq!(amount, Some(Money::new(5, Currency::KES)));
}

#[test]
fn a_time_goes_with_its_zone() {
    let desk = Desk::new();
    let create = |due: &str| {
        let patch =
            json(&format!(r#"{{"title": "Call", "due": {due}}}"#)).set("customer", desk.customer.id.uuid());
        desk.sys.reminders().create_from(patch)
    };
    for due in [
        r#"{"date": "2026-03-02", "time": "09:00:00"}"#,
        r#"{"date": "2026-03-02", "zone": "Africa/Nairobi"}"#,
    ] {
        desk.invalid(&[("due", "incomplete")], || create(due));
    }
    for due in ["{}", r#"{"time": "09:00:00", "zone": "Africa/Nairobi"}"#] {
        desk.invalid(&[("due", "blank")], || create(due));
    }
    for due in [
        r#"{"date": "2026-02-30"}"#,
        r#"{"date": "2026-3-2"}"#,
        r#"{"date": "02.03.2026"}"#,
        r#"{"date": "2026-03-02", "time": "25:00:00", "zone": "UTC"}"#,
        r#"{"date": "2026-03-02", "time": "09:00:00", "zone": "Mars/Olympus"}"#,
        r#"{"date": "2026-03-02", "day": 1}"#,
        r#""tomorrow""#,
    ] {
        desk.invalid(&[("due", "mismatch")], || create(due));
    }
    desk.invalid(&[("due", "blank")], || {
        desk.sys.reminders().create(Reminder {
            customer: desk.customer.id,
            title: "Call".into(),
            ..Reminder::default()
        })
    });
}

#[test]
fn unknown_fields_and_wrong_types_are_told_all_at_once() {
    let desk = Desk::new();
    let patch = json(
        r#"{"nonsense": 1, "id": "x", "version": 2, "created_at": null, "Name": "x", "name": 5, "tags": "x",
            "status": "sleeping", "owner": "nobody", "address": [], "lead": {"priority": "urgent"}, "emails": [5]}"#,
    );
    let expected = [
        ("Name", "unknown_field"),
        ("address", "mismatch"),
        ("created_at", "unknown_field"),
        ("emails", "mismatch"),
        ("id", "unknown_field"),
        ("lead", "mismatch"),
        ("name", "mismatch"),
        ("nonsense", "unknown_field"),
        ("owner", "mismatch"),
        ("status", "mismatch"),
        ("tags", "mismatch"),
        ("version", "unknown_field"),
    ];
    let again = patch.clone();
    desk.invalid(&expected, || desk.sys.customers().patch(desk.customer.id, patch));
    desk.invalid(&expected, || desk.sys.customers().create_from(again));
    let numbers =
        json(r#"{"probability": 256, "opened_on": "2026-13-01", "closed_on": 5, "pipeline": true}"#)
            .set("customer", desk.customer.id.uuid())
            .set("name", "x");
    let expected = [
        ("closed_on", "mismatch"),
        ("opened_on", "mismatch"),
        ("pipeline", "mismatch"),
        ("probability", "mismatch"),
    ];
    desk.invalid(&expected, || desk.sys.opportunities().create_from(numbers));
    let huge = json(r#"{"name": "x", "probability": 99999999999999999999}"#)
        .set("customer", desk.customer.id.uuid());
    desk.invalid(&[("probability", "mismatch")], || desk.sys.opportunities().create_from(huge));
}

#[test]
fn all_violations_come_together_with_their_paths() {
    let desk = Desk::new();
    let error = desk.refuses("invalid", || {
        desk.sys.customers().create(Customer {
            emails: vec!["ok@b.example".into(), "no address".into()],
            phones: vec!["--".into()],
            website: Some("x".repeat(2_001)),
            ..named("\u{2003}")
        })
    });
    let mut found = violations(&error);
    found.sort_unstable();
    let expected = [
        ("emails.1.address", "syntax"),
        ("name", "blank"),
        ("phones.0.number", "syntax"),
        ("website", "too_long"),
    ];
    assert_eq!(found, expected);
    let Value::List(told) = &error.fields()["violations"] else { panic!("a list") };
    assert_eq!(told.len(), 4);
    let email = told.iter().find(|v| (*v).clone().part("field") == "emails.1.address".into()).unwrap();
    assert_eq!(email.clone().part("value"), "no address".into());
}

#[test]
fn numbers_have_their_range() {
    let desk = Desk::new();
    let (sys, customer) = (&desk.sys, desk.customer.id);
    let deal = || Opportunity { customer, name: "x".into(), ..Opportunity::default() };
    let likely = Opportunity { probability: Some(101), ..deal() };
    desk.invalid(&[("probability", "range")], || sys.opportunities().create(likely));
    let backwards = Opportunity {
        stage: "won".into(),
        opened_on: "2026-03-02".parse().ok(),
        closed_on: "2026-03-01".parse().ok(),
        ..deal()
    };
    desk.invalid(&[("closed_on", "range")], || sys.opportunities().create(backwards));
    desk.invalid(&[("fiscal_year_start", "range")], || sys.update_settings(|s| s.fiscal_year_start = 13));
    desk.invalid(&[("code_digits", "range")], || sys.update_settings(|s| s.code_digits = 0));
    desk.invalid(&[("all_day_hour", "range")], || sys.update_settings(|s| s.all_day_hour = 24));
    desk.invalid(&[("phone_region", "syntax")], || sys.update_settings(|s| s.phone_region = "K".into()));
}

#[test]
fn system_fields_are_set_by_the_library_only() {
    let desk = Desk::new();
    let (customer, agent) = (desk.customer.id, desk.login("juma"));
    let coded = || Customer { code: "C500".parse().ok(), ..named("x") };
    desk.invalid(&[("code", "system")], || agent.customers().create(coded()));
    for session in [&desk.sys, &agent] {
        desk.invalid(&[("code", "system")], || {
            session.customers().update(customer, |c| c.code = "C9".parse().ok())
        });
        desk.invalid(&[("code", "system")], || {
            session.customers().patch(customer, Patch::new().clear("code"))
        });
        let won = Opportunity {
            customer,
            name: "x".into(),
            status: crm_core::StageKind::Won,
            ..Opportunity::default()
        };
        desk.invalid(&[("status", "system")], || session.opportunities().create(won));
        let quick = Opportunity { customer, name: "x".into(), cycle_days: Some(1), ..Opportunity::default() };
        desk.invalid(&[("cycle_days", "system")], || session.opportunities().create(quick));
        let due = Due::on("2026-03-02".parse().unwrap());
        let due_at = "2026-03-02T09:00:00Z".parse().ok();
        let reminder = Reminder { customer, title: "x".into(), due, due_at, ..Reminder::default() };
        desk.invalid(&[("due_at", "system")], || session.reminders().create(reminder));
    }
    assert_eq!(
        desk.sys.customers().create(coded()).unwrap().code.as_ref().unwrap().as_str(),
        "C500",
        "an import may"
    );
}
