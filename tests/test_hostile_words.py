"""Words and files from strangers on the command line: done or refused in a few lines, and nothing is lost."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from experiments.commands import application, compare, sweep
from experiments.config import Settings
from sim.configuration import read

COMMANDS = {"compare": compare.COMMAND, "sweep": sweep.COMMAND}
LONG = "9" * 400
LONGER = "9" * 5_000

# No number that is allowed and large: a hundred million points are a legal wish and a slow test.
NUMBERS = st.sampled_from((
    "0", "1", "-1", "2", "0.5", "-0", "010", "1:30", "0x10", "1_0", "1e3", "1e400", "-1e400", "nan", "inf", "-inf",
    "9223372036854775808", "-9223372036854775809", LONG, LONGER, f"-{LONG}", "1e-400", "٣", "1,5",
))  # fmt: skip
KEYS = st.sampled_from((
    "seeds", "seed", "engine", "arms", "arm", "arm.siloed", "arm.siloed.alignment.visibility", "organisation", "out",
    "resume", "executor", "executor.workers", "executor.block", "executor.address", "replications", "language",
    "replications.half_width", "replications.measure", "replications.start", "record", "fail_fast", "design",
    "design.points", "design.factors", "design.factors.people.sellers", "design.zip", "model", "model.target",
    "model.steps", "alignment", "alignment.level", "incentives", "incentives.seller", "incentives.seller.0.rate",
    "horizon", "horizon.months", "reference", "market", "market.acv", "hydra", "hydra.mode", "", ".", "a.b", "a@b",
    "a/b", "@a", "+seeds", "++seeds", "~seeds", "ñ", "-", "💥", " ", "seeds ", "none",
))  # fmt: skip
PLAIN = NUMBERS | st.sampled_from((
    "", "null", "true", "siloed", "shared_okr", "mid_market", "study", "./study", "/dev/null/x", "a b", "é", "💥", "'",
    '"', "''", "\\", "${seed}", "${", "${nothing}", "prior", "lhs", "csv", "grid", "precision", "lhs.yaml", "x.yaml",
    "folder.yaml", "closed.yaml", "tests.quick_models:wave", "a\nb", "a\tb", "=", "{", "}", "[", "]", ",", ":", "x:y",
    "choice(1,2)", "(", "!", "#", "%s", "{}", "[]", "\udcff", "\0",
))  # fmt: skip
VALUES = st.recursive(
    PLAIN,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3).map(lambda found: f"[{','.join(found)}]"),
        st.lists(st.tuples(KEYS | st.just("low") | st.just("high") | st.just("name"), inside), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=6,
)
WORDS = st.builds("{}={}".format, KEYS, VALUES) | PLAIN | st.text(max_size=8) | st.sampled_from(("--", "-x", "--cfg"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study, and with files that are none."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "study").mkdir()
    (folder / "study" / "manifest.json").write_text(json.dumps({"command": "compare", "words": ["seeds=3"]}))
    (folder / "study" / "runs.parquet").write_bytes(b"precious")
    (folder / "folder.yaml").mkdir()
    (folder / "x.yaml").write_bytes(b"\x00\xff\xfe")
    return folder


def said(command: str, words: Sequence[str]) -> tuple[int, str]:
    """Exit code and words on standard error of a command that would simulate nothing."""

    def task(settings: Settings) -> int:
        assert settings.arms or settings.model
        return 0

    error = io.StringIO()
    with contextlib.redirect_stderr(error), contextlib.redirect_stdout(io.StringIO()):
        code = application.application(COMMANDS[command], task, words)
    return code, error.getvalue()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=st.sampled_from(sorted(COMMANDS)), words=st.lists(WORDS, max_size=4))
@example(command="compare", words=[f"seeds={LONGER}"])
@example(command="sweep", words=[f"design.factors={{people.sellers: [1, {LONG}]}}"])
@example(command="sweep", words=[f"design.factors={{market.acv: {{low: 1, high: {LONG}}}}}"])
@example(command="sweep", words=["design.factors={people.sellers: {low: -inf, high: 3}}"])
@example(command="sweep", words=[f"design.points={LONG}", "design.factors={market.acv: prior}"])
@example(command="sweep", words=["model.target=tests.quick_models:wave", f"design.factors={{x: [{LONG}]}}"])
@example(command="compare", words=["executor={}", "arm={}", "replications={}"])
@example(command="compare", words=["seeds=" + "[" * 2_000 + "]" * 2_000])
@example(command="compare", words=["out=study", "horizon=x.yaml"])
@example(command="compare", words=["resume=study", "seeds=-1"])
def test_any_words_are_obeyed_or_refused(
    command: str, words: list[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    code, text = said(command, words)
    assert code in (0, 2)
    # Before it stands at most what is said of keys that are given more than once.
    assert code == 0 or any(line.startswith("error: ") for line in text.splitlines())
    assert "Traceback" not in text
    assert len(text.splitlines()) <= 4
    assert (place / "study" / "runs.parquet").read_bytes() == b"precious"
    assert (place / "study" / "manifest.json").is_file()


FILES = {
    "empty": b"",
    "a list": b"- 1\n- 2\n",
    "a word": b"siloed",
    "binary": bytes(range(256)),
    "a byte order mark": b"\xef\xbb\xbfpeople: {sellers: 4}\n",
    "UTF-16": "people: {sellers: 4}".encode("utf-16"),
    "tabs": b"people:\n\tsellers: 4\n",
    "too deep": b"people: " + b"{a: " * 2_000,
    "anchors": b"people: &a {sellers: 4}\nmarket: *a\n",
    "itself": b"people: &a {sellers: *a}\n",
    "merged": b"people: {<<: [1, 2]}\n",
    "a wrong kind": b"people: {sellers: [4]}\n",
    "octal": b"people: {sellers: 010}\n",
    "sexagesimal": b"people: {sellers: 1:30}\n",
    "hexadecimal": b"people: {sellers: 0x10}\n",
    "too many digits": b"people: {sellers: " + LONGER.encode() + b"}\n",
    "many digits": b"people: {sellers: " + LONG.encode() + b"}\n",
    "a date": b"people: {sellers: 2025-01-01}\n",
    "a set": b"people: !!set {sellers}\n",
    "a key that is a list": b"? [a, b]\n: 3\n",
    "a number as key": b"1: 2\n",
    "nothing at a key": b"people:\n",
}
FINE = {"organisation": ("empty", "a byte order mark"), "arms": ("empty", "a byte order mark"), "market": ("empty",)}


@pytest.mark.parametrize("group", ["organisation", "arms", "market", "design"])
@pytest.mark.parametrize("name", FILES)
def test_any_file_is_read_or_refused(name: str, group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.yaml").write_bytes(FILES[name])
    value = "[siloed,./odd.yaml]" if group == "arms" else "./odd.yaml"
    code, text = said("sweep", [f"{group}={value}", *([] if group == "design" else ["design.factors={market.acv: 9}"])])
    assert code == (0 if name in FINE.get(group, ()) else 2), text
    assert "Traceback" not in text
    assert len(text.splitlines()) <= 2
    assert code == 0 or "odd" in text or group == "design"


def test_numbers_of_files_are_decimal(tmp_path: Path) -> None:
    """What YAML 1.1 reads as octal or sexagesimal stays a word, which no parameter takes for a number."""
    wanted = {
        "010": "010", "-012": "-012", "1:30": "1:30", "1:30.5": "1:30.5", "0x1F": "0x1F", "0b1": "0b1", "01.5": "01.5",
        "0": 0, "-3": -3, "+3": 3, "1_000": 1_000, "1e6": 1e6, "1.5": 1.5, ".5": 0.5, "1.": 1.0, "-1.5e-3": -1.5e-3,
        "0.25": 0.25, "1.e3": 1e3, ".inf": float("inf"), "yes": True, "null": None, "a": "a",
    }  # fmt: skip
    file = tmp_path / "numbers.yaml"
    file.write_text("".join(f"k{i}: {text}\n" for i, text in enumerate(wanted)), encoding="utf-8")
    found = read(file)
    for value, expected in zip(found.values(), wanted.values(), strict=True):
        assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["=3"], "error: '=3': there is no key; write key=value."),
        ([""], "error: '': there is no key"),
        (["executor={name: local, worker: 3}"], "executor.worker: unknown; known are executor.name, executor.workers"),
        (["replications={half_wdth: 1}"], "Did you mean 'replications.half_width'?"),
        (["market={acv:5,acv:6}"], "market={acv:5,acv:6}: acv is given twice."),
        (["arm={siloed: {people: {sellers: 3, sellers: 3}}}"], "sellers is given twice"),
        (["arm.siloed.alignment.visibility=7"], "error: arm.siloed.alignment.visibility=7: allowed is from 0 to 1"),
        (["arm={siloed: {alignment: {visibility: 7}}}"], "error: arm.siloed.alignment.visibility=7: allowed"),
        (["arm.siloed.alignment.visibility=7", "market.acv=-1"], "error: market.acv=-1: allowed is from 1"),
        (["market.acv=010"], "market.acv='010': a number from 1"),
        ([f"seeds={LONGER}"], "no number that long can be read"),
        ([f"seeds={LONG}"], "a whole number from 1 to 10,000,000 is needed"),
        ([f"market.acv={LONG}"], "allowed is from 1 to 1e+08"),
        (["@a=3"], "error: @a=3: unknown."),
        (["+foo=1"], "error: +foo=1: unknown. gtm compare has organisation, arms, seeds"),
        (["arms={a:1}"], "error: arms={a:1}: a list is needed, as in arms=[siloed,shared_okr]."),
        (["reference.seller.foo=1"], "reference.seller.foo=1: unknown; known are lead_captured, mql, meeting"),
        (["--run", "--multirun"], "Only one of --run, --multirun"),
    ],
)
def test_what_is_wrong_is_named(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = said("compare", words)
    assert (code, message in text) == (2, True), text
