//! Everything about a customer in the order in which it took place.

use crate::crm::{Session, ops};
use crate::error::{Error, Result, Violations};
use crate::model::{Action, Customer, Gate, Kind, Page};
use crate::store::{Atom, Stored, decode_cursor, encode_cursor, fingerprint};
use crate::value::{Id, Timestamp, to_micros};
use std::cmp::Reverse;
use std::sync::Arc;
use uuid::Uuid;

/// One thing in a customer's timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When: an interaction when it occurred, a sale when it was made, feedback when it was given, anything else when
    /// it was entered.
    pub at: Timestamp,
    /// The kind of record.
    pub kind: Kind,
    /// Its id; `Id::from_uuid` gives it the type that `get` wants.
    pub id: Uuid,
    /// Its name, subject or title.
    pub title: String,
}

/// A place in a timeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimelinePlace {
    pub(crate) at: Timestamp,
    pub(crate) kind: Kind,
    pub(crate) created_at: Timestamp,
    pub(crate) id: Uuid,
}

impl TimelinePlace {
    fn to_cursor(&self, hash: u64) -> String {
        let kind = Atom::Text(self.kind.as_str().to_owned());
        let place = [
            Atom::Int(to_micros(self.at)),
            kind,
            Atom::Int(to_micros(self.created_at)),
            Atom::Id { id: self.id },
        ];
        encode_cursor(&place, hash)
    }

    fn from_cursor(cursor: &str, hash: u64) -> std::result::Result<Self, &'static str> {
        const BROKEN: &str = "the cursor is not one of a timeline";
        match decode_cursor(cursor, hash)?.as_slice() {
            [Atom::Int(at), Atom::Text(kind), Atom::Int(created_at), Atom::Id { id }] => Ok(TimelinePlace {
                at: Timestamp::from_timestamp_micros(*at).ok_or(BROKEN)?,
                kind: Kind::from_word(kind).ok_or(BROKEN)?,
                created_at: Timestamp::from_timestamp_micros(*created_at).ok_or(BROKEN)?,
                id: *id,
            }),
            _ => Err(BROKEN),
        }
    }
}

impl Session {
    /// Everything that hangs on a customer and that the user sees, the latest first, a page at a time.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// # let customer = session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?.id;
    /// use crm_core::{Kind, Note};
    /// session.notes().create(Note { customer, body: "Likes green tea".into(), ..Note::default() })?;
    /// let timeline = session.timeline(customer, 20, None)?;
    /// assert_eq!((timeline.items[0].kind, timeline.items[0].title.as_str()), (Kind::Note, "Likes green tea"));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found`; `invalid` for a page size outside 1 to 1,000 and for a cursor of another list.
    pub fn timeline(
        &self,
        customer: Id<Customer>,
        page_size: u32,
        cursor: Option<&str>,
    ) -> Result<Page<TimelineEntry>> {
        let hash = fingerprint(&format!("timeline {customer}"));
        let mut problems = Violations::default();
        if !(1..=crate::model::Query::LARGEST_PAGE).contains(&page_size) {
            problems.add("page_size", "range", &page_size.to_string(), "a page has 1 to 1000 records");
        }
        let before = match cursor.map(|cursor| TimelinePlace::from_cursor(cursor, hash)).transpose() {
            Ok(before) => before,
            Err(reason) => {
                problems.add("cursor", "cursor", cursor.unwrap_or_default(), reason);
                None
            }
        };
        problems.into_result()?;
        let wanted = usize::try_from(page_size).unwrap_or(usize::MAX);
        self.read_consistently(|view, authority, _| {
            let sight = authority.sight(Action::View);
            let seen = Customer::read(view).get(customer, sight)?.filter(|entry| entry.deletion.is_none());
            if seen.is_none() {
                return Err(Error::NotFound { entity: "customer", key: customer.to_string() });
            }
            let mut found = Vec::new();
            for kind in Kind::ALL.iter().filter(|kind| kind.schema().gate == Gate::Customer) {
                if authority.require(*kind, Action::View).is_ok() {
                    let sight = Arc::clone(sight);
                    let of_kind =
                        ops(*kind).timeline(view, customer.uuid(), before.as_ref(), wanted + 1, sight)?;
                    found.extend(of_kind.into_iter().enumerate());
                }
            }
            // Those of a kind come in their order already.
            found.sort_by_key(|(place, (entry, _))| (Reverse(entry.at), entry.kind, *place));
            let more = found.len() > wanted;
            found.truncate(wanted);
            let next = found.last().filter(|_| more).map(|(_, (last, _))| last.to_cursor(hash));
            let entry = |(_, (place, title)): (usize, (TimelinePlace, String))| TimelineEntry {
                at: place.at,
                kind: place.kind,
                id: place.id,
                title,
            };
            Ok(Page { items: found.into_iter().map(entry).collect(), next, total: None })
        })
    }
}
