"""Records feel as if they had been written in Python."""

import copy
import datetime
import pickle
import uuid
from decimal import Decimal

import pytest

import crm


def customer(s: crm.Session) -> crm.Customer:
    return s.customers.create(
        name="Mara Tea 茶",
        kind="business",
        emails=["info@mara.example", crm.Email("boss@mara.example", label="boss")],
        phones=[{"number": "+254 722 000001", "opted_out": True}],
        address=crm.Address(city="Nairobi", country="KE"),
        tags={"tea"},
        external_ids={"erp": "17"},
        lead=crm.Lead(priority=crm.Priority.HIGH, estimated_value=crm.Money("-1234567890123.45", "KES")),
    )


def test_fields_have_the_natural_types(s: crm.Session) -> None:
    tea = customer(s)
    assert isinstance(tea.id, uuid.UUID)
    assert tea.created_at == datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.timezone.utc)
    assert (tea.code, tea.kind, tea.version, tea.created_by) == ("C001", crm.CustomerKind.BUSINESS, 1, None)
    assert tea.kind == "business" and str(tea.status) == "lead"
    assert tea.emails == (crm.Email("info@mara.example"), crm.Email("boss@mara.example", "boss"))
    assert tea.phones[0].opted_out and tea.tags == ("tea",)
    assert tea.address == crm.Address(city="Nairobi", country="KE")
    assert dict(tea.external_ids) == {"erp": "17"} and tea.description == "" and tea.owner is None
    assert tea.lead is not None and tea.lead.estimated_value is not None
    assert tea.lead.estimated_value.amount == Decimal("-1234567890123.45")


def test_records_are_frozen_values(s: crm.Session) -> None:
    tea = customer(s)
    with pytest.raises(AttributeError, match="frozen"):
        tea.name = "Other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        tea.external_ids["erp"] = "18"  # type: ignore[index]
    same = s.customers.get(tea.id)
    assert same == tea and hash(same) == hash(tea) and same is not tea
    assert len({same, tea}) == 1 and tea != "Mara Tea"
    assert copy.copy(tea) == tea and copy.deepcopy(tea) == tea and pickle.loads(pickle.dumps(tea)) == tea
    other = tea.replace(name="Other", tags=())
    assert (other.name, other.tags, other.id, tea.name) == ("Other", (), tea.id, "Mara Tea 茶")
    match tea:
        case crm.Customer(name=name, address=crm.Address(city=city)):
            assert (name, city) == ("Mara Tea 茶", "Nairobi")
        case _:
            pytest.fail("a record matches its class")


def test_to_dict_has_every_field(s: crm.Session) -> None:
    told = customer(s).to_dict()
    assert told["name"] == "Mara Tea 茶" and told["emails"][0]["address"] == "info@mara.example"
    assert {"id", "version", "created_at", "custom", "merged_into"} <= told.keys()


def test_every_choice_of_the_core_is_an_enum_here() -> None:
    for fields in crm._crm._schema().values():
        for field in fields:
            if field["type"] == "choice":
                assert crm.enums.enum_of(tuple(field["words"]))


def test_money_is_exact_and_of_one_currency() -> None:
    price = crm.Money("12.50", "KES")
    assert price + crm.Money(Decimal("0.10"), "KES") == crm.Money.of_minor(1260, "KES")
    assert price - price == crm.Money(0, "KES") and not price - price and -price < price
    assert crm.Money(100, "JPY").minor == 100 and crm.Money("1.234", "KWD").minor == 1234
    assert pickle.loads(pickle.dumps(price)) == price and eval(repr(price), vars(crm)) == price
    with pytest.raises(crm.CrmError):
        price + crm.Money(1, "USD")
    with pytest.raises(TypeError):
        assert price < crm.Money(1, "USD")
    for amount, currency in (("1.234", "KES"), ("1", "XXZ"), ("1,5", "KES")):
        with pytest.raises(crm.InvalidError):
            crm.Money(amount, currency)
    with pytest.raises(TypeError, match="not exact"):
        crm.Money(1.5, "KES")  # type: ignore[arg-type]


def test_instants_of_any_zone_and_age(s: crm.Session) -> None:
    tea = customer(s)
    nairobi = datetime.timezone(datetime.timedelta(hours=3))
    for at in (
        datetime.datetime(1950, 1, 1, tzinfo=datetime.timezone.utc),
        datetime.datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=datetime.timezone.utc),
        datetime.datetime(2026, 7, 1, 12, 0, tzinfo=nairobi),
    ):
        call = s.interactions.create(customer=tea, kind="call", subject="Tea", occurred_at=at)
        assert call.occurred_at == at and call.occurred_at.utcoffset() == datetime.timedelta(0)
    with pytest.raises(ValueError, match="zone"):
        s.interactions.create(customer=tea, kind="call", subject="Tea", occurred_at=datetime.datetime(2026, 1, 1))


def test_fields_tell_what_they_are() -> None:
    docs = {crm.Customer.name.__doc__, crm.Customer.tags.__doc__, crm.Customer.address.__doc__}
    assert len(docs) == 3 and all(docs)


def test_a_list_may_be_any_iterable(s: crm.Session) -> None:
    tea = s.customers.create(name="Mara Tea", tags=(tag for tag in ("tea", "fair")))
    assert tea.tags == ("tea", "fair")
