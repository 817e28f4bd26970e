//! Figures, timelines and agendas, each of what the reader may see.

use crate::{failure, office};
use crm_core::chrono::TimeDelta;
use crm_core::{
    Action, Currency, Customer, CustomerStatus, Feedback, Grants, Interaction, InteractionKind, Kind,
    LeadStatus, Level, Money, Note, Opportunity, Priority, Query, Role, Sale, Session, Timestamp,
};

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::KES)
}

fn deal(
    session: &Session,
    customer: crm_core::Id<Customer>,
    stage: &str,
    amount: Money,
) -> crm_core::Id<Opportunity> {
    let deal = Opportunity {
        customer,
        name: "Tea".into(),
        stage: stage.into(),
        amount: Some(amount),
        ..Opportunity::default()
    };
    session.opportunities().create(deal).unwrap().id
}

#[test]
fn the_dashboard_counts_what_there_is_in_each_currency() {
    let office = office();
    let admin = &office.admin;
    let customer = office.customer("Mara Tea").id;
    let lead = admin.customers().update(office.customer("Lead").id, |customer| {
        let lead = customer.lead.as_mut().unwrap();
        (lead.status, lead.priority, lead.estimated_value) =
            (LeadStatus::Qualified, Priority::High, Some(kes(5)));
    });
    deal(admin, lead.unwrap().id, "proposal", Money::new(101, Currency::USD));
    deal(admin, customer, "proposal", kes(1_001));
    deal(admin, customer, "proposal", kes(1_003));
    deal(admin, customer, "won", kes(70));
    deal(admin, customer, "lost", kes(30));
    deal(admin, customer, "lost", kes(30));
    let call = Interaction { customer, subject: "Call".into(), ..Interaction::default() };
    admin.interactions().create(call).unwrap();
    let sale = Sale { customer, unit_price: Some(kes(250)), quantity: 2.into(), ..Sale::default() };
    admin.sales().create(sale.clone()).unwrap();
    admin.sales().create(Sale { quantity: (-1).into(), ..sale }).unwrap();
    let seen = admin.dashboard().unwrap();
    assert_eq!(seen.customers[0], (CustomerStatus::Lead, 2));
    assert_eq!(seen.leads.by_status[2], (LeadStatus::Qualified, 1));
    assert_eq!(seen.leads.by_priority.iter().map(|(_, count)| count).collect::<Vec<_>>(), [&0, &1, &1]);
    assert_eq!(seen.leads.estimated_value, [kes(5)]);
    let usd = |minor| Money::new(minor, Currency::USD);
    let in_both = |kes_minor, usd_minor| {
        let mut both = vec![kes(kes_minor), usd(usd_minor)];
        both.sort_by_key(|money| money.currency);
        both
    };
    assert_eq!((seen.deals.open, &seen.deals.open_amount), (3, &in_both(2_004, 101)));
    // 500.5 and 501.5 are rounded half to even by themselves, then added.
    assert_eq!(seen.deals.weighted_amount, in_both(500 + 502, 50));
    assert_eq!((seen.deals.won, seen.deals.lost), (1, 2));
    assert_eq!(seen.deals.won_amount, [kes(70)]);
    assert_eq!(seen.deals.win_rate.unwrap().round_dp(3).to_string(), "0.333");
    assert_eq!(seen.stages[2].stage.key, "proposal");
    assert_eq!((seen.stages[2].count, &seen.stages[2].weighted_amount), (3, &in_both(1_002, 50)));
    assert_eq!(seen.sales, [kes(250)], "a refund is a negative sale");
    assert_eq!(seen.activity.by_kind[0], (InteractionKind::Call, 1));
    assert_eq!(seen.activity.latest.len(), 1);
}

#[test]
fn rotting_deals_are_those_that_stay_too_long() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let program = office.crm.system("test");
    let id = deal(&program, customer, "proposal", kes(1));
    let pipeline = program.opportunities().get(id).unwrap().pipeline.unwrap();
    program.pipelines().update(pipeline, |pipeline| pipeline.stages[2].rotting_after_days = Some(5)).unwrap();
    let rotting = || program.pipeline_report(pipeline).unwrap().stages[2].rotting;
    office.clock.advance(TimeDelta::days(5));
    assert_eq!((rotting(), program.clocks(id).unwrap().rotting), (0, false), "not yet longer than five days");
    office.clock.advance(TimeDelta::seconds(1));
    assert_eq!((rotting(), program.clocks(id).unwrap().rotting), (1, true));
    // All stays in the stage count together, the time elsewhere does not.
    program.move_stage(id, "negotiation", Default::default()).unwrap();
    office.clock.advance(TimeDelta::days(10));
    assert_eq!(rotting(), 0);
    program.move_stage(id, "proposal", Default::default()).unwrap();
    assert_eq!(program.clocks(id).unwrap().time_in_stage, TimeDelta::days(5) + TimeDelta::seconds(1));
    assert_eq!(rotting(), 1);
}

#[test]
fn idle_is_since_anything_happened_to_the_deal() {
    let office = office();
    let program = office.crm.system("test");
    let customer = office.customer("Mara Tea").id;
    let id = deal(&program, customer, "proposal", kes(1));
    office.clock.advance(TimeDelta::days(3));
    assert_eq!(program.clocks(id).unwrap().idle, TimeDelta::days(3));
    let call = Interaction {
        customer,
        opportunity: Some(id),
        subject: "Call".into(),
        occurred_at: Some("2026-03-04T06:00:00Z".parse().unwrap()),
        ..Interaction::default()
    };
    program.interactions().create(call).unwrap();
    assert_eq!(program.clocks(id).unwrap().idle, TimeDelta::days(1));
    let clocks = program.clocks(id).unwrap();
    assert_eq!((clocks.age_days, clocks.time_in_stage), (Some(3), TimeDelta::days(3)));
}

#[test]
fn a_timeline_has_everything_once_in_its_order_whatever_the_page() {
    let office = office();
    let program = office.crm.system("test");
    let customer = office.customer("Mara Tea").id;
    let other = office.customer("Other").id;
    let noon: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    for day in 0..4 {
        // Things of several kinds at one moment.
        office.clock.set(noon + TimeDelta::days(day));
        for customer in [customer, other] {
            let note = Note { customer, body: format!("note {day}"), ..Note::default() };
            program.notes().create(note).unwrap();
            let call = Interaction { customer, subject: format!("call {day}"), ..Interaction::default() };
            program.interactions().create(call.clone()).unwrap();
            program.interactions().create(call).unwrap();
            let said =
                Feedback { customer, text: format!("said {day}"), rating: Some(5), ..Feedback::default() };
            program.feedback().create(said).unwrap();
        }
    }
    let whole = program.timeline(customer, 1_000, None).unwrap();
    assert_eq!((whole.items.len(), whole.next), (16, None));
    assert!(whole.items.windows(2).all(|pair| pair[0].at >= pair[1].at));
    for size in 1..7 {
        let mut paged = Vec::new();
        let mut cursor = None;
        loop {
            let page = program.timeline(customer, size, cursor.as_deref()).unwrap();
            paged.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole.items, "in pages of {size}");
    }
    let cursor = program.timeline(other, 2, None).unwrap().next;
    assert_eq!(failure(program.timeline(customer, 2, cursor.as_deref())), "invalid cursor cursor");
    assert_eq!(failure(program.timeline(customer, 0, None)), "invalid page_size range");
}

#[test]
fn figures_and_timelines_are_of_what_the_reader_sees() {
    let office = office();
    let grants = Grants::of_all_kinds(Action::ALL, Level::Own);
    let mut role = Role { key: "own".into(), name: "Own".into(), grants, ..Role::default() };
    for kind in [Kind::Pipeline, Kind::User, Kind::Settings] {
        role.grants.grant(kind, Action::View, Level::All);
    }
    role.grants.grant(Kind::Note, Action::View, Level::None);
    office.admin.roles().create(role).unwrap();
    let ann = office.user("ann", "own", None);
    let hidden = office.customer("Hidden").id;
    let own = ann.customers().create(Customer { name: "Own".into(), ..Customer::default() }).unwrap().id;
    for customer in [hidden, own] {
        deal(&office.admin, customer, "won", kes(100));
        let note = Note { customer, body: "secret".into(), ..Note::default() };
        office.admin.notes().create(note).unwrap();
    }
    let seen = ann.dashboard().unwrap();
    assert_eq!((seen.customers[0].1, seen.deals.won, seen.deals.won_amount), (1, 1, vec![kes(100)]));
    assert_eq!(failure(ann.timeline(hidden, 10, None)), "not_found");
    let kinds: Vec<Kind> =
        ann.timeline(own, 10, None).unwrap().items.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::Opportunity], "no notes for a role that sees none");
    let pipeline = office.admin.pipelines().list(&Query::new()).unwrap().items[0].id;
    assert_eq!(ann.pipeline_report(pipeline).unwrap().total.won, 1);
}
