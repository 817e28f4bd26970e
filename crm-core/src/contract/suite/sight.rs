//! One gate for every read: what a user may not see is absent from all of them and looks like what is not there.

use super::Factory;
use super::fixture::{Office, id, named, names, refused};
use crate::crm::Session;
use crate::model::{Action, Contact, Customer, Filter, Grants, Kind, Level, Opportunity, Record, Role, User};
use crate::model::Query;
use crate::store::Aggregate;
use crate::value::{Currency, Id, Money};
use std::collections::BTreeSet;

/// Customers Ann's, Bob's, Cid's, Eve's and Nobody's, each with a contact and an opportunity of 10.00; the
/// opportunities all belong to Ann, which decides nothing.
struct Town {
    office: Office,
    customers: Vec<Record<Customer>>,
    contacts: Vec<Record<Contact>>,
}

fn town(factory: Factory<'_>) -> Town {
    let office = Office::new(factory);
    let own = office.role("own", Level::Own);
    let team = office.role("team", Level::Team);
    let ann = office.user("ann", own, Some("north"));
    let bob = office.user("bob", team, Some("north"));
    let cid = office.user("cid", team, Some("south"));
    let eve = office.user("eve", team, None);
    office.user("boss", office.role("all", Level::All), None);
    office.user("dan", office.role("none", Level::None), Some("north"));
    let mut town = Town { office, customers: Vec::new(), contacts: Vec::new() };
    let owners: [(&str, Option<&Record<User>>); 5] = [
        ("Ann's", Some(&ann)),
        ("Bob's", Some(&bob)),
        ("Cid's", Some(&cid)),
        ("Eve's", Some(&eve)),
        ("Nobody's", None),
    ];
    for (name, owner) in owners {
        let owner = owner.map(|user| user.id);
        let sys = &town.office.sys;
        let customer =
            sys.customers().create(Customer { owner, tags: vec!["x".into()], ..named(name) }).unwrap();
        let contact = Contact { customer: customer.id, given_name: name.into(), ..Contact::default() };
        let deal = Opportunity {
            customer: customer.id,
            name: name.into(),
            amount: Some(Money::new(1_000, Currency::KES)),
            owner: Some(ann.id),
            ..Opportunity::default()
        };
        town.contacts.push(sys.contacts().create(contact).unwrap());
        sys.opportunities().create(deal).unwrap();
        town.customers.push(customer);
    }
    town
}

impl Town {
    fn id(&self, name: &str) -> Id<Customer> {
        self.customers.iter().find(|customer| customer.name == name).unwrap().id
    }

    /// Every way of reading shows these customers, and what hangs on them, and nothing else.
    #[track_caller]
    fn shows_only(&self, session: &Session, expected: &[&str]) {
        let by_name = Query::new().order_by(["name"]);
        assert_eq!(names(session.customers().list(&by_name).unwrap()), expected, "list");
        let count = u64::try_from(expected.len()).unwrap();
        assert_eq!(session.customers().count(&Query::new()).unwrap(), count, "count");
        let page = session.customers().list(&by_name.clone().page_size(1).with_total()).unwrap();
        assert_eq!(page.total, Some(count), "total");
        let found = session.customers().search("s", 100).unwrap();
        assert_eq!(names(found).into_iter().rev().collect::<Vec<_>>(), expected, "search");
        let tagged = session.customers().list(&by_name.clone().filter(Customer::TAGS.is("x"))).unwrap();
        assert_eq!(names(tagged), expected, "keyed list");
        let hits = session.search("s", 100).unwrap();
        let hit: BTreeSet<&str> = hits.iter().map(|hit| hit.title.as_str()).collect();
        assert_eq!(hit, expected.iter().copied().collect(), "search of all kinds");
        assert_eq!(hits.len(), expected.len() * 3);
        let groups = session.customers().aggregate(&Query::new(), &Aggregate::count()).unwrap();
        assert_eq!(groups.iter().map(|group| group.count).sum::<u64>(), count, "figures");
        let sums =
            session.opportunities().aggregate(&Query::new(), &Aggregate::of(Opportunity::AMOUNT)).unwrap();
        let kes = i64::try_from(expected.len() * 1_000).unwrap();
        let sum = sums.first().and_then(|group| group.sum.clone());
        assert_eq!(
            sum,
            (kes > 0).then(|| Money::new(kes, Currency::KES).into()),
            "sum of what hangs on them"
        );
        let contacts = session.contacts().list(&Query::new().order_by(["given_name"])).unwrap();
        assert_eq!(names(contacts), expected, "contacts");
        let told = session.operations(0, 1_000).unwrap();
        let told =
            told.iter().flat_map(|operation| &operation.changes).filter(|change| change.customer.is_some());
        let told: BTreeSet<_> = told.filter_map(|change| change.customer).collect();
        assert_eq!(told, expected.iter().map(|name| self.id(name).uuid()).collect(), "journal");
        for (customer, contact) in self.customers.iter().zip(&self.contacts) {
            if expected.contains(&customer.name.as_str()) {
                assert_eq!(session.customers().get(customer.id).unwrap().id, customer.id);
                assert_eq!(session.contacts().history(contact.id).unwrap().len(), 1);
                continue;
            }
            let code = customer.code.as_ref().unwrap();
            let hidden = refused(session.customers().get(customer.id), "not_found").to_string();
            let unknown = refused(session.customers().get(id(77)), "not_found").to_string();
            let as_unknown = unknown.replace(&id::<Customer>(77).to_string(), &customer.id.to_string());
            assert_eq!(hidden, as_unknown);
            refused(session.contacts().get(contact.id), "not_found");
            refused(session.customers().by_code(code.as_str()), "not_found");
            refused(session.customers().history(customer.id), "not_found");
            refused(session.contacts().history(contact.id), "not_found");
            refused(
                session.contacts().update(contact.id, |contact| contact.given_name = "x".into()),
                "not_found",
            );
            refused(session.customers().delete(customer.id), "not_found");
        }
    }
}

/// `all` sees everything, also what belongs to nobody.
pub fn all_sees_everything(factory: Factory<'_>) {
    let town = town(factory);
    town.shows_only(&town.office.login("boss"), &["Ann's", "Bob's", "Cid's", "Eve's", "Nobody's"]);
    town.shows_only(&town.office.sys, &["Ann's", "Bob's", "Cid's", "Eve's", "Nobody's"]);
}

/// `own` is decided by the owner of the customer, never by that of what hangs on it.
pub fn own_sees_what_the_user_owns(factory: Factory<'_>) {
    let town = town(factory);
    town.shows_only(&town.office.login("ann"), &["Ann's"]);
}

/// `team` is the same word in `team`; a user without one is a team of one.
pub fn team_sees_what_the_team_owns(factory: Factory<'_>) {
    let town = town(factory);
    town.shows_only(&town.office.login("bob"), &["Ann's", "Bob's"]);
    town.shows_only(&town.office.login("cid"), &["Cid's"]);
    town.shows_only(&town.office.login("eve"), &["Eve's"]);
}

/// `none` is told so by lists, and finds nothing anywhere else.
pub fn none_sees_nothing(factory: Factory<'_>) {
    let town = town(factory);
    let dan = town.office.login("dan");
    refused(dan.customers().list(&Query::new()), "denied");
    refused(dan.customers().count(&Query::new()), "denied");
    refused(dan.customers().search("s", 10), "denied");
    refused(dan.customers().aggregate(&Query::new(), &Aggregate::count()), "denied");
    refused(dan.customers().get(town.id("Ann's")), "not_found");
    refused(dan.customers().history(town.id("Ann's")), "not_found");
    assert_eq!(dan.search("Ann's", 10).unwrap(), []);
    let told = dan.operations(0, 1_000).unwrap();
    assert!(told.iter().flat_map(|operation| &operation.changes).all(|change| change.customer.is_none()));
}

/// A customer that changes hands is seen by the new owner only, with all that hangs on it and its history; a user
/// who changes the team sees the new team's.
pub fn sight_follows_the_owner(factory: Factory<'_>) {
    let town = town(factory);
    let (ann, bob) = (town.office.login("ann"), town.office.login("bob"));
    town.shows_only(&ann, &["Ann's"]);
    let cid =
        town.office.sys.users().list(&Query::new().filter(User::USERNAME.is("cid"))).unwrap().items.remove(0);
    let customers = town.office.sys.customers();
    customers.update(town.id("Ann's"), |customer| customer.owner = Some(cid.id)).unwrap();
    town.shows_only(&ann, &[]);
    town.shows_only(&bob, &["Bob's"]);
    town.shows_only(&town.office.login("cid"), &["Ann's", "Cid's"]);
    town.office.sys.users().update(cid.id, |user| user.team = Some("north".into())).unwrap();
    town.shows_only(&bob, &["Ann's", "Bob's", "Cid's"]);
}

/// A filter that hops to a record which the reader may not see finds as little as one that hops to none.
pub fn a_hop_does_not_reach_what_is_hidden(factory: Factory<'_>) {
    let town = town(factory);
    let (hidden, own) = (town.id("Cid's"), town.id("Ann's"));
    town.office.sys.customers().update(own, |customer| customer.parent = Some(hidden)).unwrap();
    let parent_is = |session: &Session| {
        let query = Query::new().filter(Filter::is("parent.name", "Cid's"));
        let not = Query::new().filter(!Filter::is("parent.name", "Cid's")).order_by(["name"]);
        (names(session.customers().list(&query).unwrap()), names(session.customers().list(&not).unwrap()))
    };
    let (with, without) = parent_is(&town.office.login("boss"));
    assert_eq!((with, without.len()), (vec!["Ann's".to_owned()], 4));
    assert_eq!(parent_is(&town.office.login("ann")), (vec![], vec!["Ann's".to_owned()]));
}

/// The level is that of each kind: who sees all contacts sees those of hidden customers too.
pub fn each_kind_has_its_own_level(factory: Factory<'_>) {
    let town = town(factory);
    let mut grants = Grants::default();
    grants.grant(Kind::Customer, Action::View, Level::Own);
    grants.grant(Kind::Contact, Action::View, Level::All);
    grants.grant(Kind::Opportunity, Action::View, Level::Team);
    let mixed = Role { key: "mixed".into(), grants, journal_view: true, ..Role::default() };
    let mixed = town.office.sys.roles().create(mixed).unwrap().id;
    let finn = town.office.user("finn", mixed, Some("north"));
    town.office
        .sys
        .customers()
        .update(town.id("Nobody's"), |customer| customer.owner = Some(finn.id))
        .unwrap();
    let session = town.office.login("finn");
    let seen = |kind: Kind| -> BTreeSet<_> {
        let told = session.operations(0, 1_000).unwrap();
        let changes = told.iter().flat_map(|operation| &operation.changes);
        changes.filter(|change| change.kind == kind).filter_map(|change| change.customer).collect()
    };
    assert_eq!(names(session.customers().list(&Query::new()).unwrap()), ["Nobody's"]);
    assert_eq!(session.contacts().count(&Query::new()).unwrap(), 5);
    let deals = session.opportunities().list(&Query::new().order_by(["name"])).unwrap();
    assert_eq!(names(deals), ["Ann's", "Bob's", "Nobody's"]);
    assert_eq!(seen(Kind::Customer).len(), 1);
    assert_eq!(seen(Kind::Contact).len(), 5);
    assert_eq!(seen(Kind::Opportunity).len(), 3);
    refused(session.interactions().list(&Query::new()), "denied");
    let by_customer = Query::new().filter(Filter::starts_with("customer.name", ""));
    assert_eq!(names(session.contacts().list(&by_customer).unwrap()), ["Nobody's"]);
}

/// The trash of others is hidden as their live records are.
pub fn the_trash_has_the_same_gate(factory: Factory<'_>) {
    let town = town(factory);
    for customer in &town.customers {
        town.office.sys.customers().delete(customer.id).unwrap();
    }
    let trashed = |session: &Session| {
        let customers = session.customers().trash(&Query::new().order_by(["name"])).unwrap();
        let contacts = session.contacts().trash(&Query::new()).unwrap();
        assert_eq!(customers.items.len(), contacts.items.len());
        names(customers.into_iter().map(|trashed| trashed.record))
    };
    assert_eq!(trashed(&town.office.login("boss")).len(), 5);
    assert_eq!(trashed(&town.office.login("ann")), ["Ann's"]);
    assert_eq!(trashed(&town.office.login("bob")), ["Ann's", "Bob's"]);
    refused(town.office.login("ann").customers().restore(town.id("Bob's")), "not_found");
}
