"""Mesa's own tools on the organisation, and the examples of the repository."""

from __future__ import annotations

import gc
import importlib.util
import subprocess
import sys
import weakref
from pathlib import Path
from types import ModuleType
from typing import Any

import mesa
import numpy as np
import pandas as pd
import pytest

import sim
from sim import state as S
from sim.agents.base import Counters, RecordAgent
from sim.compiled import INTERPRETED, compiled
from sim.engine import simulate
from sim.parameters import ParameterError
from tests.worlds import assert_engines_agree, busy, tiny

pytestmark = pytest.mark.skipif(INTERPRETED, reason="too slow without the compiler")
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
KINDS = (sim.Marketer, sim.Seller, sim.SuccessManager, sim.Lead, sim.Customer)


@pytest.fixture(scope="module")
def model() -> sim.GTMModel:
    """An organisation after a month; tests look at it and leave it alone."""
    found = sim.GTMModel(busy(), seed=5)
    found.run(30)
    return found


# ---------------------------------------------------------------- agents


def test_it_is_a_mesa_model_of_mesa_agents(model: sim.GTMModel) -> None:
    assert isinstance(model, mesa.Model)
    org = model.world.org[0]
    sizes = {kind: len(model.agents_by_type[kind]) for kind in KINDS}
    assert sizes == {
        sim.Marketer: 2,
        sim.Seller: 3,
        sim.SuccessManager: 2,
        sim.Lead: int(org["leads"]),
        sim.Customer: int(org["customers"]),
    }
    assert len(model.agents) == sum(sizes.values())
    assert all(isinstance(agent, mesa.Agent) for agent in model.agents)
    ids = [agent.unique_id for agent in model.agents]
    assert len(set(ids)) == len(ids)
    assert model.steps == model.day == 30


def test_agents_show_the_fields_of_their_records(model: sim.GTMModel) -> None:
    hidden = {"tasks"}  # a method of the seller: the list itself
    for kind in KINDS:
        for agent in list(model.agents_by_type[kind])[:5]:
            for field in set(kind.dtype.names) - hidden:
                value = getattr(agent, field)
                assert value == agent.record[field]
                assert type(value) in {int, float}, "Python's own numbers"
            with pytest.raises(AttributeError, match="has no attribute 'charm'"):
                agent.charm  # noqa: B018


def test_no_field_hides_an_attribute_of_mesa() -> None:
    for kind in KINDS:
        assert not set(dir(mesa.Agent)) & set(kind.dtype.names)
    with pytest.raises(TypeError, match="hide attributes"):
        type("Wrong", (RecordAgent,), {"array": "leads", "dtype": np.dtype([("model", "f8")])})


def test_selecting_and_aggregating(model: sim.GTMModel) -> None:
    sellers = model.agents_by_type[sim.Seller]
    assert sellers.agg("skill", np.mean) == pytest.approx(np.mean(model.world.sellers["skill"]))
    assert sellers.get("worker") == [2, 3, 4]
    assert [s.index for s in sellers.select(lambda s: s.develops)] == [0]
    deals = model.agents_by_type[sim.Lead].select(lambda lead: lead.stage in (S.ACCEPTED, S.OPPORTUNITY))
    assert sum(len(seller.deals) for seller in sellers) == len(deals) > 0
    assert all(lead.owner_sales in set(sellers) for lead in deals)
    waiting = sum(len(m.waiting) + len(m.nurtured) for m in model.marketers)
    assert waiting == np.count_nonzero(model.world.leads["stage"][: int(model.world.org["leads"][0])] == S.PROSPECT)
    cared = [c for manager in model.managers for c in manager.customers]
    assert {c.manager for c in cared} == {0, 1}
    assert sum(c.active for c in model.agents_by_type[sim.Customer]) == int(model.world.org["living"][0])
    assert sum(c.arr for c in model.agents_by_type[sim.Customer]) == pytest.approx(model.arr)


def test_inbox_and_owners() -> None:
    model = sim.GTMModel(busy(), seed=5)
    seen = 0
    for _ in range(15):
        model.step()
        for seller in model.sellers:
            for lead in seller.inbox:
                seen += 1
                assert lead.stage_name == "mql"
                assert lead.owner_sales is seller
                assert lead.owner_marketing in model.marketers
                assert 0.0 < lead.intent_now <= 1.0
                assert lead is model.lead(lead.index)
    assert seen > 0


def test_setting_a_field_writes_the_record() -> None:
    params = busy()
    model = sim.GTMModel(params, seed=5)
    model.run(10)
    model.sellers[1].trust = 0.123
    assert model.world.sellers[1]["trust"] == 0.123
    model.sellers[1].nickname = "Ann"  # what is no field is an ordinary attribute
    assert model.sellers[1].nickname == "Ann"
    model.agents_by_type[sim.Seller].set("quota", 1.0)
    assert np.all(model.world.sellers["quota"] == 1.0)
    model.run_compiled(1)
    assert model.day == 11
    other = sim.GTMModel(params, seed=5)
    other.run()
    model.run()
    assert model.result().digest != other.result().digest, "both engines go on from what was set"


def test_actions() -> None:
    """A seller's day by hand."""
    done = []

    class ByHand(sim.Seller):
        def step(self) -> None:
            self.morning()
            assert 0.0 <= self.hours_left <= 8.0
            for task in self.tasks():
                act = {"contact": self.contact, "discover": self.discover, "advance": self.advance_deal}.get(task.kind)
                act = self.close if task.kind == "close" else act
                if act and self.left > 0:
                    act(task.lead)
                    done.append(task.kind)
                    with pytest.raises(ValueError, match="no task"):
                        act(task.lead)
            self.evening()

    model = sim.GTMModel(busy(), seed=5, seller_class=ByHand)
    model.run()
    assert {"contact", "discover", "advance", "close"} <= set(done)
    assert model.result().measures["wins"] > 0


def test_horizon_and_running() -> None:
    model = sim.GTMModel(tiny(horizon__months=0, horizon__days=3, horizon__burn_in_months=0), seed=1)
    while model.running:
        model.step()
    assert model.day == 3
    model.step()
    assert model.day == 3
    assert not model.running


def test_overrides_go_with_a_name() -> None:
    model = sim.GTMModel("smb", 1, "hybrid", **{"people.sellers": 2, "horizon.months": 1})
    assert model.params.people.sellers == 2
    assert model.params.incentives.name == "hybrid"
    with pytest.raises(ParameterError, match="arm: arms and overrides go with"):
        sim.GTMModel(sim.load("smb"), arm="shared_okr")
    with pytest.raises(ParameterError, match="overrides go with"):
        sim.GTMModel(tiny(), 1, **{"people.sellers": 2})
    with pytest.raises(ParameterError, match=r"Did you mean 'people\.sellers'"):
        sim.GTMModel("smb", 1, **{"people.seller": 2})


# ---------------------------------------------------------------- collecting, batches


def test_datacollector_collects_every_month() -> None:
    model = sim.GTMModel(busy(), seed=5)
    model.run()
    table = model.datacollector.get_model_vars_dataframe()
    assert table["day"].tolist() == [21, 42, 63]
    np.testing.assert_allclose(table["arr"], model.world.months["arr"])
    assert table["mqls"].is_monotonic_increasing


def test_collecting_more_often() -> None:
    model = sim.GTMModel(busy(), seed=5, collect_every=1)
    model.run(10)
    assert model.datacollector.get_model_vars_dataframe()["day"].tolist() == list(range(1, 11))


# ---------------------------------------------------------------- memory


def test_a_finished_model_can_be_forgotten() -> None:
    """Mesa 3.3 numbers agents by a mapping that would keep every model alive."""
    model = sim.GTMModel(busy(), seed=5)
    model.run(25)
    assert len(model.agents) > 50
    kept = weakref.ref(model), weakref.ref(model.world), weakref.ref(model.sellers[0])
    del model
    gc.collect()
    assert [ref() for ref in kept] == [None, None, None]


def test_a_hundred_models_leave_nothing() -> None:
    alive = [weakref.ref(sim.GTMModel(tiny(), seed=seed)) for seed in range(100)]
    gc.collect()
    assert not any(ref() for ref in alive)
    assert not [model for model in RecordAgent._ids if isinstance(model, sim.GTMModel) and model.seed == 99]


def test_agents_are_numbered_from_one_in_each_model() -> None:
    for _ in range(2):
        assert [m.unique_id for m in sim.GTMModel(tiny(), seed=1).marketers] == [1, 2]


def test_counters() -> None:
    class Owner:
        pass

    counters, owner, other = Counters(), Owner(), Owner()
    assert [next(counters[owner]), next(counters[owner]), next(counters[other])] == [1, 2, 1]
    del owner
    gc.collect()
    assert len(counters) == 1


# ---------------------------------------------------------------- examples


def example(name: str) -> ModuleType:
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_example_is_tested() -> None:
    tested = {"mesa_agentset", "mesa_datacollector", "mesa_batch_run", "mesa_solara", "seller_policy", "task_rule"}
    assert {path.stem for path in EXAMPLES.glob("*.py")} == tested


def test_example_agentset(capsys: pytest.CaptureFixture[str]) -> None:
    model = example("mesa_agentset").main()
    assert model.day == 47
    assert "prospect" in capsys.readouterr().out


def test_example_datacollector() -> None:
    by_month, by_seller = example("mesa_datacollector").main()
    assert len(by_month) == 6
    assert (by_month["open_deals"] >= 0).all()
    assert set(by_seller.columns) == {"trust", "quota", "won"}
    assert len(by_seller) == 6 * 9


def test_example_batch_run() -> None:
    table = example("mesa_batch_run").main()
    assert len(table) == 6
    assert (table["day"] == 63).all(), "one row a run, at its last step"
    for row in table.itertuples():
        overrides = {"alignment.visibility": row[table.columns.get_loc("alignment.visibility") + 1],
                     "horizon.burn_in_months": 0, "horizon.months": 3}  # fmt: skip
        run = simulate(sim.load("smb", overrides=overrides), int(row.seed))
        assert row.arr == run.measures["closing_arr"], "the same bits as the compiled engine"


def test_example_solara() -> None:
    """Rendered without a browser (tests/test_mesa_page.py has one): the page and the component of its own."""
    solara = pytest.importorskip("solara")
    pytest.importorskip("altair")
    module = example("mesa_solara")
    for choice in module.CHOICES.values():
        assert choice["value"] in choice.get("values", range(choice.get("min", 0), choice.get("max", 0) + 1))
    chosen = {name: choice["value"] for name, choice in module.CHOICES.items()}
    office = module.Office(**{**chosen, "arm": "hybrid", "people.sellers": 2})
    assert office.params.incentives.name == "hybrid"
    assert sum(not seller.develops for seller in office.sellers) == 2
    office.run(25)
    assert office.datacollector.get_model_vars_dataframe().index.tolist() == list(range(26)), "row = day"
    box, context = solara.render(module.Today(office), handle_error=False)
    assert any("Day 25 of 250" in str(getattr(widget, "children", "")) for widget in _all_widgets(box))
    context.close()
    _, context = solara.render(module.Page(), handle_error=False)
    context.close()


def _all_widgets(widget: object) -> list[object]:
    found = [widget]
    for child in getattr(widget, "children", []) or []:
        found += _all_widgets(child)
    return found


def test_example_seller_policy() -> None:
    module = example("seller_policy")
    found = module.main()
    default = simulate(module.organisation(), 7).measures
    pd.testing.assert_series_equal(pd.Series(found["default"]), pd.Series(default), check_exact=True)
    assert found["prompt"]["first_response_hours"] < default["first_response_hours"]
    assert found["prompt"]["never_followed_up_share"] < default["never_followed_up_share"]


@pytest.mark.slow
def test_example_task_rule() -> None:
    """A compiled rule gives the same bits on both engines, day by day; compiling takes most of the time."""
    module = example("task_rule")
    found = module.main()
    assert found["close first"].digest == found["close first, Mesa"].digest != found["default"].digest
    assert_engines_agree(busy("shared_okr"), 4, choose=module.close_first)
    model = sim.GTMModel(busy(), 4, choose=module.close_first)
    model.run(10)
    model.run_compiled(20)
    model.run()
    assert model.result().digest == simulate(busy(), 4, choose=module.close_first).digest


@pytest.mark.slow
def test_a_rule_that_chooses_what_is_not_on_the_list_stops_the_run() -> None:
    """On the Mesa engine, which compiles the day of a seller alone; the loop over days takes the same one."""

    @compiled
    def beyond_the_list(w: Any, j: int) -> int:
        return int(w.sellers[j].tasks)

    with pytest.raises(IndexError, match="not among what is left of today's list"):
        simulate(tiny("shared_okr"), 4, choose=beyond_the_list, engine="mesa")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mesa_agentset", "mesa_datacollector", "mesa_batch_run", "seller_policy"])
def test_examples_run_as_scripts(name: str) -> None:
    done = subprocess.run([sys.executable, str(EXAMPLES / f"{name}.py")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout
