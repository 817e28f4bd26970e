"""`python -m crm`: the version, and whether the package works on this machine."""

import sys
import tempfile
from pathlib import Path

import crm


def check() -> None:
    """Makes a store in a temporary folder, writes and reads a customer, and looks the file over."""
    with tempfile.TemporaryDirectory() as folder, crm.open(Path(folder) / "check.db") as db:
        session = db.system("self-check")
        made = session.customers.create(name="Self-check", phones=[crm.Phone("+254 722 000001")])
        found = session.customers.search("0722000001")
        if [customer.id for customer in found] != [made.id]:
            raise RuntimeError("a customer is not found by its phone number")
        if problems := db.check():
            raise RuntimeError("; ".join(problems))
        if not db.verify().holds:
            raise RuntimeError("the journal does not hold")


def main() -> int:
    """Prints the version and runs the check."""
    print(f"crm {crm.__version__} (Python {sys.version.split()[0]}, {sys.platform})")
    check()
    print("self-check: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
