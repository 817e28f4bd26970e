use crate::{Office, failure, office};
use crm_core::chrono::TimeDelta;
use crm_core::{Id, Money, Opportunity, OpportunityContact, Patch, Pipeline, Record, StageKind, StageTime};
use std::collections::BTreeMap;

#[test]
fn a_deal_begins_in_the_default_pipelines_first_stage_today() {
    let office = office();
    office
        .admin
        .update_settings(|settings| settings.time_zone = "Pacific/Kiritimati".parse().unwrap())
        .unwrap();
    let deal = office.deal(office.customer("Mara Tea").id);
    assert_eq!(deal.stage, "prospecting");
    assert_eq!(deal.status, StageKind::Open);
    assert_eq!(deal.opened_on.unwrap().to_string(), "2026-03-02", "06:00 UTC is 20:00 there, the same day");
    assert_eq!(deal.owner, office.admin.me().unwrap().map(|me| me.id));
    assert!(deal.pipeline.is_some());
}

#[test]
fn closing_stamps_the_day_and_reopening_clears_it() {
    let office = office();
    let deal = office.deal(office.customer("Mara Tea").id);
    office.clock.advance(crm_core::chrono::TimeDelta::days(5));
    let deals = office.admin.opportunities();
    let session = office.crm.login("amina", "correct horse").unwrap();
    let won = session.opportunities().update(deal.id, |deal| deal.stage = "won".into()).unwrap();
    assert_eq!((won.status, won.cycle_days), (StageKind::Won, Some(5)));
    assert_eq!(won.closed_on.unwrap().to_string(), "2026-03-07");
    assert_eq!(failure(deals.get(deal.id)), "session_ended", "twelve hours are over");
    let open = session.opportunities().update(deal.id, |deal| deal.stage = "proposal".into()).unwrap();
    assert_eq!((open.status, open.closed_on, open.cycle_days), (StageKind::Open, None, None));
}

#[test]
fn the_day_of_closing_may_be_given_but_not_for_an_open_deal() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let closed = Opportunity {
        customer,
        name: "Old".into(),
        stage: "lost".into(),
        opened_on: "2017-01-01".parse().ok(),
        closed_on: "2017-03-01".parse().ok(),
        ..Opportunity::default()
    };
    let deals = office.admin.opportunities();
    assert_eq!(deals.create(closed.clone()).unwrap().cycle_days, Some(59));
    let open = deals.create(Opportunity { stage: "proposal".into(), ..closed.clone() });
    assert_eq!(failure(open), "invalid closed_on open");
    let unknown = deals.create(Opportunity { opened_on: None, ..closed.clone() }).unwrap();
    assert_eq!((unknown.opened_on, unknown.cycle_days), (None, None), "when it began is nobody's guess");
    let backwards = deals.create(Opportunity { closed_on: "2016-12-31".parse().ok(), ..closed });
    assert_eq!(failure(backwards), "invalid closed_on range");
}

#[test]
fn a_stage_belongs_to_the_pipeline() {
    let office = office();
    let deal = office.deal(office.customer("Mara Tea").id);
    let moved = office.admin.opportunities().update(deal.id, |deal| deal.stage = "engaging".into());
    assert_eq!(failure(moved), "invalid stage unknown");
}

#[test]
fn a_lost_deal_says_why_when_the_settings_ask() {
    let office = office();
    office.admin.update_settings(|settings| settings.lost_reason_required = true).unwrap();
    let deal = office.deal(office.customer("Mara Tea").id);
    let deals = office.admin.opportunities();
    let silent = deals.update(deal.id, |deal| deal.stage = "lost".into());
    assert_eq!(failure(silent), "invalid lost_reason blank");
    let told = deals.update(deal.id, |deal| {
        deal.stage = "lost".into();
        deal.lost_reason = Some("price".into());
    });
    assert_eq!(told.unwrap().status, StageKind::Lost);
}

#[test]
fn zero_percent_is_a_value_and_absent_is_the_stages() {
    let office = office();
    let deal = office.deal(office.customer("Mara Tea").id);
    assert_eq!(deal.probability, None);
    let sure = office.admin.opportunities().update(deal.id, |deal| deal.probability = Some(0)).unwrap();
    assert_eq!(sure.probability, Some(0));
    let beyond = office.admin.opportunities().update(deal.id, |deal| deal.probability = Some(101));
    assert_eq!(failure(beyond), "invalid probability range");
}

#[test]
fn the_people_of_a_deal_are_at_its_customer() {
    let office = office();
    let (ours, theirs) = (office.customer("Ours").id, office.customer("Theirs").id);
    let stranger = office.contact(theirs, "Stranger").id;
    let deal = office.deal(ours);
    let deals = office.admin.opportunities();
    let with = |contact| vec![OpportunityContact { contact, role: Some("decides".into()) }];
    assert_eq!(
        failure(deals.update(deal.id, |deal| deal.contacts = with(stranger))),
        "invalid contacts unknown"
    );
    let friend = office.contact(ours, "Friend").id;
    deals.update(deal.id, |deal| deal.contacts = with(friend)).unwrap();
    assert_eq!(failure(deals.update(deal.id, |deal| deal.customer = theirs)), "invalid contacts unknown");
}

// ---- time in stages ----------------------------------------------------------------------------------------------

fn move_to(office: &Office, deal: Id<Opportunity>, stage: &str) -> Record<Opportunity> {
    office.crm.system("test").opportunities().update(deal, |deal| deal.stage = stage.into()).unwrap()
}

/// The deal's hours in its stage at this moment.
fn hours(office: &Office, deal: Id<Opportunity>) -> i64 {
    let deal = office.crm.system("test").opportunities().get(deal).unwrap();
    deal.time_in_stage(office.admin.now()).num_hours()
}

#[test]
fn the_time_in_a_stage_sums_all_stays_and_the_running_one() {
    let office = office();
    let deal = office.deal(office.customer("Mara Tea").id).id;
    assert_eq!(hours(&office, deal), 0);
    office.clock.advance(TimeDelta::hours(5));
    assert_eq!(hours(&office, deal), 5);
    move_to(&office, deal, "proposal");
    assert_eq!(hours(&office, deal), 0);
    office.clock.advance(TimeDelta::hours(10));
    move_to(&office, deal, "prospecting");
    assert_eq!(hours(&office, deal), 5, "it was here before");
    office.clock.advance(TimeDelta::hours(1));
    assert_eq!(hours(&office, deal), 6);
    move_to(&office, deal, "proposal");
    office.clock.advance(TimeDelta::hours(20));
    assert_eq!(hours(&office, deal), 30);
    move_to(&office, deal, "prospecting");
    office.clock.advance(TimeDelta::hours(1));
    assert_eq!(hours(&office, deal), 7);
    // Other changes do not count as moves.
    let renamed = office.crm.system("test").opportunities().update(deal, |deal| deal.name = "Tea".into());
    assert_eq!(renamed.unwrap().time_in_stage(office.admin.now()).num_hours(), 7);
    let times = times(&office, deal);
    assert_eq!(times["proposal"], 30 * 3_600);
    // A clock that goes back makes no time negative.
    let before = office.admin.now() - TimeDelta::days(2);
    let deal = office.crm.system("test").opportunities().get(deal).unwrap();
    assert!(deal.time_in_stage(before) >= TimeDelta::zero());
    assert!(office.crm.check().unwrap().is_clean());
}

fn times(office: &Office, deal: Id<Opportunity>) -> BTreeMap<String, i64> {
    let deal = office.crm.system("test").opportunities().get(deal).unwrap();
    deal.stage_times.iter().map(|time| (time.stage.clone(), time.seconds)).collect()
}

#[test]
fn closing_and_reopening_are_moves_between_stages_too() {
    let office = office();
    let deal = office.deal(office.customer("Mara Tea").id).id;
    office.clock.advance(TimeDelta::hours(5));
    move_to(&office, deal, "won");
    office.clock.advance(TimeDelta::hours(100));
    assert_eq!(hours(&office, deal), 100);
    move_to(&office, deal, "prospecting");
    assert_eq!(hours(&office, deal), 5);
    move_to(&office, deal, "won");
    assert_eq!(hours(&office, deal), 100);
}

#[test]
fn undo_of_a_move_counts_as_if_it_had_never_been() {
    let office = office();
    let deal = office.deal(office.customer("Mara Tea").id).id;
    office.clock.advance(TimeDelta::hours(5));
    move_to(&office, deal, "proposal");
    office.clock.advance(TimeDelta::hours(2));
    let moved = office.crm.changes_since(0, 1_000).unwrap().pop().unwrap();
    office.crm.system("test").undo(moved.id).unwrap();
    assert_eq!(hours(&office, deal), 7);
}

/// A pipeline beside the default one, with a first stage in which deals rot after three days.
fn other_pipeline(office: &Office) -> Record<Pipeline> {
    let mut stages = Pipeline::shipped().stages;
    stages[0].rotting_after_days = Some(3);
    let other = Pipeline { name: "Other".into(), stages, ..Pipeline::default() };
    office.crm.system("test").pipelines().create(other).unwrap()
}

#[test]
fn another_pipeline_begins_the_time_anew() {
    let office = office();
    let other = other_pipeline(&office);
    let deal = office.deal(office.customer("Mara Tea").id);
    let first = deal.pipeline;
    office.clock.advance(TimeDelta::hours(5));
    move_to(&office, deal.id, "proposal");
    office.clock.advance(TimeDelta::hours(5));
    let system = office.crm.system("test");
    let deals = system.opportunities();
    let moved = deals.update(deal.id, |deal| deal.pipeline = Some(other.id)).unwrap();
    assert_eq!((moved.stage.as_str(), hours(&office, deal.id)), ("proposal", 0));
    assert_eq!(moved.stage_times, [], "the stages of the other pipeline are others");
    office.clock.advance(TimeDelta::hours(2));
    move_to(&office, deal.id, "prospecting");
    assert_eq!(hours(&office, deal.id), 0);
    deals.update(deal.id, |deal| deal.pipeline = first).unwrap();
    assert_eq!(hours(&office, deal.id), 0);
}

#[test]
fn a_deal_rots_when_it_stays_for_longer_than_its_stage_allows() {
    let office = office();
    let pipeline = other_pipeline(&office);
    let customer = office.customer("Mara Tea").id;
    let new =
        Opportunity { customer, name: "Tea".into(), pipeline: Some(pipeline.id), ..Opportunity::default() };
    let deal = office.admin.opportunities().create(new).unwrap().id;
    let rots = || {
        let deal = office.crm.system("test").opportunities().get(deal).unwrap();
        deal.is_rotting(&pipeline, office.admin.now())
    };
    office.clock.advance(TimeDelta::days(3));
    assert!(!rots(), "three days are allowed");
    office.clock.advance(TimeDelta::seconds(1));
    assert!(rots());
    move_to(&office, deal, "proposal");
    office.clock.advance(TimeDelta::days(300));
    assert!(!rots(), "in this stage nothing rots");
    move_to(&office, deal, "prospecting");
    assert!(rots(), "its earlier stay counts");
    move_to(&office, deal, "lost");
    office.clock.advance(TimeDelta::days(300));
    assert!(!rots(), "what is closed does not rot");
}

#[test]
fn system_fields_of_the_stage_are_set_by_the_library() {
    let office = office();
    let deal = office.deal(office.customer("Mara Tea").id).id;
    let since = office.admin.opportunities().patch(deal, Patch::new().clear("stage_since"));
    assert_eq!(failure(since), "invalid stage_since system");
    let times = vec![StageTime { stage: "proposal".into(), seconds: 5 }];
    let times = office.admin.opportunities().update(deal, |deal| deal.stage_times = times);
    assert_eq!(failure(times), "invalid stage_times system");
}

// ---- what it is worth --------------------------------------------------------------------------------------------

#[test]
fn a_deal_is_as_likely_as_somebody_judged_or_as_its_stage_and_certain_when_closed() {
    let office = office();
    let deal = office.deal(office.customer("Mara Tea").id).id;
    let deals = office.admin.opportunities();
    let pipeline = office.admin.pipelines().get(deals.get(deal).unwrap().pipeline.unwrap()).unwrap();
    let likely = |deal: &Opportunity| deal.effective_probability(&pipeline);
    assert_eq!(likely(&deals.get(deal).unwrap()), 10);
    assert_eq!(likely(&deals.update(deal, |deal| deal.stage = "negotiation".into()).unwrap()), 75);
    assert_eq!(
        likely(&deals.update(deal, |deal| deal.probability = Some(0)).unwrap()),
        0,
        "0 is a judgement"
    );
    assert_eq!(likely(&deals.update(deal, |deal| deal.probability = Some(90)).unwrap()), 90);
    assert_eq!(likely(&deals.update(deal, |deal| deal.stage = "lost".into()).unwrap()), 0);
    assert_eq!(likely(&deals.update(deal, |deal| deal.stage = "won".into()).unwrap()), 100);
    let reopened = deals.update(deal, |deal| deal.stage = "proposal".into()).unwrap();
    assert_eq!(likely(&reopened), 90, "what somebody judged stays");
}

#[test]
fn a_weighted_amount_rounds_half_to_even_in_its_currency() {
    let pipeline = Pipeline::shipped();
    let weighted = |minor: i64, currency: &str, probability: u8| {
        let deal = Opportunity {
            amount: Some(Money::new(minor, currency.parse().unwrap())),
            probability: Some(probability),
            ..Opportunity::default()
        };
        deal.weighted(&pipeline).unwrap().minor
    };
    assert_eq!(weighted(12_345, "KES", 10), 1_234, "1234.5 is between two, the even one is lower");
    assert_eq!(weighted(12_355, "KES", 10), 1_236, "1235.5, the even one is higher");
    assert_eq!(weighted(12_346, "KES", 10), 1_235);
    assert_eq!(weighted(-12_345, "KES", 10), -1_234);
    assert_eq!(weighted(-12_355, "KES", 10), -1_236);
    assert_eq!(weighted(5, "JPY", 50), 2);
    assert_eq!(weighted(7, "JPY", 50), 4);
    assert_eq!(weighted(1_001, "KWD", 50), 500);
    assert_eq!(weighted(1_003, "KWD", 50), 502);
    assert_eq!(weighted(i64::MAX, "KES", 100), i64::MAX);
    assert_eq!(weighted(i64::MIN, "KES", 100), i64::MIN);
    assert_eq!(weighted(99, "KES", 0), 0);
    assert_eq!(Opportunity::default().weighted(&pipeline), None, "what has no amount has no weight");
}
