use crate::{failure, office};
use crm_core::chrono::TimeDelta;
use crm_core::{Action, Actor, Kind, Level, Query, Role, User};

#[test]
fn an_agent_works_with_everything_but_deletes_neither_customers_nor_contacts() {
    let office = office();
    let agent = office.user("juma", "agent", None);
    let customer = office.customer("Mara Tea").id;
    let contact = office.contact(customer, "Njeri").id;
    agent.customers().update(customer, |c| c.description = "Rang".into()).unwrap();
    assert_eq!(failure(agent.customers().delete(customer)), "denied");
    assert_eq!(failure(agent.contacts().delete(contact)), "denied");
    assert_eq!(failure(agent.operations(0, 10)), "denied");
    assert_eq!(agent.customers().history(customer).unwrap().len(), 2, "history needs no more than to see");
    let deal = office.deal(customer).id;
    agent.opportunities().delete(deal).unwrap();
    assert!(!agent.may(Action::Create, Kind::User).unwrap());
    assert_eq!(failure(agent.users().create(User::default())), "denied");
    assert_eq!(failure(agent.update_settings(|settings| settings.all_day_hour = 7)), "denied");
}

#[test]
fn a_manager_sees_changes_deletes_and_reads_the_journal_but_keeps_off_users_and_settings() {
    let office = office();
    let manager = office.user("wanjiru", "manager", None);
    let customer = office.customer("Mara Tea").id;
    manager.customers().delete(customer).unwrap();
    assert!(!manager.operations(0, 10).unwrap().is_empty());
    let other = office.user("juma", "agent", None);
    let Actor::User(other) = other.actor() else { unreachable!() };
    assert_eq!(failure(manager.set_password(other, "something long")), "denied");
    assert_eq!(failure(manager.users().update(other, |user| user.active = false)), "denied");
    assert_eq!(failure(manager.update_settings(|settings| settings.all_day_hour = 7)), "denied");
}

#[test]
fn a_viewer_only_looks() {
    let office = office();
    let viewer = office.user("kim", "viewer", None);
    let customer = office.customer("Mara Tea").id;
    assert_eq!(viewer.customers().get(customer).unwrap().name, "Mara Tea");
    assert_eq!(failure(viewer.customers().update(customer, |c| c.name = "X".into())), "denied");
}

#[test]
fn the_first_administrator_is_made_once() {
    let office = office();
    let again = office.crm.create_admin(User { username: "eve".into(), ..User::default() }, "correct horse");
    assert_eq!(failure(again), "refused first_admin");
}

#[test]
fn failed_logins_delay_the_next_and_then_lock_the_name_whether_or_not_it_exists() {
    let office = office();
    for name in ["amina", "nobody"] {
        for _ in 0..4 {
            assert_eq!(failure(office.crm.login(name, "wrong password")), "bad_credentials");
        }
        assert_eq!(failure(office.crm.login(name, "correct horse")), "locked_out");
    }
    office.clock.advance(TimeDelta::seconds(1));
    office.crm.login("AMINA", "correct horse").unwrap();
    assert_eq!(failure(office.crm.login("amina", "wrong password")), "bad_credentials");
    office.crm.login("amina", "correct horse").unwrap();
}

#[test]
fn a_session_ends_when_password_role_or_the_user_change() {
    let office = office();
    let session = office.user("juma", "agent", None);
    let Actor::User(juma) = session.actor() else { unreachable!() };
    office.admin.set_password(juma, "another long one").unwrap();
    assert_eq!(failure(session.customers().list(&Query::new())), "session_ended");
    let session = office.crm.login("juma", "another long one").unwrap();
    let viewer = office.admin.roles().list(&Query::new().filter(Role::KEY.is("viewer"))).unwrap().items[0].id;
    office.admin.users().update(juma, |user| user.role = viewer).unwrap();
    assert_eq!(failure(session.me()), "session_ended");
    let session = office.crm.login("juma", "another long one").unwrap();
    office.admin.users().update(juma, |user| user.active = false).unwrap();
    assert_eq!(failure(session.me()), "session_ended");
    assert_eq!(failure(office.crm.login("juma", "another long one")), "bad_credentials");
}

#[test]
fn a_change_of_a_role_is_felt_at_once() {
    let office = office();
    let agent = office.user("juma", "agent", None);
    let role = office.admin.roles().list(&Query::new().filter(Role::KEY.is("agent"))).unwrap().items[0].id;
    office
        .admin
        .roles()
        .update(role, |role| role.grants.grant(Kind::Customer, Action::View, crm_core::Level::None))
        .unwrap();
    assert_eq!(failure(agent.customers().list(&Query::new())), "denied");
    assert_eq!(failure(office.admin.roles().delete(role)), "refused shipped_role");
}

#[test]
fn the_last_administrator_stays() {
    let office = office();
    let me = office.admin.me().unwrap().unwrap();
    let viewer = office.admin.roles().list(&Query::new().filter(Role::KEY.is("viewer"))).unwrap().items[0].id;
    assert_eq!(failure(office.admin.users().update(me.id, |user| user.active = false)), "refused last_admin");
    assert_eq!(failure(office.admin.users().update(me.id, |user| user.role = viewer)), "refused last_admin");
}

#[test]
fn team_mates_see_each_others_customers() {
    let office = office();
    let mut role = Role { key: "team".into(), ..Role::default() };
    role.grants =
        crm_core::Grants::of_all_kinds(&[Action::View, Action::Create, Action::Edit], crm_core::Level::Team);
    office.admin.roles().create(role).unwrap();
    let (ann, ben) = (office.user("ann", "team", Some("north")), office.user("ben", "team", Some("north")));
    let eve = office.user("eve", "team", Some("south"));
    let customer = crm_core::Customer { name: "Ann's".into(), ..Default::default() };
    let customer = ann.customers().create(customer).unwrap().id;
    assert_eq!(ben.customers().get(customer).unwrap().name, "Ann's");
    assert_eq!(failure(eve.customers().get(customer)), "not_found");
    assert_eq!(eve.customers().count(&Query::new()).unwrap(), 0);
}

#[test]
fn no_debug_text_tells_a_token_or_a_hash() {
    let office = office();
    let text = format!("{:?} {:?} {:?}", office.admin, office.crm, office.crm.changes_since(0, 100).unwrap());
    assert!(!text.contains(office.admin.token().unwrap()));
    assert!(!text.contains("argon2"));
}

/// The table in the README is the shipped roles'.
#[test]
fn the_readme_tells_what_the_shipped_roles_may_do() {
    let readme = include_str!("../../README.md");
    let roles = Role::shipped();
    let row = |name: &str, may: &dyn Fn(&Role) -> bool| {
        let cells = roles.iter().map(|role| if may(role) { "yes" } else { "no" });
        let row = format!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
        assert!(readme.contains(&row), "{row}");
    };
    let keys: Vec<&str> = roles.iter().map(|role| role.key.as_str()).collect();
    assert!(readme.contains(&format!("| | {} |", keys.join(" | "))));
    let all = |kinds: &'static [Kind], action: Action| {
        move |role: &Role| {
            let levels: Vec<Level> = kinds.iter().map(|kind| role.grants.level(*kind, action)).collect();
            assert!(levels.iter().all(|level| *level == levels[0]), "the kinds differ");
            levels[0] == Level::All
        }
    };
    const PEOPLE: &[Kind] = &[Kind::Customer, Kind::Contact];
    const OTHERS: &[Kind] = &[
        Kind::Opportunity,
        Kind::Interaction,
        Kind::Reminder,
        Kind::Note,
        Kind::Sale,
        Kind::Feedback,
        Kind::Attachment,
        Kind::Product,
    ];
    row("see and search all records", &all(Kind::ALL, Action::View));
    row("create and change records", &all(OTHERS, Action::Edit));
    row("take records out as a file", &all(Kind::ALL, Action::Export));
    row("delete customers and contacts", &all(PEOPLE, Action::Delete));
    row("delete other records", &all(OTHERS, Action::Delete));
    row("purge what is in the trash", &all(Kind::ALL, Action::Purge));
    row("read the journal of everything", &|role| role.journal_view);
    row("manage users, roles and their passwords", &|role| role.users_manage);
    row("change settings, pipelines, rates and custom fields", &|role| role.settings_edit);
}
