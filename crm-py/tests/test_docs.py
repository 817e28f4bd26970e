"""The examples of the docstrings run, and everything has a docstring."""

import doctest
import inspect
import subprocess
import sys
from collections.abc import Iterator

import pytest

import crm


def documented() -> Iterator[tuple[str, object]]:
    yield "crm", crm
    for name in crm.__all__:
        thing = getattr(crm, name)
        yield name, thing
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                # The parts of a dataclass are told of by its own docstring.
                slot = inspect.ismemberdescriptor(value)
                if not slot and not member.startswith("_") and (callable(value) or inspect.isdatadescriptor(value)):
                    yield f"{name}.{member}", value


EVERYTHING = dict(documented())
EXAMPLES = [name for name, thing in EVERYTHING.items() if ">>>" in (getattr(thing, "__doc__", "") or "")]


def test_everything_is_documented() -> None:
    undocumented = [name for name, thing in EVERYTHING.items() if name != "__version__" and not getattr(thing, "__doc__", "")]
    assert undocumented == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name: str) -> None:
    text = inspect.cleandoc(getattr(EVERYTHING[name], "__doc__", ""))
    test = doctest.DocTestParser().get_doctest(text, {"crm": crm, **vars(crm)}, name, None, None)
    assert doctest.DocTestRunner().run(test).failed == 0


def test_there_are_examples() -> None:
    assert {"crm", "open", "Money", "Session.batch"} <= set(EXAMPLES)


def test_what_calls_give_is_made_when_it_is_asked_for() -> None:
    """An import makes what every program needs; the rest would take longer than that."""
    program = """
import sys, crm
assert "crm.values" not in sys.modules
crm.open(":memory:").system().customers.create(name="Mara Tea")
assert "crm.values" not in sys.modules
from crm import *
assert Head is crm.values.Head and not hasattr(crm, "nothing")
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
