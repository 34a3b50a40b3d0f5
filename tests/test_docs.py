"""What the documentation says holds: links, commands, examples, tables from the code, the ODD's names."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from experiments.commands import COMMANDS, application
from experiments.config import Settings
from experiments.patterns import PROFILES, patterns
from sim import load
from sim.parameters import THEMES
from sim.state import CLASS_NAMES, STAGE_NAMES
from tests.rules_syntax import RULES, functions, reads

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ODD = (ROOT / "docs" / "ODD.md").read_text(encoding="utf-8")
EVIDENCE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```([a-z]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SHELL = ("", "bash", "console", "sh", "text")
# Written so that none finds itself here.
INTERNAL = [f"{name}.{'md'}" for name in ("MODEL", "EVIDENCE", "CONTRACT", "ARCHITECTURE", "FEASIBILITY", "PEERS")]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def build() -> ModuleType:
    """The script that writes the generated parts."""
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(page: Path, *languages: str) -> list[str]:
    """Contents of the page's code blocks in these languages."""
    return [text for language, text in BLOCK.findall(page.read_text(encoding="utf-8")) if language in languages]


def slugs(page: Path) -> set[str]:
    """Anchors of a page's headings, as they are made where it is shown."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


# ---------------------------------------------------------------- links, commands, examples


@pages
def test_links_resolve(page):
    text = re.sub(r"`[^`\n]*`", "", BLOCK.sub("", page.read_text(encoding="utf-8")))
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in slugs(file)):
            broken.append(target)
    assert not broken


def calls() -> list[tuple[str, str]]:
    """(page, line) of every `gtm` or `make` line in a shell block."""
    found = []
    for page in PAGES:
        for text in blocks(page, *SHELL):
            for line in text.splitlines():
                plain = line.removeprefix("$ ").strip()
                if re.match(r"(gtm|make)(\s|$)", plain):
                    found.append((page.relative_to(ROOT).as_posix(), plain))
    return found


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with the files that pages show (blocks whose first line names them), and a study."""
    monkeypatch.chdir(tmp_path)
    for page in PAGES:
        for text in blocks(page, "yaml", "python", "csv"):
            if named := re.match(r"# ([\w.]+\.(?:yaml|py|csv))\b", text):
                # The line that names a table is none of its rows.
                content = text.partition("\n")[2] if named[1].endswith("csv") else text
                (tmp_path / named[1]).write_text(content, encoding="utf-8")
    (tmp_path / "study").mkdir()
    words = ["design=sobol", "design.factors={alignment.level: {low: 0, high: 1}}"]
    (tmp_path / "study" / "manifest.json").write_text(json.dumps({"command": "sweep", "words": words}))
    return tmp_path


@pytest.mark.parametrize(("page", "line"), calls())
def test_commands_compose(page, line, files):
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        targets = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert set(words[1:]) <= set(targets[1].split())
        return
    if len(words) == 1:
        return
    assert words[1] in COMMANDS
    module = importlib.import_module(f"experiments.commands.{words[1]}")
    seen: list[Settings] = []

    def task(settings: Settings) -> int:
        seen.append(settings)
        return 0

    assert application.application(module.COMMAND, task, words[2:]) == 0
    assert seen


@pages
def test_commands_named_in_passing_exist(page):
    named = re.findall(r"`gtm ([a-z]+)", page.read_text(encoding="utf-8"))
    assert set(named) <= set(COMMANDS)


@pytest.mark.slow
@pages
def test_marked_python_runs(page, capsys):
    text = page.read_text(encoding="utf-8")
    for example in re.findall(r"<!-- runnable -->\n```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(example, str(page), "exec"), {"__name__": "example"})


def test_readme_has_a_runnable_example():
    assert "<!-- runnable -->\n```python" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_plans_shown_are_plans(tmp_path):
    shown = [text for page in PAGES for text in blocks(page, "yaml") if "event:" in text]
    assert shown
    for n, text in enumerate(shown):
        file = tmp_path / f"plan{n}.yaml"
        file.write_text(text, encoding="utf-8")
        assert any(yaml.safe_load(text).values())
        assert load("mid_market", overrides={"incentives": str(file)}).incentives.name == file.stem


def test_every_shipped_plan_is_in_the_table():
    page = (ROOT / "docs" / "reference" / "pay-plans.md").read_text(encoding="utf-8")
    missing = [f.stem for f in (ROOT / "configs" / "incentives").glob("*.yaml") if f"| `{f.stem}` |" not in page]
    assert not missing


@pages
def test_pages_speak_for_themselves(page):
    text = page.read_text(encoding="utf-8")
    assert not [name for name in INTERNAL if name in text]


# ---------------------------------------------------------------- generated parts


def test_reference_tables_are_current():
    assert not build().stale(), "run `make docs` (or docs/build.py --reference)"


def test_check_says_what_is_stale(tmp_path, monkeypatch, capsys):
    script = build()
    assert script.main(["--check"]) == 0
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "REFERENCE", tmp_path)
    assert script.main(["--check"]) == 1
    assert "parameters.md" in capsys.readouterr().err


def test_every_study_has_its_answer_on_the_page():
    page = (ROOT / "docs" / "reference" / "answers.md").read_text(encoding="utf-8")
    sections = dict(part.partition("\n")[::2] for part in page.split("\n## ")[1:])
    assert list(sections) == sorted(path.stem for path in (ROOT / "configs" / "study").glob("*.yaml"))
    for name, text in sections.items():
        assert "failed: 0." in text, name
        assert f"](../figures/study-{name}" in text, name


def test_blocks_are_replaced_between_their_markers():
    script = build()
    text = "a\n<!-- x:begin -->\nold\nolder\n<!-- x:end -->\nb\n"
    changed = script.with_block(text, "x", r"new \1")
    assert changed == "a\n<!-- x:begin -->\nnew \\1\n<!-- x:end -->\nb\n"
    assert script.block(changed, "x") == r"new \1"
    with pytest.raises(SystemExit):
        script.with_block("none", "x", "new")


def test_readme_has_the_blocks():
    script = build()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert script.block(text, "results")
    assert script.block(text, "figure")


def test_readme_says_what_the_page_of_organisations_measured():
    """The gain of information without the duty to follow up, of the mid-market organisation."""
    page = (ROOT / "docs" / "reference" / "organisations.md").read_text(encoding="utf-8")
    gain = re.search(r"## mid_market.*?`information_no_duty` \| ([^|]+) \|", page, re.DOTALL)
    assert gain
    assert f"({gain[1]} points)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_readme_shows_what_its_command_prints():
    script = build()
    shown = script.block((ROOT / "README.md").read_text(encoding="utf-8"), "results")
    if "seeds=" not in shown:
        pytest.skip("README has no results yet: run `make docs`")
    assert script.readme_is_current(), "run `make docs`"


# ---------------------------------------------------------------- the ODD and the code


def test_odd_names_every_file_of_rules():
    missing = [path.name for path in RULES if path.stem != "__init__" and f"sim/rules/{path.name}" not in ODD]
    assert not missing


def test_functions_named_exist():
    defined = {stem: {function.name for function in found} for stem, found in functions().items()}
    named = re.findall(r"`([a-z]+)\.([a-z_]+)`", ODD)
    assert not [f"{stem}.{name}" for stem, name in named if stem in defined and name not in defined[stem]]


def test_odd_names_stages_classes_and_agents():
    for name in (*STAGE_NAMES, *CLASS_NAMES, "Marketer", "Seller", "SuccessManager", "Lead", "Customer"):
        assert f"`{name}`" in ODD, name


def test_hours_account_has_every_class_once():
    section = ODD.partition("## 8 The hours account")[2].partition("\n## 9")[0]
    rows = re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
    assert sorted(rows) == sorted(CLASS_NAMES)


def test_the_reference_of_commands_has_every_command():
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|", page.partition("## Keys")[0], flags=re.MULTILINE)
    assert sorted(rows) == sorted(COMMANDS)


def test_odd_mentions_every_parameter_that_rules_read():
    code = re.findall(r"`([^`]+)`", ODD) + re.findall(r"^    .*$", ODD, flags=re.MULTILINE)
    words = set(re.findall(r"[a-z_]+", " ".join(code)))
    assert not [name for name in reads() if name not in words]


def test_evidence_has_the_patterns_as_coded():
    def numbers(text: str) -> list[float]:
        return [float(number) for number in re.findall(r"\d*\.?\d+", text)]

    rows = re.findall(r"^\| (C\d+) \| ([^|]+)\| ([^|]+)\| ([^|]+)\|", EVIDENCE, flags=re.MULTILINE)
    for profile in PROFILES:
        for pattern in patterns(profile):
            if pattern.id == "aux":
                continue
            near = [(numbers(target), numbers(width)) for id_, _, target, width in rows if id_ == pattern.id]
            width = round(pattern.high - pattern.target, 6)
            accepted = ({pattern.low, pattern.high}, {width}, {round(100 * width / pattern.target, 6)})
            assert any(
                pattern.target in targets and any(wanted <= set(widths) for wanted in accepted)
                for targets, widths in near
            ), (profile, pattern)


def test_evidence_lists_what_is_held_out():
    for name in ("C11a", "C11b", *(f"V{n}" for n in range(1, 12))):
        assert re.search(rf"^\| {name} \|", EVIDENCE, flags=re.MULTILINE), name


def test_parameter_book_has_every_theme():
    book = (ROOT / "docs" / "reference" / "parameters.md").read_text(encoding="utf-8")
    assert [theme for theme in THEMES if f"## {theme}\n" in book] == list(THEMES)
