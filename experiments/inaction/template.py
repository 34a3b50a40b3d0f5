"""An empty client file with the audit, to be filled in by hand."""

from __future__ import annotations

from pathlib import Path

from experiments.inaction import audit
from experiments.inaction.client import SECTIONS, fields
from sim.parameters import ParameterError

TEXT = {
    "en": {
        "head": "What is known of a client after an hour. What is left out comes from the profile, as assumed.",
        "needed": "needed",
        "audit": "Each team answers by itself, 1 to 5; leave out what nobody knows.",
    },
    "es": {
        "head": "Lo que se sabe de un cliente tras una hora. Lo que se omita saldrá del perfil, como supuesto.",
        "needed": "obligatorio",
        "audit": "Cada equipo responde por separado, de 1 a 5; omita lo que nadie sepa.",
    },
}
PROGRAMME = """programmes:
  - {name: revops, label: RevOps, preset: process_first, cost: , cost_low: , cost_high: , pay: shared_okr}
"""


def template(language: str) -> str:
    """The text of the file."""
    words = TEXT[language]
    lines, section = [f"# {words['head']}"], ""
    for key, spec in fields().items():
        head, _, name = key.partition(".")
        if key in ("audit", "programmes"):
            continue
        if head in SECTIONS and head != section:
            lines.append(f"{head}:")
            section = head
        needed = f" ({words['needed']})" if spec.get("needed") else ""
        unit = f" [{spec['unit']}]" if "unit" in spec else ""
        indent = "  " if head in SECTIONS else ""
        lines.append(f"{indent}{name or key}: {spec.get('default', '')}  # {spec[language]}{unit}{needed}")
    lines += [PROGRAMME.rstrip(), f"audit:  # {words['audit']}"]
    for team in audit.TEAMS:
        lines.append(f"  {team}:")
        for question, spec in audit.questions().items():
            told = spec[language]
            ends = f" 1: {told['one']}; 5: {told['five']}" if "one" in told else ""
            lines.append(f"    {question}:  # {told['ask']}{ends}")
    return "\n".join(lines) + "\n"


def write(file: Path, language: str) -> None:
    """Write it; an existing file is never overwritten.

    Raises
    ------
    ParameterError
        There is such a file, or none can be written there.
    """
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(template(language))
    except FileExistsError:
        raise ParameterError(f"template={str(file)!r}: there is a file of that name already.") from None
    except OSError as error:
        raise ParameterError(f"template={str(file)!r}: cannot be written ({error.strerror}).") from None
