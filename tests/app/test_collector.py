"""Many runs of many sessions search for garbage once, and what the last of them left is searched too."""

from collections.abc import Callable

from streamlit.runtime.scriptrunner import script_runner

from pages.serving import collector
from pages.serving.collector import SharedCollector


def test_one_search_for_many_runs_and_none_forgotten() -> None:
    now, searches, waiting = [100.0], [0], list[tuple[float, Callable[[], None]]]()

    def search() -> int:
        searches[0] += 1
        return 7

    shared = SharedCollector(
        5, search=search, clock=lambda: now[0], later=lambda seconds, act: waiting.append((seconds, act))
    )
    assert shared.collect(2) == 7
    for _ in range(30):
        now[0] += 0.1
        assert shared.collect(2) == 0
    assert searches == [1]
    ((seconds, act),) = waiting  # one look later, at the end of the pause
    assert round(seconds, 6) == 4.9
    now[0] += seconds
    act()
    assert searches == [2]
    now[0] += 1
    shared.collect()
    assert (searches, len(waiting)) == ([2], 2)
    now[0] += 5
    shared.collect()
    assert searches == [3]


def test_streamlit_s_script_runner_takes_it(monkeypatch) -> None:
    monkeypatch.setattr(script_runner, "gc", script_runner.gc)
    collector.share()
    first = script_runner.gc
    collector.share()
    assert isinstance(first, SharedCollector)
    assert script_runner.gc is first
    assert first.isenabled() in (True, False)  # the rest is Python's own
