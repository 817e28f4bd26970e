"""The scenario that every language runs: `conformance/*.json`, whose README tells its form."""

import dataclasses
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import crm
from crm import _crm

FOLDER = Path(__file__).parents[2] / "conformance"
FILES = sorted(FOLDER.glob("*.json"))
STEP = {
    "about", "call", "as", "args", "fields", "save", "session", "expect", "error", "steps", "during", "times", "threads",
    "time",
}  # fmt: skip
MAIN = "main"

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
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
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
    all_of = plain(value.to_dict())
    if not hasattr(value, "version"):
        return {name: one for name, one in all_of.items() if one is not None}
    return all_of


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


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


# ---- a run ---------------------------------------------------------------------------------------------------------

LISTED = ("where", "words", "order_by", "page_size")


class Run:
    """A run of one file of the scenario on a store that is new."""

    def __init__(self, folder: Path, scenario: Mapping[str, Any]) -> None:
        self.folder = folder
        self.clock = ManualClock(moment(scenario["clock"]))
        self.saved: dict[str, Any] = {}
        self.stores: dict[str, crm.Crm] = {}
        self.sessions: dict[str, tuple[str, crm.Session]] = {}
        self.heard: dict[str, tuple[crm.Subscription, list[crm.Operation]]] = {}
        self.deliveries: dict[str, crm.Delivery] = {}
        self.failures: list[str] = []
        self.place(MAIN, self.open("main.db"))

    def open(self, path: str, **options: Any) -> crm.Crm:
        """Opens a store."""
        return crm.open(self.folder / path, durability="normal", clock=self.clock, **options)

    def place(self, name: str, store: crm.Crm) -> None:
        """Keeps an open store, with the session of the embedding program under the same name."""
        self.stores[name] = store
        self.sessions[name] = (name, store.system("conformance"))

    def steps(self, steps: list[dict[str, Any]]) -> None:
        """Runs steps."""
        for number, step in enumerate(steps, 1):
            self.step(f"step {number} ({step['call']}, {step.get('about', '')})", step)

    def step(self, place: str, step: dict[str, Any]) -> None:
        """Runs a step and looks at what came of it."""
        assert not step.keys() - STEP, f"{place}: what is {step.keys() - STEP}?"
        begun = time.perf_counter()
        wrong: list[str] = []
        try:
            if "threads" in step:
                got = self.in_threads(step)
            else:
                for n in range(step.get("times", 1)):
                    self.saved["n"] = n
                    got = plain(self.call(place, step, self.saved))
        except crm.CrmError as error:
            if "error" not in step:
                wrong = [f"failed: {plain(error)}"]
            else:
                wrong = list(differences(resolved(step["error"], self.saved), plain(error), "error"))
        else:
            if "error" in step:
                wrong = [f"expected the error {step['error']}, got {got}"]
            if "expect" in step:
                wrong = list(differences(resolved(step["expect"], self.saved), got, "result"))
            if "save" in step:
                self.saved[step["save"]] = got
        if "time" in step:
            print(f"{place} took {time.perf_counter() - begun:.3f} s")
        if wrong:
            self.failures.append("\n    ".join([f"{place}:", *wrong]))

    def session(self, step: Mapping[str, Any]) -> tuple[str, crm.Session]:
        """The session of a step, and the name of its store."""
        return self.sessions[step.get("as", MAIN)]

    def call(self, place: str, step: Mapping[str, Any], saved: Mapping[str, Any]) -> Any:
        """Calls what a step says."""
        of, command = step["call"].split(".")
        args = Args(resolved(step.get("args", {}), saved))
        fields = resolved(step["fields"], saved) if "fields" in step else None
        if of in KINDS:
            records, kind = getattr(self.session(step)[1], of), KINDS[of]
            do = getattr(self, f"records_{command}", None)
            assert do, f"{place}: there is no call {step['call']}"
            got = do(records, kind, args, native(kind, fields or {}))
        else:
            do = getattr(self, f"{of}_{command}", None)
            assert do, f"{place}: there is no call {step['call']}"
            if fields is not None:
                args["fields"] = fields
            got = do(args, step)
        assert not args.keys() - args.taken, f"{place}: takes no {args.keys() - args.taken}"
        return got

    def in_threads(self, step: Mapping[str, Any]) -> None:
        """The same call in several threads, several times in each."""
        raised: list[BaseException] = []

        def one(thread: int) -> None:
            try:
                for n in range(step.get("times", 1)):
                    self.call("in a thread", step, {**self.saved, "thread": thread, "n": n})
            except BaseException as error:  # noqa: BLE001
                raised.append(error)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(step["threads"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if raised:
            raise raised[0]

    # ---- records

    def records_create(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.create(**args.some("id"), **fields)

    def records_get(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.get(*args.take("id"))

    def records_update(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.update(*args.take("id"), **args.some("version"), **fields)

    def records_replace(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        (record,) = args.take("record")
        envelope = {name: moment(record[name]) for name in ("created_at", "updated_at")}
        of_kind = getattr(crm, "".join(part.title() for part in kind.split("_")))
        return records.replace(of_kind(**{**native(kind, record), **envelope}).replace(**fields))

    def records_upsert(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.upsert(*args.take("source", "external_id"), **fields)

    def records_by_external_id(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.by_external_id(*args.take("source", "external_id"))

    def records_delete(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.delete(*args.take("id"))

    def records_restore(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.restore(*args.take("id"))

    def records_purge(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.purge(*args.take("id"))

    def records_list(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return list(records.list(**args.some(*LISTED)))

    def records_page(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.list(**args.some(*LISTED)).page()

    def records_trash(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return list(records.trash(**args.some(*LISTED)))

    def records_search(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.search(*args.take("words"), **args.some("limit"))

    def records_count(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.count(**args.some("where", "words"))

    def records_aggregate(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.aggregate(**args.some("by", "of", "where", "words"))

    def records_history(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.history(*args.take("id"))

    def records_update_all(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.update_all(*args.take("where"), **args.some("dry_run"), **fields)

    def records_delete_all(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.delete_all(*args.take("where"), **args.some("dry_run"))

    def records_export_csv(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        (file,) = args.take("file")
        options = args.some("columns", "delimiter", "bom", "spreadsheet_safe", "where", "words", "order_by")
        return records.export_csv(self.folder / file, **options)

    def records_merge(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.merge(*args.take("survivor", "losers"), **args.some("choices", "dry_run"))

    def records_find_duplicates(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.find_duplicates()

    def records_duplicates_of(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.duplicates_of(**fields) if fields else records.duplicates_of(*args.take("id"))

    def records_not_duplicates(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.not_duplicates(*args.take("one", "other"))

    def records_erase(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.erase(*args.take("id"))

    # ---- the clock, and files

    def clock_set(self, args: Args, step: Mapping[str, Any]) -> None:
        (self.clock.at,) = map(moment, args.take("at"))

    def clock_advance(self, args: Args, step: Mapping[str, Any]) -> None:
        (seconds,) = args.take("seconds")
        self.clock.at += timedelta(seconds=seconds)

    def file_write(self, args: Args, step: Mapping[str, Any]) -> None:
        file, text = args.take("file", "text")
        (self.folder / file).write_bytes(text.encode())

    def file_append(self, args: Args, step: Mapping[str, Any]) -> None:
        file, text = args.take("file", "text")
        with (self.folder / file).open("ab") as out:
            out.write(text.encode())

    def file_read(self, args: Args, step: Mapping[str, Any]) -> str:
        (file,) = args.take("file")
        return (self.folder / file).read_bytes().decode()

    def file_patch(self, args: Args, step: Mapping[str, Any]) -> None:
        file, place, new = args.take("file", "at", "bytes")
        old = (self.folder / file).read_bytes()
        (self.folder / file).write_bytes(old[:place] + bytes(new) + old[place + len(new) :])

    # ---- the store

    def store_open(self, args: Args, step: Mapping[str, Any]) -> None:
        name, path = args.take("name", "path")
        self.place(name, self.open(path, **args.some("read_only", "busy_timeout")))

    def store_restore(self, args: Args, step: Mapping[str, Any]) -> None:
        name, path, file = args.take("name", "path", "file")
        self.place(name, crm.restore(self.folder / path, self.folder / file))

    def store_dump(self, args: Args, step: Mapping[str, Any]) -> int:
        (file,) = args.take("file")
        return self.store(step).dump(self.folder / file)

    def store_backup(self, args: Args, step: Mapping[str, Any]) -> None:
        (path,) = args.take("path")
        self.store(step).backup(self.folder / path)

    def store(self, step: Mapping[str, Any]) -> crm.Crm:
        """The store of a step's session."""
        return self.stores[self.session(step)[0]]

    def begin(self, step: Mapping[str, Any], session: crm.Session) -> None:
        """Keeps a session under the name that the step has for it."""
        self.sessions[step["session"]] = (self.session(step)[0], session)

    def store_close(self, args: Args, step: Mapping[str, Any]) -> None:
        self.store(step).close()

    def store_reopen(self, args: Args, step: Mapping[str, Any]) -> None:
        self.store(step).reopen()

    def store_has_users(self, args: Args, step: Mapping[str, Any]) -> bool:
        return self.store(step).has_users()

    def store_create_admin(self, args: Args, step: Mapping[str, Any]) -> Any:
        fields = native("user", args.some("fields").get("fields", {}))
        return self.store(step).create_admin(*args.take("username", "password"), **fields)

    def store_login(self, args: Args, step: Mapping[str, Any]) -> None:
        self.begin(step, self.store(step).login(*args.take("username", "password")))

    def store_resume(self, args: Args, step: Mapping[str, Any]) -> None:
        self.begin(step, self.store(step).resume(*args.take("token")))

    def store_system(self, args: Args, step: Mapping[str, Any]) -> None:
        self.begin(step, self.store(step).system(*args.take("label")))

    def store_subscribe(self, args: Args, step: Mapping[str, Any]) -> None:
        heard: list[crm.Operation] = []
        raises = args.some("raises")

        def listener(operation: crm.Operation) -> None:
            heard.append(operation)
            if raises:
                raise ZeroDivisionError

        (name,) = args.take("name")
        self.heard[name] = (self.store(step).subscribe(listener), heard)

    def store_unsubscribe(self, args: Args, step: Mapping[str, Any]) -> Any:
        (name,) = args.take("name")
        subscription, heard = self.heard.pop(name)
        subscription.close()
        return heard

    def store_changes_since(self, args: Args, step: Mapping[str, Any]) -> Any:
        return self.store(step).changes_since(*args.take("after"), **args.some("limit"))

    def store_check(self, args: Args, step: Mapping[str, Any]) -> Any:
        return self.store(step).check()

    def store_head(self, args: Args, step: Mapping[str, Any]) -> Any:
        return self.store(step).head()

    def store_verify(self, args: Args, step: Mapping[str, Any]) -> Any:
        def head(known: Mapping[str, Any]) -> crm.Head:
            return crm.Head(known["seq"], bytes.fromhex(known["hash"]))

        proof = self.store(step).verify(**args.some(since=head))
        return {"holds": proof.holds, "broken": proof.broken is not None}

    def store_claim_due(self, args: Args, step: Mapping[str, Any]) -> Any:
        claimed = self.store(step).claim_due(*args.take("worker"), **args.some("lease_minutes", "limit", now=moment))
        self.deliveries.update({json.dumps(plain(due.delivery), sort_keys=True): due.delivery for due in claimed})
        return claimed

    def delivery(self, args: Args) -> crm.Delivery:
        """The delivery that a claim gave."""
        (given,) = args.take("delivery")
        return self.deliveries[json.dumps(given, sort_keys=True)]

    def store_acknowledge(self, args: Args, step: Mapping[str, Any]) -> None:
        self.store(step).acknowledge(self.delivery(args))

    def store_give_back(self, args: Args, step: Mapping[str, Any]) -> None:
        self.store(step).give_back(self.delivery(args), *args.take("problem"))

    def store_dispatch_due(self, args: Args, step: Mapping[str, Any]) -> Any:
        fails = args.some("fails")

        def notifier(_: crm.DueReminder) -> None:
            if fails:
                raise ConnectionError(fails["fails"])

        return self.store(step).dispatch_due(notifier)

    # ---- sessions

    def session_batch(self, args: Args, step: Mapping[str, Any]) -> Any:
        with self.session(step)[1].batch() as batch:
            for part in step["steps"]:
                for n in range(part.get("times", 1)):
                    self.saved["n"] = n
                    self.add(batch, part)
        return batch.operation

    def add(self, batch: crm.Batch, part: Mapping[str, Any]) -> None:
        """Adds a step to a batch."""
        of, command = part["call"].split(".")
        args = Args(resolved(part.get("args", {}), self.saved))
        fields = resolved(part.get("fields", {}), self.saved)
        if of == "session":
            assert command == "convert_lead", f"a batch has no {command}"
            made: Any = self.converted(batch, args)
        else:
            made = getattr(self, f"records_{command}")(getattr(batch, of), KINDS[of], args, native(KINDS[of], fields))
        if "save" in part:
            self.saved[part["save"]] = {"id": str(made)}

    def converted(self, of: Any, args: Args) -> Any:
        """Converts a lead, now or in a batch."""

        def deal(given: Any) -> Any:
            return native("opportunity", given) if isinstance(given, dict) else given

        def contact(given: Any) -> Any:
            return native("contact", given)

        return of.convert_lead(*args.take("lead"), **args.some("status", opportunity=deal, contact=contact))

    def session_convert_lead(self, args: Args, step: Mapping[str, Any]) -> Any:
        return self.converted(self.session(step)[1], args)

    def session_import_csv(self, args: Args, step: Mapping[str, Any]) -> Any:
        file, plan = args.take("file", "plan")
        stop = args.some("stop")

        def progress(_: int) -> bool:
            self.steps(step.get("during", []))
            return not stop

        options = args.some("dry_run", "resume")
        return self.session(step)[1].import_csv(self.folder / file, plan, progress=progress, **options)

    def session_as_of(self, args: Args, step: Mapping[str, Any]) -> None:
        self.begin(step, self.session(step)[1].as_of(*map(moment, args.take("at"))))

    def session_token(self, args: Args, step: Mapping[str, Any]) -> Any:
        return self.session(step)[1].token

    def session_update_settings(self, args: Args, step: Mapping[str, Any]) -> Any:
        (fields,) = args.take("fields")
        return self.session(step)[1].update_settings(**native("settings", fields))

    def __getattr__(self, name: str) -> Any:
        # The other commands of a session need no more than the names of their arguments.
        of, _, command = name.partition("_")
        if of != "session" or command not in COMMANDS:
            raise AttributeError(name)
        must, may = COMMANDS[command]

        def do(args: Args, step: Mapping[str, Any]) -> Any:
            call = getattr(self.session(step)[1], command)
            given = [TURNED.get(one, same_as_it_is)(value) for one, value in zip(must, args.take(*must), strict=True)]
            more = {one: TURNED.get(one, same_as_it_is)(value) for one, value in args.some(*may).items()}
            return call(*given, **more)

        return do


def same_as_it_is(value: Any) -> Any:
    return value


# The arguments that a command must have, and those that it may have.
COMMANDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "me": ((), ()),
    "may": (("action", "kind"), ()),
    "now": ((), ()),
    "today": ((), ()),
    "new_id": ((), ()),
    "settings": ((), ()),
    "search": (("words",), ("limit",)),
    "move_stage": (("opportunity", "stage"), ("closed_on", "lost_reason")),
    "complete_reminder": (("reminder", "due"), ()),
    "snooze_reminder": (("reminder", "until"), ()),
    "cancel_reminder": (("reminder",), ()),
    "reassign_reminder": (("reminder", "assignee"), ()),
    "deliveries": (("reminder",), ()),
    "undo": (("operation",), ()),
    "operations": ((), ("after", "limit")),
    "latest_operations": ((), ("before", "limit")),
    "last_operation": ((), ()),
    "set_password": (("user", "password"), ()),
    "change_password": (("current", "new"), ()),
    "revoke_sessions": (("user",), ()),
    "logout": ((), ()),
    "undo_import": (("import_id",), ()),
    "dashboard": ((), ()),
    "pipeline_report": (("pipeline",), ()),
    "timeline": (("customer",), ("page_size", "cursor")),
    "agenda": (("bucket",), ("assignee", "page_size", "cursor")),
    "stage_history": (("opportunity",), ()),
    "clocks": (("opportunity",), ()),
    "convert": (("amounts", "to", "on"), ()),
}
TURNED: dict[str, Callable[[Any], Any]] = {
    "until": moment,
    "on": date.fromisoformat,
    "closed_on": date.fromisoformat,
    "amounts": lambda amounts: [crm.Money.of_minor(**amount) for amount in amounts],
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_conformance(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = json.loads(file.read_text(encoding="utf-8"))
    assert scenario["steps"], f"{file.name} has no steps"
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    run = Run(tmp_path, scenario)
    run.steps(scenario["steps"])
    assert not run.failures, "\n".join(run.failures)


def test_there_is_a_scenario() -> None:
    assert len(FILES) >= 7
