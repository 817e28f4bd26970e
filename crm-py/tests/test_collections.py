"""Collections: writing, reading, listing, finding."""

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

import crm
from conftest import ManualClock


def test_a_record_from_its_making_to_its_end(s: crm.Session) -> None:
    tea = s.customers.create(name="Mara Tea")
    assert s.customers.get("C001") == s.customers.get(tea) == s.customers.get(str(tea.id)) == s.customers[tea.id] == tea
    changed = s.customers.update(tea.id, name="Mara Tea Ltd", website="https://mara.example")
    assert (changed.name, changed.website, changed.version) == ("Mara Tea Ltd", "https://mara.example", 2)
    assert s.customers.update(tea.id, website=None).website is None
    written = s.customers.replace(changed.replace(company="Mara"))
    assert (written.company, written.website) == ("Mara", None)
    deletion = s.customers.delete(tea.id)
    assert deletion.by is None and tea.id not in s.customers and len(s.customers) == 0
    assert [gone.record.id for gone in s.customers.trash()] == [tea.id]
    assert s.customers.restore(tea.id).name == "Mara Tea Ltd" and tea.id in s.customers
    s.customers.delete(tea.id)
    s.customers.purge(tea.id)
    with pytest.raises(crm.NotFoundError):
        s.customers.restore(tea.id)
    with pytest.raises(crm.GoneError):
        s.undo(s.last_operation() or pytest.fail("there is one"))
    assert [operation.command for operation in s.operations()][-1] == "purge"


def test_ids_can_be_made_beforehand(s: crm.Session) -> None:
    made = s.new_id()
    assert s.customers.create(id=made, name="Mara Tea").id == made
    with pytest.raises(crm.DuplicateError) as taken:
        s.customers.create(id=made, name="Again")
    assert (taken.value.field, taken.value.holder) == ("id", made)


def test_records_of_other_systems(s: crm.Session) -> None:
    first, created = s.customers.upsert("erp", "17", name="Mara Tea")
    again, created_again = s.customers.upsert("erp", "17", name="Mara Tea Ltd")
    assert (created, created_again, again.id) == (True, False, first.id)
    assert s.customers.by_external_id("erp", "17").name == "Mara Tea Ltd"


def test_lists_are_read_page_by_page_to_their_end(s: crm.Session, clock: ManualClock) -> None:
    with s.batch() as batch:
        made = [batch.customers.create(name=f"Customer {n:03}", tags=["odd"] if n % 2 else []) for n in range(120)]
    every = s.customers.list(page_size=50)
    assert [len(page) for page in every.pages()] == [50, 50, 20] and every.total() == 120
    assert {customer.id for customer in every} == set(made) == {customer.id for customer in s.customers}
    ordered = s.customers.list(order_by=["-name"], page_size=7)
    assert [customer.name for customer in ordered] == [f"Customer {n:03}" for n in reversed(range(120))]
    assert ordered.page()[0] == ordered.first() and len(ordered.page()) == 7
    assert s.customers.list(name="nobody").first() is None and list(s.customers.list(name="nobody")) == []


def test_filters(s: crm.Session, clock: ManualClock) -> None:
    tea = s.customers.create(name="Mara Tea", address={"city": "Nairobi"}, tags=["vip"])
    clock.advance(days=1)
    later = clock()
    coffee = s.customers.create(name="Kahawa", kind="business", emails=["info@kahawa.example"])

    def names(**tests: Any) -> set[str]:
        return {customer.name for customer in s.customers.list(**tests)}

    assert names(kind="business") == names(kind=crm.CustomerKind.BUSINESS) == {"Kahawa"}
    assert names(address__city="nairobi") == names(tags="vip") == names(created_at__lt=later) == {"Mara Tea"}
    assert names(created_at__gte=later - timedelta(hours=1)) == {"Kahawa"}
    assert names(name__contains="ahaw") == names(emails="INFO@kahawa.example") == names(kind__not="individual") == {"Kahawa"}
    assert names(id__in=[tea.id, coffee.id]) == names(owner=None) == {"Mara Tea", "Kahawa"} and names(owner__empty=False) == set()
    either = {"or": [{"field": "name", "op": "is", "value": "kahawa"}, {"field": "tags", "op": "is", "value": "vip"}]}
    assert names(where=either) == {"Mara Tea", "Kahawa"} and s.customers.count(where={"not": either}) == 0
    newer = {"field": "created_at", "op": "gte", "value": later - timedelta(hours=1)}
    assert names(where={"and": [newer, {"not": {"field": "name", "op": "startswith", "value": "m"}}]}) == {"Kahawa"}
    wrongs: list[dict[str, Any]] = [
        {"nme": 1}, {"name__gtt": 1}, {"where": {"field": "name"}}, {"order_by": "nme"}, {"page_size": 0}
    ]  # fmt: skip
    for wrong in wrongs:
        with pytest.raises(crm.InvalidError):
            names(**wrong)


def test_search_finds_beginnings_parts_phones_and_typos(s: crm.Session) -> None:
    tea = s.customers.create(name="Wanjiku Traders", phones=["+254 722 000001"])
    amina = s.contacts.create(customer=tea, given_name="Amina", family_name="Hassan")
    for words in ("wanj", "wanjiuk", "njik", "0722000001", "C001"):
        assert [found.id for found in s.customers.search(words)] == [tea.id], words
    hits = s.search("amina")
    assert [(hit.kind, hit.id, hit.customer) for hit in hits] == [(crm.Kind.CONTACT, amina.id, tea.id)]
    fits = {words: [hit.matched for hit in s.search(words)] for words in ("hassan", "hass", "assa", "hasasn")}
    assert fits == {"hassan": ["exact"], "hass": ["prefix"], "assa": ["inside"], "hasasn": ["typo"]}


def test_figures(s: crm.Session) -> None:
    for name, value in (("A", "100"), ("B", "50.50")):
        s.customers.create(name=name, lead={"estimated_value": crm.Money(value, "KES")})
    s.customers.create(name="C", status="active")
    groups = s.customers.aggregate(by="status", of="lead__estimated_value")
    told = {(group.keys[0], group.currency): (group.count, group.sum) for group in groups}
    assert told[("lead", "KES")] == (2, crm.Money("150.50", "KES"))
    months = s.customers.aggregate(by=["created_at:month"])
    assert [group.count for group in months] == [3]


def test_many_at_once(s: crm.Session) -> None:
    for n in range(3):
        s.customers.create(name=f"Customer {n}")
    where = {"field": "name", "op": "starts_with", "value": "Customer"}
    tried = s.customers.update_all(where, dry_run=True, source="fair")
    assert (tried.matched, tried.operation, s.customers.count(source="fair")) == (3, None, 0)
    done = s.customers.update_all(where, source="fair")
    assert done.changed == s.customers.count(source="fair") == 3 and isinstance(done.operation, UUID)
    assert s.customers.delete_all(where).changed == 3 and len(s.customers) == 0
    s.undo(s.last_operation() or pytest.fail("there is one"))
    assert len(s.customers) == 3


def test_a_batch_is_one_operation_or_none(s: crm.Session) -> None:
    with s.batch() as batch:
        tea = batch.customers.create(name="Mara Tea")
        batch.contacts.create(customer=tea, given_name="Amina")
        assert len(batch) == 2 and batch.operation is None
    assert batch.operation is not None and len(batch.operation.changes) == 2
    with pytest.raises(crm.InvalidError), s.batch() as batch:
        batch.customers.update(tea, name="Other")
        batch.customers.create(name="")
    with pytest.raises(ZeroDivisionError), s.batch() as batch:
        batch.customers.delete(tea)
        raise ZeroDivisionError
    assert s.customers.get(tea).name == "Mara Tea" and batch.operation is None
    with pytest.raises(RuntimeError):
        batch2 = s.batch()
        batch2.customers.delete(tea)
        batch2.run()
        batch2.customers.restore(tea)


def test_history_undo_and_the_past(s: crm.Session, clock: ManualClock) -> None:
    tea = s.customers.create(name="Mara Tea")
    before = clock()
    clock.advance(hours=1)
    s.customers.update(tea, name="Mara Coffee")
    created, renamed = s.customers.history(tea)
    assert (created.command, renamed.program, renamed.user) == ("create", "tests", None)
    assert renamed.changes[0].before == {"name": "Mara Tea"} and renamed.changes[0].after == {"name": "Mara Coffee"}
    assert renamed.changes[0].change is crm.ChangeKind.UPDATE
    past = s.as_of(before)
    assert past.customers.get(tea).name == "Mara Tea"
    with pytest.raises(crm.ReadOnlyError):
        past.customers.update(tea, name="x")
    assert s.undo(renamed).undoes == renamed.id and s.customers.get(tea).name == "Mara Tea"


def test_leads_deals_and_reminders(s: crm.Session, clock: ManualClock) -> None:
    lead = s.customers.create(name="Mara Tea")
    converted = s.convert_lead(lead, status="active", opportunity={"name": "Ten tons"}, contact={"given_name": "Amina"})
    assert converted.customer.status is crm.CustomerStatus.ACTIVE and converted.opportunity is not None
    assert converted.contact is not None and converted.contact.customer == lead.id
    assert s.convert_lead(lead).operation == converted.operation
    assert converted.opportunity.pipeline is not None
    pipeline = s.pipelines.get(converted.opportunity.pipeline)
    won = next(stage for stage in pipeline.stages if stage.kind is crm.StageKind.WON)
    deal = s.move_stage(converted.opportunity, won.key)
    assert deal.status is crm.OpportunityStatus.WON and deal.closed_on == s.today()
    due = crm.Due(datetime(2026, 3, 9).date())
    reminder = s.reminders.create(customer=lead, title="Ring", due=due)
    assert reminder.due == due
    snoozed = s.snooze_reminder(reminder, clock() + timedelta(days=8))
    assert snoozed.status is crm.ReminderStatus.SNOOZED
    assert s.complete_reminder(reminder, snoozed.due).status is crm.ReminderStatus.DONE
    assert snoozed.created_at.tzinfo == timezone.utc


def test_in_says_what_brackets_find(s: crm.Session) -> None:
    tea = s.customers.create(name="Mara Tea")
    assert tea in s.customers and tea.id in s.customers and "C001" in s.customers
    assert "C999" not in s.customers and "zzz" not in s.notes and s.new_id() not in s.customers
