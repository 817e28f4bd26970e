"""Invented customers in Kenya: the same for the same number."""

from typing import Any

GIVEN = "Wanjiku Amina Juma Njeri Otieno Zawadi Baraka Achieng Kamau Halima Mutua Wambui Omondi Salma Kiprop Nekesa".split()
FAMILY = "Kamau Hassan Mwangi Odhiambo Kiptoo Ochieng Mutua Njoroge Wafula Abdi Chebet Maina Auma Karanja Otieno Were".split()
TOWNS = "Nairobi Mombasa Kisumu Nakuru Eldoret Thika Malindi Nyeri Kericho Embu".split()
TRADES = "Tea Coffee Roses Safaris Timber Dairy Textiles Solar".split()
TAGS = "wholesale retail priority export credit cash".split()

SEARCHES = ["wanjiku", "otien", "coffee", "njoroge", "karan"]


def customer(number: int) -> dict[str, Any]:
    """A customer as a program gets it from its users."""
    mixed = (number * 2_654_435_761) % 2**32
    given, family = GIVEN[mixed % 16], FAMILY[mixed // 16 % 16]
    company = f"{FAMILY[mixed // 256 % 16]} {TRADES[mixed // 4096 % 8]} Ltd"
    return {
        "kind": "individual",
        "status": "active" if mixed % 3 else "prospect",
        "name": f"{given} {family}",
        "given_name": given,
        "family_name": family,
        "company": company,
        "emails": [f"{given}.{family}{number}@{company.split()[0]}.co.ke".lower()],
        "phones": [f"+2547{number % 100_000_000:08}"],
        "address": {"city": TOWNS[mixed % 10], "country": "KE"},
        "tags": [TAGS[mixed % 6], TAGS[(mixed // 6 + 1) % 6]] if mixed % 6 != (mixed // 6 + 1) % 6 else [TAGS[mixed % 6]],
        "description": "Met at the fair.",
        "source": "fair",
    }
