//! Running imports: chunks, taking up again, undo, rights, links between files.

use super::{apply, dry_run, plan, run};
use crate::{failure, office};
use crm_core::exchange::import::{Import, Plan, RowAction, undo_import};
use crm_core::{Contact, Customer, Opportunity, Query, Session};
use std::ops::ControlFlow;

fn customers() -> Plan {
    plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "match_by": ["external_ids.erp"], "on_match": "update",
        "columns": [{"column": "id", "field": "external_ids.erp"}, {"column": "name", "field": "name"}]}]}"#,
    )
}

fn rows(count: usize) -> String {
    let rows: String = (0..count).map(|n| format!("{n},Customer {n}\n")).collect();
    format!("id,name\n{rows}")
}

fn count(session: &Session) -> u64 {
    session.customers().count(&Query::new()).unwrap()
}

/// Protects: an update is taken back to what was before, and a change made since stands against it.
#[test]
fn undo_gives_back_what_was_before() {
    let office = office();
    apply(&office.admin, &customers(), "id,name\n1,Old\n");
    let ran = apply(&office.admin, &customers(), "id,name\n1,New\n2,Second\n");
    let import = ran.report.import.unwrap();
    let new = office.admin.customers().by_external_id("erp", "1").unwrap();
    assert_eq!(new.name, "New");
    office.admin.customers().update(new.id, |customer| customer.name = "Newer".into()).unwrap();
    let result = undo_import(&office.admin, import, &mut |_| ControlFlow::Continue(()));
    assert_eq!(failure(result), "refused changed_since");
    let newest = office.admin.last_operation().unwrap().unwrap();
    office.admin.undo(newest.id).unwrap();
    undo_import(&office.admin, import, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(office.admin.customers().by_external_id("erp", "1").unwrap().name, "Old");
    assert_eq!(count(&office.admin), 1);
}

/// Protects: an undo that was itself taken back is no undo: the import can be taken back again.
#[test]
fn an_import_is_taken_back_again_after_its_undo_was() {
    let office = office();
    let ran = apply(&office.admin, &customers(), &rows(3));
    let import = ran.report.import.unwrap();
    let take_back = || undo_import(&office.admin, import, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(take_back().operations, 1);
    assert_eq!((take_back().operations, count(&office.admin)), (0, 0));
    office.admin.undo(office.admin.last_operation().unwrap().unwrap().id).unwrap();
    assert_eq!(count(&office.admin), 3);
    assert_eq!((take_back().operations, count(&office.admin)), (1, 0));
}

/// Protects: a row that fails after it wrote leaves nothing: no record, no number of a code, no change in the journal.
#[test]
fn a_refused_row_leaves_nothing() {
    let office = office();
    let plan = plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "columns": [{"column": "name", "field": "name"},
        {"column": "email", "field": "emails"}]}]}"#,
    );
    let ran = apply(&office.admin, &plan, "name,email\nA,a@x.com\nB,A@x.com\nC,c@x.com\n");
    assert_eq!(ran.told(), ["3 email duplicate"]);
    let found = office.admin.customers().list(&Query::new().order_by(["code"])).unwrap().items;
    let codes: Vec<_> = found.iter().map(|c| (c.name.as_str(), c.code.as_ref().unwrap().as_str())).collect();
    assert_eq!(codes, [("A", "C001"), ("C", "C002")]);
    assert_eq!(office.admin.last_operation().unwrap().unwrap().changes.len(), 2);
    assert!(office.crm.check().unwrap().is_clean());
}

/// Protects: an import does what its user may do, finds what he sees, and is his own.
#[test]
fn rights_hold_in_an_import() {
    let office = office();
    let (viewer, agent, other) =
        (office.user("v", "viewer", None), office.user("a", "agent", None), office.user("b", "agent", None));
    let result = run(&viewer, &customers(), false, &|_| rows(1).into_bytes()).map(drop);
    assert_eq!(failure(result), "denied");
    let ran = apply(&agent, &customers(), &rows(1));
    let import = ran.report.import.unwrap();
    let continues = &mut |_| ControlFlow::Continue(());
    assert_eq!(failure(undo_import(&other, import, continues)), "not_found");
    assert_eq!(failure(Import::resume(&other, &customers(), import)), "not_found");
    assert_eq!(failure(undo_import(&viewer, import, continues)), "not_found");
    // Codes are the library's: a user matches by them and never gives them.
    let by_code = plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "match_by": ["code"], "on_match": "update", "columns": [
        {"column": "code", "field": "code"}, {"column": "name", "field": "name"}]}]}"#,
    );
    let ran = apply(&agent, &by_code, "code,name\nC001,By code\nC900,New\n");
    assert_eq!(
        (ran.actions(), ran.told()),
        (vec![RowAction::Updated, RowAction::Failed], vec!["3 code system".into()])
    );
    let ran = apply(&office.crm.system("migration"), &by_code, "code,name\nC900,New\n");
    assert_eq!(ran.actions(), [RowAction::Created]);
    let past = office.admin.as_of(office.admin.now());
    assert_eq!(failure(run(&past, &customers(), false, &|_| rows(1).into_bytes()).map(drop)), "read_only");
    undo_import(&office.admin, import, &mut |_| ControlFlow::Continue(())).unwrap_err();
}

const LINKED: &str = r#"{"steps": [
    {"entity": "customer", "text": "name\nNobody\n", "match_by": ["name"], "on_match": "skip",
     "columns": [{"column": "name", "field": "name"}]},
    {"entity": "customer", "file": "accounts", "columns": [{"column": "account", "field": "name"}]},
    {"entity": "customer", "file": "accounts", "match_by": ["name"], "on_match": "update", "on_new": "fail",
     "columns": [{"column": "account", "field": "name"}, {"column": "parent", "field": "parent"}]},
    {"entity": "contact", "file": "people", "match_by": ["customer+given_name"], "on_match": "update", "columns": [
     {"column": "who", "field": "given_name"}, {"column": "role", "field": "position"},
     {"column": "account", "field": "customer", "by": ["name"], "default": "Nobody"}],
     "values": {"account": {"Acme": "Acme Corporation"}}}]}"#;

/// Protects: files that refer to each other, and to themselves, in one plan; what is not there is told, and other words for it
/// are the plan's.
#[test]
fn linked_files_find_each_other() {
    let office = office();
    let file = |name: &str| {
        let text = match name {
            "accounts" => "account,parent\nChild,Acme Corporation\nAcme Corporation,\nGrandchild,Child\n",
            _ => {
                "who,account,role\nAna,acme,Boss\nBob,,Cook\nCid,Acme Inc,\nAna,Acme Corporation,Owner\nAna,Child,\n"
            }
        };
        text.as_bytes().to_vec()
    };
    let tried = run(&office.admin, &plan(LINKED), true, &file).unwrap();
    assert_eq!(count(&office.admin), 0);
    let ran = run(&office.admin, &plan(LINKED), false, &file).unwrap();
    assert_eq!((tried.actions(), tried.told()), (ran.actions(), ran.told()));
    assert_eq!(ran.told(), ["4 account unknown"]);
    assert!(ran.rows.iter().any(|row| row.problems.iter().any(|p| p.value == "Acme Inc")));
    let found = office.admin.customers().list(&Query::new()).unwrap().items;
    let name = |id| found.iter().find(|c| Some(c.id) == id).map(|c| c.name.as_str());
    let of = |wanted: &str| found.iter().find(|c| c.name == wanted).unwrap();
    assert_eq!(name(of("Grandchild").parent), Some("Child"));
    assert_eq!(name(of("Child").parent), Some("Acme Corporation"));
    let contacts = office.admin.contacts().list(&Query::new().ascending(Contact::GIVEN_NAME)).unwrap().items;
    let who: Vec<_> = contacts
        .iter()
        .map(|c| (c.given_name.as_str(), name(Some(c.customer)), c.position.as_deref()))
        .collect();
    assert!(who.contains(&("Ana", Some("Acme Corporation"), Some("Owner"))));
    assert!(who.contains(&("Bob", Some("Nobody"), Some("Cook"))));
    assert!(who.contains(&("Ana", Some("Child"), None)));
    assert_eq!(who.len(), 3);
    undo_import(&office.admin, ran.report.import.unwrap(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(count(&office.admin), 0);
}

/// Protects: two records that a row may be, or refer to, are told and none is taken.
#[test]
fn several_matches_are_told() {
    let office = office();
    office.customer("Twin");
    office.customer("Twin");
    let by_name = plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "match_by": ["name"], "on_match": "update",
        "columns": [{"column": "name", "field": "name"}, {"column": "parent", "field": "parent"}]}]}"#,
    );
    let tried = dry_run(&office.admin, &by_name, "name,parent\ntwin,\nOther,twin\n");
    assert_eq!(tried.told(), ["2  ambiguous_match", "3 parent ambiguous"]);
    let deals = plan(
        r#"{"steps": [{"entity": "opportunity", "file": "f", "columns": [{"column": "name", "field": "name"},
        {"column": "customer", "field": "customer"}, {"column": "stage", "field": "stage"}]}]}"#,
    );
    let mara = office.customer("Mara");
    let text = format!(
        "name,customer,stage\nA,{},won\nB,Mara,lunch\nC,mara,negotiation\n",
        mara.code.as_ref().unwrap()
    );
    let ran = apply(&office.admin, &deals, &text);
    assert_eq!(ran.told(), ["3 stage unknown"]);
    assert_eq!(
        office.admin.opportunities().count(&Query::new().filter(Opportunity::STAGE.is("won"))).unwrap(),
        1
    );
    let none = Query::new().filter(Customer::NAME.is("Other"));
    assert_eq!(office.admin.customers().count(&none).unwrap(), 0);
}

/// Protects: a cell that can't be read hides nothing that is wrong with the others, of the same composite, by a rule that looks at
/// other records, of a custom field, in a new record and in one that is there.
#[test]
fn a_cell_that_can_not_be_read_hides_no_other() {
    let office = office();
    let required = crm_core::CustomField {
        key: "tier".into(),
        label: "Tier".into(),
        required: true,
        ..crm_core::CustomField::default()
    };
    office.admin.custom_fields().create(required).unwrap();
    let leads = plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "match_by": ["external_ids.erp"], "on_match": "update",
        "columns": [{"column": "id", "field": "external_ids.erp"}, {"column": "name", "field": "name"},
        {"column": "status", "field": "lead.status"}, {"column": "why", "field": "lead.lost_reason"},
        {"column": "worth", "field": "lead.estimated_value"}, {"column": "tier", "field": "custom.tier"}]}]}"#,
    );
    let long = "w".repeat(100_001);
    let text =
        |id: u32, tier: &str| format!("id,name,status,why,worth,tier\n{id},A,new,{long},a lot,{tier}\n");
    let told = |tier: &str, id: u32| dry_run(&office.admin, &leads, &text(id, tier)).told();
    assert_eq!(told("", 1), ["2 worth number", "2 why too_long", "2 tier blank"]);
    apply(&office.admin, &leads, "id,name,status,why,worth,tier\n1,A,new,,,gold\n");
    // Of one that is there nobody asks what it has.
    assert_eq!(told("", 1), ["2 worth number", "2 why too_long"]);
    apply(&office.admin, &leads, "id,name,status,why,worth,tier\n2,Mara,new,,,gold\n");
    let deals = plan(
        r#"{"steps": [{"entity": "opportunity", "file": "f", "columns": [{"column": "name", "field": "name"},
        {"column": "customer", "field": "customer"}, {"column": "amount", "field": "amount"},
        {"column": "stage", "field": "stage"}, {"column": "owner", "field": "owner"}]}]}"#,
    );
    let ran = apply(
        &office.admin,
        &deals,
        "name,customer,amount,stage,owner\nA,Mara,1x,lunch,nobody\nB,Mara,,won,\n",
    );
    assert_eq!(ran.told(), ["2 amount currency", "2 owner unknown", "2 stage unknown"]);
    assert!(office.crm.check().unwrap().is_clean());
}

/// Protects: an empty cell where a record must be referred to is told as that, and a reference that leads nowhere once; rows
/// that were left out are counted by their reasons.
#[test]
fn problems_say_what_people_see() {
    let office = office();
    office.customer("Mara");
    let deals = plan(
        r#"{"steps": [{"entity": "opportunity", "file": "f", "match_by": ["name"], "on_match": "update",
        "columns": [{"column": "name", "field": "name"}, {"column": "account", "field": "customer"},
        {"field": "source", "default": "fair"}]}]}"#,
    );
    let ran = apply(&office.admin, &deals, "name,account\nA,\nB,Nobody\nC,Mara\n,\nC,Mara\n");
    assert_eq!(ran.told(), ["2 account blank", "3 account unknown"]);
    let problem = &ran.rows[0].problems[0];
    assert_eq!(
        (problem.value.as_str(), problem.reason.as_str()),
        ("", "the cell is empty; the customer is needed")
    );
    let reason = &ran.rows[1].problems[0].reason;
    assert_eq!(reason, "no record is this customer, by id, code, emails, name");
    let step = &ran.report.steps[0];
    assert_eq!(
        step.skipped.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>(),
        [("blank", 1), ("unchanged", 1)]
    );
    assert_eq!(step.warnings, Vec::<String>::new());
}

/// Protects: of a row much is made before it is written. What the rules change of it then (the code, the owner, the name of a
/// person) is found and noted in the journal as if the record had been created by hand.
#[test]
fn a_row_is_noted_and_found_like_a_record_created_by_hand() {
    let (imported, made) = (office(), office());
    let plan = plan(
        r#"{"steps": [{"entity": "customer", "file": "f", "columns": [{"column": "given", "field": "given_name"},
        {"column": "family", "field": "family_name"}, {"column": "mail", "field": "emails"},
        {"column": "phone", "field": "phones"}, {"column": "tags", "field": "tags"},
        {"column": "id", "field": "external_ids.erp"}]}]}"#,
    );
    let text = "given,family,mail,phone,tags,id\n  Zoë ,Ruiz,Zoe.Ruiz@Example.com,+44 20 7946 0123,Tea,77\nAbe,,,,,\n";
    assert_eq!(apply(&imported.admin, &plan, text).actions(), [RowAction::Created; 2]);
    let person = |given: &str, family: &str| Customer {
        given_name: Some(given.to_owned()),
        family_name: Some(family.to_owned()).filter(|name| !name.is_empty()),
        ..Default::default()
    };
    let zoe = Customer {
        emails: vec!["Zoe.Ruiz@Example.com".into()],
        phones: vec!["+44 20 7946 0123".into()],
        tags: vec!["Tea".into()],
        external_ids: [("erp".to_owned(), "77".to_owned())].into(),
        ..person("  Zoë ", "Ruiz")
    };
    for customer in [zoe, person("Abe", "")] {
        made.admin.customers().create(customer).unwrap();
    }
    let all = |session: &Session| {
        let found = session.customers().list(&Query::new().order_by(["code"])).unwrap().items;
        found.into_iter().map(|record| record.data).collect::<Vec<_>>()
    };
    let noted = |session: &Session| {
        let of_one = |id| session.customers().history(id).unwrap().remove(0).changes.remove(0).after;
        let found = session.customers().list(&Query::new().order_by(["code"])).unwrap().items;
        // The owners are two different users.
        let mut noted: Vec<_> = found.iter().map(|record| of_one(record.id)).collect();
        noted.iter_mut().for_each(|values| drop(values.remove("owner")));
        noted
    };
    let unowned = |session: &Session| {
        let customers = all(session).into_iter();
        customers.map(|customer| Customer { owner: None, ..customer }).collect::<Vec<_>>()
    };
    assert_eq!(unowned(&imported.admin), unowned(&made.admin));
    assert_eq!(noted(&imported.admin), noted(&made.admin));
    let code = all(&imported.admin)[0].code.clone().unwrap();
    for words in [code.as_str(), "zoe ruiz", "zoe.ruiz@example.com", "7946 0123", "uiz", "abe"] {
        let hits = |session: &Session| session.customers().search(words, 5).unwrap().len();
        assert_eq!((hits(&imported.admin), hits(&made.admin)), (1, 1), "{words}");
    }
}
