"""How good a study is, for its report: the balance over gamma, and other methods beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from niwt_core.evaluation.metrics import Metrics
from niwt_core.report.charts import Chart, chart
from niwt_core.report.numbers import percentage
from niwt_core.study.evaluate import Evaluation
from niwt_core.study.figure import balance_figure
from niwt_core.study.study import Study

OWN, UNCALIBRATED = "NIWT", "(uncalibrated)"


@dataclass(frozen=True)
class Balance:
    """U, S and H in percent at the chosen gamma, their curves, and how it was chosen."""

    U: float
    S: float
    H: float
    chart: Chart
    about: str


def balance(study: Study, evaluation: Evaluation) -> Balance:
    """U, S and H over gamma, with the gamma that was chosen."""
    curve, metrics = evaluation.curve, evaluation.metrics
    drawn = chart(
        lambda width, height: balance_figure(curve, metrics.gamma, width=width, height=height),
        describe=f"At γ {metrics.gamma:.2f}, U is {metrics.U:.1f}, S {metrics.S:.1f} and H {metrics.H:.1f} percent.",
    )
    where = f"chosen on {study.choices.folds} folds of seen classes, where H was {percentage(study.choices.cross_validated_H)}"
    if study.stolen_share is not None and study.calibration == "stolen share":
        way = (
            f"Each described class has a bias of its own, at which it may take {100 * study.stolen_share.share:.2g} % of the trained classes' "
            f"pictures; the share was {where}. One γ for all in its place gives H {percentage(evaluation.by_gamma.H)}. The curve is γ's beside them."
        )
    else:
        way = f"One γ is taken from all trained classes: γ = {metrics.gamma:.2f} (dashed) was {where}."
    about = (
        f"A class that was trained speaks louder than one that was only described. {way} "
        f"Without calibration, H is {percentage(evaluation.plain.H)}. Area under S against U over all γ: {curve.ausuc:.3f}."
    )
    return Balance(metrics.U, metrics.S, metrics.H, drawn, about)


@dataclass(frozen=True)
class Methods:
    """(name, figures) of every method, highest H first; ``ours`` is this one's name, ``left_out`` names those that were not run."""

    ours: str
    calibrated: Sequence[tuple[str, Metrics]]
    plain: Sequence[tuple[str, Metrics]]
    left_out: str


def methods(evaluation: Evaluation) -> Methods | None:
    """Baselines, as many as there are; None if none was run."""
    if not evaluation.baselines:
        return None
    rows = {OWN: evaluation.metrics, f"{OWN} {UNCALIBRATED}": evaluation.plain, **evaluation.baselines}
    ordered = sorted(rows.items(), key=lambda item: -item[1].H)
    calibrated = [(name, row) for name, row in ordered if not name.endswith(UNCALIBRATED)]
    plain = [(name.removesuffix(UNCALIBRATED).strip(), row) for name, row in ordered if name.endswith(UNCALIBRATED)]
    return Methods(OWN, calibrated, plain, ", ".join(evaluation.left_out))
