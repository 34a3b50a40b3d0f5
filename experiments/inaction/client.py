"""The client file: what a consultant knows after an hour, checked as a whole.

Everything that is wrong is said at once, each with key, value, allowed range and nearest
name, and in a workbook with sheet and cell. What is odd but possible is a warning and
stands in the report.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel.core import get_global

from experiments.inaction import audit, sense, workbook, written
from experiments.inaction.programmes import COSTS, Plan, located, planned, programmes
from sim.configuration import Folders, configs_folders, find, load
from sim.files import read
from sim.parameters import ParameterError, Params, is_number, nearest

FILE = Path(__file__).with_name("fields.yaml")
GROUP = "client"
SECTIONS = ("people", "earnings", "variable")
MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])")
LONGEST = 120  # characters of a name
Words = dict[str, str]


@dataclass(frozen=True)
class Client:
    """A client file, checked.

    Attributes
    ----------
    values : mapping of str to float or str
        What the file gives, by its keys (``people.sellers``).
    pay : str or mapping
        Today's pay plan.
    answers : mapping
        Of the audit, by question.
    programmes : tuple of Plan
        What is under discussion, the first one first.
    warnings : tuple of mapping
        What looks odd, in words.
    configs : tuple of str
        Folders searched before the shipped configurations for whatever the file names.
    """

    file: str
    values: Mapping[str, Any]
    pay: Any
    answers: Mapping[str, audit.Heard]
    programmes: tuple[Plan, ...]
    warnings: tuple[Words, ...] = ()
    configs: tuple[str, ...] = ()

    def get(self, key: str) -> Any:
        """What the file gives, else the field's default (None: there is none)."""
        return self.values.get(key, fields()[key].get("default"))

    @property
    def overrides(self) -> dict[str, Any]:
        """Parameters that the file gives."""
        found = {
            spec["sets"]: self.values[key] * spec.get("factor", 1.0) if "factor" in spec else self.values[key]
            for key, spec in fields().items()
            if "sets" in spec and key in self.values
        }
        if "marketing_spend" in self.values:
            found["people.marketing_spend_share"] = min(self.values["marketing_spend"] / self.values["arr"], 1.0)
        return {**found, "incentives": self.pay}

    def profile(self, overrides: Mapping[str, object] | None = None) -> Params:
        """The organisation that everything not given comes from, under siloed pay."""
        return load(self.get("profile"), "siloed", overrides, self.configs)

    def load(self, overrides: Mapping[str, object] | None = None) -> Params:
        """The same with what the file gives."""
        return self.profile({**self.overrides, **(overrides or {})})


@cache
def fields() -> Mapping[str, Mapping[str, Any]]:
    """Every key of a client file with its unit, range and words."""
    return read(FILE)


def document(file: Path) -> workbook.Document:
    """What a file says, YAML or Excel.

    Raises
    ------
    ParameterError
        It is neither.
    """
    return workbook.read(file) if workbook.is_workbook(file) else workbook.Document(read(file))


def from_name(name: object, configs: Folders = None) -> Client:
    """The client of a name in ``configs/client``, or of the path of its file.

    Raises
    ------
    ParameterError
        There is none, or something is wrong with it.
    """
    return from_file(find(GROUP, name, GROUP, configs), configs)


def from_file(file: Path, configs: Folders = None) -> Client:
    """The client of a YAML file or a workbook.

    Raises
    ------
    ParameterError
        Something is wrong with it; a line for each.
    """
    said = document(file)
    return from_mapping(said.tree, str(file), file.parent, configs, said)


def from_mapping(
    given: Mapping[str, Any],
    name: str = "client",
    folder: Path = Path(),
    configs: Folders = None,
    said: workbook.Document | None = None,
) -> Client:
    """The client that a mapping describes.

    Parameters
    ----------
    given : mapping
        As in YAML.
    name : str
        Of the file, for messages.
    folder : Path
        Where its paths count from.
    configs : path or paths, optional
        Folders searched before the shipped configurations.
    said : Document, optional
        The workbook it comes from: what could not be read in it, and where its keys stand.

    Raises
    ------
    ParameterError
        Something is wrong with it; a line for each.
    """
    places = {} if said is None else dict(said.places)
    wrong = [] if said is None else list(said.wrong)
    given = written.plain(given, _is_number, str(given.get("currency") or "EUR"))
    values = _values(_flat(given, wrong), wrong)
    answers = audit.heard(_audit(values.pop("audit", None), folder, wrong, places), wrong)
    pay = located(values.pop("pay", fields()["pay"]["default"]), folder)
    if isinstance(values.get("profile"), str):
        values["profile"] = located(values["profile"], folder)
    plans = programmes(values.pop("programmes", None), folder, wrong)
    sense.contradictions(values, wrong)
    searched = tuple(str(folder) for folder in configs_folders(configs)[:-1])
    client = Client(name, values, pay, answers, plans, configs=searched)
    if not wrong:
        _try(client, wrong)
    if wrong:
        more = f" ({len(wrong)} things are wrong)" if len(wrong) > 1 else ""
        lines = [_placed(line, places) for line in wrong]
        raise ParameterError("\n".join([f"{name}{more}: {lines[0]}", *lines[1:]]))
    client = dataclasses.replace(client, values={**values, **sense.rest_of_people(values, client.profile())})
    return dataclasses.replace(client, warnings=sense.oddities(client))


def _placed(line: str, places: Mapping[str, str]) -> str:
    """A line with the sheet and the cell of the key it is about."""
    key = re.split(r"[=: ]", line, maxsplit=1)[0]
    return f"{line} [{places[key]}]" if key in places else line


def _is_number(path: tuple[str, ...]) -> bool:
    """Whether a number stands at a path of keys."""
    if path[:1] == ("audit",):
        return _is_answer(path[1:])
    if path[:1] == ("programmes",):
        return len(path) == 3 and path[2] in (*COSTS, *planned()) and path[2] != "sequence"
    spec = fields().get(".".join(path))
    return spec is not None and "kind" not in spec


def _is_answer(path: tuple[str, ...]) -> bool:
    return bool(path) and not audit.questions().get(path[-1], {}).get("words", False)


def _flat(given: Mapping[str, Any], wrong: list[str]) -> dict[str, Any]:
    """Values by dotted key; unknown keys are said."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key in SECTIONS:
            if not isinstance(value, Mapping):
                wrong.append(f"{key}={value!r}: a mapping is needed, as in {key}: {{…}}.")
                continue
            found.update({f"{key}.{name}": inner for name, inner in value.items()})
        else:
            found[str(key)] = value
    unknown = [key for key in found if key not in fields()]
    wrong += [
        f"{key}: unknown.{nearest(key, fields()) or ' Known are ' + ', '.join(fields()) + '.'}" for key in unknown
    ]
    return {key: value for key, value in found.items() if key in fields() and value is not None}


def _values(found: dict[str, Any], wrong: list[str]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for key, value in found.items():
        spec = fields()[key]
        if spec.get("kind") == "text":
            if isinstance(value, Mapping | list):
                wrong.append(f"{key}={value!r}: a text is needed ({spec['en']}).")
            else:  # a profile may be a path, with spaces and as long as it likes
                checked[key] = str(value) if key == "profile" else " ".join(str(value).split())[:LONGEST]
        elif spec.get("kind") == "month":
            checked[key] = f"{value:%Y-%m}" if isinstance(value, date) else str(value)
            if not MONTH.fullmatch(checked[key]):
                wrong.append(f"{key}={value!r}: a year and a month are needed, as in 2027-01.")
        elif "kind" in spec:
            checked[key] = value
        elif not is_number(value) or not spec["low"] <= value <= spec["high"]:
            wrong.append(
                f"{key}={value!r}: a number from {spec['low']:,.13g} to {spec['high']:,.13g} {spec['unit']} is needed "
                f"({spec['en']}).{_hint(value, spec)}"
            )
        elif spec.get("whole") and value != int(value):
            wrong.append(f"{key}={value!r}: a whole number is needed ({spec['en']}).")
        else:
            checked[key] = int(value) if spec.get("whole") else float(value)
    for key, spec in fields().items():
        if spec.get("needed") and found.get(key) in (None, "", []):
            wrong.append(f"{key}: is missing ({spec['en']}).")
    if "currency" in checked:
        checked["currency"] = checked["currency"].upper()
        codes = get_global("all_currencies")
        if checked["currency"] not in codes:
            code = checked.pop("currency")
            wrong.append(f"currency={code!r}: a code of ISO 4217 is needed, as EUR or USD.{nearest(code, codes)}")
    return checked


def _hint(value: Any, spec: Mapping[str, Any]) -> str:
    """What may have been meant."""
    if not is_number(value):
        return written.meant(value)
    if spec["unit"] in ("fraction", "1/year") and spec["high"] < value <= 100.0:
        return f" {value:g} per cent is {value / 100.0:g}, or '{value:g} %'."
    if str(spec["unit"]).startswith("€") and 0 < value < spec["low"]:
        return " Amounts are in full, not in thousands."
    return ""


def _audit(given: Any, folder: Path, wrong: list[str], places: dict[str, str]) -> Mapping[str, Any]:
    """Answers by team, from the file itself and from files answered apart."""
    found: dict[str, Any] = {}
    for part in given if isinstance(given, list) else [] if given is None else [given]:
        answers = part
        if isinstance(part, str):
            try:
                apart = document(folder / part)
            except ParameterError as error:
                wrong.append(f"audit: {error}")
                continue
            answers = apart.tree.get("audit", {}) if apart.places else written.plain(apart.tree, _is_answer)
            wrong += [f"audit={part!r}: {line}" for line in apart.wrong]
            places.update({key: f"{part}, {place}" for key, place in apart.places.items() if key.startswith("audit.")})
            if not answers:
                wrong.append(f"audit={part!r}: nobody has answered anything in it.")
        if not isinstance(answers, Mapping):
            wrong.append(
                f"audit={answers!r}: a mapping of {', '.join(audit.TEAMS)} to their answers, a file, or a list of "
                "files is needed."
            )
            continue
        twice = [str(team) for team in answers if team in found]
        wrong += [f"audit.{team}: answers are given twice, once in {part!r}." for team in twice]
        found.update(answers)
    return found


def _try(client: Client, wrong: list[str]) -> None:
    """Whether parameters can be composed of it."""
    try:
        client.profile()
    except ParameterError as error:
        wrong.append(f"profile: {error}")
        return
    try:
        client.load()
    except ParameterError as error:
        wrong.append(f"pay: {error}")
        return
    for plan in client.programmes:
        try:
            client.load({"programme": plan.overrides})
        except ParameterError as error:
            wrong.append(f"programmes, {plan.name}: {error}")
