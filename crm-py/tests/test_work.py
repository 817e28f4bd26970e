"""Reports, reminders, merging and forgetting, files in and out."""

import io
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

import crm
from conftest import ManualClock

PLAN = {
    "steps": [
        {
            "entity": "customer",
            "file": "people.csv",
            "match_by": ["emails"],
            "on_match": "update",
            "columns": [
                {"column": "Name", "field": "name"},
                {"column": "Mail", "field": "emails"},
                {"column": "Since", "field": "custom.since"},
            ],
        }
    ]
}


def plan(*fields: str) -> dict[str, object]:
    step = dict(PLAN["steps"][0])
    columns = step["columns"]
    assert isinstance(columns, list)
    step["columns"] = [column for column in columns if column["field"] in fields]
    return {"steps": [step]}


def test_a_dashboard_and_a_pipeline(s: crm.Session, clock: ManualClock) -> None:
    tea = s.customers.create(name="Tea", lead={"priority": "high", "estimated_value": crm.Money(5, "KES")})
    s.interactions.create(customer=tea, kind="call", subject="Tea", occurred_at=clock())
    deal = s.convert_lead(tea, opportunity={"name": "Ten tons", "amount": crm.Money(1000, "KES")}).opportunity
    assert deal is not None and deal.pipeline is not None
    told = s.dashboard()
    assert told.customers[crm.CustomerStatus.PROSPECT] == 1 and told.deals.open == 1
    assert told.deals.open_amount == (crm.Money(1000, "KES"),) and told.activity.by_kind[crm.InteractionKind.CALL] == 1
    assert told.activity.latest[0].subject == "Tea" and told.deals.win_rate is None
    report = s.pipeline_report(deal.pipeline)
    assert sum(stage.count for stage in report.stages) == 1 and report.total == told.deals
    s.move_stage(deal, "won")
    assert [moved.to_stage for moved in s.stage_history(deal)][-1] == "won"
    clock.advance(days=2)
    assert s.clocks(deal).idle == timedelta(days=2) and s.dashboard().deals.win_rate == Decimal(1)
    entries = s.timeline(tea, page_size=1)
    rest = s.timeline(tea, cursor=entries.next)
    kinds = {entry.kind for entry in (*entries.items, *rest.items)}
    assert crm.Kind.INTERACTION in kinds and rest.next is None


def test_reminders_are_claimed_and_told(db: crm.Crm, s: crm.Session, clock: ManualClock) -> None:
    tea = s.customers.create(name="Tea")
    due = crm.Due((clock() + timedelta(hours=1)).date(), (clock() + timedelta(hours=1)).time(), "UTC")
    reminder = s.reminders.create(customer=tea, title="Ring", due=due)
    assert reminder.due == due and db.claim_due("worker") == ()
    assert [found.id for found in s.agenda("today").items] == [reminder.id]
    clock.advance(hours=2)
    assert [found.title for found in s.agenda("overdue").items] == ["Ring"]
    (claimed,) = db.claim_due("worker")
    assert claimed.customer == tea and claimed.assignee is None and claimed.delivery.reminder == reminder.id
    db.give_back(claimed.delivery, "no signal")
    (delivery,) = s.deliveries(reminder)
    assert (delivery.failures, delivery.problem) == (1, "no signal")
    clock.advance(hours=1)
    told: list[str] = []

    def notify(reminder: crm.DueReminder) -> None:
        told.append(reminder.reminder.title)

    assert db.dispatch_due(notify) == crm.Dispatched(1, 0) and told == ["Ring"]
    (delivery,) = s.deliveries(reminder)
    assert delivery.delivered_at == clock()


def test_a_notifier_that_raises_is_asked_again(db: crm.Crm, s: crm.Session, clock: ManualClock) -> None:
    tea = s.customers.create(name="Tea")
    reminder = s.reminders.create(customer=tea, title="Ring", due=crm.Due(clock().date()))

    def broken(_: crm.DueReminder) -> None:
        raise ConnectionError("no route")

    later = datetime(2026, 3, 3, tzinfo=timezone.utc)
    assert db.dispatch_due(broken, now=later) == crm.Dispatched(0, 1)
    assert "no route" in (s.deliveries(reminder)[0].problem or "")


def test_two_records_of_one_person_become_one(s: crm.Session) -> None:
    one = s.customers.create(name="Wanjiku Kamau", emails=["wanjiku@mara.example"], phones=["+254 722 000001"])
    two = s.customers.create(name="Wanjiku Kamau", phones=["0722000001", "+254 722 000002"], source="fair")
    note = s.notes.create(customer=two, body="Likes tea")
    s.update_settings(phone_region="KE")
    (pair,) = s.customers.find_duplicates()
    assert {pair.left, pair.right} == {one.id, two.id} and pair.reasons
    assert [found.record.id for found in s.customers.duplicates_of(one)] == [two.id]
    assert s.customers.duplicates_of(name="Wanjiku Kamau", phones=["+254722000001"])
    assert s.customers.merge(one, [two], dry_run=True).operation is None and two.id in s.customers
    merged = s.customers.merge(one, [two], choices={"name": two})
    assert merged.survivor.id == one.id and merged.survivor.source == "fair" and merged.moved[crm.Kind.NOTE] == 1
    assert s.customers.get(two.id).id == one.id and s.notes.get(note.id).customer == one.id
    assert merged.operation is not None
    s.undo(merged.operation)
    assert s.customers.get(two.id).id == two.id
    s.customers.not_duplicates(one, two)
    assert s.customers.find_duplicates() == ()


def test_a_person_is_forgotten(db: crm.Crm, s: crm.Session, tmp_path: Path) -> None:
    tea = s.customers.create(name="Zanzibarina Unforgettable")
    erased = s.customers.erase(tea)
    assert erased.records == 1 and erased.operation is not None and erased.operation.changes[0].after == {}
    assert s.customers.search("zanzibarina") == () and db.verify().holds
    db.close()
    assert b"zanzibarina" not in (tmp_path / "crm.db").read_bytes().lower()


def test_a_file_in(s: crm.Session, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Name,Mail\nMara,a@x.example\n,b@x.example\nKahawa,no address\n", encoding="utf-8")
    columns = plan("name", "emails")
    tried = s.import_csv(file, columns, dry_run=True)
    assert (tried.rows, tried.created, tried.failed, len(s.customers)) == (3, 1, 2, 0)
    assert {(problem.line, problem.field) for problem in tried.problems} >= {(4, "emails.0.address")}
    seen: list[int] = []
    done = s.import_csv(tmp_path, columns, progress=seen.append)
    assert done.finished and done.created == 1 and seen == [3] and done.import_id is not None
    with file.open("rb") as opened:
        again = s.import_csv(opened, columns)
    assert (again.created, again.skipped, again.failed) == (0, 1, 2)
    assert s.undo_import(done.import_id) == 1 and len(s.customers) == 0
    with pytest.raises(crm.InvalidError):
        s.import_csv(file, plan("name", "emails", "custom.since"))


def test_an_import_stops_and_goes_on(s: crm.Session, tmp_path: Path) -> None:
    rows = "".join(f"Customer {n},c{n}@x.example\n" for n in range(2_500))
    file = tmp_path / "people.csv"
    file.write_text(f"Name,Mail\n{rows}", encoding="utf-8")
    columns = plan("name", "emails")
    stopped = s.import_csv(file, columns, progress=lambda rows: False)
    assert (stopped.finished, stopped.rows, len(s.customers)) == (False, 1_000, 1_000)
    done = s.import_csv(file, columns, resume=stopped.import_id)
    assert (done.finished, done.created, len(s.customers)) == (True, 2_500, 2_500)

    def interrupt(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        s.import_csv(file, columns, progress=interrupt)


def test_files_out(db: crm.Crm, s: crm.Session, tmp_path: Path) -> None:
    s.customers.create(name="=Mara", tags=["tea"])
    s.customers.create(name="Kahawa")
    assert s.customers.export_csv(tmp_path / "all.csv", columns=["code", "name"], order_by="name") == 2
    out = io.BytesIO()
    assert s.customers.export_csv(out, columns=["name"], spreadsheet_safe=True, tags="tea") == 1
    assert out.getvalue().decode().splitlines() == ["name", "'=Mara"]
    assert (tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()[0] == "code,name"
    dumped = db.dump(tmp_path / "dump.jsonl")
    assert dumped.head == db.head() and dumped.lines == len((tmp_path / "dump.jsonl").read_bytes().splitlines())
    with crm.restore(tmp_path / "again.db", tmp_path / "dump.jsonl") as again:
        second = io.BytesIO()
        again.dump(second)
        assert second.getvalue() == (tmp_path / "dump.jsonl").read_bytes()
        assert {customer.name for customer in again.system().customers} == {"=Mara", "Kahawa"}
