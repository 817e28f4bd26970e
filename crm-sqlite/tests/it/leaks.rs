//! Nothing leaks by a side door: every public function that a user can reach is walked as somebody who sees few of
//! the customers, and nothing of the others may show: no text, id, code, count, sum, cursor or history, and no
//! error that differs from that of an id which does not exist.
//!
//! The list of the functions is read from the sources, so a new one that is not walked fails the test.
//!
//! Told on purpose: that a unique value is taken (never by whom), gaps in codes, and the bare id in a link that a
//! visible record has.

use crm_core::chrono::{NaiveDate, TimeDelta};
use crm_core::contract::test_options;
use crm_core::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

/// Begins every text of a record that the user may not see.
const SECRET: &str = "zqsecret";
/// Begins the phone numbers and amounts of such records.
const SECRET_DIGITS: &str = "77077";
const PASSWORD: &str = "correct horse";

// ---- which functions there are ---------------------------------------------------------------------------------

/// The types that a user's hands can reach.
const WALKED: &[&str] = &["Session", "Collection", "Batch", "Pages", "Upserted"];
/// The types that only the embedding program has, or that hold no records.
const OF_THE_HOST: &[&str] = &["Crm", "CheckReport", "UnitOfWork"];

/// `Type::function` of every public function in an inherent `impl` of the façade.
fn public_functions() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crm-core/src/crm");
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let parsed = syn::parse_file(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let blocks = parsed.items.into_iter().filter_map(|item| match item {
            syn::Item::Impl(block) if block.trait_.is_none() => Some(block),
            _ => None,
        });
        for block in blocks {
            let syn::Type::Path(of) = &*block.self_ty else { continue };
            let ty = of.path.segments.last().unwrap().ident.to_string();
            for item in &block.items {
                if let syn::ImplItem::Fn(function) = item
                    && matches!(function.vis, syn::Visibility::Public(_))
                {
                    found.insert(format!("{ty}::{}", function.sig.ident));
                }
            }
        }
    }
    found
}

#[test]
fn every_public_function_is_walked_and_every_walk_is_of_one() {
    let functions = public_functions();
    let of_type = |name: &str| name.split("::").next().unwrap().to_owned();
    let unknown: Vec<_> = functions
        .iter()
        .filter(|name| !WALKED.contains(&&*of_type(name)) && !OF_THE_HOST.contains(&&*of_type(name)))
        .collect();
    assert!(unknown.is_empty(), "say whether users can reach these: {unknown:?}");
    let reachable: BTreeSet<String> =
        functions.into_iter().filter(|name| WALKED.contains(&&*of_type(name))).collect();
    let walks: BTreeSet<String> = WALKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(walks.len(), WALKS.len(), "a function is walked twice");
    let missing: Vec<_> = reachable.difference(&walks).collect();
    let stale: Vec<_> = walks.difference(&reachable).collect();
    assert!(missing.is_empty(), "write a walk for {missing:?}");
    assert!(stale.is_empty(), "these functions are gone: {stale:?}");
    assert!(reachable.len() > 50, "the sources were not read");
}

// ---- the world -------------------------------------------------------------------------------------------------

/// What the narrow user's role is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    /// Own customers only.
    Own,
    /// Those of the team.
    Team,
    /// Own customers, but no contacts.
    NoContacts,
    /// Own customers, and the feed of all operations.
    Feed,
    /// Own customers; neither users nor roles, settings or pipelines.
    Blind,
}

impl Variant {
    const ALL: [Variant; 5] =
        [Variant::Own, Variant::Team, Variant::NoContacts, Variant::Feed, Variant::Blind];

    fn role(self) -> Role {
        use Action::{Create, Delete, Edit, Export, Purge, View};
        let level = if self == Variant::Team { Level::Team } else { Level::Own };
        let mut grants = Grants::of_all_kinds(&[View, Create, Edit, Delete, Export, Purge], level);
        for kind in [Kind::User, Kind::Role, Kind::Settings, Kind::Pipeline] {
            grants.grant(kind, View, if self == Variant::Blind { Level::None } else { Level::All });
        }
        if self == Variant::NoContacts {
            grants.grant(Kind::Contact, View, Level::None);
        }
        Role {
            key: "narrow".into(),
            name: "Narrow".into(),
            grants,
            journal_view: self == Variant::Feed,
            ..Role::default()
        }
    }
}

struct World {
    variant: Variant,
    crm: Crm,
    system: Session,
    me: Id<User>,
    rival: Id<User>,
    /// Users whose customers are seen.
    owners: Vec<Id<User>>,
    /// Everything that must not show besides the marked texts: ids and codes.
    secrets: BTreeSet<String>,
    /// The foreign customer that a visible one refers to.
    linked: Id<Customer>,
    /// A foreign customer whose parent is a visible one.
    below_mine: Id<Customer>,
    /// Operations that touched something that is not seen.
    foreign_operations: Vec<OperationId>,
    purged: Id<Customer>,
}

/// A record of a kind that hangs on a customer, or is one.
trait Gated: Rules {
    /// A text that is filterable, sortable and searchable.
    const TEXT: &'static str;
    fn of(session: &Session) -> Collection<'_, Self>;
    fn customer_of(record: &Record<Self>) -> Id<Customer>;
    fn new_on(customer: Id<Customer>, text: &str) -> Self;
    fn retext(&mut self, text: &str);
    /// Hangs it on another customer; makes a customer that one's child.
    fn move_to(&mut self, customer: Id<Customer>);
    /// The name of the field that [`Gated::move_to`] sets.
    const REFERENCE: &'static str;
}

macro_rules! gated {
    ($entity:ident, $collection:ident, $text:ident) => {
        impl Gated for $entity {
            const TEXT: &'static str = stringify!($text);
            const REFERENCE: &'static str = "customer";
            fn of(session: &Session) -> Collection<'_, Self> {
                session.$collection()
            }
            fn customer_of(record: &Record<Self>) -> Id<Customer> {
                record.customer
            }
            fn new_on(customer: Id<Customer>, text: &str) -> Self {
                let mut new = $entity { customer, $text: text.to_owned(), ..Default::default() };
                new.complete();
                new
            }
            fn retext(&mut self, text: &str) {
                self.$text = text.to_owned();
            }
            fn move_to(&mut self, customer: Id<Customer>) {
                self.customer = customer;
            }
        }
    };
}
gated!(Contact, contacts, family_name);
gated!(Opportunity, opportunities, name);
gated!(Interaction, interactions, subject);
gated!(Reminder, reminders, title);

impl Gated for Customer {
    const TEXT: &'static str = "name";
    const REFERENCE: &'static str = "parent";
    fn of(session: &Session) -> Collection<'_, Self> {
        session.customers()
    }
    fn customer_of(record: &Record<Self>) -> Id<Customer> {
        record.id
    }
    fn new_on(_: Id<Customer>, text: &str) -> Self {
        Customer { name: text.to_owned(), ..Customer::default() }
    }
    fn retext(&mut self, text: &str) {
        self.name = text.to_owned();
    }
    fn move_to(&mut self, customer: Id<Customer>) {
        self.parent = Some(customer);
    }
}

/// What a new record needs besides its text.
trait Complete {
    fn complete(&mut self) {}
}
impl Complete for Contact {}
impl Complete for Opportunity {}
impl Complete for Interaction {}
impl Complete for Reminder {
    fn complete(&mut self) {
        self.due = Due::on(NaiveDate::from_ymd_opt(2026, 5, 1).unwrap());
    }
}

/// Calls a generic function for each kind that hangs on a customer.
macro_rules! each {
    ($walk:ident) => {
        |walk: &Walk<'_>| {
            $walk::<Customer>(walk);
            $walk::<Contact>(walk);
            $walk::<Opportunity>(walk);
            $walk::<Interaction>(walk);
            $walk::<Reminder>(walk);
        }
    };
}

/// Texts of one customer and of all that hangs on it.
struct Texts {
    secret: bool,
    number: usize,
}

impl Texts {
    fn text(&self, field: &str) -> String {
        let start = if self.secret { SECRET } else { "open" };
        format!("{start}{field}{}", self.number)
    }
    fn some(&self, field: &str) -> Option<String> {
        Some(self.text(field))
    }
    fn digits(&self) -> String {
        let start = if self.secret { SECRET_DIGITS } else { "20030" };
        format!("{start}{:02}", self.number)
    }
    fn phones(&self, plus: &str) -> Vec<Phone> {
        vec![Phone::new(format!("+1{plus}{}", self.digits()))]
    }
    fn money(&self) -> Option<Money> {
        Some(Money::new(self.digits().parse().unwrap(), Currency::KES))
    }
    fn external(&self, kind: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("erp".to_owned(), self.text(kind))])
    }
    fn address(&self) -> Option<Address> {
        Some(Address {
            street: self.some("street"),
            city: self.some("city"),
            state: self.some("state"),
            postal_code: self.some("postal"),
            country: self.some("country"),
        })
    }

    fn customer(&self, owner: Option<Id<User>>) -> Customer {
        Customer {
            name: self.text("name"),
            given_name: self.some("given"),
            family_name: self.some("family"),
            company: self.some("company"),
            emails: vec![Email::new(format!("{}@shop.example", self.text("mail")))],
            phones: self.phones("212"),
            website: self.some("site"),
            address: self.address(),
            tags: vec![self.text("tag")],
            description: self.text("text"),
            source: self.some("source"),
            owner,
            external_ids: self.external("customer"),
            lead: Some(Lead { estimated_value: self.money(), ..Lead::default() }),
            ..Customer::default()
        }
    }

    /// Puts two of each kind on a customer.
    fn children(&self, world: &Session, customer: Id<Customer>, contacts_secret: bool, user: Id<User>) {
        let theirs = Texts { secret: self.secret || contacts_secret, number: self.number };
        for twin in ["a", "b"] {
            let contact = Contact {
                customer,
                given_name: theirs.text("first"),
                family_name: theirs.text(&format!("last{twin}")),
                emails: vec![Email::new(format!("{}{twin}@person.example", theirs.text("mail")))],
                phones: theirs.phones("213"),
                position: theirs.some("position"),
                department: theirs.some("department"),
                address: theirs.address(),
                description: theirs.text("text"),
                external_ids: theirs.external(&format!("contact{twin}")),
                extra: BTreeMap::from([("X-NOTE".to_owned(), theirs.text("extra"))]),
                ..Contact::default()
            };
            let contact = world.contacts().create(contact).unwrap().id;
            let opportunity = Opportunity {
                customer,
                contacts: vec![OpportunityContact { contact, role: self.some("part") }],
                name: self.text(&format!("deal{twin}")),
                amount: self.money(),
                owner: Some(user),
                external_ids: self.external(&format!("deal{twin}")),
                lost_reason: self.some("lost"),
                source: self.some("dealsource"),
                tags: vec![self.text("dealtag")],
                ..Opportunity::default()
            };
            let opportunity = world.opportunities().create(opportunity).unwrap().id;
            let interaction = Interaction {
                customer,
                contacts: vec![contact],
                opportunity: Some(opportunity),
                subject: self.text(&format!("subject{twin}")),
                notes: self.text("notes"),
                duration: Some(10),
                location: self.some("location"),
                outcome: self.some("outcome"),
                employee: Some(user),
                employee_comment: self.some("comment"),
                ..Interaction::default()
            };
            let interaction = world.interactions().create(interaction).unwrap().id;
            let reminder = Reminder {
                interaction: Some(interaction),
                opportunity: Some(opportunity),
                notes: self.text("todo"),
                assignee: Some(user),
                ..Reminder::new_on(customer, &self.text(&format!("title{twin}")))
            };
            world.reminders().create(reminder).unwrap();
        }
    }
}

impl World {
    /// Ten customers with all that hangs on them; the user owns three.
    fn new(crm: Crm, clock: &contract::ManualClock, variant: Variant) -> World {
        let system = crm.system("world");
        system.update_settings(|settings| settings.code_prefix = "KX-".into()).unwrap();
        let admin = User { username: "boss".into(), ..User::default() };
        let boss = crm.create_admin(admin, PASSWORD).unwrap().id;
        let role = system.roles().create(variant.role()).unwrap().id;
        let user = |name: &str, team: &str| {
            let user = User { username: name.into(), role, team: Some(team.into()), ..User::default() };
            let id = system.users().create(user).unwrap().id;
            system.set_password(id, PASSWORD).unwrap();
            id
        };
        let (me, mate) = (user("narrow", "north"), user("mate", "north"));
        let rival_name =
            if variant == Variant::Blind { format!("{SECRET}rival") } else { "rival".to_owned() };
        let rival = user(&rival_name, "south");
        let team = variant == Variant::Team;
        let owners = if team { vec![me, mate] } else { vec![me] };

        // Three that are seen, then seven that are not: of the rival, of the mate, of nobody, and in the trash.
        let third = if team { mate } else { me };
        let elsewhere = if team { rival } else { mate };
        let plan = [
            Some(me),
            Some(me),
            Some(third),
            Some(rival),
            Some(rival),
            None,
            Some(elsewhere),
            Some(me),
            Some(rival),
            None,
        ];
        let mut ids = Vec::new();
        for (number, owner) in plan.into_iter().enumerate() {
            let texts = Texts { secret: number >= 3, number };
            clock.advance(TimeDelta::minutes(1));
            let id = system.customers().create(texts.customer(owner)).unwrap().id;
            let user = owner.unwrap_or(boss);
            texts.children(&system, id, variant == Variant::NoContacts, user);
            ids.push(id);
        }
        // One was the user's, and so were its children's tasks; then it was given to somebody else.
        system.customers().update(ids[7], |customer| customer.owner = Some(rival)).unwrap();
        // Links in both directions across the border.
        let (linked, below_mine) = (ids[3], ids[4]);
        system.customers().update(ids[1], |customer| customer.parent = Some(linked)).unwrap();
        system.customers().update(below_mine, |customer| customer.parent = Some(ids[0])).unwrap();
        // One operation on both sides.
        let mut batch = system.batch();
        batch.update::<Customer>(ids[0], |customer| customer.website = Some("open.example".into()));
        batch.update::<Customer>(ids[5], |customer| customer.website = Some(format!("{SECRET}.example")));
        batch.run().unwrap();
        // A visible child in the trash, foreign ones, and foreign customers with all their children.
        let mut seen_once = BTreeSet::new();
        for child in system.interactions().list(&Query::new()).unwrap() {
            if seen_once.insert(child.customer) {
                system.interactions().delete(child.id).unwrap();
            }
        }
        system.customers().delete(ids[8]).unwrap();
        system.customers().delete(ids[9]).unwrap();
        // One that is gone for good.
        let purged = Texts { secret: true, number: 99 };
        let purged = system.customers().create(purged.customer(Some(rival))).unwrap().id;
        system.customers().delete(purged).unwrap();
        system.customers().purge(purged).unwrap();

        let mut world = World {
            variant,
            crm,
            system,
            me,
            rival,
            owners,
            secrets: BTreeSet::new(),
            linked,
            below_mine,
            foreign_operations: Vec::new(),
            purged,
        };
        world.collect_secrets();
        world
    }

    fn collect_secrets(&mut self) {
        let mut secrets = BTreeSet::from([self.purged.to_string()]);
        for customer in self.foreign::<Customer>() {
            secrets.insert(customer.to_string());
        }
        for customer in self.everything::<Customer>().iter().filter(|(record, _)| !self.sees(record)) {
            secrets.insert(customer.0.code.as_ref().unwrap().to_string());
        }
        // Of a visible deal the people are told by their ids, whoever may look at them.
        for (contact, _) in self.everything::<Contact>() {
            if !self.sees_customer(contact.customer) {
                secrets.insert(contact.id.to_string());
            }
        }
        secrets.extend(self.foreign::<Opportunity>().iter().map(Id::to_string));
        secrets.extend(self.foreign::<Interaction>().iter().map(Id::to_string));
        secrets.extend(self.foreign::<Reminder>().iter().map(Id::to_string));
        if self.variant == Variant::Blind {
            secrets.insert(self.rival.to_string());
        }
        secrets.remove(&self.linked.to_string());
        let free = |kind: Kind| kind.schema().gate == Gate::Free;
        let mut foreign_operations = Vec::new();
        for operation in self.crm.changes_since(0, 10_000).unwrap() {
            let seen = |change: &Change| free(change.kind) || self.sees_change(change);
            if !operation.changes.iter().all(seen) {
                foreign_operations.push(operation.id);
            }
            if !operation.changes.iter().any(seen) {
                secrets.insert(operation.id.to_string());
            }
        }
        self.secrets = secrets;
        self.foreign_operations = foreign_operations;
        assert!(self.secrets.len() > 100 && self.foreign_operations.len() > 50);
    }

    fn sees_kind(&self, kind: Kind) -> bool {
        !(self.variant == Variant::NoContacts && kind == Kind::Contact)
    }

    fn sees_customer(&self, id: Id<Customer>) -> bool {
        let customers = self.everything::<Customer>();
        let customer = customers.iter().find(|(customer, _)| customer.id == id);
        customer.and_then(|(customer, _)| customer.owner).is_some_and(|owner| self.owners.contains(&owner))
    }

    fn sees<E: Gated>(&self, record: &Record<E>) -> bool {
        self.sees_kind(E::kind()) && self.sees_customer(E::customer_of(record))
    }

    fn sees_change(&self, change: &Change) -> bool {
        self.sees_kind(change.kind)
            && change.customer.is_some_and(|customer| self.sees_customer(Id::from_uuid(customer)))
    }

    /// All records of a kind, those in the trash marked.
    fn everything<E: Gated>(&self) -> Vec<(Record<E>, bool)> {
        let query = Query::new().page_size(1_000);
        let live = E::of(&self.system).list(&query).unwrap().items;
        let trash = E::of(&self.system).trash(&query).unwrap().items;
        let trash = trash.into_iter().map(|trashed| (trashed.record, true));
        live.into_iter().map(|record| (record, false)).chain(trash).collect()
    }

    fn mine<E: Gated>(&self) -> Vec<Id<E>> {
        let all = self.everything::<E>();
        all.iter().filter(|(record, trashed)| !trashed && self.sees(record)).map(|(r, _)| r.id).collect()
    }

    /// Of no use to the user: live, in the trash, of a stranger, of nobody, and one that is gone for good.
    fn foreign<E: Gated>(&self) -> Vec<Id<E>> {
        let all = self.everything::<E>();
        let mut ids: Vec<Id<E>> =
            all.iter().filter(|(record, _)| !self.sees(record)).map(|(record, _)| record.id).collect();
        if E::kind() == Kind::Customer {
            ids.push(Id::from_uuid(self.purged.uuid()));
        }
        assert!(ids.len() >= 7);
        ids
    }

    /// Customers that are not seen, without the one whose id is told by a link.
    fn foreign_customers(&self) -> Vec<Id<Customer>> {
        self.foreign().into_iter().filter(|id| *id != self.linked).collect()
    }

    /// What of the foreign customers' records there is, and in which version.
    fn fingerprint(&self) -> Vec<(Uuid, u64, bool)> {
        fn of<E: Gated>(world: &World, out: &mut Vec<(Uuid, u64, bool)>) {
            let all = world.everything::<E>();
            let foreign = all.iter().filter(|(record, _)| !world.sees_customer(E::customer_of(record)));
            out.extend(foreign.map(|(record, trashed)| (record.id.uuid(), record.version, *trashed)));
        }
        let mut out = Vec::new();
        of::<Customer>(self, &mut out);
        of::<Contact>(self, &mut out);
        of::<Opportunity>(self, &mut out);
        of::<Interaction>(self, &mut out);
        of::<Reminder>(self, &mut out);
        out.sort();
        out
    }
}

// ---- looking for leaks -----------------------------------------------------------------------------------------

/// One walk of one function.
struct Walk<'w> {
    world: &'w World,
    name: &'static str,
    session: Session,
    /// What the caller said himself.
    said: RefCell<BTreeSet<String>>,
}

impl Walk<'_> {
    fn say(&self, text: impl ToString) -> String {
        self.said.borrow_mut().insert(text.to_string());
        text.to_string()
    }

    /// Fails when a text shows what it must not.
    fn look(&self, shown: &str) {
        let mut text = shown.to_owned();
        // The longest first: one may be the beginning of another.
        let mut said: Vec<String> = self.said.borrow().iter().cloned().collect();
        said.sort_by_key(|text| std::cmp::Reverse(text.len()));
        for said in said {
            text = text.replace(&said, "").replace(&said.to_lowercase(), "");
        }
        let folded = text.to_lowercase();
        let story = || format!("{:?}, {}: {text}", self.world.variant, self.name);
        assert!(!folded.contains(SECRET), "a text leaks: {}", story());
        assert!(!folded.contains(SECRET_DIGITS), "a number leaks: {}", story());
        for secret in &self.world.secrets {
            assert!(!text.contains(secret.as_str()), "{secret} leaks: {}", story());
        }
    }

    fn shown<T: Debug>(&self, value: T) -> T {
        self.look(&format!("{value:?}"));
        value
    }

    /// A record, as text and as JSON.
    fn record<E: Gated>(&self, record: Record<E>) -> Record<E> {
        self.look(&serde_json::to_string(&record).unwrap());
        assert!(self.world.sees(&record), "{}: {record:?}", self.name);
        self.shown(record)
    }

    fn operation(&self, operation: Operation) -> Operation {
        self.look(&serde_json::to_string(&operation).unwrap());
        for change in operation.changes.iter().filter(|change| change.kind.schema().gate != Gate::Free) {
            assert!(self.world.sees_change(change), "{}: {change:?}", self.name);
        }
        self.shown(operation)
    }

    /// A page with its cursor, which is no secret writing.
    fn page<T: Debug>(&self, page: Page<T>) -> Page<T> {
        if let Some(next) = &page.next {
            self.look(&String::from_utf8(from_base64(next)).unwrap());
        }
        self.shown(page)
    }

    fn refused<T: Debug>(&self, result: Result<T>) -> Error {
        match result {
            Err(error) => {
                self.look(&told(&error));
                error
            }
            Ok(value) => panic!("{:?}, {} went well: {value:?}", self.world.variant, self.name),
        }
    }

    /// The error of each foreign argument is that of one which does not exist, apart from the argument itself.
    fn alike<A, T: Debug>(
        &self,
        unknown: &A,
        foreign: &[A],
        words: impl Fn(&A) -> Vec<String>,
        call: impl Fn(&A) -> Result<T>,
    ) {
        let masked = |argument: &A| {
            for word in words(argument) {
                self.say(word);
            }
            let mut text = told(&self.refused(call(argument)));
            for (n, word) in words(argument).into_iter().enumerate() {
                text = text.replace(&word, &format!("<{n}>"));
            }
            text
        };
        let wanted = masked(unknown);
        assert!(!foreign.is_empty());
        for argument in foreign {
            let text = masked(argument);
            assert_eq!(text, wanted, "{:?}, {} with {:?}", self.world.variant, self.name, words(argument));
        }
    }

    fn alike_ids<E, T: Debug>(&self, foreign: &[Id<E>], call: impl Fn(Id<E>) -> Result<T>) {
        let unknown = self.session.new_id().unwrap();
        self.alike(&unknown, foreign, |id| vec![id.to_string()], |id| call(*id));
    }

    /// Whether the kind is seen at all; if not, the call is denied.
    fn sees_kind<E: Gated, T: Debug>(&self, call: impl Fn() -> Result<T>) -> bool {
        let sees = self.world.sees_kind(E::kind());
        if !sees {
            assert_eq!(self.refused(call()).code(), "denied");
        }
        sees
    }

    /// A new record on an own customer, as the program would make it.
    fn own<E: Gated>(&self) -> Record<E> {
        let customer = self.world.mine::<Customer>()[0];
        let mut new = E::new_on(customer, "opennew");
        if let Some(owner) = E::schema().field("owner") {
            new.set(owner, Value::Id(self.world.me.uuid())).unwrap();
        }
        E::of(&self.world.system).create(new).unwrap()
    }
}

/// All that an error tells.
fn told(error: &Error) -> String {
    let fields = serde_json::to_string(&error.fields()).unwrap();
    format!("{} {fields} {error} {error:?}", error.code())
}

fn from_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for letter in text.bytes() {
        let value = LETTERS.iter().position(|l| *l == letter).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

fn to_base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let value = usize::try_from(bits >> (18 - 6 * place) & 0x3f).unwrap();
            text.push(char::from(LETTERS[value]));
        }
    }
    text
}

// ---- queries ---------------------------------------------------------------------------------------------------

/// What a query must give the narrow user.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gives {
    /// What it gives the program, without the records that the user does not see.
    AsTheProgram,
    /// All that the user sees.
    AllSeen,
    Nothing,
}

fn queries<E: Gated>(walk: &Walk<'_>) -> Vec<(Query, Gives)> {
    use Gives::{AllSeen, AsTheProgram, Nothing};
    let world = walk.world;
    let filter = |filter: Filter| Query::new().filter(filter);
    let foreign: Vec<Value> = world.foreign::<E>().iter().map(|id| Value::Id(id.uuid())).collect();
    let foreign_customer = walk.say(world.foreign::<Customer>()[1]);
    let secret = walk.say(SECRET);
    let mut list = vec![
        (Query::new(), AllSeen),
        (Query::new().with_total(), AllSeen),
        (Query::new().order_by([E::TEXT]), AsTheProgram),
        (Query::new().order_by([format!("-{}", E::TEXT)]), AsTheProgram),
        (Query::new().order_by(["-created_at", "version"]), AsTheProgram),
        (Query::new().words(secret.clone()), Nothing),
        (Query::new().words(SECRET_DIGITS), Nothing),
        (Query::new().words("open"), AsTheProgram),
        (filter(Filter::is_in("id", foreign)), Nothing),
        (filter(Filter::contains(E::TEXT, secret.clone())), Nothing),
        (filter(Filter::starts_with(E::TEXT, secret.clone())), Nothing),
        (filter(!Filter::contains(E::TEXT, secret.clone())), AsTheProgram),
        (filter(Filter::is_not(E::TEXT, secret.clone())), AllSeen),
        (filter(Filter::at_least("version", 1)), AllSeen),
        (filter(Filter::is_empty("created_by")), AllSeen),
    ];
    let field = |name: &str| E::schema().field(name).is_some();
    let lists = ["emails", "phones", "tags"].into_iter().filter(|name| field(name));
    list.extend(lists.map(|name| (filter(Filter::starts_with(name, secret.clone())), Nothing)));
    for user in ["owner", "employee", "assignee"].into_iter().filter(|name| field(name)) {
        list.push((filter(Filter::is(user, Value::Id(world.me.uuid()))), AsTheProgram));
        list.push((filter(Filter::is(user, Value::Id(world.rival.uuid()))), AsTheProgram));
        let hop = filter(Filter::contains(format!("{user}.username"), "rival"));
        list.push((hop, if world.variant == Variant::Blind { Nothing } else { AsTheProgram }));
        let hop = filter(Filter::is(format!("{user}.username"), "narrow"));
        list.push((hop, if world.variant == Variant::Blind { Nothing } else { AsTheProgram }));
    }
    if E::kind() == Kind::Customer {
        // A visible customer's parent is not seen: no condition on it holds, whatever it is.
        for condition in [
            Filter::contains("parent.name", secret.clone()),
            Filter::is_not("parent.name", "x"),
            Filter::at_least("parent.version", 1),
            Filter::is_empty("parent.parent"),
            Filter::is("parent.status", "lead"),
        ] {
            list.push((filter(condition.clone()), Nothing));
            list.push((filter(!condition), AllSeen));
        }
        list.push((filter(Filter::is("parent", Value::Text(walk.say(world.linked)))), AsTheProgram));
        list.push((filter(Filter::is("parent", Value::Id(world.mine::<Customer>()[0].uuid()))), Nothing));
        for code in ["KX-004", "KX-005", "KX-999"] {
            list.push((filter(Filter::is("code", walk.say(code))), Nothing));
        }
        list.push((
            Query::new().order_by(["-lead_estimated_value", "owner"].into_iter().take(1)),
            AsTheProgram,
        ));
    } else {
        list.push((filter(Filter::is("customer", foreign_customer)), Nothing));
        list.push((filter(Filter::contains("customer.name", secret.clone())), Nothing));
        list.push((filter(!Filter::contains("customer.name", secret)), AsTheProgram));
        list.push((filter(Filter::is_not("customer.status", "active")), AllSeen));
    }
    if field("contacts") {
        let contacts = world.everything::<Contact>();
        let theirs = contacts.iter().find(|(contact, _)| !world.sees_customer(contact.customer)).unwrap();
        list.push((filter(Filter::is("contacts", Value::Id(theirs.0.id.uuid()))), Nothing));
        walk.say(theirs.0.id);
    }
    list
}

/// What the user must get: ids in order.
fn expected<E: Gated>(world: &World, query: &Query, gives: Gives, trash: bool) -> Vec<Id<E>> {
    let query = match gives {
        Gives::Nothing => return Vec::new(),
        Gives::AllSeen => Query { filter: Filter::all(), ..query.clone() },
        Gives::AsTheProgram => query.clone(),
    };
    let query = query.page_size(1_000);
    let records: Vec<Record<E>> = match trash {
        true => E::of(&world.system).trash(&query).unwrap().items.into_iter().map(|t| t.record).collect(),
        false => E::of(&world.system).list(&query).unwrap().items,
    };
    records.into_iter().filter(|record| world.sees(record)).map(|record| record.id).collect()
}

fn ids<E: Entity>(records: &[Record<E>]) -> Vec<Id<E>> {
    records.iter().map(|record| record.id).collect()
}

// ---- walks of the collection -----------------------------------------------------------------------------------

fn list<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.list(&Query::new())) {
        return;
    }
    for (query, gives) in queries::<E>(walk) {
        let wanted = expected::<E>(walk.world, &query, gives, false);
        let page = walk.page(collection.list(&query).unwrap());
        assert_eq!(ids(&page.items), wanted, "{:?} {query:?}", E::kind());
        assert!(page.total.is_none_or(|total| total == wanted.len() as u64));
        page.items.into_iter().for_each(|record| drop(walk.record(record)));
        // Page by page: the cursors tell nothing either.
        let mut paged = Vec::new();
        let mut query = query.page_size(1).with_total();
        loop {
            let page = walk.page(collection.list(&query).unwrap());
            assert_eq!(page.total, Some(wanted.len() as u64));
            paged.extend(ids(&page.items));
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(paged, wanted);
        forged_cursors::<E>(walk, &query, &wanted);
    }
}

/// A cursor is no more than a place among the records that the user sees, whatever id he writes into it.
fn forged_cursors<E: Gated>(walk: &Walk<'_>, query: &Query, seen: &[Id<E>]) {
    let collection = E::of(&walk.session);
    let first = collection.list(&Query { cursor: None, ..query.clone() }).unwrap();
    let (Some(next), Some(own)) = (first.next, seen.first()) else { return };
    let cursor = String::from_utf8(from_base64(&next)).unwrap();
    let created = first.items[0].created_at.timestamp_micros();
    let with = |id: Id<E>, micros: i64| {
        walk.say(id);
        let cursor = cursor.replace(&own.to_string(), &id.to_string());
        let cursor = cursor.replace(&format!("{created},{{"), &format!("{micros},{{"));
        let query = Query { cursor: Some(to_base64(cursor.as_bytes())), ..query.clone() };
        ids(&collection.list(&query.page_size(100)).unwrap().items)
    };
    for micros in [0, created, created + 600_000_000] {
        let unknown = with(walk.session.new_id().unwrap(), micros);
        for id in walk.world.foreign::<E>() {
            assert_eq!(with(id, micros), unknown, "a forged cursor tells of {id}: {query:?}");
        }
    }
}

fn iter<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    let first = || collection.iter(Query::new()).next().unwrap();
    if !walk.sees_kind::<E, _>(first) {
        return;
    }
    for (query, gives) in queries::<E>(walk) {
        let wanted = expected::<E>(walk.world, &query, gives, false);
        let all: Result<Vec<Record<E>>> = walk.shown(collection.iter(query.page_size(2)).collect());
        assert_eq!(ids(&all.unwrap()), wanted);
    }
}

fn trash<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.trash(&Query::new())) {
        return;
    }
    for (query, gives) in queries::<E>(walk) {
        // Words and keys are given up in the trash, for everybody alike.
        let wanted = expected::<E>(walk.world, &query, gives, true);
        let page = walk.page(collection.trash(&query.with_total()).unwrap());
        let found: Vec<Id<E>> = page.items.iter().map(|trashed| trashed.record.id).collect();
        assert_eq!(found, wanted, "{:?}", E::kind());
        assert_eq!(page.total, Some(wanted.len() as u64));
    }
}

fn count<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.count(&Query::new())) {
        return;
    }
    for (query, gives) in queries::<E>(walk) {
        let wanted = expected::<E>(walk.world, &query, gives, false);
        assert_eq!(collection.count(&query).unwrap(), wanted.len() as u64, "{query:?}");
    }
}

fn aggregate<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.aggregate(&Query::new(), &Aggregate::count())) {
        return;
    }
    let by = |field: &str, period| GroupBy { field: field.to_owned(), period };
    let mut figures = vec![
        Aggregate::count(),
        Aggregate { by: vec![by("created_at", Some(Period::Month))], of: Some("version".into()) },
        Aggregate { by: vec![by(E::TEXT, None)], of: None },
    ];
    let field = |name: &str| E::schema().field(name).is_some();
    for name in ["owner", "employee", "assignee", "customer", "parent", "status"] {
        if field(name) {
            figures.push(Aggregate { by: vec![by(name, None)], of: None });
        }
    }
    for name in ["lead_estimated_value", "amount", "duration"] {
        if field(name.trim_end_matches("_estimated_value")) {
            figures.push(Aggregate { by: Vec::new(), of: Some(name.into()) });
            figures.push(Aggregate { by: vec![by(E::TEXT, None)], of: Some(name.into()) });
        }
    }
    for (query, gives) in queries::<E>(walk) {
        let wanted = expected::<E>(walk.world, &query, gives, false);
        let seen = Filter::is_in("id", wanted.iter().map(|id| Value::Id(id.uuid())));
        let seen = Query { filter: seen, ..Query::new() };
        for figures in &figures {
            let groups = walk.shown(collection.aggregate(&query, figures).unwrap());
            let program = E::of(&walk.world.system).aggregate(&seen, figures).unwrap();
            assert_eq!(groups, program, "{query:?} {figures:?}");
            assert_eq!(groups.iter().map(|group| group.count).sum::<u64>(), wanted.len() as u64);
        }
    }
}

/// What somebody might type to find what he should not.
fn typed(walk: &Walk<'_>) -> Vec<String> {
    let mut words: Vec<String> =
        ["zqsecretname3", "zqsecretmail4@shop.example", "+12127707703", "2137707703"]
            .into_iter()
            .chain([
                "KX-004",
                "zqs",
                "zqsecretlasta5",
                "zqsecretdeala6",
                "zqsecretsubjectb7",
                "zqsecrettitlea3",
            ])
            .map(str::to_owned)
            .collect();
    words.push(walk.world.foreign::<Customer>()[0].to_string());
    words.iter().for_each(|word| drop(walk.say(word)));
    words
}

fn search<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    if !walk.sees_kind::<E, _>(|| collection.search("open", 10)) {
        return;
    }
    for words in typed(walk) {
        assert_eq!(ids(&collection.search(&words, 1_000).unwrap()), Vec::new(), "{words}");
    }
    let open = walk.shown(collection.search("open", 1_000).unwrap());
    assert!(open.len() >= 3);
    open.into_iter().for_each(|record| drop(walk.record(record)));
}

fn get<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| E::of(&walk.session).get(id));
    for id in walk.world.mine::<E>() {
        walk.record(E::of(&walk.session).get(id).unwrap());
    }
}

fn history<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| E::of(&walk.session).history(id));
    for id in walk.world.mine::<E>() {
        let history = E::of(&walk.session).history(id).unwrap();
        assert!(!history.is_empty());
        for operation in history {
            assert!(operation.changes.iter().all(|change| change.id == id.uuid()));
            walk.operation(operation);
        }
    }
}

/// The external ids of the entity that are taken by records which are not seen.
fn foreign_external_ids<E: Gated>(world: &World) -> Vec<String> {
    let Some(field) = E::schema().field("external_ids") else { return Vec::new() };
    let all = world.everything::<E>();
    let foreign = all.iter().filter(|(record, trashed)| !trashed && !world.sees(record));
    let ids = foreign.filter_map(|(record, _)| match record.value(field) {
        Value::Map(ids) => ids.get("erp").map(|id| serde_json::to_string(id).unwrap().replace('"', "")),
        _ => None,
    });
    ids.collect()
}

fn by_external_id<E: Gated>(walk: &Walk<'_>) {
    let foreign = foreign_external_ids::<E>(walk.world);
    let call = |id: &String| E::of(&walk.session).by_external_id("erp", id);
    if foreign.is_empty() {
        assert_eq!(walk.refused(call(&"x".to_owned())).code(), "invalid");
        return;
    }
    walk.alike(&"zqsecret-not-there".to_owned(), &foreign, |id| vec![id.clone()], call);
}

/// A taken value is told as taken, without its holder; the same for each value.
fn taken<T: Debug>(walk: &Walk<'_>, values: &[String], call: impl Fn(&String) -> Result<T>) {
    for value in values {
        walk.say(value);
        match walk.refused(call(value)) {
            Error::Duplicate { holder, .. } => assert_eq!(holder, None, "{}: {value}", walk.name),
            other => panic!("{}: {other:?}", walk.name),
        }
    }
}

fn upsert_by<E: Gated>(walk: &Walk<'_>, upsert: impl Fn(&str) -> Result<Upserted<E>>) {
    let foreign = foreign_external_ids::<E>(walk.world);
    if foreign.is_empty() {
        assert_eq!(walk.refused(upsert("x")).code(), "invalid");
        return;
    }
    if !walk.world.sees_kind(E::kind()) {
        assert_eq!(walk.refused(upsert("not-there")).code(), "denied");
        for id in foreign {
            walk.say(&id);
            assert_eq!(walk.refused(upsert(&id)).code(), "denied");
        }
        return;
    }
    taken(walk, &foreign, |id| upsert(id));
    walk.record(upsert(&format!("fresh {}", walk.name)).unwrap().into_record());
    walk.record(upsert(&format!("fresh {}", walk.name)).unwrap().into_record());
}

fn upsert<E: Gated>(walk: &Walk<'_>) {
    let customer = walk.world.mine::<Customer>()[0];
    upsert_by::<E>(walk, |id| {
        E::of(&walk.session).upsert("erp", id, |data| {
            let new = E::new_on(customer, "openupserted");
            (0..E::FIELDS.len())
                .filter(|i| !E::FIELDS[*i].system && E::FIELDS[*i].name != "external_ids")
                .for_each(|field| data.copy_field(field, &new));
        })
    });
}

fn patch_of<E: Gated>(customer: Id<Customer>, text: &str) -> Patch {
    let patch = Patch::new().set(E::TEXT, text);
    match E::kind() {
        Kind::Customer => patch,
        Kind::Reminder => patch
            .set("customer", Value::Id(customer.uuid()))
            .set("due", Value::Map(BTreeMap::from([("date".to_owned(), Value::from("2026-05-01"))]))),
        _ => patch.set("customer", Value::Id(customer.uuid())),
    }
}

fn upsert_patch<E: Gated>(walk: &Walk<'_>) {
    let customer = walk.world.mine::<Customer>()[0];
    upsert_by::<E>(walk, |id| {
        E::of(&walk.session).upsert_patch("erp", id, patch_of::<E>(customer, "openupserted"))
    });
}

/// Creating on foreign customers, with foreign people and the like, by whatever function creates.
fn creating<E: Gated>(walk: &Walk<'_>, create: impl Fn(E) -> Result<Record<E>>) {
    let world = walk.world;
    let own = world.mine::<Customer>()[0];
    if !world.sees_kind(E::kind()) {
        let customers: Vec<_> = world.foreign_customers().into_iter().chain([own]).collect();
        walk.alike_ids(&customers, |id| create(E::new_on(id, "opencreated")));
        return;
    }
    walk.record(create(E::new_on(own, "opencreated")).unwrap());
    walk.alike_ids(&world.foreign_customers(), |id| {
        let mut new = E::new_on(own, "opencreated");
        new.move_to(id);
        create(new)
    });
    // The user may not give what he creates to somebody else, existing or not.
    if E::kind() == Kind::Customer {
        let owner = E::schema().field("owner").unwrap();
        let mut new = E::new_on(own, "opencreated");
        new.set(owner, Value::Id(world.rival.uuid())).unwrap();
        walk.say(world.rival);
        let wanted = if world.variant == Variant::Blind { "invalid" } else { "denied" };
        assert_eq!(walk.refused(create(new)).code(), wanted);
    }
    with_strangers(walk, |_, data| create(data));
}

/// References to foreign records look like references to nothing, also when the foreign records fit each other.
fn with_strangers<E: Gated>(walk: &Walk<'_>, write: impl Fn(Id<Customer>, E) -> Result<Record<E>>) {
    let world = walk.world;
    let own = world.mine::<Customer>()[0];
    let new_id = || walk.session.new_id::<Customer>().unwrap().uuid();
    for field in ["contacts", "opportunity", "interaction"] {
        let Some(index) = E::schema().field(field) else { continue };
        let foreign: Vec<(Id<Customer>, Uuid)> = match field {
            "contacts" => strangers::<Contact>(world),
            "opportunity" => strangers::<Opportunity>(world),
            _ => strangers::<Interaction>(world),
        };
        for with_its_customer in [false, true] {
            let call = |(customer, other): &(Id<Customer>, Uuid)| {
                let customer = if with_its_customer { *customer } else { own };
                let mut data = E::new_on(customer, "opencreated");
                let value = match (field, E::kind()) {
                    ("contacts", Kind::Opportunity) => Value::List(vec![Value::Map(BTreeMap::from([(
                        "contact".to_owned(),
                        Value::Id(*other),
                    )]))]),
                    ("contacts", _) => Value::List(vec![Value::Id(*other)]),
                    _ => Value::Id(*other),
                };
                data.set(index, value).unwrap();
                write(customer, data)
            };
            let unknown = (Id::from_uuid(new_id()), new_id());
            let words = |(customer, other): &(Id<Customer>, Uuid)| {
                let mut words = vec![other.to_string()];
                if with_its_customer {
                    words.push(customer.to_string());
                }
                words
            };
            walk.alike(&unknown, &foreign, words, call);
        }
    }
    // Who may see a foreign customer is not told either.
    if let Some(assignee) = E::schema().field("assignee") {
        for user in [world.rival, world.me] {
            let customers: Vec<_> = world.foreign_customers();
            walk.say(user);
            walk.alike_ids(&customers, |customer| {
                let mut data = E::new_on(customer, "opencreated");
                data.set(assignee, Value::Id(user.uuid())).unwrap();
                write(customer, data)
            });
        }
    }
}

/// Records on customers that are not seen, with those customers.
fn strangers<E: Gated>(world: &World) -> Vec<(Id<Customer>, Uuid)> {
    let all = world.everything::<E>();
    let strangers = all.iter().map(|(record, _)| (E::customer_of(record), record.id.uuid()));
    strangers.filter(|(customer, _)| !world.sees_customer(*customer) && *customer != world.linked).collect()
}

/// Values that are unique and taken by foreign customers.
fn taken_emails<E: Gated>(walk: &Walk<'_>, create: impl Fn(E) -> Result<Record<E>>) {
    if E::kind() != Kind::Customer {
        return;
    }
    let emails: Vec<String> = (3..=7).map(|n| format!("{SECRET}mail{n}@shop.example")).collect();
    let field = E::schema().field("emails").unwrap();
    let own = walk.world.mine::<Customer>()[0];
    taken(walk, &emails, |email| {
        let address = Value::Map(BTreeMap::from([
            ("address".to_owned(), Value::Text(email.clone())),
            ("opted_out".to_owned(), Value::Bool(false)),
        ]));
        let mut new = E::new_on(own, "opencreated");
        new.set(field, Value::List(vec![address])).unwrap();
        create(new)
    });
}

fn create<E: Gated>(walk: &Walk<'_>) {
    creating::<E>(walk, |data| E::of(&walk.session).create(data));
    taken_emails::<E>(walk, |data| E::of(&walk.session).create(data));
}

fn create_with_id<E: Gated>(walk: &Walk<'_>) {
    let collection = E::of(&walk.session);
    creating::<E>(walk, |data| collection.create_with_id(walk.session.new_id().unwrap(), data));
    let own = walk.world.mine::<Customer>()[0];
    let new = || E::new_on(own, "opencreated");
    if !walk.world.sees_kind(E::kind()) {
        walk.alike_ids(&walk.world.foreign::<E>(), |id| collection.create_with_id(id, new()));
        return;
    }
    // An id that is taken is told as taken, without the holder: of the same kind, or of another, or of one that is
    // gone.
    let mut taken: Vec<Uuid> = walk.world.foreign::<E>().iter().map(|id| id.uuid()).collect();
    taken.extend(walk.world.foreign::<Customer>().iter().map(|id| id.uuid()));
    taken.extend(walk.world.foreign::<Reminder>().iter().map(|id| id.uuid()));
    for id in taken {
        walk.say(id);
        match walk.refused(collection.create_with_id(Id::from_uuid(id), new())) {
            Error::Duplicate { field: "id", holder: None, .. } => {}
            other => panic!("{:?}: {other:?}", E::kind()),
        }
    }
}

fn create_from<E: Gated>(walk: &Walk<'_>) {
    let own = walk.world.mine::<Customer>()[0];
    let create = |customer| {
        let mut patch = patch_of::<E>(own, "opencreated");
        if let Some(customer) = customer {
            patch = patch.set(E::REFERENCE, Value::Id(Id::<Customer>::uuid(customer)));
        }
        E::of(&walk.session).create_from(patch)
    };
    if walk.world.sees_kind(E::kind()) {
        walk.record(create(None).unwrap());
    }
    walk.alike_ids(&walk.world.foreign_customers(), |customer| create(Some(customer)));
}

fn update<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.update(id, |data| data.retext("openupdated")));
    if !world.sees_kind(E::kind()) {
        return;
    }
    let own = walk.own::<E>().id;
    walk.record(collection.update(own, |data| data.retext("openupdated")).unwrap());
    walk.alike_ids(&world.foreign_customers(), |customer| {
        collection.update(own, |data| data.move_to(customer))
    });
    with_strangers::<E>(walk, |customer, data| {
        collection.update(own, |stored| {
            let fields = (0..E::FIELDS.len()).filter(|field| E::FIELDS[*field].reference.is_some());
            fields.for_each(|field| stored.copy_field(field, &data));
            if E::kind() != Kind::Customer {
                stored.move_to(customer);
            }
        })
    });
    if E::kind() == Kind::Customer {
        // A foreign customer that hangs below the own one looks like nothing, not like a circle.
        let mine = Id::<E>::from_uuid(world.mine::<Customer>()[0].uuid());
        let parents: Vec<_> = world.foreign_customers();
        assert!(parents.contains(&world.below_mine));
        for own in world.mine::<Customer>() {
            let own = Id::<E>::from_uuid(own.uuid());
            walk.alike_ids(&parents, |parent| collection.update(own, |data| data.move_to(parent)));
        }
        let _ = mine;
    }
}

fn patch<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    let text = || Patch::new().set(E::TEXT, "openpatched");
    walk.alike_ids(&world.foreign::<E>(), |id| collection.patch(id, text()));
    // Not even by a patch that is wrong.
    walk.alike_ids(&world.foreign::<E>(), |id| collection.patch(id, Patch::new().set("no_field", 1)));
    if !world.sees_kind(E::kind()) {
        return;
    }
    let own = walk.own::<E>().id;
    walk.record(collection.patch(own, text()).unwrap());
    walk.alike_ids(&world.foreign_customers(), |customer| {
        collection.patch(own, Patch::new().set(E::REFERENCE, Value::Id(customer.uuid())))
    });
}

fn patch_at<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    for version in [0, 1, 2, 99] {
        let text = || Patch::new().set(E::TEXT, "openpatched");
        walk.alike_ids(&world.foreign::<E>(), |id| collection.patch_at(id, version, text()));
    }
    if !world.sees_kind(E::kind()) {
        return;
    }
    let own = walk.own::<E>().id;
    walk.alike_ids(&world.foreign_customers(), |customer| {
        collection.patch_at(own, 1, Patch::new().set(E::REFERENCE, Value::Id(customer.uuid())))
    });
    // A conflict names stored values: of a record that is seen.
    E::of(&world.system).update(own, |data| data.retext("openstored")).unwrap();
    let error = walk.refused(collection.patch_at(own, 1, Patch::new().set(E::TEXT, "openmine")));
    assert_eq!(error.code(), "conflict");
}

fn replace<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    let own = walk.own::<E>();
    for version in [1, 2, 99] {
        let of = |id| Record { id, version, ..own.clone() };
        walk.alike_ids(&world.foreign::<E>(), |id| collection.replace(of(id)));
    }
    if !world.sees_kind(E::kind()) {
        return;
    }
    walk.alike_ids(&world.foreign_customers(), |customer| {
        let mut record = own.clone();
        record.data.move_to(customer);
        collection.replace(record)
    });
    let mut record = own;
    record.data.retext("openreplaced");
    walk.record(collection.replace(record).unwrap());
}

fn delete<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.delete(id));
    if world.sees_kind(E::kind()) {
        walk.shown(collection.delete(walk.own::<E>().id).unwrap());
    }
}

fn restore<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.restore(id));
    if world.sees_kind(E::kind()) {
        let own = walk.own::<E>().id;
        collection.delete(own).unwrap();
        walk.record(collection.restore(own).unwrap());
    }
}

fn purge<E: Gated>(walk: &Walk<'_>) {
    let (world, collection) = (walk.world, E::of(&walk.session));
    walk.alike_ids(&world.foreign::<E>(), |id| collection.purge(id));
    if world.sees_kind(E::kind()) {
        let own = walk.own::<E>().id;
        collection.delete(own).unwrap();
        walk.shown(collection.purge(own).unwrap());
    }
}

fn by_code(walk: &Walk<'_>) {
    let foreign: Vec<String> = (4..=11).map(|number| format!("KX-{number:03}")).collect();
    let call = |code: &String| walk.session.customers().by_code(code);
    walk.alike(&"KX-999".to_owned(), &foreign, |code| vec![code.clone()], call);
    walk.record(walk.session.customers().by_code("kx-001").unwrap());
}

// ---- walks of the batch ----------------------------------------------------------------------------------------

/// Runs a batch of one step after one that goes well: it fails as a whole.
fn run(walk: &Walk<'_>, step: impl FnOnce(&mut Batch<'_>)) -> Result<Operation> {
    let mut batch = walk.session.batch();
    batch.create(Customer::new_on(Id::default(), "openbatch"))?;
    step(&mut batch);
    batch.run()
}

fn batch_create<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign_customers(), |customer| {
        run(walk, |batch| {
            let mut new = E::new_on(customer, "openbatch");
            new.move_to(customer);
            walk.shown(batch.create(new).unwrap());
        })
    });
}

fn batch_create_with_id<E: Gated>(walk: &Walk<'_>) {
    let own = walk.world.mine::<Customer>()[0];
    for id in walk.world.foreign::<E>() {
        walk.say(id);
        match walk.refused(run(walk, |batch| batch.create_with_id(id, E::new_on(own, "openbatch")))) {
            Error::Duplicate { holder: None, .. } => {}
            Error::Denied { .. } if !walk.world.sees_kind(E::kind()) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn batch_update<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| {
        run(walk, |batch| batch.update::<E>(id, |data| data.retext("openbatch")))
    });
}

fn batch_patch<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| {
        run(walk, |batch| batch.patch::<E>(id, Patch::new().set(E::TEXT, "openbatch")))
    });
}

fn batch_delete<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| run(walk, |batch| batch.delete::<E>(id)));
}

fn batch_restore<E: Gated>(walk: &Walk<'_>) {
    walk.alike_ids(&walk.world.foreign::<E>(), |id| run(walk, |batch| batch.restore::<E>(id)));
}

/// What a batch did is told only as far as it is seen: a customer takes its contacts along, whoever may see them.
fn batch_run(walk: &Walk<'_>) {
    let new = Customer { owner: Some(walk.world.me), ..Customer::new_on(Id::default(), "openrun") };
    let customer = walk.world.system.customers().create(new).unwrap().id;
    let texts = Texts { secret: false, number: 50 };
    texts.children(&walk.world.system, customer, walk.world.variant == Variant::NoContacts, walk.world.me);
    let mut batch = walk.session.batch();
    batch.delete::<Customer>(customer);
    let trashed = walk.operation(batch.run().unwrap());
    assert!(trashed.changes.len() > 5);
    let mut batch = walk.session.batch();
    batch.restore::<Customer>(customer);
    walk.operation(batch.run().unwrap());
    let empty = walk.operation(walk.session.batch().run().unwrap());
    assert!(empty.changes.is_empty());
}

fn batch_size(walk: &Walk<'_>) {
    let mut batch = walk.session.batch();
    assert!(batch.is_empty());
    batch.delete::<Customer>(walk.world.foreign::<Customer>()[0]);
    assert_eq!(walk.shown(&batch).len(), 1);
}

// ---- walks of the session --------------------------------------------------------------------------------------

/// A kind that hangs on nobody: seen wholly, or denied.
fn free<E: Rules>(walk: &Walk<'_>, collection: Collection<'_, E>, of_the_program: Collection<'_, E>) {
    let all = of_the_program.list(&Query::new()).unwrap().items;
    assert!(!all.is_empty());
    if walk.world.variant == Variant::Blind {
        for error in [
            walk.refused(collection.list(&Query::new())),
            walk.refused(collection.trash(&Query::new())),
            walk.refused(collection.count(&Query::new())),
            walk.refused(collection.aggregate(&Query::new(), &Aggregate::count())),
            walk.refused(collection.search("a", 10)),
            walk.refused(collection.iter(Query::new()).next().unwrap()),
        ] {
            assert_eq!(error.code(), "denied");
        }
        walk.alike_ids(&ids(&all), |id| collection.get(id));
        walk.alike_ids(&ids(&all), |id| collection.history(id));
        walk.alike_ids(&ids(&all), |id| collection.update(id, |_| {}));
        walk.alike_ids(&ids(&all), |id| collection.delete(id));
        return;
    }
    walk.shown(collection.list(&Query::new().with_total()).unwrap());
    walk.shown(collection.trash(&Query::new()).unwrap());
    walk.shown(collection.aggregate(&Query::new(), &Aggregate::count()).unwrap());
    walk.shown(collection.search("narrow sales", 10).unwrap());
    for record in all {
        assert_eq!(walk.shown(collection.get(record.id).unwrap()), record);
        for operation in collection.history(record.id).unwrap() {
            walk.operation(operation);
        }
        let error = walk.refused(collection.update(record.id, |_| {}));
        assert_eq!(error.code(), "denied");
        assert_eq!(walk.refused(collection.delete(record.id)).code(), "denied");
    }
    assert_eq!(walk.refused(collection.create(E::default())).code(), "denied");
}

/// A collection of its own is not more than the kind that it is of.
fn collection_of<E: Gated>(walk: &Walk<'_>) {
    let seen = match E::of(&walk.session).list(&Query::new()) {
        Ok(page) => page.items,
        Err(error) => {
            assert_eq!(error.code(), "denied");
            Vec::new()
        }
    };
    assert_eq!(seen.len(), walk.world.mine::<E>().len());
    walk.shown(E::of(&walk.session));
    seen.into_iter().for_each(|record| drop(walk.record(record)));
}

fn session_search(walk: &Walk<'_>) {
    for words in typed(walk) {
        let hits = walk.session.search(&words, 1_000).unwrap();
        // Users are found by those who see users.
        assert!(hits.iter().all(|hit| hit.kind == Kind::User), "{words}: {hits:?}");
    }
    let hits = walk.shown(walk.session.search("open", 1_000).unwrap());
    assert!(hits.len() > 10);
    assert!(hits.iter().all(|hit| walk.world.sees_kind(hit.kind)));
    assert!(hits.iter().all(|hit| hit.customer.is_some_and(|id| walk.world.sees_customer(id))));
    for words in ["rival", "mate", "boss"] {
        let users = walk.shown(walk.session.search(words, 10).unwrap());
        assert!(walk.world.variant != Variant::Blind || users.is_empty());
    }
}

fn session_operations(walk: &Walk<'_>) {
    if walk.world.variant != Variant::Feed {
        for after in [0, 5, u64::MAX] {
            assert_eq!(walk.refused(walk.session.operations(after, 10)).code(), "denied");
        }
        return;
    }
    let seen = |change: &Change| change.kind.schema().gate == Gate::Free || walk.world.sees_change(change);
    let mut wanted = walk.world.crm.changes_since(0, 10_000).unwrap();
    for operation in &mut wanted {
        operation.changes.retain(seen);
    }
    wanted.retain(|operation| !operation.changes.is_empty());
    let all = walk.session.operations(0, 10_000).unwrap();
    assert_eq!(all, wanted);
    assert!(all.len() > 10);
    all.into_iter().for_each(|operation| drop(walk.operation(operation)));
    let mut after = 0;
    let mut paged = Vec::new();
    while let Some(operation) = walk.session.operations(after, 1).unwrap().pop() {
        after = operation.seq;
        paged.push(operation);
    }
    assert_eq!(paged, wanted);
}

fn session_undo(walk: &Walk<'_>) {
    let unknown: OperationId = walk.session.new_id::<Customer>().unwrap().uuid();
    let foreign = &walk.world.foreign_operations;
    walk.alike(&unknown, foreign, |id| vec![id.to_string()], |id| walk.session.undo(*id));
    // What somebody else did to an own record is taken back, and what has been built on is told.
    let own = walk.own::<Opportunity>().id;
    walk.world.system.opportunities().update(own, |deal| deal.retext("openfirst")).unwrap();
    walk.world.system.opportunities().update(own, |deal| deal.retext("opensecond")).unwrap();
    let history = walk.session.opportunities().history(own).unwrap();
    let error = walk.refused(walk.session.undo(history[1].id));
    assert_eq!(error.code(), "refused");
    walk.operation(walk.session.undo(history[2].id).unwrap());
}

fn of_nobody<T: Debug>(walk: &Walk<'_>, call: impl Fn(Id<User>) -> Result<T>) {
    let world = walk.world;
    walk.alike_ids(&[world.me, world.rival], call);
}

type WalkFn = fn(&Walk<'_>);

/// Every public function with its walk.
const WALKS: &[(&str, WalkFn)] = &[
    ("Batch::create", each!(batch_create)),
    ("Batch::create_with_id", each!(batch_create_with_id)),
    ("Batch::delete", each!(batch_delete)),
    ("Batch::is_empty", batch_size),
    ("Batch::len", batch_size),
    ("Batch::patch", each!(batch_patch)),
    ("Batch::restore", each!(batch_restore)),
    ("Batch::run", batch_run),
    ("Batch::update", each!(batch_update)),
    ("Collection::aggregate", each!(aggregate)),
    ("Collection::by_code", by_code),
    ("Collection::by_external_id", each!(by_external_id)),
    ("Collection::count", each!(count)),
    ("Collection::create", each!(create)),
    ("Collection::create_from", each!(create_from)),
    ("Collection::create_with_id", each!(create_with_id)),
    ("Collection::delete", each!(delete)),
    ("Collection::get", each!(get)),
    ("Collection::history", each!(history)),
    ("Collection::iter", each!(iter)),
    ("Collection::list", each!(list)),
    ("Collection::patch", each!(patch)),
    ("Collection::patch_at", each!(patch_at)),
    ("Collection::purge", each!(purge)),
    ("Collection::replace", each!(replace)),
    ("Collection::restore", each!(restore)),
    ("Collection::search", each!(search)),
    ("Collection::trash", each!(trash)),
    ("Collection::update", each!(update)),
    ("Collection::upsert", each!(upsert)),
    ("Collection::upsert_patch", each!(upsert_patch)),
    ("Session::actor", |walk| drop(walk.shown(walk.session.actor()))),
    ("Session::batch", |walk| drop(walk.shown(walk.session.batch()))),
    ("Session::change_password", |walk| {
        let error = walk.refused(walk.session.change_password("wrong horse", "battery staple"));
        assert_eq!(error.code(), "bad_credentials");
        walk.session.change_password(PASSWORD, "battery staple").unwrap();
        assert_eq!(walk.refused(walk.session.me()).code(), "session_ended");
        walk.world.system.set_password(walk.world.me, PASSWORD).unwrap();
    }),
    ("Session::contacts", collection_of::<Contact>),
    ("Session::customers", collection_of::<Customer>),
    ("Session::interactions", collection_of::<Interaction>),
    ("Session::logout", |walk| {
        walk.session.logout().unwrap();
        walk.alike_ids(&walk.world.foreign::<Customer>(), |id| walk.session.customers().get(id));
        assert_eq!(walk.refused(walk.session.customers().list(&Query::new())).code(), "session_ended");
    }),
    ("Session::may", |walk| {
        for kind in Kind::ALL {
            let may = walk.session.may(Action::View, *kind).unwrap();
            let blind = walk.world.variant == Variant::Blind && kind.schema().gate == Gate::Free;
            assert_eq!(may, walk.world.sees_kind(*kind) && !blind);
        }
    }),
    ("Session::me", |walk| {
        let me = walk.shown(walk.session.me().unwrap().unwrap());
        assert_eq!(me.id, walk.world.me);
    }),
    ("Session::new_id", |walk| drop(walk.shown(walk.session.new_id::<Customer>().unwrap()))),
    ("Session::operations", session_operations),
    ("Session::opportunities", collection_of::<Opportunity>),
    ("Session::patch_settings", |walk| {
        let patch = Patch::new().set("code_digits", 4);
        let error = walk.refused(walk.session.patch_settings(patch));
        assert_eq!(error.code(), if walk.world.variant == Variant::Blind { "not_found" } else { "denied" });
    }),
    ("Session::pipelines", |walk| {
        free(walk, walk.session.pipelines(), walk.world.system.pipelines());
    }),
    ("Session::reminders", collection_of::<Reminder>),
    ("Session::revoke_sessions", |walk| of_nobody(walk, |user| walk.session.revoke_sessions(user))),
    ("Session::roles", |walk| free(walk, walk.session.roles(), walk.world.system.roles())),
    ("Session::search", session_search),
    ("Session::set_password", |walk| {
        of_nobody(walk, |user| walk.session.set_password(user, "battery staple"));
    }),
    ("Session::settings", |walk| {
        let settings = walk.session.settings();
        match walk.world.variant {
            Variant::Blind => assert_eq!(walk.refused(settings).code(), "denied"),
            _ => drop(walk.shown(settings.unwrap())),
        }
    }),
    ("Session::token", |walk| drop(walk.shown(walk.session.token().unwrap()))),
    ("Session::undo", session_undo),
    ("Session::update_settings", |walk| {
        let error = walk.refused(walk.session.update_settings(|settings| settings.shared_emails = true));
        assert_eq!(error.code(), if walk.world.variant == Variant::Blind { "not_found" } else { "denied" });
    }),
    ("Session::users", |walk| free(walk, walk.session.users(), walk.world.system.users())),
    ("Upserted::into_record", each!(upsert)),
];

/// Walks every function in one world.
fn walk_all(store: Arc<dyn port::Store>, variant: Variant) {
    let (options, clock) = test_options(26);
    let crm = Crm::open(store, options).unwrap();
    let world = World::new(crm, &clock, variant);
    for (name, walk) in WALKS {
        let before = world.fingerprint();
        let session = world.crm.login("narrow", PASSWORD).unwrap();
        walk(&Walk { world: &world, name, session, said: RefCell::default() });
        assert_eq!(world.fingerprint(), before, "{name} changed what the user does not see");
    }
    let report = world.crm.check().unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

macro_rules! walks {
    ($($memory:ident, $sqlite:ident => $variant:ident;)+) => {$(
        #[test]
        fn $memory() {
            walk_all(Arc::new(MemoryStore::new()), Variant::$variant);
        }
        #[test]
        fn $sqlite() {
            walk_all(Arc::new(crm_sqlite::OpenOptions::in_memory().open().unwrap()), Variant::$variant);
        }
    )+
        #[test]
        fn every_variant_of_the_role_is_walked() {
            assert_eq!([$(Variant::$variant),+], Variant::ALL);
        }
    };
}
walks! {
    own_customers_in_memory, own_customers_in_sqlite => Own;
    the_teams_customers_in_memory, the_teams_customers_in_sqlite => Team;
    no_contacts_in_memory, no_contacts_in_sqlite => NoContacts;
    own_customers_in_the_feed_in_memory, own_customers_in_the_feed_in_sqlite => Feed;
    no_users_in_memory, no_users_in_sqlite => Blind;
}
