//! The commands: small numbers that the worlds read as records, fields and values of what exists at that moment.

use crm_core::exchange::MatchPolicy;
use crm_core::{Bucket, Kind, Op};
use proptest::prelude::*;
use std::ops::Range;

/// Which field, and a number from which its value is made.
pub(crate) type Pick = (u16, u32);

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Create {
        by: u8,
        kind: Kind,
        fields: Vec<Pick>,
    },
    Patch {
        by: u8,
        kind: Kind,
        which: u16,
        fields: Vec<Pick>,
    },
    /// By a writer who has read the record so many versions ago.
    PatchAt {
        by: u8,
        kind: Kind,
        which: u16,
        ago: u8,
        fields: Vec<Pick>,
    },
    Replace {
        by: u8,
        kind: Kind,
        which: u16,
        ago: u8,
        fields: Vec<Pick>,
    },
    Upsert {
        by: u8,
        kind: Kind,
        id: u8,
        fields: Vec<Pick>,
    },
    /// A file with one of a few contents.
    Attach {
        by: u8,
        fields: Vec<Pick>,
        content: u8,
    },
    ReadAttachment {
        by: u8,
        which: u16,
    },
    ConvertLead {
        by: u8,
        which: u16,
        active: bool,
        deal: Deal,
        contact: Option<Vec<Pick>>,
    },
    MoveStage {
        by: u8,
        which: u16,
        stage: u8,
        closed_on: Option<u8>,
        reason: bool,
    },
    StageHistory {
        by: u8,
        which: u16,
    },
    Clocks {
        by: u8,
        which: u16,
    },
    CompleteReminder {
        by: u8,
        which: u16,
        /// What he saw of it has passed.
        stale: bool,
    },
    SnoozeReminder {
        by: u8,
        which: u16,
        seconds: i32,
    },
    CancelReminder {
        by: u8,
        which: u16,
    },
    ReassignReminder {
        by: u8,
        which: u16,
        user: u8,
    },
    Deliveries {
        by: u8,
        which: u16,
    },
    /// Amounts in another currency.
    Convert {
        by: u8,
        amounts: Vec<(i64, u8)>,
        to: u8,
        on: u8,
    },
    Dashboard {
        by: u8,
    },
    PipelineReport {
        by: u8,
        which: u16,
    },
    /// The cards of all customers or of all contacts.
    ExportCards {
        by: u8,
        contacts: bool,
    },
    /// Cards with a few names, phones and e-mails, as customers or as contacts of one.
    ImportCards {
        by: u8,
        customer: Option<u16>,
        policy: MatchPolicy,
        dry_run: bool,
        cards: Vec<u32>,
    },
    ExportCalendar {
        by: u8,
    },
    /// A file of customers with rows of every kind, by one of a few plans; perhaps taken back at once.
    ImportRows {
        by: u8,
        policy: u8,
        seed: u16,
        dry_run: bool,
        undo: bool,
    },
    Timeline {
        by: u8,
        which: u16,
        size: u8,
    },
    Agenda {
        by: u8,
        bucket: Bucket,
        assignee: Option<u8>,
        size: u8,
    },
    /// Customers, or contacts, that become one.
    Merge {
        by: u8,
        contacts: bool,
        survivor: u16,
        losers: Vec<u16>,
        /// The field whose value is that of the first loser.
        choice: u8,
        dry_run: bool,
    },
    /// Of a customer, or a contact.
    Erase {
        by: u8,
        contact: bool,
        which: u16,
    },
    /// Of all, of a record, of a draft like a record, or that there are none.
    Duplicates {
        by: u8,
        contacts: bool,
        call: DuplicateCall,
        which: u16,
    },
    UpdateAll {
        by: u8,
        kind: Kind,
        filter: Vec<Tested>,
        any: bool,
        fields: Vec<Pick>,
        dry_run: bool,
    },
    DeleteAll {
        by: u8,
        kind: Kind,
        filter: Vec<Tested>,
        dry_run: bool,
    },
    /// The host's: what is claimed is kept.
    ClaimDue {
        worker: u8,
        minutes: u8,
        limit: u8,
    },
    Acknowledge {
        claimed: u8,
    },
    GiveBack {
        claimed: u8,
    },
    /// Tells everybody; so many of seven in vain.
    DispatchDue {
        in_vain: u8,
    },
    Delete {
        by: u8,
        kind: Kind,
        which: u16,
    },
    Restore {
        by: u8,
        kind: Kind,
        which: u16,
    },
    Purge {
        by: u8,
        kind: Kind,
        which: u16,
    },
    Get {
        by: u8,
        kind: Kind,
        which: u16,
    },
    History {
        by: u8,
        kind: Kind,
        which: u16,
    },
    List {
        by: u8,
        kind: Kind,
        trash: bool,
        filter: Vec<Tested>,
        any: bool,
        order: Vec<u16>,
        words: Option<u16>,
        size: u8,
    },
    Aggregate {
        by: u8,
        kind: Kind,
        filter: Vec<Tested>,
        of: u16,
        groups: Vec<u16>,
    },
    Search {
        by: u8,
        words: u16,
        limit: u8,
    },
    ByCode {
        by: u8,
        number: u8,
    },
    Undo {
        by: u8,
        ago: u8,
    },
    Batch {
        by: u8,
        steps: Vec<Step>,
    },
    Feed {
        by: u8,
        after: u8,
    },
    LatestOperations {
        by: u8,
        before: Option<u8>,
    },
    LastOperation {
        by: u8,
    },
    Login {
        user: u8,
        right: bool,
    },
    Logout {
        by: u8,
    },
    /// Everybody who is logged out logs in again.
    ComeBack,
    SetPassword {
        by: u8,
        user: u8,
    },
    Wait {
        seconds: u32,
    },
}

/// What is asked about duplicates.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DuplicateCall {
    All,
    OfRecord,
    OfDraft,
    /// This record and another one are not the same.
    Not(u16),
}

/// The deal that comes of a lead.
#[derive(Clone, Debug)]
pub(crate) enum Deal {
    None,
    New(Vec<Pick>),
    Existing(u16),
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Create { kind: Kind, fields: Vec<Pick> },
    Patch { kind: Kind, which: u16, fields: Vec<Pick> },
    Delete { kind: Kind, which: u16 },
    Restore { kind: Kind, which: u16 },
}

/// One test of a filter: field, comparison, value, negated.
#[derive(Clone, Debug)]
pub(crate) struct Tested {
    pub(crate) field: u16,
    pub(crate) op: Op,
    pub(crate) value: u32,
    pub(crate) not: bool,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        8 => Just(Kind::Customer),
        4 => Just(Kind::Contact),
        5 => Just(Kind::Opportunity),
        2 => Just(Kind::Interaction),
        2 => Just(Kind::Reminder),
        2 => Just(Kind::Note),
        3 => Just(Kind::Sale),
        2 => Just(Kind::Feedback),
        2 => Just(Kind::Attachment),
        2 => Just(Kind::Distinction),
        4 => Just(Kind::Product),
        4 => Just(Kind::CustomField),
        2 => Just(Kind::SavedView),
        1 => Just(Kind::Rate),
        2 => Just(Kind::User),
        1 => Just(Kind::Role),
        1 => Just(Kind::Pipeline),
        1 => Just(Kind::Settings),
    ]
}

fn fields() -> impl Strategy<Value = Vec<Pick>> {
    prop::collection::vec(any::<Pick>(), 0..6)
}

fn op() -> impl Strategy<Value = Op> {
    prop::sample::select(vec![
        Op::Is,
        Op::IsNot,
        Op::In,
        Op::Less,
        Op::AtMost,
        Op::Greater,
        Op::AtLeast,
        Op::Between,
        Op::Contains,
        Op::StartsWith,
        Op::IsEmpty,
    ])
}

fn tests(how_many: Range<usize>) -> impl Strategy<Value = Vec<Tested>> {
    let one = (any::<u16>(), op(), any::<u32>(), any::<bool>());
    prop::collection::vec(one.prop_map(|(field, op, value, not)| Tested { field, op, value, not }), how_many)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (kind(), fields()).prop_map(|(kind, fields)| Step::Create { kind, fields }),
        3 => (kind(), any::<u16>(), fields()).prop_map(|(kind, which, fields)| Step::Patch { kind, which, fields }),
        1 => (kind(), any::<u16>()).prop_map(|(kind, which)| Step::Delete { kind, which }),
        1 => (kind(), any::<u16>()).prop_map(|(kind, which)| Step::Restore { kind, which }),
    ]
}

/// What is done with records besides writing them.
fn work() -> impl Strategy<Value = Command> {
    let by = || 0..8_u8;
    let one = move || (by(), any::<u16>());
    let deal = prop_oneof![
        1 => Just(Deal::None),
        3 => prop::collection::vec(any::<Pick>(), 0..3).prop_map(Deal::New),
        2 => any::<u16>().prop_map(Deal::Existing),
    ];
    let contact = prop::option::of(prop::collection::vec(any::<Pick>(), 0..3));
    prop_oneof![
        4 => (one(), any::<bool>(), deal, contact).prop_map(|((by, which), active, deal, contact)| {
            Command::ConvertLead { by, which, active, deal, contact }
        }),
        4 => (one(), any::<u8>(), prop::option::weighted(0.2, any::<u8>()), any::<bool>()).prop_map(
            |((by, which), stage, closed_on, reason)| Command::MoveStage { by, which, stage, closed_on, reason }
        ),
        3 => (one(), prop::bool::weighted(0.2))
            .prop_map(|((by, which), stale)| Command::CompleteReminder { by, which, stale }),
        3 => (one(), prop::sample::select(vec![-10, 0, 90, 3_600, 86_400 * 3]))
            .prop_map(|((by, which), seconds)| Command::SnoozeReminder { by, which, seconds }),
        1 => one().prop_map(|(by, which)| Command::CancelReminder { by, which }),
        2 => (one(), any::<u8>())
            .prop_map(|((by, which), user)| Command::ReassignReminder { by, which, user }),
        4 => (0..3_u8, 0..9_u8, 0..5_u8)
            .prop_map(|(worker, minutes, limit)| Command::ClaimDue { worker, minutes, limit }),
        2 => any::<u8>().prop_map(|claimed| Command::Acknowledge { claimed }),
        2 => any::<u8>().prop_map(|claimed| Command::GiveBack { claimed }),
        1 => (0..8_u8).prop_map(|in_vain| Command::DispatchDue { in_vain }),
        3 => ((by(), kind()), tests(1..3), any::<bool>(), fields(), prop::bool::weighted(0.3)).prop_map(
            |((by, kind), filter, any, fields, dry_run)| {
                Command::UpdateAll { by, kind, filter, any, fields, dry_run }
            }
        ),
        2 => ((by(), kind()), tests(1..3), prop::bool::weighted(0.6))
            .prop_map(|((by, kind), filter, dry_run)| Command::DeleteAll { by, kind, filter, dry_run }),
        1 => (by(), any::<bool>(), any::<u16>())
            .prop_map(|(by, contact, which)| Command::Erase { by, contact, which }),
        3 => (by(), any::<bool>(), any::<u16>(), prop::collection::vec(any::<u16>(), 0..3), any::<u8>(), prop::bool::weighted(0.3))
            .prop_map(|(by, contacts, survivor, losers, choice, dry_run)| {
                Command::Merge { by, contacts, survivor, losers, choice, dry_run }
            }),
    ]
}

fn duplicate_call() -> impl Strategy<Value = DuplicateCall> {
    prop_oneof![
        Just(DuplicateCall::All),
        Just(DuplicateCall::OfRecord),
        Just(DuplicateCall::OfDraft),
        any::<u16>().prop_map(DuplicateCall::Not),
    ]
}

/// Figures and views over several kinds.
fn looks() -> impl Strategy<Value = Command> {
    let by = || 0..8_u8;
    let one = move || (by(), any::<u16>());
    let amounts = prop::collection::vec((-5_000..5_000_000_i64, any::<u8>()), 0..4);
    prop_oneof![
        2 => one().prop_map(|(by, which)| Command::StageHistory { by, which }),
        2 => one().prop_map(|(by, which)| Command::Clocks { by, which }),
        2 => one().prop_map(|(by, which)| Command::Deliveries { by, which }),
        2 => (by(), amounts, any::<u8>(), any::<u8>())
            .prop_map(|(by, amounts, to, on)| Command::Convert { by, amounts, to, on }),
        4 => (one(), any::<bool>(), duplicate_call())
            .prop_map(|((by, which), contacts, call)| Command::Duplicates { by, contacts, call, which }),
        2 => by().prop_map(|by| Command::Dashboard { by }),
        2 => one().prop_map(|(by, which)| Command::PipelineReport { by, which }),
        2 => (by(), any::<bool>()).prop_map(|(by, contacts)| Command::ExportCards { by, contacts }),
        2 => by().prop_map(|by| Command::ExportCalendar { by }),
        3 => (one(), 0..7_u8).prop_map(|((by, which), size)| Command::Timeline { by, which, size }),
        3 => (by(), prop::sample::select(Bucket::ALL), prop::option::of(any::<u8>()), 1..4_u8)
            .prop_map(|(by, bucket, assignee, size)| Command::Agenda { by, bucket, assignee, size }),
    ]
}

pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    let by = || 0..8_u8;
    let record = move || (by(), kind(), any::<u16>());
    let policies = prop::sample::select(MatchPolicy::ALL);
    let cards = (by(), prop::option::of(any::<u16>()), policies, prop::bool::weighted(0.2));
    let writes = prop_oneof![
        2 => (cards, prop::collection::vec(any::<u32>(), 1..5)).prop_map(|((by, customer, policy, dry_run), cards)| {
            Command::ImportCards { by, customer, policy, dry_run, cards }
        }),
        2 => (by(), any::<u8>(), any::<u16>(), prop::bool::weighted(0.2), prop::bool::weighted(0.3)).prop_map(
            |(by, policy, seed, dry_run, undo)| Command::ImportRows { by, policy, seed, dry_run, undo }
        ),
        8 => (by(), kind(), fields()).prop_map(|(by, kind, fields)| Command::Create { by, kind, fields }),
        6 => (record(), fields())
            .prop_map(|((by, kind, which), fields)| Command::Patch { by, kind, which, fields }),
        2 => (record(), 0..4_u8, fields())
            .prop_map(|((by, kind, which), ago, fields)| Command::PatchAt { by, kind, which, ago, fields }),
        2 => (record(), 0..4_u8, fields())
            .prop_map(|((by, kind, which), ago, fields)| Command::Replace { by, kind, which, ago, fields }),
        1 => (by(), kind(), 0..6_u8, fields())
            .prop_map(|(by, kind, id, fields)| Command::Upsert { by, kind, id, fields }),
        2 => (by(), prop::collection::vec(any::<Pick>(), 1..3), any::<u8>())
            .prop_map(|(by, fields, content)| Command::Attach { by, fields, content }),
        3 => record().prop_map(|(by, kind, which)| Command::Delete { by, kind, which }),
        3 => record().prop_map(|(by, kind, which)| Command::Restore { by, kind, which }),
        1 => record().prop_map(|(by, kind, which)| Command::Purge { by, kind, which }),
        3 => (by(), 0..6_u8).prop_map(|(by, ago)| Command::Undo { by, ago }),
        2 => (by(), prop::collection::vec(step(), 1..5)).prop_map(|(by, steps)| Command::Batch { by, steps }),
    ];
    let reads = prop_oneof![
        2 => record().prop_map(|(by, kind, which)| Command::Get { by, kind, which }),
        1 => record().prop_map(|(by, kind, which)| Command::History { by, kind, which }),
        2 => (by(), any::<u16>()).prop_map(|(by, which)| Command::ReadAttachment { by, which }),
        6 => (by(), kind(), any::<bool>(), tests(0..3), any::<bool>(), prop::collection::vec(any::<u16>(), 0..3),
              prop::option::weighted(0.2, any::<u16>()), 1..6_u8)
            .prop_map(|(by, kind, trash, filter, any, order, words, size)| {
                Command::List { by, kind, trash, filter, any, order, words, size }
            }),
        2 => (by(), kind(), tests(0..3), any::<u16>(), prop::collection::vec(any::<u16>(), 0..3))
            .prop_map(|(by, kind, filter, of, groups)| Command::Aggregate { by, kind, filter, of, groups }),
        4 => (by(), any::<u16>(), 1..6_u8).prop_map(|(by, words, limit)| Command::Search { by, words, limit }),
        1 => (by(), 0..12_u8).prop_map(|(by, number)| Command::ByCode { by, number }),
        1 => (by(), any::<u8>()).prop_map(|(by, after)| Command::Feed { by, after }),
        1 => (by(), any::<Option<u8>>())
            .prop_map(|(by, before)| Command::LatestOperations { by, before }),
        1 => by().prop_map(|by| Command::LastOperation { by }),
    ];
    let others = prop_oneof![
        4 => (any::<u8>(), prop::bool::weighted(0.8)).prop_map(|(user, right)| Command::Login { user, right }),
        1 => by().prop_map(|by| Command::Logout { by }),
        6 => Just(Command::ComeBack),
        1 => (by(), any::<u8>()).prop_map(|(by, user)| Command::SetPassword { by, user }),
        2 => prop::sample::select(vec![1_u32, 2, 60, 3_600, 13 * 3_600, 86_400 * 40, 86_401])
            .prop_map(|seconds| Command::Wait { seconds }),
    ];
    prop_oneof![20 => writes, 14 => reads, 10 => work(), 6 => looks(), 5 => others]
}
