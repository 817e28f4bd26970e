"""Log-in, roles, errors, listeners, and the end of a store."""

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

import crm
from conftest import ManualClock

PASSWORD = "correct horse battery"


def test_a_manager_and_an_agent(db: crm.Crm, clock: ManualClock) -> None:
    assert not db.has_users()
    admin = db.create_admin("wanjiku", PASSWORD, given_name="Wanjiku")
    manager = db.login("wanjiku", PASSWORD)
    assert manager.me() == admin and db.resume(manager.token or "").me() == admin
    agent_user = manager.users.create(username="otieno", role=manager.roles.get("agent"))
    manager.set_password(agent_user, PASSWORD)
    agent = db.login("otieno", PASSWORD)
    mine, theirs = agent.customers.create(name="Mine"), manager.customers.create(name="Theirs")
    assert agent.may("create", "customer") and not agent.may(crm.Action.DELETE, crm.Kind.CUSTOMER)
    with pytest.raises(crm.DeniedError) as denied:
        agent.customers.delete(mine)
    assert (denied.value.action, denied.value.entity) == ("delete", "customer")
    assert isinstance(denied.value, PermissionError)
    with pytest.raises(crm.DeniedError):
        agent.operations()
    assert theirs in manager.customers and len(manager.operations()) > 3
    agent.logout()
    with pytest.raises(crm.SessionEndedError, match="revoked"):
        agent.customers.get(mine)
    clock.advance(hours=13)
    with pytest.raises(crm.SessionEndedError) as ended:
        manager.me()
    assert ended.value.reason == "expired"


def test_wrong_passwords_lock_out(db: crm.Crm) -> None:
    db.create_admin("wanjiku", PASSWORD)
    locked = None
    for _ in range(20):
        with pytest.raises(crm.CrmError) as failed:
            db.login("wanjiku", "wrong")
        if isinstance(failed.value, crm.LockedOutError):
            locked = failed.value
            break
        assert failed.value.code == "bad_credentials"
    assert locked is not None and locked.retry_at.tzinfo is not None and locked.is_retryable


def test_errors_carry_their_data(s: crm.Session) -> None:
    with pytest.raises(crm.InvalidError) as invalid:
        s.customers.create(name="", emails=["no address"])
    assert isinstance(invalid.value, ValueError) and invalid.value.code == "invalid"
    assert {violation.field for violation in invalid.value.violations} >= {"emails.0.address"}
    with pytest.raises(crm.NotFoundError) as missing:
        s.customers.get("C999")
    assert isinstance(missing.value, LookupError) and (missing.value.entity, missing.value.key) == ("customer", "C999")
    tea = s.customers.create(name="Tea", emails=["a@x.example"])
    with pytest.raises(crm.DuplicateError) as taken:
        s.customers.create(name="Other", emails=["A@x.example"])
    assert (taken.value.field, taken.value.holder) == ("emails", tea.id)
    again = pickle.loads(pickle.dumps(taken.value))
    assert type(again) is crm.DuplicateError and again.holder == tea.id and str(again) == str(taken.value)
    s.customers.update(tea, name="Tea two")
    with pytest.raises(crm.ConflictError) as conflict:
        s.customers.update(tea, version=tea.version, name="Tea three")
    assert conflict.value.version == 2 and conflict.value.details["fields"] == {"name": "Tea two"}
    with pytest.raises(crm.RefusedError) as refused:
        s.convert_lead(s.customers.create(name="Old", status="active"))
    assert refused.value.rule == "not_a_lead"
    with pytest.raises(AttributeError, match="has no 'colour'"):
        refused.value.colour
    wrongs: list[dict[str, Any]] = [{"description": 1.5}, {"name": object()}, {"tags": 5}]
    for wrong in wrongs:
        with pytest.raises((TypeError, crm.InvalidError)):
            s.customers.create(**wrong)


def test_every_code_has_its_class() -> None:
    codes = {error.code for error in vars(crm.errors).values() if isinstance(error, type) and issubclass(error, crm.CrmError)}
    assert len(codes) == 21


def test_listeners_hear_what_was_committed(
    db: crm.Crm, s: crm.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[crm.Operation] = []
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)

    def broken(_: crm.Operation) -> None:
        raise ZeroDivisionError

    with db.subscribe(heard.append), db.subscribe(broken):
        tea = s.customers.create(name="Mara Tea")
    s.customers.create(name="Unheard")
    assert [operation.command for operation in heard] == ["create"] and heard[0].changes[0].id == tea.id
    assert len(complaints) == 1
    assert [operation.id for operation in db.changes_since(heard[0].seq - 1)][0] == heard[0].id


def test_a_store_is_closed_once_and_for_all(tmp_path: Path) -> None:
    with crm.open(tmp_path / "crm.db") as db:
        s = db.system()
        tea = s.customers.create(name="Mara Tea")
        assert db.check() == () and db.verify().holds
    db.close()
    with pytest.raises(crm.ClosedError):
        s.customers.get(tea)
    with crm.open(str(tmp_path / "crm.db"), read_only=True) as db:
        assert db.system().customers.get("C001") == tea
        with pytest.raises(crm.ReadOnlyError):
            db.system().customers.create(name="x")


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a store, but long enough to be looked at as one" * 20)
    with pytest.raises(crm.NotAStoreError):
        crm.open(other)
    assert other.read_text().startswith("not a store")
    with pytest.raises(ValueError, match="durability"):
        crm.open(tmp_path / "crm.db", durability="some")


def test_a_broken_clock_does_not_stop_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    with crm.open(tmp_path / "crm.db", clock=lambda: "noon") as db:  # type: ignore[arg-type, return-value]
        db.system().customers.create(name="Mara Tea")
    assert complaints
