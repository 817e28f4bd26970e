"""The same work by hand: what a careful person writes with `sqlite3` of the standard library for one program."""

import json
import sqlite3
import time
from datetime import datetime, timezone
from typing import Any, NamedTuple
from uuid import UUID

from rows import digits_of, dumps, fold, journalled, middles, quoted, sealed, starts, tokens_of, uuid7, words_of

COLUMNS = """t.id, t.version, t.created_at, t.created_by, t.updated_at, t.updated_by, t.code, t.kind, t.status, t.name,
    t.given_name, t.family_name, t.company, t.emails, t.phones, t.website, t.address_street, t.address_city,
    t.address_state, t.address_postal_code, t.address_country, t.tags, t.description, t.source, t.owner, t.parent,
    t.external_ids, t.lead_status, t.lead_priority, t.lead_estimated_value_minor, t.lead_estimated_value_currency,
    t.lead_lost_reason, t.converted_opportunity, t.converted_contact, t.merged_into, t.custom, t.extra"""
GET = f"SELECT {COLUMNS} FROM crm_customer AS t WHERE t.id = ? AND t.deletion IS NULL"
PAGE = (
    f"SELECT {COLUMNS} FROM crm_customer AS t WHERE t.deletion IS NULL AND t.status = ? "
    'ORDER BY t.name_key, t."row" LIMIT 50'
)
EXACT = (
    f'SELECT {COLUMNS} FROM crm_customer_words AS w CROSS JOIN crm_customer AS t ON t."row" = w.rowid '
    "WHERE w.crm_customer_words MATCH ? AND t.deletion IS NULL ORDER BY w.rowid DESC LIMIT ?"
)
FOUND = (
    f'SELECT {COLUMNS} FROM crm_customer_words AS w CROSS JOIN crm_customer_text AS x ON x."row" = w.rowid '
    'CROSS JOIN crm_customer AS t ON t."row" = w.rowid WHERE w.crm_customer_words MATCH ? AND t.deletion IS NULL AND '
)
BEGINS = (
    FOUND + "instr(' ' || x.words, ' ' || ?2) > 0 AND instr(' ' || x.words || ' ', ' ' || ?2 || ' ') = 0 "
    "ORDER BY w.rowid DESC LIMIT ?3"
).replace("MATCH ?", "MATCH ?1")
INSIDE = (
    FOUND + "instr(x.words, ?2) > 0 AND instr(' ' || x.words, ' ' || ?2) = 0 ORDER BY w.rowid DESC LIMIT ?3"
).replace("MATCH ?", "MATCH ?1")
INSERT = """INSERT INTO crm_customer (id, version, created_at, created_by, updated_at, updated_by, code, code_number, kind,
    status, name, name_key, given_name, given_name_key, family_name, family_name_key, company, company_key, emails, phones,
    address_city, address_city_key, address_country, address_country_key, tags, description, source, source_key,
    owner, external_ids, extra)
    VALUES (?1, 1, ?2, ?3, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
    ?23, ?24, ?25, ?26, '{}', '{}')"""
NEXT = """INSERT INTO crm_counter (name, last) VALUES ('customer', 1)
    ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last"""
KEY = 'INSERT INTO crm_key (kind, field, "key", record, shared) VALUES (\'customer\', ?, ?, ?, ?)'
HEAD = "SELECT seq, hash FROM crm_operation ORDER BY seq DESC LIMIT 1"
OPERATION = "INSERT INTO crm_operation (seq, id, at, actor_user, command, hash) VALUES (?, ?, ?, ?, ?, ?)"
CHANGE = """INSERT INTO crm_change (operation, place, kind, record, change, version, customer, before, after, salt, digest)
    VALUES (?1, 0, 'customer', ?2, ?3, ?4, ?2, ?5, ?6, ?7, ?8)"""
# The CHECKs are left out: for SQLite before 3.45 no NULL is valid JSON. That is in favour of this side.
PRAGMAS = (
    "ignore_check_constraints = ON",
    "foreign_keys = ON", "secure_delete = ON", "cache_size = -16384", "mmap_size = 1073741824",
    "temp_store = MEMORY", "synchronous = NORMAL", "journal_mode = WAL",
)  # fmt: skip


class Customer(NamedTuple):
    """A customer with its types, as a program uses it."""

    id: UUID
    version: int
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None
    code: str
    kind: str
    status: str
    name: str
    given_name: str | None
    family_name: str | None
    company: str | None
    emails: list[Any]
    phones: list[Any]
    website: str | None
    address: tuple[str | None, ...]
    tags: list[str]
    description: str
    source: str | None
    owner: UUID | None
    parent: UUID | None
    external_ids: dict[str, str]
    lead: tuple[Any, ...] | None
    converted_opportunity: UUID | None
    converted_contact: UUID | None
    merged_into: UUID | None
    custom: dict[str, Any]
    extra: dict[str, str]


def at(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, timezone.utc)


def uuid(data: bytes | None) -> UUID | None:
    return UUID(bytes=data) if data is not None else None


def load(text: str | None) -> Any:
    return [] if text == "[]" else {} if text in ("{}", None) else json.loads(text or "")


def read(row: tuple[Any, ...]) -> Customer:
    """A row as a customer."""
    return Customer(
        UUID(bytes=row[0]), row[1], at(row[2]), uuid(row[3]), at(row[4]), uuid(row[5]), row[6], row[7], row[8], row[9],
        row[10], row[11], row[12], load(row[13]), load(row[14]), row[15], row[16:21], load(row[21]), row[22], row[23],
        uuid(row[24]), uuid(row[25]), load(row[26]), row[27:32] if row[27] is not None else None, uuid(row[32]),
        uuid(row[33]), uuid(row[34]), load(row[35]), load(row[36]),
    )  # fmt: skip


class ByHand:
    """The hand-written program, for one user."""

    def __init__(self, path: str, user: UUID) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        self.user = user.bytes
        for pragma in PRAGMAS:
            self.db.execute(f"PRAGMA {pragma}")

    def create(self, customer: dict[str, Any]) -> Customer:
        """Writes a customer, its keys, its words and the journal's row."""
        run, id, now = self.db.execute, uuid7(), time.time_ns() // 1000
        if not customer["name"].strip() or any("@" not in address for address in customer["emails"]):
            raise ValueError("a customer has a name, and an address has an @")
        run("BEGIN IMMEDIATE")
        try:
            (number,) = run(NEXT).fetchone()
            code = f"C{number:03}"
            address = customer["address"]
            cursor = run(INSERT, (
                id.bytes, now, self.user, code, number, customer["kind"], customer["status"], customer["name"],
                fold(customer["name"]), customer["given_name"], fold(customer["given_name"]), customer["family_name"],
                fold(customer["family_name"]), customer["company"], fold(customer["company"]),
                dumps([{"address": address} for address in customer["emails"]]),
                dumps([{"number": number} for number in customer["phones"]]), address["city"], fold(address["city"]),
                address["country"], fold(address["country"]), dumps(customer["tags"]), customer["description"],
                customer["source"], fold(customer["source"]), self.user,
            ))  # fmt: skip
            row, words = cursor.lastrowid, words_of(code, customer)
            run('INSERT INTO crm_customer_text ("row", words) VALUES (?, ?)', (row, words))
            run("INSERT INTO crm_customer_words (rowid, tokens) VALUES (?, ?)", (row, tokens_of(words)))
            keys = [("emails", email.lower(), id.bytes, b"") for email in customer["emails"]]
            keys += [("phones", "+" + digits_of(number)[0], id.bytes, id.bytes) for number in customer["phones"]]
            keys += [("tags", fold(tag), id.bytes, id.bytes) for tag in customer["tags"]]
            self.db.executemany(KEY, keys)
            self.journal(now, "create", id.bytes, 1, None, journalled(code, self.user, customer))
            run("COMMIT")
        except BaseException:
            run("ROLLBACK")
            raise
        return self.get(id)

    def journal(self, now: int, change: str, record: bytes, version: int, before: str | None, after: str) -> None:
        """Writes an operation with one change behind the last one."""
        head = self.db.execute(HEAD).fetchone() or (0, bytes(32))
        operation = uuid7()
        seq, hash, salt, digest = sealed(head, operation, now, self.user, change, record, version, before, after)
        self.db.execute(OPERATION, (seq, operation.bytes, now, self.user, change, hash))
        self.db.execute(CHANGE, (seq, record, change, version, before, after, salt, digest))

    def get(self, id: UUID) -> Customer:
        """The customer with this id."""
        row = self.db.execute(GET, (id.bytes,)).fetchone()
        if row is None:
            raise KeyError(id)
        return read(row)

    def set_website(self, id: UUID, website: str) -> Customer:
        """Changes a customer."""
        run, now = self.db.execute, time.time_ns() // 1000
        run("BEGIN IMMEDIATE")
        try:
            old = self.get(id)
            before = dumps({"website": old.website}) if old.website else None
            run(
                "UPDATE crm_customer SET version = ?, updated_at = ?, updated_by = ?, website = ? WHERE id = ?",
                (old.version + 1, now, self.user, website, id.bytes),
            )
            self.journal(now, "update", id.bytes, old.version + 1, before, dumps({"website": website}))
            run("COMMIT")
        except BaseException:
            run("ROLLBACK")
            raise
        return old._replace(version=old.version + 1, updated_at=at(now), website=website)

    def page(self, status: str) -> list[Customer]:
        """The first fifty customers with a status, by name."""
        return [read(row) for row in self.db.execute(PAGE, (status,))]

    def search(self, word: str) -> list[Customer]:
        """The twenty best customers for a word: who has it, whose words begin so, who has it inside of one."""
        word = fold(word)
        found = [read(row) for row in self.db.execute(EXACT, (quoted(word), 20))]
        for sql, tokens in ((BEGINS, starts(word)), (INSIDE, middles(word))):
            if len(found) < 20:
                found += [read(row) for row in self.db.execute(sql, (tokens, word, 20 - len(found)))]
        return found
