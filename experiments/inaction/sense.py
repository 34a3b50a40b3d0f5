"""Whether what a client file says can be true together: contradictions are refused, oddities told in the report."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.inaction.programmes import parts_of
from experiments.inaction.sheets import said
from sim.files import read
from sim.parameters import Params

if TYPE_CHECKING:
    from experiments.inaction.client import Client

FILE = Path(__file__).with_name("odd.yaml")
Words = dict[str, str]
ROLES = ("marketers", "developers", "sellers", "success_managers")
EARNINGS = {"marketer": "marketers", "developer": "developers", "seller": "sellers", "success": "success_managers"}
# One is worth about a euro: profiles, whose amounts are in euros, can stand in for what is not given.
LIKE_EUROS = ("EUR", "USD", "GBP", "CHF", "CAD", "AUD", "NZD", "SGD")
LEAST_A_HEAD, MOST_A_HEAD = 1_000.0, 1e8  # ARR for each person in go-to-market; judgement, far outside of all we know
FEW, MANY = 0.5, 2.0  # times that two ways to the same number may differ without a word
IMPOSSIBLE = 10.0  # and those beyond which one of them is wrong
MANY_A_SELLER, MOST_A_SELLER = 300.0, 1_700.0  # deals a year; the latter one for each hour at work


@cache
def words() -> Mapping[str, Words]:
    """Texts of what is odd, in both languages."""
    return read(FILE)


def contradictions(values: Mapping[str, Any], wrong: list[str]) -> None:
    """What is fine alone and impossible together is added to ``wrong``."""
    heads = [values.get(f"people.{role}", 0) for role in ROLES]
    total = values.get("people.total")
    if total is not None and sum(heads) > total:
        wrong.append(f"people.total={total}: fewer than the {sum(heads)} marketers, sellers and others given.")
    arr, customers, deal, new = (values.get(key) for key in ("arr", "customers", "deal_size", "new_deals_year"))
    if arr and customers and deal and not 1 / IMPOSSIBLE <= arr / (customers * deal) <= IMPOSSIBLE:
        wrong.append(
            f"{_base(arr, customers, deal)}: {arr / (customers * deal):.2g} times; from 0.1 to 10 is believable, so "
            "one of the three is wrong. Amounts are in full, not in thousands."
        )
    elif arr and deal and deal > arr:
        wrong.append(f"deal_size={deal:,.0f}: one contract is more than arr={arr:,.0f}; one of the two is wrong.")
    elif arr and deal and new and deal * new > IMPOSSIBLE * arr:
        wrong.append(
            f"new_deals_year={new:,.0f} × deal_size={deal:,.0f}: more than {IMPOSSIBLE:g} times arr={arr:,.0f} won in "
            "a year; one of the three is wrong."
        )
    sellers = values.get("people.sellers")
    if new and sellers and new > MOST_A_SELLER * sellers:
        wrong.append(
            f"new_deals_year={new:,.0f}: {new / sellers:,.0f} for each of {sellers} sellers, more than one an hour; up "
            f"to {MOST_A_SELLER:,.0f} is believable. Only deals that sellers close count, not what customers buy by "
            "themselves."
        )
    people = total or sum(heads)
    if arr and people and not LEAST_A_HEAD <= arr / people <= MOST_A_HEAD:
        wrong.append(
            f"arr={arr:,.0f}: {arr / people:,.0f} for each of {people} people; from {LEAST_A_HEAD:,.0f} to "
            f"{MOST_A_HEAD:,.0f} is believable. Amounts are in full, not in thousands."
        )
    currency = values.get("currency", "EUR")
    if currency not in LIKE_EUROS:
        asked = [f"earnings.{one}" for one, role in EARNINGS.items() if values.get(f"people.{role}") != 0]
        missing = [key for key in ("deal_size", *asked) if key not in values]
        if missing:
            wrong.append(
                f"currency={currency!r}: what is not given comes from the profile in euros, so {', '.join(missing)} "
                f"must be given too; or write all amounts in one of {', '.join(LIKE_EUROS)}."
            )


def rest_of_people(values: Mapping[str, Any], profile: Params) -> dict[str, int]:
    """Heads of roles that were not given, if the total was: what it leaves, shared out as in the profile."""
    missing = [role for role in ROLES if f"people.{role}" not in values]
    if "people.total" not in values or not missing:
        return {}
    left = values["people.total"] - sum(values.get(f"people.{role}", 0) for role in ROLES)
    usual = [getattr(profile.people, role) for role in missing]
    whole = sum(usual) or len(missing)
    found, before = {}, 0
    for place, role in enumerate(missing, 1):  # cumulated and rounded, so that they sum to what is left
        upto = round(left * (sum(usual[:place]) or place * (not sum(usual))) / whole)
        found[f"people.{role}"] = upto - before
        before = upto
    return found


def oddities(client: Client) -> tuple[Words, ...]:
    """What is possible and odd, in words."""
    values, found = client.values, []
    arr = values["arr"]
    customers, deal, new = (values.get(key) for key in ("customers", "deal_size", "new_deals_year"))
    if customers and deal and not FEW <= arr / (customers * deal) <= MANY:
        found.append(_said("base", arr=arr, customers=customers, deal=deal, ratio=arr / (customers * deal)))
    if deal and new and deal * new > MANY * arr:
        found.append(_said("new", new=deal * new, ratio=deal * new / arr))
    sellers = values["people.sellers"]
    if new and new > MANY_A_SELLER * sellers:
        found.append(_said("many", each=new / sellers))
    quota = values.get("quota")
    if quota and 4.0 * quota * sellers > 3.0 * arr:
        found.append(_said("quota", quota=quota))
    people = values.get("people.total") or sum(values.get(f"people.{role}", 0) for role in ROLES)
    if arr / people < 10.0 * LEAST_A_HEAD:
        found.append(_said("head", arr=arr, heads=people, each=arr / people))
    if values.get("marketing_spend", 0.0) > arr:
        found.append(_said("spend", spend=values["marketing_spend"]))
    if client.get("discount_rate") > 0.5:
        found.append(_said("discount", rate=client.get("discount_rate")))
    if values.get("churn_year", 0.0) > 0.5:
        found.append(_said("churn", churn=values["churn_year"]))
    return (*found, *_of_pay(client, client.profile()), *_of_audit(client), *_of_programmes(client))


def _of_pay(client: Client, profile: Params) -> list[Words]:
    values, found = client.values, []
    if client.get("currency") in LIKE_EUROS:
        for one in EARNINGS:
            key, usual = f"earnings.{one}", float(getattr(profile.people, f"{one}_earnings"))
            if key in values and not usual / 6.0 <= values[key] <= usual * 6.0:
                found.append(_said("earnings", key=key, given=values[key], usual=usual))
    loading = values.get("earnings.loading", profile.people.loading)
    payroll = loading * sum(
        values.get(f"earnings.{one}", getattr(profile.people, f"{one}_earnings")) * values.get(f"people.{role}", 0)
        for one, role in EARNINGS.items()
    )
    if payroll > 3.0 * values["arr"]:
        found.append(_said("payroll", payroll=payroll))
    return found


def _of_audit(client: Client) -> list[Words]:
    teams = {team for one in client.answers.values() for team in (*one.answers, *one.said)}
    if len(teams) == 1:
        team = next(iter(teams))
        return [{lang: text.format(team=said("heads", team, lang)) for lang, text in words()["alone"].items()}]
    compared = [one.gap for one in client.answers.values() if one.gap is not None]
    return [_said("agreed")] if len(compared) >= 8 and max(compared) == 0.0 else []


def _of_programmes(client: Client) -> list[Words]:
    found = []
    months = int(client.get("horizon_months"))
    for plan in client.programmes:
        params = client.load({"programme": plan.overrides})
        programme = params.programme
        if plan.cost > client.values["arr"]:
            found.append(_said("cost", name=plan.name))
        elif 0.0 < plan.cost < 1_000.0:
            found.append(_said("cheap", name=plan.name, cost=plan.cost))
        if not parts_of(params):
            found.append(_said("nothing", name=plan.name))
        elif programme.duration_months >= months:
            found.append(_said("short", name=plan.name, planned=programme.duration_months, months=months))
    return found


def _base(arr: float, customers: float, deal: float) -> str:
    return f"arr={arr:,.0f}, customers={customers:,.0f} × deal_size={deal:,.0f}"


def _said(what: str, **values: float | str) -> Words:
    return {
        language: text.format(**{name: _shown(value, language) for name, value in values.items()})
        for language, text in words()[what].items()
    }


def _shown(value: float | str, language: str) -> str:
    """A number with the marks of a language, whole where it is large."""
    if isinstance(value, str):
        return value
    text = f"{value:,.0f}" if abs(value) >= 100.0 or value == int(value) else f"{value:.3g}"
    return text.translate(str.maketrans(",.", ".,")) if language == "es" else text
