"""What an explanation claims about a picture, before any language has words for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart, Observation

SEEN_SAID = 3  # of what is seen, of the class's own words, and of neurons
LACKING_SAID = 2  # words of the description that the picture lacks
GROUPS_SAID = 2  # attribute groups that tell two classes apart


class Verdict(Enum):
    """How surely the network answers."""

    SAYS = "says"
    LEANS = "leans towards"  # the best class, without most of the probability or a clear lead
    WEIGHS = "weighs"  # not the best class
    NEAREST = "comes nearest"  # the best class for a picture that is unlike those of the study


@dataclass(frozen=True)
class Lacking:
    """A word of the description (its label) that the picture lacks, and the label of what is seen ``instead`` of it, if anything."""

    label: str
    instead: str = ""


@dataclass(frozen=True)
class Difference:
    """What the picture has of one attribute group as the class has it, and what it lacks that the runner-up has; either may be empty (labels)."""

    has: str = ""
    lacks: str = ""


@dataclass(frozen=True)
class Statements:
    """Labels are those of the study's attributes; ``kind``: seen, unseen or built.

    seen: what is seen of the description; ``stands_for``: the class's own words where nothing of them is seen, and whether detectors ``looked``.
    lacking: what the description promises and the picture lacks, ``more`` of it left out. active, quiet: neurons with names that can be
    trusted, which speak by what they do or by their silence; unnamed: numbers of neurons where none has such a name.
    versus: the runner-up ("" without one), which is ``ahead`` or not, and the differences that the detectors confirm.
    """

    display: str
    kind: str
    verdict: Verdict
    familiar: bool = True
    seen: tuple[str, ...] = ()
    stands_for: tuple[str, ...] = ()
    looked: bool = True
    lacking: tuple[Lacking, ...] = ()
    more: int = 0
    active: tuple[NeuronPart, ...] = ()
    quiet: tuple[NeuronPart, ...] = ()
    unnamed: tuple[int, ...] = ()
    versus: str = ""
    ahead: bool = False
    differences: tuple[Difference, ...] = ()


def statements_for(
    display: str,
    kind: str,
    *,
    seen: Sequence[Observation] = (),
    missing: Sequence[Observation] = (),
    instead: Sequence[Observation] = (),
    stands_for: Sequence[AttributeScore] = (),
    supporting: Sequence[NeuronPart] = (),
    contrast: Contrast | None = None,
    sure: bool = True,
    familiar: bool = True,
    looked: bool = True,
) -> Statements:
    """What may be said: that the network sees something is claimed of what is seen, and of nothing else.

    Args:
        seen: what is seen of what the description promises.
        missing: what it promises and the picture lacks; instead: what is seen that it does not promise, named where it takes the place of that.
        stands_for: the class's own words, said where nothing of them is seen.
        sure: the best class has most of the probability and leads clearly.
        familiar: the picture is like those of the study; of another nothing is claimed to be seen.
        looked: the study has detectors that looked for the words; without them nothing is said of what is there.
    """
    best = contrast is None or contrast.margin >= 0
    active, quiet, unnamed = _neurons(supporting, [*seen, *instead], missing)
    if not familiar:  # detectors were tested on pictures of the study's kind only: of this one they say nothing
        verdict = Verdict.NEAREST if best else Verdict.WEIGHS
        return Statements(display, kind, verdict, familiar=False, active=active, quiet=quiet, unnamed=unnamed)
    words = () if seen else tuple(word.label for word in stands_for[:SEEN_SAID] if word.score > 0)
    return Statements(
        display,
        kind,
        Verdict.WEIGHS if not best else Verdict.SAYS if sure else Verdict.LEANS,
        seen=tuple(item.label for item in seen[:SEEN_SAID]),
        stands_for=words,
        looked=looked,
        lacking=tuple(_lacking(item, instead) for item in missing[:LACKING_SAID]),
        more=max(0, len(missing) - LACKING_SAID),
        active=active,
        quiet=quiet,
        unnamed=unnamed,
        versus="" if contrast is None else contrast.versus,
        ahead=not best,
        differences=() if contrast is None else differences(contrast.confirmed),
    )


def differences(words: Sequence[AttributeScore], *, groups: int = GROUPS_SAID) -> tuple[Difference, ...]:
    """What tells two classes apart in a picture, one for each of the first attribute groups."""
    by_group: dict[str, tuple[list[str], list[str]]] = {}
    for word in words:
        group = word.label.partition(": ")[0]
        if group not in by_group and len(by_group) == groups:
            continue
        by_group.setdefault(group, ([], []))[0 if word.present else 1].append(word.label)
    return tuple(Difference(has[0] if has else "", lacks[0] if lacks else "") for has, lacks in by_group.values())


def _lacking(item: Observation, instead: Sequence[Observation]) -> Lacking:
    group = item.label.partition(": ")[0]
    other = next((one.label for one in instead if one.label.partition(": ")[0] == group), "")
    return Lacking(item.label, other if other != item.label else "")


def _neurons(
    supporting: Sequence[NeuronPart], seen: Sequence[Observation], missing: Sequence[Observation]
) -> tuple[tuple[NeuronPart, ...], tuple[NeuronPart, ...], tuple[int, ...]]:
    """(active, quiet, unnamed): a name is said where it is verified, or a person's own, and the picture does not deny it."""
    lacking, there = {item.attribute for item in missing}, {item.attribute for item in seen}

    def is_told(part: NeuronPart) -> bool:
        denied = part.neuron.attribute in (lacking if part.excess >= 0 else there)
        return part.neuron.status in ("verified", "yours") and not denied

    named = [part for part in supporting if is_told(part)][:SEEN_SAID]
    active = tuple(part for part in named if part.excess >= 0)
    quiet = tuple(part for part in named if part.excess < 0)
    return active, quiet, () if named else tuple(part.index for part in supporting[:2])
