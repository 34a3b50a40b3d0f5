"""An empty client file with the audit, to be filled in by hand: YAML or Excel, by the name of the file."""

from __future__ import annotations

from pathlib import Path

from experiments.inaction import audit
from experiments.inaction.client import SECTIONS, fields
from sim.parameters import ParameterError, nearest

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
ENDINGS = (".yaml", ".yml", ".xlsx")


def template(language: str, team: str | None = None) -> str:
    """The text of a YAML file, or of the answers of one team."""
    words = TEXT[language]
    if team is not None:
        return "\n".join([f"# {words['audit']}", *_answers(team, language, "")]) + "\n"
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
    for team_of in audit.TEAMS:
        lines += _answers(team_of, language, "  ")
    return "\n".join(lines) + "\n"


def _answers(team: str, language: str, indent: str) -> list[str]:
    lines = [f"{indent}{team}:"]
    for question, spec in audit.questions().items():
        told = spec[language]
        ends = f" 1: {told['one']}; 5: {told['five']}" if "one" in told else ""
        lines.append(f"{indent}  {question}:  # {told['ask']}{ends}")
    return lines


def write(file: Path, language: str, team: str | None = None) -> None:
    """Write it; an existing file is never overwritten.

    Parameters
    ----------
    file : Path
        A workbook where its name ends in ``.xlsx``, else YAML.
    language : {"en", "es"}
        Of the explanations; keys are the same in both.
    team : {"marketing", "sales", "management"}, optional
        Only the audit of that team, to be answered apart.

    Raises
    ------
    ParameterError
        There is such a file, none can be written there, or its name ends in something else.
    """
    key = f"template={str(file)!r}"
    if file.suffix.lower() not in ENDINGS:
        raise ParameterError(f"{key}: a name that ends in .yaml or .xlsx is needed.")
    if team is not None and team not in audit.TEAMS:
        raise ParameterError(f"team={team!r}: known are {', '.join(audit.TEAMS)}.{nearest(team, audit.TEAMS)}")
    try:
        if file.suffix.lower() == ".xlsx":
            _workbook(file, language, team)
        else:
            with file.open("x", encoding="utf-8") as opened:
                opened.write(template(language, team))
    except FileExistsError:
        raise ParameterError(f"{key}: there is a file of that name already.") from None
    except OSError as error:
        raise ParameterError(f"{key}: cannot be written ({error.strerror}).") from None


def _workbook(file: Path, language: str, team: str | None) -> None:
    try:
        from experiments.inaction import form
    except ImportError:
        raise ParameterError("template: writing Excel needs openpyxl: pip install 'gtm-sim[report]'.") from None
    form.write(file, language, team=team)
