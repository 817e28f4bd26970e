//! The import: every row of the files becomes a record through the public interface.

use crate::Failure;
use crm_core::chrono::NaiveDate;
use crm_core::{
    Address, Currency, Customer, CustomerKind, CustomerStatus, Decimal, Id, Money, Opportunity, Pipeline,
    Query, Role, Session, Stage, StageKind, User,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How many records are written as one operation. One by one, each would wait for the disk.
const BATCH: usize = 500;

/// Under this name the opportunities keep the ids of the file.
const SOURCE: &str = "crm_sales";

/// Every record needs a customer; this one has the opportunities that name none.
const UNASSIGNED: &str = "Unassigned";

/// What was loaded.
#[derive(Clone, Copy, Debug)]
pub struct Loaded {
    /// The pipeline that the opportunities are in.
    pub pipeline: Id<Pipeline>,
    /// How many users.
    pub users: usize,
    /// How many customers.
    pub customers: usize,
    /// How many opportunities.
    pub opportunities: usize,
}

/// Loads `sales_teams.csv`, `accounts.csv` and `sales_pipeline.csv` of a folder into an empty store.
///
/// # Errors
/// What is wrong with the files, and the store's errors. The batches before stay loaded.
pub fn load(session: &Session, folder: &Path) -> Result<Loaded, Failure> {
    if session.users().count(&Query::new())? > 0 {
        return Err("the store has users already: load into a new file".into());
    }
    // All files are read before the first record is written.
    let teams: Vec<TeamRow> = rows(folder, "sales_teams.csv")?;
    let accounts: Vec<AccountRow> = rows(folder, "accounts.csv")?;
    let deals: Vec<DealRow> = rows(folder, "sales_pipeline.csv")?;

    let users = load_users(session, &teams)?;
    let customers = load_customers(session, &accounts)?;
    let pipeline = session.pipelines().create(pipeline())?.id;
    let known = Known { pipeline, users, customers };
    for rows in deals.chunks(BATCH) {
        let mut batch = session.batch();
        for row in rows {
            batch.create(known.opportunity(row)?)?;
        }
        batch.run()?;
    }
    Ok(Loaded {
        pipeline,
        users: known.users.len(),
        customers: known.customers.len(),
        opportunities: deals.len(),
    })
}

#[derive(Deserialize)]
struct TeamRow {
    sales_agent: String,
    manager: String,
}

#[derive(Deserialize)]
struct AccountRow {
    account: String,
    sector: String,
    year_established: u16,
    revenue: Decimal,
    employees: u32,
    office_location: String,
    subsidiary_of: Option<String>,
}

#[derive(Deserialize)]
struct DealRow {
    opportunity_id: String,
    sales_agent: String,
    product: String,
    account: Option<String>,
    deal_stage: String,
    engage_date: Option<NaiveDate>,
    close_date: Option<NaiveDate>,
    close_value: Option<Decimal>,
}

fn rows<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<T>, Failure> {
    let path = folder.join(name);
    let named = |error: csv::Error| format!("{}: {error}", path.display());
    let mut reader = csv::Reader::from_path(&path).map_err(named)?;
    Ok(reader.deserialize().collect::<Result<_, _>>().map_err(named)?)
}

/// The sales people as agents and their managers as managers. People of one manager are a team.
fn load_users(session: &Session, teams: &[TeamRow]) -> Result<BTreeMap<String, Id<User>>, Failure> {
    let (agent, manager) = (role(session, "agent")?, role(session, "manager")?);
    let mut users = BTreeMap::new();
    let mut batch = session.batch();
    let managers: BTreeSet<&str> = teams.iter().map(|row| row.manager.as_str()).collect();
    for name in managers {
        users.insert(name.to_owned(), batch.create(user(name, manager, name))?);
    }
    for row in teams {
        users.insert(row.sales_agent.clone(), batch.create(user(&row.sales_agent, agent, &row.manager))?);
    }
    batch.run()?;
    Ok(users)
}

fn role(session: &Session, key: &str) -> Result<Id<Role>, Failure> {
    let found = session.roles().list(&Query::new().filter(Role::KEY.is(key)))?;
    let role = found.into_iter().next().ok_or_else(|| format!("the store has no role {key:?}"))?;
    Ok(role.id)
}

fn user(name: &str, role: Id<Role>, team: &str) -> User {
    let (given_name, family_name) = name.split_once(' ').unwrap_or(("", name));
    User {
        username: name.to_lowercase().replace(' ', "."),
        given_name: given_name.to_owned(),
        family_name: family_name.to_owned(),
        role,
        team: Some(team.to_owned()),
        ..User::default()
    }
}

fn load_customers(
    session: &Session,
    accounts: &[AccountRow],
) -> Result<BTreeMap<String, Id<Customer>>, Failure> {
    let mut customers = BTreeMap::new();
    let mut batch = session.batch();
    for row in accounts {
        customers.insert(row.account.clone(), batch.create(customer(row))?);
    }
    let unassigned = Customer {
        name: UNASSIGNED.to_owned(),
        kind: CustomerKind::Business,
        status: CustomerStatus::Prospect,
        description: "Holds the opportunities that name no account.".to_owned(),
        ..Customer::default()
    };
    customers.insert(UNASSIGNED.to_owned(), batch.create(unassigned)?);
    // A parent may stand below its subsidiary in the file, so parents are set when all are there.
    for row in accounts {
        let Some(parent) = &row.subsidiary_of else { continue };
        let parent = find(&customers, parent, "account")?;
        batch.update(find(&customers, &row.account, "account")?, move |child: &mut Customer| {
            child.parent = Some(parent);
        });
    }
    batch.run()?;
    Ok(customers)
}

fn customer(row: &AccountRow) -> Customer {
    let AccountRow { year_established, employees, revenue, .. } = row;
    Customer {
        name: row.account.clone(),
        kind: CustomerKind::Business,
        status: CustomerStatus::Active,
        address: Some(Address { country: Some(spelled(&row.office_location)), ..Address::default() }),
        tags: vec![spelled(&row.sector)],
        description: format!(
            "Founded in {year_established}, {employees} employees, revenue of {revenue} million USD a year."
        ),
        ..Customer::default()
    }
}

/// The words that the files misspell, put right.
fn spelled(word: &str) -> String {
    match word {
        "technolgy" => "technology",
        "Philipines" => "Philippines",
        "GTXPro" => "GTX Pro",
        right => right,
    }
    .to_owned()
}

/// The stages of the file. Their keys are the file's own words, so that figures by stage speak them.
fn pipeline() -> Pipeline {
    let stage = |name: &str, kind, probability| Stage {
        key: name.to_owned(),
        name: name.to_owned(),
        kind,
        probability,
        rotting_after_days: None,
    };
    Pipeline {
        name: "Sales opportunities".to_owned(),
        default: false,
        stages: vec![
            stage("Prospecting", StageKind::Open, 10),
            stage("Engaging", StageKind::Open, 50),
            stage("Won", StageKind::Won, 100),
            stage("Lost", StageKind::Lost, 0),
        ],
    }
}

/// What opportunities refer to.
struct Known {
    pipeline: Id<Pipeline>,
    users: BTreeMap<String, Id<User>>,
    customers: BTreeMap<String, Id<Customer>>,
}

impl Known {
    fn opportunity(&self, row: &DealRow) -> Result<Opportunity, Failure> {
        let product = spelled(&row.product);
        let account = row.account.as_deref().unwrap_or(UNASSIGNED);
        Ok(Opportunity {
            customer: find(&self.customers, account, "account")?,
            name: format!("{product} for {account}"),
            pipeline: Some(self.pipeline),
            stage: row.deal_stage.clone(),
            amount: row.close_value.map(|value| Money::from_decimal(value, Currency::USD)).transpose()?,
            opened_on: row.engage_date,
            closed_on: row.close_date,
            owner: Some(find(&self.users, &row.sales_agent, "sales agent")?),
            external_ids: BTreeMap::from([(SOURCE.to_owned(), row.opportunity_id.clone())]),
            tags: vec![product],
            ..Opportunity::default()
        })
    }
}

fn find<E>(known: &BTreeMap<String, Id<E>>, name: &str, what: &str) -> Result<Id<E>, Failure> {
    known.get(name).copied().ok_or_else(|| format!("there is no {what} {name:?}").into())
}
