//! The commands: small numbers that the worlds read as records, fields and values of what exists at that moment.

use crm_core::{Kind, Op};
use proptest::prelude::*;

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
        words: Option<u8>,
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
        words: u8,
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
        6 => Just(Kind::Customer),
        3 => Just(Kind::Contact),
        3 => Just(Kind::Opportunity),
        2 => Just(Kind::Interaction),
        2 => Just(Kind::Reminder),
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

fn tests() -> impl Strategy<Value = Vec<Tested>> {
    let one = (any::<u16>(), op(), any::<u32>(), any::<bool>());
    prop::collection::vec(one.prop_map(|(field, op, value, not)| Tested { field, op, value, not }), 0..3)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (kind(), fields()).prop_map(|(kind, fields)| Step::Create { kind, fields }),
        3 => (kind(), any::<u16>(), fields()).prop_map(|(kind, which, fields)| Step::Patch { kind, which, fields }),
        1 => (kind(), any::<u16>()).prop_map(|(kind, which)| Step::Delete { kind, which }),
        1 => (kind(), any::<u16>()).prop_map(|(kind, which)| Step::Restore { kind, which }),
    ]
}

pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    let by = || 0..8_u8;
    let record = move || (by(), kind(), any::<u16>());
    let writes = prop_oneof![
        8 => (by(), kind(), fields()).prop_map(|(by, kind, fields)| Command::Create { by, kind, fields }),
        6 => (record(), fields())
            .prop_map(|((by, kind, which), fields)| Command::Patch { by, kind, which, fields }),
        2 => (record(), 0..4_u8, fields())
            .prop_map(|((by, kind, which), ago, fields)| Command::PatchAt { by, kind, which, ago, fields }),
        2 => (record(), 0..4_u8, fields())
            .prop_map(|((by, kind, which), ago, fields)| Command::Replace { by, kind, which, ago, fields }),
        1 => (by(), kind(), 0..6_u8, fields())
            .prop_map(|(by, kind, id, fields)| Command::Upsert { by, kind, id, fields }),
        3 => record().prop_map(|(by, kind, which)| Command::Delete { by, kind, which }),
        3 => record().prop_map(|(by, kind, which)| Command::Restore { by, kind, which }),
        1 => record().prop_map(|(by, kind, which)| Command::Purge { by, kind, which }),
        3 => (by(), 0..6_u8).prop_map(|(by, ago)| Command::Undo { by, ago }),
        2 => (by(), prop::collection::vec(step(), 1..5)).prop_map(|(by, steps)| Command::Batch { by, steps }),
    ];
    let reads = prop_oneof![
        2 => record().prop_map(|(by, kind, which)| Command::Get { by, kind, which }),
        1 => record().prop_map(|(by, kind, which)| Command::History { by, kind, which }),
        6 => (by(), kind(), any::<bool>(), tests(), any::<bool>(), prop::collection::vec(any::<u16>(), 0..3),
              prop::option::weighted(0.2, any::<u8>()), 1..6_u8)
            .prop_map(|(by, kind, trash, filter, any, order, words, size)| {
                Command::List { by, kind, trash, filter, any, order, words, size }
            }),
        2 => (by(), kind(), tests(), any::<u16>(), prop::collection::vec(any::<u16>(), 0..3))
            .prop_map(|(by, kind, filter, of, groups)| Command::Aggregate { by, kind, filter, of, groups }),
        2 => (by(), any::<u8>()).prop_map(|(by, words)| Command::Search { by, words }),
        1 => (by(), 0..12_u8).prop_map(|(by, number)| Command::ByCode { by, number }),
        1 => (by(), any::<u8>()).prop_map(|(by, after)| Command::Feed { by, after }),
    ];
    let others = prop_oneof![
        4 => (any::<u8>(), prop::bool::weighted(0.8)).prop_map(|(user, right)| Command::Login { user, right }),
        1 => by().prop_map(|by| Command::Logout { by }),
        6 => Just(Command::ComeBack),
        1 => (by(), any::<u8>()).prop_map(|(by, user)| Command::SetPassword { by, user }),
        2 => prop::sample::select(vec![1_u32, 2, 60, 3_600, 13 * 3_600, 86_400 * 40, 86_401])
            .prop_map(|seconds| Command::Wait { seconds }),
    ];
    prop_oneof![10 => writes, 7 => reads, 2 => others]
}
