//! What is to be done: overdue, today, later, again and again.

use super::customers::Known;
use super::deals::Deal;
use super::filling::Filling;
use crate::error::Result;
use crate::model::{Kind, Priority, Reminder, ReminderStatus};
use crate::value::{Due, Recurrence};
use chrono::TimeDelta;

/// How reminders stand, in turn.
#[derive(Clone, Copy)]
enum Standing {
    Overdue,
    OverdueDay,
    Today,
    Upcoming,
    UpcomingDay,
    Monthly,
    Snoozed,
    Done,
}

#[rustfmt::skip]
const STANDINGS: &[Standing] = &[
    Standing::Overdue, Standing::Upcoming, Standing::Today, Standing::UpcomingDay,
    Standing::Monthly, Standing::OverdueDay, Standing::Snoozed, Standing::Done,
];

const TITLES: &[&str] = &[
    "Call back about the {product}",
    "Send the quotation for the {product}",
    "Ask for the deposit",
    "Visit the site in {town}",
    "Ask whether the {product} arrived",
    "Bring the brochure to {town}",
];

impl Filling<'_> {
    /// A reminder for the customer's owner.
    pub(super) fn reminder(&mut self, customer: &Known, deal: Option<&Deal>) -> Result<()> {
        let standing = self.in_turn(Kind::Reminder, STANDINGS);
        let (calendar, dice) = (self.calendar, &mut self.dice);
        let (recent, soon) = (calendar.ago(dice.between(1, 9)), calendar.ahead(dice.between(1, 20)));
        let due = match standing {
            Standing::Overdue | Standing::Snoozed | Standing::Done => calendar.due(recent, dice),
            Standing::OverdueDay => Due::on(recent),
            Standing::Today => Due::on(calendar.today),
            Standing::Upcoming | Standing::Monthly => calendar.due(soon, dice),
            Standing::UpcomingDay => Due::on(soon),
        };
        let status = match standing {
            Standing::Snoozed => ReminderStatus::Snoozed,
            Standing::Done => ReminderStatus::Done,
            _ => ReminderStatus::Pending,
        };
        let snoozed_until = matches!(standing, Standing::Snoozed).then(|| calendar.now + TimeDelta::days(1));
        let recurs = matches!(standing, Standing::Monthly);
        let (priority, offsets) = (dice.one(Priority::ALL), vec![dice.one(&[0, 30, 60])]);
        let title = dice.one(TITLES);
        let title = if recurs { "Service call".to_owned() } else { self.told(title, customer, deal) };
        self.writer.add(Reminder {
            customer: customer.id,
            opportunity: deal.map(|deal| deal.id),
            title,
            due,
            recurrence: recurs.then(|| Recurrence::from("FREQ=MONTHLY")),
            assignee: Some(customer.owner),
            priority,
            offsets,
            status,
            snoozed_until,
            ..Reminder::default()
        })?;
        Ok(())
    }
}
