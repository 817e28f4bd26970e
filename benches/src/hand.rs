//! The same customers by hand: what a careful person writes with rusqlite for one program, without the library.
//!
//! Only the rules by which text is folded and split into words and phone numbers are compared, and the small enums, are
//! the library's: everybody needs some, and both sides must write the same rows.

mod chain;
mod journal;
mod row;

use self::chain::Noted;
use self::journal::Journalled;
use self::row::read_record;
use crate::Outcome;
use chrono::{DateTime, Utc};
use crm_core::port::{Search, index_tokens, inside_tokens, start_tokens, typo_tokens};
use crm_core::{CustomerKind, CustomerStatus, LeadStatus, Match, PhoneNumber, Priority, Words, fold};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;
use uuid::Uuid;

/// The region of numbers without a country code: that of the library's own settings when nothing is said.
const REGION: &str = "US";

/// A customer as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Its id.
    pub id: Uuid,
    /// 1 at first, one more with each change.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: Option<Uuid>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    pub updated_by: Option<Uuid>,
    /// Everything else.
    #[serde(flatten)]
    pub customer: Customer,
}

/// What a user enters.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of `crm_core::Customer`")]
pub struct Customer {
    pub code: Option<String>,
    pub kind: CustomerKind,
    pub status: CustomerStatus,
    pub name: String,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub company: Option<String>,
    pub emails: Vec<Email>,
    pub phones: Vec<Phone>,
    pub website: Option<String>,
    pub address: Option<Address>,
    pub tags: Vec<String>,
    pub description: String,
    pub source: Option<String>,
    pub owner: Option<Uuid>,
    pub parent: Option<Uuid>,
    pub external_ids: BTreeMap<String, String>,
    pub extra: BTreeMap<String, String>,
    pub lead: Option<Lead>,
    pub converted_opportunity: Option<Uuid>,
    pub converted_contact: Option<Uuid>,
    pub merged_into: Option<Uuid>,
    pub custom: BTreeMap<String, serde_json::Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `crm_core::Email`")]
pub struct Email {
    pub address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `crm_core::Phone`")]
pub struct Phone {
    pub number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of `crm_core::Address`")]
pub struct Address {
    pub street: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of `crm_core::Lead`")]
pub struct Lead {
    pub status: LeadStatus,
    pub priority: Priority,
    pub estimated_value: Option<Money>,
    pub lost_reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of `crm_core::Money`")]
pub struct Money {
    pub minor: i64,
    pub currency: String,
}

/// What a record is read from; [`read_record`] takes them in this order.
macro_rules! columns {
    () => {
        "t.id, t.version, t.created_at, t.created_by, t.updated_at, t.updated_by, t.code, t.kind, t.status, \
         t.name, t.given_name, t.family_name, t.company, t.emails, t.phones, t.website, t.address_street, \
         t.address_city, t.address_state, t.address_postal_code, t.address_country, t.tags, t.description, \
         t.source, t.owner, t.parent, t.external_ids, t.lead_status, t.lead_priority, \
         t.lead_estimated_value_minor, t.lead_estimated_value_currency, t.lead_lost_reason, \
         t.converted_opportunity, t.converted_contact, t.merged_into, t.custom, t.extra"
    };
}

const GET: &str =
    concat!("SELECT ", columns!(), " FROM crm_customer AS t WHERE t.id = ?1 AND t.deletion IS NULL");
const PAGE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM crm_customer AS t WHERE t.deletion IS NULL AND t.status = ?1 ORDER BY t.name_key, t.\"row\" LIMIT ?2"
);
/// The newest customers that the index of words gives for `?1` and that have none of the better matches before.
macro_rules! search {
    ($and:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", x.words FROM crm_customer_words AS w CROSS JOIN crm_customer_text AS x ON x.\"row\" = w.rowid \
             CROSS JOIN crm_customer AS t ON t.\"row\" = w.rowid \
             WHERE w.crm_customer_words MATCH ?1 AND t.deletion IS NULL",
            $and,
            " ORDER BY w.rowid DESC LIMIT ?2"
        )
    };
}
const SEARCH_EXACT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM crm_customer_words AS w CROSS JOIN crm_customer AS t ON t.\"row\" = w.rowid \
     WHERE w.crm_customer_words MATCH ?1 AND t.deletion IS NULL ORDER BY w.rowid DESC LIMIT ?2"
);
const SEARCH_START: &str = search!(
    " AND instr(' ' || x.words, ' ' || ?3) > 0 AND instr(' ' || x.words || ' ', ' ' || ?3 || ' ') = 0"
);
const SEARCH_MIDDLE: &str = search!(" AND instr(x.words, ?3) > 0 AND instr(' ' || x.words, ' ' || ?3) = 0");
const SEARCH_TYPO: &str = search!(" AND instr(x.words, ?3) = 0");
const INSERT: &str = "INSERT INTO crm_customer (id, version, created_at, created_by, updated_at, updated_by, \
     code, code_number, kind, status, name, name_key, given_name, given_name_key, family_name, family_name_key, \
     company, company_key, emails, phones, website, address_street, address_city, address_city_key, address_state, \
     address_state_key, address_postal_code, address_postal_code_key, address_country, address_country_key, tags, \
     description, source, source_key, owner, parent, external_ids, lead_status, lead_priority, \
     lead_estimated_value_minor, lead_estimated_value_currency, lead_lost_reason, extra) \
     VALUES (?1, 1, ?2, ?3, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, \
     ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40)";
const NEXT_NUMBER: &str = "INSERT INTO crm_counter (name, last) VALUES ('customer', 1) \
     ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last";
const INSERT_TEXT: &str = "INSERT INTO crm_customer_text (\"row\", words) VALUES (?1, ?2)";
const INSERT_WORDS: &str = "INSERT INTO crm_customer_words (rowid, tokens) VALUES (?1, ?2)";
const INSERT_KEY: &str =
    "INSERT INTO crm_key (kind, field, \"key\", record, shared) VALUES ('customer', ?1, ?2, ?3, ?4)";
const SET_WEBSITE: &str =
    "UPDATE crm_customer SET version = ?2, updated_at = ?3, updated_by = ?4, website = ?5 WHERE id = ?1";
const SET_STATUS: &str =
    "UPDATE crm_customer SET version = ?2, updated_at = ?3, updated_by = ?4, status = ?5 WHERE id = ?1";

/// A customer that is to be written, with its ids and its moment.
#[derive(Debug)]
pub struct New {
    /// The customer's id.
    pub id: Uuid,
    /// The operation's id.
    pub operation: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Uuid,
    /// The customer, without a code.
    pub customer: Customer,
}

/// The hand-written store, for one user.
#[derive(Debug)]
pub struct Hand {
    conn: Connection,
    user: Uuid,
}

impl Hand {
    /// Opens a store that is there, with the settings that the library gives its connections.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn open(path: &Path, user: Uuid) -> Outcome<Self> {
        let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, access)?;
        conn.busy_timeout(std::time::Duration::from_secs(5))?;
        conn.set_prepared_statement_cache_capacity(256);
        conn.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; \
             PRAGMA cache_size = -16384; PRAGMA mmap_size = 1073741824; PRAGMA temp_store = MEMORY; \
             PRAGMA synchronous = NORMAL; PRAGMA journal_mode = WAL;",
        )?;
        // As the library does: otherwise a bound LIMIT makes SQLite plan anew at every call.
        conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(Hand { conn, user })
    }

    /// The customer with this id.
    ///
    /// # Errors
    /// When there is none, and those of SQLite.
    pub fn get(&self, id: Uuid) -> Outcome<Record> {
        let found = self.conn.prepare_cached(GET)?.query_row([id.as_bytes()], read_record).optional()?;
        Ok(found.ok_or("there is no customer with this id")?)
    }

    /// The first page of the customers with a status, by name.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn page(&self, status: CustomerStatus, limit: u32) -> Outcome<Vec<Record>> {
        let mut statement = self.conn.prepare_cached(PAGE)?;
        let records = statement.query_map(params![status.as_str(), limit], read_record)?;
        Ok(records.collect::<Result<_, _>>()?)
    }

    /// The best customers for one word: who has it, then whose words begin so, who has it inside of a word, and who has one
    /// with a typo less; the newest first.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn search(&self, word: &str, limit: u32) -> Outcome<Vec<Record>> {
        let word = fold(word);
        let rows = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
        let limit = usize::try_from(limit)?;
        let quoted = |token: &String| format!("\"{}\"", token.replace('"', "\"\""));
        let matching = |tokens: &[String], operator: &str| -> String {
            tokens.iter().map(quoted).collect::<Vec<_>>().join(operator)
        };
        let mut found = Vec::with_capacity(limit);
        {
            let mut statement = self.conn.prepare_cached(SEARCH_EXACT)?;
            let records = statement.query_map(params![quoted(&word), rows(limit)], read_record)?;
            found.extend(records.collect::<Result<Vec<_>, _>>()?);
        }
        let stages = [
            (SEARCH_START, matching(&start_tokens(&word), " AND ")),
            (SEARCH_MIDDLE, matching(&inside_tokens(&word), " AND ")),
        ];
        for (sql, tokens) in stages {
            if found.len() < limit {
                let mut statement = self.conn.prepare_cached(sql)?;
                let records =
                    statement.query_map(params![tokens, rows(limit - found.len()), word], read_record)?;
                found.extend(records.collect::<Result<Vec<_>, _>>()?);
            }
        }
        let misspelt = typo_tokens(&word);
        if found.len() < limit && !misspelt.is_empty() {
            let search = Search::new(&word, REGION);
            let mut statement = self.conn.prepare_cached(SEARCH_TYPO)?;
            let mut rows = statement.query(params![matching(&misspelt, " OR "), -1, word])?;
            while let Some(row) = rows.next()?.filter(|_| found.len() < limit) {
                let words = row.get_ref("words")?.as_str()?;
                if search.best_match(words, Match::Typo).is_some() {
                    found.push(read_record(row)?);
                }
            }
        }
        Ok(found)
    }

    /// Creates a customer.
    ///
    /// # Errors
    /// For a customer without a name or with a broken or taken e-mail address, and those of SQLite.
    pub fn create(&mut self, customer: Customer) -> Outcome<Record> {
        let (id, operation) = (Uuid::now_v7(), Uuid::now_v7());
        let new = New { id, operation, at: now(), by: self.user, customer };
        self.in_transaction(|conn| {
            let number = conn.prepare_cached(NEXT_NUMBER)?.query_row([], |row| row.get(0))?;
            insert(conn, new, number)
        })
    }

    /// Gives a customer a web site.
    ///
    /// # Errors
    /// When there is no such customer, and those of SQLite.
    pub fn set_website(&mut self, id: Uuid, website: String) -> Outcome<Record> {
        #[derive(Serialize)]
        struct Changed<'a> {
            website: &'a str,
        }
        let json = |website: &str| serde_json::to_string(&Changed { website });
        let (at, user) = (now(), self.user);
        let website = website.trim().to_owned();
        self.in_transaction(|conn| {
            let mut record = changing(conn, id, at, user)?;
            let before = record.customer.website.as_deref().map(json).transpose()?;
            let after = json(&website)?;
            conn.prepare_cached(SET_WEBSITE)?.execute(params![
                id.as_bytes(),
                record.version,
                at.timestamp_micros(),
                user.as_bytes(),
                website
            ])?;
            record.customer.website = Some(website);
            journal_update(conn, &record, at, user, before.as_deref(), &after)?;
            Ok(record)
        })
    }

    /// Moves a customer on to its next status.
    ///
    /// # Errors
    /// When there is no such customer, and those of SQLite.
    pub fn advance_status(&mut self, id: Uuid) -> Outcome<Record> {
        #[derive(Serialize)]
        struct Changed {
            status: CustomerStatus,
        }
        let json = |status| serde_json::to_string(&Changed { status });
        let (at, user) = (now(), self.user);
        self.in_transaction(|conn| {
            let mut record = changing(conn, id, at, user)?;
            let status = next_status(record.customer.status);
            let (before, after) = (json(record.customer.status)?, json(status)?);
            conn.prepare_cached(SET_STATUS)?.execute(params![
                id.as_bytes(),
                record.version,
                at.timestamp_micros(),
                user.as_bytes(),
                status.as_str()
            ])?;
            record.customer.status = status;
            journal_update(conn, &record, at, user, Some(&before), &after)?;
            Ok(record)
        })
    }

    fn in_transaction<T>(&mut self, write: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        match write(&self.conn) {
            Ok(result) => {
                self.conn.prepare_cached("COMMIT")?.execute([])?;
                Ok(result)
            }
            Err(error) => {
                self.conn.execute_batch("ROLLBACK")?;
                Err(error)
            }
        }
    }
}

/// The status after this one, for customers that are no leads.
pub fn next_status(status: CustomerStatus) -> CustomerStatus {
    match status {
        CustomerStatus::Prospect => CustomerStatus::Active,
        CustomerStatus::Active => CustomerStatus::Inactive,
        _ => CustomerStatus::Prospect,
    }
}

fn now() -> DateTime<Utc> {
    let now = DateTime::<Utc>::from(SystemTime::now());
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}

/// Reads a customer and gives it the envelope of its next version.
fn changing(conn: &Connection, id: Uuid, at: DateTime<Utc>, user: Uuid) -> Outcome<Record> {
    let found = conn.prepare_cached(GET)?.query_row([id.as_bytes()], read_record).optional()?;
    let mut record = found.ok_or("there is no customer with this id")?;
    record.version += 1;
    record.updated_at = at;
    record.updated_by = Some(user);
    Ok(record)
}

fn journal_update(
    conn: &Connection,
    record: &Record,
    at: DateTime<Utc>,
    user: Uuid,
    before: Option<&str>,
    after: &str,
) -> Outcome {
    let (operation, version) = (Uuid::now_v7(), record.version);
    let noted =
        Noted { operation, at, by: user, change: "update", record: record.id, version, before, after };
    chain::append(conn, &noted)
}

/// Writes a new customer with all that belongs to it, in the caller's transaction: also what loads a whole store.
///
/// # Errors
/// As [`Hand::create`].
pub fn insert(conn: &Connection, new: New, number: i64) -> Outcome<Record> {
    let New { id, operation, at, by, mut customer } = new;
    clean(&mut customer)?;
    customer.code = Some(format!("C{number:03}"));
    insert_row(conn, id, at, by, &customer, number)?;
    let words = words(&customer);
    let row = conn.last_insert_rowid();
    conn.prepare_cached(INSERT_TEXT)?.execute(params![row, words])?;
    conn.prepare_cached(INSERT_WORDS)?.execute(params![row, index_tokens(&words)])?;
    insert_keys(conn, id, &customer)?;
    let after = serde_json::to_string(&Journalled::of(&customer))?;
    let noted =
        Noted { operation, at, by, change: "create", record: id, version: 1, before: None, after: &after };
    chain::append(conn, &noted)?;
    Ok(Record {
        id,
        version: 1,
        created_at: at,
        created_by: Some(by),
        updated_at: at,
        updated_by: Some(by),
        customer,
    })
}

fn insert_row(
    conn: &Connection,
    id: Uuid,
    at: DateTime<Utc>,
    by: Uuid,
    customer: &Customer,
    number: i64,
) -> Outcome {
    let folded = |text: &Option<String>| text.as_deref().map(fold);
    let address = customer.address.as_ref();
    let part = |part: fn(&Address) -> &Option<String>| address.and_then(|address| part(address).as_deref());
    let (city, state) = (part(|a| &a.city), part(|a| &a.state));
    let (postal_code, country) = (part(|a| &a.postal_code), part(|a| &a.country));
    let lead = customer.lead.as_ref();
    let value = lead.and_then(|lead| lead.estimated_value.as_ref());
    conn.prepare_cached(INSERT)?.execute(params![
        id.as_bytes(),
        at.timestamp_micros(),
        by.as_bytes(),
        customer.code,
        number,
        customer.kind.as_str(),
        customer.status.as_str(),
        customer.name,
        fold(&customer.name),
        customer.given_name,
        folded(&customer.given_name),
        customer.family_name,
        folded(&customer.family_name),
        customer.company,
        folded(&customer.company),
        list(&customer.emails)?,
        list(&customer.phones)?,
        customer.website,
        part(|a| &a.street),
        city,
        city.map(fold),
        state,
        state.map(fold),
        postal_code,
        postal_code.map(fold),
        country,
        country.map(fold),
        list(&customer.tags)?,
        customer.description,
        customer.source,
        folded(&customer.source),
        customer.owner.as_ref().map(|owner| owner.as_bytes()),
        customer.parent.as_ref().map(|parent| parent.as_bytes()),
        serde_json::to_string(&customer.external_ids)?,
        lead.map(|lead| lead.status.as_str()),
        lead.map(|lead| lead.priority.as_str()),
        value.map(|value| value.minor),
        value.map(|value| value.currency.as_str()),
        lead.and_then(|lead| lead.lost_reason.as_deref()),
        serde_json::to_string(&customer.extra)?,
    ])?;
    Ok(())
}

/// White space at the ends goes; what would be wrong in the store is refused.
fn clean(customer: &mut Customer) -> Outcome {
    let trim = |text: &mut String| {
        let trimmed = text.trim();
        if trimmed.len() < text.len() {
            *text = trimmed.to_owned();
        }
    };
    let optional = [
        &mut customer.given_name,
        &mut customer.family_name,
        &mut customer.company,
        &mut customer.website,
        &mut customer.source,
    ];
    for text in optional.into_iter().flatten() {
        trim(text);
    }
    trim(&mut customer.name);
    trim(&mut customer.description);
    if let Some(address) = &mut customer.address {
        let Address { street, city, state, postal_code, country } = address;
        [street, city, state, postal_code, country].into_iter().flatten().for_each(trim);
    }
    customer.tags.iter_mut().for_each(trim);
    customer.phones.iter_mut().for_each(|phone| trim(&mut phone.number));
    customer.emails.iter_mut().for_each(|email| trim(&mut email.address));
    if customer.name.is_empty() {
        return Err("a customer has a name".into());
    }
    let broken = |email: &Email| match email.address.split_once('@') {
        Some((local, domain)) => {
            local.is_empty() || !domain.contains('.') || email.address.contains(char::is_whitespace)
        }
        None => true,
    };
    if customer.emails.iter().any(broken) {
        return Err("an e-mail address has a part before and after its @".into());
    }
    Ok(())
}

fn list<T: Serialize>(values: &[T]) -> Outcome<Cow<'static, str>> {
    Ok(if values.is_empty() { Cow::Borrowed("[]") } else { Cow::Owned(serde_json::to_string(values)?) })
}

fn words(customer: &Customer) -> String {
    let mut words = Words::default();
    let city = customer.address.as_ref().and_then(|address| address.city.as_deref());
    [customer.code.as_deref(), Some(&customer.name), customer.company.as_deref()]
        .into_iter()
        .flatten()
        .for_each(|text| words.add(text));
    customer.emails.iter().for_each(|email| words.add(&email.address));
    for phone in &customer.phones {
        let number = PhoneNumber(phone.number.clone());
        number.searched_digits(REGION).iter().for_each(|digits| words.add(digits));
    }
    city.into_iter().for_each(|city| words.add(city));
    customer.tags.iter().for_each(|tag| words.add(tag));
    words.into_text()
}

fn insert_keys(conn: &Connection, id: Uuid, customer: &Customer) -> Outcome {
    let unique: &[u8] = &[];
    let mut statement = conn.prepare_cached(INSERT_KEY)?;
    for email in &customer.emails {
        statement.execute(params!["emails", email.address.to_lowercase(), id.as_bytes(), unique])?;
    }
    for (system, external) in &customer.external_ids {
        statement.execute(params!["external_ids", format!("{system}:{external}"), id.as_bytes(), unique])?;
    }
    for phone in &customer.phones {
        let key = PhoneNumber(phone.number.clone()).comparison_key(REGION);
        statement.execute(params!["phones", key, id.as_bytes(), id.as_bytes()])?;
    }
    for tag in &customer.tags {
        statement.execute(params!["tags", fold(tag), id.as_bytes(), id.as_bytes()])?;
    }
    Ok(())
}
