//! The differential test: random commands by random users on the memory store and on SQLite must give the same
//! results, the same errors with the same fields, the same journal and the same events.
//!
//! Both sides run on the same clock and the same entropy, so ids are equal and everything is compared as text.

mod acting;
mod any_collection;
mod command;
mod population;
mod values;
mod world;

use command::Command;
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use world::Worlds;

/// The commands need no model beside the two stores: each is the other's.
struct AnyCommand;

impl ReferenceStateMachine for AnyCommand {
    type State = u64;
    type Transition = Command;

    fn init_state() -> BoxedStrategy<u64> {
        (0..1_000_u64).boxed()
    }

    fn transitions(_: &u64) -> BoxedStrategy<Command> {
        command::any_command().boxed()
    }

    fn apply(state: u64, _: &Command) -> u64 {
        state
    }
}

struct TwoStores;

impl StateMachineTest for TwoStores {
    type SystemUnderTest = Worlds;
    type Reference = AnyCommand;

    fn init_test(seed: &u64) -> Worlds {
        Worlds::new(*seed)
    }

    fn apply(mut worlds: Worlds, _: &u64, command: Command) -> Worlds {
        worlds.run(&command);
        worlds
    }

    fn teardown(worlds: Worlds, _: u64) {
        worlds.compare_all();
    }
}

/// The number of sequences, from the environment for long runs.
fn sequences(default: u32) -> Config {
    let cases =
        std::env::var("CRM_SOAK_SEQUENCES").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    Config { cases, max_shrink_iters: 2_000, ..Config::default() }
}

prop_state_machine! {
    #![proptest_config(sequences(300))]

    #[test]
    fn memory_and_sqlite_agree(sequential 1..60 => TwoStores);
}

prop_state_machine! {
    #![proptest_config(sequences(2_000))]

    #[test]
    #[ignore = "takes minutes; `cargo xtask soak` runs it"]
    fn soak_memory_and_sqlite_agree(sequential 1..60 => TwoStores);
}
