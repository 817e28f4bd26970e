"""Lists are frames: polars, pandas and pyarrow read them as they are."""

from datetime import date, datetime, timezone
from decimal import Decimal

import pandas
import polars
import pyarrow  # type: ignore[import-untyped]
import pytest

import crm


@pytest.fixture
def teas(s: crm.Session) -> crm.Pages[crm.Customer]:
    s.customers.create(
        name="Mara",
        emails=["a@x.example", "b@x.example"],
        address={"city": "Nairobi"},
        tags=["vip"],
        external_ids={"erp": "17"},
        lead={"estimated_value": crm.Money("-1234567890123.45", "KES")},
    )
    s.customers.create(name="Kahawa 茶", kind="business", status="active")
    return s.customers.list(order_by="name")


def test_polars(teas: crm.Pages[crm.Customer]) -> None:
    frame = polars.DataFrame(teas)
    assert frame["name"].to_list() == ["Kahawa 茶", "Mara"]
    assert frame["emails"].to_list() == [[], ["a@x.example", "b@x.example"]]
    assert frame["lead_estimated_value"].to_list() == [None, Decimal("-1234567890123.45")]
    assert frame["lead_estimated_value_currency"].to_list() == [None, "KES"]
    assert frame["address_city"].to_list() == [None, "Nairobi"] and frame["status"].to_list() == ["active", "lead"]
    assert frame["created_at"][0] == datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)
    assert frame["id"].to_list() == [str(customer.id) for customer in teas]
    assert frame["external_ids"].to_list() == ["{}", '{"erp":"17"}']


def test_pyarrow_and_pandas(teas: crm.Pages[crm.Customer]) -> None:
    table = pyarrow.table(teas)
    assert table.num_rows == 2 and str(table.schema.field("created_at").type) == "timestamp[us, tz=UTC]"
    frame = pandas.DataFrame.from_arrow(teas)  # type: ignore[attr-defined]
    assert list(frame["name"]) == ["Kahawa 茶", "Mara"] and frame.shape == (2, table.num_columns)


def test_every_kind_is_a_frame_even_an_empty_one(s: crm.Session) -> None:
    customer = s.customers.create(name="Mara")
    s.contacts.create(customer=customer, given_name="Amina", birthday=date(1969, 7, 20))
    for name in ("contacts", "opportunities", "interactions", "reminders", "notes", "products", "sales", "roles", "users"):
        frame = polars.DataFrame(getattr(s, name).list())
        assert frame.height == len(getattr(s, name)) and {"id", "version", "updated_by"} <= set(frame.columns)
    assert polars.DataFrame(s.contacts.list())["birthday"].to_list() == [date(1969, 7, 20)]


def test_several_pages_and_errors(s: crm.Session) -> None:
    with s.batch() as batch:
        for n in range(2_500):
            batch.customers.create(name=f"Customer {n}")
    assert polars.DataFrame(s.customers.list()).height == 2_500
    with pytest.raises(Exception, match="nme"):
        polars.DataFrame(s.customers.list(nme=1))
    with pytest.raises(TypeError, match="trash"):
        polars.DataFrame(s.customers.trash())
