"""A store for each test."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import crm


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        """Moves it."""
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> ManualClock:
    """The clock of `db`."""
    return ManualClock()


@pytest.fixture
def db(tmp_path: Path, clock: ManualClock) -> Iterator[crm.Crm]:
    """An empty store in a file."""
    with crm.open(tmp_path / "crm.db", durability="normal", clock=clock) as opened:
        yield opened


@pytest.fixture
def s(db: crm.Crm) -> crm.Session:
    """The embedding program."""
    return db.system("tests")
