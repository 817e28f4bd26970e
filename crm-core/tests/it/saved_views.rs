use crate::{Office, failure, office};
use crm_core::{
    CustomField, Customer, Filter, Grants, Kind, Level, Operation, Patch, Query, Record, Role, SavedView,
    Session,
};

fn view(name: &str, query: Query) -> SavedView {
    SavedView { name: name.into(), query, ..SavedView::default() }
}

fn with_m() -> Query {
    Query::new().filter(Customer::NAME.starts_with("m")).order_by(["-name"])
}

fn last(office: &Office) -> Operation {
    office.crm.changes_since(0, 1_000).unwrap().pop().unwrap()
}

/// A view of an agent, and another agent.
fn two_agents(office: &Office) -> (Session, Record<SavedView>, Session) {
    let (owner, other) = (office.user("juma", "agent", None), office.user("kim", "agent", None));
    let mine = owner.saved_views().create(view("Mine", with_m())).unwrap();
    assert_eq!(mine.owner, owner.me().unwrap().map(|me| me.id));
    (owner, mine, other)
}

#[test]
fn everybody_sees_a_view_and_lists_by_it_what_he_may_see() {
    let office = office();
    let (owner, mine, other) = two_agents(&office);
    for name in ["Mara", "Meru", "Other"] {
        office.customer(name);
    }
    let seen = other.saved_views().get(mine.id).unwrap();
    assert_eq!(seen, mine);
    let listed = |session: &Session| -> Vec<String> {
        let page = session.customers().list(&seen.query).unwrap();
        page.into_iter().map(|customer| customer.data.name).collect()
    };
    assert_eq!(listed(&other), ["Meru", "Mara"]);
    let mut grants = Grants::of_all_kinds(crm_core::Action::ALL, Level::Own);
    grants.grant(Kind::SavedView, crm_core::Action::View, Level::All);
    office.admin.roles().create(Role { key: "own".into(), grants, ..Role::default() }).unwrap();
    assert_eq!(listed(&office.user("eve", "own", None)), Vec::<String>::new());
    assert_eq!(owner.search("mine", 5).unwrap()[0].id, mine.id.uuid());
}

#[test]
fn only_its_owner_or_who_edits_settings_changes_a_view() {
    let office = office();
    let (owner, mine, other) = two_agents(&office);
    let rename =
        |session: &Session, name: &str| session.saved_views().update(mine.id, |view| view.name = name.into());
    assert_eq!(failure(rename(&other, "Theirs")), "denied");
    assert_eq!(failure(other.saved_views().patch(mine.id, Patch::new().set("name", "X"))), "denied");
    let mut copy = mine.clone();
    copy.data.name = "X".into();
    assert_eq!(failure(other.saved_views().replace(copy)), "denied");
    let mut batch = other.batch();
    batch.delete::<SavedView>(mine.id);
    assert_eq!(failure(batch.run()), "denied");
    assert_eq!(failure(other.saved_views().delete(mine.id)), "denied");
    rename(&owner, "Still mine").unwrap();
    assert_eq!(rename(&office.admin, "The admin's").unwrap().owner, mine.owner, "and it stays whose it was");
    assert_eq!(rename(&office.crm.system("import"), "The program's").unwrap().name, "The program's");
    let taken = office.admin.saved_views().patch(mine.id, Patch::new().clear("owner"));
    assert_eq!(failure(taken), "invalid owner system");
    owner.saved_views().delete(mine.id).unwrap();
}

#[test]
fn nor_does_another_change_it_by_undo_or_from_the_trash() {
    let office = office();
    let (owner, mine, other) = two_agents(&office);
    owner.saved_views().update(mine.id, |view| view.name = "Renamed".into()).unwrap();
    let renamed = last(&office).id;
    assert_eq!(failure(other.undo(renamed)), "denied");
    owner.undo(renamed).unwrap();
    owner.saved_views().delete(mine.id).unwrap();
    let deleted = last(&office).id;
    assert_eq!(failure(other.undo(deleted)), "denied");
    assert_eq!(failure(other.saved_views().restore(mine.id)), "denied");
    owner.saved_views().restore(mine.id).unwrap();
    let created = office
        .crm
        .changes_since(0, 1_000)
        .unwrap()
        .into_iter()
        .find(|operation| operation.changes.iter().any(|change| change.id == mine.id.uuid()));
    assert_eq!(failure(other.undo(created.unwrap().id)), "refused changed_since");
    // A role that purges does not purge what is another's.
    let grants = Grants::of_all_kinds(crm_core::Action::ALL, Level::All);
    office.admin.roles().create(Role { key: "cleaner".into(), grants, ..Role::default() }).unwrap();
    let cleaner = office.user("eve", "cleaner", None);
    owner.saved_views().delete(mine.id).unwrap();
    assert_eq!(failure(cleaner.saved_views().purge(mine.id)), "denied");
    office.admin.saved_views().restore(mine.id).unwrap();
    owner.saved_views().delete(mine.id).unwrap();
    office.admin.saved_views().purge(mine.id).unwrap();
}

#[test]
fn a_query_that_can_not_be_carried_out_is_refused() {
    let office = office();
    let views = office.admin.saved_views();
    let broken = |query: Query| failure(views.create(view("Broken", query)));
    let nothing = Query::new().filter(Filter::is("nothing", 1));
    assert_eq!(broken(nothing.clone()), "invalid query.nothing unknown_field");
    let mismatch = Query::new().filter(Filter::is("status", "happy")).order_by(["emails"]);
    assert_eq!(broken(mismatch), "invalid query.status mismatch, query.order not_sortable");
    assert_eq!(broken(Query::new().page_size(0)), "invalid query.page_size range");
    assert_eq!(
        broken(Query::new().filter(Filter::is("custom.tier", 1))),
        "invalid query.custom.tier unknown_field"
    );
    let deep = (0..40).fold(Filter::is("name", "x"), |filter, _| !filter);
    assert_eq!(broken(Query::new().filter(deep)), "invalid query too_deep");
    let rates = SavedView { entity: Kind::Rate, ..view("Rates", Query::new().words("x")) };
    assert_eq!(failure(views.create(rates)), "invalid query.words not_searchable");
    let good = views.create(view("Good", with_m())).unwrap();
    let spoilt = views.update(good.id, |view| view.query = nothing);
    assert_eq!(failure(spoilt), "invalid query.nothing unknown_field");
    assert_eq!(failure(views.create(view(" ", Query::new()))), "invalid name blank");
    let strange: Patch = serde_json::from_str(r#"{"name": "X", "query": {"strange": 1}}"#).unwrap();
    assert_eq!(failure(views.create_from(strange)), "invalid query mismatch");
}

#[test]
fn a_view_goes_on_to_list_the_same_kind() {
    let office = office();
    let views = office.admin.saved_views();
    let of_deals =
        SavedView { entity: Kind::Opportunity, ..view("Deals", Query::new().order_by(["-amount"])) };
    let of_deals = views.create(of_deals).unwrap();
    let other = views.update(of_deals.id, |view| view.entity = Kind::Customer);
    assert_eq!(failure(other), "refused saved_view_entity");
}

#[test]
fn a_view_has_no_cursor_and_its_json_is_that_of_the_query() {
    let office = office();
    let views = office.admin.saved_views();
    let patch: Patch = serde_json::from_str(
        r#"{"name": "M", "entity": "customer", "query": {
            "filter": {"and": [{"field": "name", "op": "starts_with", "value": "m"},
                               {"not": {"field": "created_at", "op": "less", "value": "2026-01-01T00:00:00Z"}}]},
            "words": "tea", "order": ["-name"], "page_size": 20, "cursor": "eyJ4IjoxfQ"}}"#,
    )
    .unwrap();
    let stored = views.create_from(patch).unwrap();
    assert_eq!(stored.query.cursor, None);
    assert_eq!((stored.query.page_size, stored.query.words.as_deref()), (20, Some("tea")));
    office.customer("Mara Tea");
    assert_eq!(office.admin.customers().count(&stored.query).unwrap(), 1);
    let again: SavedView = serde_json::from_str(&serde_json::to_string(&stored.data).unwrap()).unwrap();
    assert_eq!(again, stored.data);
    // A query is one field: it is changed as a whole, and taken back as a whole.
    let other = views.update(stored.id, |view| view.query = with_m()).unwrap();
    assert_eq!(other.query, with_m());
    office.admin.undo(last(&office).id).unwrap();
    assert_eq!(views.get(stored.id).unwrap().query, stored.query);
    assert!(office.crm.check().unwrap().is_clean());
}

#[test]
fn a_view_outlives_the_custom_field_that_it_filters_by() {
    let office = office();
    let field = CustomField { key: "tier".into(), ..CustomField::default() };
    let field = office.admin.custom_fields().create(field).unwrap().id;
    let views = office.admin.saved_views();
    let gold = views.create(view("Gold", Query::new().filter(Filter::is("custom.tier", "gold")))).unwrap();
    office.admin.custom_fields().delete(field).unwrap();
    assert_eq!(
        failure(office.admin.customers().list(&views.get(gold.id).unwrap().query)),
        "invalid custom.tier unknown_field"
    );
    views.update(gold.id, |view| view.name = "Gold, once".into()).unwrap();
    let same = views.update(gold.id, |view| view.query = Query { page_size: 5, ..view.query.clone() });
    assert_eq!(failure(same), "invalid query.custom.tier unknown_field");
}
