"""The measurements against ground truth as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from niwt_core.audit.ground_truth import GroundTruth


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
