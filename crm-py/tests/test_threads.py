"""Calls release the interpreter's lock, and nothing is lost."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import crm


def test_eight_threads_lose_nothing(db: crm.Crm, s: crm.Session) -> None:
    def work(thread: int) -> int:
        for n in range(1_000):
            made = s.customers.create(name=f"{thread} {n}")
            assert s.customers.get(made.id) == made
            if n % 100 == 0:
                page = s.customers.list(name__startswith=f"{thread} ", order_by="-created_at", page_size=10).page()
                assert page[0] == made and len(page) == min(n + 1, 10)
        return s.customers.count(name__startswith=f"{thread} ")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [1_000] * 8
    assert len(s.customers) == 8_000 and {customer.code for customer in s.customers} == {
        f"C{number:03}" for number in range(1, 8_001)
    }
    assert db.check() == () and db.verify().holds


def test_one_iterator_shared_by_threads(s: crm.Session) -> None:
    with s.batch() as batch:
        made = {batch.customers.create(name=f"Customer {n}") for n in range(300)}
    shared = iter(s.customers.list(page_size=10))

    def take(_: int) -> list[object]:
        return [customer.id for customer in shared]

    with ThreadPoolExecutor(4) as pool:
        taken = [id for ids in pool.map(take, range(4)) for id in ids]
    assert len(taken) == 300 and set(taken) == made


def test_in_asyncio(s: crm.Session) -> None:
    async def main() -> list[crm.Customer]:
        create = s.customers.create
        await asyncio.gather(*(asyncio.to_thread(create, name=f"Customer {n}") for n in range(20)))
        return await asyncio.to_thread(list, s.customers.list(order_by="name"))

    assert len(asyncio.run(main())) == 20
