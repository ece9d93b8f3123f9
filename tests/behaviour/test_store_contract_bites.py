"""The contract of stores is worth what it notices: a claim fails once what holds it is taken out of an adapter."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import test_store_contract as contract  # found by the line above

from port_shop import package_of, shops, write_shop

pytestmark = pytest.mark.slow

POSTGRES = "store/postgres"
DYNAMO = "store/dynamodb"


@dataclass(frozen=True)
class Cut:
    """Lines of an adapter and what they become when its mechanism is taken out."""

    platform: str
    path: str
    old: str
    new: str


WINS = partial(contract.test_one_of_many_writers_wins, first="version")
ALL_OR_NONE = partial(contract.test_all_changes_are_made_or_none, wrong="version")
CUTS = {
    "postgres: versions are not looked at": (
        Cut(
            "gcp",
            f"{POSTGRES}/changes.py",
            'WHERE kind = %s AND key = %s AND version = %s"',
            'WHERE kind = %s AND key = %s AND %s > 0"',
        ),
        WINS,
    ),
    "postgres: a write is no transaction": (
        Cut(
            "gcp",
            f"{POSTGRES}/store.py",
            "with connection.pipeline() as pipeline, connection.transaction():",
            "with connection.pipeline() as pipeline:",
        ),
        lambda shop, stores: ALL_OR_NONE(shop, stores()),
    ),
    "postgres: what is absent is not held": (
        Cut(
            "gcp",
            f"{POSTGRES}/changes.py",
            "held = connection.execute(_HOLD_NEW, name)",
            "return connection.execute('SELECT 1')",
        ),
        contract.test_what_must_be_absent_stays_so_until_the_write_is_made,
    ),
    "postgres: lost connections are not replaced": (
        Cut("gcp", f"{POSTGRES}/store.py", "if not connection.closed:\n                            raise", "raise"),
        lambda shop, stores: contract.test_a_restart_is_ridden_out(shop, stores()),
    ),
    "postgres: everybody makes the table": (
        Cut(
            "gcp",
            f"{POSTGRES}/tables.py",
            'connection.execute("SELECT pg_advisory_xact_lock(%s)", (_FIRST_COME,))',
            "pass",
        ),
        lambda shop, stores: opened_at_once(shop),
    ),
    "dynamodb: what was found is not held": (
        Cut("aws", f"{DYNAMO}/actions.py", "if not version:\n        return _ABSENT", "return {}"),
        contract.test_no_increment_is_lost_between_writers,
    ),
    "dynamodb: old places stay": (
        Cut("aws", f"{DYNAMO}/actions.py", "if old and old != new:", "if not old and old != new:"),
        lambda shop, stores: contract.test_an_item_that_moves_is_found_in_its_new_place_alone(shop, stores()),
    ),
    "dynamodb: one page is all": (
        Cut("aws", f"{DYNAMO}/store.py", 'if "LastEvaluatedKey" not in page:', "if page:"),
        lambda shop, stores: contract.test_a_long_partition_comes_page_by_page(shop, stores()),
    ),
    "dynamodb: who was slower gives up": (
        Cut("aws", f"{DYNAMO}/store.py", "if not _MEANWHILE & {reason for _, reason in why}:", "if why:"),
        contract.test_writers_who_meet_crosswise_both_get_through,
    ),
    "sqlite: a write is no transaction": (
        Cut("local", "store/sqlite.py", 'self._connection.execute("ROLLBACK")', 'self._connection.execute("COMMIT")'),
        lambda shop, stores: ALL_OR_NONE(shop, stores()),
    ),
}


def opened_at_once(shop):
    """Several processes that begin at the same moment all find the storage ready."""
    outcomes = contract.at_once(*[shop.open] * 6)
    stores = [one for one in outcomes if not isinstance(one, Exception)]
    for store in stores:
        store.close()
    assert len(stores) == len(outcomes)


@pytest.mark.parametrize("name", CUTS)
def test_the_contract_notices(name, tmp_path):
    """With the mechanism in its place the claim holds, and without it it does not."""
    cut, claim = CUTS[name]
    for broken in (False, True):
        with ExitStack() as stack:
            source = write_shop(cut.platform, tmp_path / str(broken), f"bite-{list(CUTS).index(name)}-{broken}".lower())
            stack.callback(lambda source=source: str(source) in sys.path and sys.path.remove(str(source)))
            if broken:
                path = source / package_of(source) / cut.path
                text = path.read_text()
                assert cut.old in text
                path.write_text(text.replace(cut.old, cut.new))
            folder = tmp_path / f"data-{broken}"
            folder.mkdir()
            shop = shops(cut.platform, source, stack)(folder)

            def store(shop=shop, stack=stack):
                one = shop.open()
                stack.callback(one.close)
                return one

            if not broken:
                claim(shop, store)
                continue
            with pytest.raises(BaseException):  # noqa: B017, PT011  # whatever it is that goes wrong
                claim(shop, store)
