"""Ctrl-C ends a call at once, wherever the library is, and the file is sound afterwards.

A program runs in a process of its own, says when the call begins, and gets SIGINT in the midst of it. The call, or calling
it again and again from C, would go on for ever: no Python runs meanwhile that would hear of the signal.
"""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import crm

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process can't be sent Ctrl-C there")

BEGIN = """
import itertools, sys, threading
from collections import deque
from functools import partial
import crm

path, PLAN = sys.argv[1], {"steps": [{"entity": "customer", "file": "people.csv", "columns": [{"column": "Name", "field": "name"}]}]}
db = crm.open(path, durability="normal")
s = db.system("child")

class Endless:
    "A file that has no end."
    def __init__(self):
        self.rows = itertools.count()
        self.header = b"Name\\n"
    def read(self, size):
        header, self.header = self.header, b""
        return header + b"".join(b"Customer %d\\n" % next(self.rows) for _ in range(size // 32))

# A filter that takes its time.
heavy = {"or": [{"field": "name", "op": "contains", "value": f"nobody {n}"} for n in range(400)]}

def for_ever(call, *arguments):
    "Calls it again and again without running any Python."
    deque(itertools.starmap(partial(call, *arguments), itertools.repeat(())), maxlen=0)

def go():
    print("go", flush=True)

def begun(rows):
    "Says go after the first thousand rows."
    if rows == 1_000:
        go()
"""


def interrupted(program: str, *arguments: Path) -> str:
    """What a program says that gets Ctrl-C a moment after it said go."""
    command = [sys.executable, "-c", BEGIN + program, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "go\n"
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.3)
            child.send_signal(signal.SIGINT)
            said, _ = child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 0, said
    return said.strip()


def sound(db: crm.Crm) -> bool:
    return db.check() == () and db.verify().holds


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_import(tmp_path: Path, dry_run: bool) -> None:
    program = f"""
try:
    s.import_csv(Endless(), PLAN, dry_run={dry_run}, progress=begun)
except KeyboardInterrupt:
    last = s.last_operation()
    print(len(s.customers), last.import_id if last else None)
"""
    number, _, import_id = interrupted(program, tmp_path / "crm.db").partition(" ")
    with crm.open(tmp_path / "crm.db") as db:
        s = db.system()
        assert sound(db) and len(s.customers) == int(number) and int(number) % 1_000 == 0
        if dry_run:
            assert (number, import_id) == ("0", "None")
            return
        assert int(number) > 0 and s.undo_import(import_id) == int(number) // 1_000
        assert sound(db) and len(s.customers) == 0


def test_an_import_of_a_file_goes_on_later(tmp_path: Path) -> None:
    rows = 60_000
    file = tmp_path / "people.csv"
    file.write_text("Name\n" + "".join(f"Customer {n}\n" for n in range(rows)), encoding="utf-8")
    program = """
try:
    s.import_csv(sys.argv[2], PLAN, progress=begun)
except KeyboardInterrupt:
    print(s.last_operation().import_id)
"""
    import_id = interrupted(program, tmp_path / "crm.db", file)
    plan = {"steps": [{"entity": "customer", "file": "people.csv", "columns": [{"column": "Name", "field": "name"}]}]}
    with crm.open(tmp_path / "crm.db", durability="normal") as db:
        s = db.system("child")
        there = len(s.customers)
        assert 0 < there < rows and there % 1_000 == 0 and sound(db)
        stopped = s.import_csv(file, plan, resume=import_id, progress=lambda done: done < there + 2_000)
        assert stopped.rows == len(s.customers) == there + 2_000 and sound(db)


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 20,000 customers."""
    path = tmp_path_factory.mktemp("stop") / "crm.db"
    with crm.open(path, durability="normal") as db:
        s = db.system()
        for start in range(0, 20_000, 1_000):
            with s.batch() as batch:
                for n in range(start, start + 1_000):
                    batch.customers.create(name=f"Customer {n}")
    return path


@pytest.fixture
def path(tmp_path: Path, customers: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(customers, tmp_path / "crm.db"))


@pytest.mark.parametrize(
    "call",
    [
        # One long statement.
        "partial(s.customers.count, where=heavy)",
        "s.customers.list(where=heavy).first",
        "partial(s.customers.aggregate, by='status', where=heavy)",
        # Short ones.
        "partial(s.customers.search, 'custmoer 17')",
        "partial(s.search, 'custmoer 17')",
        "partial(s.customers.get, 'C017')",
        # Many of them in one call, and work between.
        "partial(list, s.customers.list(page_size=1))",
        "partial(s.customers.export_csv, path + '.csv')",
        "partial(s.customers.export_vcards, path + '.vcf')",
        "partial(db.dump, path + '.jsonl')",
        "s.customers.find_duplicates",
        "s.dashboard",
        "db.check",
        "db.verify",
    ],
)
def test_reads(path: Path, call: str) -> None:
    program = f"""
call = {call}
go()
try:
    for_ever(call)
except KeyboardInterrupt:
    print(s.customers.count(name="Customer 17"))
"""
    assert interrupted(program, path) == "1"


def test_a_write_is_there_or_not(path: Path) -> None:
    program = """
everybody = {"field": "name", "op": "starts_with", "value": "Customer"}
go()
try:
    for source in itertools.cycle(["fair", "street"]):
        s.customers.update_all(everybody, source=source)
except KeyboardInterrupt:
    print(s.customers.count(source="fair"), s.customers.count(source="street"))
"""
    fair, street = map(int, interrupted(program, path).split())
    assert {fair, street} <= {0, 20_000}
    with crm.open(path) as db:
        assert sound(db)


def test_frames(path: Path) -> None:
    """A stream of Arrow has errors of its own, so the signal comes again as soon as Python runs."""
    program = """
import pyarrow
pages = s.customers.list(where=heavy)
go()
try:
    try:
        for_ever(pyarrow.table, pages)
    except pyarrow.lib.ArrowException as error:
        said = str(error)
        import time; time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""
    assert interrupted(program, path) == "interrupted"


def test_waiting_for_another_program(tmp_path: Path) -> None:
    path = tmp_path / "crm.db"
    crm.open(path).close()
    program = """
patient = crm.open(path, busy_timeout=600).system()
go()
try:
    patient.customers.create(name="Mara Tea")
except KeyboardInterrupt:
    print("interrupted")
"""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert interrupted(program, path) == "interrupted"
    with crm.open(path) as db:
        assert len(db.system().customers) == 0 and sound(db)


def test_callbacks_that_are_interrupted(tmp_path: Path) -> None:
    """In callbacks Python runs, and hears of the signal there: it must not end as an error that nobody raises."""
    program = """
import time
from datetime import datetime, timezone

def slow(*_):
    while not done.is_set():
        time.sleep(0.01)

done = threading.Event()
said = []

def told(name, call):
    try:
        call()
        said.append(f"{name} went on")
    except KeyboardInterrupt:
        said.append(name)

def clock():
    if waiting:
        slow()
    return datetime(2026, 3, 2, tzinfo=timezone.utc)

waiting = False
other = crm.open(":memory:", clock=clock)
with other.subscribe(slow):
    go()
    told("listener", lambda: other.system().customers.create(name="Mara Tea"))
print(*said)
"""
    assert interrupted(program, tmp_path / "crm.db") == "listener"
    program = program.replace("with other.subscribe(slow):\n    go()", "if True:\n    waiting = True\n    go()").replace(
        "print(", "waiting = False\nprint("
    )
    assert interrupted(program, tmp_path / "crm.db") == "listener"


def test_a_handler_of_ones_own(path: Path) -> None:
    """One that raises nothing ends nothing; what it raises is raised."""
    program = """
import signal
signal.signal(signal.SIGINT, lambda *_: rung.append(1))
rung = []
go()
while not rung:
    last = s.customers.count(where=heavy)
print(last, len(rung))
"""
    assert interrupted(program, path) == "0 1"
    program = """
import signal

class Deadline(Exception):
    pass

def ring(*_):
    raise Deadline("noon")

signal.signal(signal.SIGINT, ring)
go()
try:
    for_ever(partial(s.customers.count, where=heavy))
except Deadline as error:
    print(error)
"""
    assert interrupted(program, path) == "noon"


def test_other_threads_go_on(path: Path) -> None:
    program = """
def count():
    for _ in range(6):
        counted.append(s.customers.count(where=heavy))

counted = []
other = threading.Thread(target=count)
other.start()
go()
try:
    for_ever(partial(s.customers.count, where=heavy))
except KeyboardInterrupt:
    other.join()
    print(len(counted), sum(counted))
"""
    assert interrupted(program, path) == "6 0"
