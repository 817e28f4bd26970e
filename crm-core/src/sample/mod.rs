//! Sample data: the store of an invented Kenyan company, for first steps, demonstrations and measurements.
//!
//! The company sells solar power and irrigation from Nairobi. Its manager and its agent look after leads and older
//! customers, with contacts, deals, calls, reminders, notes, sales and feedback, around the clock's today. People,
//! firms and addresses of e-mail are invented, the towns are real; any likeness to somebody is chance. Nobody should
//! ring the phone numbers: they have the form of Kenyan ones, and Kenya sets none apart for stories.
//!
//! ```
//! use crm_core::sample::{SampleOptions, fill};
//! use crm_core::{Bucket, Crm, Kind, MemoryStore, Options, Query};
//!
//! let crm = Crm::open(std::sync::Arc::new(MemoryStore::new()), Options::default())?;
//! let sample = fill(&crm, &SampleOptions::default())?;
//! assert_eq!((sample.leads, sample.counts[&Kind::Customer]), (10, 15));
//!
//! let agent = crm.login(&sample.agent.username, &sample.agent.password)?;
//! let overdue = agent.agenda(Bucket::Overdue, Some(sample.agent.id), &Query::new())?;
//! assert!(!overdue.items.is_empty());
//! # Ok::<(), crm_core::Error>(())
//! ```

mod by_number;
mod calendar;
mod company;
mod customers;
mod deals;
mod dice;
mod filling;
mod names;
mod reminders;
mod talks;
mod towns;

use crate::crm::Crm;
use crate::error::{Error, Result};
use crate::model::{Kind, Query, User};
use crate::value::Id;
pub use by_number::{firm, person, street, town};
use company::Company;
use filling::{Filling, Writer};
use std::collections::BTreeMap;

/// How much sample data, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOptions {
    /// Another seed gives other data; the same one gives the same data for the same size and clock.
    pub seed: u64,
    /// How many leads: at least [`SampleOptions::FEWEST_LEADS`]. Half as many customers never were a lead, and all
    /// else grows with them.
    pub leads: u32,
}

impl SampleOptions {
    /// The smallest sample: it has leads of every status and deals in every stage already.
    pub const FEWEST_LEADS: u32 = 10;
}

impl Default for SampleOptions {
    /// The smallest sample.
    fn default() -> Self {
        SampleOptions { seed: 1, leads: Self::FEWEST_LEADS }
    }
}

/// What [`fill`] wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Has the role `manager`, and looks after every third customer.
    pub manager: SampleUser,
    /// Has the role `agent`, and looks after the others.
    pub agent: SampleUser,
    /// How many customers are or were leads: some were converted, some lost.
    pub leads: u32,
    /// How many records of each kind it created.
    pub counts: BTreeMap<Kind, u64>,
}

/// Somebody to log in as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleUser {
    /// The user.
    pub id: Id<User>,
    /// The name to log in with.
    pub username: String,
    /// The password. Everybody can read it in the source of this library.
    pub password: String,
}

/// Fills a store that has no customers yet. Users, such as an administrator, may be there.
///
/// It sets the organisation's zone, phone region and currency, defines the custom fields `county` and
/// `loyalty_number`, and writes as the program, some hundreds of records in each operation. Ids and codes are the
/// CRM's own, all else follows from the options and the clock: what is overdue, due today or sold last month is so
/// seen from the clock's today.
///
/// It is for stores that anybody may enter: the passwords of its users are known.
///
/// # Errors
/// `invalid` (`leads`) for fewer than ten; `refused` (`not_empty`) when there are customers; `duplicate` when a user,
/// product, rate or custom field of the sample is there already; `invalid` (`password`) when the CRM's options ask for
/// very long ones; those of the store. What was written before an error stays.
pub fn fill(crm: &Crm, options: &SampleOptions) -> Result<Sample> {
    if options.leads < SampleOptions::FEWEST_LEADS {
        let reason = format!("a sample has at least {} leads", SampleOptions::FEWEST_LEADS);
        return Err(Error::invalid("leads", "range", reason));
    }
    let session = crm.system("sample");
    if session.customers().count(&Query::new())? > 0 {
        let reason = "sample data goes into a store that has no customers".to_owned();
        return Err(Error::Refused { rule: "not_empty", reason });
    }
    let mut writer = Writer::new(&session);
    let company = Company::found(&mut writer)?;
    let (manager, agent) = (company.manager.clone(), company.agent.clone());
    let mut filling = Filling::new(writer, company, options.seed);
    for number in 0..options.leads {
        filling.lead(number)?;
        if number % 2 == 1 {
            filling.older_customer(number / 2)?;
        }
    }
    Ok(Sample { manager, agent, leads: options.leads, counts: filling.finish()? })
}
