"""The explorer without a browser: inputs, controls, streams, agents; numbers equal `gtm compare`."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim import state as S
from sim.configuration import names
from sim.parameters import ParameterError, declared
from workshop.explorer import choice as inputs
from workshop.explorer import office
from workshop.explorer.agents import describe, moves_of, people_of
from workshop.explorer.choice import ARMS, DIALS, LEVEL, PLAN, SETTINGS, WORDS, Choice, parse
from workshop.explorer.levers import groups
from workshop.explorer.picture import SHOWN
from workshop.explorer.running import BusyError, Runs
from workshop.explorer.words import FOLDER, words

# ---------------------------------------------------------------- inputs


@st.composite
def choices(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Valid inputs as an address has them."""
    pairs = {"organisation": draw(st.sampled_from(names("organisation")))}
    pairs["months"] = str(draw(st.integers(int(SETTINGS["months"].low), int(SETTINGS["months"].high))))
    pairs["seed"] = str(draw(st.integers(0, 2**63 - 1)))
    for arm in ARMS:
        for name in draw(st.sets(st.sampled_from([*DIALS, LEVEL]), max_size=4)):
            bound = DIALS.get(name, inputs.Range(0, 1, 0.05))
            pairs[f"{arm}.{name}"] = repr(draw(st.floats(bound.low, bound.high)))
        if draw(st.booleans()):
            pairs[f"{arm}.{PLAN}"] = draw(st.sampled_from(names(PLAN)))
    return list(pairs.items())


@settings(max_examples=25)
@given(choices())
def test_an_address_and_a_command_line_hold_the_whole_choice(pairs: list[tuple[str, str]]) -> None:
    found = parse(pairs)
    again = parse(parse_qsl(found.query()))
    assert again == found
    assert again.query() == found.query()
    given = dict(word.split("=", 1) for word in found.words())
    for arm in ARMS:
        own = {key.removeprefix(f"arm.{arm}."): value for key, value in given.items() if key.startswith(f"arm.{arm}.")}
        read = {key: yaml.safe_load(value) if re.match(r"[-\d.]", value) else value for key, value in own.items()}
        read = {
            key: float(value) if isinstance(value, str) and key in (*DIALS, LEVEL) else value
            for key, value in read.items()
        }
        loaded = sim.load(given["organisation"], arm, {"horizon.months": int(given["horizon.months"]), **read})
        assert loaded == found.params()[arm]


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([("organisation", "/etc/passwd")], "organisation='/etc/passwd'"),
        ([("organisation", "../smb.yaml")], "organisation"),
        ([("months", "2400")], "months='2400': a whole number from 3 to 36"),
        ([("months", "nan")], "months='nan'"),
        ([("seeds", "1000000")], "seeds"),
        ([("seed", "-1")], "seed"),
        ([("language", "fr")], "language='fr': allowed are en, es"),
        ([("monhts", "12")], "monhts: unknown. Did you mean 'months'"),
        ([("siloed.alignment.visibilty", "0.5")], "Did you mean 'alignment.visibility'"),
        ([("siloed.alignment.visibility", "1.5")], "siloed.alignment.visibility='1.5': a number from 0 to 1"),
        ([("siloed.alignment.visibility", "inf")], "siloed.alignment.visibility"),
        ([("siloed.alignment.visibility", "0.1"), ("siloed.alignment.visibility", "0.2")], "given twice"),
        ([("siloed.people.sellers", "20000")], "siloed.people.sellers: unknown"),
        ([("siloed.incentives", "../plan.yaml")], "siloed.incentives"),
        ([("siloed.incentives.seller.9.weight", "0.5")], "no such term"),
        ([("siloed.incentives.marketer.mql.accelerator", "2")], "needs a target"),
        ([("siloed.alignment.score_owner", "nobody")], "allowed are marketing, neutral, sellers"),
        ([(f"x{i}", "1") for i in range(300)], "at most"),
    ],
)
def test_wrong_inputs_are_refused_by_name(pairs: list[tuple[str, str]], named: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(named)):
        parse(pairs)


def test_no_range_is_wider_than_the_declared_one() -> None:
    bounds = {f"{theme}.{name}": found for theme, name, found, _ in declared()}
    for name, own in DIALS.items():
        assert bounds[name].low <= own.low < own.high <= bounds[name].high
        assert bounds[name].kind == "lever"
        if bounds[name].unit == "fraction":
            assert (own.low, own.high) == (bounds[name].low, bounds[name].high)
    assert all(bounds[name].choices for name in WORDS)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("plan", names(PLAN))
def test_every_control_of_every_plan_has_words_and_can_be_moved(plan: str, language: str) -> None:
    choice = parse([("siloed.incentives", plan), ("language", language)])
    for arm in ARMS:
        for group in groups(choice, arm, choice.params()[arm], words(language)):
            for lever in group.levers:
                assert lever.label
                ends = [lever.range.low, lever.range.high] if lever.range else [one for one, _ in lever.options]
                if lever.range:
                    assert lever.range.low <= float(lever.value) <= lever.range.high, lever.key
                else:
                    assert lever.value in ends
                chosen = [] if arm == ARMS[1] else [("siloed.incentives", plan)]
                for end in ends:
                    if language == "en" and lever.key != "siloed.incentives":
                        parse([*chosen, (lever.key, str(end))])


def test_both_languages_have_the_same_words() -> None:
    def keys(tree: object, before: str = "") -> set[str]:
        if not isinstance(tree, dict):
            return {before}
        return {inner for name, value in tree.items() for inner in keys(value, f"{before}.{name}")}

    english, spanish = (yaml.safe_load((FOLDER / f"{language}.yaml").read_text("utf-8")) for language in ("en", "es"))
    assert keys(english) == keys(spanish)
    for tree in (english, spanish):
        assert set(tree["organisations"]) >= set(names("organisation"))
        assert set(tree["programmes"]) >= set(names("programme"))


# ---------------------------------------------------------------- runs


async def _all(runs: Runs, choice: Choice) -> list[dict[str, object]]:
    return [found async for found in runs.pictures(choice) if found["kind"] == "picture"]


@pytest.mark.slow
def test_numbers_are_those_of_gtm_compare(root: Path, tmp_path: Path) -> None:
    choice = parse(
        [
            ("organisation", "essay"), ("months", "3"), ("seeds", "3"), ("seed", "7"),
            ("siloed.incentives", "hybrid"), ("siloed.incentives.seller.0.accelerator", "2"),
            ("siloed.alignment.level", "0.5"), ("shared_okr.alignment.visibility", "0.35"),
            ("shared_okr.incentives.seller.won_acv.clawback_months", "6"), ("shared_okr.programme", "process_first"),
        ]
    )  # fmt: skip
    last = asyncio.run(_all(Runs(2), choice))[-1]
    assert last["n"] == last["of"] == 3
    command = [sys.executable, "-m", "experiments.commands", "compare", *choice.words(), f"out={tmp_path / 'out'}"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    gaps = {entry["measure"]: entry for entry in summary["contrasts"]}
    for name in SHOWN:
        shown = last["measures"][name]
        for arm, level in zip(ARMS, shown["levels"], strict=True):
            entry = summary["arms"][arm][name]
            assert level == [entry["mean"], entry["low"], entry["high"]], name
        assert shown["difference"] == [gaps[name]["difference"], gaps[name]["low"], gaps[name]["high"]], name


def test_intervals_narrow_and_streams_are_limited() -> None:
    async def narrowing() -> list[dict[str, object]]:
        runs = Runs(2)
        choice = parse([("organisation", "essay"), ("months", "3"), ("seeds", "40")])
        found = await _all(runs, choice)
        assert runs.streams == 0
        return found

    found = asyncio.run(narrowing())
    assert [one["n"] for one in found] == sorted({one["n"] for one in found})
    assert len(found) >= 2

    def width(picture: dict[str, object]) -> float:
        _, low, high = picture["measures"]["wasted_time_share"]["difference"]
        return high - low

    assert width(found[-1]) < width(found[0])


def test_a_stream_that_is_left_starts_no_further_run() -> None:
    async def left() -> None:
        runs = Runs(2)
        pictures = runs.pictures(parse([("organisation", "essay"), ("months", "3"), ("seeds", "200")]))
        async for found in pictures:
            if found["kind"] == "picture":
                break
        await pictures.aclose()
        assert runs.streams == 0
        runs.pool.shutdown(wait=True, cancel_futures=False)  # nothing but what was begun
        assert runs.pool._work_queue.qsize() <= 1
        runs.streams = 10_000
        with pytest.raises(BusyError):
            await anext(runs.pictures(Choice()))

    asyncio.run(left())


# ---------------------------------------------------------------- agents


@pytest.fixture(scope="module")
def model() -> sim.GTMModel:
    """A small organisation after three months."""
    model = sim.GTMModel(sim.load("smb", overrides={"horizon.burn_in_months": 1, "horizon.months": 6}), seed=3)
    model.run_compiled(63)
    return model


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_agent_can_be_looked_at(model: sim.GTMModel, language: str) -> None:
    say = words(language)
    for kind, members in people_of(model).items():
        for index, number, hands in members:
            found = describe(model, kind, index, say)
            assert str(number) in found["title"]
            assert found["sections"]
            assert len(found["carried"]["items"]) <= hands
    for kind, last in (("lead", int(model.world.org[0]["leads"])), ("customer", int(model.world.org[0]["customers"]))):
        for index in (0, last // 2, last - 1):
            assert describe(model, kind, index, say)["sections"]
        with pytest.raises(LookupError):
            describe(model, kind, last, say)
    with pytest.raises(LookupError):
        describe(model, "world", 0, say)


def test_fields_shown_are_fields_of_records() -> None:
    fields = yaml.safe_load((FOLDER / "en.yaml").read_text("utf-8"))["fields"]
    kinds = {
        "person": {*S.MARKETER_RECORD.names, *S.SELLER_RECORD.names, *S.MANAGER_RECORD.names},
        "lead": set(S.LEAD.names),
        "customer": set(S.CUSTOMER.names),
    }
    for kind, known in kinds.items():
        for section in fields[kind].values():
            assert set(section) <= known


def test_moves_account_for_every_win_and_every_new_lead(model: sim.GTMModel) -> None:
    for _ in range(5):
        n = int(model.world.org[0]["leads"])
        before = model.world.leads[:n].copy()
        wins = int((before["stage"] == S.WON).sum())
        model.step()
        now = model.world.leads[: int(model.world.org[0]["leads"])]
        moves = moves_of(model, before)
        assert sum(move["to"][0] == "manager" for move in moves) == int((now["stage"] == S.WON).sum()) - wins
        fresh = [move for move in moves if move["lead"] >= n]
        assert {move["from"] for move in fresh} <= {("market", -1)}
        assert len({move["lead"] for move in moves}) == len(moves)


def test_what_is_handed_over_is_what_the_compiled_engine_would_have_made(model: sim.GTMModel) -> None:
    direct = sim.GTMModel(model.params, seed=3)
    direct.run_compiled(model.day)
    assert direct.result().digest == model.result().digest


def test_a_view_that_rests_gives_way_to_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "_begin", lambda params, seed, day, say: office.Office(None, say, time.monotonic()))
    monkeypatch.setattr(office, "_first", lambda opened: {})
    chosen = parse([("organisation", "essay"), ("months", "3")])

    async def visit(pool: ThreadPoolExecutor) -> None:
        offices = office.Offices(pool)

        async def opened() -> str:
            return (await offices.open(chosen, "siloed", 0, words("en")))[0]

        tokens = [await opened() for _ in range(office.MOST_SESSIONS)]
        with pytest.raises(office.BusyOfficeError):
            await opened()
        offices._open[tokens[0]].used -= office.SPARED_SECONDS + 1.0
        await opened()
        with pytest.raises(LookupError):
            await offices.step(tokens[0])

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(visit(pool))
