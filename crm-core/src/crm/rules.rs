//! The rules of each entity that need the store: run by the unit of work inside the transaction that writes.

use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result, Violations};
use crate::model::{
    Contact, Customer, Entity, Interaction, LeadStatus, Opportunity, Pipeline, Record, Reminder, Role,
    Settings, StageKind, User,
};
use crate::store::{Condition, Stored, column_is};
use crate::value::{Code, Id};
use uuid::Uuid;

/// What an entity's rules add to the generic path of a write. Everything has a default: an entity without rules
/// needs an empty `impl`.
pub trait Rules: Stored {
    /// What a search hit shows of it.
    fn title(&self) -> String;

    /// Completes the data and checks what needs other records. `old` is absent for a new record.
    ///
    /// # Errors
    /// `invalid` or `refused`; nothing is written then.
    fn before_save(
        unit: &mut UnitOfWork<'_>,
        id: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let _ = (unit, id, data, old);
        Ok(())
    }

    /// What must hold or follow after a record was written, by whatever way: also by undo and restore.
    ///
    /// # Errors
    /// `refused`; nothing is written then.
    fn after_save(
        unit: &mut UnitOfWork<'_>,
        record: &Record<Self>,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let _ = (unit, record, old);
        Ok(())
    }

    /// Whether the record may go to the trash.
    ///
    /// # Errors
    /// `refused`.
    fn before_trash(unit: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        let _ = (unit, record);
        Ok(())
    }

    /// What of the data can't come back as it was.
    ///
    /// # Errors
    /// `refused`.
    fn before_restore(unit: &mut UnitOfWork<'_>, data: &mut Self) -> Result<()> {
        let _ = (unit, data);
        Ok(())
    }

    /// Whether the keys of a field that is declared unique are so under these settings.
    fn is_unique(field: &str, settings: &Settings) -> bool {
        let _ = (field, settings);
        true
    }

    /// Whether the embedding program may set a system field on creation, as an import does.
    fn importable(field: &str) -> bool {
        let _ = field;
        false
    }
}

fn refused<T>(rule: &'static str, reason: impl Into<String>) -> Result<T> {
    Err(Error::Refused { rule, reason: reason.into() })
}

impl Rules for Customer {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        id: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if let Some(old) = old {
            let status = |customer: &Customer| customer.lead.as_ref().map(|lead| lead.status);
            if status(old) == Some(LeadStatus::Converted) && status(data) != Some(LeadStatus::Converted) {
                return refused("converted", "a converted lead stays converted; undo the conversion instead");
            }
        } else {
            data.owner = data.owner.or(unit.user());
        }
        if data.parent.is_some() && data.parent != old.and_then(|old| old.parent) {
            refuse_circle(unit, id, data.parent)?;
        }
        if old.is_none() {
            const COUNTER: &str = "customer";
            match &data.code {
                Some(code) => unit.raise_number(COUNTER, code.number())?,
                None => {
                    let number = unit.next_number(COUNTER)?;
                    let settings = unit.settings();
                    data.code = Some(Code::new(&settings.code_prefix, number, settings.code_digits.into()));
                }
            }
        }
        Ok(())
    }

    fn is_unique(field: &str, settings: &Settings) -> bool {
        field != "emails" || !settings.shared_emails
    }

    fn importable(field: &str) -> bool {
        field == "code"
    }
}

/// A customer is not its own parent, nor its parent's.
fn refuse_circle(unit: &UnitOfWork<'_>, id: Id<Customer>, parent: Option<Id<Customer>>) -> Result<()> {
    const DEEPEST: usize = 20;
    let mut next = parent;
    for _ in 0..DEEPEST {
        let Some(parent) = next else { return Ok(()) };
        if parent == id {
            return Err(Error::invalid(
                "parent",
                "circle",
                "a customer is not its own parent, nor its parent's",
            ));
        }
        next = unit.peek(parent)?.and_then(|entry| entry.record.data.parent);
    }
    Err(Error::invalid("parent", "too_deep", format!("customers nest at most {DEEPEST} deep")))
}

impl Rules for Contact {
    fn title(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let moved = old.is_some_and(|old| old.customer != data.customer);
        if old.is_none() || moved {
            let others = column_is(Contact::schema(), "customer", data.customer.uuid());
            data.primary |= unit.count::<Contact>(others)? == 0;
        }
        Ok(())
    }

    fn after_save(unit: &mut UnitOfWork<'_>, record: &Record<Self>, _: Option<&Record<Self>>) -> Result<()> {
        if !record.primary {
            return Ok(());
        }
        for other in other_primaries(unit, record.customer)? {
            if other.id != record.id {
                unit.adjust(other, |contact| contact.primary = false)?;
            }
        }
        Ok(())
    }

    fn before_restore(unit: &mut UnitOfWork<'_>, data: &mut Self) -> Result<()> {
        if data.primary && !other_primaries(unit, data.customer)?.is_empty() {
            data.primary = false;
        }
        Ok(())
    }
}

fn other_primaries(unit: &UnitOfWork<'_>, customer: Id<Customer>) -> Result<Vec<Record<Contact>>> {
    let schema = Contact::schema();
    unit.find(Condition::All(vec![
        column_is(schema, "customer", customer.uuid()),
        column_is(schema, "primary", true),
    ]))
}

impl Rules for Pipeline {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        id: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let Some(old) = old else { return Ok(()) };
        if old.default && !data.default {
            return refused("default_pipeline", "make another pipeline the default instead");
        }
        for stage in &old.stages {
            let now = data.stage(&stage.key);
            if now.map(|now| now.kind) == Some(stage.kind) {
                continue;
            }
            let in_stage = Condition::All(vec![
                column_is(Opportunity::schema(), "pipeline", id.uuid()),
                column_is(Opportunity::schema(), "stage", stage.key.clone()),
            ]);
            if unit.count::<Opportunity>(in_stage)? > 0 {
                let what = if now.is_none() { "removed" } else { "given another meaning" };
                let reason =
                    format!("opportunities are in the stage {:?}: it can be renamed, not {what}", stage.key);
                return refused("stage_in_use", reason);
            }
        }
        Ok(())
    }

    fn after_save(unit: &mut UnitOfWork<'_>, record: &Record<Self>, _: Option<&Record<Self>>) -> Result<()> {
        let defaults = unit.find::<Pipeline>(column_is(Pipeline::schema(), "default", true))?;
        if record.default {
            for other in defaults.into_iter().filter(|other| other.id != record.id) {
                unit.adjust(other, |pipeline| pipeline.default = false)?;
            }
            return Ok(());
        }
        if defaults.is_empty() {
            return refused("default_pipeline", "one pipeline is the default");
        }
        Ok(())
    }

    fn before_trash(_: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        if record.default {
            return refused("default_pipeline", "make another pipeline the default first");
        }
        Ok(())
    }

    fn before_restore(_: &mut UnitOfWork<'_>, data: &mut Self) -> Result<()> {
        data.default = false;
        Ok(())
    }
}

impl Rules for Opportunity {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            data.owner = data.owner.or(unit.user());
            // When a deal that is closed already began is nobody's guess.
            if data.closed_on.is_none() {
                data.opened_on = data.opened_on.or(Some(unit.today()));
            }
        }
        let pipelines = unit.pipelines()?;
        let pipeline = match data.pipeline {
            Some(id) => pipelines.iter().find(|pipeline| pipeline.id == id),
            None => pipelines.iter().find(|pipeline| pipeline.default),
        };
        // A pipeline that is not there is told by the check of references.
        let Some(pipeline) = pipeline else { return Ok(()) };
        data.pipeline = Some(pipeline.id);
        if data.stage.is_empty() {
            data.stage = pipeline.first_open().map(|stage| stage.key.clone()).unwrap_or_default();
        }
        let mut problems = Violations::default();
        let was = old.map(|old| old.status);
        match pipeline.stage(&data.stage) {
            Some(stage) => data.status = stage.kind,
            None => {
                let keys: Vec<&str> = pipeline.stages.iter().map(|stage| stage.key.as_str()).collect();
                let reason = format!("{} has the stages {}", pipeline.name, keys.join(", "));
                problems.add("stage", "unknown", &data.stage, reason);
            }
        }
        match data.status {
            StageKind::Open => {
                if was.is_some_and(|was| was != StageKind::Open)
                    && data.closed_on == old.and_then(|old| old.closed_on)
                {
                    data.closed_on = None;
                }
                if let Some(closed) = data.closed_on {
                    problems.add(
                        "closed_on",
                        "open",
                        &closed.to_string(),
                        "an open opportunity is not closed yet",
                    );
                }
            }
            StageKind::Won | StageKind::Lost => {
                data.closed_on = data.closed_on.or(Some(unit.today()));
            }
        }
        let lost_now = data.status == StageKind::Lost && was != Some(StageKind::Lost);
        if lost_now && data.lost_reason.is_none() && unit.settings().lost_reason_required {
            problems.add("lost_reason", "blank", "", "the settings ask why an opportunity is lost");
        }
        data.cycle_days = match (data.opened_on, data.closed_on) {
            (Some(opened), Some(closed)) => Some((closed - opened).num_days()),
            _ => None,
        };
        let known: Vec<_> =
            old.map(|old| old.contacts.iter().map(|c| c.contact).collect()).unwrap_or_default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        let contacts = data.contacts.iter().map(|c| c.contact).filter(|c| moved || !known.contains(c));
        refuse_strangers(unit, "contacts", data.customer, contacts.collect(), &mut problems)?;
        problems.into_result()
    }

    fn before_restore(unit: &mut UnitOfWork<'_>, data: &mut Self) -> Result<()> {
        let pipelines = unit.pipelines()?;
        let pipeline = pipelines.iter().find(|pipeline| Some(pipeline.id) == data.pipeline);
        match pipeline.and_then(|pipeline| pipeline.stage(&data.stage)) {
            Some(stage) if stage.kind == data.status => Ok(()),
            _ => refused("stage_in_use", format!("its pipeline has no longer the stage {:?}", data.stage)),
        }
    }
}

/// Contacts of a record must be people at its customer. One of another customer looks like one that is not there.
fn refuse_strangers(
    unit: &UnitOfWork<'_>,
    field: &str,
    customer: Id<Customer>,
    contacts: Vec<Id<Contact>>,
    problems: &mut Violations,
) -> Result<()> {
    for contact in contacts {
        let found = unit.peek(contact)?;
        if found.is_none_or(|entry| entry.record.customer != customer) {
            problems.add(field, "unknown", &contact.to_string(), "the customer has no contact with this id");
        }
    }
    Ok(())
}

/// A record that another one belongs to must be of the same customer.
fn refuse_foreign<E: Rules>(
    unit: &UnitOfWork<'_>,
    field: &str,
    customer: Id<Customer>,
    other: Option<Id<E>>,
    problems: &mut Violations,
) -> Result<()> {
    let Some(other) = other else { return Ok(()) };
    let mut theirs: Option<Uuid> = None;
    if let (Some(entry), Some(index)) = (unit.peek(other)?, E::schema().field("customer")) {
        entry.record.data.references(index, &mut |_, id| theirs = Some(id));
    }
    if theirs != Some(customer.uuid()) {
        let reason = format!("the customer has no {} with this id", E::ENTITY);
        problems.add(field, "unknown", &other.to_string(), reason);
    }
    Ok(())
}

impl Rules for Interaction {
    fn title(&self) -> String {
        self.subject.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            data.employee = data.employee.or(unit.user());
            data.occurred_at = data.occurred_at.or(Some(unit.now()));
        }
        let mut problems = Violations::default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        let known: &[Id<Contact>] = old.map_or(&[], |old| &old.contacts);
        let contacts = data.contacts.iter().copied().filter(|c| moved || !known.contains(c));
        refuse_strangers(unit, "contacts", data.customer, contacts.collect(), &mut problems)?;
        if moved || data.opportunity != old.and_then(|old| old.opportunity) {
            refuse_foreign(unit, "opportunity", data.customer, data.opportunity, &mut problems)?;
        }
        problems.into_result()
    }
}

impl Rules for Reminder {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn before_save(
        unit: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_none() {
            data.assignee = data.assignee.or(unit.user());
        }
        let mut problems = Violations::default();
        let moved = old.is_some_and(|old| old.customer != data.customer);
        if moved || data.interaction != old.and_then(|old| old.interaction) {
            refuse_foreign(unit, "interaction", data.customer, data.interaction, &mut problems)?;
        }
        if moved || data.opportunity != old.and_then(|old| old.opportunity) {
            refuse_foreign(unit, "opportunity", data.customer, data.opportunity, &mut problems)?;
        }
        if let Some(assignee) = data.assignee
            && (moved || Some(assignee) != old.and_then(|old| old.assignee))
            && Some(assignee) != unit.user()
            && !unit.sees_customer(assignee, data.customer)?
        {
            let reason = "the assignee must be able to see the customer";
            problems.add("assignee", "unseen", &assignee.to_string(), reason);
        }
        problems.into_result()
    }
}

impl Rules for User {
    fn title(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    fn after_save(
        unit: &mut UnitOfWork<'_>,
        record: &Record<Self>,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let Some(old) = old else { return Ok(()) };
        if old.role != record.role || (old.active && !record.active) {
            unit.revoke_sessions(record.id)?;
            refuse_without_admin(unit)?;
        }
        Ok(())
    }

    fn before_trash(_: &mut UnitOfWork<'_>, _: &Record<Self>) -> Result<()> {
        refused("user_stays", "users are deactivated, not deleted: the journal speaks of them")
    }
}

/// Somebody must remain who can manage the rest.
fn refuse_without_admin(unit: &UnitOfWork<'_>) -> Result<()> {
    let admin = unit.role_with_key("admin")?;
    let admins = Condition::All(vec![
        column_is(User::schema(), "role", admin.uuid()),
        column_is(User::schema(), "active", true),
    ]);
    let users = unit.count::<User>(Condition::All(Vec::new()))?;
    if users > 0 && unit.count::<User>(admins)? == 0 {
        return refused("last_admin", "the last active administrator can be neither deactivated nor demoted");
    }
    Ok(())
}

impl Rules for Role {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn before_save(
        _: &mut UnitOfWork<'_>,
        _: Id<Self>,
        data: &mut Self,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        let Some(old) = old else { return Ok(()) };
        if old.key == "admin" || (is_shipped(&old.key) && data.key != old.key) {
            return refused(
                "shipped_role",
                "the administrator's role and the keys of shipped roles stay as they are",
            );
        }
        Ok(())
    }

    fn before_trash(_: &mut UnitOfWork<'_>, record: &Record<Self>) -> Result<()> {
        if is_shipped(&record.key) {
            return refused("shipped_role", "the shipped roles stay");
        }
        Ok(())
    }
}

fn is_shipped(key: &str) -> bool {
    matches!(key, "admin" | "manager" | "agent" | "viewer")
}

impl Rules for Settings {
    fn title(&self) -> String {
        "Settings".to_owned()
    }

    fn before_save(
        _: &mut UnitOfWork<'_>,
        id: Id<Self>,
        _: &mut Self,
        _: Option<&Record<Self>>,
    ) -> Result<()> {
        if id.uuid() != super::system::SETTINGS_ID {
            return refused("one_settings", "a store has one settings record; change that");
        }
        Ok(())
    }

    fn after_save(
        unit: &mut UnitOfWork<'_>,
        record: &Record<Self>,
        old: Option<&Record<Self>>,
    ) -> Result<()> {
        if old.is_some_and(|old| old.shared_emails != record.shared_emails) {
            unit.set_unique(Customer::ENTITY, "emails", !record.shared_emails)?;
        }
        Ok(())
    }

    fn before_trash(_: &mut UnitOfWork<'_>, _: &Record<Self>) -> Result<()> {
        refused("one_settings", "the settings stay")
    }
}
