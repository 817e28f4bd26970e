//! Pipelines and their stages.

use super::Validate;
use crate::error::Violations;
use crate::value::choice;
use crm_core_derive::{Composite, Entity};
use serde::{Deserialize, Serialize};

/// The way that deals go, stage by stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "pipeline")]
pub struct Pipeline {
    /// The name that is shown.
    #[entity(filterable, sortable, max = 255)]
    pub name: String,
    /// The one that new deals take. Exactly one pipeline is it; another made default takes over.
    #[entity(filterable)]
    pub default: bool,
    /// The stages in their order: at least one open, one won and one lost.
    pub stages: Vec<Stage>,
}

impl Pipeline {
    /// The stage with this key.
    pub fn stage(&self, key: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.key == key)
    }

    /// Where new deals start.
    pub fn first_open(&self) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.kind == StageKind::Open)
    }

    /// The pipeline that a new store has.
    pub fn shipped() -> Self {
        Pipeline {
            name: "Sales".to_owned(),
            default: true,
            stages: vec![
                Stage::new("prospecting", "Prospecting", StageKind::Open, 10),
                Stage::new("qualification", "Qualification", StageKind::Open, 25),
                Stage::new("proposal", "Proposal", StageKind::Open, 50),
                Stage::new("negotiation", "Negotiation", StageKind::Open, 75),
                Stage::new("won", "Closed Won", StageKind::Won, 100),
                Stage::new("lost", "Closed Lost", StageKind::Lost, 0),
            ],
        }
    }
}

impl Validate for Pipeline {
    fn check(&self, problems: &mut Violations) {
        if self.name.is_empty() {
            problems.add("name", "blank", "", "a pipeline has a name");
        }
        for (kind, word) in [(StageKind::Open, "open"), (StageKind::Won, "won"), (StageKind::Lost, "lost")] {
            if !self.stages.iter().any(|stage| stage.kind == kind) {
                problems.add("stages", "missing", word, format!("a pipeline has at least one {word} stage"));
            }
        }
        for (index, stage) in self.stages.iter().enumerate() {
            problems.within(&format!("stages.{index}"), |problems| {
                if stage.key.is_empty() {
                    problems.add("key", "blank", "", "a stage has a key");
                }
                if self.stages[..index].iter().any(|earlier| earlier.key == stage.key) {
                    problems.add("key", "duplicate", &stage.key, "two stages have this key");
                }
                if stage.probability > 100 {
                    let value = stage.probability.to_string();
                    problems.add("probability", "range", &value, "a probability is 0 to 100 percent");
                }
            });
        }
    }
}

/// One step of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Composite)]
#[serde(default, deny_unknown_fields)]
pub struct Stage {
    /// What deals refer to; stays when the stage is renamed.
    #[entity(max = 100)]
    pub key: String,
    /// The name that is shown.
    #[entity(max = 255)]
    pub name: String,
    /// Open, won or lost.
    pub kind: StageKind,
    /// How likely a deal in this stage is won, in percent.
    pub probability: u8,
    /// A deal that stays longer than this rots.
    pub rotting_after_days: Option<u32>,
}

impl Stage {
    /// A stage in which nothing rots.
    pub fn new(key: impl Into<String>, name: impl Into<String>, kind: StageKind, probability: u8) -> Self {
        Stage { key: key.into(), name: name.into(), kind, probability, rotting_after_days: None }
    }
}

choice! {
    /// What a stage means for a deal.
    #[derive(Default)]
    pub enum StageKind {
        /// Still running.
        #[default]
        Open = "open",
        /// Sold.
        Won = "won",
        /// Not sold.
        Lost = "lost",
    }
}
