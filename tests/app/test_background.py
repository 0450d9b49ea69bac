"""A run in the background: it ends with a result, is shared, and stops when nobody waits."""

import threading

from pages.components.shared.background import Run


def test_it_ends_with_the_result_and_is_not_done_twice() -> None:
    run = Run("sum", lambda report: sum(range(5)))
    run.start()
    assert run.mine
    assert run.thread is not None
    run.thread.join(30)
    assert run.result == 10
    started = run.thread
    run.start()
    assert run.thread is started


def test_it_stops_when_the_last_one_leaves() -> None:
    begun, left = threading.Event(), threading.Event()

    def slow(report):
        report("first", 0, 2)
        begun.set()
        left.wait(30)
        report("second", 1, 2)
        raise AssertionError("it went on")

    run = Run("slow", slow, waiting={"somebody else"})
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


def test_a_failure_is_told_and_may_be_tried_again() -> None:
    answers = iter([ValueError("no folds"), None])

    def broken_once(report):
        failure = next(answers)
        if failure is not None:
            raise failure
        return "done"

    run = Run("broken", broken_once)
    for expected in (None, "done"):
        run.start()
        assert run.thread is not None
        run.thread.join(30)
        assert run.result == expected
        assert bool(run.error) == (expected is None)
