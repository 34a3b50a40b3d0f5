"""From the command line to settings: keys, their checks, and the parameters of every arm.

:mod:`~experiments.config.overrides` looks at overrides before Hydra does, Hydra composes them,
:mod:`~experiments.config.checked` turns what it composed into checked settings. The rest of
the code knows neither Hydra nor OmegaConf.
"""

from experiments.config.checked import settings, whole
from experiments.config.command import Command, Settings
from experiments.config.overrides import paths_of_groups, translate

__all__ = ["Command", "Settings", "paths_of_groups", "settings", "translate", "whole"]
