use crate::{failure, office};
use crm_core::{Opportunity, OpportunityContact, StageKind};

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
