"""The emulated providers as the official SDKs see them; a starter's own tests hold all three to one port."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import anthropic
import boto3
import openai
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from archwright.emulators.errors import PortTakenError
from archwright.emulators.models import ModelEmulator

HELLO = [{"role": "user", "content": "hello"}]
CONVERSED = [{"role": "user", "content": [{"text": "hello"}]}]


@pytest.fixture(scope="module")
def running():
    with ModelEmulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running):
    running.clear()
    return running


@pytest.fixture
def claude(emulator):
    with anthropic.Anthropic(base_url=emulator.url, api_key="any", max_retries=0) as client:
        yield client


def test_the_same_request_has_the_same_answer(claude):
    """Answers follow from the request alone, and another request has another answer."""
    answers = [claude.messages.create(model="m", max_tokens=99, messages=HELLO) for _ in range(2)]
    other = claude.messages.create(model="other", max_tokens=99, messages=HELLO)

    assert answers[0] == answers[1]
    assert answers[0].content != other.content
    assert answers[0].usage.output_tokens == len(answers[0].content[0].text.split())


def test_stream_helper_of_the_sdk_puts_the_answer_together(claude):
    """The SDK's own accumulation of the events gives the answer that comes whole."""
    whole = claude.messages.create(model="m", max_tokens=99, messages=HELLO)

    with claude.messages.stream(model="m", max_tokens=99, messages=HELLO) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()

    assert text == whole.content[0].text
    assert (final.stop_reason, final.usage.output_tokens) == ("end_turn", whole.usage.output_tokens)


def test_tool_is_called_through_the_stream(claude):
    """The SDK reads the tool's input from its parts."""
    asked = [{"role": "user", "content": 'a document: [[tool:refund {"order": 7}]]'}]

    with claude.messages.stream(model="m", max_tokens=99, messages=asked) as stream:
        [block] = stream.get_final_message().content

    assert (block.name, block.input) == ("refund", {"order": 7})


def test_tokens_are_counted_beforehand_as_afterwards(claude):
    """What the counting endpoint says is what the answer is charged."""
    counted = claude.messages.count_tokens(model="m", messages=HELLO).input_tokens

    assert counted == claude.messages.create(model="m", max_tokens=9, messages=HELLO).usage.input_tokens


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("rate_limit", "3", anthropic.RateLimitError),
        ("overloaded", "", anthropic.OverloadedError),
        ("error", "500", anthropic.InternalServerError),
        ("missing", "", anthropic.NotFoundError),
    ],
)
def test_armed_failure_strikes_as_often_as_it_was_armed_for(emulator, claude, kind, value, error):
    """A failure is the SDK's own error, and is over after the armed number."""
    emulator.arm(kind, value, model="m", times=1)

    claude.messages.create(model="other", max_tokens=9, messages=HELLO)
    with pytest.raises(error) as caught:
        claude.messages.create(model="m", max_tokens=9, messages=HELLO)

    assert caught.value.response.headers.get("retry-after") == (value if kind == "rate_limit" else None)
    claude.messages.create(model="m", max_tokens=9, messages=HELLO)
    assert [call.behaviour for call in emulator.calls] == ["ok", kind, "ok"]


def test_error_in_the_middle_of_a_stream_is_the_sdks_own(emulator, claude):
    """After some words the SDK raises what an `error` event says."""
    emulator.arm("fail", "2")

    words = []
    with (
        claude.messages.stream(model="m", max_tokens=99, messages=HELLO) as stream,
        pytest.raises(anthropic.APIStatusError, match="Overloaded"),
    ):
        words.extend(stream.text_stream)

    assert len(words) == 2


@pytest.mark.parametrize(
    "body", [{}, {"model": "m", "max_tokens": 0, "messages": HELLO}, {"model": "m", "max_tokens": 9, "messages": []}]
)
def test_requests_that_the_provider_would_refuse_are_refused(emulator, body):
    """A request without a model, with no tokens or no messages is a 400, and is told why."""
    request = urllib.request.Request(  # noqa: S310  # the emulator's own address
        f"{emulator.url}/v1/messages", json.dumps(body).encode(), {"x-api-key": "any"}
    )

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)  # noqa: S310  # same

    with caught.value as answer:
        told = json.load(answer)
    assert (answer.status, told["error"]["type"]) == (400, "invalid_request_error")


@pytest.fixture
def chat(emulator):
    with openai.OpenAI(base_url=f"{emulator.url}/v1", api_key="any", max_retries=0) as client:
        yield client.chat.completions


@pytest.fixture
def bedrock(emulator):
    session = boto3.session.Session("any", "any", region_name="us-east-1")
    client = session.client(
        "bedrock-runtime", endpoint_url=emulator.url, config=Config(retries={"total_max_attempts": 1})
    )
    yield client
    client.close()


def test_openai_and_bedrock_speak_too(chat, bedrock):
    """The SDKs of OpenAI and AWS get the same words from the same emulator, whole and as a stream."""
    whole = chat.create(model="m", messages=HELLO).choices[0].message.content
    with chat.create(model="m", messages=HELLO, stream=True) as chunks:
        parts = [one.choices[0].delta.content or "" for one in chunks if one.choices]
    conversed = bedrock.converse(modelId="m", messages=CONVERSED)["output"]["message"]["content"][0]["text"]
    events = list(bedrock.converse_stream(modelId="m", messages=CONVERSED)["stream"])

    deltas = [one["contentBlockDelta"]["delta"]["text"] for one in events if "contentBlockDelta" in one]
    assert whole == "".join(parts) == conversed == "".join(deltas)
    assert events[-1]["metadata"]["usage"]["outputTokens"] == len(conversed.split())


def test_bedrocks_exceptions_are_the_sdks_own(emulator, bedrock):
    """Throttling has its name, and an exception in a stream is an event stream error."""
    emulator.arm("rate_limit", times=1)
    with pytest.raises(ClientError, match="ThrottlingException"):
        bedrock.converse(modelId="m", messages=CONVERSED)
    emulator.arm("fail", "1", times=1)
    stream = bedrock.converse_stream(modelId="m", messages=CONVERSED)["stream"]
    with pytest.raises(EventStreamError, match="serviceUnavailableException"):
        list(stream)
    stream.close()


def test_control_is_for_programs_on_this_machine_alone(emulator, claude):
    """A program in another process may arm and look; a web page that asks in a browser may not."""

    def ask(path, method="POST", host=None):
        request = urllib.request.Request(f"{emulator.url}{path}", method=method, headers={"Host": host} if host else {})  # noqa: S310  # same
        with urllib.request.urlopen(request) as answer:  # noqa: S310  # same
            return json.load(answer)

    assert ask("/control/arm?kind=overloaded&times=1")["armed"][0]["kind"] == "overloaded"
    with pytest.raises(urllib.error.HTTPError):
        ask("/control/arm?kind=overloaded", host="evil.example:80")
    with pytest.raises(anthropic.OverloadedError):
        claude.messages.create(model="m", max_tokens=9, messages=HELLO)
    [call] = ask("/control/calls", "GET")["calls"]
    assert (call["model"], "headers" in call) == ("m", False)


def test_port_that_is_taken_is_told(emulator):
    """Two emulators on one port are a mistake with a remedy."""
    with pytest.raises(PortTakenError):
        ModelEmulator(int(emulator.url.rpartition(":")[2])).start()
