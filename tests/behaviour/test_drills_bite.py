"""A drill is worth what it notices: each one fails once the mechanism that it stands for is taken out.

They are tried on `local`, or on the platform that DRILLS_PLATFORM names: there too, whatever is taken out of the part
of a starter that all platforms share has to be noticed. What is in the adapter of `local` is taken out there alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from archwright import resolve
from archwright.catalog import load_catalog
from archwright.resolve import platforms_of
from archwright.resources import checkout_root
from drill_cuts_gateway import ROWS as GATEWAY
from rendered import write_starter

pytestmark = pytest.mark.slow

PLATFORM = os.environ.get("DRILLS_PLATFORM", "local")
PATIENCE = "5.0" if PLATFORM == "local" else "20.0"  # seconds; other brokers' leases are longer

SQLITE = "src/desk/messaging/sqlite"
JOB = "src/desk/worker/job.py"
WORKER = "src/desk/worker/worker.py"


INSTALLED = {"STARTER_VENV": str(checkout_root() / "build" / "starter-venv")}  # where an emulator is installed once


@dataclass(frozen=True)
class Cut:
    """A line of a starter and what it becomes when its mechanism is taken out."""

    what: str
    path: str
    old: str
    new: str


KEEPS_LATER = Cut(
    "a message is accepted before it is kept",
    "src/desk/messaging/sender.py",
    "self._broker.send(channel, message, deduplication_id=deduplication_id, delay=delay)",
    "__import__('atexit').register(self._broker.send, channel, message)",
)
NO_LEASE_END = Cut("leases never end", f"{SQLITE}/broker.py", "now + queue.lease.total_seconds()", "now + 1_000_000")
NO_LEASE = Cut("a lease keeps nobody away", f"{SQLITE}/broker.py", "now + queue.lease.total_seconds()", "now")
NO_LIMIT = Cut(
    "attempts are not counted",
    JOB,
    "return self._queue.max_deliveries is not None and self._delivery.deliveries >= self._queue.max_deliveries",
    "return False",
)
ONE_ATTEMPT = Cut(NO_LIMIT.what, JOB, NO_LIMIT.old, "return True")
NO_BACKSTOP = Cut(
    "silent failures are not counted", f"{SQLITE}/broker.py", "if queue.max_deliveries is None:", "if True:"
)
NO_BACKOFF = Cut(
    "there is no wait between attempts",
    "src/desk/messaging/channels.py",
    "seconds=seconds * random.uniform(0.8, 1.0)",
    "seconds=0",
)
NO_RENEWAL = Cut("leases are not renewed", WORKER, "job.renew()", "pass")
NO_LONGEST = Cut(
    "a lease is renewed for ever", WORKER, "if job.running_for < self._max_lease_time:", "if job.running_for:"
)
NO_DRAIN = Cut("a worker that stops drops what it holds", WORKER, "self._drain(hurry)", "del hurry")
UNREADABLE_RETRIED = Cut(
    "unreadable messages are retried", JOB, "self._set_aside(Reason.UNREADABLE, error.message)", "self._failed(error)"
)
GUESSED = Cut(
    "a header that is missing is guessed",
    "src/desk/messaging/contract.py",
    "contract = known.get((message.type, message.version))",
    "contract = known.get((message.type, message.version), next(iter(known.values())))",
)
PERMANENT_RETRIED = Cut(
    "permanent failures are retried",
    JOB,
    "self._set_aside(Reason.PERMANENT, _describe(error.__cause__ or error))",
    "self._failed(error)",
)
REDRIVE_LOSES = Cut(
    "redrive drops what it takes",
    f"{SQLITE}/aside.py",
    "connection.execute(_COPY_BACK, (now, expires_at, position)).rowcount",
    "1",
)
SILENT = Cut("errors are not passed on", "src/desk/cli.py", "return error.exit_code", "return 0")
FIRST_ONLY = Cut("one subscription takes all", f"{SQLITE}/routes.py", "return queues", "return queues[:1]")
NO_FILTER = Cut(
    "filters are not looked at",
    "src/desk/subscriptions.py",
    "return all(attributes.get(name) in values for name, values in wanted.items())",
    "return True",
)
SHARED = Cut(
    "subscriptions wait for each other",
    f"{SQLITE}/due.py",
    "WHERE queue = ?",
    "WHERE NOT EXISTS (SELECT 1 FROM messages WHERE lease IS NOT NULL) AND queue = ?",
)
HEAD_OF_LINE = Cut(
    "a failing message holds up the rest",
    f"{SQLITE}/due.py",
    "WHERE queue = ?",
    "AS one WHERE NOT EXISTS (SELECT 1 FROM messages AS two WHERE two.position < one.position) AND queue = ?",
)
WRONG_QUEUE = Cut(
    "redrive brings copies elsewhere",
    f"{SQLITE}/aside.py",
    "SELECT queue, {ENVELOPE}, sent_at, redrives + 1",
    "SELECT 'orders/analytics', {ENVELOPE}, sent_at, redrives + 1",
)
NO_DESCRIPTION = Cut(
    "the description is dropped", f"{SQLITE}/aside.py", "(reason, description, now,", '(reason, "", now,'
)
NO_RATE = Cut("redrive has no brake", "src/desk/redrive.py", "1 / settings.redrive_rate", "0.0")
NO_CAP = Cut("redrive never gives up", "src/desk/redrive.py", "letter.redrives >= self._cap", "False")
NO_WAY_OUT = Cut("a parked message is stuck", "src/desk/redrive.py", "named or not self", "not self")
ANY_REASON = Cut(
    "redrive takes any reason", "src/desk/redrive.py", 'self.reason in {"", letter.reason}', "bool(self.reason)"
)
TWO_STEPS = Cut(
    "redrive copies first and deletes later",
    f"{SQLITE}/broker.py",
    "            return bring_back(connection, position, now, self._expiry(queue, now))\n",
    """\
            connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM dead_letters WHERE position = ?", (position,))
            moved = bring_back(connection, position, now, self._expiry(queue, now))
            connection.execute("INSERT INTO dead_letters SELECT * FROM kept")
            connection.execute("DROP TABLE kept")
        time.sleep(0.5)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM dead_letters WHERE position = ?", (position,))
        return moved
""",
)
NO_ALARM = Cut("the alarm is never raised", "src/desk/commands/dead_letters.py", "return 1 if old else 0", "return 0")

CLAIMS = "src/desk/claims.py"
SWEEP = "src/desk/sweep.py"
TO_THE_BYTE = Cut(
    "the limit is one byte short",
    CLAIMS,
    "if len(encode(inline).body) <= message_limit:",
    "if len(encode(inline).body) < message_limit:",
)
ENDS_WITH_USE = Cut(
    "the worker deletes the object that it has used",
    "src/desk/handlers.py",
    "draft.replace(folder / document.document_id)",
    "draft.replace(folder / document.document_id); document.claim and _objects(settings).delete(document.claim.key)",
)
NO_SWEEP = Cut("the sweep deletes nothing", SWEEP, "objects.delete(found.key)", "pass")
BLIND_SWEEP = Cut(
    "the sweep does not look at dead letters", SWEEP, "needed = _needed(broker, queues)", "needed = set[str]()"
)
NO_RENEWAL_OF_OBJECTS = Cut(
    "redrive leaves its object as old as it was",
    "src/desk/commands/redrive.py",
    "missing = renew_claims(objects, letter)",
    "missing: list[str] = []",
)
OWN_CLOCK = Cut(
    "the sweep goes by its machine's clock",
    SWEEP,
    "now = objects.put(_MARK, _Nothing(), overwrite=True).modified_at",
    "import time, datetime as dt; now = dt.datetime.fromtimestamp(time.time(), dt.UTC)",
)
MISSING_RETRIED = Cut(
    "a missing object is tried again", CLAIMS, "class ClaimMissing(PermanentError):", "class ClaimMissing(Exception):"
)
NOT_VERIFIED = Cut(
    "the digest is not looked at",
    CLAIMS,
    "if (measured.size, measured.sha256) != (claim.size, claim.sha256):",
    "if measured.size != claim.size:",
)
ANY_KEY = Cut("a claim may name anything", "src/desk/messages.py", 'pattern="^documents/[0-9a-f]{32}$"', 'pattern="."')
ANY_CLAIM = Cut(
    "a message need carry nothing",
    CLAIMS,
    "if (document.content is None) == (document.claim is None):",
    "if document.content is not None and document.claim is not None:",
)
ALL_AT_ONCE = Cut(
    "an object is read as a whole", CLAIMS, "file.writelines(chunks(measured))", "file.write(measured.read())"
)
INBOX = "src/desk/inbox.py"
MARK_FIRST = Cut(
    "the mark is written before the effect",
    INBOX,
    "self._store.write(mark, *effect())",
    "self._store.write(mark); self._store.write(*effect())",
)
MARK_LAST = Cut("there is no mark", INBOX, "self._store.write(mark, *effect())", "self._store.write(*effect())")
NO_KEY = Cut(
    "the bank is given a key that is new each time",
    "src/desk/handlers.py",
    "bank.collect(key=deposit.deposit_id,",
    "bank.collect(key=context.message_id + str(context.deliveries),",
)
BY_MESSAGE = Cut(
    "the inbox goes by the message and not by the deposit",
    "src/desk/handlers.py",
    ".once(deposit.deposit_id,",
    ".once(context.message_id,",
)
NO_FINGERPRINT = Cut("bodies are not compared", INBOX, 'if seen.data["fingerprint"] != print_:', "if not seen:")
NO_WINDOW = Cut("age is not looked at", INBOX, "if now - at > self._window:", "if not at:")
FORGETS_EARLY = Cut("marks are forgotten after one window", INBOX, "now - 2 * self._window", "now - self._window")
TRUSTS_CLOCK = Cut("forgetting trusts its clock", INBOX, "if moved > self._window:", "if not moved:")
NAIVE_TIME = Cut(
    "a time needs no zone", "src/desk/messages.py", 'pattern="(Z|[+-][0-9][0-9]:[0-9][0-9])$"', 'pattern=""'
)

CONVOY = "src/desk/convoy.py"
POSITION = "src/desk/position.py"
NO_ORDER = Cut("the queue keeps no order", f"{SQLITE}/due.py", "SET is_head = 0", "SET is_head = 1")
ONE_LINE = Cut("all keys are one line", f"{SQLITE}/due.py", "AND key = NEW.key AND", "AND")
FORGETS = Cut("how far a key has come is not kept", POSITION, 'last=data["last"],', "last=0,")
OVERWRITES = Cut("the position is written over", POSITION, "expect=self.expect,", "expect=Expect.ANY,")
ANY_TURN = Cut("any turn is the right one", CONVOY, "if number == position.last + 1:", "if number:")
TAKES_LATER = Cut("what was given up is not known", POSITION, "if mark == GIVEN_UP:", "if not mark:")
NO_WAITING_ALARM = Cut(
    "the alarm is never raised", "src/desk/commands/waiting.py", "if arguments.alarm and late:", "if not arguments:"
)
NOBODY_LOOKS = Cut(
    "nobody looks at what waits",
    "src/desk/worker/companions.py",
    "COMPANIONS: tuple[Callable[[Settings, threading.Event], None], ...] = (watch,)",
    "COMPANIONS = (lambda settings, stop: stop.wait(),) if watch else ()",
)
NOT_SENT_BACK = Cut("what is parked stays there", CONVOY, "self._send(one.message)", "pass")
LOOKS_ONCE = Cut(
    "a second delivery does not look at what is parked",
    CONVOY,
    "        else:\n            self._send_back(key)",
    "        elif turn is Turn.TAKEN:\n            self._send_back(key)",
)
REMEMBERS_ALL = Cut("nothing is ever forgotten", POSITION, "[-remembered:]", "[-1_000_000:]")
ANY_BODY = Cut(
    "bodies are not compared",
    POSITION,
    "return Seen.WITH_THIS_BODY if mark == fingerprint else Seen.WITH_ANOTHER_BODY",
    "return Seen.WITH_THIS_BODY",
)
BYTE_SHORT = Cut(
    "the limit is one byte short", f"{SQLITE}/broker.py", "len(message.body) > limit", "len(message.body) >= limit"
)

ORDERS = "src/desk/orders.py"
LANE = "src/desk/outbox/lane.py"
RELAY = "src/desk/outbox/relay.py"
TWO_WRITES = Cut(
    "order and event are two writes",
    ORDERS,
    "    with suppress(Conflict):  # it was placed before, and the event with it\n"
    "        store.write(*recorded(state, Event(channel=CHANNEL, contract=event)))",
    "    with suppress(Conflict):\n"
    "        for change in recorded(state, Event(channel=CHANNEL, contract=event)):\n"
    "            store.write(change)",
)
DELETES_FIRST = Cut(
    "an entry is deleted before it is sent",
    LANE,
    "while row and self._send(row[-1]):",
    "while row and (self._store.write(Delete(kind=KIND, key=row[-1].key)) or self._send(row[-1])):",
)
NOTES_AGAIN = Cut(
    "the consumer does not know what it has seen", "src/desk/handlers.py", "if event.version <= seen:", "if not event:"
)
NO_TAKE_OVER = Cut(
    "a claim is never over",
    "src/desk/outbox/claim.py",
    "return now - self._seen[1] >= self._lease",
    "return now < self._seen[1]",
)
NO_CLAIM = Cut(
    "a claim keeps nobody away",
    "src/desk/outbox/claim.py",
    'if item and item.data["holder"] not in {_NOBODY, self._me} and not self._is_over(item.version, now):',
    "if not self._me:",
)
AWAY_IS_POISON = Cut(
    "a broker that is away is the event's fault",
    LANE,
    "        except BrokerUnavailable:\n            raise\n",
    "",
)
HIGH_WATER_MARK = Cut(
    "the relay remembers how far it has come",
    LANE,
    "gone += self._clear(item)\n        finally:",
    'gone += self._clear(item) if item.order > getattr(self, "mark", "") else 0\n'
    '                self.mark = max(item.order, getattr(self, "mark", ""))\n        finally:',
)
BY_CLOCK = Cut(
    "events leave in the order of clocks", LANE, "if before is None or before in self._sent:", "if before or True:"
)
NEVER_DELETED = Cut(
    "what was sent is kept", LANE, "self._store.write(*(Delete(kind=KIND, key=key) for key in keys))", "pass"
)
TELLS_OF_NOW = Cut(
    "an event is built from what is there and not from what is written",
    ORDERS,
    "return OrderChanged(order_id=order_id, version=version, total_cents=total_cents)",
    "return OrderChanged(order_id=order_id, version=version, total_cents=store.get(ORDER, order_id)"
    '.data["total_cents"])',
)
FOLLOWERS_GO_ON = Cut(
    "what follows a parked event does not wait", LANE, "if item is not None and item.partition == PARKED:", "if False:"
)
UNREADABLE_STAYS = Cut(
    "an entry that cannot be read stays where it is",
    LANE,
    "return self._park_unreadable(item, error) if item else 0",
    "return 0",
)
DEAF = Cut("the feed rings nobody", RELAY, "if changes.wait(_LISTEN):\n", "if not changes.wait(_LISTEN) and False:\n")
NO_SWEEP_OF_OUTBOX = Cut(
    "the relay looks only when it is woken",
    RELAY,
    "self._idle = (settings.relay_interval if polling else settings.relay_sweep).total_seconds()",
    "self._idle = settings.relay_interval.total_seconds() if polling else 1e6",
)
NO_POLLING = Cut(
    "polling is never done",
    RELAY,
    "self._idle = (settings.relay_interval if polling else settings.relay_sweep).total_seconds()",
    "self._idle = settings.relay_sweep.total_seconds()",
)
TAKES_ANY_VERSION = Cut(
    "the consumer does not look for gaps", "src/desk/handlers.py", "if event.version > seen + 1:", "if not event:"
)

BUS = "src/desk/routing/bus.py"
AUDIT = "src/desk/routing/audit.py"
ARCHIVE = f"{SQLITE}/bus.py"
ANY_RULE = Cut(
    "a rule wants any of its conditions",
    "src/desk/routing/rule.py",
    "all(condition.holds(",
    "any(condition.holds(",
)
FIRST_VALUE = Cut(
    "only the first value of a condition counts",
    "src/desk/routing/rule.py",
    "any(_equal(found, value) for value in self.values)",
    "any(_equal(found, value) for value in self.values[:1])",
)
NO_AUDIT = Cut("nobody asks whether a rule takes it", AUDIT, "if not targets_of(RULES, message):", "if not message:")
BLIND_AUDIT = Cut("headers are not compared with the body", AUDIT, "    if lost:\n", "    if not wanted:\n")
NOT_AGAIN = Cut("redrive does not publish again", AUDIT, "if context.redrives:", "if context.redrives > 9:")
NO_HOPS = Cut("hops are not counted", BUS, "hops = hops_of(cause) + 1", "hops = 1")
NEW_IDS = Cut("what an event causes has a new id each time", BUS, "str(uuid.uuid5(", "str(uuid.uuid4() or uuid.uuid5(")
NO_END = Cut("a replay goes on until now", ARCHIVE, "since.timestamp(), until.timestamp()", "since.timestamp(), now")
ANY_REPLAY = Cut("the reason is not looked at", "src/desk/commands/replay.py", "if WHY_NOT:", "if not WHY_NOT:")
ONE_BYTE = Cut(
    "the limit is one byte short",
    f"{SQLITE}/broker.py",
    "len(message.body) > limit:",
    "len(message.body) >= limit:",
)
REDRIVEN_ELSEWHERE = Cut(
    "redrive brings copies elsewhere",
    f"{SQLITE}/aside.py",
    "SELECT queue, {ENVELOPE}, sent_at, redrives + 1",
    "SELECT 'events/shipping', {ENVELOPE}, sent_at, redrives + 1",
)

JOBS_FOLDER = "src/desk/jobs"
SUMMARIES = "src/desk/summaries"
NEW_KEY = Cut(
    "a key is forgotten", f"{JOBS_FOLDER}/idempotency.py", 'f"{len(self.tenant)}:', "f\"{__import__('uuid').uuid4()}:"
)
ANY_REQUEST = Cut(
    "a key fits every request",
    f"{JOBS_FOLDER}/idempotency.py",
    'if item.data["fingerprint"] != self.fingerprint:',
    "if False:",
)
NO_KEY_NEEDED = Cut("a request needs no key", "src/desk/api/asking.py", "if not _KEY.fullmatch(value):", "if False:")
NO_MESSAGE = Cut(
    "a job is written without its message",
    "src/desk/desk.py",
    'return recorded(state, Event(channel="jobs", contract=due))',
    "return (state,)",
)
NO_TRACE = Cut(
    "the outbox forgets the trace", "src/desk/outbox/recording.py", "propagate.inject(headers)", "propagate.inject({})"
)
NO_CONVERSATION = Cut(
    "conversations are not kept apart", "src/desk/desk.py", 'key = f"{job.tenant}/{job.conversation}"', "key = job.id"
)
ASKED_ANEW = Cut(
    "a call does not know itself again", f"{SUMMARIES}/calls.py", 'return f"{job}/', 'return f"{job}/{time.time_ns()}'
)
NOT_CHARGED = Cut("a call that was left is not charged", f"{SUMMARIES}/asking.py", "if left is not None:", "if False:")
NO_WAIT = Cut(
    "the provider's wait is not heard",
    f"{SUMMARIES}/asking.py",
    "attempt.wait(error.retry_after if error.retry_after is not None else 2.0**waits)",
    "attempt.wait(0.0)",
)
SAME_MODEL = Cut(
    "the first model is asked for ever",
    f"{SUMMARIES}/asking.py",
    "ready[min(step.attempt - 1, len(ready) - 1)]",
    "ready[0]",
)
SILENCE_IS_FREE = Cut(
    "what may have been charged is not",
    f"{SUMMARIES}/asking.py",
    "cost = estimate(call) if error.may_be_billed else 0",
    "cost = 0",
)
NO_RESET = Cut("a broken answer is not taken back", f"{SUMMARIES}/attempt.py", '{"reset": True}', '{"text": ""}')
ANY_END = Cut("any end of an answer will do", f"{SUMMARIES}/attempt.py", "if stop not in _WELL:", "if False:")
NEVER_RETIRED = Cut(
    "models never retire", f"{SUMMARIES}/aliases.py", "if model not in RETIRED or day < RETIRED[model]", "if model"
)
ONE_TURN = Cut("a pause is an end", f"{SUMMARIES}/attempt.py", "for _ in range(_TURNS):", "for _ in range(0):")
NO_JOB_LIMIT = Cut(
    "a job may cost anything", f"{SUMMARIES}/asking.py", "self._allow(question.job, attempt.made)", "pass"
)
SETTLED_TWICE = Cut(
    "an attempt is counted twice",
    "src/desk/budget/purse.py",
    "self._row(month, item, balance.spent + amount,",
    "self._row(month, item, balance.spent + 2 * amount,",
)
NO_BUDGET = Cut("a budget has no end", "src/desk/budget/purse.py", "if amount > balance.left:", "if False:")
TOOLS_WELCOME = Cut(
    "a call of a tool is no attack", f"{SUMMARIES}/attempt.py", '"tool_use": UnwantedTool', '"tool_use": Truncated'
)
AS_MARKUP = Cut(
    "a result is sent as a page",
    "src/desk/api/routes.py",
    "return PlainTextResponse(self._desk.contents.read(job.result), headers=headers)",
    "return Response(self._desk.contents.read(job.result), headers=headers, media_type='text/html')",
)
FROM_THE_START = Cut("a stream always begins anew", "src/desk/api/following.py", "return int(text[:9])", "return 0")
FOR_EVER = Cut(
    "a stream has no end",
    "src/desk/api/following.py",
    "longest = settings.events_longest.total_seconds()",
    "longest = 3_600.0",
)
ANY_ADDRESS = Cut(
    "any address may be called",
    "src/desk/webhook/address.py",
    "if not excepted and not all(is_public(address) for address in addresses):",
    "if False:",
)
ONE_CALLBACK = Cut(
    "a receiver is asked once",
    "src/desk/webhook/post.py",
    "if status in _LATER or status >= 500:",
    "if False:",
)
NO_CANCEL = Cut(
    "nobody hears of a cancellation", f"{JOBS_FOLDER}/jobs.py", "return replace(job, cancel=True)", "return job"
)
NO_EXPIRY = Cut(
    "nobody looks at deadlines",
    "src/desk/api/tending.py",
    "for job in desk.jobs.expire(desk.outgoing_last):",
    "for job in ():",
)
JUMPING = Cut(
    "deadlines go by the wall clock",
    f"{JOBS_FOLDER}/clock.py",
    "return self._began + timedelta(seconds=time.monotonic() - self._zero)",
    "return datetime.now(UTC)",
)
QUOTING = Cut(
    "the SDKs log what they send",
    "src/desk/models/adapter.py",
    "logging.getLogger(loud).setLevel(logging.INFO)",
    "pass",
)

CUTS = {
    "event-bus-router": {
        "test_accepted_event_survives_a_killed_publisher": KEEPS_LATER,
        "test_each_event_reaches_exactly_the_targets_whose_rules_take_it": ANY_RULE,
        "test_new_version_is_routed_beside_the_old_one": FIRST_VALUE,
        "test_unknown_version_is_set_aside_not_lost": UNREADABLE_RETRIED,
        "test_event_that_no_rule_takes_is_kept_with_the_reason": NO_AUDIT,
        "test_redrive_publishes_an_unrouted_event_again": NOT_AGAIN,
        "test_event_that_hides_what_rules_look_at_is_noticed": BLIND_AUDIT,
        "test_event_that_causes_itself_is_stopped": NO_HOPS,
        "test_second_delivery_causes_the_same_event_again": NEW_IDS,
        "test_target_that_is_down_holds_up_no_other": SHARED,
        "test_killed_worker_loses_no_event": NO_LEASE_END,
        "test_poison_event_is_set_aside_for_one_target_only": NO_LIMIT,
        "test_redrive_reaches_one_target_only": REDRIVEN_ELSEWHERE,
        "test_largest_event_is_routed_and_a_larger_one_refused": ONE_BYTE,
        "test_replay_brings_back_exactly_a_range": NO_END,
        "test_replay_says_why_it_cannot": ANY_REPLAY,
    },
    "transactional-outbox": {
        "test_order_and_event_are_there_both_or_neither": TWO_WRITES,
        "test_crash_between_write_and_send_loses_nothing": DELETES_FIRST,
        "test_crash_between_send_and_delete_sends_again": NOTES_AGAIN,
        "test_killed_relay_is_taken_over_in_order": NO_TAKE_OVER,
        "test_two_relays_send_each_event_once": NO_CLAIM,
        "test_writes_go_on_while_the_broker_is_away": AWAY_IS_POISON,
        "test_late_commit_is_not_skipped": HIGH_WATER_MARK,
        "test_order_does_not_depend_on_clocks": BY_CLOCK,
        "test_outbox_is_empty_when_all_is_sent": NEVER_DELETED,
        "test_event_tells_of_its_own_write": TELLS_OF_NOW,
        "test_poison_event_is_parked_with_its_followers_only": FOLLOWERS_GO_ON,
        "test_unreadable_entry_is_parked": UNREADABLE_STAYS,
        "test_change_feed_wakes_the_relay": DEAF,
        "test_sweep_finds_what_the_feed_has_missed": NO_SWEEP_OF_OUTBOX,
        "test_relay_works_without_a_feed": NO_POLLING,
        "test_caller_is_told_when_the_store_is_away": SILENT,
        "test_caller_is_told_when_the_store_is_full": SILENT,
        "test_killed_warehouse_loses_nothing": NO_LEASE_END,
        "test_gap_is_noticed_by_the_consumer": TAKES_ANY_VERSION,
    },
    "ordered-processing": {
        "test_accepted_movement_survives_a_killed_sender": KEEPS_LATER,
        "test_killed_worker_keeps_the_order": NO_ORDER,
        "test_retry_holds_back_its_own_account_only": NO_ORDER,
        "test_crash_between_effect_and_ack_repeats_nothing": FORGETS,
        "test_late_worker_changes_nothing": OVERWRITES,
        "test_slow_account_holds_up_no_other": ONE_LINE,
        "test_hot_account_leaves_room_for_others": ONE_LINE,
        "test_poison_movement_parks_its_account_only": ANY_TURN,
        "test_redrive_that_fails_again_changes_nothing": ANY_TURN,
        "test_redrive_in_another_order_restores_the_order": ANY_TURN,
        "test_redrive_into_an_account_that_went_on_changes_nothing": TAKES_LATER,
        "test_missing_movement_is_waited_for_and_told": NO_WAITING_ALARM,
        "test_key_that_waits_is_measured": NOBODY_LOOKS,
        "test_early_movements_wait_for_their_turn": NOT_SENT_BACK,
        "test_crash_while_sending_back_loses_nothing": LOOKS_ONCE,
        "test_repeated_movement_is_done_once": FORGETS,
        "test_repetition_that_is_no_longer_remembered_is_set_aside": REMEMBERS_ALL,
        "test_number_that_is_used_twice_is_set_aside": ANY_BODY,
        "test_stuck_movement_keeps_its_place": NO_LONGEST,
        "test_unknown_version_parks_its_account_only": UNREADABLE_RETRIED,
        "test_movements_without_a_key_are_put_in_order": ANY_TURN,
        "test_movement_at_the_limit_is_booked_and_a_larger_one_is_refused": BYTE_SHORT,
        "test_clock_that_jumps_changes_no_order": FORGETS,
        "test_movements_wait_for_the_ledger": ONE_ATTEMPT,
        "test_movements_wait_for_room": ONE_ATTEMPT,
        "test_sender_is_told_when_the_broker_is_away": SILENT,
    },
    "idempotent-consumer": {
        "test_accepted_deposit_survives_a_killed_sender": KEEPS_LATER,
        "test_crash_between_effect_and_ack_repeats_nothing": MARK_LAST,
        "test_crash_before_the_write_loses_nothing": MARK_FIRST,
        "test_effect_outside_of_the_store_happens_once": NO_KEY,
        "test_duplicates_at_once_have_one_effect": MARK_LAST,
        "test_effect_and_mark_are_written_together": MARK_FIRST,
        "test_same_id_with_another_body_is_set_aside": NO_FINGERPRINT,
        "test_duplicate_after_the_window_is_set_aside": NO_WINDOW,
        "test_forgetting_leaves_what_may_come_again": FORGETS_EARLY,
        "test_clock_that_jumps_forgets_nothing": TRUSTS_CLOCK,
        "test_redriven_deposit_that_fails_again_is_booked_once": MARK_LAST,
        "test_deposit_waits_for_the_store": ONE_ATTEMPT,
        "test_deposit_waits_for_room": ONE_ATTEMPT,
        "test_unreadable_deposit_is_set_aside_at_once": NAIVE_TIME,
        "test_missing_header_sets_its_deposit_aside": GUESSED,
        "test_deposit_without_a_message_id_is_booked_once": BY_MESSAGE,
        "test_unknown_version_is_set_aside_unmarked": UNREADABLE_RETRIED,
        "test_stuck_deposit_is_booked_once_elsewhere": NO_LONGEST,
        "test_sender_is_told_when_the_broker_is_away": SILENT,
    },
    "claim-check": {
        "test_document_at_the_limit_goes_the_right_way": TO_THE_BYTE,
        "test_accepted_document_survives_a_killed_sender": KEEPS_LATER,
        "test_killed_worker_loses_nothing": NO_LEASE_END,
        "test_second_delivery_finds_the_object": ENDS_WITH_USE,
        "test_sender_that_crashes_leaves_an_orphan_that_is_swept": NO_SWEEP,
        "test_failed_send_is_told_and_its_object_is_swept": SILENT,
        "test_sender_is_told_when_the_object_store_is_away": SILENT,
        "test_sweep_keeps_what_a_dead_letter_needs": BLIND_SWEEP,
        "test_redrive_makes_its_object_new": NO_RENEWAL_OF_OBJECTS,
        "test_sweep_goes_by_the_clock_of_the_store": OWN_CLOCK,
        "test_missing_object_sets_its_document_aside": MISSING_RETRIED,
        "test_changed_object_sets_its_document_aside": NOT_VERIFIED,
        "test_claim_that_leads_elsewhere_is_refused": ANY_KEY,
        "test_missing_header_sets_its_document_aside": GUESSED,
        "test_missing_claim_sets_its_document_aside": ANY_CLAIM,
        "test_unknown_version_keeps_its_object": BLIND_SWEEP,
        "test_stuck_document_is_archived_elsewhere": NO_LONGEST,
        "test_document_waits_for_the_object_store": ONE_ATTEMPT,
        "test_large_document_is_never_held_in_memory": ALL_AT_ONCE,
    },
    "llm-gateway": {drill: Cut(*row) for drill, row in GATEWAY.items()},
    "work-queue": {
        "test_accepted_task_survives_a_killed_sender": KEEPS_LATER,
        "test_killed_worker_loses_nothing": NO_LEASE_END,
        "test_poison_task_is_set_aside_after_exactly_max_deliveries": NO_LIMIT,
        "test_failing_task_waits_longer_each_time": NO_BACKOFF,
        "test_long_task_keeps_its_lease": NO_RENEWAL,
        "test_stuck_task_is_taken_from_its_worker": NO_LONGEST,
        "test_terminated_worker_finishes_what_it_holds": NO_DRAIN,
        "test_burst_is_shared_by_competing_workers": NO_LEASE,
        "test_unreadable_task_is_set_aside_at_once": UNREADABLE_RETRIED,
        "test_redriven_task_is_done_after_the_fix": REDRIVE_LOSES,
        "test_sender_is_told_when_the_broker_is_away": SILENT,
    },
    "publish-subscribe": {
        "test_accepted_event_survives_a_killed_publisher": KEEPS_LATER,
        "test_each_subscription_gets_its_own_copy": FIRST_ONLY,
        "test_filter_keeps_other_events_out": NO_FILTER,
        "test_event_waits_for_a_subscriber_that_is_away": FIRST_ONLY,
        "test_slow_subscription_delays_no_other": SHARED,
        "test_crash_in_one_subscription_leaves_the_others_alone": NO_LEASE_END,
        "test_poison_event_is_set_aside_for_one_subscription_only": NO_LIMIT,
        "test_redrive_reaches_one_subscription_only": WRONG_QUEUE,
        "test_unknown_version_is_set_aside_not_lost": UNREADABLE_RETRIED,
        "test_terminated_subscriber_finishes_what_it_holds": NO_DRAIN,
    },
    "dead-letter-redrive": {
        "test_accepted_order_survives_a_killed_sender": KEEPS_LATER,
        "test_killed_worker_loses_nothing": NO_LEASE_END,
        "test_dead_letter_keeps_its_reason": NO_DESCRIPTION,
        "test_permanent_failure_is_set_aside_at_once": PERMANENT_RETRIED,
        "test_transient_failure_is_set_aside_after_exactly_max_deliveries": ONE_ATTEMPT,
        "test_crash_loop_is_set_aside": NO_BACKSTOP,
        "test_set_aside_order_does_not_block_the_rest": HEAD_OF_LINE,
        "test_redrive_keeps_to_its_rate": NO_RATE,
        "test_order_that_fails_again_is_parked_after_the_cap": NO_CAP,
        "test_parked_order_is_redriven_only_by_name": NO_WAY_OUT,
        "test_redrive_takes_only_the_reason_asked_for": ANY_REASON,
        "test_killed_redrive_loses_nothing": TWO_STEPS,
        "test_old_dead_letter_raises_the_alarm": NO_ALARM,
    },
    "async-llm-job": {
        "test_same_request_again_is_the_same_job": NEW_KEY,
        "test_key_with_another_request_is_refused": ANY_REQUEST,
        "test_what_is_asked_wrongly_is_refused_and_costs_nothing": NO_KEY_NEEDED,
        "test_relay_killed_before_the_send_loses_no_job": NO_MESSAGE,
        "test_jobs_of_a_conversation_are_done_in_their_order": NO_CONVERSATION,
        "test_duplicate_delivery_is_billed_once": ASKED_ANEW,
        "test_worker_killed_in_a_call_leaves_one_result": NOT_CHARGED,
        "test_rate_limit_is_waited_out": NO_WAIT,
        "test_overloaded_model_gives_way_to_the_next": SAME_MODEL,
        "test_provider_that_never_answers_is_given_up": SILENCE_IS_FREE,
        "test_broken_answer_is_asked_anew": NO_RESET,
        "test_unfinished_answer_is_no_result": ANY_END,
        "test_paused_turn_goes_on": ONE_TURN,
        "test_job_that_may_cost_too_much_is_stopped": NO_JOB_LIMIT,
        "test_cost_report_is_usage_times_price": SETTLED_TWICE,
        "test_retired_model_is_told": NEVER_RETIRED,
        "test_spent_budget_stops_the_next_job_before_it_costs": NO_BUDGET,
        "test_instructions_in_a_document_call_nothing": TOOLS_WELCOME,
        "test_script_in_an_answer_is_text": AS_MARKUP,
        "test_stream_goes_on_where_it_was_lost": FROM_THE_START,
        "test_reader_who_never_reads_is_let_go": FOR_EVER,
        "test_callback_into_our_network_is_refused": ANY_ADDRESS,
        "test_callback_is_signed_and_tried_again": ONE_CALLBACK,
        "test_cancel_ends_the_call": NO_CANCEL,
        "test_job_that_nobody_does_expires": NO_EXPIRY,
        "test_clock_that_jumps_expires_nothing": JUMPING,
        "test_job_that_cannot_be_written_is_not_taken": SILENT,
        "test_burst_waits_and_none_is_lost": NO_MESSAGE,
        "test_redriven_job_pays_for_no_answer_twice": ASKED_ANEW,
        "test_document_is_in_no_log_trace_or_dead_letter": QUOTING,
        "test_one_trace_leads_from_the_request_to_each_call": NO_TRACE,
    },
}


@pytest.fixture(scope="module")
def starters(tmp_path_factory):
    """Render each starter once, with less patience: a drill that waits in vain need not wait long."""
    catalog = load_catalog()
    folder = tmp_path_factory.mktemp("starters")
    for blueprint in CUTS:
        if PLATFORM not in platforms_of(catalog, blueprint):
            continue
        architecture = resolve.resolve(catalog, blueprint, PLATFORM, "desk", {})
        write_starter(architecture, folder / blueprint)
        if architecture.channels:
            stagecraft = folder / blueprint / "dev/stagecraft.py"
            patience = f"PATIENCE = {PATIENCE} + 0.0 *"
            stagecraft.write_text(replaced(stagecraft.read_text(), "PATIENCE = 20.0 + 3.0 *", patience))
        plant = folder / blueprint / "dev/plant.py"
        if plant.exists():
            plant.write_text(replaced(plant.read_text(), "_PATIENCE = 60.0", "_PATIENCE = 10.0"))
    return folder


def replaced(text, old, new):
    assert text.count(old) == 1, f"the line to take out is there {text.count(old)} times: {old}"
    return text.replace(old, new)


def drilled(starter, folder, *options):
    """Run the drills of a starter."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_drills.py", *options],
        cwd=starter,
        env={**INSTALLED, **os.environ, "PYTHONPATH": str(starter / "src"), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.skipif(PLATFORM == "local", reason="the tests of starters tell so there")
@pytest.mark.parametrize("blueprint", CUTS)
def test_drills_pass_with_everything_in_place(starters, tmp_path, blueprint):
    """Where nothing is taken out nothing is noticed, so that what a drill notices is the cut and not the platform."""
    if not (starters / blueprint).exists():
        pytest.skip(f"`{PLATFORM}` cannot hold it")
    done = drilled(starters / blueprint, tmp_path)

    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("blueprint", "drill"), [(blueprint, drill) for blueprint in CUTS for drill in CUTS[blueprint]]
)
def test_drill_notices(starters, tmp_path, blueprint, drill):
    """With its mechanism taken out, the drill fails; its own assertion or wait says so, not an import."""
    cut = CUTS[blueprint][drill]
    if cut.path.startswith(SQLITE) and PLATFORM != "local":
        pytest.skip("its mechanism is in the adapter of `local`")
    if not (starters / blueprint / cut.path).exists():
        pytest.skip(f"`{PLATFORM}` cannot hold it, or does it in another way")
    starter = shutil.copytree(starters / blueprint, tmp_path / "desk")
    target = starter / cut.path
    target.write_text(replaced(target.read_text(), cut.old, cut.new))

    done = drilled(starter, tmp_path, "-k", drill)

    assert re.search(r"^[1-9] failed", done.stdout, re.MULTILINE), (
        f"{cut.what}, and {drill} did not notice:\n{done.stdout[-1500:]}"
    )
    assert "SyntaxError" not in done.stdout
    assert "ImportError" not in done.stdout


@pytest.mark.parametrize("blueprint", CUTS)
def test_every_drill_is_tried(starters, blueprint):
    """No drill of a starter is left out of the table above."""
    if not (starters / blueprint).exists():
        pytest.skip(f"`{PLATFORM}` cannot hold it")
    text = (starters / blueprint / "tests/test_drills.py").read_text()

    assert sorted(CUTS[blueprint]) == sorted(
        line.split()[1].split("(")[0] for line in text.splitlines() if line.startswith("def test_")
    )
