"""The Python package beside hand-written `sqlite3` and the ORM of SQLAlchemy, in the same run on files of their own.

    python bench.py [--size N]      prints one line of JSON for each operation

Times are medians in microseconds; `hand` and `orm` say how many times longer theirs take than ours. The line `threads` says
how many pages of 50 one thread reads in a second and how many two do together; `import_ms` how much longer a program that
imports the package takes than one that does nothing.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crm
from by_hand import ByHand
from people import SEARCHES, customer


def loaded(folder: Path, name: str, size: int) -> tuple[Path, crm.Crm, Any]:
    """A store with customers, made by the library, so that all begin alike."""
    path = folder / f"{name}.db"
    db = crm.open(path, durability="normal")
    db.create_admin("bench", "correct horse battery")
    s = db.login("bench", "correct horse battery")
    for start in range(0, size, 500):
        with s.batch() as batch:
            for number in range(start, min(start + 500, size)):
                batch.customers.create(**customer(number))
    return path, db, s


def same_rows(ours: Path, theirs: Path) -> None:
    """Both have written the same, but for ids and moments."""
    import sqlite3

    told = []
    for path in (ours, theirs):
        db = sqlite3.connect(path)
        told.append([
            db.execute("SELECT code, name_key, emails, phones, tags, address_city_key, website, owner IS NULL FROM crm_customer ORDER BY code_number").fetchall(),
            db.execute("SELECT words FROM crm_customer_text ORDER BY row").fetchall(),
            db.execute('SELECT field, "key" FROM crm_key ORDER BY 1, 2').fetchall(),
            db.execute("SELECT change, version, before, json_remove(after, '$.owner') FROM crm_change WHERE kind = 'customer' ORDER BY operation, place").fetchall(),
            db.execute("SELECT count(*) FROM crm_customer_words WHERE crm_customer_words MATCH '\"wanjiku\"'").fetchall(),
        ])  # fmt: skip
    for mine, other in zip(*told):
        assert len(mine) == len(other), (len(mine), len(other))
        for one, two in zip(mine, other):
            assert one == two, (one, two)


def time_of(call: Callable[[int], Any], number: int) -> float:
    start = time.perf_counter_ns()
    call(number)
    return (time.perf_counter_ns() - start) / 1000


def page(s: crm.Session, n: int) -> list[str]:
    """The names on a page of 50."""
    return [c.name for c in s.customers.list(status=("active", "prospect")[n % 2], order_by="name").page()]


def threads(call: Callable[[int], Any], rounds: int = 9, seconds: float = 0.7) -> tuple[float, float, float]:
    """How many calls a second one thread makes, two together, and how many times more that is: medians of rounds, in each
    of which one is measured right after the other."""

    def rate(number: int) -> float:
        made = [0] * number
        begin = threading.Barrier(number + 1)
        end = threading.Event()

        def work(thread: int) -> None:
            begin.wait()
            while not end.is_set():
                call(made[thread])
                made[thread] += 1

        all = [threading.Thread(target=work, args=(thread,)) for thread in range(number)]
        for thread in all:
            thread.start()
        begin.wait()
        start = time.perf_counter()
        time.sleep(seconds)
        end.set()
        for thread in all:
            thread.join()
        return sum(made) / (time.perf_counter() - start)

    rates = [(rate(1), rate(2)) for _ in range(rounds)]
    one, two = (statistics.median(rate[number] for rate in rates) for number in (0, 1))
    return one, two, statistics.median(two / one for one, two in rates)


def import_ms(rounds: int = 30) -> float:
    """How many milliseconds the import takes, of a program that has nothing else to do."""

    def seconds(program: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        return time.perf_counter() - start

    times = [(seconds("import crm"), seconds("pass")) for _ in range(rounds)]
    return 1000 * (statistics.median(t for t, _ in times) - statistics.median(t for _, t in times))


def run(size: int, rounds: int) -> None:
    """Measures all operations, the programs in turn."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        (path, db, s), (by_hand, hand_db, hand_s), (by_orm, orm_db, orm_s) = (
            loaded(folder, name, size) for name in ("ours", "hand", "orm")
        )
        me = s.me()
        assert me is not None
        hand = ByHand(str(by_hand), hand_s.me().id)
        ids = {name: [c.id for c in session.customers.list(order_by="code", page_size=1000)]
               for name, session in (("ours", s), ("hand", hand_s), ("orm", orm_s))}  # fmt: skip
        hand_db.close()
        orm_user = orm_s.me().id
        orm_db.close()
        try:
            from by_sqlalchemy import BySqlAlchemy

            orm = BySqlAlchemy(str(by_orm), orm_user)
        except ImportError:
            orm = None

        def one(which: str, n: int) -> Any:
            return ids[which][n * 7919 % size]

        operations: list[tuple[str, Callable[[int], Any], Callable[[int], Any], Callable[[int], Any] | None]] = [
            ("create", lambda n: s.customers.create(**customer(size + n)), lambda n: hand.create(customer(size + n)),
             orm and (lambda n: orm.create(customer(size + n)))),
            ("get", lambda n: s.customers.get(one("ours", n)).name, lambda n: hand.get(one("hand", n)).name,
             orm and (lambda n: orm.get(one("orm", n)).name)),
            ("update", lambda n: s.customers.update(one("ours", n), website=f"https://{n}.example"),
             lambda n: hand.set_website(one("hand", n), f"https://{n}.example"),
             orm and (lambda n: orm.set_website(one("orm", n), f"https://{n}.example"))),
            ("page", lambda n: page(s, n),
             lambda n: [c.name for c in hand.page(("active", "prospect")[n % 2])],
             orm and (lambda n: [c.name for c in orm.page(("active", "prospect")[n % 2])])),
            ("search", lambda n: [c.name for c in s.customers.search(SEARCHES[n % 5])],
             lambda n: [c.name for c in hand.search(SEARCHES[n % 5])],
             orm and (lambda n: [c.name for c in orm.search(SEARCHES[n % 5])])),
        ]  # fmt: skip
        for operation, ours, theirs, orms in operations:
            times: tuple[list[float], list[float], list[float]] = ([], [], [])
            for n in range(rounds):
                times[0].append(time_of(ours, n))
                times[1].append(time_of(theirs, n))
                if orms:
                    times[2].append(time_of(orms, n))
            mine, by = statistics.median(times[0]), statistics.median(times[1])
            line = {"op": operation, "size": size, "ours_us": round(mine, 1), "hand_us": round(by, 1), "hand": round(by / mine, 2)}
            if orms:
                slow = statistics.median(times[2])
                line |= {"orm_us": round(slow, 1), "orm": round(slow / mine, 2)}
            print(json.dumps(line), flush=True)
        one, two, times = threads(lambda n: page(s, n))
        line = {"op": "threads", "size": size, "one_thread": round(one), "two_threads": round(two), "threads": round(times, 2)}
        print(json.dumps(line), flush=True)
        db.close()
        hand.db.close()
        same_rows(path, by_hand)


def main() -> None:
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2_000)
    given = parser.parse_args()
    run(given.size, given.rounds)
    print(json.dumps({"op": "import_ms", "import_ms": round(import_ms(), 1)}), flush=True)


if __name__ == "__main__":
    main()
