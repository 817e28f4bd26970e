"""Values with parts, and what calls give besides records. All of them are frozen."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from .enums import ChangeKind, CustomerStatus, InteractionKind, Kind, LeadStatus, Priority, StageKind

if TYPE_CHECKING:
    from typing import TypeVar

    from ._crm import Contact, Customer, Delivery, Interaction, Money, Opportunity, Pipeline, Reminder, User

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
class Head:
    """A place in the journal and the hash, in hexadecimal digits, that stands for all operations until then."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the journal is as it was written, and where it is not."""

    holds: bool
    broken: str | None


@dataclass(frozen=True, slots=True)
class Deals:
    """Deals in figures: how many are open, won and lost, their amounts and the weighted amount of the open ones once for
    each currency, the share that is won, and how many days it took on average."""

    open: int
    open_amount: tuple[Money, ...]
    weighted_amount: tuple[Money, ...]
    won: int
    won_amount: tuple[Money, ...]
    lost: int
    lost_amount: tuple[Money, ...]
    win_rate: Decimal | None
    won_cycle_days: Decimal | None
    lost_cycle_days: Decimal | None


@dataclass(frozen=True, slots=True)
class StageReport:
    """The open deals of a stage: how many, their amounts, and how many rot."""

    pipeline: UUID
    stage: Stage
    count: int
    amount: tuple[Money, ...]
    weighted_amount: tuple[Money, ...]
    rotting: int


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """A pipeline, its stages, and its deals in all."""

    pipeline: Pipeline
    stages: tuple[StageReport, ...]
    total: Deals


@dataclass(frozen=True, slots=True)
class LeadFigures:
    """Leads by status and priority, and the estimated values once for each currency."""

    by_status: dict[LeadStatus, int]
    by_priority: dict[Priority, int]
    estimated_value: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done lately: interactions by kind, and the newest."""

    by_kind: dict[InteractionKind, int]
    latest: tuple[Interaction, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The figures that one looks at in the morning."""

    customers: dict[CustomerStatus, int]
    leads: LeadFigures
    contacts: int
    deals: Deals
    stages: tuple[StageReport, ...]
    sales: tuple[Money, ...]
    activity: Activity
    reminders_today: int
    reminders_overdue: int


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that hangs on a customer: when, what kind of record, its id and what it is called."""

    at: datetime
    kind: Kind
    id: UUID
    title: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `next` is the `cursor` of the page after it, None on the last."""

    items: tuple[Any, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class StageMove:
    """A deal went from a stage to another."""

    operation: UUID
    at: datetime
    user: UUID | None
    program: str | None
    from_stage: str | None
    to_stage: str
    pipeline: UUID | None


@dataclass(frozen=True, slots=True)
class Clocks:
    """How many days old a deal is, how long it is in its stage and without a change, and whether it rots."""

    age_days: int | None
    time_in_stage: timedelta
    idle: timedelta
    rotting: bool


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A reminder that is due, its customer, the user who is to be told, and the delivery to acknowledge."""

    reminder: Reminder
    customer: Customer
    assignee: User | None
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Dispatched:
    """How many reminders were told, and how many could not be."""

    told: int
    failed: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did: the survivor, how many records of each kind moved to it, and the operation unless it was a dry
    run."""

    survivor: Any
    moved: dict[Kind, int]
    operation: Operation | None


@dataclass(frozen=True, slots=True)
class DuplicateReason:
    """A field that two records have alike, from 0 to 1, and what it counts."""

    field: str
    alike: float
    contribution: float


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two records that look like one."""

    left: UUID
    right: UUID
    score: float
    reasons: tuple[DuplicateReason, ...]


@dataclass(frozen=True, slots=True)
class DuplicateCandidate:
    """A record that looks like another."""

    record: Any
    score: float
    reasons: tuple[DuplicateReason, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure reached: records and changes of the journal; and in words what it could not reach."""

    records: int
    changes: int
    beyond: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row: the step of the plan from 0, the line, the column, the field, the text of the cell, the
    broken rule and what would be right."""

    step: int
    line: int
    column: str
    field: str
    value: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do. `import_id` is for `undo_import`, and to go on with one that was stopped."""

    import_id: UUID | None
    finished: bool
    rows: int
    created: int
    updated: int
    skipped: int
    failed: int
    problems: tuple[RowProblem, ...]
    warnings: tuple[str, ...]
