"""Writes `python/crm/_crm.pyi` from the fields that the native module knows and from `stub.pyi`, which is written by hand.

    python tools/stubs.py           writes the file
    python tools/stubs.py --check   says whether it is as it would be written
"""

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crm import _crm, enums
from crm.parts import class_of

HERE = Path(__file__).parent
TARGET = HERE.parent / "python" / "crm" / "_crm.pyi"
KINDS = {name: "".join(part.title() for part in name.split("_")) for name in _crm._schema()}
COLLECTIONS = {
    "role": "roles", "user": "users", "pipeline": "pipelines", "custom_field": "custom_fields", "rate": "rates",
    "saved_view": "saved_views", "product": "products", "customer": "customers", "contact": "contacts",
    "opportunity": "opportunities", "interaction": "interactions", "reminder": "reminders", "note": "notes",
    "sale": "sales", "feedback": "feedback", "attachment": "attachments", "distinction": "distinctions",
}  # fmt: skip

PEOPLE = '''    def merge(
        self,
        survivor: _Id,
        losers: Iterable[_Id],
        *,
        choices: Mapping[str, _Id] | None = None,
        dry_run: bool = False,
    ) -> Merged[_RECORD]:
        """Makes one record of several: the survivor keeps its id, gets what it lacks, and everything that hangs on them."""
    def find_duplicates(self, *, rules: Mapping[str, Any] | str | None = None) -> Duplicates:
        """The pairs of records that look like one, the likeliest first."""
    def duplicates_of(
        self,
        record: _Id | None = None,
        /,
        *,
        rules: Mapping[str, Any] | str | None = None,
_FIELDS
    ) -> DuplicateCandidates:
        """The records that look like this one, or like one with these fields."""
    def export_vcards(
        self,
        target: str | PathLike[str] | _Writable,
        *,
        where: Mapping[str, Any] | None = None,
        words: str | None = None,
        order_by: str | Iterable[str] | None = None,
        **tests: Any,
    ) -> int:
        """Writes records as cards of vCard 4.0, and gives how many."""
    def not_duplicates(self, one: _Id, other: _Id) -> Distinction:
        """Notes that two records are not one."""
    def erase(self, record: _Id) -> Erased:
        """Forgets a person: it is gone from the file, from search and from the journal, and can't be undone."""
'''

OWN = {
    "opportunity": '''    def effective_probability(self, pipeline: Pipeline) -> int:
        """How likely it is won, in percent."""
    def weighted(self, pipeline: Pipeline) -> Money | None:
        """The amount weighted by the effective probability."""
    def sum_of_lines(self) -> Money | None:
        """The sum of the lines; None without lines, without a price in each, and for unlike currencies."""
    def time_in_stage(self, now: datetime) -> timedelta:
        """How long it has been in its stage until that moment."""
    def is_rotting(self, pipeline: Pipeline, now: datetime) -> bool:
        """Whether it has been in its stage for longer than the pipeline allows."""
''',
    "pipeline": '''    def stage(self, key: str) -> Stage | None:
        """The stage with this key, or None."""
''',
}

SCALARS = {
    "bool": "bool", "int": "int", "text": "str", "code": "str", "instant": "datetime", "date": "date", "time": "time",
    "money": "Money", "decimal": "Decimal", "custom": "Mapping[str, Any]",
}  # fmt: skip
LISTS = {"tags": "str", "options": "str", "offsets": "int", "contacts": "UUID", "topics": "str"}
MAPS = {"external_ids": "Mapping[str, str]", "extra": "Mapping[str, str]"}


def types_of(kind: str, field: dict[str, Any]) -> tuple[str, str]:
    """The type that a field has, and the one that it takes."""
    name, ty = field["name"], field["type"]
    parts = class_of(kind, name)
    if ty == "choice":
        shown = enums.enum_of(tuple(field["words"])).__name__
        takes = f"{shown} | str"
    elif ty.startswith("id("):
        shown, takes = "UUID", "_Id"
    elif parts is not None and ty == "json":
        shown = f"tuple[{parts.__name__}, ...]"
        text = " | str" if name in ("emails", "phones") else ""
        takes = f"Iterable[{parts.__name__} | Mapping[str, Any]{text}]"
    elif parts is not None:
        shown, takes = parts.__name__, f"{parts.__name__} | Mapping[str, Any]"
    elif name in LISTS:
        shown = f"tuple[{LISTS[name]}, ...]"
        takes = f"Iterable[{'_Id' if LISTS[name] == 'UUID' else LISTS[name]}]"
    elif ty == "json":
        shown = takes = MAPS.get(name, "Mapping[str, Any]")
    else:
        shown = takes = SCALARS[ty]
        takes = {"Decimal": "Decimal | int"}.get(takes, takes)
    return (f"{shown} | None" if field["nullable"] else shown), takes


def doc(text: str, indent: int) -> str:
    """A docstring of one or several lines."""
    pad = " " * indent
    lines = textwrap.wrap(" ".join(text.split()), 116 - indent)
    body = f"\n{pad}".join(lines).replace("\\", "\\\\").replace('"""', "'''")
    return f'{pad}"""{body}"""\n' if len(lines) < 2 else f'{pad}"""{body}\n{pad}"""\n'


def record(kind: str, fields: Sequence[dict[str, Any]]) -> str:
    """The class of a kind's records."""
    name = KINDS[kind]
    out = f"\n@final\nclass {name}(_Record):\n" + doc(str(getattr(_crm, name).__doc__), 4)
    arguments = "".join(f"        {field['name']}: {types_of(kind, field)[1]} | None = ...,\n" for field in fields)
    envelope = (
        "        id: _Id = ...,\n        version: int = ...,\n        created_at: datetime = ...,\n"
        "        created_by: _Id | None = ...,\n        updated_at: datetime = ...,\n        updated_by: _Id | None = ...,\n"
    )
    out += f"    def __new__(\n        cls,\n        *,\n{envelope}{arguments}    ) -> {name}: ...\n"
    for field in fields:
        out += f"    @property\n    def {field['name']}(self) -> {types_of(kind, field)[0]}:\n" + doc(field["doc"], 8)
    for method in ("replace", "__replace__"):
        out += f"    def {method}(\n        self,\n        *,\n{envelope}{arguments}    ) -> {name}: ...\n"
    return out + OWN.get(kind, "")


def collection(kind: str, fields: Sequence[dict[str, Any]]) -> str:
    """The class of a kind's collection."""
    name = KINDS[kind]
    out = f"\n@final\nclass {name}Collection(Collection[{name}]):\n" + doc(f"The {COLLECTIONS[kind]} of a session.", 4)
    arguments = "".join(f"        {field['name']}: {types_of(kind, field)[1]} | None = ...,\n" for field in fields)
    out += f"    def create(  # type: ignore[override]\n        self,\n        *,\n        id: _Id = ...,\n{arguments}    ) -> {name}: ...\n"
    out += (
        "    def update(  # type: ignore[override]\n        self,\n        id: _Id,\n        /,\n        *,\n        version: int | None = None,\n"
        f"{arguments}    ) -> {name}: ...\n"
    )
    if kind in ("customer", "contact"):
        out += PEOPLE.replace("_RECORD", name).replace("_FIELDS\n", arguments.replace("| None = ...", "= ..."))
    return out


def text() -> str:
    """The whole file."""
    whole = (HERE / "stub.pyi").read_text(encoding="utf-8")
    records, collections, attributes, batched = "", "", "", ""
    for kind, fields in _crm._schema().items():
        records += record(kind, fields)
        if kind in COLLECTIONS:
            collections += collection(kind, fields)
            attributes += f"    @property\n    def {COLLECTIONS[kind]}(self) -> {KINDS[kind]}Collection: ...\n"
            batched += f"    @property\n    def {COLLECTIONS[kind]}(self) -> BatchCollection: ...\n"
    exported = "".join(f"    {name!r},\n" for name in _crm.__all__).replace("'", '"')
    whole = whole.replace("# what the module exports\n", f"__all__ = [\n{exported}]\n\n")
    whole = whole.replace("    # the collections of a session\n", attributes)
    whole = whole.replace("    # the collections of a batch\n", batched)
    return f"# Written by tools/stubs.py.\n{whole}{records}{collections}"


def main() -> int:
    """Writes or checks the file."""
    wanted = text()
    if "--check" in sys.argv[1:]:
        if TARGET.read_text(encoding="utf-8") == wanted:
            return 0
        print("python/crm/_crm.pyi is out of date: run tools/stubs.py")
        return 1
    TARGET.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
