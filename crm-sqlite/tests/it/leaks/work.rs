//! Walks of what is done with records, and of the figures over several kinds.

use super::*;

/// The figure of every record that the user sees.
fn mine<E: Gated>(world: &World) -> Vec<Record<E>> {
    let all = world.everything::<E>().into_iter();
    all.filter(|(record, trashed)| !trashed && world.sees(record)).map(|(record, _)| record).collect()
}

fn sum(amounts: impl Iterator<Item = Money>) -> Vec<Money> {
    let mut minor = None;
    for amount in amounts {
        assert_eq!(amount.currency, Currency::KES);
        *minor.get_or_insert(0) += amount.minor;
    }
    minor.map(|minor| Money::new(minor, Currency::KES)).into_iter().collect()
}

// ---- files -----------------------------------------------------------------------------------------------------

pub(super) fn attach(walk: &Walk<'_>) {
    let world = walk.world;
    creating::<Attachment>(walk, |file| walk.session.attach(file, &mut "open".as_bytes()));
    // Bytes that a foreign file has too are like any others, and going they take nothing along.
    let stranger = foreign_file(world);
    let texts = Texts { secret: true, number: 3 };
    let mut sizes = Vec::new();
    for bytes in [texts.bytes("a"), texts.bytes("c")] {
        let new = Attachment::new_on(world.mine::<Customer>()[0], "openfile");
        let file = walk.session.attach(new, &mut bytes.as_slice()).unwrap();
        walk.say(&file.sha256);
        walk.record(file.clone());
        sizes.push((file.size, file.version));
        walk.session.attachments().delete(file.id).unwrap();
        walk.session.attachments().purge(file.id).unwrap();
    }
    assert_eq!(sizes[0], sizes[1]);
    let mut bytes = Vec::new();
    world.system.read_attachment(stranger, &mut bytes).unwrap();
    assert_eq!(bytes, texts.bytes("a"));
}

fn foreign_file(world: &World) -> Id<Attachment> {
    let all = world.everything::<Attachment>();
    let file = all.iter().find(|(file, _)| file.file_name == KNOWN_FILE).unwrap();
    assert!(!world.sees(&file.0));
    file.0.id
}

pub(super) fn read_attachment(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<Attachment>(), |id| {
        let mut bytes = Vec::new();
        let read = walk.session.read_attachment(id, &mut bytes);
        assert!(bytes.is_empty());
        read
    });
    for id in walk.world.mine::<Attachment>() {
        let mut bytes = Vec::new();
        walk.session.read_attachment(id, &mut bytes).unwrap();
        walk.look(std::str::from_utf8(&bytes).unwrap());
        assert!(bytes.starts_with(b"open"));
    }
}

// ---- the past --------------------------------------------------------------------------------------------------

/// The past shows what the present may be seen of, and no more.
pub(super) fn as_of(walk: &Walk<'_>) {
    let past = walk.session.as_of(walk.session.now());
    then::<Customer>(walk, &past);
    then::<Contact>(walk, &past);
    then::<Opportunity>(walk, &past);
    then::<Interaction>(walk, &past);
    then::<Reminder>(walk, &past);
    then::<Note>(walk, &past);
    then::<Sale>(walk, &past);
    then::<Feedback>(walk, &past);
    then::<Attachment>(walk, &past);
    let now = walk.shown(walk.session.dashboard().unwrap());
    assert_eq!(walk.shown(past.dashboard().unwrap()), now);
    for customer in walk.world.foreign::<Customer>() {
        assert_eq!(walk.refused(past.timeline(customer, 10, None)).code(), "not_found");
    }
    assert_eq!(walk.refused(past.customers().create(Customer::default())).code(), "read_only");
}

fn then<E: Gated>(walk: &Walk<'_>, past: &Session) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| E::of(past).get(id));
    if !walk.world.sees_kind(E::kind()) {
        assert_eq!(walk.refused(E::of(past).list(&Query::new())).code(), "denied");
        return;
    }
    let all = Query::new().page_size(1_000).with_total();
    let by_id = |page: Page<Record<E>>| {
        let mut items = page.items;
        items.sort_by_key(|record| record.id);
        (items, page.total)
    };
    let shown = walk.shown(by_id(E::of(past).list(&all).unwrap()));
    assert_eq!(shown, by_id(E::of(&walk.session).list(&all).unwrap()));
    for record in shown.0 {
        assert_eq!(E::of(past).get(record.id).unwrap(), record);
    }
}

// ---- leads and deals -------------------------------------------------------------------------------------------

pub(super) fn convert_lead(walk: &Walk<'_>) {
    let (world, session) = (walk.world, &walk.session);
    walk.alike_ids(&world.foreign::<Customer>(), |id| session.convert_lead(id, Conversion::default()));
    // Whatever comes with it.
    let deal = Opportunity { name: "Deal".into(), ..Opportunity::default() };
    let with = |opportunity| Conversion { opportunity, ..Conversion::default() };
    walk.alike_ids(&world.foreign::<Customer>(), |id| {
        session.convert_lead(id, with(ConversionOpportunity::New(Box::new(deal.clone()))))
    });
    let lead = walk.own::<Customer>().id;
    for of in [lead, world.mine::<Customer>()[1]] {
        walk.alike_ids(&world.foreign::<Opportunity>(), |deal| {
            session.convert_lead(of, with(ConversionOpportunity::Existing(deal)))
        });
    }
    let strangers: Vec<Id<Contact>> =
        strangers::<Contact>(world).into_iter().map(|(_, id)| Id::from_uuid(id)).collect();
    walk.alike_ids(&strangers, |contact| {
        let contacts = vec![OpportunityContact { contact, role: None }];
        let deal = Opportunity { contacts, ..deal.clone() };
        session.convert_lead(lead, with(ConversionOpportunity::New(Box::new(deal))))
    });
    let converted = session.convert_lead(lead, with(ConversionOpportunity::New(Box::new(deal)))).unwrap();
    walk.record(walk.shown(converted).customer);
    // What the program made of a lead is told as far as it is seen.
    let lead = walk.own::<Customer>().id;
    let person = Contact { given_name: "Njeri".into(), ..Contact::default() };
    let conversion = Conversion { contact: Some(person), ..Conversion::default() };
    world.system.convert_lead(lead, conversion).unwrap();
    let converted = walk.shown(session.convert_lead(lead, Conversion::default()).unwrap());
    assert_eq!(converted.contact.is_some(), world.sees_kind(Kind::Contact));
}

pub(super) fn move_stage(walk: &Walk<'_>) {
    for stage in ["won", "nowhere"] {
        walk.alike_ids(&walk.world.foreign::<Opportunity>(), |deal| {
            walk.session.move_stage(deal, stage, StageChange::default())
        });
    }
    let own = walk.own::<Opportunity>().id;
    walk.record(walk.session.move_stage(own, "won", StageChange::default()).unwrap());
    walk.refused(walk.session.move_stage(own, "nowhere", StageChange::default()));
}

pub(super) fn stage_history(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<Opportunity>(), |deal| walk.session.stage_history(deal));
    for deal in walk.world.mine::<Opportunity>() {
        assert!(!walk.shown(walk.session.stage_history(deal).unwrap()).is_empty());
    }
}

pub(super) fn clocks(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<Opportunity>(), |deal| walk.session.clocks(deal));
    for deal in walk.world.mine::<Opportunity>() {
        walk.shown(walk.session.clocks(deal).unwrap());
    }
}

// ---- reminders -------------------------------------------------------------------------------------------------

pub(super) fn on_reminders(walk: &Walk<'_>, call: impl Fn(Id<Reminder>) -> Result<Record<Reminder>>) {
    walk.alike_ids(&walk.world.foreign::<Reminder>(), &call);
    walk.record(call(walk.own::<Reminder>().id).unwrap());
}

pub(super) fn complete_reminder(walk: &Walk<'_>) {
    let (world, session) = (walk.world, &walk.session);
    // With what it is due, and with any other day.
    let due = |id| world.system.reminders().get(id).map_or(Due::default(), |reminder| reminder.data.due);
    walk.alike_ids(&world.foreign::<Reminder>(), |id| session.complete_reminder(id, &due(id)));
    on_reminders(walk, |id| session.complete_reminder(id, &due(id)));
    walk.alike_ids(&world.foreign::<Reminder>(), |id| session.complete_reminder(id, &Due::default()));
    let own = walk.own::<Reminder>().id;
    assert_eq!(walk.refused(session.complete_reminder(own, &Due::default())).code(), "conflict");
}

pub(super) fn reassign_reminder(walk: &Walk<'_>) {
    let world = walk.world;
    for user in [world.me, world.rival] {
        walk.say(user);
        walk.alike_ids(&world.foreign::<Reminder>(), |id| walk.session.reassign_reminder(id, user));
    }
    on_reminders(walk, |id| walk.session.reassign_reminder(id, world.me));
    if world.variant == Variant::Blind {
        let own = walk.own::<Reminder>().id;
        walk.alike_ids(&[world.rival], |user| walk.session.reassign_reminder(own, user));
    }
}

pub(super) fn deliveries(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<Reminder>(), |id| walk.session.deliveries(id));
    let mut told = 0;
    for id in walk.world.mine::<Reminder>() {
        let deliveries = walk.shown(walk.session.deliveries(id).unwrap());
        assert!(deliveries.iter().all(|delivery| delivery.reminder == id));
        told += deliveries.iter().filter(|delivery| delivery.delivered_at.is_some()).count();
    }
    assert!(told > 2, "nobody was told");
}

/// Each bucket: what the program has in it, as far as the user sees it.
pub(super) fn agenda(walk: &Walk<'_>) {
    let (world, session) = (walk.world, &walk.session);
    let unknown = session.new_id().unwrap();
    let mut found = 0;
    for bucket in Bucket::ALL {
        for assignee in [None, Some(world.me), Some(world.rival), Some(unknown)] {
            let everything = Query::new().page_size(1_000);
            let all = world.system.agenda(*bucket, assignee, &everything).unwrap().items;
            let wanted: Vec<_> = all.into_iter().filter(|reminder| world.sees(reminder)).collect();
            let page = walk.page(session.agenda(*bucket, assignee, &everything.with_total()).unwrap());
            assert_eq!(page.total, Some(wanted.len() as u64));
            assert_eq!(ids(&page.items), ids(&wanted), "{bucket:?} {assignee:?}");
            let mut query = Query::new().page_size(1).with_total();
            let mut paged = Vec::new();
            loop {
                let page = walk.page(session.agenda(*bucket, assignee, &query).unwrap());
                assert_eq!(page.total, Some(wanted.len() as u64));
                paged.extend(ids(&page.items));
                match page.next {
                    Some(next) => query.cursor = Some(next),
                    None => break,
                }
            }
            assert_eq!(paged, ids(&wanted));
            found += paged.len();
        }
    }
    assert!(found >= 6, "{found}");
}

// ---- figures ---------------------------------------------------------------------------------------------------

pub(super) fn dashboard(walk: &Walk<'_>) {
    let (world, session) = (walk.world, &walk.session);
    let board = walk.shown(session.dashboard().unwrap());
    let customers = mine::<Customer>(world);
    let of_status = |status| customers.iter().filter(|customer| customer.status == status).count() as u64;
    for (status, count) in &board.customers {
        assert_eq!(*count, of_status(*status), "{status:?}");
    }
    let leads =
        || customers.iter().filter_map(|customer| customer.lead.as_ref().map(|lead| (customer, lead)));
    for (status, count) in &board.leads.by_status {
        assert_eq!(*count, leads().filter(|(_, lead)| lead.status == *status).count() as u64);
    }
    let open = || leads().filter(|(customer, _)| customer.status == CustomerStatus::Lead);
    for (priority, count) in &board.leads.by_priority {
        assert_eq!(*count, open().filter(|(_, lead)| lead.priority == *priority).count() as u64);
    }
    assert_eq!(board.leads.estimated_value, sum(open().filter_map(|(_, lead)| lead.estimated_value)));
    assert_eq!(board.contacts, world.mine::<Contact>().len() as u64);
    deals(walk, &board.deals);
    match world.variant {
        Variant::Blind => assert_eq!(board.stages, []),
        _ => stages(walk, &board.stages),
    }
    assert_eq!(board.sales, sum(mine::<Sale>(world).iter().filter_map(|sale| sale.amount)));
    let interactions = mine::<Interaction>(world).len() as u64;
    assert_eq!(board.activity.by_kind.iter().map(|(_, count)| count).sum::<u64>(), interactions);
    for interaction in board.activity.latest {
        walk.record(interaction);
    }
    let due = |bucket| {
        let all = world.system.agenda(bucket, None, &Query::new().page_size(1_000)).unwrap();
        all.into_iter().filter(|reminder| world.sees(reminder)).count() as u64
    };
    assert_eq!(board.reminders_today, due(Bucket::Today));
    assert_eq!(board.reminders_overdue, due(Bucket::Overdue));
}

/// The figures of deals are those of the deals that the user sees.
fn deals(walk: &Walk<'_>, figures: &Deals) {
    let deals = mine::<Opportunity>(walk.world);
    let of = |status| deals.iter().filter(move |deal| deal.status == status);
    for (status, count, amount) in [
        (StageKind::Open, figures.open, &figures.open_amount),
        (StageKind::Won, figures.won, &figures.won_amount),
        (StageKind::Lost, figures.lost, &figures.lost_amount),
    ] {
        assert_eq!(count, of(status).count() as u64, "{status:?}");
        assert_eq!(*amount, sum(of(status).filter_map(|deal| deal.amount)), "{status:?}");
    }
    let below = |amount: &Money| amount.minor <= figures.open_amount[0].minor;
    assert!(figures.weighted_amount.iter().all(below));
}

fn stages(walk: &Walk<'_>, stages: &[StageReport]) {
    let deals = mine::<Opportunity>(walk.world);
    for stage in stages {
        let here = || {
            deals.iter().filter(|deal| deal.pipeline == Some(stage.pipeline) && deal.stage == stage.stage.key)
        };
        assert_eq!(stage.count, here().count() as u64);
        assert_eq!(stage.amount, sum(here().filter_map(|deal| deal.amount)));
        assert!(stage.rotting <= stage.count);
    }
}

pub(super) fn pipeline_report(walk: &Walk<'_>) {
    let (world, session) = (walk.world, &walk.session);
    let pipeline = world.system.pipelines().list(&Query::new()).unwrap().items[0].id;
    if world.variant == Variant::Blind {
        walk.say(pipeline);
        let unknown = session.new_id().unwrap();
        for pipeline in [pipeline, unknown] {
            assert_eq!(walk.refused(session.pipeline_report(pipeline)).code(), "denied");
        }
        return;
    }
    let report = walk.shown(session.pipeline_report(pipeline).unwrap());
    deals(walk, &report.total);
    stages(walk, &report.stages);
    let now = session.now();
    let rotten =
        mine::<Opportunity>(world).iter().filter(|deal| deal.is_rotting(&report.pipeline, now)).count();
    assert!(rotten >= 6, "{rotten}");
    assert_eq!(report.stages.iter().map(|stage| stage.rotting).sum::<u64>(), rotten as u64);
}

pub(super) fn timeline(walk: &Walk<'_>) {
    let (world, session) = (walk.world, &walk.session);
    for size in [0, 10] {
        walk.alike_ids(&world.foreign::<Customer>(), |id| session.timeline(id, size, None));
    }
    let own = world.mine::<Customer>();
    let cursor = own.iter().find_map(|id| session.timeline(*id, 1, None).unwrap().next).unwrap();
    walk.alike_ids(&world.foreign::<Customer>(), |id| session.timeline(id, 1, Some(&cursor)));
    for customer in own {
        let mut wanted = BTreeSet::new();
        fn of<E: Gated>(world: &World, customer: Id<Customer>, wanted: &mut BTreeSet<Uuid>) {
            let all = mine::<E>(world).into_iter().filter(|record| E::customer_of(record) == customer);
            wanted.extend(all.map(|record| record.id.uuid()));
        }
        of::<Contact>(world, customer, &mut wanted);
        of::<Opportunity>(world, customer, &mut wanted);
        of::<Interaction>(world, customer, &mut wanted);
        of::<Reminder>(world, customer, &mut wanted);
        of::<Note>(world, customer, &mut wanted);
        of::<Sale>(world, customer, &mut wanted);
        of::<Feedback>(world, customer, &mut wanted);
        of::<Attachment>(world, customer, &mut wanted);
        let mut found = BTreeSet::new();
        let mut cursor = None;
        loop {
            let page = walk.page(session.timeline(customer, 3, cursor.as_deref()).unwrap());
            assert_eq!(page.total, None);
            found.extend(page.items.into_iter().map(|entry| entry.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, wanted);
    }
}

pub(super) fn convert(walk: &Walk<'_>) {
    let day = walk.session.today().unwrap();
    let amounts = [Money::new(100, Currency::USD)];
    let converted = walk.session.convert(&amounts, Currency::KES, day);
    if walk.world.variant == Variant::Blind {
        assert_eq!(walk.refused(converted).code(), "denied");
        // Nor whether there is a rate.
        let error = walk.session.convert(&amounts, Currency::EUR, day);
        assert_eq!(walk.refused(error).code(), "denied");
        return;
    }
    assert_eq!(walk.shown(converted.unwrap()), Money::new(12_900, Currency::KES));
}
