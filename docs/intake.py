"""The reference pages of the client file and of the audit, from what reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from experiments.inaction import audit, client

Table = Callable[[Sequence[str], Iterable[Sequence[object]]], str]  # head and rows as Markdown

CLIENT_HEAD = """\
# The client file

{generated}

What `gtm inaction client=FILE` reads: a YAML file or an Excel workbook with what is known after an hour. `gtm inaction
template=client.yaml` or `template=client.xlsx` writes an empty one. What is left out comes from the profile and is
marked as assumed in every result. Everything that is wrong is said at once, each with its key, value, range and
nearest name; what is odd but possible is a warning in the report. Paths in the file count from its folder. [How the
job goes](../how-to/inaction.md); [the audit](audit.md).

A programme is a mapping: `name` (a short word), `label` (what the client calls it), `preset` (a name in
`configs/programme/`, default `process_first`), `cost`, `cost_low` and `cost_high` (external cost, by default certain),
`pay` (a new [pay plan](pay-plans.md): a name, a file, or terms of the roles that change), and any [planned
position](parameters.md#programme), as in `process: 0.8`. `preset: none` plans nothing but what you add, `preset:
pay_only` a pay plan only.

**Numbers** may be text as people write it: `4.200.000 €`, `13 %`, `1,3`. What the marks mean is decided for the file
as a whole; what may then still be two numbers is refused. Amounts are in full, in one currency. Profiles have euros:
with a currency that is not worth about one, the size of deals and all earnings must be given.

**A workbook** says the same as the YAML file, in English or Spanish, and is read to the same values: sheet *Client*
with a row a key; *Programmes* with a column a programme; *Pay plans* with a row a term of today's plan or of a
programme's, for plans written out by role; *Audit* with a column a team. Sheets, heads and keys are found by their
names, wherever they stand; other sheets are not looked at. The settings of a plan as a whole (`cost_neutral`,
`low_score_quantile`) have no place in a workbook: give such a plan as a file.

**Together.** `people.total` includes those who manage; where some of the four roles are not given, they share what it
leaves as they do in the profile. An ARR that is not within ten times of customers × deal size, one contract larger
than the ARR, deals of a year worth more than ten times the ARR, and less than 1,000 of ARR for each person are
refused; a good dozen of milder oddities (`experiments/inaction/odd.yaml`) are said in the report.

*Sets* names the parameter that a key fixes. `new_deals_year` and `churn_year` set none: short runs move the pace, one
factor on all hours of `workload`, on market and territory, and the hazard of leaving until the status quo shows them,
at the centre and in every draw; where it stays far off, the report says so. Deals are those that sellers close: more
than 1,700 a year for each of them are refused.
"""

AUDIT_HEAD = """\
# The audit

{generated}

Marketing, sales and management answer separately, 1 to 5, in the [client file](client.md): `audit:` is a mapping for
each team, the path of a file, or a list of such; in a workbook it is a sheet with a column for each. `gtm inaction
template=sales.xlsx team=sales` (or `.yaml`) writes a file for one team alone. Halves are fine; no answer, `?`, `n/a`
and `ns/nc` are the same. An answer of 1 puts a lever at the first number, 5 at the second, linearly between. The
centre of a lever is the mean over all answers that speak of it. Its spread (sd) is the root of the sum of squares of
what one answer is worth, {coarse} of the span and half as much again for each team that is silent, and of half the gap
between the teams: where teams disagree, nobody knows. A lever that nobody was asked about keeps the profile's value;
readiness keeps its prior. What a step is worth, and the spread, are judgement.
"""


def client_keys(generated: str, table: Table) -> str:
    """Every key of a client file."""
    rows = []
    for key, spec in client.fields().items():
        allowed = f"{spec['low']:,.13g} to {spec['high']:,.13g}" if "low" in spec else spec.get("kind", "")
        default = "needed" if spec.get("needed") else spec.get("default", "as the profile")
        sets = f"`{spec['sets']}`" if "sets" in spec else ""
        rows.append((f"`{key}`", spec.get("unit", ""), allowed, default, sets, spec["en"]))
    head = ("key", "unit", "allowed", "default", "sets", "meaning")
    return (
        CLIENT_HEAD.format(generated=generated.format("experiments/inaction/fields.yaml"))
        + "\n"
        + table(head, rows)
        + "\n"
    )


def audit_table(generated: str, table: Table) -> str:
    """Every question of the audit and what it moves."""
    rows = []
    for name, question in audit.questions().items():
        told = question["en"]
        moves = "; ".join(f"`{lever}` {low:g} to {high:g}" for lever, (low, high) in question.get("sets", {}).items())
        rows.append(
            (f"`{name}`", told["ask"], told.get("one", "words"), told.get("five", ""), moves or "nothing: it is shown")
        )
    head = ("question", "asked", "1", "5", "moves")
    text = AUDIT_HEAD.format(
        generated=generated.format("experiments/inaction/audit.yaml"), coarse=f"{audit.COARSE:.0%}"
    )
    return text + "\n" + table(head, rows) + "\n"
