"""The baselines' run and their table on the Measure page."""

from niwt_core.evaluation.metrics import Metrics
from pages.components.measure.baselines import OWN, UNCALIBRATED, methods_table, run_of
from tests.support.small_study import small_study


def test_the_run_ends_with_every_rival() -> None:
    study = small_study()
    run_of.clear()
    run = run_of(study.id, study)
    run.start()
    assert run.thread is not None
    run.thread.join(60)
    assert run.result is not None
    assert {"ESZSL", "SAE"} <= set(run.result)
    run_of.clear()  # other tests begin without a result


def test_the_table_is_sorted_and_the_transfer_stands_out() -> None:
    rows = {OWN: Metrics(60, 70, 64.6, 72, 1), "ALE": Metrics(50, 50, 50, 60, 1), "Best": Metrics(70, 70, 70, 70, 1)}
    shown = methods_table(rows)
    assert shown.index("Best") < shown.index(OWN) < shown.index("ALE")
    assert f"<b>{OWN}</b>" in shown
    assert "<b>Best</b>" not in shown
    bare = methods_table({f"ALE {UNCALIBRATED}": rows["ALE"]})
    assert UNCALIBRATED not in bare  # the heading says it once
