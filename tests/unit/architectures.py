"""Architectures made by hand, for tests of the rooms below `resolve`: small, hostile and large ones."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

from archwright.model import (
    Architecture,
    BlueprintRef,
    Channel,
    Container,
    ContainerKind,
    Level,
    Message,
    Mode,
    PlatformRef,
    Queue,
    Relationship,
    Retry,
    Route,
    Service,
    Starter,
)
from archwright.quantities import Duration

SYNC, ASYNC, FAILURE = Mode.SYNCHRONOUS, Mode.ASYNCHRONOUS, Route.FAILURE


def service(name: str, icon: str = "", capability: str = "work-queue") -> Service:
    """Return a service that keeps its promise natively and has no limits."""
    return Service(
        capability=capability,
        name=name,
        level=Level.NATIVE,
        note="",
        icon=icon,
        adapter="",
        terraform="",
        limits={},
        renewable=frozenset(),
    )


def container(container_id: str, name: str, kind: ContainerKind, **more: Any) -> Container:
    """Return a container; `more` overrides its empty fields."""
    fields: dict[str, Any] = {"description": "", "handles": (), "instances": "", "service": None} | more
    return Container(id=container_id, name=name, kind=kind, **fields)


def queue(queue_id: str, name: str, **more: Any) -> Queue:
    """Return a queue of thirty seconds' lease, five deliveries and dead letters."""
    fields: dict[str, Any] = {
        "lease": Duration(30),
        "max_deliveries": 5,
        "dead_letter": True,
        "retry": Retry(backoff="exponential", first=Duration(1), longest=Duration(300)),
        "filter": {},
    } | more
    return Queue(id=queue_id, name=name, **fields)


def channel(channel_id: str, name: str, by: Service, *subscriptions: Queue, **more: Any) -> Channel:
    """Return a work queue, or a topic if there are subscriptions."""
    fields: dict[str, Any] = {
        "description": "",
        "messages": ("Task",),
        "ordering": "none",
        "deduplication_window": None,
        "retention": None,
        "payload": None,
        "queue": None if subscriptions else queue(channel_id, name),
        "subscriptions": subscriptions,
    } | more
    return Channel(id=channel_id, name=name, service=by, **fields)


def flow(source: str, target: str, says: str, mode: Mode = ASYNC, route: Route = Route.MAIN) -> Relationship:
    """Return a relationship, asynchronous and on the main path unless told otherwise."""
    return Relationship(source=source, target=target, says=says, mode=mode, route=route)


def architecture(blueprint: str, name: str, summary: str, **parts: Any) -> Architecture:
    """Return an architecture on platform `local`; `parts` fills its empty fields."""
    fields: dict[str, Any] = {field.name: () for field in dataclass_fields(Architecture)}
    fields |= {
        "parameters": {},
        "compose": {},
        "platform": PlatformRef(id="local", name="this machine", summary="SQLite, one file"),
        "blueprint": BlueprintRef(
            id=blueprint,
            name=name,
            category="messaging",
            ring="adopt",
            summary=summary,
            last_reviewed="2026-11-22",
            question="",
            forces=(),
            use_when=(),
            avoid_when=(),
            known_as=(),
            related=(),
        ),
        "starter": Starter(
            name="order-desk",
            package="order_desk",
            title="Order desk",
            owner="@owner",
            license="Apache-2.0",
            date="2026-11-22",
        ),
    }
    return Architecture(**(fields | parts))


TASK = Message(
    name="Task",
    version=1,
    description="A document to check.",
    schema={"type": "object"},
    example={"task_id": "4b1c"},
    key="",
    attributes=(),
)
SQLITE = service("SQLite file")

WORK_QUEUE = architecture(
    "work-queue",
    "Work queue with competing consumers",
    "Hand each task to one of many workers, and survive bursts, crashes and poison messages.",
    messages=(TASK,),
    containers=(
        container("desk", "Order desk", ContainerKind.PRODUCER),
        container("worker", "Worker", ContainerKind.WORKER, handles=("tasks",), instances="1..20"),
    ),
    channels=(channel("tasks", "Tasks", SQLITE),),
    relationships=(flow("desk", "tasks", "sends Task"), flow("tasks", "worker", "leases Task")),
)

PUBLISH_SUBSCRIBE = architecture(
    "publish-subscribe",
    "Publish and subscribe",
    "Tell every interested party about an event, without the publisher knowing any of them.",
    containers=(
        container("shop", "Shop", ContainerKind.PRODUCER),
        container("billing", "Billing", ContainerKind.WORKER, handles=("orders/billing",)),
        container("shipping", "Shipping", ContainerKind.WORKER, handles=("orders/shipping",)),
        container("audit", "Audit", ContainerKind.WORKER, handles=("orders/audit",)),
    ),
    channels=(
        channel(
            "orders",
            "Orders",
            service("SQLite file", capability="topic"),
            queue("billing", "billing", filter={"kind": ("placed", "cancelled")}),
            queue("shipping", "shipping", filter={"kind": ("placed",)}),
            queue("audit", "audit"),
        ),
    ),
    relationships=(
        flow("shop", "orders", "publishes OrderChanged"),
        flow("orders/billing", "billing", "leases"),
        flow("orders/shipping", "shipping", "leases"),
        flow("orders/audit", "audit", "leases"),
    ),
)

DEAD_LETTER_REDRIVE = architecture(
    "dead-letter-redrive",
    "Dead-letter queue with redrive",
    "Set aside what cannot be processed, with its reason, and bring it back once the cause is mended.",
    containers=(
        container("gateway", "Payment gateway", ContainerKind.SERVICE),
        container("worker", "Settlement worker", ContainerKind.WORKER, handles=("payments",), instances="1..4"),
        container("bank", "Bank", ContainerKind.EXTERNAL),
        container("operator", "Operator", ContainerKind.PERSON),
    ),
    channels=(channel("payments", "Payments", SQLITE),),
    relationships=(
        flow("gateway", "payments", "sends Payment"),
        flow("payments", "worker", "leases Payment"),
        flow("worker", "bank", "books it", SYNC),
        flow("operator", "payments", "reads, redrives", route=FAILURE),
    ),
)

WORK_QUEUE_ON_AZURE = replace(
    WORK_QUEUE,
    platform=PlatformRef(id="azure", name="Microsoft Azure", summary=""),
    channels=(channel("tasks", "Tasks", service("Service Bus queue", "azure.integration.ServiceBus")),),
    containers=(
        container("desk", "Order desk", ContainerKind.PRODUCER),
        container(
            "worker",
            "Worker",
            ContainerKind.WORKER,
            service=service("Container Apps", "azure.compute.ContainerApps"),
        ),
    ),
)

NINE_NODES = architecture(
    "document-intake",
    "Document intake with review",
    "Read documents as they come, let a model summarise them, and let a person decide on the doubtful ones.",
    platform=PlatformRef(id="aws", name="Amazon Web Services", summary=""),
    containers=(
        container("clerk", "Clerk", ContainerKind.PERSON),
        container("api", "Intake API", ContainerKind.SERVICE, service=service("API Gateway", "aws.network.APIGateway")),
        container("store", "Document store", ContainerKind.STORE, service=service("S3", "aws.storage.S3")),
        container("reader", "Reader", ContainerKind.WORKER, service=service("Lambda", "aws.compute.Lambda")),
        container("model", "Language model", ContainerKind.EXTERNAL, service=service("Bedrock", "aws.ml.Bedrock")),
        container("flow", "Review flow", ContainerKind.ENGINE, service=service("Step Functions", "aws.integration.SF")),
        container("register", "Register", ContainerKind.STORE, service=service("DynamoDB", "aws.database.Dynamodb")),
    ),
    channels=(
        channel("documents", "Documents", service("SQS queue", "aws.integration.SQS")),
        channel(
            "doubts",
            "Doubtful ones",
            service("SQS queue", "aws.integration.SQS"),
            queue=queue("doubts", "Doubtful ones", dead_letter=False),
        ),
    ),
    relationships=(
        flow("clerk", "api", "uploads", SYNC),
        flow("api", "store", "keeps the file", SYNC),
        flow("api", "documents", "sends DocumentReceived"),
        flow("documents", "reader", "leases"),
        flow("reader", "model", "asks for a summary", SYNC),
        flow("reader", "register", "writes the summary", SYNC),
        flow("reader", "doubts", "sends Doubt"),
        flow("doubts", "flow", "starts a review"),
        flow("flow", "clerk", "asks for a decision"),
    ),
)

HOSTILE = architecture(
    "hostile",
    'Quotes "here" & <b>there</b>',
    "Labels that break naïve exporters: ]]> --> <script>alert(1)</script> \\",
    containers=(
        container("end", 'says "hello" <b>bold</b>', ContainerKind.PRODUCER),
        container("a:b", "pipe | hash # semicolon; %% back\\slash\\", ContainerKind.WORKER),
        container("subgraph", "emoji 🚀 漢字 naïve ] ) } end", ContainerKind.STORE),
        container("style", "`code` **bold** &amp; #quot; \\N \x00", ContainerKind.SERVICE),
    ),
    channels=(channel("class", "<TABLE>", SQLITE),),
    relationships=(
        flow("end", "class", 'sends "|x|" -->'),
        flow("class", "a:b", "<i>leases</i> #35; \\"),
        flow("a:b", "subgraph", "writes ] 🚀", SYNC),
        flow("a:b", "style", "asks; then %% waits", SYNC),
    ),
)

ALL = {
    "work-queue": WORK_QUEUE,
    "publish-subscribe": PUBLISH_SUBSCRIBE,
    "dead-letter-redrive": DEAD_LETTER_REDRIVE,
    "work-queue-on-azure": WORK_QUEUE_ON_AZURE,
    "nine-nodes": NINE_NODES,
    "hostile": HOSTILE,
}
