//! What calls give and how they fail, in the plain form that the scenario is written in.

use crm_core::chrono::TimeDelta;
use crm_core::exchange::import::ImportReport;
use crm_core::{
    Actor, Bulk, Converted, Dashboard, Deals, Decimal, Deletion, Delivery, DueReminder, DuplicateReason,
    Entity, Error, FieldValues, Group, Money, Operation, PipelineReport, Record, StageReport, Timestamp,
    Uuid, Value,
};
use serde_json::{Map, Value as Json, json};

pub(super) fn moment(at: Timestamp) -> Json {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string().into()
}

pub(super) fn decimal(number: Decimal) -> Json {
    number.normalize().to_string().into()
}

pub(super) fn money(money: Money) -> Json {
    json!({"minor": money.minor, "currency": money.currency.code()})
}

pub(super) fn value(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(yes) => yes.into(),
        Value::Int(number) => number.into(),
        Value::Decimal(number) => decimal(number),
        Value::Text(text) => text.into(),
        Value::Instant(at) => moment(at),
        Value::Date(day) => day.to_string().into(),
        Value::Id(id) => id.to_string().into(),
        Value::Money(amount) => money(amount),
        Value::List(values) => values.into_iter().map(self::value).collect(),
        Value::Map(values) => {
            Json::Object(values.into_iter().map(|(name, value)| (name, self::value(value))).collect())
        }
    }
}

pub(super) fn record<E: Entity>(record: &Record<E>) -> Json {
    let mut all = Map::new();
    all.insert("id".into(), record.id.to_string().into());
    all.insert("version".into(), record.version.into());
    all.insert("created_at".into(), moment(record.created_at));
    all.insert("created_by".into(), record.created_by.map(|user| user.to_string()).into());
    all.insert("updated_at".into(), moment(record.updated_at));
    all.insert("updated_by".into(), record.updated_by.map(|user| user.to_string()).into());
    for (index, field) in E::FIELDS.iter().enumerate() {
        all.insert(field.name.to_owned(), value(record.data.value(index)));
    }
    Json::Object(all)
}

pub(super) fn records<E: Entity>(all: &[Record<E>]) -> Json {
    all.iter().map(record).collect()
}

pub(super) fn maybe<E: Entity>(one: Option<&Record<E>>) -> Json {
    one.map_or(Json::Null, record)
}

pub(super) fn deletion(done: &Deletion) -> Json {
    json!({"id": done.id, "at": moment(done.at), "by": done.by.map(|user| user.to_string())})
}

/// The user and the program, of which one did it.
fn actor(actor: &Actor) -> (Json, Json) {
    match actor {
        Actor::User(user) => (user.to_string().into(), Json::Null),
        Actor::System(label) => (Json::Null, label.to_string().into()),
    }
}

pub(super) fn operation(done: &Operation) -> Json {
    let values = |values: &FieldValues| -> Json {
        Json::Object(values.iter().map(|(name, one)| (name.to_string(), value(one.clone()))).collect())
    };
    let changes = done.changes.iter().map(|change| {
        json!({
            "kind": change.kind.as_str(),
            "id": change.id,
            "change": change.change.as_str(),
            "version": change.version,
            "customer": change.customer,
            "before": values(&change.before),
            "after": values(&change.after),
            "erased": change.erased,
        })
    });
    let (user, program) = actor(&done.actor);
    json!({
        "seq": done.seq,
        "id": done.id,
        "at": moment(done.at),
        "user": user,
        "program": program,
        "command": done.command,
        "undoes": done.undoes,
        "import_id": done.import.as_ref().map(|part| part.import),
        "changes": changes.collect::<Vec<_>>(),
    })
}

pub(super) fn operations(all: &[Operation]) -> Json {
    all.iter().map(operation).collect()
}

pub(super) fn error(error: &Error) -> Json {
    let mut all: Map<String, Json> =
        error.fields().into_iter().map(|(name, one)| (name.to_owned(), value(one))).collect();
    all.insert("code".into(), error.code().into());
    Json::Object(all)
}

pub(super) fn group(group: Group) -> Json {
    let known = |one: Option<Value>| value(one.unwrap_or_default());
    json!({
        "keys": value(Value::List(group.keys)),
        "currency": group.currency.map(|currency| currency.code()),
        "count": group.count,
        "measured": group.measured,
        "sum": known(group.sum),
        "mean": known(group.avg.map(Value::Decimal)),
        "min": known(group.min),
        "max": known(group.max),
    })
}

pub(super) fn bulk<E: Entity>(done: Bulk<E>) -> Json {
    let problems = done.problems.iter().map(|(id, problem)| json!([id.to_string(), error(problem)]));
    json!({
        "matched": done.matched,
        "changed": done.changed,
        "operation": done.operation.map(|done| done.id),
        "problems": problems.collect::<Vec<_>>(),
    })
}

pub(super) fn converted(done: &Converted) -> Json {
    json!({
        "customer": record(&done.customer),
        "opportunity": maybe(done.opportunity.as_ref()),
        "contact": maybe(done.contact.as_ref()),
        "operation": done.operation,
    })
}

pub(super) fn reasons(all: &[DuplicateReason]) -> Json {
    let one = |reason: &DuplicateReason| json!({"field": reason.field, "alike": reason.alike, "contribution": reason.contribution});
    all.iter().map(one).collect()
}

pub(super) fn delivery(one: &Delivery) -> Json {
    json!({
        "reminder": one.reminder.to_string(),
        "occurrence": one.occurrence,
        "offset": one.offset,
        "fire_at": moment(one.fire_at),
        "try_at": moment(one.try_at),
        "failures": one.failures,
        "worker": one.worker,
        "delivered_at": one.delivered_at.map(moment),
        "problem": one.problem,
    })
}

pub(super) fn due(due: &DueReminder) -> Json {
    json!({
        "reminder": record(&due.reminder),
        "customer": record(&due.customer),
        "assignee": maybe(due.assignee.as_ref()),
        "delivery": delivery(&due.delivery),
    })
}

fn amounts(all: &[Money]) -> Json {
    all.iter().copied().map(money).collect()
}

fn deals(deals: &Deals) -> Json {
    json!({
        "open": deals.open,
        "open_amount": amounts(&deals.open_amount),
        "weighted_amount": amounts(&deals.weighted_amount),
        "won": deals.won,
        "won_amount": amounts(&deals.won_amount),
        "lost": deals.lost,
        "lost_amount": amounts(&deals.lost_amount),
        "win_rate": deals.win_rate.map(decimal),
        "won_cycle_days": deals.won_cycle_days.map(decimal),
        "lost_cycle_days": deals.lost_cycle_days.map(decimal),
    })
}

fn stages(all: &[StageReport]) -> Json {
    let one = |report: &StageReport| {
        json!({
            "pipeline": report.pipeline.to_string(),
            "stage": {
                "key": report.stage.key,
                "name": report.stage.name,
                "kind": report.stage.kind.as_str(),
                "probability": report.stage.probability,
                "rotting_after_days": report.stage.rotting_after_days,
            },
            "count": report.count,
            "amount": amounts(&report.amount),
            "weighted_amount": amounts(&report.weighted_amount),
            "rotting": report.rotting,
        })
    };
    all.iter().map(one).collect()
}

pub(super) fn pipeline_report(told: &PipelineReport) -> Json {
    json!({
        "pipeline": record(&told.pipeline),
        "stages": stages(&told.stages),
        "total": deals(&told.total),
    })
}

fn counts<T: ToString>(all: &[(T, u64)]) -> Json {
    Json::Object(all.iter().map(|(word, count)| (word.to_string(), (*count).into())).collect())
}

pub(super) fn dashboard(told: &Dashboard) -> Json {
    json!({
        "customers": counts(&told.customers),
        "leads": {
            "by_status": counts(&told.leads.by_status),
            "by_priority": counts(&told.leads.by_priority),
            "estimated_value": amounts(&told.leads.estimated_value),
        },
        "contacts": told.contacts,
        "deals": deals(&told.deals),
        "stages": stages(&told.stages),
        "sales": amounts(&told.sales),
        "activity": {"by_kind": counts(&told.activity.by_kind), "latest": records(&told.activity.latest)},
        "reminders_today": told.reminders_today,
        "reminders_overdue": told.reminders_overdue,
    })
}

pub(super) fn stage_move(moved: &crm_core::StageMove) -> Json {
    let (user, program) = actor(&moved.actor);
    json!({
        "operation": moved.operation,
        "at": moment(moved.at),
        "user": user,
        "program": program,
        "from_stage": moved.from,
        "to_stage": moved.to,
        "pipeline": moved.pipeline.map(|pipeline| pipeline.to_string()),
    })
}

pub(super) fn seconds(time: TimeDelta) -> Json {
    time.num_seconds().into()
}

/// The report of an import; the problems are those of the rows that were refused.
pub(super) fn import_report(report: &ImportReport, problems: Vec<Json>) -> Json {
    let id: Option<Uuid> = report.import;
    let counts = report.counts;
    let warnings: Vec<&String> = report.steps.iter().flat_map(|step| &step.warnings).collect();
    json!({
        "import_id": id,
        "finished": report.finished,
        "rows": counts.rows,
        "created": counts.created,
        "updated": counts.updated,
        "skipped": counts.skipped,
        "failed": counts.failed,
        "problems": problems,
        "warnings": warnings,
    })
}
