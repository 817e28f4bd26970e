//! What is to be done: overdue, today, later. Each reminder is judged by the clock of its assignee.

use super::View;
use crate::crm::Session;
use crate::error::Result;
use crate::model::{Filter, Page, Query, Record, Reminder, ReminderStatus, User};
use crate::store::{Condition, Entry, Plan, Stored};
use crate::value::{Id, Timestamp, Zone, choice, resolve_local};
use chrono::{Days, NaiveTime};
use std::collections::BTreeMap;

choice! {
    /// When an open reminder is to be done. Each is in exactly one of these.
    ///
    /// A reminder for a time is overdue from that moment on, one for a whole day from the end of that day. A snoozed
    /// one counts from the end of the snooze. Days are those of the assignee's zone, else the organisation's.
    pub enum Bucket {
        /// Its time has passed.
        Overdue = "overdue",
        /// It is due today, and its time has not passed.
        Today = "today",
        /// It is due tomorrow or later.
        Upcoming = "upcoming",
    }
}

impl Session {
    /// The open reminders of a bucket, a page at a time, soonest first when the query says no order: of one assignee,
    /// or of all that the user sees. A total is the length of the whole list.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::{Bucket, Due, Query, Reminder};
    /// let due = Due::on(session.today()?);
    /// session.reminders().create(Reminder { customer, title: "Ring back".into(), due, ..Reminder::default() })?;
    /// let today = session.agenda(Bucket::Today, None, &Query::new().with_total())?;
    /// assert_eq!((today.items[0].title.as_str(), today.total), ("Ring back", Some(1)));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Collection::list`](crate::Collection::list).
    pub fn agenda(
        &self,
        bucket: Bucket,
        assignee: Option<Id<User>>,
        query: &Query,
    ) -> Result<Page<Record<Reminder>>> {
        let now = self.now();
        self.read_consistently(|snapshot, authority, shared| {
            authority.require(crate::model::Kind::Reminder, crate::model::Action::View)?;
            let view = View { snapshot, authority, shared };
            let mut query = query.clone();
            if query.order.is_empty() {
                query.order = vec!["due_date".to_owned(), "due_at".to_owned()];
            }
            let mut plan = view.plan::<Reminder>(&query)?;
            let bucket = Query::new().filter(Agenda::read(&view, now)?.filter(bucket, assignee));
            // The moment is no part of the query: its cursors go on while time passes.
            let judged = view.plan::<Reminder>(&bucket)?.condition;
            plan.condition = Condition::All(vec![plan.condition, judged]);
            let page = Page::<Entry<Reminder>>::read(snapshot, &plan, query.total)?;
            Ok(page.map(|entry| entry.record))
        })
    }
}

/// Who is in which zone at a moment.
pub(super) struct Agenda {
    now: Timestamp,
    organisation: Zone,
    elsewhere: BTreeMap<&'static str, (Zone, Vec<Id<User>>)>,
}

impl Agenda {
    /// Reads the zones of all users, in one statement.
    pub(super) fn read(view: &View<'_>, now: Timestamp) -> Result<Self> {
        let organisation = view.zone();
        let everybody = Plan::all_where(Condition::All(Vec::new()), false, usize::MAX);
        let mut elsewhere: BTreeMap<&'static str, (Zone, Vec<Id<User>>)> = BTreeMap::new();
        for user in User::read(view.snapshot).find(&everybody)? {
            if let Some(zone) = user.record.time_zone.filter(|zone| *zone != organisation) {
                elsewhere.entry(zone.name()).or_insert((zone, Vec::new())).1.push(user.record.id);
            }
        }
        Ok(Agenda { now, organisation, elsewhere })
    }

    /// The reminders of a bucket.
    pub(super) fn filter(&self, bucket: Bucket, assignee: Option<Id<User>>) -> Filter {
        let open =
            [ReminderStatus::Pending, ReminderStatus::Sent, ReminderStatus::Failed, ReminderStatus::Snoozed];
        let open = Reminder::STATUS.is_in(open);
        if let Some(assignee) = assignee {
            let zone = self.elsewhere.values().find(|(_, users)| users.contains(&assignee));
            let zone = zone.map_or(self.organisation, |(zone, _)| *zone);
            return open.and(Reminder::ASSIGNEE.is(assignee)).and(self.in_zone(bucket, zone));
        }
        const AT_A_TIME: usize = 500;
        let mut there = Vec::new();
        let mut anywhere = Vec::new();
        for (zone, users) in self.elsewhere.values() {
            let chunks = users.chunks(AT_A_TIME).map(|users| Reminder::ASSIGNEE.is_in(users.iter().copied()));
            let theirs = Filter::Or { or: chunks.collect() };
            there.push(theirs.clone());
            anywhere.push(theirs.and(self.in_zone(bucket, *zone)));
        }
        let here = !Filter::Or { or: there };
        anywhere.push(here.and(self.in_zone(bucket, self.organisation)));
        open.and(Filter::Or { or: anywhere })
    }

    fn in_zone(&self, bucket: Bucket, zone: Zone) -> Filter {
        let today = zone.date_at(self.now);
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
        let tomorrow = resolve_local(tomorrow.and_time(NaiveTime::MIN), zone);
        let snoozed = Reminder::STATUS.is(ReminderStatus::Snoozed);
        let whole_day = Reminder::DUE_AT.is_empty();
        let due_date = format!("{}_date", Reminder::DUE.name());
        let moment = |field: &str| match bucket {
            Bucket::Overdue => Filter::less(field, self.now),
            Bucket::Today => Filter::at_least(field, self.now).and(Filter::less(field, tomorrow)),
            Bucket::Upcoming => Filter::at_least(field, tomorrow.max(self.now)),
        };
        let day = match bucket {
            Bucket::Overdue => Filter::less(due_date, today),
            Bucket::Today => Filter::is(due_date, today),
            Bucket::Upcoming => Filter::greater(due_date, today),
        };
        let by_snooze = snoozed.clone().and(moment(Reminder::SNOOZED_UNTIL.name()));
        let by_time = moment(Reminder::DUE_AT.name());
        let by_day = whole_day.and(day);
        by_snooze.or((!snoozed).and(by_time.or(by_day)))
    }
}
