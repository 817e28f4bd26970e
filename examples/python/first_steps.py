"""A lead becomes a customer, a deal is won, a mistake is taken back: `python first_steps.py [FILE]`."""

import sys
from datetime import timedelta

import crm


def main(path: str) -> None:
    """Tells a short story."""
    with crm.open(path) as db:
        if not db.has_users():
            db.create_admin("wanjiku", "correct horse battery", given_name="Wanjiku")
        s = db.login("wanjiku", "correct horse battery")
        with db.subscribe(lambda operation: print(f"  … {operation.command}: {len(operation.changes)} records")):
            lead = s.customers.create(
                name="Tigoni Tea Estate",
                kind="business",
                emails=["orders@tigoni-tea.example"],
                phones=["+254 722 000001"],
                lead=crm.Lead(priority=crm.Priority.HIGH, estimated_value=crm.Money("250000", "KES")),
            )
            s.interactions.create(customer=lead, kind="call", subject="Wants two tons", employee_comment="Call on Monday")
            ring = crm.Due((s.now() + timedelta(days=3)).date())
            s.reminders.create(customer=lead, title="Ring about the samples", due=ring)
            deal = s.convert_lead(lead, opportunity={"name": "Two tons", "amount": crm.Money("240000", "KES")}).opportunity
            assert deal is not None
            s.move_stage(deal, "won")
            s.customers.delete(lead)
            mistake = s.last_operation()
            assert mistake is not None
            s.undo(mistake)
        customer = s.customers.search("tigni")[0]
        print(f"{customer.code} {customer.name} is {customer.status} again")
        for entry in s.timeline(customer).items:
            print(f"  {entry.at:%Y-%m-%d} {entry.kind}: {entry.title}")
        print("won:", ", ".join(map(str, s.dashboard().deals.won_amount)))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
