from __future__ import annotations

import importlib.util
import threading
import time
from importlib.machinery import SourceFileLoader

import pytest

from archwright.resources import data_root

ADAPTER = data_root() / "templates/platforms/azure/bindings/work-queue/files/src/__package__/messaging/servicebus"


@pytest.fixture
def turns():
    """The module as a starter has it; nothing in it is filled in."""
    loader = SourceFileLoader("starter_turns", str(ADAPTER / "turns.py.jinja"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module.Turns()


def test_nobody_uses_it_beside_another(turns):
    """Many threads, each in a hurry or patient: one at a time, and each gets its own result."""
    inside, most, results = [], [], {}

    def use(number):
        inside.append(number)
        most.append(len(inside))
        time.sleep(0.001)
        inside.remove(number)
        return number

    def ask(number):
        results[number] = (turns.patient if number % 3 == 0 else turns.hurried)(lambda: use(number))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert max(most) == 1
    assert results == {number: number for number in range(60)}


def test_what_fails_fails_for_the_one_that_asked(turns):
    """Whoever has the turn does what others ask for, and hears nothing of how that goes."""
    began, heard = threading.Event(), []

    def long():
        began.set()
        time.sleep(0.1)
        return "done"

    def failing():
        try:
            turns.hurried(lambda: 1 // 0)
        except ZeroDivisionError:
            heard.append("failed")

    def first():
        heard.append(turns.patient(long))

    threads = [threading.Thread(target=first), threading.Thread(target=failing)]
    threads[0].start()
    began.wait(5)
    threads[1].start()
    for thread in threads:
        thread.join(5)

    assert sorted(heard) == ["done", "failed"]
    assert turns.hurried(lambda: 7) == 7


def test_who_is_in_a_hurry_goes_first(turns):
    """Those who settle do not wait for those who look for messages."""
    order, began = [], threading.Event()

    def long():
        began.set()
        time.sleep(0.2)

    threads = [threading.Thread(target=turns.patient, args=(long,))]
    threads[0].start()
    began.wait(5)
    for how, what in ((turns.patient, "patient"), (turns.hurried, "hurried")):
        threads.append(threading.Thread(target=how, args=(lambda what=what: order.append(what),)))
        threads[-1].start()
        time.sleep(0.05)
    for thread in threads:
        thread.join(5)

    assert order == ["hurried", "patient"]
