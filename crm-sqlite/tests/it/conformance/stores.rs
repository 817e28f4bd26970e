//! Calls on a store: what the embedding program does.

use super::args::Args;
use super::plain;
use super::run::{Place, Run};
use crm_core::chrono::{DateTime, TimeDelta};
use crm_core::exchange::{dump, restore};
use crm_core::{Delivery, DueReminder, Head, Id, Result, User};
use crm_sqlite::OpenOptions;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

impl Run {
    /// Calls a command of the store of the step's session; nothing when there is none of that name.
    pub(super) fn store(
        &mut self,
        command: &str,
        args: &Args,
        step: &Map<String, Json>,
    ) -> Option<Result<Json>> {
        let (name, _) = self.session(step);
        let Place { crm, sqlite } = &self.places[&name];
        let (crm, sqlite) = (&crm.clone(), sqlite.clone());
        let sqlite = || sqlite.as_ref().expect("a store in a file");
        let nothing = |()| Json::Null;
        Some(match command {
            "open" => return Some(self.open(args)),
            "restore" => return Some(self.restore(args)),
            "close" => sqlite().close().map(nothing),
            "reopen" => sqlite().reopen().map(nothing),
            "backup" => sqlite().backup(self.path(&args.text("path"))).map(nothing),
            "has_users" => crm.has_users().map(Into::into),
            "create_admin" => {
                let user = args.data(User { username: args.text("username"), ..User::default() });
                user.and_then(|user| crm.create_admin(user, &args.text("password")))
                    .map(|user| plain::record(&user))
            }
            "login" => crm.login(&args.text("username"), &args.text("password")).map(|session| {
                self.begin(step, name.clone(), session);
                Json::Null
            }),
            "resume" => crm.resume(&args.text("token")).map(|session| {
                self.begin(step, name.clone(), session);
                Json::Null
            }),
            "system" => {
                let session = crm.system(&args.text("label"));
                self.begin(step, name.clone(), session);
                Ok(Json::Null)
            }
            "subscribe" => {
                let (raises, all) = (args.or("raises", false), Arc::<Mutex<Vec<Json>>>::default());
                let heard = Arc::clone(&all);
                let subscription = crm.subscribe(move |operation| {
                    heard.lock().unwrap().push(plain::operation(operation));
                    assert!(!raises, "a listener that throws");
                });
                self.heard.insert(args.text("name"), (subscription, all));
                Ok(Json::Null)
            }
            "unsubscribe" => {
                let (subscription, all) = self.heard.remove(&args.text("name")).unwrap();
                drop(subscription);
                let all = all.lock().unwrap().clone();
                Ok(Json::Array(all))
            }
            "changes_since" => {
                let all = crm.changes_since(args.get("after"), args.or("limit", 100));
                all.map(|all| plain::operations(&all))
            }
            "check" => crm.check().map(|report| report.problems.into()),
            "head" => crm.head().map(|head| json!({"seq": head.seq, "hash": hex(&head.hash)})),
            "verify" => {
                let known = args.option::<BTreeMap<String, Json>>("since");
                let proof = known.map_or_else(|| crm.verify(), |known| crm.verify_since(head(&known)));
                proof.map(|proof| json!({"holds": proof.holds(), "broken": proof.broken.is_some()}))
            }
            "claim_due" => {
                let lease = TimeDelta::minutes(args.or("lease_minutes", 5));
                let now = args.option("now").unwrap_or_else(|| crm.options().clock.now());
                let claimed = crm.claim_due(now, &args.text("worker"), lease, args.or("limit", 100));
                claimed.map(|all| all.iter().map(plain::due).collect())
            }
            "acknowledge" => {
                crm.acknowledge(&delivery(args.json("delivery")), crm.options().clock.now()).map(nothing)
            }
            "give_back" => {
                let delivery = delivery(args.json("delivery"));
                crm.give_back(&delivery, crm.options().clock.now(), &args.text("problem")).map(nothing)
            }
            "dispatch_due" => {
                let fails = args.option::<String>("fails");
                let notify = |_: &DueReminder| fails.clone().map_or(Ok(()), Err);
                let done = crm.dispatch_due(crm.options().clock.now(), &notify);
                done.map(|done| json!({"told": done.told, "failed": done.failed}))
            }
            "dump" => {
                let mut out = std::fs::File::create(self.path(&args.text("file"))).unwrap();
                dump(crm, &mut out).map(|dumped| dumped.lines.into())
            }
            _ => return None,
        })
    }

    fn open(&mut self, args: &Args) -> Result<Json> {
        let mut options = OpenOptions::new(self.path(&args.text("path")));
        if args.or("read_only", false) {
            options = options.read_only();
        }
        if let Some(seconds) = args.option::<f64>("busy_timeout") {
            options = options.busy_timeout(Duration::from_secs_f64(seconds));
        }
        let place = self.opened(options)?;
        self.place(&args.text("name"), place);
        Ok(Json::Null)
    }

    fn restore(&mut self, args: &Args) -> Result<Json> {
        let store = Arc::new(OpenOptions::new(self.path(&args.text("path"))).open()?);
        let mut from = std::fs::File::open(self.path(&args.text("file"))).unwrap();
        let (name, shared) = (args.text("name"), Arc::clone(&store));
        let crm = restore(shared, self.options(), &mut from)?;
        self.place(&name, Place { crm, sqlite: Some(store) });
        Ok(Json::Null)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn head(known: &BTreeMap<String, Json>) -> Head {
    let text = known["hash"].as_str().unwrap();
    let mut hash = [0; 32];
    for (byte, index) in hash.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&text[index..index + 2], 16).unwrap();
    }
    Head { seq: known["seq"].as_u64().unwrap(), hash }
}

/// The delivery that a claim gave.
fn delivery(given: &Json) -> Delivery {
    let moment =
        |name: &str| given[name].as_str().map(|text| DateTime::parse_from_rfc3339(text).unwrap().to_utc());
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    let number = |name: &str| u32::try_from(given[name].as_u64().unwrap()).unwrap();
    Delivery {
        reminder: Id::from_uuid(text("reminder").unwrap().parse().unwrap()),
        occurrence: text("occurrence").unwrap(),
        offset: number("offset"),
        fire_at: moment("fire_at").unwrap(),
        try_at: moment("try_at").unwrap(),
        failures: number("failures"),
        worker: text("worker"),
        delivered_at: moment("delivered_at"),
        problem: text("problem"),
    }
}
