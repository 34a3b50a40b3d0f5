"""The repository itself: what is packed, what must not be written down, and what stays small."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PROJECT["project"]["version"]
PACKAGES = set(PROJECT["tool"]["setuptools"]["packages"])
INSTALLED = ("sim", "experiments", "analysis", "workshop", "configs")  # the folders that a user gets

LONGEST = 400
CODE = {".py", ".pyi", ".yaml", ".yml", ".j2", ".js", ".css", ".html", ".c", ".h", ".sh", ".toml"}
# file: why it may be longer
LONGER: dict[str, str] = {}

# Written so that neither finds itself here.
MACHINE_PATH = re.compile(r"(?<![\w.\-])/(?:work|tmp|root|home)/")
REGISTRY = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian")


def repository_files() -> list[Path]:
    """Every file that is, or is about to be, committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: which files are committed is unknown")
    return [ROOT / name for name in sorted(set(listed.split("\0")) - {""}) if (ROOT / name).is_file()]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["path of a machine", "address of a registry"])
def test_no_file_names_a_machine(pattern):
    found = []
    for path in repository_files():
        content = path.read_bytes()
        if b"\0" not in content:  # pictures and tables of numbers match by chance
            lines = content.decode("utf-8", errors="replace").splitlines()
            found += [
                f"{name(path)}:{n}: {line.strip()[:100]}" for n, line in enumerate(lines, 1) if pattern.search(line)
            ]
    assert not found, "\n".join(found)


def test_files_stay_short():
    lengths = {name(path): len(path.read_bytes().splitlines()) for path in repository_files() if path.suffix in CODE}
    too_long = {file: n for file, n in lengths.items() if n > LONGEST and file not in LONGER}
    assert not too_long, f"over {LONGEST} lines; split them by what they know: {too_long}"
    no_longer = [file for file in LONGER if lengths.get(file, 0) <= LONGEST]
    assert not no_longer, f"these need no exception any more: {no_longer}"


def test_packages_are_listed():
    with_code = {
        name(path.parent).replace("/", ".")
        for path in repository_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in INSTALLED
    }
    assert with_code <= PACKAGES, f"folders of code that no wheel would hold: {sorted(with_code - PACKAGES)}"
    missing = [package for package in sorted(PACKAGES) if not (ROOT / package.replace(".", "/")).is_dir()]
    assert not missing, f"listed in pyproject.toml, but there is no such folder: {missing}"


def test_the_floors_see_every_package():
    roots = set(PROJECT["tool"]["importlinter"]["root_packages"])
    code = {package.partition(".")[0] for package in PACKAGES} - {"configs"}
    assert roots == code, "root_packages of import-linter in pyproject.toml"


def test_lock_pins_every_file():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"\n(?=\S)", lock) if not block.startswith("#")]
    loose = [block.splitlines()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block]
    assert not loose, f"without version or hash: {loose}"


def test_lock_holds_every_dependency():
    def plain(requirement: str) -> str:
        """The name in a requirement, as locks spell it."""
        return re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0].lower().replace("_", "-")

    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {plain(line) for line in lock.splitlines() if re.match(r"[A-Za-z]", line)}
    extras = PROJECT["project"]["optional-dependencies"].values()
    wanted = {plain(each) for group in [PROJECT["project"]["dependencies"], *extras] for each in group}
    assert wanted - {"gtm-sim"} <= locked, "run `make lock`"


def test_changelog_tells_users_and_numbers_apart():
    releases = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert releases
    for release in releases:
        headings = re.findall(r"^### (.+)$", release, flags=re.MULTILINE)
        assert headings == ["Changes for users", "Changes numbers"], release.splitlines()[0]


def test_citation_names_this_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, flags=re.MULTILINE).group(1) == VERSION


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from what is committed: a build folder left here would leak into it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in repository_files():
        copy = source / name(path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    return next(target.glob("*.whl"))


@pytest.mark.slow
def test_wheel_holds_what_is_installed_and_nothing_else(wheel):
    held = {entry for entry in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in entry}
    tops = {entry.split("/")[0] for entry in held}
    assert tops == {package.partition(".")[0] for package in PACKAGES}
    wanted = {
        name(path) for path in repository_files() if path.relative_to(ROOT).parts[0] in tops and path.suffix != ".md"
    }
    assert held == wanted, "code and the files it reads travel together: see package-data in pyproject.toml"


@pytest.mark.slow
def test_wheel_works_from_another_folder(wheel, tmp_path):
    """Installed by itself, with this environment's libraries but not this checkout."""
    place = tmp_path / "installed"
    venv.create(place, with_pip=False, symlinks=os.name != "nt")
    folders = sysconfig.get_paths(vars={"base": str(place), "platbase": str(place)})
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(place),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True)
    # A folder named in a .pth file is searched, its own .pth files are not read:
    # libraries are found there, an editable install of this checkout is not.
    (Path(folders["purelib"]) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=elsewhere, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    scripts = Path(folders["scripts"])
    origin = Path(run(str(scripts / "python"), "-c", "import sim; print(sim.__file__)").strip())
    assert origin.is_relative_to(place), "the checkout was imported, not the wheel"
    if not (ROOT / "experiments" / "commands" / "__init__.py").is_file():
        pytest.skip("no commands yet: only the import from the wheel was tested")
    assert "compare" in run(str(scripts / "gtm")), "`gtm` alone lists the commands"
    assert "arms" in run(str(scripts / "gtm"), "compare", "--cfg", "job"), "configs travel in the wheel"
