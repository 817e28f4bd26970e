"""What calls give besides records. All of them are frozen.

It is read when the first of them is asked for: making so many classes takes longer than all else that the package does
when it is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from .enums import ChangeKind, CustomerStatus, InteractionKind, Kind, LeadStatus, Priority
from .parts import Stage

if TYPE_CHECKING:
    from ._crm import Contact, Customer, Delivery, Interaction, Money, Opportunity, Pipeline, Reminder, User

    # Known to type checkers, which bring it; nobody installs it.
    from typing_extensions import disjoint_base
else:

    def disjoint_base(cls):
        return cls


if sys.version_info >= (3, 11):
    from typing import Self
else:
    Self = Any

_T = TypeVar("_T")


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
class Trashed(Generic[_T]):
    """A record in the trash, as it was deleted."""

    record: _T
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
    """What a call on many records did: how many there were, how many were changed (in a dry run: would be), the operation's
    id, and what stands against it: records that can't be changed, with the error of each. It is all or nothing: while there is
    one such record, none is changed."""

    matched: int
    changed: int
    operation: UUID | None
    problems: tuple[tuple[UUID, Exception], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that search found: its kind and id, its name or title, the customer that it hangs on, when it was created, and
    how its worst word fits: `"exact"`, `"prefix"`, `"inside"` or `"typo"`."""

    kind: Kind
    id: UUID
    title: str
    customer: UUID | None
    created_at: datetime
    matched: str

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
class Broken:
    """The place of the first operation that is not as it was written, and what is wrong there."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the journal is as it was written, and where it is not; how many operations were looked at, how many changes
    were rightly erased, and the newest operation."""

    holds: bool
    broken: Broken | None
    operations: int
    erased: int
    head: Head


@dataclass(frozen=True, slots=True)
class Dumped:
    """What a dump holds: how many records, operations and lines, and the newest operation."""

    records: int
    operations: int
    lines: int
    head: Head


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
class Page(Generic[_T]):
    """A page of a list; `next` is the `cursor` of the page after it, None on the last."""

    items: tuple[_T, ...]
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
class Merged(Generic[_T]):
    """What a merge did: the survivor, how many records of each kind moved to it, and the operation unless it was a dry
    run."""

    survivor: _T
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
class DroppedKey:
    """What too many records share to say anything: the place of the key in the rules, its value, and how many have it."""

    key: int
    value: str
    records: int | None


@disjoint_base
class Duplicates(tuple[DuplicatePair, ...]):
    """The pairs of records that look like one, the likeliest first; they are a tuple.

    Attributes:
        groups: the records that are one, directly or by way of others, the largest group first.
        dropped: the keys that too many records share, the commonest first, at most 100.
        dropped_in_all: how many of them there are.
        records: how many records were looked at.
        compared: how many pairs were compared.
    """

    groups: tuple[tuple[UUID, ...], ...]
    dropped: tuple[DroppedKey, ...]
    dropped_in_all: int
    records: int
    compared: int

    def __new__(
        cls,
        pairs: Iterable[DuplicatePair] = (),
        groups: tuple[tuple[UUID, ...], ...] = (),
        dropped: tuple[DroppedKey, ...] = (),
        dropped_in_all: int = 0,
        records: int = 0,
        compared: int = 0,
    ) -> Self:
        self = super().__new__(cls, pairs)
        self.groups, self.dropped, self.dropped_in_all = groups, dropped, dropped_in_all
        self.records, self.compared = records, compared
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:  # type: ignore[override]
        return (tuple(self), self.groups, self.dropped, self.dropped_in_all, self.records, self.compared)


@disjoint_base
class DuplicateCandidates(tuple[DuplicateCandidate, ...]):
    """The records that look like another, the likeliest first; they are a tuple.

    Attributes:
        dropped: the keys that too many records share.
    """

    dropped: tuple[DroppedKey, ...]

    def __new__(cls, candidates: Iterable[DuplicateCandidate] = (), dropped: tuple[DroppedKey, ...] = ()) -> Self:
        self = super().__new__(cls, candidates)
        self.dropped = dropped
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:  # type: ignore[override]
        return (tuple(self), self.dropped)


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure reached: records and changes of the journal; in words what it could not reach; and the operation that
    says so, None when all was erased before."""

    records: int
    changes: int
    beyond: tuple[str, ...]
    operation: Operation | None


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
class ImportedRow:
    """A row and what became of it: the step of the plan from 0, the line, `"created"`, `"updated"`, `"skipped"` or
    `"failed"`, the record, why it was skipped, its cells by column, and what is wrong with it."""

    step: int
    line: int
    action: str
    record: UUID | None
    reason: str
    cells: dict[str, str]
    problems: tuple[RowProblem, ...]


@dataclass(frozen=True, slots=True)
class ImportStep:
    """What became of one file: its place in the plan, its name and encoding, its rows, how many were skipped for which
    reason, how many cells each field of the plan found filled, the columns that the plan leaves out, and what is odd."""

    step: int
    file: str
    encoding: str
    rows: int
    created: int
    updated: int
    skipped: int
    failed: int
    skipped_for: dict[str, int]
    filled: tuple[tuple[str, int], ...]
    unused: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do. `import_id` is for `undo_import`, and to go on with one that was stopped; `plan` is
    the plan's hash."""

    import_id: UUID | None
    finished: bool
    rows: int
    created: int
    updated: int
    skipped: int
    failed: int
    problems: tuple[RowProblem, ...]
    warnings: tuple[str, ...]
    steps: tuple[ImportStep, ...]
    plan: str


@dataclass(frozen=True, slots=True)
class SniffedColumn:
    """What a column of a file looks like: its name; its type (`"empty"`, `"bool"`, `"number"`, `"date"`, `"instant"`,
    `"email"`, `"phone"` or `"text"`); the formats that a plan would need, all that fit when several do; how sure that is,
    from 0 to 1; how many rows have a value, and the first values."""

    name: str
    type: str
    formats: tuple[dict[str, Any], ...]
    confidence: float
    filled: int
    samples: tuple[str, ...]

    @property
    def is_ambiguous(self) -> bool:
        """Whether its values can be read in two ways, so that a plan must say which."""
        return len(self.formats) > 1


@dataclass(frozen=True, slots=True)
class CardProblem:
    """What of a card was not taken as it is: the line, the property or field, the broken rule, what the line says, and
    what became of it."""

    line: int
    property: str
    rule: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class CardProperty:
    """A property of a card as it is in the file: its line, group and name, the values of its parameters by their names, its
    value with its escapes, and how many octets of inline data it had, which are not kept."""

    line: int
    group: str | None
    name: str
    parameters: dict[str, tuple[str, ...]]
    value: str
    data: int | None


@dataclass(frozen=True, slots=True)
class VCard:
    """A card as it is in the file: which one and on which line, its version, its properties, and what is odd about it."""

    number: int
    line: int
    version: str
    properties: tuple[CardProperty, ...]
    problems: tuple[CardProblem, ...]


@dataclass(frozen=True, slots=True)
class ImportedCard:
    """A card and what became of it: `"created"`, `"updated"`, `"unchanged"`, `"skipped"` or `"failed"`; the record, the
    operation that wrote it, and what was not taken as it is."""

    number: int
    line: int
    name: str
    outcome: str
    record: UUID | None
    operation: UUID | None
    problems: tuple[CardProblem, ...]


@dataclass(frozen=True, slots=True)
class VCardReport:
    """What an import of cards did, or would do: how many cards there were and what became of them, how many lines were in
    no card, and the operations, the oldest first."""

    cards: int
    created: int
    updated: int
    unchanged: int
    skipped: int
    failed: int
    stray_lines: int
    operations: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class CalendarWritten:
    """How many reminders and meetings a calendar has."""

    reminders: int
    meetings: int
