"""The scenario that every language runs: `conformance/*.json`, whose README tells its form."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import crm
from conformance import KINDS, Args, differences, moment, native, plain, resolved
from conftest import ManualClock

FOLDER = Path(__file__).parents[2] / "conformance"
FILES = sorted(FOLDER.glob("*.json"))
STEP = {
    "about", "call", "as", "args", "fields", "save", "session", "expect", "error", "steps", "during", "times", "threads",
    "time",
}  # fmt: skip
MAIN = "main"
LISTED = ("where", "words", "order_by", "page_size")


Takes = tuple[tuple[str, ...], tuple[str, ...]]

# The arguments that a command must have, and those that it may have.
COMMANDS: dict[str, dict[str, Takes]] = {
    "records": {
        "create": ((), ("id",)),
        "get": (("id",), ()),
        "update": (("id",), ("version",)),
        "upsert": (("source", "external_id"), ()),
        "by_external_id": (("source", "external_id"), ()),
        "delete": (("id",), ()),
        "restore": (("id",), ()),
        "purge": (("id",), ()),
        "search": (("words",), ("limit",)),
        "count": ((), ("where", "words")),
        "aggregate": ((), ("by", "of", "where", "words")),
        "history": (("id",), ()),
        "update_all": (("where",), ("dry_run",)),
        "delete_all": (("where",), ("dry_run",)),
        "merge": (("survivor", "losers"), ("choices", "dry_run")),
        "find_duplicates": ((), ()),
        "not_duplicates": (("one", "other"), ()),
        "erase": (("id",), ()),
    },
    "session": {
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
    },
    "store": {
        "close": ((), ()),
        "reopen": ((), ()),
        "has_users": ((), ()),
        "changes_since": (("after",), ("limit",)),
        "check": ((), ()),
        "head": ((), ()),
    },
}
WITH_FIELDS = {"create", "update", "replace", "upsert", "update_all", "duplicates_of"}
TURNED: dict[str, Callable[[Any], Any]] = {
    "until": moment,
    "on": date.fromisoformat,
    "closed_on": date.fromisoformat,
    "amounts": lambda amounts: [crm.Money.of_minor(**amount) for amount in amounts],
}


def turned(name: str, value: Any) -> Any:
    """An argument as a Python program has it."""
    return TURNED[name](value) if name in TURNED else value


def check(place: str, step: Mapping[str, Any]) -> None:
    """A step says only what somebody hears."""
    assert not step.keys() - STEP, f"{place}: what is {step.keys() - STEP}?"
    assert "error" not in step or not step.keys() & {"expect", "save"}, f"{place}: it fails or gives something"
    assert "code" in step.get("error", {"code": ""}), f"{place}: an error has a code"


class Run:
    """A run of one file of the scenario on a store that is new."""

    def __init__(self, folder: Path, scenario: Mapping[str, Any]) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.clock.at = moment(scenario["clock"])
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
        check(place, step)
        begun = time.perf_counter()
        wrong: list[str] = []
        try:
            got = None
            if "threads" in step:
                self.in_threads(step)
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
            got = self.on_records(getattr(self.session(step)[1], of), KINDS[of], command, args, fields or {})
        elif command in COMMANDS.get(of, {}):
            owner = self.store(step) if of == "store" else self.session(step)[1]
            got = self.command(owner, COMMANDS[of][command], command, args)
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

    def command(self, owner: Any, takes: Takes, name: str, args: Args, fields: Mapping[str, Any] | None = None) -> Any:
        """Calls a command that needs no more than the names of its arguments."""
        must, may = takes
        given = [turned(one, value) for one, value in zip(must, args.take(*must), strict=True)]
        more = {one: turned(one, value) for one, value in args.some(*may).items()}
        return getattr(owner, name)(*given, **more, **(fields or {}))

    # ---- records

    def on_records(self, records: Any, kind: str, command: str, args: Args, fields: Mapping[str, Any]) -> Any:
        """Calls a command of a collection."""
        assert not fields or command in WITH_FIELDS, f"{command} takes no fields"
        fields = native(kind, fields)
        if command in COMMANDS["records"]:
            return self.command(records, COMMANDS["records"][command], command, args, fields)
        do = getattr(self, f"records_{command}", None)
        assert do, f"there is no call {command} of records"
        return do(records, kind, args, fields)

    def records_replace(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        (record,) = args.take("record")
        envelope = {name: moment(record[name]) for name in ("created_at", "updated_at")}
        of_kind = getattr(crm, "".join(part.title() for part in kind.split("_")))
        return records.replace(of_kind(**{**native(kind, record), **envelope}).replace(**fields))

    def records_list(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return list(records.list(**args.some(*LISTED)))

    def records_page(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.list(**args.some(*LISTED)).page()

    def records_trash(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return list(records.trash(**args.some(*LISTED)))

    def records_export_csv(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        (file,) = args.take("file")
        options = args.some("columns", "delimiter", "bom", "spreadsheet_safe", "where", "words", "order_by")
        return records.export_csv(self.folder / file, **options)

    def records_duplicates_of(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        return records.duplicates_of(**fields) if fields else records.duplicates_of(*args.take("id"))

    def records_export_vcards(self, records: Any, kind: str, args: Args, fields: dict[str, Any]) -> Any:
        (file,) = args.take("file")
        return records.export_vcards(self.folder / file, **args.some("where", "words", "order_by"))

    # ---- the clock, and files

    def clock_set(self, args: Args, step: Mapping[str, Any]) -> None:
        (self.clock.at,) = map(moment, args.take("at"))

    def clock_advance(self, args: Args, step: Mapping[str, Any]) -> None:
        (seconds,) = args.take("seconds")
        self.clock.advance(seconds=seconds)

    def file_write(self, args: Args, step: Mapping[str, Any]) -> None:
        file, text = args.take("file", "text")
        (self.folder / file).write_bytes(text.encode())

    def file_append(self, args: Args, step: Mapping[str, Any]) -> None:
        file, text = args.take("file", "text")
        with (self.folder / file).open("ab") as out:
            out.write(text.encode())

    def file_read(self, args: Args, step: Mapping[str, Any]) -> str:
        (file,) = args.take("file")
        text: str = (self.folder / file).read_bytes().decode()
        return text

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
        return self.store(step).dump(self.folder / file).lines

    def store_backup(self, args: Args, step: Mapping[str, Any]) -> None:
        (path,) = args.take("path")
        self.store(step).backup(self.folder / path)

    def store(self, step: Mapping[str, Any]) -> crm.Crm:
        """The store of a step's session."""
        return self.stores[self.session(step)[0]]

    def begin(self, step: Mapping[str, Any], session: crm.Session) -> None:
        """Keeps a session under the name that the step has for it."""
        self.sessions[step["session"]] = (self.session(step)[0], session)

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

    def store_verify(self, args: Args, step: Mapping[str, Any]) -> Any:
        def head(known: Mapping[str, Any]) -> crm.Head:
            return crm.Head(**known)

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
                check("in a batch", part)
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
            made = self.on_records(getattr(batch, of), KINDS[of], command, args, fields)
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
        stop, chunks = args.some("stop"), 0

        def progress(_: int) -> bool:
            nonlocal chunks
            chunks += 1
            self.steps(step.get("during", []))
            return not stop

        options = args.some("dry_run", "resume")
        report = self.session(step)[1].import_csv(self.folder / file, plan, progress=progress, **options)
        assert chunks or "during" not in step, "nothing was done during the import"
        return report

    def session_attach(self, args: Args, step: Mapping[str, Any]) -> Any:
        file, fields = args.take("file", "fields")
        return self.session(step)[1].attach(self.folder / file, **native("attachment", fields))

    def session_read_attachment(self, args: Args, step: Mapping[str, Any]) -> Any:
        attachment, file = args.take("attachment", "file")
        return self.session(step)[1].read_attachment(attachment, target=self.folder / file)

    def session_import_vcards(self, args: Args, step: Mapping[str, Any]) -> Any:
        (file,) = args.take("file")
        return self.session(step)[1].import_vcards(self.folder / file, **args.some("customer", "on_match", "dry_run"))

    def session_export_calendar(self, args: Args, step: Mapping[str, Any]) -> Any:
        (file,) = args.take("file")
        return self.session(step)[1].export_calendar(self.folder / file, **args.some("reminders", "meetings"))

    def session_as_of(self, args: Args, step: Mapping[str, Any]) -> None:
        self.begin(step, self.session(step)[1].as_of(*map(moment, args.take("at"))))

    def session_token(self, args: Args, step: Mapping[str, Any]) -> Any:
        return self.session(step)[1].token

    def session_update_settings(self, args: Args, step: Mapping[str, Any]) -> Any:
        (fields,) = args.take("fields")
        return self.session(step)[1].update_settings(**native("settings", fields))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_conformance(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = json.loads(file.read_text(encoding="utf-8"))
    assert scenario["steps"], f"{file.name} has no steps"
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    run = Run(tmp_path, scenario)
    run.steps(scenario["steps"])
    assert not run.failures, "\n".join(run.failures)


@pytest.mark.parametrize(
    "step",
    [
        {"call": "customers.conjure"},
        {"call": "customer.count"},
        {"call": "customers.count", "args": {"colour": "red"}},
        {"call": "customers.count", "fields": {"name": "x"}, "expect": 0},
        {"call": "customers.count", "colour": "red"},
        {"call": "customers.get", "args": {}},
        {"call": "customers.get", "args": {"id": {"$": "nobody.id"}}},
        {"call": "customers.get", "args": {"id": "C001"}},
        {"call": "customers.count", "expect": 1},
        {"call": "customers.count", "expect": "0"},
        {"call": "customers.count", "expect": False},
        {"call": "customers.count", "expect": {"$any": True}, "error": {"code": "denied"}},
        {"call": "customers.count", "error": {"code": "denied"}},
        {"call": "customers.count", "expect": {"$some": 0}},
        {"call": "session.settings", "expect": {"code_digits": None}},
        {"call": "session.settings", "expect": {"code_digits": {"$absent": True}}},
        {"call": "session.settings", "expect": {"colour": None}},
        {"call": "session.settings", "expect": {"$exact": {"code_digits": 3}}},
        {"call": "session.token", "expect": {"$any": True}},
        {"call": "customers.list", "expect": [{}]},
        {"call": "customers.list", "expect": {"$length": 1}},
        {"call": "customers.list", "expect": {"$contains": {}}},
        {"call": "customers.get", "args": {"id": "C001"}, "error": {"code": "denied"}},
        {"call": "customers.get", "args": {"id": "C001"}, "error": {"code": "not_found", "key": "C002"}},
        {"call": "customers.get", "args": {"id": "C001"}, "error": {"key": "C001"}},
    ],
)
def test_what_is_wrong_is_seen(step: dict[str, Any], tmp_path: Path) -> None:
    run = Run(tmp_path, {"clock": "2026-03-02T09:00:00.000000Z"})
    try:
        run.steps([step])
    except (AssertionError, KeyError, TypeError):
        return
    assert run.failures, "nothing wrong was seen"


# What has no call in the scenario, and why.
NO_CALL = {
    "Session.batch": "session.batch, which also runs it",
    "Batch.run": "the end of the with block does it",
    "Batch.operation": "what session.batch gives",
    "Batch.convert_lead": "a step of session.batch",
    "Session.program": "what the program gave itself",
    "Session.list_view": "list with the query of a view",
    "Crm.interrupt": "needs a second thread at the right moment: test_stop.py",
    "Pages.part": "a view of list",
    "Pages.query": "what list was given",
    "Pages.pages": "a view of list",
    "Pages.first": "a view of list",
    "Pages.total": "a view of list",
    "Pages.page": "*.page",
}


def calls(steps: list[dict[str, Any]]) -> Iterator[str]:
    """The calls of steps, also of those inside of others."""
    for step in steps:
        yield step["call"]
        yield from calls(step.get("steps", []))
        yield from calls(step.get("during", []))


def public(owner: type) -> set[str]:
    return {name for name in dir(owner) if not name.startswith("_")}


def test_every_command_is_called() -> None:
    called = {call for file in FILES for call in calls(json.loads(file.read_text(encoding="utf-8"))["steps"])}
    of_records = {command for of, command in (call.split(".") for call in called) if of in KINDS}
    wanted = {f"Crm.{name}": f"store.{name}" in called for name in public(crm.Crm)}
    wanted |= {f"crm.{name}": f"store.{name}" in called for name in ("open", "restore")}
    for name in public(crm.Session):
        wanted[f"Session.{name}"] = f"session.{name}" in called or any(call.startswith(f"{name}.") for call in called)
    for name in public(type(crm.open(":memory:").system().customers)):
        wanted[f"Collection.{name}"] = name in of_records
    wanted |= {f"Batch.{name}": False for name in public(crm.Batch) - KINDS.keys()}
    wanted |= {f"Pages.{name}": False for name in public(crm.Pages)}
    assert len(wanted) > 90
    missing = {name for name, is_called in wanted.items() if not is_called and name not in NO_CALL}
    assert not missing, f"no step calls {missing}"
    gone = NO_CALL.keys() - wanted.keys()
    assert not gone, f"these are gone: {gone}"
