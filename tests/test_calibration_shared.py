"""One human nature in several profiles: what is shared, and what draws say where no emulator is at hand."""

from __future__ import annotations

import numpy as np
import pytest

import sim
from experiments.calibration import inference, sampler, targets
from experiments.calibration.space import shared_names, space


def test_joint_calibration_shares_human_nature_only() -> None:
    likelihoods = [
        inference.Likelihood(space(sim.load(profile)), targets.targets(profile), ())
        for profile in ("mid_market", "smb")
    ]
    joint = inference.Joint.of(likelihoods)
    first, second = (places for _, places in joint.parts)
    both = set(first.tolist()) & set(second.tolist())
    assert {likelihoods[0].space.names[i] for i in both} == shared_names()
    assert joint.dimensions == 2 * len(first) - len(both)


def test_values_have_the_scores_they_came_from() -> None:
    where = space(sim.load("smb"))
    z = np.clip(np.random.default_rng(3).standard_normal((50, len(where.names))), -2, 2)
    found = where.values(z)
    for name in ("behaviour.share_exponent", "behaviour.effort_elasticity", "behaviour.peer_pressure"):
        assert where.scores(name, found[name]) == pytest.approx(z[:, where.names.index(name)], abs=1e-6)


def test_draws_of_another_profile_say_of_human_nature_what_they_hold() -> None:
    """A number that the draws narrow and move is narrowed and moved; one they leave alone, and a form, keep theirs."""
    where = space(sim.load("mid_market"))
    random = np.random.default_rng(14)
    z = random.standard_normal((1_000, len(where.names)))
    told, form = where.names.index("behaviour.share_exponent"), where.names.index("behaviour.call_form")
    z[:, told] = 1.0 + 0.5 * z[:, told]
    z[:, form] = np.where(random.random(1_000) < 0.9, 1.0, -1.0) * np.abs(z[:, form])
    own = space(sim.load("smb"))
    nature = inference.Nature.of(own, where.values(z))
    assert set(nature.space.names) == shared_names()
    joint = inference.Joint.of([inference.Likelihood(own, targets.targets("smb"), ()), nature])
    assert joint.dimensions == len(own.names)
    kept = sampler.sample(
        random.standard_normal((200, len(nature.space.names))), lambda z, _: nature(z), 200, 10, random
    )
    flat = kept.reshape(-1, kept.shape[2])
    place = {name: i for i, name in enumerate(nature.space.names)}
    assert flat[:, place["behaviour.share_exponent"]].mean() == pytest.approx(1.0, abs=0.12)
    assert flat[:, place["behaviour.share_exponent"]].std() == pytest.approx(0.5, abs=0.12)
    assert flat[:, place["behaviour.effort_elasticity"]].std() == pytest.approx(1.0, abs=0.12)
    assert np.mean(flat[:, place["behaviour.call_form"]] > 0) == pytest.approx(0.9, abs=0.04)
