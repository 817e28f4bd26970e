//! Logging in: what it tells, what it does not, and when a session ends.

use super::{Desk, PASSWORD, named};
use crm_core::chrono::TimeDelta;
use crm_core::{Clock, Query, User, Value};

#[test]
fn every_failure_looks_alike() {
    let desk = Desk::new();
    let silent = User { username: "silent".into(), role: desk.agent.role, ..User::default() };
    desk.sys.users().create(silent).unwrap();
    let gone = User { username: "gone".into(), role: desk.agent.role, ..User::default() };
    let gone = desk.sys.users().create(gone).unwrap();
    desk.sys.set_password(gone.id, PASSWORD).unwrap();
    desk.sys.users().update(gone.id, |user| user.active = false).unwrap();
    let long = "x".repeat(1 << 20);
    for (username, password) in [
        ("amina", "wrong"),
        ("amina", ""),
        ("nobody", PASSWORD),
        ("silent", ""),
        ("silent", PASSWORD),
        ("gone", PASSWORD),
        ("", PASSWORD),
        ("a\0mina", PASSWORD),
        (&long, PASSWORD),
        ("juma", &long),
    ] {
        let error = desk.refuses("bad_credentials", || desk.crm.login(username, password));
        assert!(error.fields().is_empty());
        assert_eq!(error.to_string(), "the user name or the password is wrong");
    }
    desk.crm.login(" AMINA ", PASSWORD).unwrap();
}

#[test]
fn failures_cost_a_growing_delay() {
    let desk = Desk::new();
    let now = || desk.clock.now();
    for username in ["nobody", "juma"] {
        for delay in [0, 0, 0, 1, 2, 4, 8, 16, 32, 15 * 60] {
            desk.refuses("bad_credentials", || desk.crm.login(username, "wrong"));
            if delay == 0 {
                continue;
            }
            // A try while the name is locked is not looked at, nor counted.
            for password in ["wrong", PASSWORD] {
                let error = desk.refuses("locked_out", || desk.crm.login(username, password));
                let retry_at = now() + TimeDelta::seconds(delay);
                assert_eq!(error.fields()["retry_at"], Value::Instant(retry_at), "{username}");
                assert!(error.is_retryable());
            }
            if delay < 60 {
                desk.clock.advance(TimeDelta::seconds(delay));
            }
        }
    }
    desk.crm.login("amina", PASSWORD).expect("another name is not locked");
    desk.clock.advance(TimeDelta::minutes(15) - TimeDelta::microseconds(1));
    desk.refuses("locked_out", || desk.crm.login("JUMA", PASSWORD));
    desk.clock.advance(TimeDelta::microseconds(1));
    desk.crm.login("juma", PASSWORD).unwrap();
    for _ in 0..3 {
        desk.refuses("bad_credentials", || desk.crm.login("juma", "wrong"));
    }
    desk.crm.login("juma", PASSWORD).expect("a success forgets the failures before it");
}

#[track_caller]
fn ended(desk: &Desk, session: &crm_core::Session, reason: &str) {
    for error in [
        desk.refuses("session_ended", || session.customers().list(&Query::new())),
        desk.refuses("session_ended", || session.customers().get(desk.customer.id)),
        desk.refuses("session_ended", || session.customers().create(named("x"))),
        desk.refuses("session_ended", || session.search("x", 1)),
        desk.refuses("session_ended", || session.me()),
        desk.refuses("session_ended", || session.change_password(PASSWORD, "another one")),
        desk.refuses("session_ended", || desk.crm.resume(session.token().unwrap())),
    ] {
        assert_eq!(error.fields()["reason"], reason.into());
    }
}

#[test]
fn a_session_expires() {
    let desk = Desk::new();
    let session = desk.login("juma");
    desk.clock.advance(TimeDelta::hours(12) - TimeDelta::microseconds(1));
    session.me().unwrap();
    desk.clock.advance(TimeDelta::microseconds(1));
    ended(&desk, &session, "expired");
    desk.login("juma").me().unwrap();
}

#[test]
fn a_change_of_password_role_or_activity_ends_sessions_at_once() {
    let desk = Desk::new();
    let admin = desk.login("amina");
    let session = desk.login("juma");
    session.me().unwrap();
    admin.set_password(desk.agent.id, "a new password").unwrap();
    ended(&desk, &session, "revoked");
    desk.refuses("bad_credentials", || desk.crm.login("juma", PASSWORD));
    let login = || desk.crm.login("juma", "a new password").unwrap();
    let session = login();
    let viewer = super::role(&desk.sys, "viewer");
    admin.users().update(desk.agent.id, |user| user.role = viewer).unwrap();
    ended(&desk, &session, "revoked");
    let session = login();
    desk.refuses("denied", || session.customers().create(named("x")));
    admin.revoke_sessions(desk.agent.id).unwrap();
    ended(&desk, &session, "revoked");
    let (one, other) = (login(), login());
    one.logout().unwrap();
    one.logout().unwrap();
    ended(&desk, &one, "revoked");
    other.me().expect("logging out ends one session");
    other.change_password("a new password", "the newest password").unwrap();
    ended(&desk, &other, "revoked");
    let session = desk.crm.login("juma", "the newest password").unwrap();
    admin.users().update(desk.agent.id, |user| user.active = false).unwrap();
    ended(&desk, &session, "revoked");
    desk.refuses("bad_credentials", || desk.crm.login("juma", "the newest password"));
    admin.me().expect("the administrator's own session goes on");
    desk.refuses("session_ended", || desk.crm.resume("no token"));
}

#[test]
fn a_password_follows_the_policy() {
    let desk = Desk::new();
    let session = desk.login("juma");
    for (password, rule) in
        [("short", "length"), ("", "length"), (&"x".repeat(1_025), "length"), ("juma2026", "guessable")]
    {
        desk.invalid(&[("password", rule)], || desk.sys.set_password(desk.agent.id, password));
        desk.invalid(&[("password", rule)], || session.change_password(PASSWORD, password));
    }
    desk.refuses("bad_credentials", || session.change_password("wrong", "long enough"));
    desk.refuses("denied", || session.set_password(desk.admin.id, "long enough"));
    desk.refuses("denied", || desk.sys.change_password(PASSWORD, "long enough"));
    session.me().expect("what was refused ended nothing");
}
