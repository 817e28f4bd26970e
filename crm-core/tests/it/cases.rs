//! Failures of other systems that this one must not have, by their numbers.

use crate::{Office, failure, office, office_at};
use crm_core::chrono::TimeDelta;
use crm_core::{
    Action, Aggregate, Bucket, Contact, Conversion, ConversionOpportunity, Currency, Customer, Due,
    DuplicateRules, Error, Filter, Grants, Id, Level, Money, Opportunity, Patch, Query, Rate, Recurrence,
    Reminder, Role, StageChange, StageKind, Timestamp, User,
};

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn at(local: &str, zone: &str) -> Due {
    Due::at(local.parse().unwrap(), zone.parse().unwrap())
}

fn on(date: &str) -> Due {
    Due::on(date.parse().unwrap())
}

impl Office {
    /// A user who looks at the clock of this zone.
    fn user_in(&self, zone: &str) -> Id<User> {
        let role = self.admin.roles().by_key("agent").unwrap().id;
        let username = zone.replace('/', "-").to_lowercase();
        let time_zone = Some(zone.parse().unwrap());
        self.admin.users().create(User { username, role, time_zone, ..User::default() }).unwrap().id
    }

    fn reminder(
        &self,
        due: Due,
        recurrence: Option<&str>,
        offsets: &[u32],
        assignee: Option<Id<User>>,
    ) -> Id<Reminder> {
        let customer = self.customer("Mara Tea").id;
        let reminder = Reminder {
            customer,
            title: "Meeting".into(),
            due,
            recurrence: recurrence.map(|rule| Recurrence(rule.into())),
            offsets: offsets.to_vec(),
            assignee,
            ..Reminder::default()
        };
        self.crm.system("test").reminders().create(reminder).unwrap().id
    }

    /// When the deliveries that wait will be told.
    fn fires(&self, id: Id<Reminder>) -> Vec<String> {
        let all = self.crm.system("test").deliveries(id).unwrap();
        all.iter().filter(|d| d.delivered_at.is_none()).map(|d| d.fire_at.to_rfc3339()).collect()
    }

    /// Tells everything that is due and says how much it was.
    fn dispatch(&self, now: &str) -> u64 {
        let now = moment(now);
        self.clock.set(now);
        self.crm.dispatch_due(now, &|_: &crm_core::DueReminder| Ok(())).unwrap().told
    }

    fn bucket_of(&self, id: Id<Reminder>) -> Vec<Bucket> {
        let system = self.crm.system("test");
        let in_bucket = |bucket: &&Bucket| {
            let page = system.agenda(**bucket, None, &Query::new().with_total()).unwrap();
            assert_eq!(page.total, Some(page.items.len() as u64), "the badge is the length of the list");
            page.items.iter().any(|reminder| reminder.id == id)
        };
        Bucket::ALL.iter().filter(in_bucket).copied().collect()
    }
}

/// A lead is converted as a whole or not at all, gets one contact, and a second call gives the first result.
#[test]
fn case_17_a_conversion_is_all_or_nothing_and_happens_once() {
    let office = office();
    let lead = office.customer("Mara Tea").id;
    let nothing = || office.crm.changes_since(0, 1_000).unwrap().len();
    let before = nothing();
    let convert = |deal: Opportunity| {
        let contact = Some(Contact { given_name: "Njeri".into(), ..Contact::default() });
        let opportunity = ConversionOpportunity::New(Box::new(deal));
        office.admin.convert_lead(lead, Conversion { opportunity, contact, ..Conversion::default() })
    };
    // A mandatory field of the deal is missing; a stage was deleted.
    assert_eq!(failure(convert(Opportunity::default())), "invalid opportunity.name blank");
    let gone = Opportunity { name: "Tea".into(), stage: "gone".into(), ..Opportunity::default() };
    assert_eq!(failure(convert(gone)), "invalid opportunity.stage unknown");
    assert_eq!(nothing(), before, "nothing was written");
    assert_eq!(office.admin.contacts().count(&Query::new()).unwrap(), 0);
    // The stage that deals used to begin with is deleted: they begin with the first open one that is left.
    let pipeline = office.admin.pipelines().list(&Query::new()).unwrap().items[0].id;
    office.admin.pipelines().update(pipeline, |pipeline| drop(pipeline.stages.remove(0))).unwrap();
    let deal = Opportunity { name: "Tea".into(), ..Opportunity::default() };
    let first = convert(deal.clone()).unwrap();
    assert_eq!(first.opportunity.as_ref().unwrap().stage, "qualification");
    let second = convert(deal).unwrap();
    assert_eq!(second, first);
    assert_eq!(office.admin.contacts().count(&Query::new()).unwrap(), 1);
    assert_eq!(office.admin.opportunities().count(&Query::new()).unwrap(), 1);
}

/// A reminder fires by the wall clock of its own zone, and what it repeats does not drift.
#[test]
fn case_18_reminders_fire_by_the_clock_of_their_zone() {
    for (due, zone, fires) in [
        ("2026-03-10T10:00:00", "Europe/Warsaw", "2026-03-10T08:45:00+00:00"),
        ("2026-07-10T10:00:00", "Europe/Warsaw", "2026-07-10T07:45:00+00:00"),
        ("2026-03-10T10:00:00", "Pacific/Auckland", "2026-03-09T20:45:00+00:00"),
        ("2026-03-10T00:00:00", "Europe/Vienna", "2026-03-09T22:45:00+00:00"),
        ("2026-03-10T10:00:00", "America/Sao_Paulo", "2026-03-10T12:45:00+00:00"),
    ] {
        let office = office();
        let id = office.reminder(at(due, zone), None, &[15], None);
        assert_eq!(office.fires(id), [fires], "{due} {zone}");
    }
    // A whole day is told at nine by the clock of whoever is to do it.
    let office = office();
    let kiwi = office.user_in("Pacific/Auckland");
    let id = office.reminder(on("2026-03-10"), None, &[], Some(kiwi));
    assert_eq!(office.fires(id), ["2026-03-09T20:00:00+00:00"]);
    // Yearly, told a day before and later than that hour: the next one is a year on.
    let id =
        office.reminder(at("2026-03-10T08:00:00", "Europe/Vienna"), Some("FREQ=YEARLY"), &[24 * 60], None);
    assert_eq!(office.dispatch("2026-03-09T20:00:00Z"), 2);
    assert_eq!(office.fires(id), ["2027-03-09T07:00:00+00:00"]);
    // Today at a later hour stays today.
    office.clock.set(moment("2026-03-12T06:00:00Z"));
    let id = office.reminder(at("2026-03-12T18:00:00", "Europe/Vienna"), Some("FREQ=YEARLY"), &[], None);
    assert_eq!(office.fires(id), ["2026-03-12T17:00:00+00:00"]);
    assert_eq!(office.bucket_of(id), [Bucket::Today]);
}

/// Overdue and today are judged by the clock of the assignee, else of the organisation, and counts are lists.
#[test]
fn case_19_overdue_is_judged_where_the_assignee_is() {
    let office = office();
    let paulo = office.user_in("America/Sao_Paulo");
    let kolkata = office.user_in("Asia/Kolkata");
    let francisco = office.user_in("America/Los_Angeles");
    // 22:00 at UTC-3 is the next day in UTC.
    let id = office.reminder(on("2026-03-10"), None, &[], Some(paulo));
    office.clock.set(moment("2026-03-11T01:00:00Z"));
    assert_eq!(office.bucket_of(id), [Bucket::Today]);
    office.clock.set(moment("2026-03-11T03:00:00Z"));
    assert_eq!(office.bucket_of(id), [Bucket::Overdue]);
    // 00:49 at UTC+5:30 is the day before in UTC.
    let id = office.reminder(on("2026-03-12"), None, &[], Some(kolkata));
    office.clock.set(moment("2026-03-11T18:29:00Z"));
    assert_eq!(office.bucket_of(id), [Bucket::Upcoming]);
    office.clock.set(moment("2026-03-11T19:19:00Z"));
    assert_eq!(office.bucket_of(id), [Bucket::Today]);
    // After 17:00 in San Francisco it is tomorrow in UTC.
    let id = office.reminder(on("2026-03-13"), None, &[], Some(francisco));
    office.clock.set(moment("2026-03-14T01:00:00Z"));
    assert_eq!(office.bucket_of(id), [Bucket::Today]);
    let unassigned = office.reminder(on("2026-03-13"), None, &[], None);
    assert_eq!(office.bucket_of(unassigned), [Bucket::Overdue], "the organisation is in UTC");
}

/// A weekly meeting keeps its hour across the change of the clocks, and a rule ends when it says.
#[test]
fn case_20_recurring_reminders_keep_their_hour() {
    let office = office_at("2022-03-20T00:00:00Z");
    let paris = "Europe/Paris";
    let id = office.reminder(at("2022-03-21T15:00:00", paris), Some("FREQ=WEEKLY;COUNT=4"), &[], None);
    let mut told = Vec::new();
    for now in
        ["2022-03-21T14:00:00Z", "2022-03-28T13:00:00Z", "2022-04-04T13:00:00Z", "2022-04-11T13:00:00Z"]
    {
        told.extend(office.fires(id));
        assert_eq!(office.dispatch(now), 1, "15:00 in Paris is {now}");
    }
    assert_eq!(told[1], "2022-03-28T13:00:00+00:00");
    assert_eq!(office.fires(id), Vec::<String>::new(), "four times and no more");
    let until =
        office.reminder(at("2022-05-01T09:00:00", paris), Some("FREQ=DAILY;UNTIL=20220503"), &[], None);
    let days: Vec<_> = ["2022-05-01", "2022-05-02", "2022-05-03"]
        .map(|day| office.dispatch(&format!("{day}T07:00:00Z")))
        .into();
    assert_eq!(days, [1, 1, 1]);
    assert_eq!(office.fires(until), Vec::<String>::new(), "the last day is the one that it names");
}

/// The 31st and the 29th of February fall on the last day where the month is shorter, and come back.
#[test]
fn case_21_ticking_off_goes_to_the_last_day_of_a_shorter_month() {
    let office = office_at("2024-01-01T00:00:00Z");
    let system = office.crm.system("test");
    let next = |first: &str, rule: &str, times: usize| -> Vec<String> {
        let id = office.reminder(on(first), Some(rule), &[], None);
        let tick = |_| {
            let due = system.reminders().get(id).unwrap().data.due;
            system.complete_reminder(id, &due).unwrap().due.date.to_string()
        };
        (0..times).map(tick).collect()
    };
    assert_eq!(
        next("2024-01-31", "FREQ=MONTHLY", 4),
        ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]
    );
    assert_eq!(
        next("2024-02-29", "FREQ=YEARLY", 4),
        ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
    );
}

/// Amounts are exact, never change because they are shown in another currency, and never add without a rate.
#[test]
fn case_23_money_is_exact_and_unlike_currencies_need_a_dated_rate() {
    let office = office();
    let money = |text: &str, code: &str| Money::parse(text, code.parse().unwrap()).unwrap();
    // 410.00 at 526.27 and back.
    let stored = money("410.00", "USD");
    let rate = "526.27".parse().unwrap();
    let shown = stored.convert("XAF".parse().unwrap(), rate).unwrap();
    assert_eq!((stored, shown), (money("410.00", "USD"), money("215771", "XAF")));
    let customer = office.customer("Mara Tea").id;
    let deal = Opportunity { customer, name: "Tea".into(), amount: Some(stored), ..Opportunity::default() };
    let deal = office.admin.opportunities().create(deal).unwrap().id;
    let day = "2026-03-02".parse().unwrap();
    let dated =
        Rate { from: Currency::USD, to: "XAF".parse().unwrap(), valid_from: day, rate, ..Rate::default() };
    office.admin.rates().create(dated).unwrap();
    office.admin.convert(&[stored], "XAF".parse().unwrap(), day).unwrap();
    assert_eq!(office.admin.opportunities().get(deal).unwrap().amount, Some(stored), "it stays as it is");
    // VAT of 19 %, and the same line by line.
    let vat = "0.19".parse().unwrap();
    assert_eq!(money("25395.20", "EUR").times(vat), Some(money("4825.09", "EUR")));
    let lines = ["97.50", "65.00", "32.50"].map(|net| money(net, "EUR"));
    let by_line =
        lines.map(|net| net.times(vat).unwrap()).into_iter().reduce(|a, b| a.checked_add(b).unwrap());
    assert_eq!(by_line, Some(money("37.05", "EUR")), "18.52 + 12.35 + 6.18: half to even");
    assert_eq!(money("195.00", "EUR").times(vat), Some(money("37.05", "EUR")));
    assert_eq!(money("0.05", "EUR").to_string(), "EUR 0.05");
    // The currency says how many decimals there are.
    assert!(Money::parse("500.99", "JPY".parse().unwrap()).is_err());
    assert_eq!(money("1.234", "KWD").minor, 1_234);
    // Three deals in three currencies.
    let amounts = [money("10", "USD"), money("20", "EUR"), money("30", "KES")];
    assert_eq!(failure(amounts[0].checked_add(amounts[1])), "refused unlike_currencies");
    assert_eq!(failure(office.admin.convert(&amounts, Currency::KES, day)), "refused no_rate");
    let in_kes = |from: Currency, rate: &str, valid_from: &str| {
        let rate = rate.parse().unwrap();
        let rate = Rate {
            from,
            to: Currency::KES,
            valid_from: valid_from.parse().unwrap(),
            rate,
            ..Rate::default()
        };
        office.admin.rates().create(rate).unwrap();
    };
    in_kes(Currency::USD, "129.50", "2026-01-01");
    in_kes(Currency::USD, "999", "2026-03-03");
    in_kes(Currency::EUR, "150.25", "2026-02-01");
    assert_eq!(office.admin.convert(&amounts, Currency::KES, day).unwrap(), money("4330.00", "KES"));
    let early = "2025-12-31".parse().unwrap();
    assert_eq!(failure(office.admin.convert(&amounts, Currency::KES, early)), "refused no_rate");
}

/// A probability set by hand stays, a lost deal counts nothing, and 0 % is not "unset".
#[test]
fn case_24_probabilities_stay_as_they_were_set() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let pipeline = office.admin.pipelines().list(&Query::new()).unwrap().items[0].clone();
    let deal = |name: &str, amount: i64, stage: &str, probability: Option<u8>| {
        let amount = Some(Money::new(amount, Currency::KES));
        let stage = stage.into();
        let deal =
            Opportunity { customer, name: name.into(), amount, stage, probability, ..Opportunity::default() };
        office.admin.opportunities().create(deal).unwrap().id
    };
    let by_hand = deal("By hand", 0, "proposal", Some(35));
    let edited =
        office.admin.opportunities().update(by_hand, |deal| deal.tags.push("edited".into())).unwrap();
    assert_eq!(edited.effective_probability(&pipeline), 35);
    // Won and lost say 100 and 0; reopened, what was judged by hand holds again.
    let lost = office.admin.move_stage(by_hand, "lost", StageChange::default()).unwrap();
    assert_eq!((lost.effective_probability(&pipeline), lost.status), (0, StageKind::Lost));
    let reopened = office.admin.move_stage(by_hand, "proposal", StageChange::default()).unwrap();
    assert_eq!(reopened.effective_probability(&pipeline), 35);
    office.admin.opportunities().delete(by_hand).unwrap();
    let lost = deal("Lost", 1_000, "lost", None);
    office.admin.opportunities().update(lost, |deal| deal.tags.push("tagged".into())).unwrap();
    let report = || office.admin.pipeline_report(pipeline.id).unwrap();
    assert_eq!(report().total.weighted_amount, []);
    deal("Nearly", 100, "proposal", Some(99));
    deal("Never", 200, "proposal", Some(0));
    assert_eq!(report().total.weighted_amount, [Money::new(99, Currency::KES)]);
    assert_eq!(report().total.open_amount, [Money::new(300, Currency::KES)]);
    // The stages may say something else tomorrow: what is closed stays.
    let won = deal("Won", 500, "won", None);
    office.admin.pipelines().update(pipeline.id, |p| p.stages[4].name = "Hurrah".into()).unwrap();
    assert_eq!(office.admin.opportunities().get(won).unwrap().version, 1);
    assert_eq!(TimeDelta::zero(), office.admin.clocks(won).unwrap().idle);
}

/// An e-mail address is free while its holder is in the trash, and coming back to one that was taken is a conflict.
#[test]
fn case_16_a_unique_value_is_free_in_the_trash_and_a_restore_into_a_conflict_is_told() {
    let office = office();
    let customers = office.admin.customers();
    let with = |name: &str| Customer {
        name: name.into(),
        emails: vec!["e@mara.example".into()],
        ..Customer::default()
    };
    let first = customers.create(with("A")).unwrap().id;
    customers.delete(first).unwrap();
    let second = customers.create(with("B")).unwrap().id;
    match customers.restore(first).unwrap_err() {
        Error::Duplicate { entity, field, value, holder } => {
            assert_eq!((entity, field, value.as_str()), ("customer", "emails", "e@mara.example"));
            assert_eq!(holder, Some(second.uuid()), "the holder is named to who sees it");
        }
        other => panic!("{other}"),
    }
    assert_eq!(customers.trash(&Query::new()).unwrap().items[0].record.id, first, "it is still in the trash");
    customers.update(second, |customer| customer.emails.clear()).unwrap();
    assert_eq!(customers.restore(first).unwrap().name, "A");
    assert!(office.crm.check().unwrap().is_clean());
}

/// Each occurrence is told once, whoever asks and whatever fails on the way.
#[test]
fn case_22_reminders_are_neither_repeated_nor_lost() {
    let office = office();
    let lease = TimeDelta::minutes(5);
    let claim = |now: &str, worker: &str| {
        office.clock.set(moment(now));
        office.crm.claim_due(moment(now), worker, lease, 100).unwrap()
    };
    let daily = office.reminder(at("2026-03-02T09:00:00", "UTC"), Some("FREQ=DAILY"), &[0], None);
    // Two workers ask at once: one gets it.
    let first = claim("2026-03-02T09:00:00Z", "a");
    assert_eq!((first.len(), claim("2026-03-02T09:00:00Z", "b").len()), (1, 0));
    // The worker dies between taking and telling: after the lease another one gets it, and it is told once.
    assert_eq!(claim("2026-03-02T09:04:59Z", "b").len(), 0);
    let again = claim("2026-03-02T09:05:00Z", "b");
    assert_eq!(again.len(), 1);
    office.crm.acknowledge(&again[0].delivery, moment("2026-03-02T09:05:30Z")).unwrap();
    assert_eq!(
        failure(office.crm.acknowledge(&first[0].delivery, moment("2026-03-02T09:05:40Z"))),
        "refused lease_lost"
    );
    assert_eq!(claim("2026-03-02T12:00:00Z", "a").len(), 0, "not once more that day");
    // Its time is changed after it was told: the new one is told, too.
    let due = at("2026-03-02T15:00:00", "UTC");
    office.crm.system("test").reminders().update(daily, |reminder| reminder.due = due).unwrap();
    assert_eq!(office.dispatch("2026-03-02T15:00:00Z"), 1);
    assert_eq!(office.dispatch("2026-03-02T15:00:01Z"), 0);
    // Nobody asks for two hours: what is late still comes, once.
    let once = office.reminder(at("2026-03-02T16:00:00", "UTC"), None, &[30, 15, 0], None);
    assert_eq!(office.dispatch("2026-03-02T18:00:00Z"), 1);
    assert_eq!(office.dispatch("2026-03-02T18:00:01Z"), 0);
    assert!(office.fires(once).is_empty());
}

/// An agent who sees three of ten leads sees these three everywhere. That no public function tells more is walked,
/// function by function, by the tests of the SQLite store (`leaks`).
#[test]
fn case_26_three_of_ten_leads_are_the_same_three_everywhere() {
    let office = office();
    let own = Grants::of_all_kinds(Action::ALL, Level::Own);
    let role =
        Role { key: "own".into(), name: "Own".into(), grants: own, journal_view: true, ..Role::default() };
    let role = office.admin.roles().create(role).unwrap().id;
    let user =
        office.admin.users().create(User { username: "juma".into(), role, ..User::default() }).unwrap();
    office.admin.set_password(user.id, "battery staple").unwrap();
    let agent = office.crm.login("juma", "battery staple").unwrap();
    let mut mine = Vec::new();
    let mut foreign = Vec::new();
    for number in 0..10 {
        let name = format!("Lead number {number}");
        let emails = vec![format!("lead{number}@mara.example").as_str().into()];
        let owner = Some(if number < 3 { user.id } else { office.admin.me().unwrap().unwrap().id });
        let lead =
            Customer { name, emails, owner, phones: vec!["0722 000001".into()], ..Customer::default() };
        let id = office.admin.customers().create(lead).unwrap().id;
        if number < 3 { mine.push(id) } else { foreign.push(id) }
    }
    let customers = agent.customers();
    let same = |mut found: Vec<Id<Customer>>| {
        found.sort();
        assert_eq!(found, mine);
    };
    same(customers.list(&Query::new()).unwrap().items.iter().map(|record| record.id).collect());
    same(customers.search("lead", 10).unwrap().iter().map(|record| record.id).collect());
    same(agent.search("number", 10).unwrap().iter().filter_map(|hit| hit.customer).collect());
    same(
        agent
            .as_of(agent.now())
            .customers()
            .list(&Query::new())
            .unwrap()
            .items
            .iter()
            .map(|r| r.id)
            .collect(),
    );
    assert_eq!(customers.count(&Query::new()).unwrap(), 3);
    let by_status = customers.aggregate(&Query::new(), &Aggregate::count().by(Customer::STATUS)).unwrap();
    assert_eq!(by_status.iter().map(|group| group.count).sum::<u64>(), 3);
    let dashboard = agent.dashboard().unwrap();
    assert_eq!(dashboard.customers.iter().map(|(_, count)| count).sum::<u64>(), 3);
    let pairs = customers.find_duplicates(&DuplicateRules::for_customers()).unwrap().pairs;
    assert!(pairs.iter().all(|pair| mine.contains(&pair.left) && mine.contains(&pair.right)));
    assert!(
        agent
            .operations(0, 1_000)
            .unwrap()
            .iter()
            .flat_map(|op| &op.changes)
            .all(|c| c.customer.is_none_or(|id| mine.contains(&Id::from_uuid(id))))
    );
    let nobody = Id::<Customer>::default();
    for id in foreign.into_iter().chain([nobody]) {
        assert_eq!(failure(customers.get(id)), "not_found");
        assert_eq!(failure(customers.update(id, |c| c.name = "x".into())), "not_found");
        assert_eq!(failure(customers.delete(id)), "not_found");
        assert_eq!(failure(customers.history(id)), "not_found");
        assert_eq!(failure(customers.merge(mine[0], &[id], &Default::default(), true)), "not_found");
        assert_eq!(failure(customers.erase(id)), "not_found");
        assert_eq!(failure(agent.timeline(id, 10, None)), "not_found");
        assert_eq!(failure(agent.convert_lead(id, Conversion::default())), "not_found");
    }
    let all = Filter::is("status", "lead");
    assert_eq!(customers.update_all(&all, Patch::new().set("source", "fair"), false).unwrap().changed, 3);
    let made = office
        .crm
        .changes_since(0, 1_000)
        .unwrap()
        .into_iter()
        .find(|op| op.changes.iter().any(|c| c.id == foreign_of(&office).uuid()))
        .unwrap();
    assert_eq!(failure(agent.undo(made.id)), "not_found");
}

/// A lead that the agent of the case above does not see.
fn foreign_of(office: &Office) -> Id<Customer> {
    office.admin.customers().list(&Query::new().filter(Customer::NAME.is("lead number 9"))).unwrap().items[0]
        .id
}

/// What was deleted together comes back together, exactly as it was.
#[test]
fn case_28_a_deleted_customer_comes_back_with_everything() {
    let office = office();
    let customer = office.customer("Mara Tea").id;
    let contact = office.contact(customer, "Njeri").id;
    let deal = office.deal(customer).id;
    office.contact(customer, "Juma");
    let gone = office.contact(customer, "Left long ago").id;
    office.admin.contacts().delete(gone).unwrap();
    office.reminder(at("2026-03-10T10:00:00", "UTC"), None, &[0], None);
    let before = crate::merge::everything(&office);
    office.admin.customers().delete(customer).unwrap();
    assert_eq!(failure(office.admin.contacts().get(contact)), "not_found");
    assert_eq!(failure(office.admin.opportunities().get(deal)), "not_found");
    office.admin.customers().restore(customer).unwrap();
    assert_eq!(crate::merge::everything(&office), before);
    assert_eq!(
        failure(office.admin.contacts().get(gone)),
        "not_found",
        "what was deleted before stays deleted"
    );
}
