"""Write ``golden.json`` anew: ``python -m tests.refresh_golden``, after a deliberate change of numbers.

The change then needs a line under "Changes numbers" in CHANGELOG.md. The tests never write it.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

import sim
from sim.configuration import names
from sim.parameters import Params
from tests.worlds import busy, tiny

FILE = Path(__file__).with_name("golden.json")
SEED = 7


def machine() -> str:
    """Where digests are promised to be the same: last bits depend on the processor's and system's library."""
    return f"{sys.platform} {platform.machine()}"


def small() -> dict[str, Params]:
    """Organisations small enough to run without the compiler."""
    return {
        "tiny": tiny(horizon__months=1, horizon__burn_in_months=0, horizon__days=2),
        "busy": busy("shared_okr", horizon__months=1, horizon__burn_in_months=1, horizon__days=2),
    }


def cases() -> dict[str, Params]:
    """Every pinned run by name."""
    found = dict(small())
    short = {"horizon.months": 2, "horizon.burn_in_months": 1}
    found |= {f"organisation {name}": sim.load(name, overrides=short) for name in names("organisation")}
    quarter = {"horizon.months": 3, "horizon.burn_in_months": 0}
    found |= {f"arm {name}": sim.load("smb", name, quarter) for name in names("arm")}
    return found


def digests() -> dict[str, str]:
    """Digest of every pinned run, on this machine and these sources."""
    return {name: sim.simulate(params, SEED).digest for name, params in cases().items()}


if __name__ == "__main__":
    before = json.loads(FILE.read_text(encoding="utf-8"))["digests"] if FILE.exists() else {}
    after = digests()
    FILE.write_text(json.dumps({"machine": machine(), "digests": after}, indent=2) + "\n", encoding="utf-8")
    changed = sorted(name for name in after if after[name] != before.get(name))
    print(f"{FILE.name}: {len(changed)} of {len(after)} changed" + (f": {', '.join(changed)}" if changed else ""))
