"""The measurements against ground truth as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from scipy.stats import binomtest

from niwt_core.audit.audits import Audits
from niwt_core.audit.claims import ClaimAudit
from niwt_core.audit.ground_truth import GroundTruth
from niwt_core.study.evaluate import Evaluation


def ground_truth_lines(ground_truth: GroundTruth) -> Iterator[str]:
    """Five lines: names, words and pointing, each with what chance would give."""
    names = ground_truth.names
    yield (
        f"neurons      {names.verified:.0f} % of {names.live} live ones verified, {names.named:.0f} % named; "
        f"shuffled names {names.shuffled:.1f} %"
    )
    for side, words in (("seen", ground_truth.words_seen), ("unseen", ground_truth.words_unseen)):
        yield f"words        {words.true:.1f} % of the top 5 true of the picture ({side}); by frequency {words.by_frequency:.1f} %"
    for side, maps in (("seen", ground_truth.pointing_seen), ("unseen", ground_truth.pointing_unseen)):
        yield (
            f"pointing     {maps.hits:.1f} % of {maps.maps} word maps peak in the right part ({side}); "
            f"centre {maps.centre:.1f} %, shuffled neurons {maps.random:.1f} %"
        )
    yield (
        f"random net   words {ground_truth.words_shuffled.true:.1f} % true, pointing {ground_truth.pointing_shuffled.hits:.1f} %: "
        "both collapse when the weights are shuffled"
    )


def audit_lines(audits: Audits, *, names: bool = True) -> Iterator[str]:
    """What the audits found, each with its control; ``names`` are left out where `ground_truth_lines` says them."""
    audit = audits.names
    if names and audit is not None:
        yield (
            f"names        {audit.verified:.1f} % of {audit.live} live neurons verified, {audit.contested:.1f} % contested, "
            f"{audit.shuffled:.1f} % pass under shuffled names"
        )
    for item in audits.claims:
        yield (
            f"claims       of {item.side} classes' pictures: seen {item.every.seen_true:.1f} % true, not seen {item.every.not_seen_true:.1f} %, "
            f"{item.every.decided:.0f} % decided; claims of other pictures {item.control.seen_true:.1f} % and {item.control.not_seen_true:.1f} %"
        )
        for name, promised in (("right", item.right), ("runner-up", item.runner_up), ("random", item.random)):
            claims = promised.claims
            yield (
                f"             words of the {name} class: seen {claims.seen_true:.1f} % of {claims.seen} true, not seen "
                f"{claims.not_seen_true:.1f} % of {claims.not_seen}{_interval(claims)}, {claims.decided:.0f} % decided; "
                f"reciting its description {promised.recited:.1f} %"
            )
    if audits.shuffled is not None:
        control = audits.shuffled
        yield (
            f"random net   seen {control.seen_true:.1f} % true, not seen {control.not_seen_true:.1f} %, {control.decided:.0f} % decided, "
            "with shuffled weights"
        )
    if audits.novelty is not None:
        auroc = ", ".join(f"{name} {value:.4f}" for name, value in audits.novelty.auroc.items())
        accepted = f"{audits.novelty.accepted_seen:.1f} % of seen, {audits.novelty.accepted_unseen:.1f} % of unseen"
        yield f"familiar     {accepted} classes' pictures accepted; AUROC against {auroc}"
    if audits.parts is not None:
        peaks = audits.parts
        yield (
            f"parts        {peaks.hits:.1f} % of {peaks.peaks} peaks of verified neurons lie at the part of their name, "
            f"{peaks.anywhere:.1f} % at random ({peaks.times:.1f} times), {peaks.other_names:.1f} % at the part of another name"
        )
    if audits.shuffled_names is not None:
        anew = audits.shuffled_names
        yield (
            f"names anew   on {anew.pictures} pictures {anew.verified:.1f} % verified, with shuffled weights {anew.verified_shuffled:.1f} %; the "
            f"study's verified names fit with AUROC {anew.auroc:.3f}, with shuffled weights {anew.auroc_shuffled:.3f}"
        )


def _interval(claims: ClaimAudit) -> str:
    """95 % (Wilson) of "not seen" being true, where something was so called."""
    if not claims.not_seen:
        return ""
    true = round(claims.not_seen * claims.not_seen_true / 100)
    low, high = binomtest(true, claims.not_seen).proportion_ci(method="wilson")
    return f" ({100 * low:.0f} to {100 * high:.0f})"


def calibration_line(evaluation: Evaluation) -> str:
    """How far percentages are from accuracy, before and after the temperature."""
    return (
        f"percentages  expected calibration error {evaluation.ece_before:.1f} points before, {evaluation.ece:.1f} after "
        f"temperature {evaluation.temperature:.3g} (chosen on held-out seen classes)"
    )
