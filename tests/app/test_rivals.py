"""The background run of the rivals: it ends with a result, is shared, and stops when nobody waits."""

import threading

import pytest
from small_study import small_study

from niwt_core.evaluation import Metrics
from pages.components import rivals
from pages.components.measures import OWN, UNCALIBRATED, _methods
from pages.components.rivals import Run


def test_it_ends_with_the_result() -> None:
    run = Run(small_study())
    run.start()
    assert run.mine
    assert run.thread is not None
    run.thread.join(60)
    assert run.result is not None
    assert {"ESZSL", "SAE"} <= set(run.result)
    started = run.thread
    run.start()
    assert run.thread is started  # a result is not computed twice


def test_it_stops_when_the_last_one_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, left = threading.Event(), threading.Event()

    def slow(study, *, on_rival):
        on_rival("first", 0, 2)
        begun.set()
        left.wait(30)
        on_rival("second", 1, 2)
        raise AssertionError("it went on")

    monkeypatch.setattr(rivals, "run_rivals", slow)
    run = Run(small_study(), waiting={"somebody else"})
    run.start()
    begun.wait(30)
    run.leave()
    assert run.running
    assert not run.mine
    run.waiting.clear()  # somebody else leaves too
    left.set()
    assert run.thread is not None
    run.thread.join(30)
    assert run.result is None
    assert run.error == ""


def test_a_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(study, *, on_rival):
        raise ValueError("no folds")

    monkeypatch.setattr(rivals, "run_rivals", broken)
    run = Run(small_study())
    run.start()
    assert run.thread is not None
    run.thread.join(30)
    assert "no folds" in run.error


def test_the_table_is_sorted_and_the_transfer_stands_out() -> None:
    rows = {OWN: Metrics(60, 70, 64.6, 72, 1), "ALE": Metrics(50, 50, 50, 60, 1), "Best": Metrics(70, 70, 70, 70, 1)}
    shown = _methods(rows)
    assert shown.index("Best") < shown.index(OWN) < shown.index("ALE")
    assert f"<b>{OWN}</b>" in shown
    assert "<b>Best</b>" not in shown
    bare = _methods({f"ALE {UNCALIBRATED}": rows["ALE"]})
    assert UNCALIBRATED not in bare  # the heading says it once
