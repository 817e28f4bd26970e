# Written by tools/stubs.py.
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

__all__ = [
    "__version__",
    "Money",
    "Crm",
    "Subscription",
    "Session",
    "Delivery",
    "Batch",
    "BatchCollection",
    "Collection",
    "Pages",
    "open",
    "Sniffed",
    "occurrences",
    "duplicate_rules",
    "read_vcards",
    "restore",
    "plan_hash",
    "sniff",
    "_restore",
    "_schema",
    "Settings",
    "Role",
    "User",
    "Pipeline",
    "CustomField",
    "Rate",
    "SavedView",
    "Product",
    "Customer",
    "Contact",
    "Opportunity",
    "Interaction",
    "Reminder",
    "Note",
    "Sale",
    "Feedback",
    "Attachment",
    "Distinction",
    "RoleCollection",
    "UserCollection",
    "PipelineCollection",
    "CustomFieldCollection",
    "RateCollection",
    "SavedViewCollection",
    "ProductCollection",
    "CustomerCollection",
    "ContactCollection",
    "OpportunityCollection",
    "InteractionCollection",
    "ReminderCollection",
    "NoteCollection",
    "SaleCollection",
    "FeedbackCollection",
    "AttachmentCollection",
    "DistinctionCollection",
]

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

    @property
    def attachments(self) -> AttachmentCollection: ...
    @property
    def contacts(self) -> ContactCollection: ...
    @property
    def custom_fields(self) -> CustomFieldCollection: ...
    @property
    def customers(self) -> CustomerCollection: ...
    @property
    def distinctions(self) -> DistinctionCollection: ...
    @property
    def feedback(self) -> FeedbackCollection: ...
    @property
    def interactions(self) -> InteractionCollection: ...
    @property
    def notes(self) -> NoteCollection: ...
    @property
    def opportunities(self) -> OpportunityCollection: ...
    @property
    def pipelines(self) -> PipelineCollection: ...
    @property
    def products(self) -> ProductCollection: ...
    @property
    def rates(self) -> RateCollection: ...
    @property
    def reminders(self) -> ReminderCollection: ...
    @property
    def roles(self) -> RoleCollection: ...
    @property
    def sales(self) -> SaleCollection: ...
    @property
    def saved_views(self) -> SavedViewCollection: ...
    @property
    def users(self) -> UserCollection: ...
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

    @property
    def attachments(self) -> BatchCollection: ...
    @property
    def contacts(self) -> BatchCollection: ...
    @property
    def custom_fields(self) -> BatchCollection: ...
    @property
    def customers(self) -> BatchCollection: ...
    @property
    def distinctions(self) -> BatchCollection: ...
    @property
    def feedback(self) -> BatchCollection: ...
    @property
    def interactions(self) -> BatchCollection: ...
    @property
    def notes(self) -> BatchCollection: ...
    @property
    def opportunities(self) -> BatchCollection: ...
    @property
    def pipelines(self) -> BatchCollection: ...
    @property
    def products(self) -> BatchCollection: ...
    @property
    def rates(self) -> BatchCollection: ...
    @property
    def reminders(self) -> BatchCollection: ...
    @property
    def roles(self) -> BatchCollection: ...
    @property
    def sales(self) -> BatchCollection: ...
    @property
    def saved_views(self) -> BatchCollection: ...
    @property
    def users(self) -> BatchCollection: ...
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

@final
class Attachment(_Record):
    """A file."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        note: _Id | None = ...,
        file_name: str | None = ...,
        media_type: str | None = ...,
        size: int | None = ...,
        sha256: str | None = ...,
    ) -> Attachment: ...
    @property
    def customer(self) -> UUID:
        """The customer. A merge moves the attachment to the survivor."""
    @property
    def interaction(self) -> UUID | None:
        """The interaction that it came with."""
    @property
    def opportunity(self) -> UUID | None:
        """The opportunity that it is about."""
    @property
    def note(self) -> UUID | None:
        """The note that it goes with."""
    @property
    def file_name(self) -> str:
        """The file's name, without a folder; not blank."""
    @property
    def media_type(self) -> str:
        """What it is (RFC 6838): `application/pdf`; `application/octet-stream` when blank."""
    @property
    def size(self) -> int:
        """How many bytes it has. Set by the library."""
    @property
    def sha256(self) -> str:
        """The SHA-256 of its bytes in hexadecimal digits. Set by the library."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        note: _Id | None = ...,
        file_name: str | None = ...,
        media_type: str | None = ...,
        size: int | None = ...,
        sha256: str | None = ...,
    ) -> Attachment: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        note: _Id | None = ...,
        file_name: str | None = ...,
        media_type: str | None = ...,
        size: int | None = ...,
        sha256: str | None = ...,
    ) -> Attachment: ...

@final
class Contact(_Record):
    """Somebody who works at a customer."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        position: str | None = ...,
        department: str | None = ...,
        primary: bool | None = ...,
        birthday: date | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        description: str | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Contact: ...
    @property
    def customer(self) -> UUID:
        """The customer that the person is at. When customers are merged their contacts move to the survivor."""
    @property
    def given_name(self) -> str:
        """Given name."""
    @property
    def family_name(self) -> str:
        """Family name."""
    @property
    def emails(self) -> tuple[Email, ...]:
        """E-mail addresses, the first is the primary one. A merge unites them."""
    @property
    def phones(self) -> tuple[Phone, ...]:
        """Phone numbers, the first is the primary one. A merge unites them."""
    @property
    def position(self) -> str | None:
        """What the person does there."""
    @property
    def department(self) -> str | None:
        """The part of the organisation."""
    @property
    def primary(self) -> bool:
        """The one to talk to first. The first contact of a customer is it by itself; another made primary takes over.
        In a merge it is the survivor when any of them was; of two merged customers the survivor's stays.
        """
    @property
    def birthday(self) -> date | None:
        """Date of birth."""
    @property
    def address(self) -> Address | None:
        """The postal address, when it is not the customer's. A merge takes it whole."""
    @property
    def description(self) -> str:
        """Free text."""
    @property
    def external_ids(self) -> Mapping[str, str]:
        """Ids in other systems by the name of the system; each belongs to one live contact. A merge unites them."""
    @property
    def extra(self) -> Mapping[str, str]:
        """Properties of an imported vCard that have no field here. A merge unites them."""
    @property
    def merged_into(self) -> UUID | None:
        """The contact that this one was merged into, for one in the trash; it goes for good with that. Set by the
        library.
        """
    @property
    def custom(self) -> Mapping[str, Any] | None:
        """The organisation's own fields. A merge treats each as a field of its own."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        position: str | None = ...,
        department: str | None = ...,
        primary: bool | None = ...,
        birthday: date | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        description: str | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Contact: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        position: str | None = ...,
        department: str | None = ...,
        primary: bool | None = ...,
        birthday: date | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        description: str | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Contact: ...

@final
class CustomField(_Record):
    """A field that the organisation defined."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        entity: Kind | str | None = ...,
        key: str | None = ...,
        label: str | None = ...,
        type: CustomFieldType | str | None = ...,
        required: bool | None = ...,
        options: Iterable[str] | None = ...,
        target: Kind | str | None = ...,
        active: bool | None = ...,
        path: str | None = ...,
    ) -> CustomField: ...
    @property
    def entity(self) -> Kind:
        """The kind of record that it belongs to: customer, contact, opportunity or product. Stays."""
    @property
    def key(self) -> str:
        """The name of the field in code, JSON and CSV: small letters, digits and `_`, a letter first. Stays; belongs
        to one definition of the kind for ever.
        """
    @property
    def label(self) -> str:
        """The name that is shown; the key when blank."""
    @property
    def type(self) -> CustomFieldType:
        """What its values are. Stays."""
    @property
    def required(self) -> bool:
        """Whether new records need it, and nobody may clear it."""
    @property
    def options(self) -> tuple[str, ...]:
        """The values of a choice, in their order; other types have none. Stored values stay when one is removed."""
    @property
    def target(self) -> Kind | None:
        """The kind of record that a reference leads to; other types have none."""
    @property
    def active(self) -> bool:
        """An inactive field keeps the values that are stored, shows and finds them, and takes no new ones."""
    @property
    def path(self) -> str:
        """The kind and the key: only one definition has them. Computed."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        entity: Kind | str | None = ...,
        key: str | None = ...,
        label: str | None = ...,
        type: CustomFieldType | str | None = ...,
        required: bool | None = ...,
        options: Iterable[str] | None = ...,
        target: Kind | str | None = ...,
        active: bool | None = ...,
        path: str | None = ...,
    ) -> CustomField: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        entity: Kind | str | None = ...,
        key: str | None = ...,
        label: str | None = ...,
        type: CustomFieldType | str | None = ...,
        required: bool | None = ...,
        options: Iterable[str] | None = ...,
        target: Kind | str | None = ...,
        active: bool | None = ...,
        path: str | None = ...,
    ) -> CustomField: ...

@final
class Customer(_Record):
    """A person or an organisation with whom there is business, or may be."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        code: str | None = ...,
        kind: CustomerKind | str | None = ...,
        status: CustomerStatus | str | None = ...,
        name: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        company: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        website: str | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        tags: Iterable[str] | None = ...,
        description: str | None = ...,
        source: str | None = ...,
        owner: _Id | None = ...,
        parent: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        lead: Lead | Mapping[str, Any] | None = ...,
        converted_opportunity: _Id | None = ...,
        converted_contact: _Id | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Customer: ...
    @property
    def code(self) -> str | None:
        """The code that people use, such as C001. Given once, never reused, sorted by its number. After a merge the
        code of a loser leads to the survivor.
        """
    @property
    def kind(self) -> CustomerKind:
        """A person (the default) or a business."""
    @property
    def status(self) -> CustomerStatus:
        """Where the relationship stands. In a merge the furthest wins, together with its lead: active, prospect, lead,
        inactive.
        """
    @property
    def name(self) -> str:
        """The name that is shown. When blank it is made of the given and the family name."""
    @property
    def given_name(self) -> str | None:
        """A person's given name."""
    @property
    def family_name(self) -> str | None:
        """A person's family name."""
    @property
    def company(self) -> str | None:
        """The company that a person belongs to."""
    @property
    def emails(self) -> tuple[Email, ...]:
        """E-mail addresses, the first is the primary one. One belongs to one live customer, unless the settings allow
        more. A merge unites them, the survivor's first.
        """
    @property
    def phones(self) -> tuple[Phone, ...]:
        """Phone numbers, the first is the primary one. A merge unites them, each number once in whatever format."""
    @property
    def website(self) -> str | None:
        """The web site."""
    @property
    def address(self) -> Address | None:
        """The postal address. A merge takes it whole."""
    @property
    def tags(self) -> tuple[str, ...]:
        """Free words to group customers by. A merge unites them."""
    @property
    def description(self) -> str:
        """Free text."""
    @property
    def source(self) -> str | None:
        """Where the customer came from: `fair`, `web`."""
    @property
    def owner(self) -> UUID | None:
        """The user who looks after the customer; a session's user when none is given. Decides who sees the customer."""
    @property
    def parent(self) -> UUID | None:
        """The customer that this one belongs to, such as a parent company. A merge never makes a customer its own
        parent.
        """
    @property
    def external_ids(self) -> Mapping[str, str]:
        """Ids in other systems by the name of the system; each belongs to one live customer. A merge unites them; of
        two ids in one system the survivor's stays.
        """
    @property
    def extra(self) -> Mapping[str, str]:
        """Properties of an imported vCard that have no field here. A merge unites them."""
    @property
    def lead(self) -> Lead | None:
        """How far the qualification has come; absent for those that never were a lead. In a merge the furthest status
        wins, the value and the reason are filled, and a conversion is never taken back.
        """
    @property
    def converted_opportunity(self) -> UUID | None:
        """The opportunity that the lead was converted to. Set by the library."""
    @property
    def converted_contact(self) -> UUID | None:
        """The contact that was created when the lead was converted. Set by the library."""
    @property
    def merged_into(self) -> UUID | None:
        """The customer that this one was merged into, for one in the trash; it goes for good with that. Set by the
        library.
        """
    @property
    def custom(self) -> Mapping[str, Any] | None:
        """The organisation's own fields. A merge treats each as a field of its own; lists of choices unite."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        code: str | None = ...,
        kind: CustomerKind | str | None = ...,
        status: CustomerStatus | str | None = ...,
        name: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        company: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        website: str | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        tags: Iterable[str] | None = ...,
        description: str | None = ...,
        source: str | None = ...,
        owner: _Id | None = ...,
        parent: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        lead: Lead | Mapping[str, Any] | None = ...,
        converted_opportunity: _Id | None = ...,
        converted_contact: _Id | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Customer: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        code: str | None = ...,
        kind: CustomerKind | str | None = ...,
        status: CustomerStatus | str | None = ...,
        name: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        company: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        website: str | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        tags: Iterable[str] | None = ...,
        description: str | None = ...,
        source: str | None = ...,
        owner: _Id | None = ...,
        parent: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        lead: Lead | Mapping[str, Any] | None = ...,
        converted_opportunity: _Id | None = ...,
        converted_contact: _Id | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Customer: ...

@final
class Distinction(_Record):
    """Two records that are not one, although they look alike."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        other: _Id | None = ...,
        contact: _Id | None = ...,
        other_contact: _Id | None = ...,
    ) -> Distinction: ...
    @property
    def customer(self) -> UUID:
        """One customer, or the customer of the one contact. Decides who sees the distinction."""
    @property
    def other(self) -> UUID | None:
        """The customer that is another one."""
    @property
    def contact(self) -> UUID | None:
        """One contact, when it is about contacts."""
    @property
    def other_contact(self) -> UUID | None:
        """The contact that is another one."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        other: _Id | None = ...,
        contact: _Id | None = ...,
        other_contact: _Id | None = ...,
    ) -> Distinction: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        other: _Id | None = ...,
        contact: _Id | None = ...,
        other_contact: _Id | None = ...,
    ) -> Distinction: ...

@final
class Feedback(_Record):
    """What a customer thinks."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        text: str | None = ...,
        rating: int | None = ...,
        channel: str | None = ...,
        provided_at: datetime | None = ...,
    ) -> Feedback: ...
    @property
    def customer(self) -> UUID:
        """The customer. A merge moves the feedback to the survivor."""
    @property
    def text(self) -> str:
        """What was said; may be blank when there is a rating."""
    @property
    def rating(self) -> int | None:
        """From 1, bad, to 5, good."""
    @property
    def channel(self) -> str | None:
        """How it came: `survey`, `phone`, `shop`."""
    @property
    def provided_at(self) -> datetime | None:
        """When it was given; now when absent."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        text: str | None = ...,
        rating: int | None = ...,
        channel: str | None = ...,
        provided_at: datetime | None = ...,
    ) -> Feedback: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        text: str | None = ...,
        rating: int | None = ...,
        channel: str | None = ...,
        provided_at: datetime | None = ...,
    ) -> Feedback: ...

@final
class Interaction(_Record):
    """A call, an e-mail, a meeting that took place or will."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        contacts: Iterable[_Id] | None = ...,
        opportunity: _Id | None = ...,
        kind: InteractionKind | str | None = ...,
        direction: Direction | str | None = ...,
        subject: str | None = ...,
        notes: str | None = ...,
        occurred_at: datetime | None = ...,
        duration: int | None = ...,
        location: str | None = ...,
        outcome: str | None = ...,
        employee: _Id | None = ...,
        employee_comment: str | None = ...,
    ) -> Interaction: ...
    @property
    def customer(self) -> UUID:
        """The customer."""
    @property
    def contacts(self) -> tuple[UUID, ...]:
        """The people at the customer who took part; may be none, as for a walk-in."""
    @property
    def opportunity(self) -> UUID | None:
        """The opportunity that it was about."""
    @property
    def kind(self) -> InteractionKind:
        """What it was."""
    @property
    def direction(self) -> Direction | None:
        """Who began it."""
    @property
    def subject(self) -> str:
        """What it was about, in a line."""
    @property
    def notes(self) -> str:
        """What was said."""
    @property
    def occurred_at(self) -> datetime | None:
        """When it took place; now when absent."""
    @property
    def duration(self) -> int | None:
        """How long it took, in minutes."""
    @property
    def location(self) -> str | None:
        """Where."""
    @property
    def outcome(self) -> str | None:
        """What came of it."""
    @property
    def employee(self) -> UUID | None:
        """The user who took part; a session's user when none is given."""
    @property
    def employee_comment(self) -> str | None:
        """What the employee adds for colleagues."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        contacts: Iterable[_Id] | None = ...,
        opportunity: _Id | None = ...,
        kind: InteractionKind | str | None = ...,
        direction: Direction | str | None = ...,
        subject: str | None = ...,
        notes: str | None = ...,
        occurred_at: datetime | None = ...,
        duration: int | None = ...,
        location: str | None = ...,
        outcome: str | None = ...,
        employee: _Id | None = ...,
        employee_comment: str | None = ...,
    ) -> Interaction: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        contacts: Iterable[_Id] | None = ...,
        opportunity: _Id | None = ...,
        kind: InteractionKind | str | None = ...,
        direction: Direction | str | None = ...,
        subject: str | None = ...,
        notes: str | None = ...,
        occurred_at: datetime | None = ...,
        duration: int | None = ...,
        location: str | None = ...,
        outcome: str | None = ...,
        employee: _Id | None = ...,
        employee_comment: str | None = ...,
    ) -> Interaction: ...

@final
class Note(_Record):
    """A free text about a customer."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        opportunity: _Id | None = ...,
        author: _Id | None = ...,
        body: str | None = ...,
        pinned: bool | None = ...,
    ) -> Note: ...
    @property
    def customer(self) -> UUID:
        """The customer. A merge moves the note to the survivor."""
    @property
    def opportunity(self) -> UUID | None:
        """The opportunity that it is about; one of the same customer."""
    @property
    def author(self) -> UUID | None:
        """Who wrote it: set by the library to the session's user; the embedding program may set it on creation."""
    @property
    def body(self) -> str:
        """The text; not blank."""
    @property
    def pinned(self) -> bool:
        """Shown before others."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        opportunity: _Id | None = ...,
        author: _Id | None = ...,
        body: str | None = ...,
        pinned: bool | None = ...,
    ) -> Note: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        opportunity: _Id | None = ...,
        author: _Id | None = ...,
        body: str | None = ...,
        pinned: bool | None = ...,
    ) -> Note: ...

@final
class Opportunity(_Record):
    """A deal that may be made."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        contacts: Iterable[OpportunityContact | Mapping[str, Any]] | None = ...,
        name: str | None = ...,
        pipeline: _Id | None = ...,
        stage: str | None = ...,
        status: OpportunityStatus | str | None = ...,
        amount: Money | None = ...,
        probability: int | None = ...,
        opened_on: date | None = ...,
        closed_on: date | None = ...,
        expected_close_on: date | None = ...,
        cycle_days: int | None = ...,
        owner: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        lost_reason: str | None = ...,
        source: str | None = ...,
        tags: Iterable[str] | None = ...,
        lines: Iterable[Line | Mapping[str, Any]] | None = ...,
        stage_since: datetime | None = ...,
        stage_times: Iterable[StageTime | Mapping[str, Any]] | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Opportunity: ...
    @property
    def customer(self) -> UUID:
        """The customer. A merge of customers moves the deal to the survivor; probability and stage are never merged."""
    @property
    def contacts(self) -> tuple[OpportunityContact, ...]:
        """The people at the customer who have a part in it. When two of them are merged, the survivor keeps his role
        or takes the other's.
        """
    @property
    def name(self) -> str:
        """What it is about."""
    @property
    def pipeline(self) -> UUID | None:
        """The pipeline; the default one when nil."""
    @property
    def stage(self) -> str:
        """The key of its stage; the pipeline's first open one when blank."""
    @property
    def status(self) -> OpportunityStatus:
        """Open, won or lost, as the stage says; to change it set `stage`."""
    @property
    def amount(self) -> Money | None:
        """What it is worth. With lines it is their sum, which nobody sets to anything else."""
    @property
    def probability(self) -> int | None:
        """How likely it is won, in percent, when someone judged it by hand; absent means the stage's. 0 is a value."""
    @property
    def opened_on(self) -> date | None:
        """The day on which it began; today in the organisation's zone when neither it nor `closed_on` is given."""
    @property
    def closed_on(self) -> date | None:
        """The day on which it was won or lost; set on closing when absent, cleared on reopening."""
    @property
    def expected_close_on(self) -> date | None:
        """The day on which it is hoped to close."""
    @property
    def cycle_days(self) -> int | None:
        """Days from opening to closing. Computed; absent while open."""
    @property
    def owner(self) -> UUID | None:
        """The user who works on it; a session's user when none is given."""
    @property
    def external_ids(self) -> Mapping[str, str]:
        """Ids in other systems by the name of the system; each belongs to one live opportunity."""
    @property
    def lost_reason(self) -> str | None:
        """Why it was lost."""
    @property
    def source(self) -> str | None:
        """Where it came from."""
    @property
    def tags(self) -> tuple[str, ...]:
        """Free words to group opportunities by."""
    @property
    def lines(self) -> tuple[Line, ...]:
        """What is offered, in one currency. Products in lines can't be deleted, only made inactive."""
    @property
    def stage_since(self) -> datetime | None:
        """From when its time in the stage counts: when it entered the stage, less its earlier stays there. Set by the
        library.
        """
    @property
    def stage_times(self) -> tuple[StageTime, ...]:
        """How long it was in the stages of this pipeline until it left them last, all stays in a stage together. Set
        by the library; cleared when it moves to another pipeline.
        """
    @property
    def custom(self) -> Mapping[str, Any] | None:
        """The organisation's own fields."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        contacts: Iterable[OpportunityContact | Mapping[str, Any]] | None = ...,
        name: str | None = ...,
        pipeline: _Id | None = ...,
        stage: str | None = ...,
        status: OpportunityStatus | str | None = ...,
        amount: Money | None = ...,
        probability: int | None = ...,
        opened_on: date | None = ...,
        closed_on: date | None = ...,
        expected_close_on: date | None = ...,
        cycle_days: int | None = ...,
        owner: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        lost_reason: str | None = ...,
        source: str | None = ...,
        tags: Iterable[str] | None = ...,
        lines: Iterable[Line | Mapping[str, Any]] | None = ...,
        stage_since: datetime | None = ...,
        stage_times: Iterable[StageTime | Mapping[str, Any]] | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Opportunity: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        contacts: Iterable[OpportunityContact | Mapping[str, Any]] | None = ...,
        name: str | None = ...,
        pipeline: _Id | None = ...,
        stage: str | None = ...,
        status: OpportunityStatus | str | None = ...,
        amount: Money | None = ...,
        probability: int | None = ...,
        opened_on: date | None = ...,
        closed_on: date | None = ...,
        expected_close_on: date | None = ...,
        cycle_days: int | None = ...,
        owner: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        lost_reason: str | None = ...,
        source: str | None = ...,
        tags: Iterable[str] | None = ...,
        lines: Iterable[Line | Mapping[str, Any]] | None = ...,
        stage_since: datetime | None = ...,
        stage_times: Iterable[StageTime | Mapping[str, Any]] | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Opportunity: ...
    def effective_probability(self, pipeline: Pipeline) -> int:
        """How likely it is won, in percent."""
    def weighted(self, pipeline: Pipeline) -> Money | None:
        """The amount weighted by the effective probability."""
    def sum_of_lines(self) -> Money | None:
        """The sum of the lines; None without lines, without a price in each, and for unlike currencies."""
    def time_in_stage(self, now: datetime) -> timedelta:
        """How long it has been in its stage until that moment."""
    def is_rotting(self, pipeline: Pipeline, now: datetime) -> bool:
        """Whether it has been in its stage for longer than the pipeline allows."""

@final
class Pipeline(_Record):
    """The stages that deals go through."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        name: str | None = ...,
        default: bool | None = ...,
        stages: Iterable[Stage | Mapping[str, Any]] | None = ...,
    ) -> Pipeline: ...
    @property
    def name(self) -> str:
        """The name that is shown."""
    @property
    def default(self) -> bool:
        """The one that new deals take. Exactly one pipeline is it; another made default takes over."""
    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in their order: at least one open, one won and one lost."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        name: str | None = ...,
        default: bool | None = ...,
        stages: Iterable[Stage | Mapping[str, Any]] | None = ...,
    ) -> Pipeline: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        name: str | None = ...,
        default: bool | None = ...,
        stages: Iterable[Stage | Mapping[str, Any]] | None = ...,
    ) -> Pipeline: ...
    def stage(self, key: str) -> Stage | None:
        """The stage with this key, or None."""

@final
class Product(_Record):
    """Something that is sold."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        sku: str | None = ...,
        name: str | None = ...,
        description: str | None = ...,
        price: Money | None = ...,
        active: bool | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Product: ...
    @property
    def sku(self) -> str | None:
        """The article number; belongs to one live product."""
    @property
    def name(self) -> str:
        """The name that is shown; not blank."""
    @property
    def description(self) -> str:
        """Free text."""
    @property
    def price(self) -> Money | None:
        """What one of it costs now; not negative. Sales and opportunities keep the price that they were made with."""
    @property
    def active(self) -> bool:
        """Whether it is still sold. An inactive one can't be put into new sales and lines."""
    @property
    def custom(self) -> Mapping[str, Any] | None:
        """The organisation's own fields."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        sku: str | None = ...,
        name: str | None = ...,
        description: str | None = ...,
        price: Money | None = ...,
        active: bool | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Product: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        sku: str | None = ...,
        name: str | None = ...,
        description: str | None = ...,
        price: Money | None = ...,
        active: bool | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Product: ...

@final
class Rate(_Record):
    """What one unit of a currency is worth in another, from a day on."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        from_: str | None = ...,
        to: str | None = ...,
        valid_from: date | None = ...,
        rate: str | None = ...,
        slot: str | None = ...,
    ) -> Rate: ...
    @property
    def from_(self) -> str:
        """The currency of which one unit is worth that."""
    @property
    def to(self) -> str:
        """The currency in which it is worth that."""
    @property
    def valid_from(self) -> date:
        """From this day on."""
    @property
    def rate(self) -> str:
        """How many units of `to` one unit of `from` is worth; greater than 0."""
    @property
    def slot(self) -> str:
        """The two currencies and the day: only one rate has them. Computed."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        from_: str | None = ...,
        to: str | None = ...,
        valid_from: date | None = ...,
        rate: str | None = ...,
        slot: str | None = ...,
    ) -> Rate: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        from_: str | None = ...,
        to: str | None = ...,
        valid_from: date | None = ...,
        rate: str | None = ...,
        slot: str | None = ...,
    ) -> Rate: ...

@final
class Reminder(_Record):
    """What somebody has to do, and when."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        title: str | None = ...,
        notes: str | None = ...,
        due: Due | Mapping[str, Any] | None = ...,
        due_at: datetime | None = ...,
        recurrence: str | None = ...,
        anchor: Due | Mapping[str, Any] | None = ...,
        assignee: _Id | None = ...,
        priority: Priority | str | None = ...,
        offsets: Iterable[int] | None = ...,
        status: ReminderStatus | str | None = ...,
        snoozed_until: datetime | None = ...,
    ) -> Reminder: ...
    @property
    def customer(self) -> UUID:
        """The customer."""
    @property
    def interaction(self) -> UUID | None:
        """The interaction that it follows up."""
    @property
    def opportunity(self) -> UUID | None:
        """The opportunity that it is about."""
    @property
    def title(self) -> str:
        """What is to be done, in a line."""
    @property
    def notes(self) -> str:
        """More about it."""
    @property
    def due(self) -> Due:
        """When it is due: a wall-clock time in a zone, or a whole day."""
    @property
    def due_at(self) -> datetime | None:
        """The moment at which a timed one is due. Computed from `due`."""
    @property
    def recurrence(self) -> str | None:
        """How it repeats, counted from `due`: an RRULE of RFC 5545. `FREQ=MONTHLY` from the 31st means the last day of
        shorter months; `FREQ=MONTHLY;BYMONTHDAY=31` skips them.
        """
    @property
    def anchor(self) -> Due | None:
        """What the rule is counted from: the first due. Set by the library."""
    @property
    def assignee(self) -> UUID | None:
        """The user who is to do it; must be able to see the customer. A session's user when none is given."""
    @property
    def priority(self) -> Priority:
        """How much it matters."""
    @property
    def offsets(self) -> tuple[int, ...]:
        """How many minutes before it is due somebody is told; 0, the default when empty, is at that moment. For a
        whole day that moment is the hour that the settings name. At most 20, each at most a year.
        """
    @property
    def status(self) -> ReminderStatus:
        """What has become of it."""
    @property
    def snoozed_until(self) -> datetime | None:
        """Until when it is put off; goes with the status `snoozed`."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        title: str | None = ...,
        notes: str | None = ...,
        due: Due | Mapping[str, Any] | None = ...,
        due_at: datetime | None = ...,
        recurrence: str | None = ...,
        anchor: Due | Mapping[str, Any] | None = ...,
        assignee: _Id | None = ...,
        priority: Priority | str | None = ...,
        offsets: Iterable[int] | None = ...,
        status: ReminderStatus | str | None = ...,
        snoozed_until: datetime | None = ...,
    ) -> Reminder: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        title: str | None = ...,
        notes: str | None = ...,
        due: Due | Mapping[str, Any] | None = ...,
        due_at: datetime | None = ...,
        recurrence: str | None = ...,
        anchor: Due | Mapping[str, Any] | None = ...,
        assignee: _Id | None = ...,
        priority: Priority | str | None = ...,
        offsets: Iterable[int] | None = ...,
        status: ReminderStatus | str | None = ...,
        snoozed_until: datetime | None = ...,
    ) -> Reminder: ...

@final
class Role(_Record):
    """What the users with this role may see and do."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        key: str | None = ...,
        name: str | None = ...,
        grants: Mapping[str, Any] | None = ...,
        journal_view: bool | None = ...,
        users_manage: bool | None = ...,
        settings_edit: bool | None = ...,
    ) -> Role: ...
    @property
    def key(self) -> str:
        """What users refer to: `admin`, `manager`, `agent`, `viewer`, or the organisation's own."""
    @property
    def name(self) -> str:
        """The name that is shown."""
    @property
    def grants(self) -> Mapping[str, Any]:
        """For each kind of record and action, on whose records. To change users and roles takes `users_manage` as
        well, to change settings, pipelines, custom fields and rates `settings_edit`.
        """
    @property
    def journal_view(self) -> bool:
        """May read the feed of all operations."""
    @property
    def users_manage(self) -> bool:
        """May create, change and delete users and roles, set passwords and revoke sessions."""
    @property
    def settings_edit(self) -> bool:
        """May change settings and pipelines."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        key: str | None = ...,
        name: str | None = ...,
        grants: Mapping[str, Any] | None = ...,
        journal_view: bool | None = ...,
        users_manage: bool | None = ...,
        settings_edit: bool | None = ...,
    ) -> Role: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        key: str | None = ...,
        name: str | None = ...,
        grants: Mapping[str, Any] | None = ...,
        journal_view: bool | None = ...,
        users_manage: bool | None = ...,
        settings_edit: bool | None = ...,
    ) -> Role: ...

@final
class Sale(_Record):
    """Something that was sold."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        product: _Id | None = ...,
        opportunity: _Id | None = ...,
        refund_of: _Id | None = ...,
        quantity: Decimal | int | None = ...,
        unit_price: Money | None = ...,
        amount: Money | None = ...,
        sold_at: datetime | None = ...,
        employee: _Id | None = ...,
    ) -> Sale: ...
    @property
    def customer(self) -> UUID:
        """The customer. A merge moves the sale to the survivor."""
    @property
    def product(self) -> UUID | None:
        """What was sold; a product that has sales can't be deleted, only made inactive."""
    @property
    def opportunity(self) -> UUID | None:
        """The opportunity that led to it; one of the same customer."""
    @property
    def refund_of(self) -> UUID | None:
        """The sale that this one gives back, wholly or in part: one of the same customer and product, which is no
        refund itself. All of its refunds together give back no more pieces and no more money than it sold.
        """
    @property
    def quantity(self) -> Decimal:
        """How many; negative for a refund, never 0."""
    @property
    def unit_price(self) -> Money | None:
        """What one cost. When absent that of the sale that it refunds, or else the product's price at that moment. It
        stays when the product's price changes.
        """
    @property
    def amount(self) -> Money | None:
        """What was paid: quantity × unit price, rounded half to even at the currency's exponent. Computed."""
    @property
    def sold_at(self) -> datetime | None:
        """When; now when absent."""
    @property
    def employee(self) -> UUID | None:
        """The user who sold it; a session's user when none is given."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        product: _Id | None = ...,
        opportunity: _Id | None = ...,
        refund_of: _Id | None = ...,
        quantity: Decimal | int | None = ...,
        unit_price: Money | None = ...,
        amount: Money | None = ...,
        sold_at: datetime | None = ...,
        employee: _Id | None = ...,
    ) -> Sale: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        customer: _Id | None = ...,
        product: _Id | None = ...,
        opportunity: _Id | None = ...,
        refund_of: _Id | None = ...,
        quantity: Decimal | int | None = ...,
        unit_price: Money | None = ...,
        amount: Money | None = ...,
        sold_at: datetime | None = ...,
        employee: _Id | None = ...,
    ) -> Sale: ...

@final
class SavedView(_Record):
    """A list that a user keeps under a name."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        name: str | None = ...,
        entity: Kind | str | None = ...,
        query: Mapping[str, Any] | None = ...,
        owner: _Id | None = ...,
    ) -> SavedView: ...
    @property
    def name(self) -> str:
        """The name that is shown; not blank."""
    @property
    def entity(self) -> Kind:
        """The kind of records that it lists. Stays."""
    @property
    def query(self) -> Mapping[str, Any]:
        """Which of them, and in which order. It has no cursor."""
    @property
    def owner(self) -> UUID | None:
        """Whose it is: set by the library to the session's user. Others change it only when they may edit settings."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        name: str | None = ...,
        entity: Kind | str | None = ...,
        query: Mapping[str, Any] | None = ...,
        owner: _Id | None = ...,
    ) -> SavedView: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        name: str | None = ...,
        entity: Kind | str | None = ...,
        query: Mapping[str, Any] | None = ...,
        owner: _Id | None = ...,
    ) -> SavedView: ...

@final
class Settings(_Record):
    """The organisation's settings."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        time_zone: str | None = ...,
        phone_region: str | None = ...,
        base_currency: str | None = ...,
        fiscal_year_start: int | None = ...,
        shared_emails: bool | None = ...,
        lost_reason_required: bool | None = ...,
        code_prefix: str | None = ...,
        code_digits: int | None = ...,
        all_day_hour: int | None = ...,
        attachment_limit: int | None = ...,
    ) -> Settings: ...
    @property
    def time_zone(self) -> str:
        """Where the organisation's days begin and end; UTC at first."""
    @property
    def phone_region(self) -> str:
        """The region of phone numbers without a country code (ISO 3166-1, two letters); `US` at first."""
    @property
    def base_currency(self) -> str:
        """The currency of amounts that say nothing else; US dollars at first."""
    @property
    def fiscal_year_start(self) -> int:
        """The month in which the fiscal year begins, 1 to 12; January at first."""
    @property
    def shared_emails(self) -> bool:
        """Whether several customers may have the same e-mail address; not at first."""
    @property
    def lost_reason_required(self) -> bool:
        """Whether a deal that is lost needs a reason; not at first."""
    @property
    def code_prefix(self) -> str:
        """What stands before the number of a customer's code; `C` at first."""
    @property
    def code_digits(self) -> int:
        """To how many digits that number is filled with zeros, 1 to 12; 3 at first: `C001`."""
    @property
    def all_day_hour(self) -> int:
        """The hour of the day at which whole-day reminders are told, 0 to 23; 9 at first."""
    @property
    def attachment_limit(self) -> int:
        """How many bytes an attachment has at most; 26,214,400, which is 25 MiB, at first."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        time_zone: str | None = ...,
        phone_region: str | None = ...,
        base_currency: str | None = ...,
        fiscal_year_start: int | None = ...,
        shared_emails: bool | None = ...,
        lost_reason_required: bool | None = ...,
        code_prefix: str | None = ...,
        code_digits: int | None = ...,
        all_day_hour: int | None = ...,
        attachment_limit: int | None = ...,
    ) -> Settings: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        time_zone: str | None = ...,
        phone_region: str | None = ...,
        base_currency: str | None = ...,
        fiscal_year_start: int | None = ...,
        shared_emails: bool | None = ...,
        lost_reason_required: bool | None = ...,
        code_prefix: str | None = ...,
        code_digits: int | None = ...,
        all_day_hour: int | None = ...,
        attachment_limit: int | None = ...,
    ) -> Settings: ...

@final
class User(_Record):
    """Somebody who logs in."""
    def __new__(
        cls,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        username: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        email: str | None = ...,
        phone: str | None = ...,
        role: _Id | None = ...,
        team: str | None = ...,
        time_zone: str | None = ...,
        active: bool | None = ...,
    ) -> User: ...
    @property
    def username(self) -> str:
        """The name to log in with; compared without case."""
    @property
    def given_name(self) -> str:
        """Given name."""
    @property
    def family_name(self) -> str:
        """Family name."""
    @property
    def email(self) -> str | None:
        """Where notices go."""
    @property
    def phone(self) -> str | None:
        """Phone number."""
    @property
    def role(self) -> UUID:
        """What the user may do."""
    @property
    def team(self) -> str | None:
        """The team: users with the same word here see each other's customers where a role says `team`."""
    @property
    def time_zone(self) -> str | None:
        """Where the user is, for what is due when; where the organisation is when absent."""
    @property
    def active(self) -> bool:
        """Whether the user may log in."""
    def replace(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        username: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        email: str | None = ...,
        phone: str | None = ...,
        role: _Id | None = ...,
        team: str | None = ...,
        time_zone: str | None = ...,
        active: bool | None = ...,
    ) -> User: ...
    def __replace__(
        self,
        *,
        id: _Id = ...,
        version: int = ...,
        created_at: datetime = ...,
        created_by: _Id | None = ...,
        updated_at: datetime = ...,
        updated_by: _Id | None = ...,
        username: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        email: str | None = ...,
        phone: str | None = ...,
        role: _Id | None = ...,
        team: str | None = ...,
        time_zone: str | None = ...,
        active: bool | None = ...,
    ) -> User: ...

@final
class AttachmentCollection(Collection[Attachment]):
    """The attachments of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        note: _Id | None = ...,
        file_name: str | None = ...,
        media_type: str | None = ...,
        size: int | None = ...,
        sha256: str | None = ...,
    ) -> Attachment: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        note: _Id | None = ...,
        file_name: str | None = ...,
        media_type: str | None = ...,
        size: int | None = ...,
        sha256: str | None = ...,
    ) -> Attachment: ...

@final
class ContactCollection(Collection[Contact]):
    """The contacts of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        customer: _Id | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        position: str | None = ...,
        department: str | None = ...,
        primary: bool | None = ...,
        birthday: date | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        description: str | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Contact: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        customer: _Id | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        position: str | None = ...,
        department: str | None = ...,
        primary: bool | None = ...,
        birthday: date | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        description: str | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Contact: ...
    def merge(
        self,
        survivor: _Id,
        losers: Iterable[_Id],
        *,
        choices: Mapping[str, _Id] | None = None,
        dry_run: bool = False,
    ) -> Merged[Contact]:
        """Makes one record of several: the survivor keeps its id, gets what it lacks, and everything that hangs on them."""
    def find_duplicates(self, *, rules: Mapping[str, Any] | str | None = None) -> Duplicates:
        """The pairs of records that look like one, the likeliest first."""
    def duplicates_of(
        self,
        record: _Id | None = None,
        /,
        *,
        rules: Mapping[str, Any] | str | None = None,
        customer: _Id = ...,
        given_name: str = ...,
        family_name: str = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] = ...,
        position: str = ...,
        department: str = ...,
        primary: bool = ...,
        birthday: date = ...,
        address: Address | Mapping[str, Any] = ...,
        description: str = ...,
        external_ids: Mapping[str, str] = ...,
        extra: Mapping[str, str] = ...,
        merged_into: _Id = ...,
        custom: Mapping[str, Any] = ...,
    ) -> DuplicateCandidates:
        """The records that look like this one, or like one with these fields."""
    def export_vcards(
        self,
        target: str | PathLike[str] | _Writable,
        *,
        where: Mapping[str, Any] | None = None,
        words: str | None = None,
        order_by: str | Iterable[str] | None = None,
        **tests: Any,
    ) -> int:
        """Writes records as cards of vCard 4.0, and gives how many."""
    def not_duplicates(self, one: _Id, other: _Id) -> Distinction:
        """Notes that two records are not one."""
    def erase(self, record: _Id) -> Erased:
        """Forgets a person: it is gone from the file, from search and from the journal, and can't be undone."""

@final
class CustomFieldCollection(Collection[CustomField]):
    """The custom_fields of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        entity: Kind | str | None = ...,
        key: str | None = ...,
        label: str | None = ...,
        type: CustomFieldType | str | None = ...,
        required: bool | None = ...,
        options: Iterable[str] | None = ...,
        target: Kind | str | None = ...,
        active: bool | None = ...,
        path: str | None = ...,
    ) -> CustomField: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        entity: Kind | str | None = ...,
        key: str | None = ...,
        label: str | None = ...,
        type: CustomFieldType | str | None = ...,
        required: bool | None = ...,
        options: Iterable[str] | None = ...,
        target: Kind | str | None = ...,
        active: bool | None = ...,
        path: str | None = ...,
    ) -> CustomField: ...

@final
class CustomerCollection(Collection[Customer]):
    """The customers of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        code: str | None = ...,
        kind: CustomerKind | str | None = ...,
        status: CustomerStatus | str | None = ...,
        name: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        company: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        website: str | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        tags: Iterable[str] | None = ...,
        description: str | None = ...,
        source: str | None = ...,
        owner: _Id | None = ...,
        parent: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        lead: Lead | Mapping[str, Any] | None = ...,
        converted_opportunity: _Id | None = ...,
        converted_contact: _Id | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Customer: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        code: str | None = ...,
        kind: CustomerKind | str | None = ...,
        status: CustomerStatus | str | None = ...,
        name: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        company: str | None = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] | None = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] | None = ...,
        website: str | None = ...,
        address: Address | Mapping[str, Any] | None = ...,
        tags: Iterable[str] | None = ...,
        description: str | None = ...,
        source: str | None = ...,
        owner: _Id | None = ...,
        parent: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        extra: Mapping[str, str] | None = ...,
        lead: Lead | Mapping[str, Any] | None = ...,
        converted_opportunity: _Id | None = ...,
        converted_contact: _Id | None = ...,
        merged_into: _Id | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Customer: ...
    def merge(
        self,
        survivor: _Id,
        losers: Iterable[_Id],
        *,
        choices: Mapping[str, _Id] | None = None,
        dry_run: bool = False,
    ) -> Merged[Customer]:
        """Makes one record of several: the survivor keeps its id, gets what it lacks, and everything that hangs on them."""
    def find_duplicates(self, *, rules: Mapping[str, Any] | str | None = None) -> Duplicates:
        """The pairs of records that look like one, the likeliest first."""
    def duplicates_of(
        self,
        record: _Id | None = None,
        /,
        *,
        rules: Mapping[str, Any] | str | None = None,
        code: str = ...,
        kind: CustomerKind | str = ...,
        status: CustomerStatus | str = ...,
        name: str = ...,
        given_name: str = ...,
        family_name: str = ...,
        company: str = ...,
        emails: Iterable[Email | Mapping[str, Any] | str] = ...,
        phones: Iterable[Phone | Mapping[str, Any] | str] = ...,
        website: str = ...,
        address: Address | Mapping[str, Any] = ...,
        tags: Iterable[str] = ...,
        description: str = ...,
        source: str = ...,
        owner: _Id = ...,
        parent: _Id = ...,
        external_ids: Mapping[str, str] = ...,
        extra: Mapping[str, str] = ...,
        lead: Lead | Mapping[str, Any] = ...,
        converted_opportunity: _Id = ...,
        converted_contact: _Id = ...,
        merged_into: _Id = ...,
        custom: Mapping[str, Any] = ...,
    ) -> DuplicateCandidates:
        """The records that look like this one, or like one with these fields."""
    def export_vcards(
        self,
        target: str | PathLike[str] | _Writable,
        *,
        where: Mapping[str, Any] | None = None,
        words: str | None = None,
        order_by: str | Iterable[str] | None = None,
        **tests: Any,
    ) -> int:
        """Writes records as cards of vCard 4.0, and gives how many."""
    def not_duplicates(self, one: _Id, other: _Id) -> Distinction:
        """Notes that two records are not one."""
    def erase(self, record: _Id) -> Erased:
        """Forgets a person: it is gone from the file, from search and from the journal, and can't be undone."""

@final
class DistinctionCollection(Collection[Distinction]):
    """The distinctions of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        customer: _Id | None = ...,
        other: _Id | None = ...,
        contact: _Id | None = ...,
        other_contact: _Id | None = ...,
    ) -> Distinction: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        customer: _Id | None = ...,
        other: _Id | None = ...,
        contact: _Id | None = ...,
        other_contact: _Id | None = ...,
    ) -> Distinction: ...

@final
class FeedbackCollection(Collection[Feedback]):
    """The feedback of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        customer: _Id | None = ...,
        text: str | None = ...,
        rating: int | None = ...,
        channel: str | None = ...,
        provided_at: datetime | None = ...,
    ) -> Feedback: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        customer: _Id | None = ...,
        text: str | None = ...,
        rating: int | None = ...,
        channel: str | None = ...,
        provided_at: datetime | None = ...,
    ) -> Feedback: ...

@final
class InteractionCollection(Collection[Interaction]):
    """The interactions of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        customer: _Id | None = ...,
        contacts: Iterable[_Id] | None = ...,
        opportunity: _Id | None = ...,
        kind: InteractionKind | str | None = ...,
        direction: Direction | str | None = ...,
        subject: str | None = ...,
        notes: str | None = ...,
        occurred_at: datetime | None = ...,
        duration: int | None = ...,
        location: str | None = ...,
        outcome: str | None = ...,
        employee: _Id | None = ...,
        employee_comment: str | None = ...,
    ) -> Interaction: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        customer: _Id | None = ...,
        contacts: Iterable[_Id] | None = ...,
        opportunity: _Id | None = ...,
        kind: InteractionKind | str | None = ...,
        direction: Direction | str | None = ...,
        subject: str | None = ...,
        notes: str | None = ...,
        occurred_at: datetime | None = ...,
        duration: int | None = ...,
        location: str | None = ...,
        outcome: str | None = ...,
        employee: _Id | None = ...,
        employee_comment: str | None = ...,
    ) -> Interaction: ...

@final
class NoteCollection(Collection[Note]):
    """The notes of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        customer: _Id | None = ...,
        opportunity: _Id | None = ...,
        author: _Id | None = ...,
        body: str | None = ...,
        pinned: bool | None = ...,
    ) -> Note: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        customer: _Id | None = ...,
        opportunity: _Id | None = ...,
        author: _Id | None = ...,
        body: str | None = ...,
        pinned: bool | None = ...,
    ) -> Note: ...

@final
class OpportunityCollection(Collection[Opportunity]):
    """The opportunities of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        customer: _Id | None = ...,
        contacts: Iterable[OpportunityContact | Mapping[str, Any]] | None = ...,
        name: str | None = ...,
        pipeline: _Id | None = ...,
        stage: str | None = ...,
        status: OpportunityStatus | str | None = ...,
        amount: Money | None = ...,
        probability: int | None = ...,
        opened_on: date | None = ...,
        closed_on: date | None = ...,
        expected_close_on: date | None = ...,
        cycle_days: int | None = ...,
        owner: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        lost_reason: str | None = ...,
        source: str | None = ...,
        tags: Iterable[str] | None = ...,
        lines: Iterable[Line | Mapping[str, Any]] | None = ...,
        stage_since: datetime | None = ...,
        stage_times: Iterable[StageTime | Mapping[str, Any]] | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Opportunity: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        customer: _Id | None = ...,
        contacts: Iterable[OpportunityContact | Mapping[str, Any]] | None = ...,
        name: str | None = ...,
        pipeline: _Id | None = ...,
        stage: str | None = ...,
        status: OpportunityStatus | str | None = ...,
        amount: Money | None = ...,
        probability: int | None = ...,
        opened_on: date | None = ...,
        closed_on: date | None = ...,
        expected_close_on: date | None = ...,
        cycle_days: int | None = ...,
        owner: _Id | None = ...,
        external_ids: Mapping[str, str] | None = ...,
        lost_reason: str | None = ...,
        source: str | None = ...,
        tags: Iterable[str] | None = ...,
        lines: Iterable[Line | Mapping[str, Any]] | None = ...,
        stage_since: datetime | None = ...,
        stage_times: Iterable[StageTime | Mapping[str, Any]] | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Opportunity: ...

@final
class PipelineCollection(Collection[Pipeline]):
    """The pipelines of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        name: str | None = ...,
        default: bool | None = ...,
        stages: Iterable[Stage | Mapping[str, Any]] | None = ...,
    ) -> Pipeline: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        name: str | None = ...,
        default: bool | None = ...,
        stages: Iterable[Stage | Mapping[str, Any]] | None = ...,
    ) -> Pipeline: ...

@final
class ProductCollection(Collection[Product]):
    """The products of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        sku: str | None = ...,
        name: str | None = ...,
        description: str | None = ...,
        price: Money | None = ...,
        active: bool | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Product: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        sku: str | None = ...,
        name: str | None = ...,
        description: str | None = ...,
        price: Money | None = ...,
        active: bool | None = ...,
        custom: Mapping[str, Any] | None = ...,
    ) -> Product: ...

@final
class RateCollection(Collection[Rate]):
    """The rates of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        from_: str | None = ...,
        to: str | None = ...,
        valid_from: date | None = ...,
        rate: str | None = ...,
        slot: str | None = ...,
    ) -> Rate: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        from_: str | None = ...,
        to: str | None = ...,
        valid_from: date | None = ...,
        rate: str | None = ...,
        slot: str | None = ...,
    ) -> Rate: ...

@final
class ReminderCollection(Collection[Reminder]):
    """The reminders of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        title: str | None = ...,
        notes: str | None = ...,
        due: Due | Mapping[str, Any] | None = ...,
        due_at: datetime | None = ...,
        recurrence: str | None = ...,
        anchor: Due | Mapping[str, Any] | None = ...,
        assignee: _Id | None = ...,
        priority: Priority | str | None = ...,
        offsets: Iterable[int] | None = ...,
        status: ReminderStatus | str | None = ...,
        snoozed_until: datetime | None = ...,
    ) -> Reminder: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        customer: _Id | None = ...,
        interaction: _Id | None = ...,
        opportunity: _Id | None = ...,
        title: str | None = ...,
        notes: str | None = ...,
        due: Due | Mapping[str, Any] | None = ...,
        due_at: datetime | None = ...,
        recurrence: str | None = ...,
        anchor: Due | Mapping[str, Any] | None = ...,
        assignee: _Id | None = ...,
        priority: Priority | str | None = ...,
        offsets: Iterable[int] | None = ...,
        status: ReminderStatus | str | None = ...,
        snoozed_until: datetime | None = ...,
    ) -> Reminder: ...

@final
class RoleCollection(Collection[Role]):
    """The roles of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        key: str | None = ...,
        name: str | None = ...,
        grants: Mapping[str, Any] | None = ...,
        journal_view: bool | None = ...,
        users_manage: bool | None = ...,
        settings_edit: bool | None = ...,
    ) -> Role: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        key: str | None = ...,
        name: str | None = ...,
        grants: Mapping[str, Any] | None = ...,
        journal_view: bool | None = ...,
        users_manage: bool | None = ...,
        settings_edit: bool | None = ...,
    ) -> Role: ...

@final
class SaleCollection(Collection[Sale]):
    """The sales of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        customer: _Id | None = ...,
        product: _Id | None = ...,
        opportunity: _Id | None = ...,
        refund_of: _Id | None = ...,
        quantity: Decimal | int | None = ...,
        unit_price: Money | None = ...,
        amount: Money | None = ...,
        sold_at: datetime | None = ...,
        employee: _Id | None = ...,
    ) -> Sale: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        customer: _Id | None = ...,
        product: _Id | None = ...,
        opportunity: _Id | None = ...,
        refund_of: _Id | None = ...,
        quantity: Decimal | int | None = ...,
        unit_price: Money | None = ...,
        amount: Money | None = ...,
        sold_at: datetime | None = ...,
        employee: _Id | None = ...,
    ) -> Sale: ...

@final
class SavedViewCollection(Collection[SavedView]):
    """The saved_views of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        name: str | None = ...,
        entity: Kind | str | None = ...,
        query: Mapping[str, Any] | None = ...,
        owner: _Id | None = ...,
    ) -> SavedView: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        name: str | None = ...,
        entity: Kind | str | None = ...,
        query: Mapping[str, Any] | None = ...,
        owner: _Id | None = ...,
    ) -> SavedView: ...

@final
class UserCollection(Collection[User]):
    """The users of a session."""
    def create(  # type: ignore[override]
        self,
        *,
        id: _Id = ...,
        username: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        email: str | None = ...,
        phone: str | None = ...,
        role: _Id | None = ...,
        team: str | None = ...,
        time_zone: str | None = ...,
        active: bool | None = ...,
    ) -> User: ...
    def update(  # type: ignore[override]
        self,
        id: _Id,
        /,
        *,
        version: int | None = None,
        username: str | None = ...,
        given_name: str | None = ...,
        family_name: str | None = ...,
        email: str | None = ...,
        phone: str | None = ...,
        role: _Id | None = ...,
        team: str | None = ...,
        time_zone: str | None = ...,
        active: bool | None = ...,
    ) -> User: ...
