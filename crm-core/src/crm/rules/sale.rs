//! Sales: the price at that moment, what follows from it, and what is given back.

use super::{Rules, refuse_foreign, refused};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Error, Result, Violations};
use crate::model::{Entity, Record, Sale};
use crate::store::column_is;
use crate::value::{Id, Money, Quantity};
use rust_decimal::Decimal;

impl Rules for Sale {
    const MOMENT: &'static str = "sold_at";

    fn title(&self) -> String {
        self.amount.map(|amount| amount.to_string()).unwrap_or_default()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        id: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            data.employee = data.employee.or(unit.user());
            data.sold_at = data.sold_at.or(Some(unit.now()));
        }
        let mut problems = Violations::default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        if moved || data.opportunity != old.and_then(|old| old.opportunity) {
            refuse_foreign(unit, "opportunity", data.customer, data.opportunity, &mut problems)?;
        }
        let given_back = data.refund_of.map(|sale| unit.peek(sale)).transpose()?.flatten();
        let given_back = given_back.map(|entry| entry.record);
        if let Some(sold) = &given_back {
            check_refund(unit, id, data, old, sold, &mut problems)?;
            data.unit_price = data.unit_price.or(sold.unit_price);
        }
        // What is no longer sold can still be given back.
        let known = old.and_then(|old| old.product).or(given_back.and_then(|sold| sold.product));
        let price = unit.price_of(data.product, known, "product", &mut problems)?;
        data.unit_price = data.unit_price.or(price);
        if data.unit_price.is_none() {
            problems.add("unit_price", "blank", "", "a sale has a product or a price");
        }
        problems.into_result()
    }
    fn after_save(
        unit: &mut UnitOfWork<'_>,
        record: &Record<Self>,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let weighs = |sale: &Sale| (sale.quantity, sale.amount, sale.refund_of);
        if old.is_some_and(|old| weighs(old) == weighs(record)) {
            return Ok(());
        }
        let sold = match record.refund_of {
            Some(sale) => unit.peek(sale)?.map(|entry| entry.record),
            // A new sale has no refunds yet.
            None => old.map(|_| record.clone()),
        };
        match sold.map(|sold| too_much(unit, &sold)).transpose()?.flatten() {
            Some((field, reason)) => Err(Error::invalid(field, "refunded", reason)),
            None => Ok(()),
        }
    }

    fn after_restore(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        let sold = record.refund_of.map(|sale| unit.peek(sale)).transpose()?.flatten();
        let sold = sold.map_or(record.clone(), |entry| entry.record);
        match too_much(unit, &sold)? {
            Some((_, reason)) => refused("refunded", reason),
            None => Ok(()),
        }
    }
}

/// What a refund newly refers to is a sale of the same customer, product and currency.
fn check_refund(
    unit: &UnitOfWork<'_>,
    id: Id<Sale>,
    data: &mut Sale,
    old: Option<&Record<Sale>>,
    sold: &Record<Sale>,
    problems: &mut Violations,
) -> Result<()> {
    if old.is_none() {
        data.product = data.product.or(sold.product);
    }
    let alike = |old: &Sale| {
        (old.customer, old.refund_of, old.product) == (data.customer, data.refund_of, data.product)
    };
    if old.is_none_or(|old| !alike(old)) {
        refuse_foreign(unit, "refund_of", data.customer, data.refund_of, problems)?;
        if sold.id == id || sold.quantity.0 < Decimal::ZERO {
            let reason = "a refund gives back a sale, not itself or another refund";
            problems.add("refund_of", "refund", &sold.id.to_string(), reason);
        }
        if data.product != sold.product {
            let product = data.product.map(|product| product.to_string()).unwrap_or_default();
            problems.add("product", "mismatch", &product, "a refund is of the product that was sold");
        }
    }
    let currency = |price: Option<Money>| price.map(|price| price.currency);
    if let (Some(wanted), Some(price)) = (currency(sold.unit_price), data.unit_price)
        && price.currency != wanted
    {
        let reason = format!("the sale was in {wanted}");
        problems.add("unit_price", "unlike_currencies", &price.to_string(), reason);
    }
    Ok(())
}

/// What is wrong when the live refunds of a sale give back more than it sold, and with which field.
fn too_much(unit: &UnitOfWork<'_>, sold: &Record<Sale>) -> Result<Option<(&'static str, String)>> {
    let refunds = unit.find::<Sale>(column_is(Sale::schema(), "refund_of", sold.id.uuid()))?;
    if refunds.is_empty() {
        return Ok(None);
    }
    let pieces = refunds.iter().try_fold(Decimal::ZERO, |sum, refund| sum.checked_sub(refund.quantity.0));
    if pieces.is_none_or(|pieces| pieces > sold.quantity.0) {
        let pieces = Quantity(pieces.unwrap_or(Decimal::MAX));
        let reason = format!("{} were sold, and {pieces} would be given back in all", sold.quantity);
        return Ok(Some(("quantity", reason)));
    }
    let amounts = refunds.iter().filter_map(|refund| refund.amount);
    let left = sold
        .amount
        .and_then(|paid| amounts.into_iter().try_fold(paid, |rest, back| rest.checked_add(back).ok()));
    Ok(match (left, sold.amount) {
        (Some(left), _) if left.minor >= 0 => None,
        (_, Some(paid)) => {
            Some(("unit_price", format!("{paid} was paid, and more would be given back in all")))
        }
        (_, None) => Some(("unit_price", "nothing was paid".to_owned())),
    })
}
