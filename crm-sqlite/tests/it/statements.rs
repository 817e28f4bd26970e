//! How many SQL statements each call runs: the same in a small store and in a large one, and as few as written down
//! here. A call that begins to ask once for each record is seen at once.

use crm_core::chrono::TimeDelta;
use crm_core::contract::test_options;
use crm_core::exchange::{self, CardOutcome, CsvExport};
use crm_core::{
    Address, Aggregate, Bucket, Contact, Conversion, ConversionOpportunity, Crm, Currency, Customer,
    CustomerStatus, Due, DuplicateRules, Email, Filter, Id, Interaction, InteractionKind, Money, Note,
    Opportunity, Patch, Pipeline, Query, Record, Reminder, Sale, Session, StageChange, User, Uuid,
};
use crm_sqlite::{Durability, OpenOptions, SqliteStore};
use std::cell::Cell;
use std::sync::Arc;

/// Every call with its statements. BEGIN, COMMIT and the look at the store's state are among them: a write without
/// any question of its own has BEGIN, state, the rows, the operation, its changes and COMMIT.
const STATEMENTS: &[(&str, Call, u64)] = &[
    ("get", |desk| _ = desk.customers().get(desk.any()).unwrap(), 1),
    (
        "get of what is not there",
        |desk| _ = desk.customers().get(Id::from_uuid(Uuid::from_u128(5))).unwrap_err(),
        1,
    ),
    ("get by code", |desk| _ = desk.customers().by_code("C007").unwrap(), 1),
    (
        "merge",
        |desk| {
            let [survivor, loser] = [desk.new_record().id, desk.new_record().id];
            desk.measure(|desk| {
                _ = desk.customers().merge(survivor, &[loser], &Default::default(), false).unwrap();
            });
        },
        44,
    ),
    (
        "erase",
        |desk| {
            let id = desk.new_record().id;
            desk.measure(|desk| _ = desk.customers().erase(id).unwrap());
        },
        90,
    ),
    ("get by external id", |desk| _ = desk.customers().by_external_id("erp", "7").unwrap(), 1),
    ("first page", |desk| _ = desk.page(Query::new()), 1),
    ("first page by name", |desk| _ = desk.page(Query::new().order_by(["name"])), 1),
    ("first page with filter", |desk| _ = desk.page(Query::new().filter(Customer::TAGS.is("even"))), 1),
    ("first page with total", |desk| _ = desk.page(Query::new().with_total()), 4),
    ("next page", |desk| desk.second_page(Query::new()), 3),
    ("next page by name", |desk| desk.second_page(Query::new().order_by(["name"])), 4),
    (
        "next page by a field that is often empty",
        |desk| desk.second_page(Query::new().order_by(["company"])),
        1,
    ),
    ("first page of the trash", |desk| _ = desk.customers().trash(&Query::new()).unwrap(), 1),
    ("count", |desk| _ = desk.customers().count(&Query::new()).unwrap(), 1),
    (
        "figures",
        |desk| {
            let figures = Aggregate::count().by(Customer::STATUS);
            _ = desk.customers().aggregate(&Query::new(), &figures).unwrap();
        },
        1,
    ),
    ("search by a short word", |desk| _ = desk.customers().search("cus", 10).unwrap(), 4),
    ("search by a common word", |desk| _ = desk.customers().search("customer", 10).unwrap(), 3),
    ("search in all kinds", |desk| _ = desk.session().search("cus", 10).unwrap(), 34),
    ("history", |desk| _ = desk.customers().history(desk.any()).unwrap(), 4),
    ("settings", |desk| _ = desk.session().settings().unwrap(), 0),
    ("create", |desk| _ = desk.customers().create(desk.new_customer()).unwrap(), 9),
    (
        "create with an e-mail",
        |desk| {
            let emails = vec![Email::new(format!("{}@new.example", desk.number()))];
            _ = desk.customers().create(Customer { emails, ..desk.new_customer() }).unwrap();
        },
        10,
    ),
    (
        "create a contact",
        |desk| {
            let customer = desk.new_record().id;
            desk.measure(|desk| {
                let contact = Contact { customer, given_name: "Juma".into(), ..Contact::default() };
                _ = desk.session().contacts().create(contact).unwrap();
            });
        },
        11,
    ),
    (
        "create an opportunity",
        |desk| {
            let customer = desk.new_record().id;
            desk.measure(|desk| {
                let deal = Opportunity { customer, name: "Deal".into(), ..Opportunity::default() };
                _ = desk.session().opportunities().create(deal).unwrap();
            });
        },
        9,
    ),
    (
        "update a text",
        |desk| {
            _ = desk.customers().update(desk.any(), |c| c.website = Some(desk.number())).unwrap();
        },
        7,
    ),
    (
        "update a name",
        |desk| {
            _ = desk.customers().update(desk.any(), |c| c.name = desk.number()).unwrap();
        },
        11,
    ),
    ("update of nothing", |desk| _ = desk.customers().update(desk.any(), |_| {}).unwrap(), 4),
    (
        "patch",
        |desk| {
            let patch = Patch::new().set("source", desk.number());
            _ = desk.customers().patch(desk.any(), patch).unwrap();
        },
        7,
    ),
    (
        "patch of an older version",
        |desk| {
            let old = desk.new_record();
            desk.customers().update(old.id, |c| c.status = CustomerStatus::Lead).unwrap();
            desk.customers().update(old.id, |c| c.source = Some("web".into())).unwrap();
            desk.measure(|desk| {
                let patch = Patch::new().set("website", "x.example");
                _ = desk.customers().patch_at(old.id, old.version, patch).unwrap();
            });
        },
        9,
    ),
    (
        "replace",
        |desk| {
            let mut record = desk.new_record();
            record.data.source = Some("fair".into());
            desk.measure(|desk| _ = desk.customers().replace(record).unwrap());
        },
        8,
    ),
    (
        "upsert of what is there",
        |desk| {
            let number = desk.number();
            _ = desk.customers().upsert("erp", "7", |c| c.description = number).unwrap();
        },
        8,
    ),
    (
        "upsert of what is new",
        |desk| {
            let number = desk.number();
            _ = desk.customers().upsert("erp", &number, |c| c.name = number.clone()).unwrap();
        },
        11,
    ),
    (
        "delete",
        |desk| {
            let id = desk.new_record().id;
            desk.measure(|desk| _ = desk.customers().delete(id).unwrap());
        },
        20,
    ),
    (
        "restore",
        |desk| {
            let id = desk.new_record().id;
            desk.customers().delete(id).unwrap();
            desk.measure(|desk| _ = desk.customers().restore(id).unwrap());
        },
        20,
    ),
    (
        "purge",
        |desk| {
            let id = desk.new_record().id;
            desk.customers().delete(id).unwrap();
            desk.measure(|desk| desk.customers().purge(id).unwrap());
        },
        21,
    ),
    (
        "undo of an update",
        |desk| {
            let record = desk.new_record();
            desk.customers().update(record.id, |c| c.website = Some("x.example".into())).unwrap();
            let operation = desk.customers().history(record.id).unwrap().pop().unwrap().id;
            desk.measure(|desk| _ = desk.session().undo(operation).unwrap());
        },
        10,
    ),
    (
        "undo of a create",
        |desk| {
            let record = desk.new_record();
            let operation = desk.customers().history(record.id).unwrap().pop().unwrap().id;
            desk.measure(|desk| _ = desk.session().undo(operation).unwrap());
        },
        23,
    ),
    (
        "batch of ten",
        |desk| {
            let mut batch = desk.session().batch();
            for _ in 0..10 {
                batch.create(desk.new_customer()).unwrap();
            }
            _ = batch.run().unwrap();
        },
        46,
    ),
    ("dashboard", |desk| _ = desk.session().dashboard().unwrap(), 17),
    ("pipeline report", |desk| _ = desk.session().pipeline_report(desk.pipeline()).unwrap(), 7),
    ("timeline", |desk| _ = desk.session().timeline(desk.quiet(), 5, None).unwrap(), 14),
    (
        "timeline, next page",
        |desk| {
            let next = desk.session().timeline(desk.quiet(), 1, None).unwrap().next.unwrap();
            desk.measure(|desk| _ = desk.session().timeline(desk.quiet(), 1, Some(&next)).unwrap());
        },
        15,
    ),
    ("agenda, each bucket", |desk| desk.agenda(&Query::new().page_size(5)), 12),
    ("agenda with total, each bucket", |desk| desk.agenda(&Query::new().page_size(5).with_total()), 15),
    (
        "convert a lead",
        |desk| {
            let lead = desk.new_record().id;
            desk.measure(|desk| {
                let deal = Opportunity { name: "Deal".into(), ..Opportunity::default() };
                let opportunity = ConversionOpportunity::New(Box::new(deal));
                let conversion = Conversion { opportunity, ..Conversion::default() };
                _ = desk.session().convert_lead(lead, conversion).unwrap();
            });
        },
        14,
    ),
    (
        "move a stage",
        |desk| {
            let deal = desk.new_deal().id;
            desk.measure(|desk| _ = desk.session().move_stage(deal, "won", StageChange::default()).unwrap());
        },
        7,
    ),
    ("stage history", |desk| _ = desk.session().stage_history(desk.deal).unwrap(), 4),
    ("clocks", |desk| _ = desk.session().clocks(desk.deal).unwrap(), 5),
    (
        "complete a reminder",
        |desk| {
            let reminder = desk.new_reminder("2026-03-01");
            let due = Due::on("2026-03-01".parse().unwrap());
            desk.measure(|desk| _ = desk.session().complete_reminder(reminder, &due).unwrap());
        },
        8,
    ),
    ("claim of nothing", |desk| desk.claim(10, 0), 4),
    ("claim of one reminder", |desk| desk.claim_of(1), 8),
    // Grows with what is claimed, never with what there is.
    ("claim of ten reminders", |desk| desk.claim_of(10), 44),
    ("latest operations", |desk| _ = desk.session().latest_operations(None, 10).unwrap(), 1),
    ("last operation", |desk| _ = desk.session().last_operation().unwrap(), 1),
    (
        "duplicates of a draft",
        |desk| _ = desk.customers().duplicates_of(&desk.draft(), &DuplicateRules::for_customers()).unwrap(),
        10,
    ),
    (
        "duplicates of a draft of a contact",
        |desk| {
            let draft = Contact {
                given_name: "Amina".into(),
                family_name: "Otieno".into(),
                emails: vec![Email::new("amina@mara.example")],
                ..Contact::default()
            };
            _ = desk.session().contacts().duplicates_of(&draft, &DuplicateRules::for_contacts()).unwrap();
        },
        6,
    ),
    (
        "duplicates of a record",
        |desk| {
            let rules = DuplicateRules::for_customers();
            _ = desk.customers().duplicates_of_record(desk.any(), &rules).unwrap();
        },
        7,
    ),
    (
        "not duplicates",
        |desk| {
            let (one, other) = (desk.new_record().id, desk.new_record().id);
            desk.measure(|desk| _ = desk.customers().not_duplicates(one, other).unwrap());
        },
        11,
    ),
    ("changes since", |desk| _ = desk.crm.changes_since(0, 10).unwrap(), 1),
    ("export of a page of customers", |desk| desk.export(&Customer::TAGS.is("few")), 3),
    ("export of the contacts of a customer", |desk| desk.export_contacts(), 4),
    ("export of a day's reminders and meetings", |desk| desk.export_day(), 10),
    ("import of a card that is new", |desk| desk.import(&desk.number(), CardOutcome::Created), 20),
    ("import of a card that is there", |desk| desk.import("known", CardOutcome::Unchanged), 6),
];

type Call = fn(&Desk);

/// A store of so many customers, and somebody who works with it.
struct Desk {
    _folder: tempfile::TempDir,
    store: Arc<SqliteStore>,
    crm: Crm,
    session: Session,
    some: Vec<Id<Customer>>,
    deal: Id<Opportunity>,
    numbers: Cell<u64>,
    /// What a call measured itself, for those that prepare something first.
    measured: Cell<Option<u64>>,
}

impl Desk {
    fn new(customers: usize) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions::new(folder.path().join("crm.db")).durability(Durability::Normal);
        let store = Arc::new(options.open().unwrap());
        // The clock stands still, so no call happens to be the one that looks what other processes did.
        let crm = Crm::open(Arc::clone(&store) as Arc<dyn crm_core::port::Store>, test_options(3).0).unwrap();
        let session = crm.system("desk");
        let mut batch = session.batch();
        let mut some = Vec::new();
        for number in 0..customers {
            let customer = Customer {
                name: format!("Customer number{number}"),
                tags: vec![if number % 2 == 0 { "even".into() } else { "odd".into() }],
                external_ids: [("erp".to_owned(), number.to_string())].into(),
                ..Customer::default()
            };
            some.push(batch.create(customer).unwrap());
        }
        batch.run().unwrap();
        let deal = surround(&session, &some);
        exchanged(&session, &some);
        let (numbers, measured) = (Cell::new(1_000_000), Cell::new(None));
        Desk { _folder: folder, store, crm, session, some, deal, numbers, measured }
    }

    fn pipeline(&self) -> Id<Pipeline> {
        self.session.opportunities().get(self.deal).unwrap().pipeline.unwrap()
    }

    fn agenda(&self, query: &Query) {
        for bucket in Bucket::ALL {
            self.session.agenda(*bucket, None, query).unwrap();
        }
    }

    fn new_deal(&self) -> Record<Opportunity> {
        let deal = Opportunity { customer: self.any(), name: self.number(), ..Opportunity::default() };
        self.session.opportunities().create(deal).unwrap()
    }

    fn new_reminder(&self, day: &str) -> Id<Reminder> {
        let due = Due::on(day.parse().unwrap());
        let reminder = Reminder { customer: self.any(), title: self.number(), due, ..Reminder::default() };
        self.session.reminders().create(reminder).unwrap().id
    }

    /// Claims what is due at the start of the clock's day, and says how many.
    fn claim(&self, limit: usize, wanted: usize) {
        let claimed = self.crm.claim_due(self.session.now(), "desk", TimeDelta::days(1), limit).unwrap();
        assert_eq!(claimed.len(), wanted);
    }

    fn claim_of(&self, count: usize) {
        for _ in 0..count {
            self.new_reminder("2026-02-27");
        }
        self.measure(|desk| desk.claim(10, count));
    }

    fn session(&self) -> &Session {
        &self.session
    }

    fn customers(&self) -> crm_core::Collection<'_, Customer> {
        self.session.customers()
    }

    fn any(&self) -> Id<Customer> {
        self.some[11]
    }

    /// A customer with a deal and the rest, which no call touches.
    fn quiet(&self) -> Id<Customer> {
        self.some[13]
    }

    /// A text that nobody had before.
    fn number(&self) -> String {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get().to_string()
    }

    fn export(&self, filter: &Filter) {
        let query = Query::new().filter(filter.clone());
        let written = exchange::export_customers(&self.session, &query, std::io::sink()).unwrap();
        assert_eq!(written, 5);
    }

    fn export_contacts(&self) {
        let query = Query::new().filter(Contact::CUSTOMER.is(self.some[15]));
        assert_eq!(exchange::export_contacts(&self.session, &query, std::io::sink()).unwrap(), 2);
    }

    fn export_day(&self) {
        let of_one = Some(Filter::is("customer", self.some[15]));
        let calendar = exchange::Calendar { reminders: of_one.clone(), meetings: of_one };
        let written = exchange::export_calendar(&self.session, &calendar, std::io::sink()).unwrap();
        assert_eq!((written.reminders, written.meetings), (1, 1));
    }

    /// Imports a card with a name, an e-mail, a phone and a `UID`.
    fn import(&self, name: &str, wanted: CardOutcome) {
        let phone = 700_000_000 + name.parse::<u64>().unwrap_or(0);
        let card = format!(
            "BEGIN:VCARD\nUID:{name}\nFN:{name}\nEMAIL:{name}@card.example\nTEL:+254{phone}\nEND:VCARD\n"
        );
        let import = exchange::VCardImport::customers();
        let mut outcome = None;
        exchange::import_vcards(&self.session, card.as_bytes(), &import, |card| outcome = Some(card.outcome))
            .unwrap();
        assert_eq!(outcome, Some(wanted));
    }

    fn new_customer(&self) -> Customer {
        Customer { name: format!("New {}", self.number()), ..Customer::default() }
    }

    /// With something in each key of the usual rules.
    fn draft(&self) -> Customer {
        let postal_code = Some("00100".to_owned());
        Customer {
            emails: vec![Email::new("amina@mara.example")],
            phones: vec!["+254722000001".into()],
            address: Some(Address { postal_code, city: Some("Voi".into()), ..Address::default() }),
            ..self.new_customer()
        }
    }

    fn new_record(&self) -> Record<Customer> {
        self.customers().create(self.new_customer()).unwrap()
    }

    fn page(&self, query: Query) -> crm_core::Page<Record<Customer>> {
        self.customers().list(&query.page_size(5)).unwrap()
    }

    fn second_page(&self, query: Query) {
        let next = self.page(query.clone()).next.unwrap();
        self.measure(|desk| _ = desk.page(query.after(next)));
    }

    /// Counts only this part of a call.
    fn measure(&self, part: impl FnOnce(&Self)) {
        let before = self.store.statements().unwrap();
        part(self);
        self.measured.set(Some(self.store.statements().unwrap() - before));
    }

    fn count(&self, call: Call) -> u64 {
        // The first time of anything may open a connection or fill a cache.
        call(self);
        self.measured.set(None);
        let before = self.store.statements().unwrap();
        call(self);
        self.measured.take().unwrap_or(self.store.statements().unwrap() - before)
    }
}

/// Deals, interactions, notes, sales and tasks for every second customer; gives a deal.
fn surround(session: &Session, customers: &[Id<Customer>]) -> Id<Opportunity> {
    let mut batch = session.batch();
    let mut deal = Id::default();
    for customer in customers.iter().copied().skip(1).step_by(2) {
        let amount = Some(Money::new(1_000, Currency::KES));
        deal = batch
            .create(Opportunity { customer, name: "Deal".into(), amount, ..Opportunity::default() })
            .unwrap();
        batch.create(Interaction { customer, subject: "Call".into(), ..Interaction::default() }).unwrap();
        batch.create(Note { customer, body: "Tea".into(), ..Note::default() }).unwrap();
        batch.create(Sale { customer, unit_price: amount, ..Sale::default() }).unwrap();
        let due = Due::on("2027-01-01".parse().unwrap());
        batch.create(Reminder { customer, title: "Ring".into(), due, ..Reminder::default() }).unwrap();
    }
    batch.run().unwrap();
    deal
}

/// What is exported and imported.
fn exchanged(session: &Session, customers: &[Id<Customer>]) {
    for customer in customers.iter().take(5) {
        session.customers().update(*customer, |customer| customer.tags.push("few".into())).unwrap();
    }
    for name in ["Amina", "Juma"] {
        let contact = Contact { customer: customers[15], given_name: name.into(), ..Contact::default() };
        session.contacts().create(contact).unwrap();
    }
    let kind = InteractionKind::Meeting;
    let meeting =
        Interaction { customer: customers[15], subject: "Tasting".into(), kind, ..Interaction::default() };
    session.interactions().create(meeting).unwrap();
    let card = "BEGIN:VCARD\nUID:known\nFN:known\nEMAIL:known@card.example\nTEL:+254700000000\nEND:VCARD\n";
    exchange::import_vcards(session, card.as_bytes(), &exchange::VCardImport::customers(), drop).unwrap();
}

#[test]
fn a_call_runs_as_many_statements_in_a_large_store_as_in_a_small_one() {
    let (small, large) = (Desk::new(20), Desk::new(2_000));
    let mut told = String::new();
    let mut wrong = false;
    for (name, call, wanted) in STATEMENTS {
        let counted = [small.count(*call), large.count(*call)];
        wrong |= counted != [*wanted; 2];
        told += &format!("{name}: {wanted} wanted, {} and {} run\n", counted[0], counted[1]);
    }
    assert!(!wrong, "the calls and their statements:\n{told}");
}

/// All records are read page by page, and nothing is asked for a record.
#[test]
fn the_search_for_all_duplicates_runs_as_many_statements_as_there_are_pages() {
    const PAGE: u64 = 1_000;
    const OF_A_PAGE: u64 = 3;
    let count = |customers: usize| {
        let desk = Desk::new(customers);
        desk.count(|desk| _ = desk.customers().find_duplicates(&DuplicateRules::for_customers()).unwrap())
    };
    let (small, large) = (count(20), count(3_500));
    assert!(small <= 6, "{small}");
    assert!(large <= small + 3_500 / PAGE * OF_A_PAGE, "{small} and {large}");
}

/// An export reads each page once, and once what the records of the page refer to by each of their fields.
#[test]
fn an_export_runs_as_many_statements_as_there_are_pages() {
    // In a build with optimisation a page has 500 records.
    const PAGE: u64 = 3;
    for customers in [20, 200] {
        let desk = Desk::new(customers);
        let role = desk.session().roles().by_key("agent").unwrap().id;
        let user = User { username: "owner".into(), role, ..User::default() };
        let owner = Patch::new().set("owner", desk.session().users().create(user).unwrap().id);
        desk.customers().update_all(&Filter::all(), owner, false).unwrap();
        // A page that goes on takes three statements; with the owners two more, between BEGIN and COMMIT.
        for (columns, of_a_page) in [(["name", "emails"], 3), (["name", "owner.username"], 6)] {
            let options = CsvExport::default().columns(columns);
            let export =
                || desk.customers().export_csv(&Query::new(), &options, &mut std::io::sink()).unwrap();
            let pages = export().div_ceil(PAGE);
            let before = desk.store.statements().unwrap();
            export();
            let statements = desk.store.statements().unwrap() - before;
            assert!(statements <= pages * of_a_page, "{statements} of {pages} pages: {columns:?}");
        }
    }
}

/// A search looks at what the reader sees in all, at a sample of the words, and at four kinds of matches.
#[test]
fn a_search_runs_at_most_eight_statements() {
    for customers in [20, 200, 2_000] {
        let desk = Desk::new(customers);
        for word in ["number7", "customer", "number", "umber7", "nmuber", "customer nmu", "nothing"] {
            let search = || _ = desk.customers().search(word, 10).unwrap();
            // The first time of anything may open a connection.
            search();
            let before = desk.store.statements().unwrap();
            search();
            let statements = desk.store.statements().unwrap() - before;
            assert!(statements <= 8, "{word:?} among {customers}: {statements}");
        }
    }
}

/// A user's calls cost what the program's do: his role is known, and what he may see is part of the statement.
#[test]
fn a_user_costs_no_more_than_the_program() {
    let mut desk = Desk::new(20);
    let role = desk.session.roles().list(&Query::new().filter(crm_core::Role::KEY.is("manager"))).unwrap();
    let user =
        crm_core::User { username: "amina".into(), role: role.items[0].id, ..crm_core::User::default() };
    let user = desk.session.users().create(user).unwrap().id;
    desk.session.set_password(user, "correct horse").unwrap();
    let as_the_program: Vec<u64> = STATEMENTS.iter().map(|(_, call, _)| desk.count(*call)).collect();
    desk.session = desk.crm.login("amina", "correct horse").unwrap();
    for ((name, call, _), wanted) in STATEMENTS.iter().zip(as_the_program) {
        // Managers do not purge. What the program claims of a user's making is for that user, who is looked up too.
        if ["purge", "erase"].contains(name) || name.starts_with("claim of") {
            continue;
        }
        assert_eq!(desk.count(*call), wanted, "{name}");
    }
}
