//! Sales: what a customer bought.

use super::{Customer, Opportunity, Product, User, Validate};
use crate::error::Violations;
use crate::value::{Id, Money, Quantity, Timestamp};
use crm_core_derive::Entity;
use rust_decimal::Decimal;
use serde::Serialize;

/// Something that a customer bought, or gave back.
///
/// ```
/// # let (crm, session) = crm_core::contract::demo()?;
/// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
/// use crm_core::{Currency, Money, Sale};
/// let unit_price = Some(Money::new(1_250, Currency::KES));
/// let sold = Sale { customer, quantity: 3.into(), unit_price, ..Sale::default() };
/// let sold = session.sales().create(sold)?.id;
/// let back = Sale { customer, refund_of: Some(sold), quantity: (-1).into(), ..Sale::default() };
/// assert_eq!(session.sales().create(back)?.amount, Some(Money::new(-1_250, Currency::KES)));
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Entity)]
#[entity(name = "sale")]
pub struct Sale {
    /// The customer. A merge moves the sale to the survivor.
    #[entity(filterable, parent)]
    pub customer: Id<Customer>,
    /// What was sold; a product that has sales can't be deleted, only made inactive.
    #[entity(filterable, restrict)]
    pub product: Option<Id<Product>>,
    /// The opportunity that led to it; one of the same customer.
    #[entity(filterable, link)]
    pub opportunity: Option<Id<Opportunity>>,
    /// The sale that this one gives back, wholly or in part: one of the same customer and product, which is no refund
    /// itself. All of its refunds together give back no more pieces and no more money than it sold.
    #[entity(filterable, link)]
    pub refund_of: Option<Id<Sale>>,
    /// How many; negative for a refund, never 0.
    #[entity(filterable, sortable)]
    pub quantity: Quantity,
    /// What one cost. When absent that of the sale that it refunds, or else the product's price at that moment. It stays
    /// when the product's price changes.
    #[entity(filterable, sortable)]
    pub unit_price: Option<Money>,
    /// What was paid: quantity × unit price, rounded half to even at the currency's exponent. Computed.
    #[entity(system, filterable, sortable)]
    pub amount: Option<Money>,
    /// When; now when absent.
    #[entity(filterable, sortable)]
    pub sold_at: Option<Timestamp>,
    /// The user who sold it; a session's user when none is given.
    #[entity(filterable, link)]
    pub employee: Option<Id<User>>,
}

impl Default for Sale {
    /// One piece, of nothing yet.
    fn default() -> Self {
        Sale {
            customer: Id::default(),
            product: None,
            opportunity: None,
            refund_of: None,
            quantity: Quantity::ONE,
            unit_price: None,
            amount: None,
            sold_at: None,
            employee: None,
        }
    }
}

impl Validate for Sale {
    fn normalise(&mut self) {
        let amount = self.unit_price.and_then(|price| price.times(self.quantity.0));
        self.amount = amount.or(self.amount.filter(|_| self.unit_price.is_some()));
    }

    fn check(&self, problems: &mut Violations) {
        if self.quantity.0 == Decimal::ZERO {
            problems.add("quantity", "range", "0", "a sale has a quantity; a refund a negative one");
        }
        if self.refund_of.is_some() && self.quantity.0 > Decimal::ZERO {
            let reason = "a refund has a negative quantity";
            problems.add("quantity", "range", &self.quantity.to_string(), reason);
        }
        if let Some(price) = self.unit_price {
            if price.minor < 0 {
                let reason = "a price is not negative; a refund has a negative quantity";
                problems.add("unit_price", "range", &price.to_string(), reason);
            }
            if price.times(self.quantity.0).is_none() {
                problems.add("quantity", "range", &self.quantity.to_string(), "the amount is too large");
            }
        }
    }
}
