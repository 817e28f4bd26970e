//! Calls on a session that take or give files: attachments, vCards, calendars.

use super::args::Args;
use super::plain;
use crm_core::exchange::{
    Calendar, MatchPolicy, VCardImport, export_calendar, export_contacts, export_customers, import_vcards,
};
use crm_core::{Attachment, Filter, Id, Kind, Result, Session, Uuid};
use serde_json::{Value as Json, json};
use std::fs::File;
use std::path::Path;

/// Calls a command of a session; nothing when there is none of that name.
pub(super) fn call(session: &Session, command: &str, args: &Args, folder: &Path) -> Option<Result<Json>> {
    let file = || folder.join(args.text("file"));
    Some(match command {
        "attach" => {
            let mut bytes = File::open(file()).unwrap();
            let made = args.data(Attachment::default()).and_then(|new| session.attach(new, &mut bytes));
            made.map(|made| plain::record(&made))
        }
        "read_attachment" => {
            let mut out = File::create(file()).unwrap();
            session.read_attachment(args.id("attachment"), &mut out).map(|_| Json::Null)
        }
        "import_vcards" => {
            let import = match args.option::<Uuid>("customer") {
                Some(customer) => VCardImport::contacts_of(Id::from_uuid(customer)),
                None => VCardImport::customers(),
            };
            let import = VCardImport {
                on_match: args.or("on_match", MatchPolicy::default()),
                dry_run: args.or("dry_run", false),
                ..import
            };
            let done = import_vcards(session, File::open(file()).unwrap(), &import, |_| {});
            done.map(|done| serde_json::to_value(done).unwrap())
        }
        "export_calendar" => {
            let which = |name: &str| match args.maybe(name) {
                Some(Json::Bool(false)) => None,
                _ => Some(args.or(name, Filter::all())),
            };
            let calendar = Calendar { reminders: which("reminders"), meetings: which("meetings") };
            let done = export_calendar(session, &calendar, File::create(file()).unwrap());
            done.map(|done| json!({"reminders": done.reminders, "meetings": done.meetings}))
        }
        _ => return None,
    })
}

/// Writes cards of customers or contacts; nothing for records that are no cards.
pub(super) fn export(session: &Session, kind: Kind, args: &Args, folder: &Path) -> Option<Result<Json>> {
    let out = || File::create(folder.join(args.text("file"))).unwrap();
    Some(match kind {
        Kind::Customer => export_customers(session, &args.query(), out()).map(Into::into),
        Kind::Contact => export_contacts(session, &args.query(), out()).map(Into::into),
        _ => return None,
    })
}
