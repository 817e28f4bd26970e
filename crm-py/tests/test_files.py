"""Files in and out: CSV by suggested plans, refused rows, vCards, calendars, attachments, backups, dumps."""

import copy
import errno
import io
import os
import pickle
from collections.abc import Callable
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import crm

PEOPLE = b"First Name;Last Name;E-mail Address;Shoe size\nAmina;Otieno;amina@x.example;38\nJuma;Were;no address;41\n;;;\n"


def suggested(**changes: Any) -> dict[str, Any]:
    step = crm.sniff(io.BytesIO(PEOPLE)).suggest("customer", file="people.csv")
    return {"steps": [{**step, **changes}]}


def test_a_file_is_looked_at_and_a_plan_suggested(s: crm.Session, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(PEOPLE)
    found = crm.sniff(path)
    assert found.layout["delimiter"] == ";" and found.layout["header"] is True and not found.mark
    assert [column.type for column in found.columns] == ["text", "text", "text", "number"]
    shoe = found.columns[3]
    assert (shoe.name, shoe.filled, shoe.samples) == ("Shoe size", 2, ("38", "41"))
    step = found.suggest(crm.Kind.CUSTOMER)
    assert step["file"] == "people.csv" and step["entity"] == "customer"
    assert {column["field"] for column in step["columns"]} == {"given_name", "family_name", "emails"}
    s.custom_fields.create(entity="customer", key="shoe_size", label="Shoe size", type="number")
    step["columns"].append({"column": "Shoe size", "field": "custom.shoe_size"})
    done = s.import_csv(path, {"steps": [step]})
    assert (done.created, done.failed, done.skipped) == (1, 1, 1)
    assert dict(s.customers.get("C001").custom or {}) == {"shoe_size": 38}
    (told,) = done.steps
    assert told.file == "people.csv" and told.encoding == "utf-8" and told.unused == () and told.skipped_for == {"blank": 1}
    assert dict(told.filled)["given_name"] == 2 and done.plan == crm.plan_hash({"steps": [step]})
    with pytest.raises(TypeError):
        crm.sniff(tmp_path)
    with pytest.raises(crm.InvalidError) as wrong:
        crm.plan_hash({"steps": [{**step, "match_by": ["nme"]}]})
    assert wrong.value.violations


def test_columns_of_one_name_are_told_apart(s: crm.Session) -> None:
    people = b"Name;Phone;Phone\nAmina;030 1111;030 2222\nJuma;030 3333;\n"
    found = crm.sniff(io.BytesIO(people))
    assert [column.name for column in found.columns] == ["Name", "Phone", "Phone#2"]
    step = found.suggest("customer", file="people.csv")
    done = s.import_csv(io.BytesIO(people), {"steps": [step]})
    assert (done.created, done.failed, done.steps[0].unused) == (2, 0, ())
    amina = s.customers.list(name="Amina").first()
    assert amina is not None and [phone.number for phone in amina.phones] == ["030 1111", "030 2222"]
    with pytest.raises(crm.InvalidError, match="Phone#2"):
        crm.plan_hash({"steps": [{**step, "columns": [step["columns"][1], step["columns"][1]]}]})


def test_a_date_that_can_be_read_in_two_ways_is_left_open() -> None:
    column = crm.sniff(io.BytesIO(b"name,since\nA,01/02/2025\nB,03/04/2025\n")).columns[1]
    assert column.type == "date" and column.is_ambiguous
    assert {formats["date"] for formats in column.formats} == {"%d/%m/%Y", "%m/%d/%Y"} and column.confidence == 0.5


def test_refused_rows_are_put_right_and_imported_again(s: crm.Session, tmp_path: Path) -> None:
    path, refused = tmp_path / "people.csv", tmp_path / "refused.csv"
    path.write_bytes(PEOPLE)
    told: list[crm.ImportedRow] = []
    done = s.import_csv(path, suggested(), failed_rows=refused, on_row=told.append)
    assert [(row.action, row.line) for row in told] == [("created", 2), ("failed", 3), ("skipped", 4)]
    assert told[0].record == s.customers.get("C001").id and told[2].reason == "blank"
    assert told[1].cells["Last Name"] == "Were" and told[1].problems == done.problems
    text = refused.read_text(encoding="utf-8")
    assert text.splitlines()[0] == "First Name;Last Name;E-mail Address;Shoe size;reason" and "E-mail Address:" in text
    refused.write_text(text.replace("no address", "juma@x.example", 1), encoding="utf-8")
    again = s.import_csv(refused, suggested(), failed_rows=tmp_path / "none.csv")
    assert (again.created, again.failed, len(s.customers)) == (1, 0, 2) and not (tmp_path / "none.csv").exists()
    assert again.import_id is not None and s.undo_import(again.import_id) == 1 and len(s.customers) == 1


def test_files_that_refer_to_each_other(s: crm.Session, tmp_path: Path) -> None:
    (tmp_path / "firms.csv").write_text("Company\nMara Tea\n\"\"\n", encoding="utf-8")
    (tmp_path / "people.csv").write_text("Firm,Given\nMara Tea,Amina\nNobody,Juma\n", encoding="utf-8")
    plan = {"steps": [
        {"entity": "customer", "file": "firms.csv", "columns": [{"column": "Company", "field": "name"}]},
        {"entity": "contact", "file": "people.csv",
         "columns": [{"column": "Firm", "field": "customer", "by": ["name"]}, {"column": "Given", "field": "given_name"}]},
    ]}  # fmt: skip
    tried = s.import_csv(tmp_path, plan, dry_run=True)
    done = s.import_csv(tmp_path, plan, failed_rows=tmp_path / "refused")
    assert (tried.created, tried.import_id, done.created) == (2, None, 2) and [step.created for step in done.steps] == [1, 1]
    assert [path.name for path in (tmp_path / "refused").iterdir()] == ["people.csv"]
    (contact,) = s.contacts
    assert s.customers.get(contact.customer).name == "Mara Tea"
    left: list[int] = []
    assert done.import_id is not None
    assert s.undo_import(done.import_id, progress=left.append) == 2 and left == [1, 0]
    with pytest.raises(TypeError, match="folder"):
        s.import_csv(tmp_path, plan, failed_rows=io.BytesIO())


def test_what_a_callback_raises_ends_an_import(s: crm.Session) -> None:
    def on_row(row: crm.ImportedRow) -> None:
        raise LookupError(row.line)

    with pytest.raises(LookupError, match="^2$"):
        s.import_csv(io.BytesIO(PEOPLE), suggested(), on_row=on_row)
    # Rows are told when they are written.
    assert len(s.customers) == 1


class Broken(io.RawIOBase):
    """A file that fails."""

    def read(self, size: int = -1) -> bytes:
        raise ConnectionResetError("the line is dead")

    def write(self, data: Any) -> int:
        raise ConnectionResetError("the line is dead")


def test_what_a_file_object_raises_is_raised(db: crm.Crm, s: crm.Session) -> None:
    tea = s.customers.create(name="Mara Tea")
    order = s.attach(b"ten tons", customer=tea, file_name="order.txt")
    calls: list[Any] = [
        lambda: s.import_csv(Broken(), suggested()),
        lambda: s.import_vcards(Broken()),
        lambda: list(crm.read_vcards(Broken())),
        lambda: crm.sniff(Broken()),
        lambda: s.attach(Broken(), customer=tea, file_name="x"),
        lambda: s.read_attachment(order, target=Broken()),
        lambda: s.customers.export_csv(Broken()),
        lambda: s.customers.export_vcards(Broken()),
        lambda: s.export_calendar(Broken()),
        lambda: db.dump(Broken()),
        lambda: crm.restore(":memory:", Broken()),
    ]
    for call in calls:
        with pytest.raises(ConnectionResetError, match="the line is dead"):
            call()
    with pytest.raises(TypeError, match="bytes"):
        s.import_csv(io.StringIO("a,b"), suggested())  # type: ignore[arg-type]
    assert len(s.attachments) == 1 and db.check() == ()


def test_a_file_that_is_not_there_is_told_of_as_python_does(db: crm.Crm, s: crm.Session, tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    plan = {"steps": [{"entity": "customer", "file": missing.name, "columns": [{"column": "name", "field": "name"}]}]}
    customer = s.customers.create(name="Mara Tea")
    calls: list[Callable[[], object]] = [
        lambda: crm.sniff(missing),
        lambda: s.import_csv(missing, plan),
        lambda: s.import_csv(tmp_path, plan),
        lambda: s.import_vcards(missing),
        lambda: s.attach(missing, customer=customer),
        lambda: crm.restore(tmp_path / "new.db", missing),
    ]
    for call in calls:
        with pytest.raises(FileNotFoundError) as raised:
            call()
        assert raised.value.errno == errno.ENOENT and raised.value.filename == str(missing)
    with pytest.raises(IsADirectoryError if os.name == "posix" else OSError) as refused:
        s.customers.export_csv(tmp_path)
    assert refused.value.filename == str(tmp_path)


def test_cards_in_and_out(s: crm.Session, tmp_path: Path) -> None:
    tea = s.customers.create(name="Mara Tea", kind="business", phones=["+254 722 000001"])
    amina = s.contacts.create(customer=tea, given_name="Amina", family_name="Otieno", emails=["amina@mara.example"])
    s.contacts.create(customer=s.customers.create(name="Other"), given_name="Juma")
    path = tmp_path / "people.vcf"
    assert s.contacts.export_vcards(path, customer=tea) == 1
    (card,) = crm.read_vcards(path)
    assert (card.number, card.line, card.version, card.problems) == (1, 1, "4.0", ())
    said = {found.name: found.value for found in card.properties}
    assert said["N"] == "Otieno;Amina;;;" and said["ORG"] == "Mara Tea" and said["EMAIL"] == "amina@mara.example"
    assert s.import_vcards(path, customer=tea).unchanged == 1
    with crm.open(":memory:") as other:
        there = other.system()
        home = there.customers.create(name="Mara Tea")
        told: list[crm.ImportedCard] = []
        tried = there.import_vcards(path, customer=home, dry_run=True, on_card=told.append)
        assert (tried.cards, tried.created, told[0].outcome, told[0].name) == (1, 1, "created", "Amina Otieno")
        assert told[0].record is None and len(there.contacts) == 0
        done = there.import_vcards(path, customer=home, on_match="update")
        (copied,) = there.contacts
        assert (copied.given_name, copied.emails) == (amina.given_name, amina.emails) and done.operations
        there.undo(done.operations[-1])
        assert len(there.contacts) == 0
    changed = path.read_text(encoding="utf-8").replace("FN:", "TITLE:Buyer\r\nFN:").replace("Otieno;Amina", "Otieno;Amina Zawadi")
    assert s.import_vcards(io.BytesIO(changed.encode()), customer=tea, on_match="skip").skipped == 1

    def on_card(card: crm.ImportedCard) -> None:
        raise LookupError(card.name)

    with pytest.raises(LookupError):
        s.import_vcards(io.BytesIO(changed.encode()), customer=tea, on_card=on_card)
    with pytest.raises(crm.NotFoundError):
        s.import_vcards(path, customer=s.new_id())
    with pytest.raises(crm.InvalidError):
        s.import_vcards(path, on_match="mend")


def test_a_calendar(s: crm.Session, tmp_path: Path) -> None:
    tea = s.customers.create(name="Mara Tea")
    s.reminders.create(customer=tea, title="Ring Mara", due=crm.Due(date(2026, 3, 9), None, None))
    s.reminders.create(customer=tea, title="Send samples", due=crm.Due(date(2026, 3, 10)))
    at = datetime(2026, 3, 11, 9, 0, tzinfo=timezone.utc)
    s.interactions.create(customer=tea, kind="meeting", subject="Tasting", occurred_at=at)
    s.interactions.create(customer=tea, kind="call", subject="No meeting", occurred_at=at)
    path = tmp_path / "crm.ics"
    assert s.export_calendar(path) == crm.CalendarWritten(2, 1)
    text = path.read_text(encoding="utf-8")
    assert text.count("BEGIN:VTODO") == 2 and "SUMMARY:Tasting" in text and "No meeting" not in text
    one = io.BytesIO()
    where = {"field": "title", "op": "contains", "value": "ring"}
    assert s.export_calendar(one, reminders=where, meetings=False) == crm.CalendarWritten(1, 0)
    assert b"Ring Mara" in one.getvalue() and b"VEVENT" not in one.getvalue()
    with pytest.raises(crm.InvalidError):
        s.export_calendar(path, reminders={"field": "ttle", "op": "is", "value": "x"})
    assert path.read_text(encoding="utf-8") == text, "what is refused leaves the file that was there"


def test_attachments(s: crm.Session, tmp_path: Path) -> None:
    tea = s.customers.create(name="Mara Tea")
    path = tmp_path / "order.pdf"
    path.write_bytes(bytes(range(256)) * 2_000)
    order = s.attach(path, customer=tea, media_type="application/pdf")
    assert (order.file_name, order.size, order.media_type) == ("order.pdf", 512_000, "application/pdf")
    note = s.notes.create(customer=tea, body="See there")
    empty = s.attach(io.BytesIO(), customer=tea, file_name="empty", note=note)
    assert (empty.size, empty.note, s.read_attachment(empty)) == (0, note.id, b"")
    assert s.read_attachment(order) == path.read_bytes() == s.read_attachment(str(order.id))
    out = io.BytesIO()
    assert s.read_attachment(order, target=out) is None and out.getvalue() == path.read_bytes()
    s.read_attachment(order, target=tmp_path / "copy.pdf")
    assert (tmp_path / "copy.pdf").read_bytes() == path.read_bytes()
    assert {found.id for found in s.attachments.list(customer=tea)} == {order.id, empty.id}
    s.attachments.delete(order)
    with pytest.raises(crm.NotFoundError):
        s.read_attachment(order)
    s.update_settings(attachment_limit=3)
    with pytest.raises(crm.InvalidError) as large:
        s.attach(b"four", customer=tea, file_name="x")
    assert large.value.violations[0].rule == "too_long"


def test_backups_dumps_and_proofs(db: crm.Crm, s: crm.Session, tmp_path: Path) -> None:
    s.customers.create(name="Mara Tea")
    kept = db.head()
    db.backup(tmp_path / "copy.db")
    with pytest.raises(crm.StorageError):
        db.backup(tmp_path / "copy.db")
    s.customers.create(name="Kahawa")
    proof = db.verify(since=kept)
    assert proof.holds and proof.broken is None and proof.head == db.head() != kept and proof.erased == 0
    with crm.open(tmp_path / "copy.db") as copied:
        assert len(copied.system().customers) == 1 and copied.head() == kept
        lost = copied.verify(since=db.head())
        assert not lost.holds and lost.broken is not None and lost.broken.reason
    dump = io.BytesIO()
    assert db.dump(dump).operations == proof.operations
    dump.seek(0)
    with crm.restore(tmp_path / "again.db", dump, durability="normal", password_cost=(8, 1)) as again:
        assert again.head() == db.head()
        user = again.system().users.create(username="wanjiku", role=again.system().roles.get("admin"))
        again.system().set_password(user, "correct horse battery")
        assert again.login("wanjiku", "correct horse battery").me() == user
    with pytest.raises(ValueError, match="hash"):
        db.verify(since=crm.Head(1, "xyz"))
    with pytest.raises(crm.NotAStoreError):
        crm.restore(":memory:", io.BytesIO(b"no dump"))
    whole = dump.getvalue()
    for wrong in (b"no dump", whole[: len(whole) // 2]):
        with pytest.raises(crm.CrmError):
            crm.restore(tmp_path / "refused.db", io.BytesIO(wrong))
        assert list(tmp_path.glob("refused.db*")) == []


def test_a_store_is_opened_again(tmp_path: Path) -> None:
    with crm.open(tmp_path / "crm.db", readers=1, shortest_password=3, password_cost=(8, 1)) as db:
        db.create_admin("wanjiku", "abc")
        s = db.login("wanjiku", "abc")
        db.close()
        with pytest.raises(crm.ClosedError):
            s.me()
        db.reopen()
        db.reopen()
        assert s.me() == db.system("night").users.get("wanjiku")
        assert s.program is None and db.system("night").program == "night"
        db.interrupt()
        assert len(s.customers) == 0, "only what runs is interrupted"
    wrongs: list[dict[str, Any]] = [{"password_cost": (1, 0)}, {"session_hours": 0}, {"busy_timeout": -1}]
    for wrong in wrongs:
        with pytest.raises((ValueError, crm.CrmError)), crm.open(tmp_path / "crm.db", **wrong) as db:
            db.login("wanjiku", "abc")


def test_pages_by_cursor_and_saved_views(s: crm.Session) -> None:
    with s.batch() as batch:
        for n in range(5):
            batch.customers.create(name=f"Customer {n}", tags=["odd"] if n % 2 else [])
    names, cursor, pages = [], None, 0
    listed = s.customers.list(order_by="name", page_size=2)
    while pages == 0 or cursor:
        page = listed.part(cursor=cursor)
        names += [customer.name for customer in page.items]
        cursor, pages = page.next, pages + 1
    assert names == [f"Customer {n}" for n in range(5)] and pages == 3
    with pytest.raises(crm.InvalidError):
        listed.part(cursor="elsewhere")
    query = s.customers.list(tags="odd", order_by="-name", words="customer").query
    assert query["words"] == "customer" and query["order"] == ["-name"]
    view = s.saved_views.create(name="Odd ones", entity="customer", query=query)
    assert [customer.name for customer in s.list_view(view)] == ["Customer 3", "Customer 1"]
    s.saved_views.update(view, query={**view.query, "order": ["name"]})
    assert [customer.name for customer in s.list_view(view.id).page()] == ["Customer 1", "Customer 3"]


def test_rules_for_duplicates(s: crm.Session) -> None:
    made = [s.customers.create(name=name).id for name in ("Mara Tea Ltd", "Mara Tea Limited", "Mara Tea, Ltd.", "Zebra")]
    found = s.customers.find_duplicates()
    assert found.groups == (tuple(made[:3]),) and found.records == 4 and found.compared >= 3 and len(found) == 3
    again = pickle.loads(pickle.dumps(found))
    assert again == found == copy.copy(found) and again.groups == found.groups
    rules = crm.duplicate_rules("customer")
    rules["most_sharing"] = 2
    few = s.customers.find_duplicates(rules=rules)
    assert few.dropped_in_all == len(few.dropped) > 0 and few.dropped[0].records == 3
    assert s.customers.duplicates_of(made[0], rules=rules).dropped and not s.customers.duplicates_of(made[0]).dropped
    with pytest.raises(crm.InvalidError):
        s.customers.find_duplicates(rules={"keys": []})
    with pytest.raises(crm.InvalidError):
        crm.duplicate_rules("note")


def test_deals_and_repetitions(s: crm.Session) -> None:
    lead = s.customers.create(name="Mara Tea")
    lines = [{"description": "Tea", "quantity": 3, "unit_price": crm.Money("1.50", "KES")}]
    deal = s.convert_lead(lead, opportunity={"name": "Ten tons", "lines": lines}).opportunity
    assert deal is not None and deal.pipeline is not None
    pipeline = s.pipelines.get(deal.pipeline)
    stage = pipeline.stage(deal.stage)
    assert stage is not None and pipeline.stage("nowhere") is None
    assert deal.effective_probability(pipeline) == stage.probability and deal.sum_of_lines() == crm.Money("4.50", "KES")
    half = s.opportunities.update(deal, probability=50)
    assert half.weighted(pipeline) == crm.Money("2.25", "KES") or half.weighted(pipeline) == crm.Money("2.24", "KES")
    assert deal.time_in_stage(s.now()).days == 0 and not deal.is_rotting(pipeline, s.now())
    first = crm.Due(date(2026, 1, 31))
    assert [due.date.day for due in crm.occurrences("FREQ=MONTHLY", first, limit=2)] == [31, 28]
    (later,) = crm.occurrences("FREQ=MONTHLY", first, after=crm.Due(date(2034, 5, 1)), limit=1)
    assert later == crm.Due(date(2034, 5, 31))
    with pytest.raises(crm.InvalidError):
        crm.occurrences("FREQ=SOMETIMES", first)
    assert isinstance(deal.id, UUID)
