//! A store with ten customers and all that hangs on them, and a user who sees three.

use super::*;

/// A foreign file whose bytes the user happens to have too.
pub(super) const KNOWN_FILE: &str = "zqsecretfilea3";

/// What the narrow user's role is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    /// Own customers only.
    Own,
    /// Those of the team.
    Team,
    /// Own customers, but no contacts.
    NoContacts,
    /// Own customers, and the feed of all operations.
    Feed,
    /// Own customers; neither users nor anything else that hangs on no customer.
    Blind,
}

impl Variant {
    pub(super) const ALL: [Variant; 5] =
        [Variant::Own, Variant::Team, Variant::NoContacts, Variant::Feed, Variant::Blind];

    pub(super) fn role(self) -> Role {
        use Action::{Create, Delete, Edit, Export, Purge, View};
        let level = if self == Variant::Team { Level::Team } else { Level::Own };
        let mut grants = Grants::of_all_kinds(&[View, Create, Edit, Delete, Export, Purge], level);
        for kind in Kind::ALL.iter().filter(|kind| kind.schema().gate == Gate::Free) {
            grants.grant(*kind, View, if self == Variant::Blind { Level::None } else { Level::All });
            grants.grant(*kind, Create, Level::None);
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

pub(super) struct World {
    pub(super) variant: Variant,
    pub(super) crm: Crm,
    pub(super) system: Session,
    pub(super) me: Id<User>,
    pub(super) rival: Id<User>,
    /// Users whose customers are seen.
    pub(super) owners: Vec<Id<User>>,
    /// The owner of each customer, as far as asked.
    pub(super) owner_of: RefCell<BTreeMap<Id<Customer>, Option<Id<User>>>>,
    /// Everything that must not show besides the marked texts: ids and codes.
    pub(super) secrets: BTreeSet<String>,
    /// All of the secrets, in a form that finds any of them in one pass.
    pub(super) finder: AhoCorasick,
    /// The foreign customer that a visible one refers to.
    pub(super) linked: Id<Customer>,
    /// A foreign customer whose parent is a visible one.
    pub(super) below_mine: Id<Customer>,
    /// Operations that touched something that is not seen.
    pub(super) foreign_operations: Vec<OperationId>,
    pub(super) purged: Id<Customer>,
}

/// A record of a kind that hangs on a customer, or is one.
pub(super) trait Gated: Rules {
    /// A field with a text, by which it is searched if at all; of sales, which have none, the quantity.
    const TEXT: &'static str;
    fn of(session: &Session) -> Collection<'_, Self>;
    fn customer_of(record: &Record<Self>) -> Id<Customer>;
    fn new_on(customer: Id<Customer>, text: &str) -> Self;
    fn retext(&mut self, text: &str);
    /// Makes one with all that it needs.
    fn make(session: &Session, new: Self) -> Result<Record<Self>> {
        Self::of(session).create(new)
    }
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
gated!(Note, notes, body);
gated!(Feedback, feedback, text);

impl Gated for Attachment {
    const TEXT: &'static str = "file_name";
    const REFERENCE: &'static str = "customer";
    fn of(session: &Session) -> Collection<'_, Self> {
        session.attachments()
    }
    fn customer_of(record: &Record<Self>) -> Id<Customer> {
        record.customer
    }
    fn new_on(customer: Id<Customer>, text: &str) -> Self {
        Attachment { customer, file_name: text.to_owned(), ..Attachment::default() }
    }
    fn retext(&mut self, text: &str) {
        self.file_name = text.to_owned();
    }
    fn make(session: &Session, new: Self) -> Result<Record<Self>> {
        session.attach(new, &mut "open bytes".as_bytes())
    }
    fn move_to(&mut self, customer: Id<Customer>) {
        self.customer = customer;
    }
}

impl Gated for Sale {
    const TEXT: &'static str = "quantity";
    const REFERENCE: &'static str = "customer";
    fn of(session: &Session) -> Collection<'_, Self> {
        session.sales()
    }
    fn customer_of(record: &Record<Self>) -> Id<Customer> {
        record.customer
    }
    fn new_on(customer: Id<Customer>, text: &str) -> Self {
        let mut new = Sale { customer, unit_price: Some(Money::new(5, Currency::KES)), ..Sale::default() };
        new.retext(text);
        new
    }
    /// As many as the text has letters.
    fn retext(&mut self, text: &str) {
        self.quantity = i64::try_from(text.len()).unwrap().into();
    }
    fn move_to(&mut self, customer: Id<Customer>) {
        self.customer = customer;
    }
}

/// The value of the field [`Gated::TEXT`].
pub(super) fn text_value<E: Gated>(text: &str) -> Value {
    E::new_on(Id::default(), text).value(E::schema().field(E::TEXT).unwrap())
}

/// What lists can do with [`Gated::TEXT`]: compare it as a text, compare it at all, be sorted by it.
pub(super) fn text_is<E: Gated>() -> (bool, bool, bool) {
    let column = E::schema().columns.iter().find(|column| column.name == E::TEXT).unwrap();
    (column.filterable && column.ty == ValueType::Text, column.filterable, column.sortable)
}

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
pub(super) trait Complete {
    fn complete(&mut self) {}
}
impl Complete for Contact {}
impl Complete for Opportunity {}
impl Complete for Interaction {}
impl Complete for Note {}
impl Complete for Feedback {}
impl Complete for Reminder {
    fn complete(&mut self) {
        self.due = Due::on(NaiveDate::from_ymd_opt(2026, 5, 1).unwrap());
    }
}

/// Texts of one customer and of all that hangs on it.
pub(super) struct Texts {
    pub(super) secret: bool,
    pub(super) number: usize,
}

impl Texts {
    pub(super) fn text(&self, field: &str) -> String {
        let start = if self.secret { SECRET } else { "open" };
        format!("{start}{field}{}", self.number)
    }
    pub(super) fn some(&self, field: &str) -> Option<String> {
        Some(self.text(field))
    }
    pub(super) fn digits(&self) -> String {
        let start = if self.secret { SECRET_DIGITS } else { "20030" };
        format!("{start}{:02}", self.number)
    }
    pub(super) fn phones(&self, plus: &str) -> Vec<Phone> {
        vec![Phone::new(format!("+1{plus}{}", self.digits()))]
    }
    pub(super) fn money(&self) -> Option<Money> {
        Some(Money::new(self.digits().parse().unwrap(), Currency::KES))
    }
    pub(super) fn external(&self, kind: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("erp".to_owned(), self.text(kind))])
    }
    pub(super) fn address(&self) -> Option<Address> {
        Some(Address {
            street: self.some("street"),
            city: self.some("city"),
            state: self.some("state"),
            postal_code: self.some("postal"),
            country: self.some("country"),
        })
    }

    pub(super) fn customer(&self, owner: Option<Id<User>>) -> Customer {
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
            extra: BTreeMap::from([("X-NOTE".to_owned(), self.text("extra"))]),
            lead: Some(Lead { estimated_value: self.money(), ..Lead::default() }),
            custom: self.custom(),
            ..Customer::default()
        }
    }

    pub(super) fn custom(&self) -> CustomValues {
        let mut custom = CustomValues::default();
        custom.set("tier", self.text("tier"));
        custom
    }

    /// The bytes of a file.
    pub(super) fn bytes(&self, twin: &str) -> Vec<u8> {
        self.text(&format!("bytes{twin}")).into_bytes()
    }

    /// When the task of this name is due: some before the world's day, some on it, some after it.
    fn due(&self, twin: &str) -> Due {
        let day = match twin {
            "b" => "2026-05-01",
            _ if self.number.is_multiple_of(2) => "2026-03-02",
            _ => "2026-03-05",
        };
        Due::on(day.parse().unwrap())
    }

    /// Puts two of each kind on a customer.
    pub(super) fn children(
        &self,
        world: &Session,
        customer: Id<Customer>,
        contacts_secret: bool,
        user: Id<User>,
    ) {
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
                due: self.due(twin),
                ..Reminder::new_on(customer, &self.text(&format!("title{twin}")))
            };
            world.reminders().create(reminder).unwrap();
            let note = Note {
                customer,
                opportunity: Some(opportunity),
                body: self.text(&format!("body{twin}")),
                ..Note::default()
            };
            let note = world.notes().create(note).unwrap().id;
            let product = world.products().list(&Query::new()).unwrap().items[0].id;
            let sale = Sale {
                customer,
                product: Some(product),
                opportunity: Some(opportunity),
                unit_price: self.money(),
                employee: Some(user),
                ..Sale::default()
            };
            world.sales().create(sale).unwrap();
            let feedback = Feedback {
                customer,
                text: self.text(&format!("praise{twin}")),
                rating: Some(4),
                channel: self.some("channel"),
                ..Feedback::default()
            };
            world.feedback().create(feedback).unwrap();
            let file = Attachment {
                customer,
                interaction: Some(interaction),
                opportunity: Some(opportunity),
                note: Some(note),
                file_name: self.text(&format!("file{twin}")),
                media_type: format!("text/{}", self.text("media")),
                ..Attachment::default()
            };
            world.attach(file, &mut self.bytes(twin).as_slice()).unwrap();
        }
    }
}

impl World {
    /// Ten customers with all that hangs on them; the user owns three.
    pub(super) fn new(crm: Crm, clock: &contract::ManualClock, variant: Variant) -> World {
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
        free_records(&system);
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

        // Three days later people are told of what is due; of what is secret they can't be.
        clock.advance(TimeDelta::days(3));
        let tell = |due: &DueReminder| match due.reminder.title.starts_with(SECRET) {
            true => Err(format!("{SECRET}problem")),
            false => Ok(()),
        };
        let dispatched = crm.dispatch_due(system.now() + TimeDelta::hours(6), &tell).unwrap();
        assert!(dispatched.told > 2 && dispatched.failed > 4, "{dispatched:?}");

        let mut world = World {
            variant,
            crm,
            system,
            me,
            rival,
            owners,
            owner_of: RefCell::default(),
            secrets: BTreeSet::new(),
            finder: finder_of(&BTreeSet::new()),
            linked,
            below_mine,
            foreign_operations: Vec::new(),
            purged,
        };
        world.collect_secrets();
        world
    }

    pub(super) fn collect_secrets(&mut self) {
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
        secrets.extend(self.foreign::<Note>().iter().map(Id::to_string));
        secrets.extend(self.foreign::<Sale>().iter().map(Id::to_string));
        secrets.extend(self.foreign::<Feedback>().iter().map(Id::to_string));
        for (file, _) in self.everything::<Attachment>().iter().filter(|(file, _)| !self.sees(file)) {
            secrets.insert(file.id.to_string());
            // Of one a walk knows the bytes.
            if file.file_name != KNOWN_FILE {
                secrets.insert(file.sha256.clone());
            }
        }
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
        self.finder = finder_of(&secrets);
        self.secrets = secrets;
        self.foreign_operations = foreign_operations;
        assert!(self.secrets.len() > 100 && self.foreign_operations.len() > 50);
    }

    pub(super) fn sees_kind(&self, kind: Kind) -> bool {
        !(self.variant == Variant::NoContacts && kind == Kind::Contact)
    }

    pub(super) fn sees_customer(&self, id: Id<Customer>) -> bool {
        let known = self.owner_of.borrow().get(&id).copied();
        let owner = known.unwrap_or_else(|| {
            // No walk gives a customer to somebody else; what was purged has no owner.
            let all = self.everything::<Customer>().into_iter().map(|(record, _)| (record.id, record.owner));
            let mut owner_of = self.owner_of.borrow_mut();
            owner_of.extend(all);
            *owner_of.entry(id).or_default()
        });
        owner.is_some_and(|owner| self.owners.contains(&owner))
    }

    pub(super) fn sees<E: Gated>(&self, record: &Record<E>) -> bool {
        self.sees_kind(E::kind()) && self.sees_customer(E::customer_of(record))
    }

    pub(super) fn sees_change(&self, change: &Change) -> bool {
        self.sees_kind(change.kind)
            && change.customer.is_some_and(|customer| self.sees_customer(Id::from_uuid(customer)))
    }

    /// All records of a kind, those in the trash marked.
    pub(super) fn everything<E: Gated>(&self) -> Vec<(Record<E>, bool)> {
        let query = Query::new().page_size(1_000);
        let live = E::of(&self.system).list(&query).unwrap().items;
        let trash = E::of(&self.system).trash(&query).unwrap().items;
        let trash = trash.into_iter().map(|trashed| (trashed.record, true));
        live.into_iter().map(|record| (record, false)).chain(trash).collect()
    }

    /// The one product.
    pub(super) fn product(&self) -> Value {
        Value::Id(self.system.products().list(&Query::new()).unwrap().items[0].id.uuid())
    }

    pub(super) fn mine<E: Gated>(&self) -> Vec<Id<E>> {
        let all = self.everything::<E>();
        all.iter().filter(|(record, trashed)| !trashed && self.sees(record)).map(|(r, _)| r.id).collect()
    }

    /// Of no use to the user: live, in the trash, of a stranger, of nobody, and one that is gone for good.
    pub(super) fn foreign<E: Gated>(&self) -> Vec<Id<E>> {
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
    pub(super) fn foreign_customers(&self) -> Vec<Id<Customer>> {
        self.foreign().into_iter().filter(|id| *id != self.linked).collect()
    }

    /// What of the foreign customers' records there is, and in which version.
    pub(super) fn fingerprint(&self) -> Vec<(Uuid, u64, bool)> {
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
        of::<Note>(self, &mut out);
        of::<Sale>(self, &mut out);
        of::<Feedback>(self, &mut out);
        of::<Attachment>(self, &mut out);
        out.sort();
        out
    }
}

fn finder_of(secrets: &BTreeSet<String>) -> AhoCorasick {
    // Its look at single letters first finds candidates everywhere in hexadecimal ids.
    AhoCorasick::builder().prefilter(false).build(secrets).unwrap()
}

/// What hangs on no customer: a custom field, a product, a rate, a saved view, and stages in which deals rot.
fn free_records(system: &Session) {
    system.custom_fields().create(CustomField { key: "tier".into(), ..CustomField::default() }).unwrap();
    let price = Some(Money::new(7, Currency::KES));
    system.products().create(Product { name: "Tea".into(), price, ..Product::default() }).unwrap();
    let rate = Rate {
        from: Currency::USD,
        to: Currency::KES,
        valid_from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
        rate: 129.into(),
        ..Rate::default()
    };
    system.rates().create(rate).unwrap();
    system.saved_views().create(SavedView { name: "Gold".into(), ..SavedView::default() }).unwrap();
    for pipeline in system.pipelines().list(&Query::new()).unwrap() {
        let rot = |pipeline: &mut Pipeline| {
            let open = pipeline.stages.iter_mut().filter(|stage| stage.kind == StageKind::Open);
            open.for_each(|stage| stage.rotting_after_days = Some(1));
        };
        system.pipelines().update(pipeline.id, rot).unwrap();
    }
}
