"""Nothing stays in memory of what is over.

`CRM_PYTHON_LEAK_ROUNDS` says how many records are created, listed and heard of; `cargo xtask soak` says 200,000.
"""

import gc
import os
import sys
from pathlib import Path

import pytest

import crm

ROUNDS = int(os.environ.get("CRM_PYTHON_LEAK_ROUNDS", "10000"))
SAMPLES = 10
# The first samples are not compared: what is loaded and allocated once is there after them.
WARM = 3
# KiB that may come on top later. Of the 7 samples after the warm ones each is a tenth of the rounds: of 200,000 rounds 15
# bytes each would be too much, of 10,000 a third of a kilobyte, where a record has two.
BOUND = 2 * 1024
# KiB that SQLite may keep of the file's pages for each connection.
CACHE = 16 * 1024

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the memory is read from /proc")


def memory() -> int:
    """What this process has allocated, in KiB, without the files that are mapped."""
    gc.collect()
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


class Heard:
    """A listener that counts."""

    def __init__(self) -> None:
        self.changes = 0

    def __call__(self, operation: crm.Operation) -> None:
        self.changes += len(operation.changes)


def work(s: crm.Session, first: int, rounds: int) -> None:
    """Creates, lists, finds, errors and batches."""
    for number in range(first, first + rounds):
        made = s.customers.create(name=f"Customer {number}", emails=[f"c{number}@x.example"], tags=["tea"])
        page = s.customers.list(order_by="-created_at", page_size=5).page()
        assert page[0].id == made.id and page[0].tags == ("tea",)
        if number % 10 == 0:
            with pytest.raises(crm.DuplicateError):
                s.customers.create(id=made.id, name="Again")
            assert list(s.customers.list(code=made.code)) == [made]
            assert s.customers.history(made)[0].changes[0].after["name"] == made.name
            with s.batch() as batch:
                batch.customers.update(made, name="Other")


def test_stores_that_are_closed_leave_nothing(tmp_path: Path) -> None:
    heard, samples, rounds = Heard(), [], ROUNDS // SAMPLES
    for number in range(SAMPLES):
        with crm.open(tmp_path / f"{number}.db", durability="normal") as db, db.subscribe(heard):
            work(db.system(), 0, rounds)
        samples.append(memory())
    print(f"\nKiB after {SAMPLES} stores of {rounds} rounds each: {samples}")
    assert heard.changes == SAMPLES * (rounds + len(range(0, rounds, 10)))
    assert max(samples[WARM:]) - samples[WARM - 1] < BOUND


def test_an_open_store_grows_no_more_than_its_caches(tmp_path: Path) -> None:
    heard, samples, rounds = Heard(), [], ROUNDS // SAMPLES
    with crm.open(tmp_path / "crm.db", durability="normal", readers=1) as db, db.subscribe(heard):
        s = db.system()
        for number in range(SAMPLES):
            work(s, number * rounds, rounds)
            samples.append(memory())
    print(f"\nKiB after each {rounds} rounds: {samples}")
    assert heard.changes == SAMPLES * (rounds + len(range(0, rounds, 10)))
    # The writer's connection, and the one that reads.
    assert samples[-1] - samples[0] < 2 * CACHE + BOUND
