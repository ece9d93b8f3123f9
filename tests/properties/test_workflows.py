"""Whatever workflow somebody writes: it compiles to what engines take, and the state machine brings it to an end."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archwright import yamlfile
from archwright.flowchecks import workflow_problems
from archwright.model import ContainerKind
from archwright.orchestration import read_workflows
from archwright.schema import Blueprint
from archwright.shapes import check_shape
from archwright.workflows import export
from asl_schema import ASL
from made_up_workflow import WITH_WORKFLOW
from port_desk import load
from port_engine import write_nest
from unit.architectures import channel, container, service

ENGINE = container("owl", "Owl", ContainerKind.ENGINE, service=service("Owl"))
QUEUE = channel("errands", "Errands", service("Queue"))
FIELDS = ["sack", "sender"]
ERRORS = ["Fog", "Hawk", "Storm"]
quantities = st.sampled_from(["1s", "90s", "5m", "500ms"])
names = st.lists(st.sampled_from([*ERRORS, "timeout", "heartbeat"]), min_size=1, max_size=2, unique=True)
retries = st.fixed_dictionaries(
    {"errors": names, "attempts": st.integers(1, 3)},
    optional={
        "first": quantities,
        "longest": quantities,
        "backoff": st.sampled_from(["exponential", "constant"]),
        "jitter": st.booleans(),
    },
)
comparisons = st.sampled_from([{"equals": "x"}, {"equals": 3}, {"equals": True}, {"above": 1.5}, {"below": 2}])


@st.composite
def steps(draw, prefix="s", fields=tuple(FIELDS), *, maps=True):
    """Steps that lead forward: each to the next one, and some to a later one."""
    count = draw(st.integers(1, 4))
    found = {}
    for number in range(count):
        last = number == count - 1
        later = [f"{prefix}{one}" for one in range(number + 1, count)]
        kinds = ["task", "wait", *(["map"] if maps else [])] + (["succeed", "fail"] if last else ["choice"])
        kind = draw(st.sampled_from(kinds))
        step = {"kind": kind, **({} if last or kind == "choice" else {"next": later[0]})}
        read = st.sampled_from(fields)
        if kind in {"task", "map"}:
            step |= draw(st.fixed_dictionaries({}, optional={"retry": st.lists(retries, min_size=1, max_size=2)}))
            if later:
                caught = st.fixed_dictionaries(
                    {"errors": names, "next": st.sampled_from(later)}, optional={"result": st.just("failure")}
                )
                step |= draw(st.fixed_dictionaries({}, optional={"catch": st.lists(caught, min_size=1, max_size=2)}))
        if kind == "task":
            step |= {"handler": "do_it", "timeout": "10m", "input": draw(st.dictionaries(st.just("given"), read))}
            step |= draw(
                st.fixed_dictionaries(
                    {}, optional={"callback": st.just({"heartbeat": "1m"}), "result": st.just("found")}
                )
            )
        elif kind == "map":
            inner = draw(steps(f"{prefix}{number}m", ("letter",), maps=False))
            step |= {"over": "sack", "item": "letter", "most": 9, "concurrency": draw(st.integers(1, 3))}
            step |= {"start": next(iter(inner)), "steps": inner, "result": "found"}
        elif kind == "wait":
            step["duration"] = draw(quantities)
        elif kind == "choice":
            case = st.builds(
                lambda path, comparison, next_: {"when": path, **comparison, "next": next_},
                read,
                comparisons,
                st.sampled_from(later),
            )
            step |= {"choices": draw(st.lists(case, min_size=1, max_size=2)), "otherwise": later[0]}
        elif kind == "fail":
            step |= {"error": "Storm", "cause": 'It rains ${queue_url} %{ "cats".'}
        found[f"{prefix}{number}"] = step
    return found


workflows = st.builds(
    lambda found: {
        "name": "W",
        "engine": "owl",
        "queue": "errands",
        "input": FIELDS,
        "timeout": "1h",
        "start": next(iter(found)),
        "steps": found,
    },
    steps(),
)
BASE = yamlfile.parse(WITH_WORKFLOW, "made-up").value


def read(workflow):
    """Return the workflow of the model, and what is wrong with it."""
    document = yamlfile.Document("made-up", {**copy.deepcopy(BASE), "workflows": {"w": workflow}}, {})
    spec, findings = check_shape(Blueprint, document)
    assert not findings, findings
    return read_workflows(spec, [ENGINE], [QUEUE])[0], list(workflow_problems(spec, document))


@given(workflows)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_workflow_that_can_be_run_is_one_that_step_functions_takes(workflow):
    """Steps of every kind, in any order that leads to an end, compile to states that the language knows."""
    found, problems = read(workflow)

    definition = json.loads(export(found, "asl"))

    assert problems == []
    jsonschema.Draft202012Validator(ASL).validate(definition)
    assert _targets(definition) <= set(definition["States"])


def _targets(machine):
    """Every state that a machine names, checking those of its maps on the way."""
    named = {machine["StartAt"]}
    for state in machine["States"].values():
        named |= {state[key] for key in ("Next", "Default") if key in state}
        named |= {one["Next"] for one in [*state.get("Choices", ()), *state.get("Catch", ())]}
        if "ItemProcessor" in state:
            assert _targets(state["ItemProcessor"]) <= set(state["ItemProcessor"]["States"])
    return named


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """The modules of a starter's state machine."""
    source = write_nest("local", tmp_path_factory.mktemp("nest"))
    return load(source, "nest_local", "workflow.machine.run", "workflow.machine.definition", "workflow.port")


@given(workflows, st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_state_machine_brings_any_workflow_to_an_end(machine, workflow, data):
    """Whatever workers report, and whenever time passes, an execution stays plain data and comes to an end."""
    run, definition, port = machine
    found, _ = read(workflow)
    told = definition.Definition(json.loads(export(found, "machine")))
    now = datetime(2026, 11, 28, tzinfo=UTC)
    given_ = {"sack": data.draw(st.lists(st.integers(), max_size=4)), "sender": data.draw(st.sampled_from(["x", 3]))}
    one = run.Run.begin(told, "e-1", given_, now)
    for _ in range(400):
        if not one.running:
            break
        one = run.Run(told, json.loads(json.dumps(one.state)), now)
        steps = one.claim()
        assert len({step["serial"] for step in steps}) == len(steps)
        one.sent({step["serial"] for step in steps}, {})
        for step in steps:
            what = data.draw(st.sampled_from(["succeed", "succeed", "fail", "silent"]))
            try:
                if what == "succeed":
                    one.succeed(step["serial"], {"done": step["attempt"]})
                elif what == "fail":
                    one.fail(step["serial"], data.draw(st.sampled_from(ERRORS)), "it rains")
            except port.StepGone:
                continue  # another step has ended the execution, or its map
        if one.running:
            now = max(now, one.due()) + timedelta(milliseconds=1)
            one = run.Run(told, one.state, now)
            one.pass_time()

    assert not one.running
    assert one.state["status"] in {"succeeded", "failed", "timed-out"}
