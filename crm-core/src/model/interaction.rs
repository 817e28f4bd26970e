//! Interactions: calls, e-mails, meetings and the like that took place.

use super::{Contact, Customer, Opportunity, User, Validate};
use crate::error::Violations;
use crate::value::{Id, Timestamp, choice};
use crm_core_derive::Entity;
use serde::Serialize;

/// Something that took place between us and a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "interaction")]
pub struct Interaction {
    /// The customer.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// The people at the customer who took part; may be none, as for a walk-in.
    #[entity(key, filterable, link)]
    pub contacts: Vec<Id<Contact>>,
    /// The opportunity that it was about.
    #[entity(filterable, link)]
    pub opportunity: Option<Id<Opportunity>>,
    /// What it was.
    #[entity(filterable, sortable)]
    pub kind: InteractionKind,
    /// Who began it.
    #[entity(filterable)]
    pub direction: Option<Direction>,
    /// What it was about, in a line.
    #[entity(filterable, sortable, searchable, max = 500)]
    pub subject: String,
    /// What was said.
    #[entity(searchable, max = 100_000)]
    pub notes: String,
    /// When it took place; now when absent.
    #[entity(filterable, sortable)]
    pub occurred_at: Option<Timestamp>,
    /// How long it took, in minutes.
    #[entity(filterable, sortable)]
    pub duration: Option<u32>,
    /// Where.
    #[entity(max = 500)]
    pub location: Option<String>,
    /// What came of it.
    #[entity(filterable, max = 500)]
    pub outcome: Option<String>,
    /// The user who took part; a session's user when none is given.
    #[entity(filterable, link)]
    pub employee: Option<Id<User>>,
    /// What the employee adds for colleagues.
    #[entity(searchable, max = 100_000)]
    pub employee_comment: Option<String>,
}

impl Validate for Interaction {
    fn check(&self, problems: &mut Violations) {
        if self.subject.is_empty() && self.notes.is_empty() {
            problems.add("subject", "blank", "", "an interaction has a subject or notes");
        }
    }
}

choice! {
    /// What an interaction was.
    #[derive(Default)]
    pub enum InteractionKind {
        /// A phone or video call.
        #[default]
        Call = "call",
        /// An e-mail.
        Email = "email",
        /// A meeting.
        Meeting = "meeting",
        /// A message: SMS, WhatsApp, chat.
        Message = "message",
        /// A visit.
        Visit = "visit",
        /// Something else.
        Other = "other",
    }
}

choice! {
    /// Who began an interaction.
    pub enum Direction {
        /// The customer.
        Inbound = "inbound",
        /// We.
        Outbound = "outbound",
    }
}
