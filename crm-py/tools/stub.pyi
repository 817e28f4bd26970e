from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from os import PathLike
from types import GenericAlias, TracebackType
from typing import Any, Generic, Protocol, TypeVar, final, overload
from uuid import UUID

from typing_extensions import disjoint_base

from .enums import (
    Action,
    CustomerKind,
    CustomerStatus,
    CustomFieldType,
    Direction,
    InteractionKind,
    Kind,
    LeadStatus,
    OpportunityStatus,
    Priority,
    ReminderStatus,
)
from .parts import Address, Due, Email, Lead, Line, OpportunityContact, Phone, Stage, StageTime
from .values import (
    Bulk,
    CalendarWritten,
    Clocks,
    Converted,
    Dashboard,
    Deletion,
    Dispatched,
    DueReminder,
    Dumped,
    DuplicateCandidates,
    Duplicates,
    Erased,
    Group,
    Head,
    Hit,
    ImportedCard,
    ImportedRow,
    ImportReport,
    Merged,
    Operation,
    Page,
    PipelineReport,
    SniffedColumn,
    StageMove,
    TimelineEntry,
    Trashed,
    VCard,
    VCardReport,
    Verification,
)

# what the module exports
__version__: str

class _Valued(Protocol):
    def __crm_value__(self) -> Any: ...

class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...

class _Writable(Protocol):
    def write(self, data: bytes, /) -> Any: ...

_Id = UUID | str | _Valued
_R = TypeVar("_R", bound="_Record", covariant=True)
_T = TypeVar("_T", covariant=True)

def open(
    path: str | PathLike[str],
    *,
    durability: str = "full",
    read_only: bool = False,
    busy_timeout: float = 5.0,
    readers: int = 4,
    session_hours: float = 12.0,
    shortest_password: int = 8,
    password_cost: tuple[int, int] | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Crm:
    """Opens the store in a file, which is made when there is none; `":memory:"` is gone when it is closed."""

def restore(
    path: str | PathLike[str],
    source: str | PathLike[str] | _Readable,
    *,
    durability: str = "full",
    busy_timeout: float = 5.0,
    readers: int = 4,
    session_hours: float = 12.0,
    shortest_password: int = 8,
    password_cost: tuple[int, int] | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Crm:
    """Makes a store of a dump, in a file that is not there yet."""

def sniff(source: str | PathLike[str] | _Readable) -> Sniffed:
    """Looks at the beginning of a CSV file."""

def plan_hash(plan: Mapping[str, Any] | str) -> str:
    """Checks a plan of an import, and gives its hash."""

def duplicate_rules(kind: Kind | str) -> dict[str, Any]:
    """The usual rules that say which records look alike, as a dict to be changed."""

def occurrences(recurrence: str, anchor: Due, *, after: Due | None = None, limit: int = 10) -> tuple[Due, ...]:
    """The days or moments on which something repeats, the first ones."""

def read_vcards(source: str | PathLike[str] | _Readable) -> Iterator[VCard]:
    """The cards of a vCard file as they are, read while one looks at them."""

def _restore(kind: str, fields: dict[str, Any]) -> Any: ...
def _schema() -> dict[str, tuple[dict[str, Any], ...]]: ...

@final
class Money:
    """An exact amount in one currency: `Money("12.50", "KES")`."""

    __match_args__ = ("amount", "currency")
    def __new__(cls, amount: Decimal | int | str, currency: str) -> Money: ...
    @staticmethod
    def of_minor(minor: int, currency: str) -> Money:
        """An amount in the currency's smallest unit."""
    @property
    def amount(self) -> Decimal:
        """The amount in the currency's main unit."""
    @property
    def minor(self) -> int:
        """The amount in the currency's smallest unit."""
    @property
    def currency(self) -> str:
        """The code of ISO 4217."""
    def __add__(self, other: Money, /) -> Money: ...
    def __radd__(self, other: Money, /) -> Money: ...
    def __sub__(self, other: Money, /) -> Money: ...
    def __rsub__(self, other: Money, /) -> Money: ...
    def __neg__(self) -> Money: ...
    def __bool__(self) -> bool: ...
    def __lt__(self, other: Money, /) -> bool: ...
    def __le__(self, other: Money, /) -> bool: ...
    def __gt__(self, other: Money, /) -> bool: ...
    def __ge__(self, other: Money, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[str, str]: ...

class _Record:
    @property
    def id(self) -> UUID:
        """Its id."""
    @property
    def version(self) -> int:
        """1 at first, one more with each change."""
    @property
    def created_at(self) -> datetime:
        """When it was created, in UTC."""
    @property
    def created_by(self) -> UUID | None:
        """The user who created it; None for the embedding program."""
    @property
    def updated_at(self) -> datetime:
        """When it was changed last, in UTC."""
    @property
    def updated_by(self) -> UUID | None:
        """The user who changed it last; None for the embedding program."""
    __match_args__: tuple[str, ...]
    def to_dict(self) -> dict[str, Any]:
        """All fields by name, as plain values."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __copy__(self) -> _Record: ...
    def __deepcopy__(self, _memo: Any) -> _Record: ...
    def __crm_value__(self) -> UUID: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Pages(Generic[_T]):
    """Records that are read page by page while one looks at them; each look reads anew."""

    @classmethod
    def __class_getitem__(cls, item: Any) -> GenericAlias: ...
    def __iter__(self) -> Iterator[_T]: ...
    def pages(self) -> Iterator[tuple[_T, ...]]:
        """The records in tuples of a page each."""
    def page(self) -> tuple[_T, ...]:
        """The first page."""
    def first(self) -> _T | None:
        """The first record, or None."""
    def part(self, *, cursor: str | None = None) -> Page[_T]:
        """A page, and the cursor of the one after it."""
    @property
    def query(self) -> dict[str, Any]:
        """What is listed, as a saved view keeps it."""
    def total(self) -> int:
        """How many there are on all pages."""
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        """All records as an Arrow stream, for polars, pandas and pyarrow."""

@disjoint_base
class Collection(Generic[_R]):
    """The records of one kind, as the session's user may see and change them."""

    @classmethod
    def __class_getitem__(cls, item: Any) -> GenericAlias: ...
    def create(self, **fields: Any) -> _R:
        """Creates a record."""
    def get(self, id: _Id) -> _R:
        """The live record with this id; a customer also by its code, a user by his name, a role by its key."""
    def update(self, id: _Id, /, *, version: int | None = None, **fields: Any) -> _R:
        """Changes fields of a record; None empties one."""
    def replace(self, record: Any) -> _R:
        """Writes a whole record back."""
    def upsert(self, source: str, external_id: str, /, **fields: Any) -> tuple[_R, bool]:
        """Changes the record with this id of another system, or creates it; says whether it is new."""
    def by_external_id(self, source: str, external_id: str) -> _R:
        """The record with this id of another system."""
    def delete(self, id: _Id) -> Deletion:
        """Puts a record into the trash, with what hangs on it."""
    def restore(self, id: _Id) -> _R:
        """Takes a record out of the trash, with what was deleted with it."""
    def purge(self, id: _Id) -> None:
        """Removes a record from the trash for good."""
    def list(
        self,
        *,
        where: Mapping[str, Any] | None = None,
        words: str | None = None,
        order_by: str | Iterable[str] | None = None,
        page_size: int = 50,
        **tests: Any,
    ) -> Pages[_R]:
        """Records that meet all tests, newest first unless `order_by` says otherwise."""
    def trash(
        self,
        *,
        where: Mapping[str, Any] | None = None,
        words: str | None = None,
        order_by: str | Iterable[str] | None = None,
        page_size: int = 50,
        **tests: Any,
    ) -> Pages[Trashed[_R]]:
        """What is in the trash; arguments as of `list`."""
    def search(self, words: str, *, limit: int = 20) -> tuple[_R, ...]:
        """The records that are found by words, the best first."""
    def count(self, *, where: Mapping[str, Any] | None = None, words: str | None = None, **tests: Any) -> int:
        """How many records meet all tests."""
    def aggregate(
        self,
        *,
        by: str | Iterable[str] | None = None,
        of: str | None = None,
        where: Mapping[str, Any] | None = None,
        words: str | None = None,
        **tests: Any,
    ) -> tuple[Group, ...]:
        """Figures of the records that meet all tests, in groups."""
    def history(self, id: _Id) -> tuple[Operation, ...]:
        """What was done to a record, the oldest first."""
    def update_all(self, where: Mapping[str, Any], /, *, dry_run: bool = False, **fields: Any) -> Bulk:
        """Changes all records that meet a tree of tests, in one operation."""
    def delete_all(self, where: Mapping[str, Any], /, *, dry_run: bool = False) -> Bulk:
        """Puts all records that meet a tree of tests into the trash, in one operation."""
    def export_csv(
        self,
        target: str | PathLike[str] | _Writable,
        *,
        columns: Sequence[str] | None = None,
        delimiter: str = ",",
        bom: bool = False,
        spreadsheet_safe: bool = False,
        where: Mapping[str, Any] | None = None,
        words: str | None = None,
        order_by: str | Iterable[str] | None = None,
        **tests: Any,
    ) -> int:
        """Writes records as CSV in UTF-8, one row each, and gives how many."""
    def __iter__(self) -> Iterator[_R]: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __contains__(self, id: _Id, /) -> bool: ...
    def __getitem__(self, id: _Id, /) -> _R: ...

@final
class Session:
    """Somebody who works with the CRM: a user who logged in, or the embedding program."""

    # the collections of a session
    def me(self) -> User | None:
        """The user; None for the embedding program."""
    @property
    def token(self) -> str | None:
        """What `Crm.resume` takes to go on with this session elsewhere. Keep it secret."""
    @property
    def program(self) -> str | None:
        """The label of the embedding program; None for a user."""
    def list_view(self, view: _Id) -> Pages[Any]:
        """What a saved view lists, for whoever looks."""
    def may(self, action: Action | str, kind: Kind | str) -> bool:
        """Whether the user may do this with records of a kind."""
    def now(self) -> datetime:
        """The moment that the store's clock tells."""
    def today(self) -> date:
        """Today in the organisation's zone."""
    def new_id(self) -> UUID:
        """An id for a record that is to be created."""
    def settings(self) -> Settings:
        """The organisation's settings."""
    def update_settings(self, **fields: Any) -> Settings:
        """Changes the organisation's settings."""
    def search(self, words: str, *, limit: int = 20) -> tuple[Hit, ...]:
        """Records of all kinds that are found by words, the best first."""
    def convert_lead(
        self,
        lead: _Id,
        *,
        status: CustomerStatus | str | None = None,
        opportunity: Mapping[str, Any] | _Id | None = None,
        contact: dict[str, Any] | None = None,
    ) -> Converted:
        """Makes a customer of a lead, once."""
    def move_stage(
        self, opportunity: _Id, stage: str, *, closed_on: date | None = None, lost_reason: str | None = None
    ) -> Opportunity:
        """Moves an opportunity to another stage of its pipeline, by the stage's key."""
    def complete_reminder(self, reminder: _Id, due: Due | Mapping[str, Any]) -> Reminder:
        """Completes a reminder, or the occurrence of a repeating one that was due then."""
    def snooze_reminder(self, reminder: _Id, until: datetime) -> Reminder:
        """Reminds again at that moment."""
    def cancel_reminder(self, reminder: _Id) -> Reminder:
        """Cancels a reminder."""
    def reassign_reminder(self, reminder: _Id, assignee: _Id) -> Reminder:
        """Gives a reminder to another user."""
    def batch(self) -> Batch:
        """Collects writes and runs them at the end of the `with` block as one operation."""
    def undo(self, operation_id: _Id) -> Operation:
        """Takes an operation back, whole."""
    def operations(self, *, after: int = 0, limit: int = 100) -> tuple[Operation, ...]:
        """What was done after that place in the journal, the oldest first."""
    def latest_operations(self, *, before: int | None = None, limit: int = 100) -> tuple[Operation, ...]:
        """What was done last, the newest first."""
    def last_operation(self) -> Operation | None:
        """What this user did last."""
    def dashboard(self) -> Dashboard:
        """The figures that one looks at in the morning, of what the user sees."""
    def pipeline_report(self, pipeline: _Id) -> PipelineReport:
        """The deals of a pipeline, stage by stage, and in all."""
    def timeline(
        self, customer: _Id, *, page_size: int = 50, cursor: str | None = None
    ) -> Page[TimelineEntry]:
        """Everything that hangs on a customer, the newest first, as `TimelineEntry` values a page at a time."""
    def agenda(
        self, bucket: str, *, assignee: _Id | None = None, page_size: int = 50, cursor: str | None = None
    ) -> Page[Reminder]:
        """Open reminders that are "overdue", due "today" or "upcoming", a page at a time."""
    def stage_history(self, opportunity: _Id) -> tuple[StageMove, ...]:
        """The moves of a deal from stage to stage, the oldest first."""
    def clocks(self, opportunity: _Id) -> Clocks:
        """How old a deal is, how long it is in its stage and without a change, and whether it rots."""
    def convert(self, amounts: Iterable[Money], to: str, on: date) -> Money:
        """The sum of amounts in another currency, by the organisation's rates of that day."""
    def deliveries(self, reminder: _Id) -> tuple[Delivery, ...]:
        """What became of a reminder's occurrences."""
    def import_csv(
        self,
        source: str | PathLike[str] | _Readable,
        plan: Mapping[str, Any] | str,
        *,
        dry_run: bool = False,
        resume: _Id | None = None,
        progress: Callable[[int], bool | None] | None = None,
        on_row: Callable[[ImportedRow], object] | None = None,
        failed_rows: str | PathLike[str] | _Writable | None = None,
        most_problems: int = 1000,
    ) -> ImportReport:
        """Imports CSV files by a plan: a dict, or its JSON text."""
    def undo_import(self, import_id: _Id, *, progress: Callable[[int], bool | None] | None = None) -> int:
        """Takes an import back, the newest thousand rows first."""
    def import_vcards(
        self,
        source: str | PathLike[str] | _Readable,
        *,
        customer: _Id | None = None,
        on_match: str | None = None,
        dry_run: bool = False,
        on_card: Callable[[ImportedCard], object] | None = None,
    ) -> VCardReport:
        """Imports the cards of a vCard file as customers, or as contacts of a customer."""
    def export_calendar(
        self,
        target: str | PathLike[str] | _Writable,
        *,
        reminders: bool | Mapping[str, Any] | None = None,
        meetings: bool | Mapping[str, Any] | None = None,
    ) -> CalendarWritten:
        """Writes reminders and meetings as iCalendar."""
    def attach(
        self,
        content: bytes | str | PathLike[str] | _Readable,
        *,
        customer: _Id,
        file_name: str = ...,
        media_type: str = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        note: _Id | None = ...,
    ) -> Attachment:
        """Adds a file to a customer."""
    @overload
    def read_attachment(self, attachment: _Id, *, target: None = None) -> bytes:
        """The bytes of an attachment; with a target they are written there."""
    @overload
    def read_attachment(self, attachment: _Id, *, target: str | PathLike[str] | _Writable) -> None: ...
    def as_of(self, at: datetime) -> Session:
        """A session that shows everything as it was then, and writes nothing."""
    def set_password(self, user: _Id, password: str) -> None:
        """Gives a user a password and ends his sessions."""
    def change_password(self, current: str, new: str) -> None:
        """Changes the user's own password."""
    def revoke_sessions(self, user: _Id) -> None:
        """Ends all sessions of a user."""
    def logout(self) -> None:
        """Ends this session."""

@final
class BatchCollection:
    """The records of one kind, as a batch writes them."""

    def create(self, **fields: Any) -> UUID:
        """Will create a record. Gives the id that it will have."""
    def update(self, id: _Id, /, **fields: Any) -> None:
        """Will change fields of a record; None empties one."""
    def delete(self, id: _Id) -> None:
        """Will put a record into the trash."""
    def restore(self, id: _Id) -> None:
        """Will take a record out of the trash."""

@final
class Batch:
    """Collects writes, and runs them at the end of the `with` block as one operation: all or none."""

    # the collections of a batch
    def convert_lead(
        self,
        lead: _Id,
        *,
        status: CustomerStatus | str | None = None,
        opportunity: Mapping[str, Any] | _Id | None = None,
        contact: dict[str, Any] | None = None,
    ) -> None:
        """Makes a customer of a lead."""
    def run(self) -> Operation:
        """Runs what was collected, now."""
    @property
    def operation(self) -> Operation | None:
        """What was written, once it has run."""
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __enter__(self) -> Batch: ...
    def __exit__(
        self,
        raised: type[BaseException] | None = None,
        _value: BaseException | None = None,
        _traceback: TracebackType | None = None,
        /,
    ) -> None: ...

@final
class Crm:
    """An open store. `with` closes it at the end of the block."""

    def create_admin(self, username: str, password: str, **fields: Any) -> User:
        """Creates the first user, who manages everything."""
    def has_users(self) -> bool:
        """Whether there is a user."""
    def login(self, username: str, password: str) -> Session:
        """Begins a session."""
    def resume(self, token: str) -> Session:
        """Goes on with a session by its token."""
    def system(self, label: str = "python") -> Session:
        """The embedding program itself, which may do everything."""
    def subscribe(self, listener: Callable[[Operation], object]) -> Subscription:
        """Calls the listener with every operation that this process commits."""
    def changes_since(self, after: int, *, limit: int = 100) -> tuple[Operation, ...]:
        """What was done after that place in the journal, by any process."""
    def claim_due(
        self, worker: str, *, now: datetime | None = None, lease_minutes: int = 5, limit: int = 100
    ) -> tuple[DueReminder, ...]:
        """Takes reminders that are due, for a worker who has to say what became of each."""
    def acknowledge(self, delivery: Delivery, *, now: datetime | None = None) -> None:
        """Somebody was told."""
    def give_back(self, delivery: Delivery, problem: str, *, now: datetime | None = None) -> None:
        """Nobody could be told: it is tried again later."""
    def dispatch_due(
        self, notifier: Callable[[DueReminder], object], *, now: datetime | None = None
    ) -> Dispatched:
        """Tells of everything that is due, by calling the notifier for each."""
    def dump(self, target: str | PathLike[str] | _Writable) -> Dumped:
        """Writes the whole store as JSON lines, journal included."""
    def check(self) -> tuple[str, ...]:
        """Looks the whole file over. Gives what is wrong with it."""
    def verify(self, *, since: Head | None = None) -> Verification:
        """Proves that nobody altered the journal."""
    def head(self) -> Head:
        """The newest operation's place in the journal and its hash, to be kept outside of the store."""
    def backup(self, path: str | PathLike[str]) -> None:
        """Writes a copy of the store as it is now into a new file."""
    def interrupt(self) -> None:
        """Ends what other threads are doing with the store."""
    def reopen(self) -> None:
        """Opens a store again that was closed; does nothing to an open one."""
    def close(self) -> None:
        """Closes the store after the write that is going on. Closing twice does nothing."""
    def __enter__(self) -> Crm: ...
    def __exit__(
        self,
        _type: type[BaseException] | None = None,
        _value: BaseException | None = None,
        _traceback: TracebackType | None = None,
        /,
    ) -> None: ...

@final
class Sniffed:
    """What a CSV file looks like: its layout and its columns."""

    @property
    def layout(self) -> dict[str, Any]:
        """How the text is laid out, as a plan says it."""
    @property
    def mark(self) -> bool:
        """Whether the file begins with a byte-order mark."""
    @property
    def columns(self) -> tuple[SniffedColumn, ...]:
        """The columns in their order."""
    def suggest(self, kind: Kind | str, *, file: str | None = None) -> dict[str, Any]:
        """A step of a plan that reads this file as records of a kind."""

@final
class Delivery:
    """A reminder of one occurrence on its way to somebody."""

    @property
    def reminder(self) -> UUID:
        """The reminder."""
    @property
    def occurrence(self) -> str:
        """The occurrence by its name: its day, or its day and time with the zone, and until when it was snoozed."""
    @property
    def offset(self) -> int:
        """How many minutes before it is due."""
    @property
    def fire_at(self) -> datetime:
        """When somebody is to be told."""
    @property
    def try_at(self) -> datetime:
        """When it is tried next."""
    @property
    def failures(self) -> int:
        """How many tries were in vain."""
    @property
    def worker(self) -> str | None:
        """Who tries it."""
    @property
    def delivered_at(self) -> datetime | None:
        """When somebody was told."""
    @property
    def problem(self) -> str | None:
        """What went wrong the last time."""

@final
class Subscription:
    """A listener that is called until this is closed, or forgotten."""

    def close(self) -> None:
        """The listener is not called any more."""
    def __enter__(self) -> Subscription: ...
    def __exit__(
        self,
        _type: type[BaseException] | None = None,
        _value: BaseException | None = None,
        _traceback: TracebackType | None = None,
        /,
    ) -> None: ...
