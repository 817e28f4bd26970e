//! Sample data is what it promises, repeats itself, and keeps every rule.

use crate::{failure, office};
use crm_core::contract::{ManualClock, SeededEntropy, test_options};
use crm_core::sample::{Sample, SampleOptions, fill};
use crm_core::{
    Bucket, Contact, Crm, Currency, Customer, CustomerKind, CustomerStatus, Email, Entity, Id, Interaction,
    InteractionKind, Kind, LeadStatus, MemoryStore, Note, Opportunity, Options, Priority, Query, Reminder,
    ReminderStatus, Role, Rules, Sale, Session, StageKind, Timestamp, User, Violations, for_each_entity,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

struct Filled {
    crm: Crm,
    program: Session,
    sample: Sample,
}

fn filled_with(seed: u64, leads: u32, options: Options) -> Filled {
    let crm = Crm::open(Arc::new(MemoryStore::new()), options).unwrap();
    let sample = fill(&crm, &SampleOptions { seed, leads }).unwrap();
    Filled { program: crm.system("test"), crm, sample }
}

fn filled(seed: u64, leads: u32) -> Filled {
    filled_with(seed, leads, test_options(7).0)
}

impl Filled {
    fn all<E: Rules>(&self) -> Vec<crm_core::Record<E>> {
        self.program.collection::<E>().iter(Query::new()).map(Result::unwrap).collect()
    }

    fn leads(&self) -> Vec<crm_core::Record<Customer>> {
        self.all::<Customer>().into_iter().filter(|customer| customer.lead.is_some()).collect()
    }

    fn emails(&self) -> Vec<String> {
        let customers = self.all::<Customer>().into_iter().flat_map(|customer| customer.data.emails);
        let contacts = self.all::<Contact>().into_iter().flat_map(|contact| contact.data.emails);
        let key = |email: Email| email.address.comparison_key().unwrap();
        customers.chain(contacts).map(key).collect()
    }
}

macro_rules! over_all_kinds {
    ($($entity:ident = $name:literal),+ $(,)?) => {
        /// Every record as JSON, with the ids in the order of their making: 1, 2, 3 …
        fn told(filled: &Filled) -> String {
            let mut ids = BTreeSet::new();
            let mut text = String::new();
            $(for record in filled.all::<crm_core::$entity>() {
                ids.insert(record.id.to_string());
                text.push_str($name);
                text.push_str(&serde_json::to_string(&record).unwrap());
                text.push('\n');
            })+
            for (number, id) in ids.iter().enumerate() {
                text = text.replace(id, &number.to_string());
            }
            text
        }

        fn assert_valid(filled: &Filled) {
            $(for record in filled.all::<crm_core::$entity>() {
                assert_keeps_its_rules(record.data);
            })+
        }
    };
}
for_each_entity!(over_all_kinds);

/// What is stored is clean and complete: cleaning and completing it again changes nothing.
fn assert_keeps_its_rules<E: Entity>(stored: E) {
    let (mut data, mut problems) = (stored.clone(), Violations::default());
    data.tidy(&mut problems);
    data.normalise();
    data.check(&mut problems);
    problems.into_result().unwrap();
    assert_eq!(data, stored);
}

fn assert_sound(filled: &Filled) {
    assert_valid(filled);
    assert_eq!(filled.crm.check().unwrap().problems, Vec::<String>::new());
    let emails = filled.emails();
    assert_eq!(emails.iter().collect::<BTreeSet<_>>().len(), emails.len(), "an address is given out twice");
    for (kind, count) in &filled.sample.counts {
        let stored = match kind {
            Kind::Customer => filled.all::<Customer>().len(),
            Kind::Contact => filled.all::<Contact>().len(),
            Kind::Interaction => filled.all::<Interaction>().len(),
            Kind::User => filled.all::<User>().len(),
            Kind::Sale => filled.all::<Sale>().len(),
            _ => continue,
        };
        assert_eq!(stored as u64, *count, "{kind}");
    }
}

fn by_customer<E: Rules>(
    records: &[crm_core::Record<E>],
    of: impl Fn(&E) -> Id<Customer>,
) -> BTreeSet<Id<Customer>> {
    records.iter().map(|record| of(record)).collect()
}

#[test]
fn the_same_seed_size_and_clock_give_the_same_records() {
    // Other ids, nothing else.
    let other_ids = Options { entropy: Arc::new(SeededEntropy::new(99)), ..test_options(7).0 };
    let (first, second) = (filled(3, 10), filled_with(3, 10, other_ids));
    assert_ne!(first.sample.manager.id, second.sample.manager.id);
    assert_eq!(told(&first), told(&second));
    assert_eq!(first.sample.counts, second.sample.counts);
}

#[test]
fn another_seed_gives_other_people() {
    let names =
        |seed| filled(seed, 10).all::<Customer>().into_iter().map(|c| c.data.name).collect::<Vec<_>>();
    assert_ne!(names(1), names(2));
}

#[test]
fn the_smallest_sample_has_some_of_everything() {
    for seed in 0..10 {
        let filled = filled(seed, SampleOptions::default().leads);
        assert_sound(&filled);
        assert_eq!(filled.sample.counts[&Kind::User], 2);
        assert_eq!(filled.all::<User>().len(), 2);

        let leads = filled.leads();
        assert_eq!((leads.len(), filled.sample.leads), (10, 10));
        let statuses: BTreeSet<LeadStatus> =
            leads.iter().map(|lead| lead.lead.as_ref().unwrap().status).collect();
        let priorities: BTreeSet<Priority> =
            leads.iter().map(|lead| lead.lead.as_ref().unwrap().priority).collect();
        assert_eq!((statuses.len(), priorities.len()), (LeadStatus::ALL.len(), Priority::ALL.len()));
        assert!(leads.iter().all(|lead| lead.lead.as_ref().unwrap().estimated_value.is_some()));
        let calls: Vec<_> = filled
            .all::<Interaction>()
            .into_iter()
            .filter(|talk| talk.kind == InteractionKind::Call)
            .collect();
        let with_contacts = by_customer(&filled.all::<Contact>(), |contact| contact.customer);
        let with_notes = by_customer(&filled.all::<Note>(), |note| note.customer);
        let with_reminders = by_customer(&filled.all::<Reminder>(), |reminder| reminder.customer);
        let with_calls = by_customer(&calls, |call| call.customer);
        for lead in &leads {
            for with in [&with_contacts, &with_notes, &with_reminders, &with_calls] {
                assert!(with.contains(&lead.id), "seed {seed}: {} lacks something", lead.name);
            }
            let converted = lead.lead.as_ref().unwrap().status == LeadStatus::Converted;
            assert_eq!(lead.converted_opportunity.is_some(), converted);
        }

        let customers = filled.all::<Customer>();
        assert_eq!(customers.len(), 15);
        let statuses: BTreeSet<CustomerStatus> = customers.iter().map(|customer| customer.status).collect();
        let kinds: BTreeSet<CustomerKind> = customers.iter().map(|customer| customer.kind).collect();
        let owners: BTreeSet<Option<Id<User>>> = customers.iter().map(|customer| customer.owner).collect();
        assert_eq!((statuses.len(), kinds.len(), owners.len()), (4, 2, 2));
        assert!(customers.iter().all(|customer| customer.custom.get("county").is_some()));
        assert!(customers.iter().any(|customer| customer.custom.get("loyalty_number").is_some()));

        let figures = filled.program.dashboard().unwrap();
        assert!(figures.stages.iter().all(|stage| stage.count > 0), "{:?}", figures.stages);
        assert!(!figures.sales.is_empty(), "nothing was sold in the last 30 days");
        let currencies: Vec<Currency> =
            figures.deals.open_amount.iter().map(|amount| amount.currency).collect();
        assert_eq!(currencies, [Currency::KES, Currency::USD]);
        let today = filled.program.today().unwrap();
        let total = filled.program.convert(&figures.deals.open_amount, Currency::KES, today);
        assert!(total.is_ok(), "there are rates");

        for bucket in Bucket::ALL {
            let page = filled.program.agenda(*bucket, None, &Query::new()).unwrap();
            assert!(!page.items.is_empty(), "seed {seed}: nothing is {bucket}");
        }
        let reminders = filled.all::<Reminder>();
        assert!(reminders.iter().any(|reminder| reminder.recurrence.is_some()));
        assert!(reminders.iter().any(|reminder| reminder.status == ReminderStatus::Snoozed));
    }
}

#[test]
fn every_customer_has_one_primary_contact() {
    let filled = filled(1, 30);
    let mut primaries: BTreeMap<Id<Customer>, usize> = BTreeMap::new();
    for contact in filled.all::<Contact>().iter().filter(|contact| contact.primary) {
        *primaries.entry(contact.customer).or_default() += 1;
    }
    assert_eq!(primaries.len(), filled.all::<Customer>().len());
    assert!(primaries.values().all(|count| *count == 1));
}

#[test]
fn phone_numbers_are_kenyan_and_nobody_shares_one() {
    let filled = filled(1, 30);
    let customers = filled.all::<Customer>().into_iter().flat_map(|customer| customer.data.phones);
    let contacts = filled.all::<Contact>().into_iter().flat_map(|contact| contact.data.phones);
    let mut seen = BTreeSet::new();
    for phone in customers.chain(contacts) {
        assert!(phone.number.is_valid("KE"), "{}", phone.number.0);
        let key = phone.number.comparison_key("KE");
        assert!(key.starts_with("+2547") || key.starts_with("+2541"), "{key}");
        assert!(seen.insert(key), "{} twice", phone.number.0);
    }
}

#[test]
fn what_was_said_and_sold_fits_the_deal() {
    let filled = filled(1, 50);
    let (talks, sales) = (filled.all::<Interaction>(), filled.all::<Sale>());
    let zone = filled.program.settings().unwrap().time_zone;
    for deal in filled.all::<Opportunity>() {
        let about = talks.iter().filter(|talk| talk.opportunity == Some(deal.id));
        for day in about.map(|talk| zone.date_at(talk.occurred_at.unwrap())) {
            assert!(deal.opened_on <= Some(day), "{}: talked about before it was opened", deal.name);
            assert!(deal.closed_on.is_none_or(|closed| day <= closed), "{}: after it was closed", deal.name);
        }
        let sold =
            sales.iter().filter(|sale| sale.opportunity == Some(deal.id) && sale.quantity.0 > 0.into());
        let sold: i64 = sold.map(|sale| sale.amount.unwrap().minor).sum();
        match deal.status {
            StageKind::Won => assert_eq!(Some(sold), deal.amount.map(|amount| amount.minor)),
            StageKind::Open | StageKind::Lost => assert_eq!(sold, 0),
        }
    }
}

#[test]
fn a_larger_sample_grows_in_everything() {
    let filled = filled(1, 200);
    assert_sound(&filled);
    let counts = &filled.sample.counts;
    assert_eq!((counts[&Kind::Customer], filled.leads().len()), (300, 200));
    for kind in [Kind::Contact, Kind::Interaction, Kind::Reminder, Kind::Note] {
        assert!(counts[&kind] >= 200, "{kind}");
    }
    for kind in [Kind::Opportunity, Kind::Sale, Kind::Feedback] {
        assert!(counts[&kind] >= 50, "{kind}");
    }
}

#[test]
fn any_moment_will_do() {
    // The last minute of a year, a leap day, a Sunday, the end of a month: what the clock in Nairobi shows then.
    for now in
        ["2025-12-31T20:59:00Z", "2024-02-29T05:00:00Z", "2026-03-01T09:00:00Z", "2026-01-31T21:30:00Z"]
    {
        let (options, clock): (Options, Arc<ManualClock>) = test_options(7);
        clock.set(now.parse::<Timestamp>().unwrap());
        let filled = filled_with(1, 10, options);
        for bucket in Bucket::ALL {
            let page = filled.program.agenda(*bucket, None, &Query::new()).unwrap();
            assert!(!page.items.is_empty(), "at {now} nothing is {bucket}");
        }
        let future = Query::new().filter(Interaction::OCCURRED_AT.greater(filled.program.now()));
        assert_eq!(filled.program.interactions().count(&future).unwrap(), 0, "at {now}");
    }
}

#[test]
fn the_manager_and_the_agent_log_in() {
    let filled = filled(1, 10);
    for (user, key) in [(&filled.sample.manager, "manager"), (&filled.sample.agent, "agent")] {
        let session = filled.crm.login(&user.username, &user.password).unwrap();
        let me = session.me().unwrap().unwrap();
        assert_eq!(me.id, user.id);
        assert_eq!(filled.program.roles().get(me.role).unwrap().data.key, key);
        let own = Query::new().filter(Customer::OWNER.is(user.id));
        assert!(session.customers().count(&own).unwrap() > 0);
    }
    let managers = Query::new().filter(Role::KEY.is("manager"));
    assert_eq!(filled.program.roles().count(&managers).unwrap(), 1);
}

#[test]
fn it_goes_beside_an_administrator_but_not_into_a_store_in_use() {
    let office = office();
    let few = SampleOptions { leads: 9, ..SampleOptions::default() };
    assert_eq!(failure(fill(&office.crm, &few)), "invalid leads range");
    fill(&office.crm, &SampleOptions::default()).unwrap();
    assert_eq!(office.admin.users().count(&Query::new()).unwrap(), 3);
    assert_eq!(failure(fill(&office.crm, &SampleOptions::default())), "refused not_empty");
}
