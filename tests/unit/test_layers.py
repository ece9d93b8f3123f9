from __future__ import annotations

from pathlib import Path

import pytest

from archwright import schema
from archwright.catalog import Catalog, Entry, read_catalog
from archwright.errors import CollisionError, ResolutionError
from archwright.layers import collect, lock
from archwright.yamlfile import Document
from made_up import write_catalog


def pin(*requires):
    return schema.Pin.model_validate({"version": "1", "hashes": ["sha256:0"], "requires": list(requires)})


def catalog(folder, **layers):
    """The small made-up catalog without the built-in layers; `a__b` in a name stands for `a/b`."""
    found = read_catalog([write_catalog(folder)])
    assert not found.findings
    made = Catalog(blueprints=found.blueprints, platforms=found.platforms, facts=found.facts)
    for name, fields in layers.items():
        layer_id = name.replace("__", "/").replace("_", "-")
        spec = schema.LayerSpec.model_validate({"schema": 1, "title": layer_id, **fields})
        made.layers[layer_id] = Entry(spec, Document(f"{layer_id}/layer.yaml", {}, {}), Path(layer_id))
    return made


def layers_of(made):
    return [layer.id for layer in collect(made, "pigeon-post", "mountain", ["work-queue"]).layers]


def test_layers_come_weakest_first(tmp_path):
    """Base, features, the platform, its bindings, the blueprint; whatever requires what, and after what it requires."""
    made = catalog(
        tmp_path,
        base={"requires": ["features/wings"]},
        features__wings={"requires": ["features/feathers"]},
        features__feathers={},
        platforms__mountain__layer={},
        platforms__mountain__bindings__work_queue={"requires": ["features/claws", "bindings/nest"]},
        platforms__mountain__bindings__nest={},
        features__claws={},
        blueprints__pigeon_post={},
    )

    assert layers_of(made) == [
        "base",
        "features/feathers",
        "features/wings",
        "features/claws",
        "platforms/mountain/layer",
        "platforms/mountain/bindings/nest",
        "platforms/mountain/bindings/work-queue",
        "blueprints/pigeon-post",
    ]


def test_only_what_is_asked_for_is_laid_down(tmp_path):
    """The layers of other platforms, capabilities, blueprints and features stay out."""
    made = catalog(
        tmp_path,
        base={},
        features__wings={},
        platforms__valley__layer={},
        platforms__mountain__bindings__topic={},
        blueprints__work_queue={},
    )

    assert layers_of(made) == ["base"]


def test_a_binding_that_the_platform_lacks_is_told(tmp_path):
    """Requiring `bindings/x` on a platform without it names both, and the file that asks."""
    made = catalog(tmp_path, base={"requires": ["bindings/nest"]})

    with pytest.raises(ResolutionError, match=r"`base` requires `bindings/nest`, which `mountain` does not") as caught:
        layers_of(made)

    assert str(caught.value.location).startswith("base/layer.yaml")


@pytest.mark.parametrize(
    ("field", "row"),
    [
        ("settings", {"name": "REST", "type": "duration", "default": "1s", "help": "x"}),
        ("tasks", {"name": "fly", "help": "x", "run": "fly.py"}),
        ("commands", {"name": "fly", "help": "x", "module": "fly"}),
    ],
)
def test_two_layers_with_one_setting_task_or_command_collide(tmp_path, field, row):
    """Neither wins in silence; both layers are named."""
    made = catalog(tmp_path, base={field: [row]}, blueprints__pigeon_post={field: [row]})

    with pytest.raises(CollisionError, match="the layer `base` and the layer `blueprints/pigeon-post`"):
        layers_of(made)


def test_compose_is_merged_key_by_key(tmp_path):
    """A stronger layer adds to a service of a weaker one, and takes nothing away."""
    made = catalog(
        tmp_path,
        base={"compose": {"services": {"worker": {"build": "."}}}},
        blueprints__pigeon_post={"compose": {"services": {"worker": {"user": "1"}, "loft": {"image": "x"}}}},
    )

    merged = collect(made, "pigeon-post", "mountain", []).compose

    assert merged == {"services": {"worker": {"build": ".", "user": "1"}, "loft": {"image": "x"}}}
    assert made.layers["base"].spec.compose == {"services": {"worker": {"build": "."}}}, "the catalog was changed"


def test_compose_that_disagrees_collides(tmp_path):
    """One key with two values is refused, and named in full."""
    made = catalog(
        tmp_path,
        base={"compose": {"services": {"worker": {"build": "."}}}},
        blueprints__pigeon_post={"compose": {"services": {"worker": {"build": "there"}}}},
    )

    with pytest.raises(CollisionError, match=r"services\.worker\.build"):
        layers_of(made)


def test_a_package_of_both_kinds_is_a_runtime_one(tmp_path):
    """What the program needs is not listed again among what only its tests need."""
    made = catalog(
        tmp_path, base={"dependencies": ["b", "a"], "dev_dependencies": ["c", "a"]}, blueprints__pigeon_post={}
    )
    made.pins.update({"a": pin(), "b": pin("a"), "c": pin("d"), "d": pin(), "e": pin()})

    given = collect(made, "pigeon-post", "mountain", [])

    assert ["a", "b"] == [one.name for one in given.dependencies]
    assert ["c"] == [one.name for one in given.dev_dependencies]
    assert ["a", "b", "c", "d"] == [one.name for one in given.lock]


def test_a_lock_is_the_closure_of_its_names():
    """Everything that is needed, at any depth, once, with who needs it; even where packages need each other."""
    found = lock(["a"], {"a": pin("b"), "b": pin("c", "a"), "c": pin("b"), "d": pin()})

    assert [("a", ("b",)), ("b", ("a", "c")), ("c", ("b",))] == [(one.name, one.needed_by) for one in found]
