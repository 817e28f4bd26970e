"""The parts of records: values with parts. All of them are frozen."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .enums import LeadStatus, Priority, StageKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar
    from uuid import UUID

    from ._crm import Money

    _P = TypeVar("_P", bound="_Part")
    # The fields of `Due` are called as their types are.
    from datetime import date as _Date  # noqa: N812
    from datetime import time as _Time  # noqa: N812

if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any


class _Part:
    """A part of a record."""

    __slots__ = ()

    @classmethod
    def _of(cls: type[_P], values: Mapping[str, Any]) -> _P:
        known = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in values.items() if name in known})

    def __crm_value__(self) -> dict[str, Any]:
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return {field.name: value for field in fields if (value := getattr(self, field.name)) is not None}

    def to_dict(self) -> dict[str, Any]:
        """The parts by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]

    def replace(self, **changes: Any) -> Self:
        """The same value with some parts changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]


@dataclass(frozen=True, slots=True)
class Email(_Part):
    """An e-mail address; the first of a list is the primary one."""

    address: str
    label: str | None = None
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Phone(_Part):
    """A phone number as it was typed; the first of a list is the primary one."""

    number: str
    label: str | None = None
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Address(_Part):
    """A postal address; the country is two letters of ISO 3166-1."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Lead(_Part):
    """How the qualification of a customer goes."""

    status: LeadStatus = LeadStatus.NEW
    priority: Priority = Priority.MEDIUM
    estimated_value: Money | None = None
    lost_reason: str | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            status: LeadStatus | str = LeadStatus.NEW,
            priority: Priority | str = Priority.MEDIUM,
            estimated_value: Money | None = None,
            lost_reason: str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", LeadStatus(self.status))
        object.__setattr__(self, "priority", Priority(self.priority))


@dataclass(frozen=True, slots=True)
class Stage(_Part):
    """A stage of a pipeline: its key for ever, its name, what it means, how likely a deal in it is won in percent, and
    after how many days in it a deal rots."""

    key: str
    name: str
    kind: StageKind = StageKind.OPEN
    probability: int = 0
    rotting_after_days: int | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            key: str,
            name: str,
            kind: StageKind | str = StageKind.OPEN,
            probability: int = 0,
            rotting_after_days: int | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", StageKind(self.kind))


@dataclass(frozen=True, slots=True)
class StageTime(_Part):
    """How many seconds a deal spent in a stage."""

    stage: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Line(_Part):
    """What is offered in a deal: a product or a description, how much of it, the price of one, the discount in percent."""

    product: UUID | None = None
    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Money | None = None
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class OpportunityContact(_Part):
    """Somebody who has a say in a deal, and what it is."""

    contact: UUID
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Due(_Part):
    """When something is due: a day, or a wall-clock time in a zone (`"Africa/Nairobi"`)."""

    date: date
    time: time | None = None
    zone: str | None = None

    if TYPE_CHECKING:

        def __init__(self, date: _Date, time: _Time | str | None = None, zone: str | None = None) -> None: ...

    def __post_init__(self) -> None:
        if isinstance(self.time, str):
            object.__setattr__(self, "time", time.fromisoformat(self.time))


_CLASSES: dict[str, type[_Part]] = {
    "emails": Email,
    "phones": Phone,
    "address": Address,
    "lead": Lead,
    "stages": Stage,
    "stage_times": StageTime,
    "lines": Line,
    "opportunity.contacts": OpportunityContact,
    "due": Due,
    "anchor": Due,
}


def class_of(kind: str, field: str) -> type[_Part] | None:
    """The class of the values with parts that a field holds; None for one without."""
    return _CLASSES.get(f"{kind}.{field}", _CLASSES.get(field) if field != "contacts" else None)
