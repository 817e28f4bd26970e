"""What the scenario is written in: the plain form of values, references, and what is expected."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import crm
from crm import _crm

# ---- the plain form ------------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """What a call gave, in the form that the scenario is written in."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, crm.Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, crm.CrmError):
        return {"code": value.code, **{name: plain(detail) for name, detail in value.details.items()}}
    if isinstance(value, crm.Delivery):
        names = (name for name in dir(value) if not name.startswith("_"))
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {plain(name): plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if hasattr(value, "to_dict"):
        return plain_with_parts(value)
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise AssertionError(f"the scenario has no form for a {type(value).__name__}")


def plain_with_parts(value: Any) -> Any:
    """A record, or a value with parts, of which the empty ones are left out."""
    parts = value.to_dict()
    if not hasattr(value, "version"):
        return {name: plain(one) for name, one in parts.items() if one is not None}
    told = plain(parts)
    # Each field says the same as an attribute.
    for name, one in told.items():
        attribute = plain(getattr(value, "from_" if name == "from" else name))
        assert not list(differences(one, attribute, name)), f"{value!r}.{name} is {attribute!r}, not {one!r}"
    return told


# ---- references and expectations -----------------------------------------------------------------------------------


def word(given: Any) -> str | None:
    """The word of an object with one member whose name begins with `$`."""
    if isinstance(given, dict) and len(given) == 1:
        (name,) = given
        return name[1:] if name.startswith("$") else None
    return None


def at(path: str, saved: Mapping[str, Any]) -> Any:
    """A saved value, or a part of it."""
    name, *parts = path.split(".")
    found = saved[name]
    for part in parts:
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found


def resolved(given: Any, saved: Mapping[str, Any]) -> Any:
    """The same with references put in."""
    known = word(given)
    if known == "":
        return at(given["$"], saved)
    if known == "text":
        text, *parts = given["$text"].split("{")
        for part in parts:
            path, rest = part.split("}", 1)
            text += f"{at(path, saved)}{rest}"
        return text
    if isinstance(given, dict):
        return {name: resolved(one, saved) for name, one in given.items()}
    if isinstance(given, list):
        return [resolved(one, saved) for one in given]
    return given


ABSENT = object()


def same(one: Any, other: Any) -> bool:
    """Equal, and `True` is not 1."""
    return type(one) is type(other) and one == other


def differences(expected: Any, got: Any, path: str) -> Iterator[str]:
    """What differs, in words: objects may have more than is expected, all else must be equal."""
    known = word(expected)
    wrong = f"{path}: {got!r}, expected {expected!r}"
    if known == "absent" or got is ABSENT:
        if known != "absent" or got is not ABSENT:
            yield f"{path}: {'is not there' if got is ABSENT else got!r}, expected {expected!r}"
    elif known == "any":
        if got is None:
            yield wrong
    elif known == "exact":
        if expected["$exact"] != got:
            yield wrong
    elif known == "length":
        if len(got) != expected["$length"]:
            yield f"{path}: has the length {len(got)}, expected {expected['$length']}"
    elif known == "contains":
        part = expected["$contains"]
        found = part in got if isinstance(got, str) else any(not list(differences(part, one, path)) for one in got)
        if not found:
            yield wrong
    elif known is not None:
        raise AssertionError(f"there is no matcher ${known}")
    elif isinstance(expected, dict) and isinstance(got, dict):
        for name, one in expected.items():
            yield from differences(one, got.get(name, ABSENT), f"{path}.{name}")
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for index, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from differences(one, other, f"{path}.{index}")
    elif not same(expected, got):
        yield wrong


# ---- what is given to calls ----------------------------------------------------------------------------------------

SCHEMA: Mapping[str, Any] = _crm._schema()
KINDS = {
    name: "opportunity" if name == "opportunities" else name if name == "feedback" else name.removesuffix("s")
    for name in vars(crm.Session)
    if name.removesuffix("s") in SCHEMA or name in ("opportunities", "feedback")
}
TYPES = {kind: {field["name"]: field["type"] for field in fields} for kind, fields in SCHEMA.items()}


def native(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values of fields as a Python program has them; what does not fit its field stays as it is."""
    return {name if name != "from" else "from_": typed(TYPES[kind].get(name), one) for name, one in fields.items()}


def typed(type_: str | None, value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"minor", "currency"}:
        try:
            return crm.Money.of_minor(**value)
        except crm.InvalidError:
            return value
    if isinstance(value, dict):
        return {name: typed(None, one) for name, one in value.items()}
    if isinstance(value, list):
        return [typed(None, one) for one in value]
    if not isinstance(value, str):
        return value
    if type_ == "instant":
        return moment(value)
    if type_ == "date":
        return date.fromisoformat(value)
    if type_ == "decimal":
        return Decimal(value)
    if type_ == "id":
        return UUID(value)
    return value


def moment(text: str) -> datetime:
    """Of the zone that it was written in."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Args(dict[str, Any]):
    """What a step gives; `take` tells what nobody took."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self.taken: set[str] = set()

    def take(self, *names: str) -> tuple[Any, ...]:
        """The values that must be there."""
        self.taken.update(names)
        return tuple(self[name] for name in names)

    def some(self, *names: str, **how: Callable[[Any], Any]) -> dict[str, Any]:
        """Those of these that are given."""
        self.taken.update(names, how)
        plain_ones = {name: self[name] for name in names if self.get(name) is not None}
        return plain_ones | {name: turn(self[name]) for name, turn in how.items() if self.get(name) is not None}
