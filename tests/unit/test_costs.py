from __future__ import annotations

import pytest

from archwright.catalog import load_catalog, read_catalog
from archwright.costs import BY_THE_CALL, UNCOUNTED, UNKNOWN, estimate
from archwright.resolve import parameter_specs, resolve
from made_up import PLATFORM, write_catalog

CATALOG = load_catalog()


def month(blueprint, platform, **answers):
    return resolve(CATALOG, blueprint, platform, "order-desk", answers).estimate


@pytest.mark.parametrize(
    ("platform", "answers", "dollars"),
    [  # 10 million messages of 4 KiB, by hand from the list prices
        ("azure", {"tier": "basic"}, 30 * 0.05),  # three operations each
        ("azure", {"tier": "standard"}, 9.81 + (30 - 13) * 0.8),  # 13 million are part of the base charge
        ("azure", {"tier": "premium"}, 677.08),
        ("aws", {}, 29 * 0.4 + 730 * (0.25 * 0.04048 + 0.5 * 0.004445)),  # three requests; a million is free; a worker
        ("gcp", {}, (2 * 10_000_000 * 4096 / 2**30 - 10) * 0.0390625),  # in and out; 10 GiB are free
    ],
)
def test_a_month_of_a_work_queue(platform, answers, dollars):
    """The estimate is what one would reckon by hand."""
    assert month("work-queue", platform, **answers).totals[-1] == pytest.approx(dollars)


def test_every_subscription_is_one_more_delivery():
    """A topic is charged for each copy that it delivers."""
    topic = resolve(CATALOG, "publish-subscribe", "gcp", "order-desk", {})
    [channel] = topic.channels

    carried = (1 + len(channel.queues)) * 10_000_000 * 4096 / 2**30
    assert topic.estimate.totals[-1] == pytest.approx((carried - 10) * 0.0390625)


def test_a_store_that_is_always_there_is_charged_once():
    """A database costs the same at every load, and its prices stand in the list with their sources."""
    found = resolve(CATALOG, "idempotent-consumer", "gcp", "order-desk", {})

    lines = {line.price.id: line.amounts for line in found.estimate.lines}
    database = [lines[f"gcp.sql.{part}"] for part in ("cpu", "memory", "storage")]
    assert [amounts[0] == amounts[-1] for amounts in database] == [True] * 3
    assert sum(amounts[0] for amounts in database) == pytest.approx(730 * 0.0413 + 3.75 * 730 * 0.007 + 10 * 0.17)
    assert {"gcp.pubsub.throughput", "gcp.sql.cpu"} <= {price.id for price in found.prices}
    assert "Cloud SQL for PostgreSQL" not in found.estimate.left_out


def test_a_base_price_is_charged_once_and_only_where_there_is_a_channel():
    """Three channels share one namespace, and a starter without any has none, so that no tier is asked for either."""
    several = month("async-llm-job", "azure")
    [base] = [line for line in several.lines if line.price.id == "azure.sb.std_base"]
    assert set(base.amounts) == {9.81}

    assert "tier" not in parameter_specs(CATALOG, "llm-gateway", "azure")
    assert not [line for line in month("llm-gateway", "azure").lines if line.price.id.startswith("azure.sb.")]


def test_what_has_no_price_is_named():
    """A service without a sourced price is not counted as nothing."""
    bill = month("claim-check", "azure")
    assert bill.left_out == ("Blob Storage container", "Container Apps, for the workers")
    assert {bill.remarks[name] for name in bill.left_out} == {UNKNOWN}
    assert month("work-queue", "local") is None


def test_a_table_is_charged_by_what_messages_do_in_it():
    """A delivery writes two items in one transaction, of two units each, and reads one; the bill says so."""
    bill = month("idempotent-consumer", "aws")

    lines = {line.price.id: line.amounts for line in bill.lines}
    assert lines["aws.dynamodb.wru"] == pytest.approx((0.1 * 4 * 0.625, 4 * 0.625, 10 * 4 * 0.625))
    assert lines["aws.dynamodb.rru"] == pytest.approx((0.1 * 0.125, 0.125, 10 * 0.125))
    assert "one transaction that writes two items" in bill.remarks["DynamoDB table"]
    assert "DynamoDB table" not in bill.left_out


def test_what_is_asked_of_a_table_is_unknown_without_messages():
    """Where no message comes, a table that is charged by the call is left out, and not counted as nothing."""
    bill = month("llm-gateway", "aws")

    assert bill.left_out == ("DynamoDB table",)
    assert bill.remarks["DynamoDB table"] == BY_THE_CALL
    assert not [line for line in bill.lines if line.price.id.startswith("aws.dynamodb.")]


def test_a_stream_is_charged_for_being_watched():
    """The relay reads a shard four times a second, whether anything was written or not."""
    bill = month("transactional-outbox", "aws")

    [stream] = [line for line in bill.lines if line.price.id == "aws.dynamodb.streams"]
    assert stream.amounts == pytest.approx((4 * 730 * 3600 / 1e6 * 0.2,) * 3)


def test_every_worker_is_charged():
    """Each kind of worker is a process of its own, for all hours of a month."""
    several = resolve(CATALOG, "publish-subscribe", "aws", "order-desk", {})
    workers = len([part for part in several.containers if part.handles])

    lines = {line.price.id: line.amounts for line in several.estimate.lines}
    assert workers > 1
    assert lines["aws.fargate.vcpu"] == pytest.approx([workers * 730 * 0.25 * 0.04048] * 3)
    assert lines["aws.fargate.memory"] == pytest.approx([workers * 730 * 0.5 * 0.004445] * 3)


def test_what_is_not_counted_says_why():
    """An engine tells its price and what is unknown of it, and what no service runs here is named too."""
    bill = month("async-llm-job", "aws")

    assert {"Step Functions", "S3 bucket", "Relay"} <= set(bill.left_out)
    assert bill.remarks["Relay"] == UNCOUNTED
    assert "how many an execution takes" in bill.remarks["Step Functions"]


def test_what_is_free_is_so_once(tmp_path):
    """Two channels share the free amount of a price."""
    text = PLATFORM.replace(
        "Pigeon loft", "Pigeon loft\n    costs: [{price: gcp.pubsub.throughput, units: {gib_sent: 1}}]", 1
    )
    catalog = read_catalog([write_catalog(tmp_path, platform=text)])
    [channel] = resolve(catalog, "pigeon-post", "mountain", "my-post", {}).channels

    twice = estimate([], [channel, channel], [])
    assert twice.totals[-1] == pytest.approx((2 * 10_000_000 * 4096 / 2**30 - 10) * 0.0390625)


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        ("{price: gcp.pubsub.thruput, units: {sent: 1}}", "unknown price of one number `gcp.pubsub.thruput`"),
        ("{price: gcp.pubsub.throughput, units: {sent: 1}, tier: gold}", "unknown tier `gold`"),
        ("{price: gcp.pubsub.throughput, units: {}}", "needs at least 1"),
        ("{price: gcp.pubsub.throughput, units: {letters: 1}}", "letters"),
    ],
)
def test_a_cost_that_names_nothing_is_found(tmp_path, cost, told):
    """Prices, tiers and units are checked when the catalog is read."""
    text = PLATFORM.replace("Pigeon loft", f"Pigeon loft\n    costs: [{cost}]", 1)

    found = read_catalog([write_catalog(tmp_path, platform=text)]).findings

    assert any(told in f"{finding.message} {finding.subject} {finding.hint}" for finding in found), found
