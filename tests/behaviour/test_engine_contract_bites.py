"""The contract of engines is worth what it notices: a claim fails once what holds it is taken out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import test_engine_contract as contract  # found by the line above

from port_desk import load
from port_engine import Nest, write_nest

pytestmark = pytest.mark.slow

RUN, ENGINE, DATA = "run.py", "engine.py", "data.py"
CUTS = {
    "all items at once": (
        RUN,
        'len(waits["items"]) < step["concurrency"]',
        "True",
        contract.test_a_map_works_on_so_many_at_a_time_and_joins_in_order,
    ),
    "results in the order of reports": (
        RUN,
        'parent["at"]["results"][frame["index"]] = output',
        'parent["at"]["results"].insert(0, output)',
        contract.test_a_map_works_on_so_many_at_a_time_and_joins_in_order,
    ),
    "retries of any error": (
        RUN,
        'if _fits(retry["errors"], error):',
        "if True:",
        contract.test_a_failure_that_is_not_tried_again_is_caught_at_once,
    ),
    "one retry alone": (
        RUN,
        'if used < retry["attempts"]:',
        "if used < 1:",
        contract.test_a_failure_is_tried_again_by_its_name,
    ),
    "errors that nothing catches": (
        RUN,
        'if _fits(catch["errors"], error):',
        "if False:",
        contract.test_one_item_that_fails_ends_its_map,
    ),
    "silence that nobody minds": (
        RUN,
        '("until", "ends_at", "silent_at"))',
        '("until", "ends_at"))',
        contract.test_a_wait_passes_and_a_silent_worker_is_replaced,
    ),
    "heartbeats that nobody hears": (
        RUN,
        'frame["at"]["silent_at"] = _stamp(self._now + timedelta(seconds=silence))',
        "pass",
        contract.test_heartbeats_keep_a_step_alive_until_its_timeout,
    ),
    "executions for ever": (
        RUN,
        'if self.running and self._over(self.state["ends_at"]):',
        "if False:",
        contract.test_an_execution_ends_when_its_time_is_over,
    ),
    "nothing that is not there": (
        DATA,
        'raise Fatal(RUNTIME, f"there is no `{path}` in the data")',
        "return None",
        contract.test_data_that_are_not_there_end_the_execution,
    ),
    "writes that nothing holds": (
        ENGINE,
        "order=key, expect=expect)",
        "order=key)",
        contract.test_beginning_twice_is_beginning_once,
    ),
    "any data under one id": (
        ENGINE,
        'item.data["input"] != dict(data)',
        "False",
        contract.test_beginning_twice_is_beginning_once,
    ),
    "steps out of nowhere": (
        ENGINE,
        "run.state[TRACE] = present_trace()",
        "pass",
        contract.test_every_step_goes_on_in_the_trace_of_its_beginning,
    ),
    "results of any size": (
        ENGINE,
        "        as_json(result)\n",
        "",
        contract.test_data_that_are_too_large_are_refused,
    ),
}


@pytest.mark.parametrize("name", CUTS)
def test_the_contract_notices(name, tmp_path):
    """What holds with the mechanism in its place, and is held by the contract, does not hold without it."""
    module, old, new, claim = CUTS[name]
    starter = f"cut-nest-{list(CUTS).index(name)}"
    source = write_nest("local", tmp_path, starter)
    package = starter.replace("-", "_")
    path = source / package / "workflow/machine" / module
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    nest = opened(source, package, tmp_path)
    try:
        with pytest.raises(BaseException):  # noqa: B017, PT011  # whatever it is that goes wrong
            claim(nest)
    finally:
        nest.engine.close()
        nest.broker.close()
        sys.path.remove(str(source))


def opened(source, package, folder):
    """Return the nest of a starter whose package has this name."""
    port, settings, adapter, messaging, topology = load(
        source, package, "workflow.port", "settings", "workflow.adapter", "messaging.adapter", "topology"
    )
    read = settings.Settings.from_environment(
        {"STORE_PATH": str(folder / "store.db"), "BROKER_PATH": str(folder / "broker.db")}
    )
    engine = adapter.open_engine(read)
    broker = messaging.open_broker(read, topology.CHANNELS)
    return Nest(port=port, engine=engine, broker=broker, tick=engine.wake_due)
