//! What a session takes out, page by page.

use crate::access::Authority;
use crate::crm::Shared;
use crate::error::Result;
use crate::model::{Action, Customer, Filter, Page, Query, Record};
use crate::store::{Entry, Plan, Snapshot, Stored};
use crate::value::Id;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The records that somebody may take out, as they are at one moment.
pub(super) struct TakenOut<'v> {
    pub(super) view: &'v dyn Snapshot,
    pub(super) authority: &'v Authority,
    pub(super) shared: &'v Shared,
}

impl TakenOut<'_> {
    /// Visits what a query finds, in its order and in pages of 500, each record with the customer that it hangs on when
    /// that is seen.
    pub(super) fn each<E: Stored>(
        &self,
        query: &Query,
        customer_of: impl Fn(&E) -> Option<Id<Customer>>,
        mut visit: impl FnMut(&Record<E>, Option<&Record<Customer>>) -> Result<()>,
    ) -> Result<()> {
        const AT_A_TIME: u32 = 500;
        self.authority.require(E::kind(), Action::Export)?;
        let mut query = Query { page_size: AT_A_TIME, cursor: None, total: false, ..query.clone() };
        loop {
            let page: Page<Entry<E>> =
                Page::read(self.view, &self.plan::<E>(&query, Action::Export)?, false)?;
            let named = page.items.iter().filter_map(|entry| customer_of(&entry.record));
            let customers = self.customers(named.collect())?;
            for entry in &page.items {
                let customer = customer_of(&entry.record).and_then(|id| customers.get(&id));
                visit(&entry.record, customer)?;
            }
            query.cursor = page.next;
            if query.cursor.is_none() {
                return Ok(());
            }
        }
    }

    fn plan<E: Stored>(&self, query: &Query, action: Action) -> Result<Plan> {
        Plan::new(E::schema(), query, Arc::clone(self.authority.sight(action)), &self.shared.conventions)
    }

    /// The customers with these ids, those that are seen.
    fn customers(&self, mut ids: Vec<Id<Customer>>) -> Result<BTreeMap<Id<Customer>, Record<Customer>>> {
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let query = Query::new().filter(Filter::is_in("id", ids)).page_size(Query::LARGEST_PAGE);
        let found = Customer::read(self.view).find(&self.plan::<Customer>(&query, Action::View)?)?;
        Ok(found.into_iter().map(|entry| (entry.record.id, entry.record)).collect())
    }
}
