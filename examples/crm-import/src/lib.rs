//! Imports CSV files into a store by a plan: try it, run it, take it back. The program around this only reads its arguments.

mod arguments;
mod print;
mod refused;
mod run;
mod sniff;
mod store;
mod told;
mod undo;

pub use arguments::{Arguments, Place, Task};
pub use run::run;

/// Why the program stops. The text says it all: it is shown to whoever typed the command.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How the program ends, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// 0: done, and no row was refused.
    Clean,
    /// 3: done, but rows were refused; in a dry run they would be.
    RowsFailed,
}

/// What is printed with `--help`.
pub const HELP: &str = "\
Usage: crm-import --db FILE PLAN.toml (--dry-run | --apply | --undo) [OPTIONS]
       crm-import --sniff FILE.csv [--entity KIND]

Imports the files that a plan names, which lie beside it. A plan is TOML, or JSON.

What to do:
  --dry-run      tell what would become of every row, and write nothing
  --apply        import; rows that are refused are told and stop nothing
  --undo         take the newest import of this plan back; what a stopped undo left as well
  --sniff FILE   look at a file and print a plan to start from

Options:
  --db FILE      the store; it is made when there is none
  --files DIR    where the files of the plan are, when not beside it
  --failed DIR   write the rows that were refused there, with the reason: people.failed.csv, which the
                 same plan reads in the place of people.csv
  --import ID    with --apply: go on with an import that was stopped; with --undo: that one
  --problems N   tell at most N problems (100)
  --entity KIND  what the rows of a sniffed file are: customer (when nothing is said), contact, opportunity …
  --region KE, --zone Africa/Nairobi, --currency KES
                 the settings of a NEW store: the country of phone numbers that name none, the time zone, and the
                 currency in which it counts; without them US, UTC and USD. A store that is there keeps its own
  --json         print the report as one JSON object
  --help         print this text

It ends with 0 when all is well, 3 when rows were refused, 1 when it failed, 2 when the command is wrong.
";
