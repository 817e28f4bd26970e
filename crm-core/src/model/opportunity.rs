//! Opportunities, which sales people call deals.

use super::{Contact, Customer, Pipeline, Product, StageKind, User, Validate};
use crate::error::Violations;
use crate::value::{CustomValues, Id, Money, Quantity, Timestamp};
use chrono::{NaiveDate, TimeDelta};
use crm_core_derive::{Composite, Entity};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A chance to sell something to a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Entity)]
#[entity(name = "opportunity")]
pub struct Opportunity {
    /// The customer. A merge of customers moves the deal to the survivor; probability and stage are never merged.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// The people at the customer who have a part in it. When two of them are merged, the survivor keeps his role or takes
    /// the other's.
    #[entity(key, filterable, link)]
    pub contacts: Vec<OpportunityContact>,
    /// What it is about.
    #[entity(filterable, sortable, searchable, max = 255)]
    pub name: String,
    /// The pipeline; the default one when nil.
    #[entity(filterable, restrict)]
    pub pipeline: Option<Id<Pipeline>>,
    /// The key of its stage; the pipeline's first open one when blank.
    #[entity(filterable, sortable, max = 100)]
    pub stage: String,
    /// Open, won or lost, as the stage says; to change it set `stage`.
    #[entity(system, filterable, sortable)]
    pub status: StageKind,
    /// What it is worth. With lines it is their sum, which nobody sets to anything else.
    #[entity(filterable, sortable)]
    pub amount: Option<Money>,
    /// How likely it is won, in percent, when someone judged it by hand; absent means the stage's. 0 is a value.
    #[entity(filterable, sortable)]
    pub probability: Option<u8>,
    /// The day on which it began; today in the organisation's zone when neither it nor `closed_on` is given.
    #[entity(filterable, sortable)]
    pub opened_on: Option<NaiveDate>,
    /// The day on which it was won or lost; set on closing when absent, cleared on reopening.
    #[entity(filterable, sortable)]
    pub closed_on: Option<NaiveDate>,
    /// The day on which it is hoped to close.
    #[entity(filterable, sortable)]
    pub expected_close_on: Option<NaiveDate>,
    /// Days from opening to closing. Computed; absent while open.
    #[entity(system, filterable, sortable)]
    pub cycle_days: Option<i64>,
    /// The user who works on it; a session's user when none is given.
    #[entity(filterable, link)]
    pub owner: Option<Id<User>>,
    /// Ids in other systems by the name of the system; each belongs to one live opportunity.
    #[entity(unique)]
    pub external_ids: BTreeMap<String, String>,
    /// Why it was lost.
    #[entity(filterable)]
    pub lost_reason: Option<String>,
    /// Where it came from.
    #[entity(filterable, max = 100)]
    pub source: Option<String>,
    /// Free words to group opportunities by.
    #[entity(key, filterable, searchable, max = 100)]
    pub tags: Vec<String>,
    /// What is offered, in one currency. Products in lines can't be deleted, only made inactive.
    #[entity(key, filterable, restrict, max = 1_000)]
    pub lines: Vec<Line>,
    /// From when its time in the stage counts: when it entered the stage, less its earlier stays there. Set by the library.
    #[entity(system, filterable, sortable)]
    pub stage_since: Option<Timestamp>,
    /// How long it was in the stages of this pipeline until it left them last, all stays in a stage together. Set by
    /// the library; cleared when it moves to another pipeline.
    #[entity(system)]
    pub stage_times: Vec<StageTime>,
    /// The organisation's own fields.
    #[entity(filterable, sortable, searchable)]
    pub custom: CustomValues,
}

impl Opportunity {
    /// How likely it is won, in percent, when its stage has this kind and probability: 100 when won, 0 when lost, what
    /// somebody judged by hand, else the stage's.
    ///
    /// ```
    /// use crm_core::{Opportunity, Pipeline};
    /// let pipeline = Pipeline::shipped();
    /// let mut deal = Opportunity { probability: Some(35), stage: "proposal".into(), ..Opportunity::default() };
    /// assert_eq!(deal.effective_probability(&pipeline), 35);
    /// deal.probability = None;
    /// assert_eq!(deal.effective_probability(&pipeline), 50);
    /// ```
    pub fn effective_probability(&self, pipeline: &Pipeline) -> u8 {
        match self.status {
            StageKind::Won => 100,
            StageKind::Lost => 0,
            StageKind::Open => {
                let stage = pipeline.stage(&self.stage).map_or(0, |stage| stage.probability);
                self.probability.unwrap_or(stage)
            }
        }
    }

    /// The sum of the lines; `None` without lines, without a price in each, and for unlike currencies.
    pub fn sum_of_lines(&self) -> Option<Money> {
        let mut amounts = self.lines.iter().map(Line::amount);
        let first = amounts.next()??;
        amounts.try_fold(first, |sum, amount| sum.checked_add(amount?).ok())
    }

    /// The amount weighted by the effective probability, rounded half to even at the currency's exponent.
    pub fn weighted(&self, pipeline: &Pipeline) -> Option<Money> {
        self.amount.map(|amount| amount.percent(self.effective_probability(pipeline)))
    }

    /// How long it has been in its stage: all stays together, the running one until `now`.
    pub fn time_in_stage(&self, now: Timestamp) -> TimeDelta {
        self.stage_since.map_or(TimeDelta::zero(), |since| (now - since).max(TimeDelta::zero()))
    }

    /// Whether it has been in its stage for longer than the pipeline allows; what is closed does not rot.
    pub fn is_rotting(&self, pipeline: &Pipeline, now: Timestamp) -> bool {
        let days = pipeline.stage(&self.stage).and_then(|stage| stage.rotting_after_days);
        self.status == StageKind::Open
            && days.is_some_and(|days| self.time_in_stage(now) > TimeDelta::days(days.into()))
    }
}

impl Validate for Opportunity {
    fn check(&self, problems: &mut Violations) {
        if self.name.is_empty() {
            problems.add("name", "blank", "", "an opportunity has a name");
        }
        if let Some(percent) = self.probability.filter(|percent| *percent > 100) {
            problems.add("probability", "range", &percent.to_string(), "a probability is 0 to 100 percent");
        }
        problems.within("lines", |problems| {
            let currency = self.lines.iter().find_map(|line| line.unit_price).map(|price| price.currency);
            for (index, line) in self.lines.iter().enumerate() {
                problems.within(&index.to_string(), |problems| line.check(currency, problems));
            }
        });
        let complete = self.lines.iter().all(|line| line.amount().is_some());
        if complete && !self.lines.is_empty() && self.sum_of_lines().is_none() {
            problems.add("lines", "range", "", "the sum of the lines is too large, or of several currencies");
        }
        if let (Some(opened), Some(closed)) = (self.opened_on, self.closed_on)
            && closed < opened
        {
            problems.add(
                "closed_on",
                "range",
                &closed.to_string(),
                format!("it can't be closed before the day on which it was opened, {opened}"),
            );
        }
    }
}

/// A person's part in an opportunity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Composite)]
#[serde(deny_unknown_fields)]
pub struct OpportunityContact {
    /// The person.
    #[entity(key)]
    pub contact: Id<Contact>,
    /// The part: `decides`, `advises`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[entity(max = 100)]
    pub role: Option<String>,
}

/// One line of an offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Composite)]
#[serde(default, deny_unknown_fields)]
pub struct Line {
    /// What is offered.
    #[entity(key)]
    pub product: Option<Id<Product>>,
    /// What is offered, in words; goes with a product or stands alone.
    #[entity(max = 1_000)]
    pub description: String,
    /// How many; greater than 0.
    pub quantity: Quantity,
    /// What one costs; the product's price when absent. It stays when the product's price changes.
    pub unit_price: Option<Money>,
    /// The discount in percent, 0 to 100.
    pub discount: Quantity,
}

impl Default for Line {
    /// One piece without a discount.
    fn default() -> Self {
        Line {
            product: None,
            description: String::new(),
            quantity: Quantity::ONE,
            unit_price: None,
            discount: Quantity::default(),
        }
    }
}

impl Line {
    /// Quantity × unit price less the discount, rounded half to even at the currency's exponent; `None` without a price
    /// and for what is too large.
    ///
    /// ```
    /// use crm_core::{Currency, Line, Money};
    /// let price = Some(Money::new(10_000, Currency::KES));
    /// let line = Line { quantity: 3.into(), unit_price: price, discount: 10.into(), ..Line::default() };
    /// assert_eq!(line.amount(), Some(Money::new(27_000, Currency::KES)));
    /// ```
    pub fn amount(&self) -> Option<Money> {
        let rest = (Decimal::ONE_HUNDRED - self.discount.0) / Decimal::ONE_HUNDRED;
        self.unit_price?.times(self.quantity.0.checked_mul(rest)?)
    }

    fn check(&self, currency: Option<crate::value::Currency>, problems: &mut Violations) {
        if self.product.is_none() && self.description.is_empty() {
            problems.add("product", "blank", "", "a line has a product or a description");
        }
        if self.quantity.0 <= Decimal::ZERO {
            problems.add("quantity", "range", &self.quantity.to_string(), "a quantity is greater than 0");
        }
        if self.discount.0 < Decimal::ZERO || self.discount.0 > Decimal::ONE_HUNDRED {
            problems.add("discount", "range", &self.discount.to_string(), "a discount is 0 to 100 percent");
        }
        match self.unit_price {
            Some(price) if Some(price.currency) != currency => {
                problems.add(
                    "unit_price",
                    "unlike_currencies",
                    &price.to_string(),
                    "all lines have one currency",
                );
            }
            Some(_) if self.amount().is_none() => {
                problems.add("quantity", "range", &self.quantity.to_string(), "the amount is too large");
            }
            _ => {}
        }
    }
}

/// How long an opportunity was in a stage that it has left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Composite)]
#[serde(deny_unknown_fields)]
pub struct StageTime {
    /// The key of the stage.
    #[entity(max = 100)]
    pub stage: String,
    /// Seconds, of all stays together.
    pub seconds: i64,
}
