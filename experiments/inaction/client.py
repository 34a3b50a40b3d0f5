"""The client file: what a consultant knows after an hour, checked as a whole.

Everything that is wrong is said at once, each with key, value, allowed range and nearest
name. What is odd but possible is a warning and stands in the report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.core import get_global

from experiments.inaction import audit
from sim.configuration import PATH, Folders, configs_folders, load
from sim.files import is_file, read
from sim.parameters import ParameterError, Params, is_number, nearest

FILE = Path(__file__).with_name("fields.yaml")
GROUP = "client"
SECTIONS = ("people", "earnings", "variable")
PROGRAMME_KEYS = ("name", "label", "preset", "cost", "cost_low", "cost_high", "pay")
OWN = ("start_months", "cost", "incentives", "name")  # of a programme's parameters: set from keys of the file
NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
MONTH = re.compile(r"(19|20|21)\d\d-(0[1-9]|1[0-2])")
MOST_PROGRAMMES = 4
LONGEST = 120  # characters of a name
Words = dict[str, str]


@dataclass(frozen=True)
class Plan:
    """A programme under discussion.

    Attributes
    ----------
    name, label, preset : str
        Key, name in the report, and preset of ``configs/programme`` it is built on.
    cost, cost_low, cost_high : float
        External cost as planned, and what it may become.
    overrides : mapping
        Layer of ``programme``, without cost and start.
    """

    name: str
    label: str
    preset: str
    cost: float
    cost_low: float
    cost_high: float
    overrides: Mapping[str, Any]


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
    """

    file: str
    values: Mapping[str, Any]
    pay: Any
    answers: Mapping[str, audit.Heard]
    programmes: tuple[Plan, ...]
    warnings: tuple[Words, ...]

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


@cache
def fields() -> Mapping[str, Mapping[str, Any]]:
    """Every key of a client file with its unit, range and words."""
    return read(FILE)


def find(name: str, configs: Folders = None) -> Path:
    """The file of a client: a path, or the name of one in a folder of configurations, where examples are shipped.

    Raises
    ------
    ParameterError
        There is none.
    """
    if PATH.search(name):
        file = Path(name).expanduser()
        if is_file(file):
            return file
        near = sorted(str(other) for other in file.parent.glob("*.y*ml")) if file.parent.is_dir() else []
        raise ParameterError(f"client={name!r}: there is no such file.{nearest(str(file), near)}")
    for folder in configs_folders(configs):
        if is_file(folder / GROUP / f"{name}.yaml"):
            return folder / GROUP / f"{name}.yaml"
    known = sorted({file.stem for folder in configs_folders(configs) for file in (folder / GROUP).glob("*.yaml")})
    raise ParameterError(
        f"client={name!r}: examples are {', '.join(known)}, or give the path of a YAML file.{nearest(name, known)}"
    )


def from_file(file: Path) -> Client:
    """The client of a file.

    Raises
    ------
    ParameterError
        Something is wrong with it; a line for each.
    """
    return from_mapping(read(file), str(file), file.parent)


def from_mapping(given: Mapping[str, Any], name: str = "client", folder: Path = Path()) -> Client:
    """The client that a mapping describes; ``folder`` is where its paths count from.

    Raises
    ------
    ParameterError
        Something is wrong with it; a line for each.
    """
    wrong: list[str] = []
    values = _values(_flat(given, wrong), wrong)
    answers = audit.heard(_audit(values.pop("audit", None), folder, wrong), wrong)
    pay = _located(values.pop("pay", fields()["pay"]["default"]), folder)
    if isinstance(values.get("profile"), str):
        values["profile"] = _located(values["profile"], folder)
    programmes = _programmes(values.pop("programmes", None), folder, wrong)
    warnings: list[Words] = []
    _together(values, programmes, wrong, warnings)
    if not wrong:
        client = Client(name, values, pay, answers, programmes, tuple(warnings))
        _try(client, wrong)
    if wrong:
        more = f" ({len(wrong)} things are wrong)" if len(wrong) > 1 else ""
        raise ParameterError("\n".join([f"{name}{more}: {wrong[0]}", *wrong[1:]]))
    return client


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
            checked[key] = str(value)[:LONGEST].strip()
        elif spec.get("kind") == "month":
            checked[key] = str(value)
            if not MONTH.fullmatch(str(value)):
                wrong.append(f"{key}={value!r}: a year and a month are needed, as in 2027-01.")
        elif "kind" in spec:
            checked[key] = value
        elif not is_number(value) or not spec["low"] <= value <= spec["high"]:
            wrong.append(
                f"{key}={value!r}: a number from {spec['low']:,g} to {spec['high']:,g} {spec['unit']} is needed "
                f"({spec['en']})."
            )
        elif spec.get("whole") and value != int(value):
            wrong.append(f"{key}={value!r}: a whole number is needed ({spec['en']}).")
        else:
            checked[key] = int(value) if spec.get("whole") else float(value)
    for key, spec in fields().items():
        if spec.get("needed") and found.get(key) in (None, "", []):
            wrong.append(f"{key}: is missing ({spec['en']}).")
    currency = checked.get("currency")
    codes = get_global("all_currencies")
    if currency is not None and currency not in codes:
        wrong.append(f"currency={currency!r}: a code of ISO 4217 is needed, as EUR or USD.{nearest(currency, codes)}")
    return checked


def _located(value: Any, folder: Path) -> Any:
    """A path counts from the folder of the file that gives it."""
    return str(folder / value) if isinstance(value, str) and PATH.search(value) else value


def _audit(given: Any, folder: Path, wrong: list[str]) -> Mapping[str, Any]:
    if given is None:
        return {}
    try:
        found = read(Path(_located(given, folder))) if isinstance(given, str) else given
    except ParameterError as error:
        wrong.append(f"audit: {error}")
        return {}
    if not isinstance(found, Mapping):
        wrong.append(f"audit={found!r}: a mapping of {', '.join(audit.TEAMS)} to their answers, or a file, is needed.")
        return {}
    return found


def _programmes(given: Any, folder: Path, wrong: list[str]) -> tuple[Plan, ...]:
    if not given:
        return ()
    if not isinstance(given, list) or len(given) > MOST_PROGRAMMES:
        wrong.append(f"programmes: a list of one to {MOST_PROGRAMMES} programmes is needed.")
        return ()
    plans = [_programme(one, f"programmes[{i}]", folder, wrong) for i, one in enumerate(given)]
    found = [plan for plan in plans if plan is not None]
    names = [plan.name for plan in found]
    wrong.extend(
        f"programmes: the name {name!r} is given twice." for name in sorted(set(names)) if names.count(name) > 1
    )
    return tuple(found)


def _programme(given: Any, key: str, folder: Path, wrong: list[str]) -> Plan | None:
    if not isinstance(given, Mapping):
        wrong.append(
            f"{key}={given!r}: a mapping is needed, as in {{name: revops, preset: process_first, cost: 90000}}."
        )
        return None
    plan = set(Params().programme.__dataclass_fields__) - set(OWN)
    before = len(wrong)
    for name in given:
        if name not in (*PROGRAMME_KEYS, *plan):
            known = (*PROGRAMME_KEYS, *sorted(plan))
            wrong.append(f"{key}.{name}: unknown.{nearest(str(name), known) or ' Known are ' + ', '.join(known) + '.'}")
    name = str(given.get("name", ""))
    if not NAME.fullmatch(name) or name == "never":
        wrong.append(f"{key}.name={name!r}: a short word in small letters is needed, as in revops.")
    costs: dict[str, float] = {}
    for part in ("cost", "cost_low", "cost_high"):
        value = given.get(part, costs.get("cost", 0.0) if part != "cost" else None)
        if not is_number(value) or not 0 <= value <= 1e12:
            wrong.append(f"{key}.{part}={value!r}: an amount from 0 to 1e+12 is needed (external cost).")
        else:
            costs[part] = float(value)
    if len(costs) == 3 and not costs["cost_low"] <= costs["cost"] <= costs["cost_high"]:
        wrong.append(f"{key}.cost={costs['cost']:g}: from cost_low={costs['cost_low']:g} to {costs['cost_high']:g}.")
    if len(wrong) > before:
        return None
    overrides: dict[str, Any] = {"preset": _located(given.get("preset", "process_first"), folder)}
    overrides |= {name: value for name, value in given.items() if name in plan}
    if given.get("pay") is not None:
        overrides["incentives"] = _located(given["pay"], folder)
    label = str(given.get("label", name))[:LONGEST]
    return Plan(name, label, str(overrides["preset"]), costs["cost"], costs["cost_low"], costs["cost_high"], overrides)


def _together(values: Mapping[str, Any], plans: tuple[Plan, ...], wrong: list[str], warnings: list[Words]) -> None:
    """What is fine alone and impossible, or odd, together."""
    heads = [values.get(f"people.{role}", 0) for role in ("marketers", "developers", "sellers", "success_managers")]
    total = values.get("people.total")
    if total is not None and sum(heads) > total:
        wrong.append(f"people.total={total}: fewer than the {sum(heads)} marketers, sellers and others given.")
    arr, customers, deal = (values.get(key) for key in ("arr", "customers", "deal_size"))
    if arr and customers and deal:
        ratio = arr / (customers * deal)
        told = f"arr={arr:,.0f}, customers={customers:,.0f} × deal_size={deal:,.0f}"
        if not 0.1 <= ratio <= 10.0:
            wrong.append(f"{told}: {ratio:.2g} times; from 0.1 to 10 is believable, so one of the three is wrong.")
        elif not 0.5 <= ratio <= 2.0:
            warnings.append(_both("base", told=told, ratio=f"{ratio:.2g}"))
    quota, sellers = values.get("quota"), values.get("people.sellers")
    if arr and quota and sellers and 4.0 * quota * sellers > 3.0 * arr:
        warnings.append(_both("quota", quota=f"{quota:,.0f}"))
    warnings += [_both("cost", name=plan.name) for plan in plans if arr and plan.cost > arr]


ODD = {
    "base": {
        "en": "{told}: {ratio} times; new contracts differ from the base.",
        "es": "{told}: {ratio} veces; los contratos nuevos difieren de la base.",
    },
    "quota": {
        "en": "quota={quota} asks sellers for more than three times the ARR a year.",
        "es": "quota={quota} pide a ventas más de tres veces el ARR al año.",
    },
    "cost": {
        "en": "The programme {name} costs more than the ARR.",
        "es": "El programa {name} cuesta más que el ARR.",
    },
}


def _both(what: str, **values: str) -> Words:
    return {language: text.format(**values) for language, text in ODD[what].items()}


def _try(client: Client, wrong: list[str]) -> None:
    """Whether parameters can be composed of it."""
    profile = client.get("profile")
    try:
        load(profile, "siloed")
    except ParameterError as error:
        wrong.append(f"profile: {error}")
        return
    try:
        load(profile, "siloed", client.overrides)
    except ParameterError as error:
        wrong.append(f"pay: {error}")
        return
    for plan in client.programmes:
        try:
            load(profile, "siloed", {**client.overrides, "programme": plan.overrides})
        except ParameterError as error:
            wrong.append(f"programmes, {plan.name}: {error}")
