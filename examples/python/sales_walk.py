"""A walk through sales data: four CSV files become a CRM, and the CRM's lists become frames and a chart.

    pip install ./crm-py polars altair
    python examples/python/sales_walk.py FOLDER

or cell by cell in an editor that knows `# %%`, or in Jupyter. FOLDER has the files `accounts.csv`, `products.csv`,
`sales_teams.csv` and `sales_pipeline.csv` of the public data set "CRM Sales Opportunities". Before Python 3.11 `tomli` is
needed too. altair draws the chart; without it the bars are text.
"""

# %% Where the files are, and the plan that says what becomes of their columns.
from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import crm
import polars as pl

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()
FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "crm_sales"
PLAN: dict[str, Any] = tomllib.loads((HERE.parent / "sales-pipeline" / "plan.toml").read_text(encoding="utf-8"))

db = crm.open(":memory:")
s = db.system("sales walk")

# %% What a file looks like. A plan of one's own begins with what is suggested for it.
found = crm.sniff(FOLDER / "accounts.csv")
print(pl.DataFrame([{"column": column.name, "type": column.type, "values": ", ".join(column.samples)} for column in found.columns]))
suggested = found.suggest("customer")
print("suggested:", {column["column"]: column["field"] for column in suggested["columns"]})

# %% Nine steps that refer to each other: tried first, then done.
tried = s.import_csv(FOLDER, PLAN, dry_run=True)
assert tried.failed == 0, tried.problems
report = s.import_csv(FOLDER, PLAN)
assert report.created == tried.created and report.finished
print(pl.DataFrame([{"file": step.file, "rows": step.rows, "created": step.created, "updated": step.updated} for step in report.steps]))

# %% The library's own figures of the pipeline. Amounts come once for each currency.
pipeline = s.pipelines.list(default=False).first()
assert pipeline is not None
told = s.pipeline_report(pipeline)
for stage in told.stages:
    print(f"{stage.stage.name:12} {stage.count:5} deals")
print(f"{'won':12} {told.total.won:5} deals, {told.total.won_amount[0]}, {told.total.win_rate:.1%} of all closed ones")

# %% Lists are frames as they are: no loop, no copy.
deals = pl.DataFrame(s.opportunities.list(pipeline=pipeline))
users = pl.DataFrame(s.users.list()).with_columns(agent=pl.concat_str("given_name", "family_name", separator=" "))
deals = deals.join(users.select(owner="id", agent="agent", manager="team"), on="owner", how="left")
print(deals.select("name", "status", "amount", "amount_currency", "opened_on", "closed_on", "agent", "manager").head(5))

# %% Who wins most, and how often.
closed = deals.filter(pl.col("status") != "open")
won = pl.col("status") == "won"
agents = (
    closed.group_by("manager", "agent")
    .agg(won=won.sum(), win_rate=won.mean().round(3), revenue=pl.col("amount").filter(won).sum())
    .sort("revenue", descending=True)
)
print(agents.head(10))

# %% The frame and the library agree to the last cent.
(group,) = s.opportunities.aggregate(of="amount", pipeline=pipeline.id, status="won")
assert group.sum.amount == agents["revenue"].sum() == told.total.won_amount[0].amount
assert group.count == agents["won"].sum() == told.total.won

# %% Revenue by month, counted by the library: it need not hand over 8,800 records for that.
months = s.opportunities.aggregate(by="closed_on:month", of="amount", pipeline=pipeline.id, status="won")
revenue = pl.DataFrame({"month": [group.keys[0] for group in months], "revenue": [float(group.sum.amount) for group in months]})
print(revenue)

# %% A chart: `chart` shows it in a notebook; otherwise it is a page to be opened in a browser.
managers = agents.group_by("manager").agg(pl.col("revenue").sum().cast(pl.Float64)).sort("revenue", descending=True)
try:
    import altair
except ImportError:
    most = managers["revenue"].max()
    for manager, amount in managers.rows():
        print(f"{manager:18} {'█' * round(40 * amount / most)} {amount:,.0f}")
else:
    bars = altair.Chart(managers).mark_bar().encode(x="revenue:Q", y=altair.Y("manager:N", sort="-x"))
    line = altair.Chart(revenue).mark_line(point=True).encode(x="month:T", y="revenue:Q")
    chart = (bars | line).properties(title="Won revenue in USD")
    chart.save("sales_walk.html")
    print("the chart is in sales_walk.html")

# %% What was done can be taken back: all open deals of one agent go to another, and return.
owners = dict(users.select("agent", "id").rows())
open_deals = {"field": "status", "op": "is", "value": "open"}
of_one = {"and": [open_deals, {"field": "owner", "op": "is", "value": owners["Darcel Schlecht"]}]}
before = s.opportunities.count(where=of_one)
given = s.opportunities.update_all(of_one, owner=owners["Anna Snelling"])
assert given.changed == before > 0 and given.operation is not None
s.undo(given.operation)
assert s.opportunities.count(where=of_one) == before
print(f"{before} open deals were given away and came back")
db.close()
