//! Plans: their checks, their hash, and what is suggested.

use super::{apply, dry_run, plan};
use crate::{failure, office};
use crm_core::exchange::import::{Formats, Import, Mapping, Plan, Step, sniff};
use crm_core::{CustomField, CustomFieldType, Kind, Query};

fn read(json: &str) -> Plan {
    serde_json::from_str(json).unwrap()
}

/// Protects: everything that is wrong with a plan is told at once, each with its place.
#[test]
fn a_plan_that_can_not_be_is_told() {
    assert_eq!(failure(Plan::default().check()), "invalid steps blank");
    let wrong = read(
        r#"{"steps": [{"entity": "customer", "on_match": "update", "formats": {"decimal": "x"}, "columns": [
        {"column": "a", "field": "nam"}, {"column": "a", "field": "name"}, {"column": "b", "field": "name"},
        {"column": "c", "field": "merged_into"}, {"field": "tags"}, {"column": "d", "field": "address"},
        {"column": "e", "template": "{f}", "field": "emails", "formats": {"date": "%Q"}}]},
        {"entity": "attachment", "file": "f", "columns": []},
        {"entity": "contact", "file": "f", "on_match": "skip", "match_by": ["full_name", "phones+emails", "external_ids.old"],
        "columns": [{"column": "a", "field": "emails"}]}]}"#,
    );
    let told = [
        "steps.0.file blank",
        "steps.0.match_by blank",
        "steps.0.formats syntax",
        "steps.0.columns.0.field unknown_field",
        "steps.0.columns.2.field twice",
        "steps.0.columns.3.field system",
        "steps.0.columns.4.column blank",
        "steps.0.columns.5.field unknown_field",
        "steps.0.columns.6.template mismatch",
        "steps.0.columns.6.formats syntax",
        "steps.1.entity unknown",
        "steps.1.columns blank",
        // No row would ever be found by them.
        "steps.2.match_by unmapped",
        "steps.2.match_by unmapped",
    ];
    assert_eq!(failure(wrong.check()), format!("invalid {}", told.join(", ")));
    assert_eq!(failure(Import::new(&office().admin, &Plan::default())), "invalid steps blank");
    assert!(serde_json::from_str::<Plan>(r#"{"steps": [], "stps": []}"#).is_err());
}

/// Protects: a file that is not what the plan says is told before its first row.
#[test]
fn a_file_without_its_columns_is_refused() {
    let office = office();
    let step = plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "columns": [{"column": "Name", "field": "name"},
        {"column": "phone", "field": "phones"}, {"column": "x", "field": "custom.tier"},
        {"template": "{name} {", "field": "description"}]}]}"#,
    );
    let result = super::run(&office.admin, &step, true, &|_| b"name,x\nA,1\n".to_vec()).map(drop);
    let told =
        "invalid steps.0.columns.1 missing_column, steps.0.columns.2 unknown_field, steps.0.columns.3 syntax";
    assert_eq!(failure(result), told);
    // The header is told once, and that another delimiter would make more of it.
    let step = plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "columns": [{"column": "Name", "field": "name"},
        {"column": "phone", "field": "phones"}]}]}"#,
    );
    let result = super::run(&office.admin, &step, true, &|_| b"Name;phone;x\nA;1;\n".to_vec()).map(drop);
    let told = result.unwrap_err().to_string();
    assert_eq!(told.matches("Name;phone;x").count(), 1, "{told}");
    assert!(told.contains("is ';' the delimiter?"), "{told}");
}

/// Protects: the hash is of what the plan says and not of how it is written, and stays for ever.
#[test]
fn the_hash_is_stable() {
    let one = read(
        r#"{"steps": [{"entity": "customer", "file": "f", "columns": [{"column": "a", "field": "name"}]}]}"#,
    );
    let other = read(
        r#"{"name": "", "steps": [{"columns": [{"field": "name", "column": "a"}], "on_match": "create", "file": "f",
        "layout": {"delimiter": ","}, "entity": "customer"}]}"#,
    );
    assert_eq!(one, other);
    assert_eq!(one.hash().unwrap(), other.hash().unwrap());
    assert_eq!(one.hash().unwrap(), "9712170695f6dd1fc46b3aa501582949049023957d53ed15b848ceb05ce16357");
    let again: Plan = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
    assert_eq!(again, one);
    let mut changed = one.clone();
    changed.steps[0].formats.decimal = Some(',');
    assert_ne!(changed.hash().unwrap(), one.hash().unwrap());
}

/// Protects: the columns of the programs that people come from are known, with formats where they are certain.
#[test]
fn known_columns_get_their_fields() {
    let fields = |kind, header: &str| -> Vec<String> {
        let width = header.split(',').count();
        let text = format!("{header}\n{}\n", vec!["word"; width].join(","));
        let step = sniff(text.as_bytes()).unwrap().suggest(kind, "f");
        step.columns.into_iter().map(|mapping| mapping.field).collect()
    };
    let google =
        "First Name,Last Name,Organization Name,E-mail 1 - Value,Phone 1 - Value,Address 1 - City,Shoe";
    let found = ["given_name", "family_name", "company", "emails", "phones", "address.city"];
    assert_eq!(fields(Kind::Customer, google), found);
    let outlook = "First Name,Last Name,Company,Business Street,Business City,E-mail Address,E-mail 2 Address,Mobile Phone";
    let found = [
        "given_name",
        "family_name",
        "company",
        "address.street",
        "address.city",
        "emails",
        "emails",
        "phones",
    ];
    assert_eq!(fields(Kind::Customer, outlook), found);
    let hubspot = "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status";
    let found =
        ["external_ids.hubspot", "given_name", "family_name", "emails", "phones", "owner", "lead.status"];
    assert_eq!(fields(Kind::Customer, hubspot), found);
    let salesforce = "Opportunity ID,Opportunity Name,Account Name,Stage,Amount,Close Date,Opportunity Owner";
    let found =
        ["external_ids.salesforce", "name", "customer", "stage", "amount", "expected_close_on", "owner"];
    assert_eq!(fields(Kind::Opportunity, salesforce), found);
    let pipedrive = "Deal - ID,Deal - Title,Deal - Value,Deal - Stage,Deal - Organization";
    let found = ["external_ids.pipedrive", "name", "amount", "stage", "customer"];
    assert_eq!(fields(Kind::Opportunity, pipedrive), found);
    let zoho = "First Name,Last Name,Email,Mailing Street,Mailing City,Mailing Zip,Department";
    let found = [
        "given_name",
        "family_name",
        "emails",
        "address.street",
        "address.city",
        "address.postal_code",
        "department",
    ];
    assert_eq!(fields(Kind::Contact, zoho), found);
    // What the library itself calls its fields.
    let own = "name,status,lead_status,address_postal_code,tags,created_at,merged_into";
    let found = ["name", "status", "lead.status", "address.postal_code", "tags"];
    assert_eq!(fields(Kind::Customer, own), found);
}

/// Protects: a suggestion says the formats that are certain, and leaves a day that could be two to people.
#[test]
fn a_doubtful_column_is_left_open() {
    let text =
        |second: &str| format!("Given name,Birthday,Customer\nAna,12/03/2021,Mara\nBob,{second},Mara\n");
    let step = |second: &str| sniff(text(second).as_bytes()).unwrap().suggest(Kind::Contact, "f");
    let formats = |step: &Step| step.columns[1].formats.clone();
    assert_eq!(formats(&step("05/06/2021")), Formats::default());
    let certain = Formats { date: Some("%d/%m/%Y".into()), ..Formats::default() };
    assert_eq!(formats(&step("25/06/2021")), certain);
    let office = office();
    office.customer("Mara");
    let tried = |step: Step, second: &str| {
        dry_run(&office.admin, &Plan { name: String::new(), steps: vec![step] }, &text(second)).told()
    };
    assert_eq!(tried(step("05/06/2021"), "05/06/2021"), ["2 Birthday ambiguous", "3 Birthday ambiguous"]);
    assert_eq!(tried(step("25/06/2021"), "25/06/2021"), Vec::<String>::new());
}

/// Protects: every type of custom field, parts of composites, lists, templates, other words and defaults.
#[test]
fn cells_of_every_type_arrive() {
    let office = office();
    let field = |key: &str, r#type, options: &[&str]| {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let field = CustomField { key: key.into(), r#type, options, ..CustomField::default() };
        office.admin.custom_fields().create(field).unwrap();
    };
    field("tier", CustomFieldType::Choice, &["Gold", "Silver"]);
    field("likes", CustomFieldType::Choices, &["Tea", "Coffee", "Water"]);
    field("limit", CustomFieldType::Money, &[]);
    field("score", CustomFieldType::Number, &[]);
    field("since", CustomFieldType::Date, &[]);
    field("seen", CustomFieldType::Instant, &[]);
    field("vip", CustomFieldType::Bool, &[]);
    let column = |name: &str, field: &str| Mapping {
        column: Some(name.into()),
        field: field.into(),
        ..Mapping::default()
    };
    let step = Step {
        file: "f".into(),
        formats: Formats {
            date: Some("%d.%m.%Y".into()),
            decimal: Some(','),
            currency: Some("EUR".into()),
            ..Formats::default()
        },
        columns: vec![
            Mapping { template: Some("{first} {last}".into()), field: "name".into(), ..Mapping::default() },
            column("tier", "custom.tier"),
            Mapping { separator: Some(";".into()), ..column("likes", "custom.likes") },
            column("limit", "custom.limit"),
            column("score", "custom.score"),
            column("since", "custom.since"),
            column("seen", "custom.seen"),
            column("vip", "custom.vip"),
            column("state", "lead.status"),
            Mapping { separator: Some(";".into()), ..column("tags", "tags") },
            column("city", "address.city"),
            Mapping { default: Some("Kenya".into()), ..column("country", "address.country") },
            Mapping { default: Some("business".into()), field: "kind".into(), ..Mapping::default() },
            column("erp", "external_ids.erp"),
        ],
        values: [("state".to_owned(), [("In talks".to_owned(), "contacted".to_owned())].into())].into(),
        ..Step::default()
    };
    let plan = Plan { name: String::new(), steps: vec![step] };
    let text = "first,last,tier,likes,limit,score,since,seen,vip,state,tags,city,country,erp\n\
                Ana,Abel,gold,water; tea,\"1250,50\",\"1,5\",28.09.2025,28.09.2025,yes,in talks,a;b,Nairobi,,17\n\
                Bob,,bronze,milk,x,y,2025-09-28,?,perhaps,unheard,,,,\n";
    let ran = apply(&office.admin, &plan, text);
    let wrong = ["tier", "likes", "limit", "score", "since", "seen", "vip", "state"];
    let told: Vec<String> =
        ran.told().iter().map(|told| told.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(told, wrong);
    let ana = office.admin.customers().list(&Query::new()).unwrap().items.remove(0).data;
    let json = serde_json::to_value(&ana).unwrap();
    assert_eq!(
        json["custom"].to_string(),
        r#"{"likes":["Tea","Water"],"limit":{"currency":"EUR","minor":125050},"score":1.5,"seen":"2025-09-28T00:00:00.000000Z","since":"2025-09-28","tier":"Gold","vip":true}"#
    );
    assert_eq!((ana.name.as_str(), json["lead"]["status"].as_str()), ("Ana Abel", Some("contacted")));
    let address = ana.address.as_ref().unwrap();
    assert_eq!((address.city.as_deref(), address.country.as_deref()), (Some("Nairobi"), Some("Kenya")));
    assert_eq!(
        (json["tags"].to_string(), json["kind"].as_str()),
        (r#"["a","b"]"#.to_owned(), Some("business"))
    );
    assert_eq!(office.admin.customers().by_external_id("erp", "17").unwrap().name, "Ana Abel");
}
