//! What was said: calls, e-mails, meetings and visits, notes about them, and feedback.

use super::customers::Known;
use super::deals::Deal;
use super::filling::Filling;
use crate::error::Result;
use crate::model::{Direction, Feedback, Interaction, InteractionKind, Note};
use Direction::{Inbound, Outbound};
use InteractionKind::{Call, Email, Meeting, Message, Other, Visit};

/// An interaction in words; `{product}` and `{town}` stand for those of the customer. What is blank is absent.
#[derive(Clone, Copy)]
struct Talk {
    kind: InteractionKind,
    direction: Direction,
    subject: &'static str,
    notes: &'static str,
    outcome: &'static str,
    comment: &'static str,
}

const UNANSWERED: Talk = Talk {
    kind: Call,
    direction: Outbound,
    subject: "First call",
    notes: "",
    outcome: "No answer",
    comment: "Try again in the evening.",
};

const CALLS: &[Talk] = &[
    Talk {
        kind: Call,
        direction: Outbound,
        subject: "Price of the {product}",
        notes: "Asks what it costs with delivery to {town}. Wants it in writing.",
        outcome: "Quotation promised",
        comment: "Decides alone, and the price matters.",
    },
    Talk {
        kind: Call,
        direction: Inbound,
        subject: "Delivery of the {product}",
        notes: "Wants to know the day, because somebody must be there to sign.",
        outcome: "Day agreed",
        comment: "",
    },
    Talk {
        kind: Call,
        direction: Outbound,
        subject: "Has the quotation been read?",
        notes: "It has been. It is compared with an offer that came a week earlier.",
        outcome: "Undecided",
        comment: "Offer to install it for nothing if this drags on.",
    },
    Talk {
        kind: Call,
        direction: Inbound,
        subject: "Payment in two parts",
        notes: "Asks whether half of it can be paid after the harvest.",
        outcome: "Passed on to accounts",
        comment: "Has always paid in the end.",
    },
    Talk {
        kind: Call,
        direction: Inbound,
        subject: "Low pressure in the upper tank",
        notes: "Since last week, mostly in the evening. Everything else works.",
        outcome: "Visit planned",
        comment: "",
    },
];

const OTHERS: &[Talk] = &[
    Talk {
        kind: Email,
        direction: Outbound,
        subject: "Quotation for the {product}",
        notes: "Sent it with delivery to {town} and a year of service.",
        outcome: "Sent",
        comment: "",
    },
    Talk {
        kind: Email,
        direction: Inbound,
        subject: "Guarantee of the {product}",
        notes: "Asks how long it is, and where spare parts are kept.",
        outcome: "Answered",
        comment: "Sounds as if the decision is near.",
    },
    Talk {
        kind: Meeting,
        direction: Inbound,
        subject: "Demonstration of the {product}",
        notes: "Saw it run for half an hour. Liked how quiet it is, and asked what it costs in ten years.",
        outcome: "Wants an offer",
        comment: "Next time the owner should come along.",
    },
    Talk {
        kind: Visit,
        direction: Outbound,
        subject: "Visit in {town}",
        notes: "Measured the well: 40 m deep, and it fills again overnight. The roof looks north.",
        outcome: "The site is fit",
        comment: "The road is bad after rain, take the pickup.",
    },
    Talk {
        kind: Message,
        direction: Inbound,
        subject: "Photos of the roof",
        notes: "Four photos. One beam has to be replaced before anything is mounted.",
        outcome: "Forwarded to the technicians",
        comment: "",
    },
    Talk {
        kind: Other,
        direction: Inbound,
        subject: "Talk at the show in {town}",
        notes: "Came by the stand twice and took a brochure of the {product}.",
        outcome: "",
        comment: "Remembers us from the radio.",
    },
];

const NOTES: &[&str] = &[
    "Best reached before nine; in the fields afterwards.",
    "Prefers Swahili on the phone, English in writing.",
    "The nearest technician is an hour from {town}.",
    "Waits for the co-operative's payment at the end of the month.",
    "The diesel pump broke down twice this year. The {product} would pay for itself in two seasons.",
    "A cousin has a {product} and is content with it.",
    "Buys in the name of the group; three people have to sign.",
    "Mains power in {town} fails about twice a week.",
];

/// What customers say, by their rating from 1.
const SAID: [&[&str]; 5] = [
    &["Waited three weeks for a spare part, and nobody called."],
    &["The {product} came late and without its manual."],
    &["It works. The installation took longer than we were told."],
    &["Good advice and a fair price.", "The technicians were on time and left everything clean."],
    &["The {product} has run since the first day. We told our neighbours in {town}.", "Very content."],
];

impl Filling<'_> {
    /// The first try to reach somebody.
    pub(super) fn unanswered_call(&mut self, customer: &Known) -> Result<()> {
        self.add_talk(&UNANSWERED, customer, None)
    }

    pub(super) fn call(&mut self, customer: &Known, deal: Option<&Deal>) -> Result<()> {
        let talk = self.dice.one(CALLS);
        self.add_talk(&talk, customer, deal)
    }

    /// A call or something else.
    pub(super) fn interaction(&mut self, customer: &Known, deal: Option<&Deal>) -> Result<()> {
        if self.dice.chance(30) {
            return self.call(customer, deal);
        }
        let talk = self.dice.one(OTHERS);
        self.add_talk(&talk, customer, deal)
    }

    fn add_talk(&mut self, talk: &Talk, customer: &Known, deal: Option<&Deal>) -> Result<()> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let day = match deal {
            Some(deal) => self.calendar.between(deal.first_day, deal.last_day, &mut self.dice),
            None => self.calendar.ago(self.dice.between(1, 60)),
        };
        let minutes = match talk.kind {
            Call if !talk.notes.is_empty() => Some(self.dice.between(2, 25)),
            Meeting | Visit => Some(15 * self.dice.between(2, 8)),
            _ => None,
        };
        let location = match talk.kind {
            Visit | Other => Some(customer.town.name),
            Meeting => Some("Showroom, Nairobi"),
            _ => None,
        };
        let contact = self.dice.one(&customer.contacts);
        // Who came by a stand left no name.
        let contacts = if talk.kind == Other { Vec::new() } else { vec![contact] };
        let interaction = Interaction {
            customer: customer.id,
            contacts,
            opportunity: deal.map(|deal| deal.id),
            kind: talk.kind,
            direction: Some(talk.direction),
            subject: self.told(talk.subject, customer, deal),
            notes: self.told(talk.notes, customer, deal),
            occurred_at: Some(self.calendar.moment(day, &mut self.dice)),
            duration: minutes,
            location: location.map(str::to_owned),
            outcome: given(talk.outcome),
            employee: Some(customer.owner),
            employee_comment: given(talk.comment),
        };
        self.writer.add(interaction).map(drop)
    }

    pub(super) fn note(&mut self, customer: &Known, deal: Option<&Deal>) -> Result<()> {
        let text = self.dice.one(NOTES);
        let note = Note {
            customer: customer.id,
            opportunity: deal.map(|deal| deal.id),
            author: Some(customer.owner),
            body: self.told(text, customer, deal),
            pinned: self.dice.chance(10),
        };
        self.writer.add(note).map(drop)
    }

    /// Mostly good.
    pub(super) fn feedback(&mut self, customer: &Known) -> Result<()> {
        let rating = self.dice.one(&[1_u8, 2, 3, 4, 4, 4, 5, 5]);
        let text = self.dice.one(SAID[usize::from(rating) - 1]);
        let day = self.calendar.ago(self.dice.between(1, 120));
        let feedback = Feedback {
            customer: customer.id,
            text: self.told(text, customer, None),
            rating: Some(rating),
            channel: Some(self.dice.one(&["survey", "phone", "shop"]).to_owned()),
            provided_at: Some(self.calendar.moment(day, &mut self.dice)),
        };
        self.writer.add(feedback).map(drop)
    }
}
