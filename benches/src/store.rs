//! Stores with many customers: one template for each size, copied for each side.

use crate::Outcome;
use crate::data::Population;
use crate::hand::{self, Hand, New};
use crm_core::{
    Action, Crm, Customer, Email, EmailAddress, Filter, Grants, Kind, Lead, Level, Money, Options,
    PasswordCost, Phone, PhoneNumber, Query, Role, Session, User,
};
use crm_sqlite::{Durability, OpenOptions};
use rusqlite::Connection;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

const PASSWORD: &str = "a long one for tests";

/// Agents who see their own customers: what part of the store is theirs.
pub const OWNERS_OF: [(&str, u64); 3] = [("few", 5_000), ("some", 100), ("many", 10)];

/// A store that is loaded and closed.
#[derive(Debug)]
pub struct Template {
    path: PathBuf,
    /// Who is in it.
    pub population: Population,
    /// The manager who works with both sides.
    user: Uuid,
    /// The manager's session: log-in writes, so it happens once, before the copies are made.
    token: String,
}

impl Template {
    /// Makes a store of this size in the folder.
    ///
    /// # Errors
    /// Those of the library and of SQLite.
    pub fn load(folder: &Path, size: u64) -> Outcome<Self> {
        Template::load_with(folder, size, Population::customer)
    }

    /// Makes a store of this size in the folder, with customers of the caller's own.
    ///
    /// # Errors
    /// Those of the library and of SQLite.
    pub fn load_with(
        folder: &Path,
        size: u64,
        customer: fn(&Population, u64) -> hand::Customer,
    ) -> Outcome<Self> {
        let path = folder.join(format!("template-{size}.db"));
        let crm = open(&path)?;
        let (owners, token) = add_users(&crm)?;
        drop(crm);
        let user = *owners.first().ok_or("there are no users")?;
        let population = Population { size, owners };
        fill(&path, &population, customer)?;
        Ok(Template { path, population, user, token })
    }

    /// A copy for the library, and the manager's session in it.
    ///
    /// # Errors
    /// Those of the library and of the file system.
    pub fn ours(&self) -> Outcome<Session> {
        Ok(open(&self.copy("ours")?)?.resume(&self.token)?)
    }

    /// Where the store itself is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An agent who sees only his own customers in the library's copy, so many of them from all over the store.
    ///
    /// # Errors
    /// Those of the library and of SQLite.
    pub fn agent(&self, username: &str, customers: u64) -> Outcome<Session> {
        let path = self.path_of("ours");
        let crm = open(&path)?;
        let program = crm.system("bench");
        let mut grants = Grants::default();
        grants.grant(Kind::Customer, Action::View, Level::Own);
        let role = Role { key: username.to_owned(), grants, ..Role::default() };
        let role = program.roles().create(role)?.id;
        let user = User { username: username.to_owned(), role, ..User::default() };
        let user = program.users().create(user)?.id;
        program.set_password(user, PASSWORD)?;
        let apart = i64::try_from((self.population.size / customers.max(1)).max(1))?;
        Connection::open(&path)?.execute(
            "UPDATE crm_customer SET owner = ?1 WHERE \"row\" % ?2 = ?2 / 2",
            (user.uuid().as_bytes(), apart),
        )?;
        Ok(crm.login(username, PASSWORD)?)
    }

    /// Where the template is, and the token of the manager's session: for another program.
    pub fn place(&self) -> (&Path, &str) {
        (&self.path, &self.token)
    }

    /// A copy for the hand-written side.
    ///
    /// # Errors
    /// Those of SQLite and of the file system.
    pub fn hand(&self) -> Outcome<Hand> {
        Hand::open(&self.copy("hand")?, self.user)
    }

    /// Deletes the template and its copies: a large one takes gigabytes.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn remove(self) -> Outcome {
        for path in [self.path_of("ours"), self.path_of("hand"), self.path] {
            if path.exists() {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Where a side's copy is.
    pub fn path_of(&self, side: &str) -> PathBuf {
        self.path.with_extension(format!("{side}.db"))
    }

    fn copy(&self, side: &str) -> Outcome<PathBuf> {
        let path = self.path_of(side);
        fs::copy(&self.path, &path)?;
        // Else the machine would still be writing the copy while something is measured.
        File::open(&path)?.sync_all()?;
        Ok(path)
    }
}

/// A store that is there, with the library's session under this token.
///
/// # Errors
/// Those of the library.
pub fn resume(path: &Path, token: &str) -> Outcome<Session> {
    Ok(open(path)?.resume(token)?)
}

pub(crate) fn open(path: &Path) -> crm_core::Result<Crm> {
    let store = OpenOptions::new(path).durability(Durability::Normal).open()?;
    Crm::open(Arc::new(store), Options { password_cost: PasswordCost::MINIMUM, ..Options::default() })
}

/// Ten managers, the first of whom logs in.
fn add_users(crm: &Crm) -> Outcome<(Vec<Uuid>, String)> {
    const USERS: u64 = 10;
    let program = crm.system("bench");
    let managers = program.roles().list(&Query::new().filter(Role::KEY.is("manager")))?;
    let role = managers.items.first().ok_or("there is no role for managers")?.id;
    let mut owners = Vec::new();
    for number in 0..USERS {
        let user = User {
            username: format!("manager{number}"),
            given_name: "Manager".to_owned(),
            family_name: number.to_string(),
            role,
            ..User::default()
        };
        owners.push(program.users().create(user)?.id);
    }
    let first = *owners.first().ok_or("there are no users")?;
    program.set_password(first, PASSWORD)?;
    let token = crm.login("manager0", PASSWORD)?.token().ok_or("a user's session has a token")?.to_owned();
    Ok((owners.into_iter().map(|id| id.uuid()).collect(), token))
}

/// Writes the customers in few large transactions, without a journal of the file's own: nobody else has it yet.
fn fill(path: &Path, population: &Population, customer: fn(&Population, u64) -> hand::Customer) -> Outcome {
    const CUSTOMERS_AT_ONCE: u64 = 50_000;
    let conn = Connection::open(path)?;
    conn.set_prepared_statement_cache_capacity(64);
    conn.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
         PRAGMA cache_size = -2000000; PRAGMA temp_store = MEMORY;",
    )?;
    let mut next = 0;
    while next < population.size {
        let end = population.size.min(next + CUSTOMERS_AT_ONCE);
        conn.execute_batch("BEGIN")?;
        for number in next..end {
            let customer = customer(population, number);
            let new = New {
                id: population.id(number),
                operation: population.operation_id(number),
                at: population.created_at(number),
                by: customer.owner.ok_or("every customer has an owner")?,
                customer,
            };
            hand::insert(&conn, new, i64::try_from(number)? + 1)?;
        }
        conn.execute_batch("COMMIT")?;
        next = end;
    }
    conn.execute(
        "INSERT INTO crm_counter (name, last) VALUES ('customer', ?1) \
         ON CONFLICT (name) DO UPDATE SET last = excluded.last",
        [i64::try_from(population.size)?],
    )?;
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// The page that the benchmark asks for.
pub fn page_query(limit: u32) -> Query {
    let active: Filter = Customer::STATUS.is(crm_core::CustomerStatus::Active);
    Query::new().filter(active).ascending(Customer::NAME).page_size(limit)
}

impl TryFrom<hand::Customer> for Customer {
    type Error = Box<dyn std::error::Error>;

    fn try_from(customer: hand::Customer) -> Outcome<Self> {
        let email = |email: hand::Email| Email {
            address: EmailAddress(email.address),
            label: email.label,
            opted_out: email.opted_out,
        };
        let phone = |phone: hand::Phone| Phone {
            number: PhoneNumber(phone.number),
            label: phone.label,
            opted_out: phone.opted_out,
        };
        let money =
            |money: hand::Money| -> Outcome<Money> { Ok(Money::new(money.minor, money.currency.parse()?)) };
        Ok(Customer {
            code: customer.code.map(|code| code.parse()).transpose()?,
            kind: customer.kind,
            status: customer.status,
            name: customer.name,
            given_name: customer.given_name,
            family_name: customer.family_name,
            company: customer.company,
            emails: customer.emails.into_iter().map(email).collect(),
            phones: customer.phones.into_iter().map(phone).collect(),
            website: customer.website,
            address: customer.address.map(|address| crm_core::Address {
                street: address.street,
                city: address.city,
                state: address.state,
                postal_code: address.postal_code,
                country: address.country,
            }),
            tags: customer.tags,
            description: customer.description,
            source: customer.source,
            owner: customer.owner.map(crm_core::Id::from_uuid),
            parent: customer.parent.map(crm_core::Id::from_uuid),
            external_ids: customer.external_ids,
            extra: customer.extra,
            converted_opportunity: customer.converted_opportunity.map(crm_core::Id::from_uuid),
            converted_contact: customer.converted_contact.map(crm_core::Id::from_uuid),
            merged_into: customer.merged_into.map(crm_core::Id::from_uuid),
            // The benchmark's customers have none.
            custom: crm_core::CustomValues::default(),
            lead: match customer.lead {
                Some(lead) => Some(Lead {
                    status: lead.status,
                    priority: lead.priority,
                    estimated_value: lead.estimated_value.map(money).transpose()?,
                    lost_reason: lead.lost_reason,
                }),
                None => None,
            },
        })
    }
}
