//! The proof that the journal says what it always said.

use super::system::Crm;
use crate::error::Result;
use crate::model::{Change, ChangeKind, Kind};
use crate::store::{Head, Sealed, Snapshot};
use std::collections::HashMap;
use uuid::Uuid;

/// What a look at the whole journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// How many operations were looked at.
    pub operations: u64,
    /// How many changes were erased, and rightly so: a later operation says it.
    pub erased: u64,
    /// The newest operation. Kept somewhere else, [`Crm::verify_since`] proves with it later that no operation until
    /// then was cut off.
    pub head: Head,
    /// The first operation that is not as it was written; `None` when all are.
    pub broken: Option<Broken>,
}

impl Verification {
    /// Whether the journal is whole.
    pub fn holds(&self) -> bool {
        self.broken.is_none()
    }
}

/// Where the journal is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The place of the first operation that was altered, or that stands where another one was.
    pub seq: u64,
    /// What is wrong there.
    pub reason: String,
}

impl Crm {
    /// Looks at the whole journal: whether any operation was altered, left out, put elsewhere or slipped in since it was
    /// written, and whether values are missing that no erasure took away. Reads every operation once. Whether the records are
    /// what the journal made of them tells [`Crm::check`]: a nightly job calls both.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let found = crm.verify()?;
    /// assert!(found.holds());
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the store. A journal that does not hold is no error but [`Verification::broken`].
    pub fn verify(&self) -> Result<Verification> {
        self.verify_since(Head::default())
    }

    /// As [`Crm::verify`], and the journal must contain the operation that was its newest one before: one that was cut
    /// short or written anew does not.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// let kept = crm.head()?;
    /// session.customers().create(crm_core::Customer { name: "Mara Tea".into(), ..Default::default() })?;
    /// assert!(crm.verify_since(kept)?.holds());
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Crm::verify`].
    pub fn verify_since(&self, known: Head) -> Result<Verification> {
        verify(&*self.inner.store.snapshot()?, known)
    }

    /// The newest operation's place and hash, to be kept outside of the store.
    ///
    /// ```
    /// # let (crm, session) = crm_core::contract::demo()?;
    /// println!("{}", crm.head()?);
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub fn head(&self) -> Result<Head> {
        Ok(self.inner.store.reader()?.state()?.head)
    }
}

fn verify(view: &dyn Snapshot, known: Head) -> Result<Verification> {
    const AT_A_TIME: usize = 1_000;
    let mut links = Links::default();
    loop {
        let page = view.sealed(links.head.seq, AT_A_TIME)?;
        if page.is_empty() {
            break;
        }
        for sealed in &page {
            if let Err(reason) = links.add(sealed, known) {
                return Ok(links.finish(Some(Broken { seq: sealed.operation.seq, reason })));
            }
        }
    }
    let cut = (known.seq > links.head.seq).then(|| Broken {
        seq: links.head.seq + 1,
        reason: format!("the journal ends before operation {}", known.seq),
    });
    let taken = links
        .unexplained()
        .map(|seq| Broken { seq, reason: "values are missing that no later operation erased".to_owned() });
    Ok(links.finish(taken.or(cut)))
}

/// The chain as far as it was followed.
#[derive(Default)]
pub(crate) struct Links {
    operations: u64,
    erased: u64,
    head: Head,
    /// Where values are missing, by the record and by the customer who may account for it.
    missing: Vec<(u64, Kind, Uuid, Option<Uuid>)>,
    /// The last erasure of each record.
    erasures: HashMap<(Kind, Uuid), u64>,
}

impl Links {
    /// The operation that it was followed to.
    #[cfg(feature = "exchange")]
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    pub(crate) fn add(&mut self, sealed: &Sealed, known: Head) -> std::result::Result<(), String> {
        let operation = &sealed.operation;
        if operation.seq != self.head.seq + 1 {
            return Err(format!("operation {} is missing before it", self.head.seq + 1));
        }
        for (place, (change, values)) in operation.changes.iter().zip(&sealed.values).enumerate() {
            match values.hold() {
                Some(true) => {}
                Some(false) => return Err(format!("the values of its change {place} were altered")),
                None if values.before.is_some() || values.after.is_some() => {
                    return Err(format!("the salt of its change {place} is missing"));
                }
                None => self.missing.push((operation.seq, change.kind, change.id, change.customer)),
            }
        }
        if sealed.bound_to(self.head) != sealed.hash {
            return Err(
                "it is not what was written there, or does not follow the operation before it".to_owned()
            );
        }
        self.head = sealed.head();
        self.operations += 1;
        if self.head.seq == known.seq && self.head.hash != known.hash {
            return Err("it is not the operation that was known to stand there".to_owned());
        }
        let erasures = operation.changes.iter().filter(|change| change.change == ChangeKind::Erase);
        for Change { kind, id, .. } in erasures {
            self.erasures.insert((*kind, *id), operation.seq);
        }
        Ok(())
    }

    /// The first operation whose values are missing without a later erasure that names the record or its customer.
    pub(crate) fn unexplained(&mut self) -> Option<u64> {
        let erasures = &self.erasures;
        let named =
            |seq: u64, kind: Kind, id: Uuid| erasures.get(&(kind, id)).is_some_and(|later| *later >= seq);
        let explained = |(seq, kind, id, customer): &&(u64, Kind, Uuid, Option<Uuid>)| {
            named(*seq, *kind, *id) || customer.is_some_and(|customer| named(*seq, Kind::Customer, customer))
        };
        let first = self.missing.iter().find(|missing| !explained(missing)).map(|missing| missing.0);
        self.erased = u64::try_from(self.missing.iter().filter(explained).count()).unwrap_or(u64::MAX);
        first
    }

    fn finish(self, broken: Option<Broken>) -> Verification {
        Verification { operations: self.operations, erased: self.erased, head: self.head, broken }
    }
}
