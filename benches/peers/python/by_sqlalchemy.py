"""The same work with the ORM of SQLAlchemy 2, on the same tables and with the same pragmas."""

import time
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, LargeBinary, String, create_engine, event, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from by_hand import BEGINS, EXACT, HEAD, INSIDE, NEXT, PRAGMAS
from rows import digits_of, dumps, fold, journalled, middles, quoted, sealed, starts, tokens_of, uuid7, words_of


class Base(DeclarativeBase):
    """The mapped tables."""


class Customer(Base):
    """A customer."""

    __tablename__ = "crm_customer"
    row: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    version: Mapped[int]
    created_at: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[bytes | None] = mapped_column(LargeBinary)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    updated_by: Mapped[bytes | None] = mapped_column(LargeBinary)
    deletion: Mapped[bytes | None] = mapped_column(LargeBinary)
    code: Mapped[str | None]
    code_number: Mapped[int | None]
    kind: Mapped[str]
    status: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str]
    given_name: Mapped[str | None]
    given_name_key: Mapped[str | None]
    family_name: Mapped[str | None]
    family_name_key: Mapped[str | None]
    company: Mapped[str | None]
    company_key: Mapped[str | None]
    emails: Mapped[list[Any]] = mapped_column(JSON)
    phones: Mapped[list[Any]] = mapped_column(JSON)
    website: Mapped[str | None]
    address_street: Mapped[str | None]
    address_city: Mapped[str | None]
    address_city_key: Mapped[str | None]
    address_state: Mapped[str | None]
    address_postal_code: Mapped[str | None]
    address_country: Mapped[str | None]
    address_country_key: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(JSON)
    description: Mapped[str]
    source: Mapped[str | None]
    source_key: Mapped[str | None]
    owner: Mapped[bytes | None] = mapped_column(LargeBinary)
    parent: Mapped[bytes | None] = mapped_column(LargeBinary)
    external_ids: Mapped[dict[str, str]] = mapped_column(JSON)
    extra: Mapped[dict[str, str]] = mapped_column(JSON)
    lead_status: Mapped[str | None]
    lead_priority: Mapped[str | None]
    lead_estimated_value_minor: Mapped[int | None] = mapped_column(BigInteger)
    lead_estimated_value_currency: Mapped[str | None]
    lead_lost_reason: Mapped[str | None]
    converted_opportunity: Mapped[bytes | None] = mapped_column(LargeBinary)
    converted_contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    merged_into: Mapped[bytes | None] = mapped_column(LargeBinary)


class CustomerText(Base):
    """The words of a customer."""

    __tablename__ = "crm_customer_text"
    row: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str]


class Key(Base):
    """What a record is looked up by."""

    __tablename__ = "crm_key"
    kind: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    shared: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    record: Mapped[bytes] = mapped_column(LargeBinary)


class Operation(Base):
    """The journal."""

    __tablename__ = "crm_operation"
    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[int] = mapped_column(BigInteger)
    actor_user: Mapped[bytes | None] = mapped_column(LargeBinary)
    command: Mapped[str] = mapped_column(String)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Change(Base):
    """What an operation did to one record."""

    __tablename__ = "crm_change"
    operation: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    record: Mapped[bytes] = mapped_column(LargeBinary)
    change: Mapped[str]
    version: Mapped[int]
    customer: Mapped[bytes | None] = mapped_column(LargeBinary)
    before: Mapped[str | None]
    after: Mapped[str | None]
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


def _named(sql: str) -> str:
    start = sql.index("WHERE")
    sql = 'SELECT t."row" ' + sql[sql.index("FROM") : start] + sql[start:]
    for place in ("1", "2", "3"):
        sql = sql.replace(f"?{place}", f":p{place}")
    return sql.replace("MATCH ?", "MATCH :p1").replace("LIMIT ?", "LIMIT :p2")


class BySqlAlchemy:
    """The program with an ORM, for one user."""

    def __init__(self, path: str, user: UUID) -> None:
        self.engine = create_engine(f"sqlite:///{path}", json_serializer=dumps)
        self.user = user.bytes

        @event.listens_for(self.engine, "connect")
        def connected(connection: Any, _: Any) -> None:
            connection.isolation_level = None
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(self.engine, "begin")
        def begun(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN")

    def create(self, customer: dict[str, Any]) -> Customer:
        """Writes a customer, its keys, its words and the journal's row."""
        id, now = uuid7(), time.time_ns() // 1000
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            number = session.execute(text(NEXT)).scalar_one()
            code, address = f"C{number:03}", customer["address"]
            made = Customer(
                id=id.bytes, version=1, created_at=now, created_by=self.user, updated_at=now, updated_by=self.user,
                code=code, code_number=number, kind=customer["kind"], status=customer["status"], name=customer["name"],
                name_key=fold(customer["name"]), given_name=customer["given_name"],
                given_name_key=fold(customer["given_name"]), family_name=customer["family_name"],
                family_name_key=fold(customer["family_name"]), company=customer["company"],
                company_key=fold(customer["company"]), emails=[{"address": email} for email in customer["emails"]],
                phones=[{"number": number} for number in customer["phones"]], address_city=address["city"],
                address_city_key=fold(address["city"]), address_country=address["country"],
                address_country_key=fold(address["country"]), tags=customer["tags"], description=customer["description"],
                source=customer["source"], source_key=fold(customer["source"]), owner=self.user, external_ids={}, extra={},
            )  # fmt: skip
            session.add(made)
            session.flush()
            words = words_of(code, customer)
            session.add(CustomerText(row=made.row, words=words))
            session.execute(
                text("INSERT INTO crm_customer_words (rowid, tokens) VALUES (:row, :tokens)"),
                {"row": made.row, "tokens": tokens_of(words)},
            )
            for field, key, unique in (
                *(("emails", email.lower(), True) for email in customer["emails"]),
                *(("phones", "+" + digits_of(number)[0], False) for number in customer["phones"]),
                *(("tags", fold(tag), False) for tag in customer["tags"]),
            ):
                session.add(Key(kind="customer", field=field, key=key, record=id.bytes, shared=b"" if unique else id.bytes))
            self.journal(session, now, "create", id.bytes, 1, None, journalled(code, self.user, customer))
        return made

    def journal(
        self, session: Session, now: int, change: str, record: bytes, version: int, before: str | None, after: str
    ) -> None:
        """Writes an operation with one change behind the last one."""
        head = session.execute(text(HEAD)).first()
        last = (head[0], head[1]) if head else (0, bytes(32))
        operation = uuid7()
        seq, hash, salt, digest = sealed(last, operation, now, self.user, change, record, version, before, after)
        session.add(Operation(seq=seq, id=operation.bytes, at=now, actor_user=self.user, command=change, hash=hash))
        session.flush()
        session.add(
            Change(operation=seq, place=0, kind="customer", record=record, change=change, version=version,
                   customer=record, before=before, after=after, salt=salt, digest=digest)
        )  # fmt: skip

    def get(self, id: UUID) -> Customer:
        """The customer with this id."""
        with Session(self.engine) as session:
            return session.scalars(select(Customer).where(Customer.id == id.bytes, Customer.deletion.is_(None))).one()

    def set_website(self, id: UUID, website: str) -> Customer:
        """Changes a customer."""
        now = time.time_ns() // 1000
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            customer = session.scalars(select(Customer).where(Customer.id == id.bytes, Customer.deletion.is_(None))).one()
            before = dumps({"website": customer.website}) if customer.website else None
            customer.version += 1
            customer.updated_at, customer.updated_by, customer.website = now, self.user, website
            self.journal(session, now, "update", id.bytes, customer.version, before, dumps({"website": website}))
        return customer

    def page(self, status: str) -> list[Customer]:
        """The first fifty customers with a status, by name."""
        query = select(Customer).where(Customer.deletion.is_(None), Customer.status == status)
        with Session(self.engine) as session:
            return list(session.scalars(query.order_by(Customer.name_key, Customer.row).limit(50)))

    def search(self, word: str) -> list[Customer]:
        """The twenty best customers for a word."""
        word = fold(word)
        with Session(self.engine) as session:
            rows = list(session.scalars(text(_named(EXACT)), {"p1": quoted(word), "p2": 20}))
            for sql, tokens in ((BEGINS, starts(word)), (INSIDE, middles(word))):
                if len(rows) < 20:
                    rows += session.scalars(text(_named(sql)), {"p1": tokens, "p2": word, "p3": 20 - len(rows)})
            found = {customer.row: customer for customer in session.scalars(select(Customer).where(Customer.row.in_(rows)))}
            return [found[row] for row in rows]


