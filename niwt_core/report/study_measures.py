"""How good a study is, as sections of its report: the balance over gamma, and other methods beside it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

from niwt_core.evaluation.metrics import Metrics
from niwt_core.report.charts import Axis, Curve, plot
from niwt_core.report.fragments import chip, percentage, section
from niwt_core.study.evaluate import Evaluation
from niwt_core.study.study import Study

SAMPLES = 180  # points of a curve: more cannot be told apart
OWN, UNCALIBRATED = "NIWT", "(uncalibrated)"


def balance(study: Study, found: Evaluation) -> str:
    """U, S and H over gamma, with the gamma that was chosen."""
    curve, here = found.curve, found.metrics
    high = max(float(np.quantile(curve.gammas, 0.97)), 2 * here.gamma, 0.1)
    low = min(0.0, float(np.quantile(curve.gammas, 0.05)))
    gammas = np.linspace(low, high, SAMPLES)
    at = curve.at(gammas)
    curves = [
        Curve(gammas, at.U, "unseen"),
        Curve(gammas, at.S, "seen"),
        Curve(gammas, at.H, "ink", 3),
    ]
    drawn = plot(
        Axis.over(low, high, "γ, taken from the score of every seen class"),
        Axis.percent("class-averaged accuracy"),
        curves=curves,
        upright=here.gamma,
        describe=f"At γ {here.gamma:.2f}, U is {here.U:.1f}, S {here.S:.1f} and H {here.H:.1f} percent.",
    )
    key = "".join(
        f"<span>{mark} <b>{percentage(value)}</b></span>"
        for mark, value in (
            (chip("unseen", "U, unseen"), here.U),
            (chip("seen", "S, seen"), here.S),
            ("<b>━ H</b>", here.H),
        )
    )
    where = f"chosen on {study.choices.folds} folds of seen classes, where H was {percentage(study.choices.cross_validated_H)}"
    if study.stolen_share is not None and study.calibration == "stolen share":
        way = (
            f"Each described class has a bias of its own, at which it may take {100 * study.stolen_share.share:.2g} % of the trained classes' "
            f"pictures; the share was {where}. One γ for all in its place gives H {percentage(found.by_gamma.H)}. The curve is γ's beside them."
        )
    else:
        way = f"One γ is taken from all trained classes: γ = {here.gamma:.2f} (dashed) was {where}."
    about = (
        f"A class that was trained speaks louder than one that was only described. {way} "
        f"Without calibration, H is {percentage(found.plain.H)}. Area under S against U over all γ: {curve.ausuc:.3f}."
    )
    return section("The balance", about, f'{drawn}<p class="st-key">{key}</p>')


def methods(found: Evaluation) -> list[str]:
    """Runners-up, as many as there are; nothing if none was run."""
    if not found.baselines:
        return []
    rows = {OWN: found.metrics, f"{OWN} {UNCALIBRATED}": found.plain, **found.baselines}
    about = "The same pictures and features; each method's strength, and its own γ, by folds of seen classes. Percent, highest H first."
    plain = {name.removesuffix(UNCALIBRATED).strip(): row for name, row in rows.items() if name.endswith(UNCALIBRATED)}
    calibrated = {name: row for name, row in rows.items() if not name.endswith(UNCALIBRATED)}
    note = (
        f'<p class="nr-small">Not run, since this study was prepared before: {escape(", ".join(found.left_out))}.</p>'
        if found.left_out
        else ""
    )
    body = f'{_method_table(calibrated)}{note}<h3 class="st-gap">Without calibration</h3>{_method_table(plain)}'
    return [section("Beside other methods", about, f'<div class="narrow">{body}</div>')]


def _method_table(rows: Mapping[str, Metrics]) -> str:
    ordered = sorted(rows.items(), key=lambda item: -item[1].H)
    body = "".join(
        f"<tr{' class=st-own' if name == OWN else ''}><td>{escape(name)}</td>"
        f"<td>{row.U:.1f}</td><td>{row.S:.1f}</td><td>{row.zsl:.1f}</td><td>{row.H:.1f}</td></tr>"
        for name, row in ordered
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Method", "U", "S", "ZSL", "H"))
    return f'<table class="st-methods"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
