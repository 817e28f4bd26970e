//! A command carried out in one world, and its result as text.

use super::any_collection::{collection, pages, told};
use super::command::{Command, Deal, DuplicateCall, Pick, Step};
use super::values::{currency, day, filter, measured, patch, path, sorted_by, stage, words};
use super::world::{Ids, PASSWORD, World};
use crate::import;
use crm_core::chrono::TimeDelta;
use crm_core::exchange::{self, Calendar, VCardImport};
use crm_core::{
    Aggregate, Batch, Collection, Comparison, Contact, Conversion, ConversionOpportunity, Customer,
    CustomerStatus, Delivery, DueReminder, Duplicable, Error, GroupBy, Id, KeyForm, KeyPart, Kind, Mergeable,
    Money, Period, Query, Rules, Session, StageChange, Uuid,
};
use std::fmt::Write;
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Mutex;

/// Carries a command out.
pub(super) fn act(world: &mut World, ids: &Ids, command: &Command) -> String {
    let crm = &world.crm;
    match command {
        Command::Create { by, kind: Kind::Settings, fields }
        | Command::Patch { by, kind: Kind::Settings, fields, .. } => {
            told(&world.session(*by).patch_settings(patch(Kind::Settings, fields, ids, false)))
        }
        Command::Create { by, kind, fields } => {
            collection(world.session(*by), *kind).create_from(patch(*kind, fields, ids, true))
        }
        Command::Patch { by, kind, which, fields } => {
            let patch = patch(*kind, fields, ids, false);
            collection(world.session(*by), *kind).patch(ids.which(*kind, *which), patch)
        }
        Command::PatchAt { by, kind, which, ago, fields } => {
            let patch = patch(*kind, fields, ids, false);
            collection(world.session(*by), *kind).patch_at(ids.which(*kind, *which), *ago, patch)
        }
        Command::Replace { by, kind, which, ago, fields } => {
            let patch = patch(*kind, fields, ids, false);
            collection(world.session(*by), *kind).replace(ids.which(*kind, *which), *ago, patch)
        }
        Command::Upsert { by, kind, id, fields } => {
            let patch = patch(*kind, fields, ids, true);
            collection(world.session(*by), *kind).upsert(&(id % 3).to_string(), patch)
        }
        Command::Attach { by, fields, content } => {
            let patch = patch(Kind::Attachment, fields, ids, true);
            let json = serde_json::to_value(patch).unwrap();
            match serde_json::from_value(json) {
                Ok(data) => told(&world.session(*by).attach(data, &mut *bytes(*content))),
                Err(_) => "does not fit".to_owned(),
            }
        }
        Command::ReadAttachment { by, which } => {
            let mut bytes = Vec::new();
            let id = Id::from_uuid(ids.which(Kind::Attachment, *which));
            let read = told(&world.session(*by).read_attachment(id, &mut bytes));
            let sum = bytes.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(*byte));
            format!("{read} {} {sum}", bytes.len())
        }
        Command::ConvertLead { by, which, active, deal, contact } => {
            convert_lead(world.session(*by), ids, *which, *active, deal, contact.as_deref())
        }
        Command::MoveStage { by, which, stage: pick, closed_on, reason } => {
            let with = StageChange {
                closed_on: closed_on.map(day),
                lost_reason: reason.then(|| "Too dear".to_owned()),
            };
            let deal = Id::from_uuid(ids.which(Kind::Opportunity, *which));
            told(&world.session(*by).move_stage(deal, stage(*pick), with))
        }
        Command::Duplicates { by, contacts: false, call, which } => {
            duplicates::<Customer>(world.session(*by), ids, *call, *which)
        }
        Command::Duplicates { by, contacts: true, call, which } => {
            duplicates::<Contact>(world.session(*by), ids, *call, *which)
        }
        Command::ExportCards { by, contacts } => {
            let (session, query, mut file) = (world.session(*by), Query::new(), Vec::new());
            let written = match contacts {
                true => exchange::export_contacts(session, &query, &mut file),
                false => exchange::export_customers(session, &query, &mut file),
            };
            format!("{} {}", told(&written), String::from_utf8_lossy(&file))
        }
        Command::ExportCalendar { by } => {
            let mut file = Vec::new();
            let written = exchange::export_calendar(world.session(*by), &Calendar::default(), &mut file);
            format!("{} {}", told(&written), String::from_utf8_lossy(&file))
        }
        Command::ImportCards { by, customer, policy, dry_run, cards } => {
            let mut import = match customer {
                Some(which) => VCardImport::contacts_of(Id::from_uuid(ids.which(Kind::Customer, *which))),
                None => VCardImport::customers(),
            };
            import = VCardImport { on_match: *policy, dry_run: *dry_run, ..import };
            let file: String = cards.iter().map(|pick| card(*pick)).collect();
            let mut each = String::new();
            let summary = exchange::import_vcards(world.session(*by), file.as_bytes(), &import, |card| {
                write!(each, "{card:?} ").unwrap();
            });
            format!("{} {each}", told(&summary))
        }
        Command::ImportRows { by, policy, seed, dry_run, undo } => {
            const ROWS: u64 = 6;
            let session = world.session(*by);
            let plan = import::customers_by(import::POLICIES[usize::from(*policy) % import::POLICIES.len()]);
            let ran = import::run(session, &plan, &import::generated((*seed).into(), ROWS), *dry_run);
            let taken_back =
                ran.as_ref().ok().and_then(|(report, _)| report.import).filter(|_| *undo).map(|id| {
                    told(&exchange::import::undo_import(session, id, &mut |_| ControlFlow::Continue(())))
                });
            format!("{} {taken_back:?}", told(&ran))
        }
        Command::StageHistory { by, which } => {
            told(&world.session(*by).stage_history(Id::from_uuid(ids.which(Kind::Opportunity, *which))))
        }
        Command::Clocks { by, which } => {
            told(&world.session(*by).clocks(Id::from_uuid(ids.which(Kind::Opportunity, *which))))
        }
        Command::CompleteReminder { by, which, stale } => {
            let id = Id::from_uuid(ids.which(Kind::Reminder, *which));
            let seen = world.crm.system("look").reminders().get(id).ok().filter(|_| !stale);
            let due = seen.map_or(crm_core::Due::on(day(0)), |reminder| reminder.data.due);
            told(&world.session(*by).complete_reminder(id, &due))
        }
        Command::SnoozeReminder { by, which, seconds } => {
            let until = world.session(*by).now() + TimeDelta::seconds((*seconds).into());
            let reminder = Id::from_uuid(ids.which(Kind::Reminder, *which));
            told(&world.session(*by).snooze_reminder(reminder, until))
        }
        Command::CancelReminder { by, which } => {
            told(&world.session(*by).cancel_reminder(Id::from_uuid(ids.which(Kind::Reminder, *which))))
        }
        Command::ReassignReminder { by, which, user } => {
            let user = Id::from_uuid(ids.one("user", (*user).into()));
            let reminder = Id::from_uuid(ids.which(Kind::Reminder, *which));
            told(&world.session(*by).reassign_reminder(reminder, user))
        }
        Command::Deliveries { by, which } => {
            told(&world.session(*by).deliveries(Id::from_uuid(ids.which(Kind::Reminder, *which))))
        }
        Command::Convert { by, amounts, to, on } => {
            let amounts: Vec<Money> =
                amounts.iter().map(|(minor, pick)| Money::new(*minor, currency(*pick))).collect();
            told(&world.session(*by).convert(&amounts, currency(*to), day(*on)))
        }
        Command::Dashboard { by } => told(&world.session(*by).dashboard()),
        Command::PipelineReport { by, which } => {
            told(&world.session(*by).pipeline_report(Id::from_uuid(ids.which(Kind::Pipeline, *which))))
        }
        Command::Timeline { by, which, size } => {
            let customer = Id::from_uuid(ids.which(Kind::Customer, *which));
            let list = |query: &Query| {
                world.session(*by).timeline(customer, (*size).into(), query.cursor.as_deref())
            };
            pages(Query::new(), list)
        }
        Command::Agenda { by, bucket, assignee, size } => {
            let assignee = assignee.map(|user| Id::from_uuid(ids.one("user", user.into())));
            let query = Query { total: size % 2 == 0, ..Query::new().page_size((*size).into()) };
            pages(query, |query| world.session(*by).agenda(*bucket, assignee, query))
        }
        Command::Merge { by, contacts, survivor, losers, choice, dry_run } => {
            let session = world.session(*by);
            match contacts {
                true => merge(session.contacts(), Kind::Contact, ids, *survivor, losers, *choice, *dry_run),
                false => {
                    merge(session.customers(), Kind::Customer, ids, *survivor, losers, *choice, *dry_run)
                }
            }
        }
        Command::Erase { by, contact, which } => {
            let session = world.session(*by);
            match contact {
                true => told(&session.contacts().erase(Id::from_uuid(ids.which(Kind::Contact, *which)))),
                false => told(&session.customers().erase(Id::from_uuid(ids.which(Kind::Customer, *which)))),
            }
        }
        Command::UpdateAll { by, kind, filter: tests, any, fields, dry_run } => {
            let filter = filter(*kind, tests, *any, ids);
            let patch = patch(*kind, fields, ids, false);
            collection(world.session(*by), *kind).update_all(&filter, patch, *dry_run)
        }
        Command::DeleteAll { by, kind, filter: tests, dry_run } => {
            let filter = filter(*kind, tests, false, ids);
            collection(world.session(*by), *kind).delete_all(&filter, *dry_run)
        }
        Command::ClaimDue { worker, minutes, limit } => {
            let (now, lease) = (world.sessions[0].now(), TimeDelta::minutes((*minutes).into()));
            let claimed = crm.claim_due(now, &format!("worker {worker}"), lease, (*limit).into());
            let text = told(&claimed);
            world.claimed.extend(claimed.into_iter().flatten().map(|due| due.delivery));
            text
        }
        Command::Acknowledge { claimed } => match claimed_one(world, *claimed) {
            Some(delivery) => told(&crm.acknowledge(delivery, world.sessions[0].now())),
            None => String::new(),
        },
        Command::GiveBack { claimed } => match claimed_one(world, *claimed) {
            Some(delivery) => told(&crm.give_back(delivery, world.sessions[0].now(), "no line")),
            None => String::new(),
        },
        Command::DispatchDue { in_vain } => {
            let heard = Mutex::new(String::new());
            let tell = |due: &DueReminder| {
                write!(heard.lock().unwrap(), "{due:?}").unwrap();
                let lot = due.reminder.id.uuid().as_u128() % 7;
                if lot < u128::from(*in_vain) { Err("nobody there".to_owned()) } else { Ok(()) }
            };
            let done = told(&crm.dispatch_due(world.sessions[0].now(), &tell));
            done + &heard.into_inner().unwrap()
        }
        Command::Delete { by, kind, which } => {
            collection(world.session(*by), *kind).delete(ids.which(*kind, *which))
        }
        Command::Restore { by, kind, which } => {
            collection(world.session(*by), *kind).restore(ids.which(*kind, *which))
        }
        Command::Purge { by, kind, which } => {
            collection(world.session(*by), *kind).purge(ids.which(*kind, *which))
        }
        Command::Get { by, kind, which } => {
            collection(world.session(*by), *kind).get(ids.which(*kind, *which))
        }
        Command::History { by, kind, which } => {
            collection(world.session(*by), *kind).history(ids.which(*kind, *which))
        }
        Command::List { by, kind, trash, filter: tests, any, order, words: word, size } => {
            let sign = |n: &u16| if n.is_multiple_of(2) { "" } else { "-" };
            let query = Query {
                words: word.map(words),
                order: order.iter().map(|n| format!("{}{}", sign(n), sorted_by(*kind, *n, ids))).collect(),
                total: *any,
                ..Query::new().filter(filter(*kind, tests, *any, ids)).page_size((*size).into())
            };
            let collection = collection(world.session(*by), *kind);
            match *trash {
                true => collection.trash(query),
                false => collection.count(&query) + &collection.export(&query) + &collection.list(query),
            }
        }
        Command::Aggregate { by, kind, filter: tests, of, groups } => {
            let query = Query::new().filter(filter(*kind, tests, false, ids));
            let periods = [
                None,
                Some(Period::Day),
                Some(Period::Week),
                Some(Period::Month),
                Some(Period::Quarter),
                Some(Period::Year),
            ];
            let by_fields = groups.iter().map(|n| GroupBy {
                field: path(*kind, *n, ids),
                period: periods[usize::from(if n % 12 < 7 { 0 } else { n % 12 - 6 })],
            });
            let figures =
                Aggregate { by: by_fields.collect(), of: (of % 3 > 0).then(|| measured(*kind, *of, ids)) };
            collection(world.session(*by), *kind).aggregate(&query, &figures)
        }
        Command::Search { by, words: word, limit } => {
            told(&world.session(*by).search(&words(*word), (*limit).into()))
        }
        Command::ByCode { by, number } => {
            told(&world.session(*by).customers().by_code(&format!("c{number:03}")))
        }
        Command::Undo { by, ago } => {
            let operations = crm.changes_since(0, usize::MAX).unwrap();
            match operations.iter().rev().nth((*ago).into()) {
                Some(operation) => told(&world.session(*by).undo(operation.id)),
                None => told(&world.session(*by).undo(Uuid::from_u128(7))),
            }
        }
        Command::Batch { by, steps } => {
            let mut batch = world.session(*by).batch();
            for step in steps {
                add_step(world.session(*by), &mut batch, step, ids);
            }
            told(&batch.run())
        }
        Command::LatestOperations { by, before } => {
            told(&world.session(*by).latest_operations(before.map(u64::from), 20))
        }
        Command::LastOperation { by } => told(&world.session(*by).last_operation()),
        Command::Feed { by, after } => told(&world.session(*by).operations((*after).into(), 20)),
        Command::Login { user, right } => {
            let names = ["admin", "ann", "ben", "eve", "kim", "achieng", "nobody"];
            let password = if *right { PASSWORD } else { "wrong horse" };
            let result = crm.login(names[usize::from(*user) % names.len()], password);
            let text = told(&result.as_ref().map(Session::actor).map_err(copy));
            if let Ok(session) = result {
                // In the place of one that may have ended.
                let place = 1 + usize::from(*user) % 5;
                world.sessions[place] = session;
            }
            text
        }
        Command::Logout { by } => told(&world.session(*by).logout()),
        Command::ComeBack => {
            world.come_back();
            String::new()
        }
        Command::SetPassword { by, user } => {
            let user = ids.one("user", (*user).into());
            told(&world.session(*by).set_password(Id::from_uuid(user), PASSWORD))
        }
        Command::Wait { seconds } => {
            world.clock.advance(TimeDelta::seconds((*seconds).into()));
            if seconds % 2 == 0 {
                world.come_back();
            }
            String::new()
        }
    }
}

/// A card with a few names, phones and e-mails.
fn card(pick: u32) -> String {
    let part = |shift: u32, of: u32| (pick >> shift) % of;
    let name = ["Amina Otieno", "Juma Mwangi", "Mara Tea", "tea"][part(0, 4) as usize];
    let mut card = format!("BEGIN:VCARD\nVERSION:4.0\nFN:{name}\nX-PICK:{}\n", part(24, 3));
    for (is_there, line) in [
        (part(2, 2), format!("UID:card-{}", part(4, 5))),
        (part(8, 2), format!("TEL;TYPE=cell:+25472200000{}", part(9, 4))),
        (part(12, 2), format!("EMAIL:a{}@mara.example", part(13, 4))),
        (part(16, 2), format!("ORG:Mara Tea;Sales {}", part(17, 3))),
        (part(20, 8), format!("ADR:;;Moi Avenue {};Voi;;00100;Kenya", part(22, 3))),
    ] {
        if is_there == 1 {
            card += &line;
            card.push('\n');
        }
    }
    card + "END:VCARD\n"
}

fn duplicates<E: Duplicable>(session: &Session, ids: &Ids, call: DuplicateCall, which: u16) -> String {
    let collection = session.collection::<E>();
    let id = Id::from_uuid(ids.which(E::kind(), which));
    // Much is alike for these, and every form of a key is asked for.
    let mut rules = E::usual_rules().threshold(0.01).most_sharing(3);
    if which.is_multiple_of(2) {
        let (path, list) =
            if E::kind() == Kind::Customer { ("name", "tags") } else { ("given_name", "emails") };
        for form in [KeyForm::First(1), KeyForm::Sound, KeyForm::Digits, KeyForm::Year] {
            rules = rules.key([KeyPart::new(path, form)]);
        }
        rules = rules
            .key([KeyPart::whole("custom.tier")])
            .key([KeyPart::whole(list), KeyPart::new("created_at", KeyForm::First(7))])
            .key([KeyPart::whole("created_by"), KeyPart::new("phones", KeyForm::First(2))])
            .compare("custom.tier", Comparison::Exact, 4.0, 1.0);
    }
    match call {
        DuplicateCall::All => told(&collection.find_duplicates(&rules)),
        DuplicateCall::OfRecord => told(&collection.duplicates_of_record(id, &rules)),
        DuplicateCall::OfDraft => match collection.get(id) {
            Ok(record) => told(&collection.duplicates_of(&record.data, &rules)),
            Err(_) => told(&collection.duplicates_of(&E::default(), &rules)),
        },
        DuplicateCall::Not(other) => {
            told(&collection.not_duplicates(id, Id::from_uuid(ids.which(E::kind(), other))))
        }
    }
}

/// One of the latest claims, or of the older ones.
fn claimed_one(world: &World, pick: u8) -> Option<&Delivery> {
    let count = world.claimed.len();
    world.claimed.iter().rev().nth(usize::from(pick) % count.max(1))
}

fn merge<E: Mergeable>(
    collection: Collection<'_, E>,
    kind: Kind,
    ids: &Ids,
    survivor: u16,
    losers: &[u16],
    choice: u8,
    dry_run: bool,
) -> String {
    let id = |which: u16| Id::<E>::from_uuid(ids.which(kind, which));
    let losers: Vec<Id<E>> = losers.iter().map(|loser| id(*loser)).collect();
    // Often no choice, sometimes a field that can't be chosen.
    let field = E::FIELDS.get(usize::from(choice)).map(|field| field.name.to_owned());
    let choices = field.into_iter().zip(losers.first().copied()).collect();
    told(&collection.merge(id(survivor), &losers, &choices, dry_run))
}

fn convert_lead(
    session: &Session,
    ids: &Ids,
    which: u16,
    active: bool,
    deal: &Deal,
    contact: Option<&[Pick]>,
) -> String {
    fn made<E: Rules>(fields: &[Pick], ids: &Ids) -> Option<E> {
        let json = serde_json::to_value(patch(E::kind(), fields, ids, true)).unwrap();
        serde_json::from_value(json).ok()
    }
    let opportunity = match deal {
        Deal::None => Some(ConversionOpportunity::None),
        Deal::New(fields) => made(fields, ids).map(Box::new).map(ConversionOpportunity::New),
        Deal::Existing(which) => {
            let id = Id::from_uuid(ids.which(Kind::Opportunity, *which));
            Some(ConversionOpportunity::Existing(id))
        }
    };
    let contact = contact.map(|fields| made(fields, ids).ok_or(())).transpose();
    let (Some(opportunity), Ok(contact)) = (opportunity, contact) else { return "does not fit".to_owned() };
    let status = if active { CustomerStatus::Active } else { CustomerStatus::Prospect };
    let lead = Id::from_uuid(ids.which(Kind::Customer, which));
    told(&session.convert_lead(lead, Conversion { status, opportunity, contact }))
}

fn add_step(session: &Session, batch: &mut Batch<'_>, step: &Step, ids: &Ids) {
    match step {
        Step::Create { kind, fields } => {
            collection(session, *kind).add_create(batch, patch(*kind, fields, ids, true));
        }
        Step::Patch { kind, which, fields } => {
            let patch = patch(*kind, fields, ids, false);
            collection(session, *kind).add_patch(batch, ids.which(*kind, *which), patch);
        }
        Step::Delete { kind, which } => {
            collection(session, *kind).add_delete(batch, ids.which(*kind, *which));
        }
        Step::Restore { kind, which } => {
            collection(session, *kind).add_restore(batch, ids.which(*kind, *which));
        }
    }
}

/// The bytes of a file: of a few sizes and contents, and now and then such as can't be read to their end.
pub(super) fn bytes(content: u8) -> Box<dyn Read> {
    const PIECE: u64 = 256 * 1024;
    let of = |byte: u8, size: u64| std::io::repeat(byte).take(size);
    match content {
        0 => Box::new(of(b'x', PIECE)),
        1 => Box::new(of(b'x', PIECE + 1)),
        2 | 3 => Box::new(of(b'y', PIECE * 2)),
        4..12 => Box::new(of(b'z', 900).chain(Broken)),
        12..40 => Box::new(std::io::empty()),
        _ => Box::new(of(b'a' + content % 3, u64::from(content % 7) * 20)),
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the line is dead"))
    }
}

/// Errors can't be cloned; what is compared of them can.
fn copy(error: &Error) -> Error {
    Error::Storage { reason: format!("{} {:?}", error.code(), error.fields()), source: None }
}
