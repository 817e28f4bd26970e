"""What calls raise. Every error has a stable `code`; the data that explains it are attributes."""

from collections.abc import Mapping
from typing import Any


class CrmError(Exception):
    """Any error of the library.

    Attributes:
        code: the same word in every language, for ever: `"not_found"`.
        details: the data that explains it, by name; each is an attribute of the error as well.
    """

    code: str = "error"

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details: dict[str, Any] = dict(details or {})

    def __getattr__(self, name: str) -> Any:
        details = self.__dict__.get("details", {})
        if name in details:
            return details[name]
        raise AttributeError(f"{type(self).__name__} has no {name!r}; it has {', '.join(details) or 'no details'}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (str(self), self.details))

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may do later."""
        return self.code in ("busy", "interrupted", "locked_out")


class NotFoundError(CrmError, LookupError):
    """There is no such record, or the user may not see it (`entity`, `key`)."""

    code = "not_found"


class InvalidError(CrmError, ValueError):
    """The data breaks rules; nothing was written. `violations` has all of them: field, rule, value and reason."""

    code = "invalid"


class ConflictError(CrmError):
    """The same fields were changed meanwhile (`entity`, `id`, `version` and `fields` as they are stored now)."""

    code = "conflict"


class DeniedError(CrmError, PermissionError):
    """The user may see the record, but not do this (`action`, `entity`)."""

    code = "denied"


class DuplicateError(CrmError, ValueError):
    """A value that must be unique is taken (`entity`, `field`, `value`, and its `holder` if the user sees it)."""

    code = "duplicate"


class InUseError(CrmError):
    """Records refer to this one and forbid that it goes (`entity`, `id`, `by`, `holder`, `title`)."""

    code = "in_use"


class RefusedError(CrmError):
    """A rule of the domain forbids it (`rule`, `reason`)."""

    code = "refused"


class GoneError(CrmError, LookupError):
    """The record was purged; it can't come back (`entity`, `id`)."""

    code = "gone"


class BadCredentialsError(CrmError):
    """Unknown user, wrong password, no password or an inactive user; they look alike."""

    code = "bad_credentials"


class LockedOutError(CrmError):
    """Too many failed log-ins; the next is looked at from `retry_at` on."""

    code = "locked_out"


class SessionEndedError(CrmError):
    """The session expired, was revoked, or its user was deactivated (`reason`); log in again."""

    code = "session_ended"


class BusyError(CrmError, TimeoutError):
    """Another program held the store longer than `busy_timeout`; try again."""

    code = "busy"


class StorageError(CrmError, OSError):
    """The store failed (`reason`)."""

    code = "storage"


class FullError(StorageError):
    """No space is left; nothing was written."""

    code = "full"


class CorruptError(StorageError):
    """The store is damaged (`reason`); restore a backup."""

    code = "corrupt"


class NotAStoreError(StorageError):
    """The file is something else (`reason`); it was not touched."""

    code = "not_a_store"


class TooNewError(StorageError):
    """A newer release wrote the store (`found`, `supported`); it was not touched."""

    code = "too_new"


class ClosedError(CrmError):
    """The store is closed."""

    code = "closed"


class ReadOnlyError(CrmError):
    """The store was opened for reading only, or the session shows the past."""

    code = "read_only"


class InterruptedCallError(CrmError):
    """The call was interrupted; nothing was written."""

    code = "interrupted"


def _all(base: type[CrmError]) -> dict[str, type[CrmError]]:
    found = {base.code: base}
    for error in base.__subclasses__():
        found.update(_all(error))
    return found


_BY_CODE = _all(CrmError)


def error_of_code(code: str, message: str, details: Mapping[str, Any]) -> CrmError:
    """The error of a code; a `CrmError` for a code that this release does not know."""
    error = _BY_CODE.get(code)
    if error is None:
        unknown = CrmError(message, details)
        unknown.code = code
        return unknown
    return error(message, details)
