use crate::{Office, failure, office};
use crm_core::{
    Action, Contact, Currency, CustomField, CustomFieldType, Customer, Error, Filter, Grants, Kind, Level,
    Money, Op, Operation, Patch, Product, Query, Record, Role, Value,
};
use serde_json::json;

fn field(entity: Kind, key: &str, r#type: CustomFieldType) -> CustomField {
    let chosen = matches!(r#type, CustomFieldType::Choice | CustomFieldType::Choices);
    CustomField {
        entity,
        key: key.into(),
        r#type,
        options: if chosen { vec!["Gold".into(), "Größte".into(), "Silver".into()] } else { Vec::new() },
        target: (r#type == CustomFieldType::Reference).then_some(Kind::Contact),
        ..CustomField::default()
    }
}

/// Defines a field of customers.
fn define(office: &Office, key: &str, r#type: CustomFieldType) -> Record<CustomField> {
    office.admin.custom_fields().create(field(Kind::Customer, key, r#type)).unwrap()
}

fn json_value(value: serde_json::Value) -> Value {
    serde_json::from_value(value).unwrap()
}

fn set(key: &str, value: impl Into<Value>) -> Patch {
    Patch::new().set(format!("custom.{key}"), value)
}

fn custom(customer: &Customer) -> serde_json::Value {
    serde_json::to_value(&customer.custom).unwrap()
}

fn last(office: &Office) -> Operation {
    office.crm.changes_since(0, 1_000).unwrap().pop().unwrap()
}

fn names(office: &Office, query: &Query) -> Vec<String> {
    office.admin.customers().list(query).unwrap().into_iter().map(|customer| customer.data.name).collect()
}

#[test]
fn a_definition_says_what_can_be_said_of_its_type() {
    let office = office();
    let fields = office.admin.custom_fields();
    let text = || field(Kind::Customer, "tier", CustomFieldType::Text);
    let refused = |change: fn(&mut CustomField)| {
        let mut field = text();
        change(&mut field);
        failure(fields.create(field))
    };
    for key in ["", "Tier", "2nd", "tier-x", "größe", "_x"] {
        let wrong = fields.create(CustomField { key: key.into(), ..text() });
        assert_eq!(failure(wrong), "invalid key syntax", "{key}");
    }
    assert_eq!(refused(|field| field.entity = Kind::Sale), "invalid entity unknown");
    assert_eq!(refused(|field| field.r#type = CustomFieldType::Choice), "invalid options blank");
    assert_eq!(refused(|field| field.options = vec!["a".into()]), "invalid options unused");
    assert_eq!(refused(|field| field.r#type = CustomFieldType::Reference), "invalid target blank");
    assert_eq!(refused(|field| field.target = Some(Kind::User)), "invalid target unused");
    let twice = CustomField {
        options: vec!["a".into(), " a ".into(), "".into()],
        ..field(Kind::Customer, "tier", CustomFieldType::Choices)
    };
    assert_eq!(failure(fields.create(twice)), "invalid options.1 duplicate, options.2 duplicate");
    assert_eq!(refused(|field| field.path = "customer.other".into()), "invalid path system");

    let tier = fields.create(text()).unwrap();
    assert_eq!((tier.label.as_str(), tier.path.as_str()), ("tier", "customer.tier"));
    assert_eq!(failure(fields.create(text())), "duplicate", "one definition has a key");
    fields.create(CustomField { entity: Kind::Product, ..text() }).unwrap();
    let agent = office.user("juma", "agent", None);
    assert_eq!(agent.custom_fields().list(&Query::new()).unwrap().items.len(), 2, "everybody sees them");
    assert_eq!(failure(agent.custom_fields().create(text())), "denied");
    assert_eq!(failure(agent.custom_fields().update(tier.id, |field| field.required = true)), "denied");
}

#[test]
fn a_value_has_the_one_form_of_its_type_or_is_refused() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let contact = office.contact(customer, "Njeri").id.to_string();
    let contact = contact.as_str();
    let (same, wrong) = (json!("as given"), json!(null));
    use CustomFieldType as Type;
    let cases = [
        (Type::Text, json!("  Größe "), json!("Größe")),
        (Type::Text, json!(5), wrong.clone()),
        (Type::Text, json!(["a"]), wrong.clone()),
        (Type::Number, json!(3), same.clone()),
        (Type::Number, json!(-2.5), same.clone()),
        (Type::Number, json!("2.50"), json!(2.5)),
        (Type::Number, json!("7.000"), json!(7)),
        (Type::Number, json!("999999999.999999"), json!(999_999_999.999_999)),
        (Type::Number, json!("many"), wrong.clone()),
        (Type::Number, json!(true), wrong.clone()),
        (Type::Number, json!("9999999999.999999"), wrong.clone()),
        (Type::Number, json!("0.0000001"), wrong.clone()),
        (Type::Money, json!({"minor": 1250, "currency": "KES"}), same.clone()),
        (Type::Money, json!({"minor": 1250}), wrong.clone()),
        (Type::Money, json!(12.5), wrong.clone()),
        (Type::Date, json!("2026-03-02"), same.clone()),
        (Type::Date, json!("2026-02-30"), wrong.clone()),
        (Type::Date, json!("2.3.2026"), wrong.clone()),
        (Type::Instant, json!("2026-03-02T09:00:00+03:00"), json!("2026-03-02T06:00:00.000000Z")),
        (Type::Instant, json!("2026-03-02T06:00:00.1234567Z"), json!("2026-03-02T06:00:00.123456Z")),
        (Type::Instant, json!("2026-03-02"), wrong.clone()),
        (Type::Bool, json!(false), same.clone()),
        (Type::Bool, json!("yes"), wrong.clone()),
        (Type::Choice, json!("GROSSTE"), json!("Größte")),
        (Type::Choice, json!("tin"), wrong.clone()),
        (Type::Choices, json!(["silver", "Gold", "SILVER"]), json!(["Gold", "Silver"])),
        (Type::Choices, json!(["gold", "tin"]), wrong.clone()),
        (Type::Choices, json!("gold"), wrong.clone()),
        (Type::Url, json!("https://mara.example/a?b"), same.clone()),
        (Type::Url, json!("mara.example"), wrong.clone()),
        (Type::Url, json!("https://"), wrong.clone()),
        (Type::Url, json!("https://mara example"), wrong.clone()),
        (Type::Email, json!("Info@Mara.example"), same.clone()),
        (Type::Email, json!("nobody"), wrong.clone()),
        (Type::Phone, json!("+254 722 000001"), same.clone()),
        (Type::Phone, json!("call me"), wrong.clone()),
        (Type::Reference, json!(contact), same.clone()),
        (Type::Reference, json!("Njeri"), wrong.clone()),
    ];
    for r#type in Type::ALL {
        define(&office, r#type.as_str(), *r#type);
    }
    for (r#type, given, wanted) in cases {
        let patched =
            office.admin.customers().patch(customer, set(r#type.as_str(), json_value(given.clone())));
        if wanted == wrong {
            assert_eq!(failure(patched), format!("invalid custom.{type} mismatch"), "{given}");
            continue;
        }
        let wanted = if wanted == same { given.clone() } else { wanted };
        assert_eq!(custom(&patched.unwrap())[r#type.as_str()], wanted, "{type} {given}");
    }
    let stranger = office.customer("Stranger").id;
    let other = office.admin.customers().patch(customer, set("reference", stranger));
    assert_eq!(failure(other), "invalid custom.reference unknown", "it leads to another kind");
    let blank = office.admin.customers().patch(customer, set("text", "   ")).unwrap();
    assert!(blank.custom.get("text").is_none(), "what is blank is absent");
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn what_is_wrong_with_custom_fields_is_told_at_once_and_with_the_rest() {
    let office = office();
    define(&office, "tier", CustomFieldType::Choice);
    define(&office, "score", CustomFieldType::Number);
    let mut customer = Customer::default();
    customer.custom.set("tier", "tin");
    customer.custom.set("score", "x".repeat(70_000));
    customer.custom.set("nothing", true);
    let told = failure(office.admin.customers().create(customer));
    assert_eq!(
        told,
        "invalid custom.score too_long, custom.nothing unknown_field, custom.tier mismatch, name blank"
    );
    let two_kinds =
        office.admin.products().create_from(Patch::new().set("name", "Tea").set("custom.tier", "Gold"));
    assert!(failure(two_kinds).starts_with("invalid custom.tier unknown_field"), "it is one of customers");
    let nested = office.admin.customers().create_from(Patch::new().set("name", "Tea").set("custom", "Gold"));
    assert_eq!(failure(nested), "invalid custom mismatch");
}

#[test]
fn a_patch_names_single_custom_fields_in_either_way() {
    let office = office();
    for key in ["one", "two", "three"] {
        define(&office, key, CustomFieldType::Text);
    }
    let customers = office.admin.customers();
    let patch = |json: serde_json::Value| serde_json::from_value::<Patch>(json).unwrap();
    let created = customers.create_from(patch(json!({"name": "Tea", "custom": {"one": "1", "two": "2"}})));
    let id = created.unwrap().id;
    let kept = customers.patch(id, patch(json!({"custom": {"two": "II", "three": "3"}}))).unwrap();
    assert_eq!(custom(&kept), json!({"one": "1", "two": "II", "three": "3"}));
    let dotted = customers.patch(id, patch(json!({"custom.one": null, "custom": {"two": null}}))).unwrap();
    assert_eq!(custom(&dotted), json!({"three": "3"}));
    assert_eq!(customers.patch(id, patch(json!({"custom": {}}))).unwrap().version, dotted.version);
    assert_eq!(custom(&customers.patch(id, patch(json!({"custom": null}))).unwrap()), json!({}));
}

#[test]
fn new_records_need_what_is_required_and_nobody_may_clear_it() {
    let office = office();
    let before = office.customer("Before").id;
    let tier = define(&office, "tier", CustomFieldType::Choice);
    let fields = office.admin.custom_fields();
    fields.update(tier.id, |tier| tier.required = true).unwrap();
    let customers = office.admin.customers();
    let without = customers.create(Customer { name: "Without".into(), ..Customer::default() });
    assert_eq!(failure(without), "invalid custom.tier blank");
    let wrong = customers.create_from(set("tier", "tin").set("name", "Wrong"));
    assert_eq!(failure(wrong), "invalid custom.tier mismatch", "what is wrong is not blank besides");
    let with = customers.create_from(set("tier", "gold").set("name", "With")).unwrap().id;
    assert_eq!(
        failure(customers.patch(with, Patch::new().clear("custom.tier"))),
        "invalid custom.tier blank"
    );
    assert_eq!(failure(customers.update(with, |c| c.custom.clear("tier"))), "invalid custom.tier blank");
    // Who was there before goes on without it, until he has it.
    customers.update(before, |customer| customer.website = Some("https://x.example".into())).unwrap();
    customers.patch(before, set("tier", "silver")).unwrap();
    assert_eq!(failure(customers.patch(before, Patch::new().clear("custom"))), "invalid custom.tier blank");
    // Nor by a way round: neither undo nor an inactive field asks for it.
    assert_eq!(failure(office.admin.undo(last(&office).id)), "invalid custom.tier blank");
    fields.update(tier.id, |tier| tier.active = false).unwrap();
    customers.create(Customer { name: "Without".into(), ..Customer::default() }).unwrap();
    customers.patch(with, Patch::new().clear("custom.tier")).unwrap();
}

#[test]
fn an_inactive_field_keeps_shows_and_finds_its_values_and_takes_no_new_ones() {
    let office = office();
    let tier = define(&office, "tier", CustomFieldType::Text);
    let customers = office.admin.customers();
    let (gold, other) = (office.customer("Gold").id, office.customer("Other").id);
    customers.patch(gold, set("tier", "glittering")).unwrap();
    office.admin.custom_fields().update(tier.id, |tier| tier.active = false).unwrap();
    assert_eq!(failure(customers.patch(other, set("tier", "new"))), "invalid custom.tier inactive");
    assert_eq!(failure(customers.patch(gold, set("tier", "new"))), "invalid custom.tier inactive");
    let changed = customers.update(gold, |customer| customer.company = Some("Mara Group".into())).unwrap();
    assert_eq!(custom(&changed), json!({"tier": "glittering"}));
    assert_eq!(names(&office, &Query::new().filter(Filter::starts_with("custom.tier", "glit"))), ["Gold"]);
    assert_eq!(names(&office, &Query::new().order_by(["custom.tier"])), ["Gold", "Other"]);
    assert_eq!(customers.search("glittering", 5).unwrap().len(), 1);
    customers.patch(gold, set("tier", "glittering")).unwrap();
    customers.patch(gold, Patch::new().clear("custom.tier")).unwrap();
    assert_eq!(failure(office.admin.undo(last(&office).id)), "invalid custom.tier inactive");
}

#[test]
fn lists_filter_and_sort_by_custom_fields_as_by_others() {
    let office = office();
    use CustomFieldType as Type;
    for r#type in
        [Type::Text, Type::Number, Type::Money, Type::Date, Type::Bool, Type::Choices, Type::Instant]
    {
        define(&office, r#type.as_str(), r#type);
    }
    let customers = office.admin.customers();
    let create = |name: &str, values: serde_json::Value| {
        let patch = Patch::new().set("name", name).set("custom", json_value(values));
        customers.create_from(patch).unwrap()
    };
    let kes = |minor: i64| json!({"minor": minor, "currency": "KES"});
    create(
        "a",
        json!({"text": "Éva", "number": 10, "money": kes(900), "date": "2026-03-02", "bool": true,
               "choices": ["gold", "silver"], "instant": "2026-03-02T06:00:00Z"}),
    );
    create(
        "b",
        json!({"text": "eva x", "number": 9.5, "money": kes(1_000), "date": "2025-12-31", "bool": false,
               "choices": ["Silver"], "instant": "2026-03-02T06:00:00.5+01:00"}),
    );
    create("c", json!({"number": -1, "money": {"minor": 5, "currency": "EUR"}}));
    let found = |field: &str, op: Op, value: serde_json::Value| {
        let filter = Filter::Test { field: format!("custom.{field}"), op, value: json_value(value) };
        let found = |filter| names(&office, &Query::new().filter(filter).order_by(["name"])).concat();
        let (yes, no) = (found(filter.clone()), found(!filter));
        assert_eq!(yes.len() + no.len(), 3, "a filter is true or false");
        yes
    };
    assert_eq!(found("text", Op::Is, json!("EVA")), "a");
    assert_eq!(found("text", Op::IsNot, json!("EVA")), "bc");
    assert_eq!(found("text", Op::StartsWith, json!("év")), "ab");
    assert_eq!(found("text", Op::Contains, json!("x")), "b");
    assert_eq!(found("text", Op::In, json!(["eva", "nobody"])), "a");
    assert_eq!(found("text", Op::IsEmpty, json!(null)), "c");
    assert_eq!(found("number", Op::Less, json!(10)), "bc");
    assert_eq!(found("number", Op::Between, json!([9.5, "10"])), "ab");
    assert_eq!(found("number", Op::Is, json!("9.50")), "b");
    assert_eq!(found("money", Op::AtLeast, kes(901)), "b");
    assert_eq!(found("money", Op::IsNot, kes(900)), "bc");
    assert_eq!(found("date", Op::AtMost, json!("2026-01-01")), "b");
    assert_eq!(found("bool", Op::Is, json!(false)), "b");
    assert_eq!(found("bool", Op::IsNot, json!(true)), "bc");
    assert_eq!(found("choices", Op::Contains, json!("GOLD")), "a");
    assert_eq!(found("choices", Op::In, json!(["gold", "silver"])), "ab");
    assert_eq!(found("choices", Op::IsNot, json!("gold")), "bc");
    assert_eq!(found("choices", Op::IsEmpty, json!(null)), "c");
    assert_eq!(found("instant", Op::Less, json!("2026-03-02T06:00:00Z")), "b");
    assert_eq!(found("instant", Op::Is, json!("2026-03-02T09:00:00+03:00")), "a");
    let sorted = |key: &str| names(&office, &Query::new().order_by([key])).concat();
    assert_eq!(sorted("custom.text"), "abc");
    assert_eq!(sorted("-custom.text"), "bac");
    assert_eq!(sorted("custom.number"), "cba");
    assert_eq!(sorted("-custom.number"), "abc");
    assert_eq!(sorted("custom.money"), "cab");
    assert_eq!(sorted("-custom.date"), "abc");
    assert_eq!(sorted("custom.bool"), "bac");
    assert_eq!(sorted("custom.instant"), "bac");
    let refused = |query: &Query| failure(customers.list(query));
    assert_eq!(refused(&Query::new().order_by(["custom.choices"])), "invalid order not_sortable");
    assert_eq!(refused(&Query::new().order_by(["custom"])), "invalid order not_sortable");
    assert_eq!(refused(&Query::new().order_by(["custom.other"])), "invalid order unknown_field");
    assert_eq!(refused(&Query::new().filter(Filter::is_empty("custom"))), "invalid custom not_filterable");
    assert_eq!(refused(&Query::new().filter(Filter::is("custom.x", 1))), "invalid custom.x unknown_field");
    assert_eq!(
        refused(&Query::new().filter(Filter::is("custom.number", "many"))),
        "invalid custom.number mismatch"
    );
    assert_eq!(
        refused(&Query::new().filter(Filter::less("custom.choices", "a"))),
        "invalid custom.choices operator"
    );
}

/// As built-in choices are: in the order of the options, whatever their letters, and only by what is one.
#[test]
fn a_custom_choice_sorts_by_its_options() {
    let office = office();
    let options = ["Low", "Élevé", "high"].map(str::to_owned).to_vec();
    let level = CustomField { options, ..field(Kind::Customer, "level", CustomFieldType::Choice) };
    let level = office.admin.custom_fields().create(level).unwrap().id;
    for (name, level) in [("a", "high"), ("b", "low"), ("c", "eleve")] {
        let id = office.customer(name).id;
        office.admin.customers().patch(id, set("level", level)).unwrap();
    }
    office.customer("d");
    let sorted = |key: &str| {
        let mut query = Query::new().order_by([key]).page_size(1);
        let mut found = String::new();
        while let Ok(page) = office.admin.customers().list(&query) {
            found += &page.items[0].name;
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        found
    };
    assert_eq!((sorted("custom.level"), sorted("-custom.level")), ("bcad".into(), "acbd".into()));
    let found = |filter: Filter| names(&office, &Query::new().filter(filter).order_by(["name"])).concat();
    assert_eq!(found(Filter::is("custom.level", "ELEVE")), "c");
    assert_eq!(found(Filter::is_not("custom.level", "low")), "acd");
    assert_eq!(found(Filter::at_least("custom.level", "eleve")), "ac");
    assert_eq!(found(Filter::contains("custom.level", "e")), "c");
    assert_eq!(found(Filter::is_empty("custom.level")), "d");
    let refused = |filter: Filter| failure(office.admin.customers().list(&Query::new().filter(filter)));
    assert_eq!(refused(Filter::is("custom.level", "lowest")), "invalid custom.level mismatch");
    assert_eq!(refused(Filter::is_in("custom.level", ["low", "x"])), "invalid custom.level mismatch");
    // What is stored of an option that was removed comes after the others.
    let fewer = |level: &mut CustomField| level.options = vec!["high".into(), "Élevé".into()];
    office.admin.custom_fields().update(level, fewer).unwrap();
    assert_eq!((sorted("custom.level"), sorted("-custom.level")), ("acbd".into(), "bcad".into()));
}

/// Phone numbers and e-mail addresses of custom fields are compared as the library's own are, in any form.
#[test]
fn custom_phones_and_emails_are_found_in_any_form() {
    let office = office();
    define(&office, "line", CustomFieldType::Phone);
    define(&office, "mail", CustomFieldType::Email);
    office.admin.update_settings(|settings| settings.phone_region = "KE".into()).unwrap();
    let customers = office.admin.customers();
    let (mara, tea) = (office.customer("Mara").id, office.customer("Tea").id);
    office.customer("None");
    customers.patch(mara, set("line", "0722 000 001").set("custom.mail", "Njeri@Mara.example")).unwrap();
    customers.patch(tea, set("line", "+254 (733) 000 002")).unwrap();
    let finds = |filter: Filter, wanted: &[&str]| {
        let query = Query::new().filter(filter.clone()).order_by(["name"]);
        assert_eq!(names(&office, &query), wanted, "{filter:?}");
    };
    for text in ["+254722000001", "0722-000-001", "+254 722 000001"] {
        finds(Filter::is("custom.line", text), &["Mara"]);
    }
    finds(Filter::is_not("custom.line", "0722000001"), &["None", "Tea"]);
    finds(Filter::is_in("custom.line", ["0722000001", "0733000002"]), &["Mara", "Tea"]);
    finds(Filter::is_in("custom.line", vec![Value::Null, "0733000002".into()]), &["None", "Tea"]);
    finds(Filter::starts_with("custom.line", "0733"), &["Tea"]);
    finds(Filter::contains("custom.line", "000 00"), &["Mara", "Tea"]);
    finds(Filter::is_empty("custom.line"), &["None"]);
    finds(Filter::is("custom.line", Value::Null), &["None"]);
    finds(Filter::is("custom.mail", "NJERI@mara.EXAMPLE"), &["Mara"]);
    finds(Filter::contains("custom.mail", "@MARA"), &["Mara"]);
    finds(Filter::is_empty("custom.mail"), &["None", "Tea"]);
    // What is stored follows the region, and a change, the trash and undo take the keys along.
    office.admin.update_settings(|settings| settings.phone_region = "UG".into()).unwrap();
    finds(Filter::is("custom.line", "+256722000001"), &["Mara"]);
    finds(Filter::is("custom.line", "+254722000001"), &[]);
    finds(Filter::is("custom.line", "+254733000002"), &["Tea"]);
    customers.patch(tea, set("line", "0733 000 003")).unwrap();
    finds(Filter::is("custom.line", "+254733000002"), &[]);
    office.admin.undo(last(&office).id).unwrap();
    finds(Filter::is("custom.line", "+254733000002"), &["Tea"]);
    customers.delete(tea).unwrap();
    finds(Filter::is("custom.line", "+254733000002"), &[]);
    customers.restore(tea).unwrap();
    finds(Filter::is("custom.line", "+254733000002"), &["Tea"]);
}

#[test]
fn a_filter_hops_to_custom_fields_of_what_a_record_refers_to() {
    let office = office();
    define(&office, "tier", CustomFieldType::Choice);
    let (gold, other) = (office.customer("Gold").id, office.customer("Other").id);
    office.admin.customers().patch(gold, set("tier", "gold")).unwrap();
    office.contact(gold, "Njeri");
    office.contact(other, "Juma");
    let of_gold = Query::new().filter(Filter::is("customer.custom.tier", "gold"));
    let found = office.admin.contacts().list(&of_gold).unwrap().items;
    assert_eq!(found.iter().map(|contact| contact.given_name.as_str()).collect::<Vec<_>>(), ["Njeri"]);
}

#[test]
fn search_finds_the_words_of_custom_fields() {
    let office = office();
    define(&office, "motto", CustomFieldType::Text);
    define(&office, "topics", CustomFieldType::Choices);
    let id = office.customer("Mara Tea").id;
    let patch = set("motto", "Früh übt sich").set("custom.topics", vec!["gold".into()]);
    office.admin.customers().patch(id, patch).unwrap();
    assert_eq!(office.admin.search("fruh mara", 5).unwrap().len(), 1);
    assert_eq!(office.admin.search("gold", 5).unwrap().len(), 1);
    office.admin.customers().patch(id, Patch::new().clear("custom.motto")).unwrap();
    assert_eq!(office.admin.search("fruh", 5).unwrap(), []);
}

#[test]
fn conflicts_are_between_writers_of_the_same_custom_field() {
    let office = office();
    define(&office, "tier", CustomFieldType::Text);
    define(&office, "score", CustomFieldType::Number);
    let customers = office.admin.customers();
    let mine = customers.create_from(set("tier", "old").set("name", "Tea")).unwrap();
    customers.patch(mine.id, set("score", 1)).unwrap();
    // The other one's key is another.
    customers.patch_at(mine.id, mine.version, set("tier", "mine")).unwrap();
    let stale = customers.patch_at(mine.id, mine.version, set("tier", "theirs").set("company", "X"));
    let Error::Conflict { fields, version, .. } = stale.unwrap_err() else { panic!("a conflict") };
    assert_eq!(fields, [("custom.tier".to_owned(), Value::from("mine"))]);
    assert_eq!(version, 3);

    let mut copy = mine.clone();
    copy.data.custom.set("motto", "x");
    define(&office, "motto", CustomFieldType::Text);
    let replaced = customers.replace(copy).unwrap();
    assert_eq!(custom(&replaced), json!({"tier": "mine", "score": 1, "motto": "x"}), "only his own key");
    let mut copy = mine;
    copy.data.custom.clear("tier");
    let Error::Conflict { fields, .. } = customers.replace(copy).unwrap_err() else { panic!("a conflict") };
    assert_eq!(fields, [("custom.tier".to_owned(), Value::from("mine"))]);
}

#[test]
fn history_names_each_custom_field_and_undo_takes_back_each_by_itself() {
    let office = office();
    define(&office, "tier", CustomFieldType::Text);
    define(&office, "score", CustomFieldType::Number);
    let customers = office.admin.customers();
    let id = customers.create_from(set("tier", "old").set("name", "Tea")).unwrap().id;
    customers.patch(id, set("tier", "new")).unwrap();
    let tier = last(&office);
    assert_eq!(tier.changes[0].before["custom.tier"], Value::from("old"));
    assert_eq!(tier.changes[0].after["custom.tier"], Value::from("new"));
    assert_eq!(tier.changes[0].fields().collect::<Vec<_>>(), ["custom.tier"]);
    assert_eq!(customers.history(id).unwrap().pop().unwrap(), tier);
    customers.patch(id, set("score", json_value(json!(2.5)))).unwrap();
    let score = last(&office);
    assert!(score.changes[0].before.is_empty());
    // What came after it is another field.
    office.admin.undo(tier.id).unwrap();
    assert_eq!(custom(&customers.get(id).unwrap()), json!({"tier": "old", "score": 2.5}));
    customers.patch(id, set("score", 3)).unwrap();
    assert_eq!(failure(office.admin.undo(score.id)), "refused changed_since");
    office.admin.undo(last(&office).id).unwrap();
    assert_eq!(custom(&customers.get(id).unwrap()), json!({"tier": "old", "score": 2.5}));
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn kind_key_and_type_of_a_definition_stay() {
    let office = office();
    let fields = office.admin.custom_fields();
    let (tier, friend) = (
        define(&office, "tier", CustomFieldType::Choice).id,
        define(&office, "friend", CustomFieldType::Reference).id,
    );
    assert_eq!(failure(fields.update(tier, |f| f.key = "other".into())), "refused custom_field_stays");
    assert_eq!(failure(fields.update(tier, |f| f.entity = Kind::Product)), "refused custom_field_stays");
    assert_eq!(
        failure(fields.update(tier, |f| f.r#type = CustomFieldType::Choices)),
        "refused custom_field_stays"
    );
    assert_eq!(
        failure(fields.update(friend, |f| f.target = Some(Kind::Customer))),
        "refused custom_field_stays"
    );
    let customers = office.admin.customers();
    let id = customers.create_from(set("tier", "gold").set("name", "Tea")).unwrap().id;
    let renamed = fields.update(tier, |f| {
        f.label = "Stufe".into();
        f.options = vec!["Silver".into(), "Bronze".into()];
    });
    assert_eq!(renamed.unwrap().label, "Stufe");
    let changed = customers.update(id, |customer| customer.company = Some("Mara Group".into())).unwrap();
    assert_eq!(custom(&changed), json!({"tier": "Gold"}), "an option that was removed stays where it is");
    let other = office.customer("Other").id;
    assert_eq!(failure(customers.patch(other, set("tier", "gold"))), "invalid custom.tier mismatch");
}

#[test]
fn a_definition_is_deleted_when_no_record_has_a_value_of_it() {
    let office = office();
    let fields = office.admin.custom_fields();
    let score = define(&office, "score", CustomFieldType::Number).id;
    let customers = office.admin.customers();
    let id = customers.create_from(set("score", 5).set("name", "Tea")).unwrap().id;
    assert_eq!(failure(fields.delete(score)), "refused custom_field_stays");
    customers.delete(id).unwrap();
    assert_eq!(failure(fields.delete(score)), "refused custom_field_stays", "the trash has one");
    customers.restore(id).unwrap();
    customers.patch(id, Patch::new().clear("custom.score")).unwrap();
    let cleared = last(&office).id;
    fields.delete(score).unwrap();
    assert_eq!(failure(customers.patch(id, set("score", 6))), "invalid custom.score unknown_field");
    assert_eq!(failure(office.admin.undo(cleared)), "invalid custom.score unknown_field");
    // The key is free for another; the old values are still not its own.
    define(&office, "score", CustomFieldType::Text);
    assert_eq!(failure(office.admin.undo(cleared)), "invalid custom.score mismatch");
    assert_eq!(failure(fields.restore(score)), "duplicate");
    customers.patch(id, set("score", "high")).unwrap();
    assert_eq!(customers.history(id).unwrap().len(), 5, "the journal keeps what was");
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn a_definition_holds_from_the_next_step_of_the_same_batch_on() {
    let office = office();
    let mut batch = office.admin.batch();
    let tier = batch.create(field(Kind::Customer, "tier", CustomFieldType::Text)).unwrap();
    let mut customer = Customer { name: "Tea".into(), ..Customer::default() };
    customer.custom.set("tier", "gold");
    let id = batch.create(customer.clone()).unwrap();
    batch.update::<CustomField>(tier, |tier| tier.active = false);
    batch.run().unwrap();
    assert_eq!(custom(&office.admin.customers().get(id).unwrap()), json!({"tier": "gold"}));
    let mut batch = office.admin.batch();
    batch.patch::<Customer>(id, Patch::new().clear("custom.tier"));
    batch.delete::<CustomField>(tier);
    batch.create(customer).unwrap();
    assert_eq!(failure(batch.run()), "invalid steps.2.custom.tier unknown_field");
}

#[test]
fn a_reference_to_what_is_not_seen_looks_like_one_to_nothing() {
    let office = office();
    define(&office, "friend", CustomFieldType::Reference);
    let mut grants = Grants::of_all_kinds(Action::ALL, Level::Own);
    grants.grant(Kind::CustomField, Action::View, Level::All);
    office.admin.roles().create(Role { key: "own".into(), grants, ..Role::default() }).unwrap();
    let own = office.user("juma", "own", None);
    let theirs = office.contact(office.customer("Theirs").id, "Njeri").id;
    let mine = own.customers().create(Customer { name: "Mine".into(), ..Customer::default() }).unwrap().id;
    let contact = Contact { customer: mine, given_name: "Amina".into(), ..Contact::default() };
    let contact = own.contacts().create(contact).unwrap().id;
    own.customers().patch(mine, set("friend", contact)).unwrap();
    let unseen = own.customers().patch(mine, set("friend", theirs));
    assert_eq!(failure(unseen), "invalid custom.friend unknown");
    // One that somebody else set stays, whoever changes the rest.
    office.admin.customers().patch(mine, set("friend", theirs)).unwrap();
    own.customers().update(mine, |customer| customer.company = Some("Mara Group".into())).unwrap();
    office.admin.contacts().delete(contact).unwrap();
    let trashed = office.admin.customers().patch(mine, set("friend", contact));
    assert_eq!(failure(trashed), "invalid custom.friend unknown");
}

#[test]
fn products_contacts_and_deals_have_custom_fields_too() {
    let office = office();
    for kind in CustomField::KINDS {
        office.admin.custom_fields().create(field(*kind, "note", CustomFieldType::Text)).unwrap();
    }
    let customer = office.customer("Mara Tea").id;
    let deal = office.deal(customer).id;
    let contact = office.contact(customer, "Njeri").id;
    let product =
        Product { name: "Tea".into(), price: Some(Money::new(1, Currency::KES)), ..Product::default() };
    let product = office.admin.products().create(product).unwrap().id;
    let value = Value::from("hot");
    let is_hot = Query::new().filter(Filter::is("custom.note", "HOT"));
    office.admin.customers().patch(customer, set("note", value.clone())).unwrap();
    office.admin.contacts().patch(contact, set("note", value.clone())).unwrap();
    office.admin.opportunities().patch(deal, set("note", value.clone())).unwrap();
    office.admin.products().patch(product, set("note", value)).unwrap();
    assert_eq!(office.admin.contacts().count(&is_hot).unwrap(), 1);
    assert_eq!(office.admin.opportunities().count(&is_hot).unwrap(), 1);
    assert_eq!(office.admin.products().count(&is_hot).unwrap(), 1);
    assert_eq!(office.admin.search("hot", 5).unwrap().len(), 4);
    let sales = office.admin.sales().list(&is_hot);
    assert_eq!(failure(sales), "invalid custom.note unknown_field", "sales have none");
}
