//! Cards become records, a thousand at a time.

use super::matching::{Found, find};
use super::own::Own;
use super::person::Person;
use super::reader::{CardProblem, VCard, VCards};
use crate::crm::{Duplicable, Session, UnitOfWork, is_of_the_record};
use crate::error::{Error, Result, Violations};
use crate::model::{Action, Contact, Customer, OperationId, Record};
use crate::value::{Id, choice};
use serde::{Deserialize, Serialize};
use std::io::Read;
use uuid::Uuid;

/// How many cards are one transaction and one operation, and how many octets their values have then at most.
const CARDS_AT_A_TIME: usize = 1_000;
const OCTETS_AT_A_TIME: usize = 16 * 1024 * 1024;

/// What an import of cards is to do; a value that can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VCardImport {
    /// What the cards become.
    pub target: CardTarget,
    /// What is done with a card whose record is there already.
    #[serde(default)]
    pub on_match: MatchPolicy,
    /// Do the same and take it back: nothing is written. Keeps other writers waiting until the whole file was read.
    #[serde(default)]
    pub dry_run: bool,
}

impl VCardImport {
    /// Cards become customers; what their records lack is filled.
    pub fn customers() -> Self {
        VCardImport { target: CardTarget::Customers, on_match: MatchPolicy::Fill, dry_run: false }
    }

    /// Cards become contacts of a customer; what their records lack is filled.
    pub fn contacts_of(customer: Id<Customer>) -> Self {
        VCardImport { target: CardTarget::ContactsOf(customer), ..VCardImport::customers() }
    }

    /// Does this with a card whose record is there already.
    #[must_use]
    pub fn on_match(self, on_match: MatchPolicy) -> Self {
        VCardImport { on_match, ..self }
    }

    /// Writes nothing.
    #[must_use]
    pub fn dry_run(self) -> Self {
        VCardImport { dry_run: true, ..self }
    }
}

/// What cards become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardTarget {
    /// Customers: people, and businesses where a card speaks of one.
    Customers,
    /// Contacts of this customer.
    ContactsOf(Id<Customer>),
}

choice! {
    /// What is done with a card whose record is there already. Lists, such as phones, get what they lack, and a person
    /// who asked not to be contacted stays so, whatever a card says.
    #[derive(Default)]
    pub enum MatchPolicy {
        /// Fields that are empty get the card's value; others stay, and that they differ is told.
        #[default]
        Fill = "fill",
        /// The card's values take the place of the record's; what the card does not say stays.
        Update = "update",
        /// The record stays as it is.
        Skip = "skip",
    }
}

choice! {
    /// What became of a card.
    pub enum CardOutcome {
        /// A new record.
        Created = "created",
        /// It changed a record that was there.
        Updated = "updated",
        /// The record that was there says all of it already.
        Unchanged = "unchanged",
        /// It was left alone, for a reason that its problems tell when it is not the policy.
        Skipped = "skipped",
        /// It was refused; its problems tell why.
        Failed = "failed",
    }
}

/// A card and what became of it, or would become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportedCard {
    /// Which one of the file it is, from 1, in the order in which they end.
    pub number: u64,
    /// The line that it begins at, from 1.
    pub line: u64,
    /// What the person or organisation is called.
    pub name: String,
    /// What became of it.
    pub outcome: CardOutcome,
    /// The record; of a dry run only one that was there before.
    pub record: Option<Uuid>,
    /// The operation that wrote it, which can be undone; `None` when nothing was written.
    pub operation: Option<OperationId>,
    /// What was not taken as it is, and what failed.
    pub problems: Vec<CardProblem>,
}

/// What an import did, or would do. Every card is one of `created`, `updated`, `unchanged`, `skipped` and `failed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VCardSummary {
    /// How many cards were read.
    pub cards: u64,
    /// How many became new records.
    pub created: u64,
    /// How many changed a record.
    pub updated: u64,
    /// How many said nothing new.
    pub unchanged: u64,
    /// How many were left alone.
    pub skipped: u64,
    /// How many were refused.
    pub failed: u64,
    /// How many lines were in no card, blank ones not counted.
    pub stray_lines: u64,
    /// The operations that wrote, oldest first. To take the import back, undo them from the last to the first.
    pub operations: Vec<OperationId>,
}

impl VCardSummary {
    fn count(&mut self, card: &ImportedCard) {
        self.cards += 1;
        *match card.outcome {
            CardOutcome::Created => &mut self.created,
            CardOutcome::Updated => &mut self.updated,
            CardOutcome::Unchanged => &mut self.unchanged,
            CardOutcome::Skipped => &mut self.skipped,
            CardOutcome::Failed => &mut self.failed,
        } += 1;
    }
}

/// Reads the cards of a file into the CRM: of vCard 2.1, 3.0 and 4.0, as [`VCards`] reads them. Tells what became of
/// each, in the order of the file, after it was written.
///
/// A card is a record that is there already when it has the record's `UID`, which records keep among their ids in other
/// systems under `vcard`; else when the search for duplicates finds a record that has much the same name and does not
/// speak against it; the same file read again creates nothing. A card that fits several records equally well is skipped.
/// Properties without a field are kept in the record's `extra` and written again by [`export_contacts`] and
/// [`export_customers`]; inline data, such as photos, is left out and told.
///
/// Up to a thousand cards are one transaction and one operation in the journal; a card that is refused leaves nothing.
///
/// ```
/// # let (crm, session) = crm_core::contract::demo()?;
/// use crm_core::exchange::{CardOutcome, VCardImport, import_vcards};
/// let file = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Otieno;Amina\r\nEMAIL:amina@mara.example\r\nEND:VCARD\r\n";
///
/// let mut told = Vec::new();
/// let plan = import_vcards(&session, file.as_bytes(), &VCardImport::customers().dry_run(), |card| told.push(card))?;
/// assert_eq!((plan.created, told[0].outcome, told[0].name.as_str()), (1, CardOutcome::Created, "Amina Otieno"));
///
/// let done = import_vcards(&session, file.as_bytes(), &VCardImport::customers(), drop)?;
/// let again = import_vcards(&session, file.as_bytes(), &VCardImport::customers(), drop)?;
/// assert_eq!((done.created, again.created, again.unchanged), (1, 0, 1));
/// for operation in done.operations.into_iter().rev() {
///     session.undo(operation)?;
/// }
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// `not_found` for the customer of [`CardTarget::ContactsOf`]; `denied` for a role that creates no such records;
/// `storage` when the reader fails. What was told before stays written. What is wrong with a card is none.
///
/// [`export_contacts`]: super::export_contacts
/// [`export_customers`]: super::export_customers
pub fn import_vcards(
    session: &Session,
    reader: impl Read,
    import: &VCardImport,
    each: impl FnMut(ImportedCard),
) -> Result<VCardSummary> {
    match import.target {
        CardTarget::Customers => run::<Customer>(session, reader, import, each),
        CardTarget::ContactsOf(_) => run::<Contact>(session, reader, import, each),
    }
}

/// A kind of record that cards become.
pub(super) trait Importable: Duplicable + Own {
    /// The fields that say what it is called, as the rules for duplicates compare them.
    const CALLED: &'static str;

    /// The record that a card would become.
    fn draft(unit: &UnitOfWork<'_>, person: Person, place: &Place) -> Result<Draft<Self>>;

    /// Whether a record is where the cards go.
    fn is_within(&self, place: &Place) -> bool;

    /// The ids in other systems.
    fn ids(&self) -> &std::collections::BTreeMap<String, String>;

    /// Takes the card's id out.
    fn forget_card(&mut self);

    /// Takes over what a card says.
    fn merge(&mut self, card: Self, policy: MatchPolicy, region: &str);

    /// The single fields of a card in words, each with the property that says it.
    fn says(&self) -> Vec<(&'static str, String)>;
}

/// Where cards go.
pub(super) struct Place {
    pub(super) customer: Option<Record<Customer>>,
}

/// The record that a card would become, and what of the card it does not have.
pub(super) struct Draft<E> {
    pub(super) data: E,
    pub(super) problems: Vec<CardProblem>,
}

fn run<E: Importable>(
    session: &Session,
    reader: impl Read,
    import: &VCardImport,
    mut each: impl FnMut(ImportedCard),
) -> Result<VCardSummary> {
    let mut cards = VCards::new(reader);
    let mut summary = VCardSummary::default();
    let mut tell = |card: ImportedCard, summary: &mut VCardSummary| {
        summary.count(&card);
        each(card);
    };
    if import.dry_run {
        let mut taken_back = false;
        let tried = session.write("import_vcards", |unit| {
            let mut chunk = next_chunk(&mut cards)?;
            loop {
                for mut card in write_chunk::<E>(unit, std::mem::take(&mut chunk), import)? {
                    card.record = card.record.filter(|_| card.outcome != CardOutcome::Created);
                    tell(card, &mut summary);
                }
                // It will not be kept.
                unit.changes_mut().clear();
                chunk = next_chunk(&mut cards)?;
                if chunk.is_empty() {
                    break;
                }
            }
            taken_back = true;
            Err::<(), _>(Error::Refused { rule: "dry_run", reason: "nothing is written".to_owned() })
        });
        match tried {
            Err(error) if !taken_back => return Err(error),
            _ => {}
        }
    } else {
        let mut chunk = next_chunk(&mut cards)?;
        loop {
            let written = session.write("import_vcards", |unit| {
                let written = write_chunk::<E>(unit, std::mem::take(&mut chunk), import)?;
                Ok((written, (!unit.changes().is_empty()).then(|| unit.operation_id())))
            });
            let (written, operation) = written?;
            for card in written {
                let has_written = matches!(card.outcome, CardOutcome::Created | CardOutcome::Updated);
                let operation = operation.filter(|_| has_written);
                tell(ImportedCard { operation, ..card }, &mut summary);
            }
            summary.operations.extend(operation);
            chunk = next_chunk(&mut cards)?;
            if chunk.is_empty() {
                break;
            }
        }
    }
    summary.stray_lines = cards.stray_lines();
    Ok(summary)
}

/// The next cards of the file; none at its end.
fn next_chunk(cards: &mut VCards<impl Read>) -> Result<Vec<VCard>> {
    let (mut chunk, mut octets) = (Vec::new(), 0);
    while chunk.len() < CARDS_AT_A_TIME && octets < OCTETS_AT_A_TIME {
        let Some(card) = cards.next().transpose()? else { break };
        octets += card.properties.iter().map(|property| property.value.len()).sum::<usize>();
        chunk.push(card);
    }
    Ok(chunk)
}

fn write_chunk<E: Importable>(
    unit: &mut UnitOfWork<'_>,
    cards: Vec<VCard>,
    import: &VCardImport,
) -> Result<Vec<ImportedCard>> {
    unit.require_any(E::kind(), Action::Create)?;
    let customer = match import.target {
        CardTarget::Customers => None,
        CardTarget::ContactsOf(customer) => Some(unit.load(customer)?.record),
    };
    let place = Place { customer };
    cards.into_iter().map(|card| write_card::<E>(unit, card, &place, import.on_match)).collect()
}

fn write_card<E: Importable>(
    unit: &mut UnitOfWork<'_>,
    card: VCard,
    place: &Place,
    on_match: MatchPolicy,
) -> Result<ImportedCard> {
    let mut told = ImportedCard {
        number: card.number,
        line: card.line,
        name: String::new(),
        outcome: CardOutcome::Skipped,
        record: None,
        operation: None,
        problems: Vec::new(),
    };
    let person = Person::read(card);
    if let Some(kind) = &person.other_kind {
        told.name.clone_from(&person.full_name);
        told.problems = person.problems;
        let reason = "the card speaks of no person and no organisation";
        told.problems.push(CardProblem::new(told.line, "KIND", "no_person", kind, reason));
        return Ok(told);
    }
    let Draft { mut data, problems } = E::draft(unit, person, place)?;
    told.problems = problems;
    data.tidy(&mut Violations::default());
    data.normalise();
    told.name = data.title();
    let there = match find(unit, &mut data, place)? {
        Found::Nothing => None,
        Found::One(record) => Some(record),
        Found::Several(records) => {
            let reason = format!("it fits {records} records equally well");
            told.problems.push(CardProblem::new(told.line, "", "ambiguous", &told.name, &reason));
            return Ok(told);
        }
        Found::Elsewhere(record) => {
            let reason = "its record is there, but not at this customer";
            told.problems.push(CardProblem::new(told.line, "UID", "elsewhere", &told.name, reason));
            told.record = Some(record);
            return Ok(told);
        }
    };
    let written = match there {
        Some(record) => {
            told.record = Some(record.id.uuid());
            if on_match == MatchPolicy::Skip {
                return Ok(told);
            }
            let region = unit.settings().phone_region.clone();
            let said = data.says();
            let written = unit.attempt(|unit| {
                unit.update(record.id, |there: &mut E| {
                    there.merge(data, on_match, &region);
                    Ok(())
                })
            });
            if let Ok(written) = &written {
                let kept = written.data.says();
                for (property, value) in said.into_iter().filter(|said| !kept.contains(said)) {
                    let reason = "the record says something else and keeps it";
                    told.problems.push(CardProblem::new(told.line, property, "differs", &value, reason));
                }
            }
            let is_new = |written: &Record<E>| written.version > record.version;
            written
                .map(|written| if is_new(&written) { CardOutcome::Updated } else { CardOutcome::Unchanged })
        }
        None => unit.attempt(|unit| unit.create(data)).map(|written| {
            told.record = Some(written.id.uuid());
            CardOutcome::Created
        }),
    };
    match written {
        Ok(outcome) => told.outcome = outcome,
        Err(error) if is_of_the_record(&error) => {
            told.outcome = CardOutcome::Failed;
            told.problems.extend(problems_of(&error, told.line));
        }
        Err(error) => return Err(error),
    }
    Ok(told)
}

/// Why a record was refused.
fn problems_of(error: &Error, line: u64) -> Vec<CardProblem> {
    match error {
        Error::Invalid(violations) => {
            let violations = violations.iter();
            let problem = |violation: &crate::error::Violation| {
                let (field, rule) = (&violation.field, violation.rule);
                CardProblem::new(line, field, rule, &violation.value, &violation.reason)
            };
            violations.map(problem).collect()
        }
        error => vec![CardProblem::new(line, "", error.code(), "", &error.to_string())],
    }
}
