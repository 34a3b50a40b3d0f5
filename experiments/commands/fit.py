"""``gtm fit``: a profile from a CRM export, with a data-quality list and a back-test."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments.commands import COMMANDS
from experiments.commands.application import DONE, application
from experiments.config import Command, Settings, whole
from experiments.fitting import mapping as maps
from sim.configuration import names
from sim.parameters import ParameterError, nearest

if TYPE_CHECKING:
    from experiments.fitting.conduct import Asked

BASES = ("smb", "mid_market", "enterprise")
COMMAND = Command(
    name="fit",
    summary=COMMANDS["fit"],
    defaults={
        "leads": None,
        "deals": None,
        "mapping": "generic",
        "name": "fitted",
        "columns": dict.fromkeys(
            maps.fields("deals") + [f for f in maps.fields("leads") if f not in maps.fields("deals")]
        ),
        "lead_columns": dict.fromkeys(maps.fields("leads")),
        "sheet": None,
        "dayfirst": None,
        "decimal": None,
        "currency": None,
        "rates": None,  # a mapping would be closed: its keys are of the user
        "won": [],
        "lost": [],
        "base": None,
        "sellers": None,
        "as_of": None,
    },
    most_arms=1,
)
# What may hold anything, also what the command line's grammar gives a meaning to.
FREE = re.compile(r"(leads|deals|name|sheet|(lead_)?columns\.\w+)=(.+)", re.DOTALL)


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    return application(COMMAND, run, [_quoted(word) for word in arguments])


def _quoted(word: str) -> str:
    """File and column names may hold brackets, commas and equals signs."""
    found = FREE.fullmatch(word)
    if not found or found[3].startswith(('"', "'")) or found[3] == "null":
        return word
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", found[3])
    return f"{word[: found.start(3)]}'{escaped}'"


def run(settings: Settings) -> int:
    """Fit, write the organisation, ``fit.json`` and the report, print what was understood and found."""
    asked = _asked(settings)

    import sim.compiled
    from analysis import fitted
    from experiments import manifest, tables
    from experiments.fitting import conduct, write

    start = manifest.now()
    if not sim.compiled.is_cached():
        sys.stderr.write("Compiling the model once, about a minute; later starts are quick.\n")
    found = conduct.fit(asked)
    path = settings.out / "organisation" / f"{asked.name}.yaml"
    head = (
        f"{asked.name}: fitted by gtm fit to an export from {found.content['first']} to {found.content['cutoff']}.\n"
        "What each value rests on stands behind it; intervals and the rest in fit.json and report.html."
    )
    try:
        settings.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"out={str(settings.out)!r}: no folder can be made there ({error.strerror}).") from None
    write.organisation(path, found.organisation, found.notes, head)
    content = {**found.content, "organisation": f"organisation/{asked.name}.yaml", "versions": manifest.versions()}
    tables.write_json(settings.out / "fit.json", content)
    said = {"command": settings.command, "call": _call(settings.call), "status": "done", **manifest.times(start)}
    manifest.write(settings.out, {**said, "versions": manifest.versions(), "machine": manifest.machine()})
    report = fitted.write(settings.out, settings.language)
    fitted.show(content, settings.language, path, report)
    return DONE


def _call(call: str) -> str:
    """How the command was called; of files only their names."""
    return re.sub(r"(leads|deals|out)=(\S*/)", r"\1=", call)


def _asked(settings: Settings) -> Asked:
    """The keys of this command, checked."""
    from experiments.fitting.cleaning import Choices
    from experiments.fitting.conduct import Asked
    from experiments.fitting.money import Money

    own = settings.own
    if own["leads"] is None and own["deals"] is None:
        raise ParameterError("leads, deals: at least one file is needed, as in gtm fit deals=opportunities.csv.")
    mapping = _word("mapping", own["mapping"], maps.MAPPINGS)
    name = str(own["name"])
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", name):
        raise ParameterError(f"name={name!r}: letters, digits, - and _ are allowed: it names a file.")
    rates = {} if own["rates"] is None else own["rates"]
    if not isinstance(rates, Mapping) or not all(_is_positive(rate) for rate in rates.values()):
        raise ParameterError(
            f"rates={rates!r}: positive numbers are needed, € for one unit, as in rates={{USD: 0.92}}."
        )
    dayfirst = own["dayfirst"]
    if dayfirst not in (None, True, False):
        raise ParameterError(f"dayfirst={dayfirst!r}: allowed are true and false.")
    decimal = own["decimal"]
    if decimal not in (None, ".", ","):
        raise ParameterError(f"decimal={decimal!r}: allowed are '.' and ','.")
    choices = Choices(
        dayfirst=dayfirst,
        decimal=decimal,
        money=Money(
            str(own["currency"] or "").upper(), {str(code).upper(): float(rate) for code, rate in rates.items()}
        ),
        won=_words("won", own["won"]),
        lost=_words("lost", own["lost"]),
        today=_today(),
    )
    return Asked(
        leads=None if own["leads"] is None else str(own["leads"]),
        deals=None if own["deals"] is None else str(own["deals"]),
        mapping=mapping,
        name=name,
        columns=_columns(own),
        choices=choices,
        sheet=None if own["sheet"] is None else str(own["sheet"]),
        base=None
        if own["base"] is None
        else _word("base", own["base"], [n for n in BASES if n in names("organisation")]),
        as_of=_day(own["as_of"]),
        sellers=None if own["sellers"] is None else whole("sellers", own["sellers"], 1, 20_000),
    )


def _columns(own: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    """What was told of each table; with leads alone, ``columns`` is about them."""
    told: dict[str, dict[str, object]] = {}
    for key, table in (("columns", "leads" if own["deals"] is None else "deals"), ("lead_columns", "leads")):
        given = own[key]
        if not isinstance(given, Mapping):
            raise ParameterError(f"{key}={given!r}: a mapping is needed, as in {key}={{amount: Deal value}}.")
        known = maps.fields("deals" if table == "deals" else "leads")
        for field, column in given.items():
            if column is None:
                continue
            if field not in known:
                raise ParameterError(f"{key}.{field}: {table} have {', '.join(known)}.{nearest(str(field), known)}")
            told.setdefault(table, {})[str(field)] = column
    return told


def _word(key: str, value: object, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise ParameterError(f"{key}={value!r}: allowed are {', '.join(allowed)}.{nearest(str(value), allowed)}")
    return str(value)


def _words(key: str, value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list):
        raise ParameterError(f"{key}={value!r}: a list of stages is needed, as in {key}=[Signed].")
    return tuple(str(word) for word in given)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9


def _day(value: object) -> float | None:
    if value is None:
        return None
    from datetime import date

    try:
        return float(date.fromisoformat(str(value)).toordinal() - date(1970, 1, 1).toordinal())
    except ValueError:
        raise ParameterError(f"as_of={value!r}: a day is needed, as in as_of=2024-06-30.") from None


def _today() -> float:
    from datetime import UTC, datetime

    return float(datetime.now(UTC).timestamp() // 86_400 + 1)  # a day ahead somewhere on earth
