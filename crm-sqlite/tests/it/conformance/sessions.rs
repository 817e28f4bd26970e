//! Calls on a session that need no other record of the run.

use super::args::{Args, data};
use super::plain;
use crm_core::chrono::NaiveDate;
use crm_core::exchange::import::undo_import;
use crm_core::{
    Action, Bucket, Contact, Conversion, ConversionOpportunity, Currency, CustomerStatus, Due, Id, Kind,
    Money, Opportunity, Query, Result, Session, StageChange, Uuid,
};
use serde_json::{Value as Json, json};
use std::ops::ControlFlow;

/// Calls a command of a session; nothing when there is none of that name.
pub(super) fn call(session: &Session, command: &str, args: &Args) -> Option<Result<Json>> {
    let done = |()| Json::Null;
    Some(match command {
        "me" => session.me().map(|me| plain::maybe(me.as_ref())),
        "token" => Ok(session.token().into()),
        "may" => may(session, args),
        "now" => Ok(plain::moment(session.now())),
        "today" => session.today().map(|day| day.to_string().into()),
        "new_id" => session.new_id::<crm_core::Customer>().map(|id| id.to_string().into()),
        "settings" => session.settings().map(|settings| plain::record(&settings)),
        "update_settings" => session.patch_settings(args.patch()).map(|settings| plain::record(&settings)),
        "search" => session.search(&args.text("words"), args.or("limit", 20)).map(|hits| {
            let hit = |hit: &crm_core::Hit| {
                json!({
                    "kind": hit.kind.as_str(),
                    "id": hit.id,
                    "title": hit.title,
                    "customer": hit.customer.map(|customer| customer.to_string()),
                    "created_at": plain::moment(hit.created_at),
                })
            };
            hits.iter().map(hit).collect()
        }),
        "convert_lead" => conversion(args)
            .and_then(|conversion| session.convert_lead(args.id("lead"), conversion))
            .map(|converted| plain::converted(&converted)),
        "move_stage" => {
            let change =
                StageChange { closed_on: args.option("closed_on"), lost_reason: args.option("lost_reason") };
            let moved = session.move_stage(args.id("opportunity"), &args.text("stage"), change);
            moved.map(|deal| plain::record(&deal))
        }
        "complete_reminder" => args
            .value::<Due>("due")
            .and_then(|due| session.complete_reminder(args.id("reminder"), &due))
            .map(|reminder| plain::record(&reminder)),
        "snooze_reminder" => {
            let snoozed = session.snooze_reminder(args.id("reminder"), args.moment("until"));
            snoozed.map(|reminder| plain::record(&reminder))
        }
        "cancel_reminder" => {
            session.cancel_reminder(args.id("reminder")).map(|reminder| plain::record(&reminder))
        }
        "reassign_reminder" => {
            let given = session.reassign_reminder(args.id("reminder"), args.id("assignee"));
            given.map(|reminder| plain::record(&reminder))
        }
        "deliveries" => {
            session.deliveries(args.id("reminder")).map(|all| all.iter().map(plain::delivery).collect())
        }
        "undo" => session.undo(args.get::<Uuid>("operation")).map(|done| plain::operation(&done)),
        "operations" => {
            session.operations(args.or("after", 0), args.or("limit", 100)).map(|all| plain::operations(&all))
        }
        "latest_operations" => {
            let all = session.latest_operations(args.option("before"), args.or("limit", 100));
            all.map(|all| plain::operations(&all))
        }
        "last_operation" => {
            session.last_operation().map(|last| last.as_ref().map_or(Json::Null, plain::operation))
        }
        "set_password" => session.set_password(args.id("user"), &args.text("password")).map(done),
        "change_password" => session.change_password(&args.text("current"), &args.text("new")).map(done),
        "revoke_sessions" => session.revoke_sessions(args.id("user")).map(done),
        "logout" => session.logout().map(done),
        "undo_import" => {
            let undone =
                undo_import(session, args.get::<Uuid>("import_id"), &mut |_| ControlFlow::Continue(()));
            undone.map(|undone| undone.operations.into())
        }
        _ => return figures(session, command, args),
    })
}

/// Views over several kinds.
fn figures(session: &Session, command: &str, args: &Args) -> Option<Result<Json>> {
    Some(match command {
        "dashboard" => session.dashboard().map(|told| plain::dashboard(&told)),
        "pipeline_report" => {
            session.pipeline_report(args.id("pipeline")).map(|told| plain::pipeline_report(&told))
        }
        "timeline" => {
            let cursor = args.option::<String>("cursor");
            let page = session.timeline(args.id("customer"), args.or("page_size", 50), cursor.as_deref());
            page.map(|page| {
                let entry = |entry: &crm_core::TimelineEntry| {
                    json!({
                        "at": plain::moment(entry.at),
                        "kind": entry.kind.as_str(),
                        "id": entry.id,
                        "title": entry.title,
                    })
                };
                json!({"items": page.items.iter().map(entry).collect::<Json>(), "next": page.next})
            })
        }
        "agenda" => agenda(session, args),
        "stage_history" => session
            .stage_history(args.id("opportunity"))
            .map(|moves| moves.iter().map(plain::stage_move).collect()),
        "clocks" => session.clocks(args.id("opportunity")).map(|clocks| {
            json!({
                "age_days": clocks.age_days,
                "time_in_stage": plain::seconds(clocks.time_in_stage),
                "idle": plain::seconds(clocks.idle),
                "rotting": clocks.rotting,
            })
        }),
        "convert" => {
            let (amounts, to) = (args.get::<Vec<Money>>("amounts"), args.text("to"));
            let on: NaiveDate = args.day("on");
            let sum = session.convert(&amounts, Currency::from_code(&to).unwrap(), on);
            sum.map(plain::money)
        }
        _ => return None,
    })
}

fn may(session: &Session, args: &Args) -> Result<Json> {
    let (action, kind): (Action, Kind) = (args.value("action")?, args.value("kind")?);
    session.may(action, kind).map(Into::into)
}

fn agenda(session: &Session, args: &Args) -> Result<Json> {
    let bucket: Bucket = args.value("bucket")?;
    let assignee = args.option::<Uuid>("assignee").map(Id::from_uuid);
    let mut query = Query::new().page_size(args.or("page_size", 50));
    query.cursor = args.option("cursor");
    let page = session.agenda(bucket, assignee, &query)?;
    Ok(json!({"items": plain::records(&page.items), "next": page.next}))
}

/// What becomes of a lead: the opportunity is an object with the fields of a new one, or the id of one.
pub(super) fn conversion(args: &Args) -> Result<Conversion> {
    let opportunity = match args.maybe("opportunity") {
        None => ConversionOpportunity::None,
        Some(Json::Object(fields)) => {
            ConversionOpportunity::New(Box::new(data(Opportunity::default(), Some(fields))?))
        }
        Some(_) => ConversionOpportunity::Existing(args.id("opportunity")),
    };
    let contact = args
        .maybe("contact")
        .map(|fields| data(Contact::default(), Some(fields.as_object().unwrap())))
        .transpose()?;
    let status = match args.maybe("status") {
        Some(_) => args.value("status")?,
        None => CustomerStatus::Prospect,
    };
    Ok(Conversion { status, opportunity, contact })
}
