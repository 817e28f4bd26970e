//! Sales: the price at that moment, and what follows from it.

use super::{Rules, refuse_foreign};
use crate::crm::unit_of_work::UnitOfWork;
use crate::error::{Result, Violations};
use crate::model::{Record, Sale};
use crate::value::Id;

impl Rules for Sale {
    const MOMENT: &'static str = "sold_at";

    fn title(&self) -> String {
        self.amount.map(|amount| amount.to_string()).unwrap_or_default()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
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
        let known = old.and_then(|old| old.product);
        let price = unit.price_of(data.product, known, "product", &mut problems)?;
        data.unit_price = data.unit_price.or(price);
        if data.unit_price.is_none() {
            problems.add("unit_price", "blank", "", "a sale has a product or a price");
        }
        problems.into_result()
    }
}
