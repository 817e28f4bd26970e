//! The dashboard: what somebody wants to know in the morning.

use super::agenda::{Agenda, Bucket};
use super::deals::DealGroups;
use super::{Deals, StageReport, View, amounts};
use crate::crm::Session;
use crate::error::Result;
use crate::model::{
    Contact, Customer, CustomerStatus, Filter, Interaction, InteractionKind, Kind, Lead, LeadStatus,
    Priority, Query, Record, Reminder, Sale,
};
use crate::store::{Aggregate, Stored};
use crate::value::Money;
use chrono::TimeDelta;

/// Counts, values and what is to be done: of the records that the user sees.
///
/// Amounts are one for each currency; they never add without a rate (see [`Session::convert`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Dashboard {
    /// Customers by status, every status once.
    pub customers: Vec<(CustomerStatus, u64)>,
    /// Leads.
    pub leads: LeadFigures,
    /// How many contacts there are.
    pub contacts: u64,
    /// All deals.
    pub deals: Deals,
    /// Every stage of every pipeline, with its deals. Rotting ones are in [`Session::pipeline_report`].
    pub stages: Vec<StageReport>,
    /// Sales of the last 30 days, refunds subtracted, one amount for each currency.
    pub sales: Vec<Money>,
    /// What took place in the last 30 days.
    pub activity: Activity,
    /// Reminders that are due today, each by the clock of its assignee.
    pub reminders_today: u64,
    /// Reminders that are overdue, each by the clock of its assignee.
    pub reminders_overdue: u64,
}

/// Customers that are or were leads.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadFigures {
    /// By how far they have come, every status once.
    pub by_status: Vec<(LeadStatus, u64)>,
    /// Those in qualification by priority, every priority once.
    pub by_priority: Vec<(Priority, u64)>,
    /// What those in qualification may be worth, one amount for each currency.
    pub estimated_value: Vec<Money>,
}

/// Interactions of the last 30 days.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// How many of each kind, every kind once.
    pub by_kind: Vec<(InteractionKind, u64)>,
    /// The ten latest.
    pub latest: Vec<Record<Interaction>>,
}

impl Session {
    /// The figures of everything that the user sees, from one state of the store. The number of statements does not
    /// depend on how much there is.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let id = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::CustomerStatus;
    /// assert_eq!(session.dashboard()?.customers[0], (CustomerStatus::Lead, 1));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `session_ended`, and those of the store. What the role does not see counts as nothing.
    pub fn dashboard(&self) -> Result<Dashboard> {
        const DAYS: i64 = 30;
        const LATEST: u32 = 10;
        let now = self.now();
        let since = now - TimeDelta::days(DAYS);
        self.read_consistently(|snapshot, authority, shared| {
            let view = View { snapshot, authority, shared };
            let deals = DealGroups::read(&view, Filter::all())?;
            let mut stages = Vec::new();
            if view.sees(Kind::Opportunity) && view.sees(Kind::Pipeline) {
                for pipeline in &shared.pipelines {
                    stages.extend(deals.stages(pipeline)?);
                }
            }
            let recent = Query::new().filter(Interaction::OCCURRED_AT.between(since, now));
            let latest = match view.sees(Kind::Interaction) {
                true => {
                    let latest = recent.clone().order_by(["-occurred_at"]).page_size(LATEST);
                    let plan = view.plan::<Interaction>(&latest)?;
                    Interaction::read(snapshot).find(&plan)?
                }
                false => Vec::new(),
            };
            let sold = Query::new().filter(Sale::SOLD_AT.between(since, now));
            let agenda = Agenda::read(&view, now)?;
            let due = |bucket| view.count::<Reminder>(&Query::new().filter(agenda.filter(bucket, None)));
            Ok(Dashboard {
                customers: view.by_choice(Customer::STATUS, CustomerStatus::ALL)?,
                leads: leads(&view)?,
                contacts: view.count::<Contact>(&Query::new())?,
                deals: deals.total()?,
                stages,
                sales: amounts(view.figures::<Sale>(&sold, &Aggregate::of(Sale::AMOUNT))?.iter())?,
                activity: Activity {
                    by_kind: view.by_path::<Interaction, _>("kind", InteractionKind::ALL, &recent)?,
                    latest: latest.into_iter().map(|entry| entry.record).collect(),
                },
                reminders_today: due(Bucket::Today)?,
                reminders_overdue: due(Bucket::Overdue)?,
            })
        })
    }
}

fn leads(view: &View<'_>) -> Result<LeadFigures> {
    let open = Query::new().filter(Customer::STATUS.is(CustomerStatus::Lead));
    let status = Customer::LEAD.part(Lead::STATUS);
    let priority = Customer::LEAD.part(Lead::PRIORITY);
    let value = Aggregate { by: Vec::new(), of: Some(Customer::LEAD.part(Lead::ESTIMATED_VALUE)) };
    Ok(LeadFigures {
        by_status: view.by_path::<Customer, _>(&status, LeadStatus::ALL, &Query::new())?,
        by_priority: view.by_path::<Customer, _>(&priority, Priority::ALL, &open)?,
        estimated_value: amounts(view.figures::<Customer>(&open, &value)?.iter())?,
    })
}
