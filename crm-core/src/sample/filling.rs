//! The work of filling: what has been written, and what the next record follows from.

use super::calendar::Calendar;
use super::company::{Company, Good};
use super::customers::Known;
use super::deals::Deal;
use super::dice::Dice;
use super::names::Names;
use crate::crm::{Batch, Rules, Session};
use crate::error::Result;
use crate::model::{Kind, Product};
use crate::value::Id;
use std::collections::BTreeMap;

/// Records on their way into the store.
#[derive(Debug)]
pub(super) struct Writer<'s> {
    pub(super) session: &'s Session,
    pub(super) batch: Batch<'s>,
    counts: BTreeMap<Kind, u64>,
}

impl<'s> Writer<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Writer { session, batch: session.batch(), counts: BTreeMap::new() }
    }

    /// Will create a record.
    pub(super) fn add<E: Rules>(&mut self, data: E) -> Result<Id<E>> {
        const AT_ONCE: usize = 500;
        if self.batch.len() >= AT_ONCE {
            self.write()?;
        }
        *self.counts.entry(E::kind()).or_default() += 1;
        self.batch.create(data)
    }

    /// Writes what was collected, as one operation.
    pub(super) fn write(&mut self) -> Result<()> {
        std::mem::replace(&mut self.batch, self.session.batch()).run().map(drop)
    }
}

/// A store that is being filled.
#[derive(Debug)]
pub(super) struct Filling<'s> {
    pub(super) writer: Writer<'s>,
    pub(super) company: Company,
    pub(super) calendar: Calendar,
    pub(super) dice: Dice,
    pub(super) names: Names,
}

impl<'s> Filling<'s> {
    pub(super) fn new(writer: Writer<'s>, company: Company, seed: u64) -> Self {
        let calendar = Calendar::new(writer.session.now(), company.zone);
        let mut dice = Dice::new(seed);
        let names = Names::new(&mut dice);
        Filling { writer, company, calendar, dice, names }
    }

    /// Writes the rest, and tells how many records of each kind there are.
    pub(super) fn finish(mut self) -> Result<BTreeMap<Kind, u64>> {
        self.writer.write()?;
        Ok(self.writer.counts)
    }

    /// Something that the company sells, and in which words people speak of it.
    pub(super) fn product(&mut self) -> (Id<Product>, &'static Good) {
        self.dice.one(&self.company.products)
    }

    /// Takes the cases in turn, by how many records of the kind there are: each comes up in a small sample too.
    pub(super) fn in_turn<T: Copy>(&self, kind: Kind, cases: &[T]) -> T {
        let written = self.writer.counts.get(&kind).copied().unwrap_or(0);
        cases[usize::try_from(written).unwrap_or(0) % cases.len()]
    }

    /// A text about the deal's product, or any, and the customer's town.
    pub(super) fn told(&mut self, text: &str, customer: &Known, deal: Option<&Deal>) -> String {
        let product = match deal {
            Some(deal) => deal.good.spoken,
            None => self.product().1.spoken,
        };
        text.replace("{product}", product).replace("{town}", customer.town.name)
    }
}
