use crate::{failure, office};
use crm_core::{Aggregate, Decimal, Feedback, Query};

#[test]
fn feedback_has_a_text_or_a_rating_from_one_to_five() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let feedback = office.admin.feedback();
    let rated = |rating| Feedback { customer, rating, ..Feedback::default() };
    assert_eq!(failure(feedback.create(rated(None))), "invalid text blank");
    assert_eq!(failure(feedback.create(rated(Some(0)))), "invalid rating range");
    assert_eq!(failure(feedback.create(rated(Some(6)))), "invalid rating range");
    feedback.create(rated(Some(1))).unwrap();
    let words = Feedback { text: " Good tea,\nslow van ".into(), ..rated(None) };
    let words = feedback.create(words).unwrap();
    assert_eq!(office.admin.search("slow", 5).unwrap()[0].title, "Good tea,");
    assert_eq!(failure(feedback.update(words.id, |feedback| feedback.text.clear())), "invalid text blank");
    assert_eq!(
        failure(feedback.create(Feedback { text: "x".into(), ..Feedback::default() })),
        "invalid customer blank"
    );
}

#[test]
fn feedback_was_given_now_unless_somebody_says_when() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let feedback = office.admin.feedback();
    let now = feedback.create(Feedback { customer, rating: Some(5), ..Feedback::default() }).unwrap();
    assert_eq!(now.provided_at, Some(office.admin.now()));
    let then = "2025-12-24T18:00:00Z".parse().ok();
    let old = Feedback { customer, rating: Some(2), provided_at: then, ..Feedback::default() };
    assert_eq!(feedback.create(old).unwrap().provided_at, then);
    let oldest = Query::new().order_by(["provided_at"]);
    assert_eq!(feedback.list(&oldest).unwrap().items[0].provided_at, then);
}

#[test]
fn ratings_have_an_average_by_channel() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let rate = |channel: Option<&str>, rating| {
        let channel = channel.map(str::to_owned);
        let new = Feedback { customer, channel, rating, text: "x".into(), ..Feedback::default() };
        office.admin.feedback().create(new).unwrap();
    };
    rate(Some("survey"), Some(4));
    rate(Some("survey"), Some(5));
    rate(Some("survey"), None);
    rate(None, Some(1));
    let figures = Aggregate::of(Feedback::RATING).by(Feedback::CHANNEL);
    let groups = office.admin.feedback().aggregate(&Query::new(), &figures).unwrap();
    let told: Vec<_> = groups.iter().map(|group| (group.count, group.measured, group.avg)).collect();
    assert_eq!(told, [(3, 2, Some(Decimal::new(45, 1))), (1, 1, Some(Decimal::ONE))]);
}
