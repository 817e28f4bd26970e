//! Deals over the stages of the shipped pipeline, and the sales that came of those that were won.

use super::calendar::before;
use super::company::Good;
use super::customers::{Known, LOST_REASONS};
use super::filling::Filling;
use crate::error::Result;
use crate::model::{Kind, Line, Opportunity, OpportunityContact, Product, Sale};
use crate::value::{Currency, Id, Money, Quantity, Timestamp};
use chrono::{NaiveDate, TimeDelta};

const PURPOSES: &[&str] = &[
    "the borehole",
    "the new greenhouse",
    "the milking parlour",
    "the dormitory",
    "staff houses",
    "the second field",
    "the kitchen",
    "the cold store",
];

/// A deal, as far as what is said about it needs to know.
#[derive(Debug)]
pub(super) struct Deal {
    pub(super) id: Id<Opportunity>,
    pub(super) good: &'static Good,
    pub(super) is_open: bool,
    /// From when to when it was talked about.
    pub(super) first_day: NaiveDate,
    pub(super) last_day: NaiveDate,
}

impl Filling<'_> {
    /// A deal in a stage. In shillings it mostly has lines; those of one that was won are sales, too.
    pub(super) fn deal(&mut self, customer: &Known, stage: &str, currency: Currency) -> Result<Deal> {
        let (is_won, is_open) = (stage == "won", !matches!(stage, "won" | "lost"));
        let (product, good) = self.product();
        let contact = self.dice.one(&customer.contacts);
        let contacts = vec![OpportunityContact { contact, role: Some("decides".to_owned()) }];
        let mut deal = Opportunity {
            customer: customer.id,
            contacts,
            name: format!("{} for {}", good.name, self.dice.one(PURPOSES)),
            stage: stage.to_owned(),
            owner: Some(customer.owner),
            ..Opportunity::default()
        };
        let pieces = i64::from(self.dice.between(1, good.most));
        if currency == Currency::KES && (is_won || self.dice.chance(50)) {
            let discount = Quantity::from(self.dice.one(&[0, 0, 0, 5, 10]));
            deal.lines.push(Line { discount, ..line(product, good, pieces) });
            let (other, good) = self.product();
            if other != product && self.dice.chance(40) {
                deal.lines.push(line(other, good, 1));
            }
        } else {
            // A round number that somebody thought of: tens of thousands of shillings, or hundreds of dollars.
            let tens_of_thousands = good.price().minor / 1_000_000 * pieces + 1;
            let round = if currency == Currency::KES { 1_000_000 } else { 10_000 };
            deal.amount = Some(Money::new(tens_of_thousands * round, currency));
        }
        let calendar = self.calendar;
        let (first_day, last_day) = if is_open {
            deal.expected_close_on = Some(match self.dice.chance(10) {
                true => calendar.ago(self.dice.between(1, 20)),
                false => calendar.ahead(self.dice.between(5, 90)),
            });
            deal.probability = self.dice.one(&[None, None, None, Some(20), Some(60)]);
            (calendar.ago(self.dice.between(2, 90)), calendar.ago(1))
        } else {
            // Every second one within a month.
            let farthest = self.in_turn(Kind::Opportunity, &[25, 300]);
            let closed = calendar.ago(self.dice.between(1, farthest));
            deal.closed_on = Some(closed);
            deal.lost_reason = (!is_won).then(|| self.dice.one(LOST_REASONS).to_owned());
            (before(closed, self.dice.between(10, 120)), closed)
        };
        deal.opened_on = Some(first_day);
        let lines = deal.lines.clone();
        let id = self.writer.add(deal)?;
        if is_won {
            let sold_at = calendar.moment(last_day, &mut self.dice);
            for line in lines {
                self.sale(customer, id, &line, sold_at)?;
            }
        }
        Ok(Deal { id, good, is_open, first_day, last_day })
    }

    /// What a line was sold for, and now and then a piece of it that came back.
    fn sale(&mut self, customer: &Known, deal: Id<Opportunity>, line: &Line, at: Timestamp) -> Result<()> {
        let piece = Line { quantity: Quantity::ONE, ..line.clone() };
        let sale = Sale {
            customer: customer.id,
            product: line.product,
            opportunity: Some(deal),
            quantity: line.quantity,
            unit_price: piece.amount(),
            sold_at: Some(at),
            employee: Some(customer.owner),
            ..Sale::default()
        };
        let refund_of = Some(self.writer.add(sale.clone())?);
        if self.dice.chance(4) {
            let later = (at + TimeDelta::days(7)).min(self.calendar.now);
            let back = Quantity::from(-1);
            self.writer.add(Sale { refund_of, quantity: back, sold_at: Some(later), ..sale })?;
        }
        Ok(())
    }
}

/// So many pieces of a product, at its price.
fn line(product: Id<Product>, good: &Good, pieces: i64) -> Line {
    let (product, unit_price) = (Some(product), Some(good.price()));
    Line { product, quantity: Quantity::from(pieces), unit_price, ..Line::default() }
}
