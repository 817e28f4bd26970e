"""The choices. Each is a `str`, so that the word itself does as well: `status="active"`."""

from enum import Enum


class _Choice(str, Enum):
    """One of a few words."""

    def __new__(cls, value: str) -> "_Choice":
        member = str.__new__(cls, value)
        member._value_ = value
        return member

    def __str__(self) -> str:
        return str(self.value)


class CustomerKind(_Choice):
    """Whether a customer is a person or an organisation."""

    INDIVIDUAL = "individual"
    BUSINESS = "business"


class CustomerStatus(_Choice):
    """How far the business with a customer is."""

    LEAD = "lead"
    PROSPECT = "prospect"
    ACTIVE = "active"
    INACTIVE = "inactive"


class LeadStatus(_Choice):
    """How far the qualification of a lead is."""

    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    LOST = "lost"
    CONVERTED = "converted"


class Priority(_Choice):
    """How much something matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class OpportunityStatus(_Choice):
    """Whether a deal is open, and how it ended."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


StageKind = OpportunityStatus
"""What being in a stage means for a deal: the same words."""


class InteractionKind(_Choice):
    """In which way one was in touch."""

    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"
    MESSAGE = "message"
    VISIT = "visit"
    OTHER = "other"


class Direction(_Choice):
    """Who began."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ReminderStatus(_Choice):
    """What became of a reminder."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SNOOZED = "snoozed"
    DONE = "done"
    CANCELLED = "cancelled"


class CustomFieldType(_Choice):
    """What a field that the organisation defined holds."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    INSTANT = "instant"
    BOOL = "bool"
    CHOICE = "choice"
    CHOICES = "choices"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    REFERENCE = "reference"


class Kind(_Choice):
    """The kinds of records."""

    SETTINGS = "settings"
    ROLE = "role"
    USER = "user"
    PIPELINE = "pipeline"
    CUSTOM_FIELD = "custom_field"
    RATE = "rate"
    SAVED_VIEW = "saved_view"
    PRODUCT = "product"
    CUSTOMER = "customer"
    CONTACT = "contact"
    OPPORTUNITY = "opportunity"
    INTERACTION = "interaction"
    REMINDER = "reminder"
    NOTE = "note"
    SALE = "sale"
    FEEDBACK = "feedback"
    ATTACHMENT = "attachment"
    DISTINCTION = "distinction"


class ChangeKind(_Choice):
    """What was done to a record."""

    CREATE = "create"
    UPDATE = "update"
    TRASH = "trash"
    RESTORE = "restore"
    PURGE = "purge"
    ERASE = "erase"


class Action(_Choice):
    """What a role may allow."""

    VIEW = "view"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    EXPORT = "export"
    PURGE = "purge"


class Level(_Choice):
    """Of whose records a role allows it."""

    NONE = "none"
    OWN = "own"
    TEAM = "team"
    ALL = "all"


_BY_WORDS: dict[tuple[str, ...], type[_Choice]] = {
    tuple(str(member.value) for member in choice): choice for choice in _Choice.__subclasses__()
}


def enum_of(words: tuple[str, ...]) -> type[_Choice]:
    """The enum with these words."""
    return _BY_WORDS[words]
