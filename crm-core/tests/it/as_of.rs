//! Reading the past: a record, a list, figures, as they were.

use crate::{failure, office};
use crm_core::chrono::TimeDelta;
use crm_core::{
    Aggregate, Currency, Customer, CustomerStatus, Group, Money, Note, Opportunity, Query, StageChange, Value,
};

#[test]
fn a_record_and_its_envelope_are_as_they_were() {
    let office = office();
    let program = office.crm.system("test");
    let first = office.customer("Mara Tea");
    let mut moments = vec![program.now()];
    for name in ["Mara Group", "Mara Holding"] {
        office.clock.advance(TimeDelta::hours(1));
        office.admin.customers().update(first.id, |c| c.name = name.into()).unwrap();
        moments.push(program.now());
    }
    let then = |n: usize| program.as_of(moments[n]);
    assert_eq!(then(0).customers().get(first.id).unwrap(), first);
    let second = then(1).customers().get(first.id).unwrap();
    assert_eq!((second.name.as_str(), second.version, second.updated_at), ("Mara Group", 2, moments[1]));
    assert_eq!(second.updated_by, office.admin.me().unwrap().map(|me| me.id));
    assert_eq!(second.created_by, None);
    assert_eq!(then(2).customers().get(first.id).unwrap(), program.customers().get(first.id).unwrap());
    let before = program.as_of(moments[0] - TimeDelta::seconds(1));
    assert_eq!(failure(before.customers().get(first.id)), "not_found");
    assert_eq!(before.customers().count(&Query::new()).unwrap(), 0);
    assert_eq!(then(1).customers().history(first.id).unwrap().len(), 2);
    assert_eq!(then(1).now(), moments[1]);
    let earlier = then(2).as_of(moments[0]).as_of(moments[2]);
    assert_eq!(earlier.now(), moments[0], "a session in the past does not see what came later");
}

#[test]
fn what_was_deleted_or_purged_since_is_there() {
    let office = office();
    let program = office.crm.system("test");
    let [kept, trashed, purged] = ["Kept", "Trashed", "Purged"].map(|name| office.customer(name).id);
    let note = program
        .notes()
        .create(Note { customer: purged, body: "Pays late".into(), ..Note::default() })
        .unwrap();
    let full = program.customers().get(purged).unwrap();
    let then = program.now();
    office.clock.advance(TimeDelta::hours(1));
    program.customers().update(purged, |c| c.name = "Changed first".into()).unwrap();
    program.customers().delete(trashed).unwrap();
    program.customers().delete(purged).unwrap();
    program.customers().purge(purged).unwrap();
    office.customer("Later");
    let past = program.as_of(then);
    assert_eq!(past.customers().get(purged).unwrap(), full);
    assert_eq!(past.notes().get(note.id).unwrap(), note);
    let names = |query: &Query| -> Vec<String> {
        past.customers().list(query).unwrap().items.into_iter().map(|record| record.data.name).collect()
    };
    assert_eq!(names(&Query::new().order_by(["name"])), ["Kept", "Purged", "Trashed"]);
    assert_eq!(names(&Query::new().filter(Customer::NAME.starts_with("pur"))), ["Purged"]);
    assert_eq!(names(&Query::new().words("tras")), ["Trashed"]);
    assert_eq!(past.customers().by_code("C003").unwrap().id, purged);
    let of_purged = Query::new().filter(Note::CUSTOMER.is(purged));
    assert_eq!(past.notes().count(&of_purged).unwrap(), 1);
    let hop = crm_core::Filter::is(Note::CUSTOMER.hop(Customer::NAME), "purged");
    assert_eq!(past.notes().count(&Query::new().filter(hop)).unwrap(), 1);
    assert_eq!(past.customers().get(kept).unwrap().version, 1);
    assert_eq!(failure(past.customers().trash(&Query::new())), "refused past");
    assert_eq!(failure(past.customers().update(kept, |c| c.name = "New history".into())), "read_only");
    program.customers().erase(purged).unwrap();
    assert_eq!(
        failure(past.customers().get(purged)),
        "not_found",
        "what was erased is gone from the past too"
    );
    assert_eq!(names(&Query::new().order_by(["name"])), ["Kept", "Trashed"]);
}

#[test]
fn a_pipelines_totals_are_those_of_the_day() {
    let office = office();
    let program = office.crm.system("test");
    let customer = office.customer("Mara Tea").id;
    let deal = |name: &str, amount: i64| {
        let amount = Some(Money::new(amount, Currency::KES));
        program
            .opportunities()
            .create(Opportunity { customer, name: name.into(), amount, ..Opportunity::default() })
            .unwrap()
    };
    let (one, two) = (deal("One", 1_000), deal("Two", 500));
    let pipeline = one.pipeline.unwrap();
    let then = program.now();
    let report = program.pipeline_report(pipeline).unwrap();
    let dashboard = program.dashboard().unwrap();
    office.clock.advance(TimeDelta::days(3));
    program.move_stage(one.id, "won", StageChange::default()).unwrap();
    program.opportunities().update(two.id, |deal| deal.amount = Some(Money::new(9, Currency::KES))).unwrap();
    program.pipelines().update(pipeline, |pipeline| pipeline.stages[0].probability = 90).unwrap();
    deal("Three", 7);
    assert_ne!(program.pipeline_report(pipeline).unwrap(), report);
    let past = program.as_of(then);
    assert_eq!(
        past.pipeline_report(pipeline).unwrap(),
        report,
        "stages and probabilities are those of the day too"
    );
    assert_eq!(past.dashboard().unwrap(), dashboard);
    let figures: Vec<Group> =
        past.opportunities().aggregate(&Query::new(), &Aggregate::of(Opportunity::AMOUNT)).unwrap();
    assert_eq!(figures[0].sum, Some(Value::Money(Money::new(1_500, Currency::KES))));
}

#[test]
fn the_past_shows_no_more_than_the_present() {
    let office = office();
    let agent = office.user("juma", "agent", None);
    let customer = office.customer("Mara Tea").id;
    office.contact(customer, "Njeri");
    let then = agent.now();
    office.clock.advance(TimeDelta::hours(1));
    let grants = crm_core::Grants::of_all_kinds(crm_core::Action::ALL, crm_core::Level::Own);
    let role = crm_core::Role { key: "own".into(), name: "Own".into(), grants, ..crm_core::Role::default() };
    let role = office.admin.roles().create(role).unwrap().id;
    let me = agent.me().unwrap().unwrap();
    office.admin.users().update(me.id, |user| user.role = role).unwrap();
    let agent = office.crm.login("juma", "battery staple").unwrap();
    let mine = agent.customers().create(Customer { name: "Mine".into(), ..Customer::default() }).unwrap();
    let past = agent.as_of(then);
    assert_eq!(past.customers().count(&Query::new()).unwrap(), 0);
    assert_eq!(past.contacts().count(&Query::new()).unwrap(), 0);
    assert_eq!(failure(past.customers().get(customer)), "not_found");
    office.clock.advance(TimeDelta::hours(1));
    let seen = agent.now();
    office.clock.advance(TimeDelta::hours(1));
    agent.customers().update(mine.id, |c| c.status = CustomerStatus::Inactive).unwrap_err();
    agent.customers().update(mine.id, |c| c.name = "Still mine".into()).unwrap();
    assert_eq!(agent.as_of(seen).customers().list(&Query::new()).unwrap().items, std::slice::from_ref(&mine));
    // Given to somebody else since, it is not seen in the past either.
    let boss = office.admin.me().unwrap().unwrap().id;
    office.admin.customers().update(mine.id, |c| c.owner = Some(boss)).unwrap();
    assert_eq!(agent.as_of(seen).customers().count(&Query::new()).unwrap(), 0);
    assert_eq!(failure(agent.as_of(seen).customers().get(mine.id)), "not_found");
}
