"""Values with parts, and what calls give besides records. All of them are frozen."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from .enums import ChangeKind, Kind, LeadStatus, Priority, StageKind

if TYPE_CHECKING:
    from typing import TypeVar

    from ._crm import Contact, Customer, Money, Opportunity

    _P = TypeVar("_P", bound="_Part")

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


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with a field: the broken rule, the value, and what to do about it."""

    field: str
    rule: str
    value: str
    reason: str


def violations(found: Iterable[Mapping[str, str]]) -> tuple[Violation, ...]:
    """The violations of an `InvalidError`."""
    return tuple(Violation(**violation) for violation in found)


@dataclass(frozen=True, slots=True)
class Deletion:
    """How a record came into the trash. What was deleted together has the same id, and comes back together."""

    id: UUID
    at: datetime
    by: UUID | None


@dataclass(frozen=True, slots=True)
class Trashed:
    """A record in the trash, as it was deleted."""

    record: Any
    deletion: Deletion


@dataclass(frozen=True, slots=True)
class Change:
    """What an operation did to one record: the values of the changed fields before and after, by name."""

    kind: Kind
    id: UUID
    change: ChangeKind
    version: int
    customer: UUID | None
    before: dict[str, Any]
    after: dict[str, Any]
    erased: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))
        object.__setattr__(self, "change", ChangeKind(self.change))


@dataclass(frozen=True, slots=True)
class Operation:
    """What was written at once: its place in the journal, when, by which user or program, by which command."""

    seq: int
    id: UUID
    at: datetime
    user: UUID | None
    program: str | None
    command: str
    undoes: UUID | None
    import_id: UUID | None
    changes: tuple[Change, ...]

    def __crm_value__(self) -> UUID:
        return self.id


@dataclass(frozen=True, slots=True)
class Group:
    """Figures of a group: its keys, the currency of its amounts, how many records, how many of them have a value, and
    the sum, mean, smallest and largest value."""

    keys: tuple[Any, ...]
    currency: str | None
    count: int
    measured: int
    sum: Any
    mean: Decimal | None
    min: Any
    max: Any


@dataclass(frozen=True, slots=True)
class Bulk:
    """What a call on many records did: how many there were, how many were changed, the operation's id, and the records
    that could not be changed with the error of each."""

    matched: int
    changed: int
    operation: UUID | None
    problems: tuple[tuple[UUID, Exception], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that search found: its kind and id, its name or title, the customer that it hangs on."""

    kind: Kind
    id: UUID
    title: str
    customer: UUID | None
    created_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))

    def __crm_value__(self) -> UUID:
        return self.id


@dataclass(frozen=True, slots=True)
class Converted:
    """What a lead became; the operation's id is for `Session.undo`."""

    customer: Customer
    opportunity: Opportunity | None
    contact: Contact | None
    operation: UUID | None


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the journal is as it was written, and where it is not."""

    holds: bool
    broken: str | None
