"""What both hand-written programs need to write the rows that the library writes: folded text, words, tokens, the chain."""

import hashlib
import json
import os
import re
import time
import unicodedata
from typing import Any
from uuid import UUID

PART = 3


def fold(text: str) -> str:
    """As text is compared: lower case, without accents."""
    if text.isascii():
        return text.strip().lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()


def uuid7() -> UUID:
    """A new id, which sorts by the time of its making."""
    millis = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    return UUID(int=millis << 80 | 0x7 << 76 | (noise >> 68 & 0xFFF) << 64 | 0b10 << 62 | noise & (1 << 62) - 1)


def digits_of(number: str) -> list[str]:
    """The digits by which a Kenyan number is found: with the country, and as it is dialled inside."""
    international = re.sub(r"\D", "", number)
    return [international, "0" + international.removeprefix("254")]


def words_of(code: str, customer: dict[str, Any]) -> str:
    """The words by which a customer is found."""
    words: list[str] = []
    texts = [code, customer["name"], customer["company"], *customer["emails"]]
    for number in customer["phones"]:
        texts += digits_of(number)
    for text in (*texts, customer["address"]["city"], *customer["tags"]):
        for token in fold(text).split():
            token = token.strip("!\"$'()*,-./:;<=>?[\\]^_`{|}~")
            words.append(token)
            if not token.isalnum():
                words += [part for part in re.split(r"[^0-9a-z]+", token) if part]
    return " ".join(words)


def tokens_of(words: str) -> str:
    """Words, their beginnings, groups of three letters, and words less one letter."""
    tokens: list[str] = []
    seen: set[str] = set()
    compound = ""
    for word in words.split(" "):
        if word in seen:
            continue
        seen.add(word)
        tokens.append(word)
        tokens += ["\x81" + word[:end] for end in range(1, min(PART, len(word)) + 1)]
        if word not in compound:
            tokens += ["\x82" + word[at : at + PART] for at in range(len(word) - PART + 1)]
            compound = word
        if word.isalpha() and 4 <= len(word) <= 24:
            tokens += [f"\x83{word[:at]}{word[at + 1 :]}{chr(97 + at)}" for at in range(len(word))]
    return " ".join(tokens)


def put(data: bytes | None) -> bytes:
    """Bytes with their length."""
    return (2**64 - 1).to_bytes(8, "big") if data is None else len(data).to_bytes(8, "big") + data


def sealed(
    head: tuple[int, bytes], operation: UUID, at: int, by: bytes, change: str, record: bytes, version: int,
    before: str | None, after: str,
) -> tuple[int, bytes, bytes, bytes]:  # fmt: skip
    """The place, the hash, the salt and the digest of an operation behind the head of the journal."""
    salt, seq = os.urandom(16), head[0] + 1
    digest = hashlib.sha256(salt + put(before.encode() if before else None) + put(after.encode())).digest()
    whole = b"".join((
        head[1], seq.to_bytes(8, "big"), operation.bytes, at.to_bytes(8, "big"), put(by), put(change.encode()), put(None),
        put(None), put(b"customer"), record, put(change.encode()), version.to_bytes(8, "big"), put(record), digest,
    ))  # fmt: skip
    return seq, hashlib.sha256(whole).digest(), salt, digest


def dumps(value: Any) -> str:
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def journalled(code: str, owner: bytes, customer: dict[str, Any]) -> str:
    """A new customer as the journal has it."""
    told = {
        "address": dict(sorted(customer["address"].items())), "code": code, "company": customer["company"],
        "description": customer["description"],
        "emails": [{"address": address, "opted_out": False} for address in customer["emails"]],
        "family_name": customer["family_name"], "given_name": customer["given_name"], "kind": customer["kind"],
        "name": customer["name"], "owner": str(UUID(bytes=owner)), "phones": [{"number": number, "opted_out": False} for number in customer["phones"]],
        "source": customer["source"], "status": customer["status"], "tags": customer["tags"],
    }  # fmt: skip
    return dumps(told)


def quoted(token: str) -> str:
    """A token as FTS5 takes it."""
    return '"' + token.replace('"', '""') + '"'


def starts(word: str) -> str:
    """What FTS5 is asked for words that begin so."""
    return " AND ".join(map(quoted, ["\x81" + word[:PART], *("\x82" + word[at : at + PART] for at in range(1, len(word) - PART + 1))]))


def middles(word: str) -> str:
    """What FTS5 is asked for words that have this inside."""
    return " AND ".join(map(quoted, ("\x82" + word[at : at + PART] for at in range(len(word) - PART + 1))))
