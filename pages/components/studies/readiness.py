"""What still stands between a set of pictures and a study, said while a person fills it in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from niwt_core.data.dataset import FEWEST_SEEN
from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import listing, same_names
from niwt_core.study.storage import check_target, is_study
from pages.components.shared.language import tr, trn
from pages.components.studies.picture_set import PictureSet, Words
from pages.components.studies.study_list import Check, shown

FEW_PICTURES = 5  # of a class: fewer leave hardly any to test on


def readiness(gathered: PictureSet, out: Path) -> list[Check]:
    """Checks in the order in which they are met; the study can be prepared when none is False and none of the first is open."""
    pictures = gathered.pictures
    if not pictures:
        return [Check(None, tr("Drop some pictures first."))]
    return [*_of_pictures(gathered), *_of_words(gathered.classes, gathered.words), _of_place(out)]


def is_ready(checks: Sequence[Check]) -> bool:
    """Nothing is missing."""
    return all(check.fine is not False for check in checks) and any(check.fine for check in checks)


def _of_pictures(gathered: PictureSet) -> list[Check]:
    counts, words = gathered.counts, gathered.words
    lost = sum(1 for _, class_ in gathered.pictures if not class_)
    seen = [name for name in counts if name not in words.held_back]
    checks = [
        Check(
            True, tr("{pictures:,} pictures of {classes} classes", pictures=sum(counts.values()), classes=len(counts))
        )
    ]
    if lost:
        checks.append(
            Check(
                False,
                trn(
                    "{count} picture has no class yet: type it in the table of pictures",
                    "{count} pictures have no class yet: type it in the table of pictures",
                    lost,
                ),
            )
        )
    if len(seen) < FEWEST_SEEN:
        what = tr(
            "{seen} classes to learn from; at least {fewest} are needed, besides those held back",
            seen=len(seen),
            fewest=FEWEST_SEEN,
        )
        checks.append(Check(False, what))
    few = [name for name, count in counts.items() if count < FEW_PICTURES]
    if few:
        checks.append(
            Check(
                None,
                tr(
                    "{classes}: fewer than {count} pictures, so little to test on",
                    classes=listing(few, limit=3),
                    count=FEW_PICTURES,
                ),
            )
        )
    alike = same_names(counts)
    if alike:
        checks.append(Check(False, tr("{names} are one name, written in two ways", names=tr(" and ").join(alike[0]))))
    return checks


def _of_words(classes: Sequence[str], words: Words) -> list[Check]:
    if words.kind == "captions":
        wordless = [name for name in classes if not words.sentences.get(name, "").strip()]
        if wordless:
            return [Check(False, tr("no sentence yet for {classes}", classes=listing(wordless, limit=3)))]
        return [Check(True, tr("every class has its sentences"))]
    if not words.attributes:
        return [Check(False, tr("no attribute yet: say in which words the classes differ"))]
    rows = {name: tuple(words.values.get(name, {}).get(one, 0.0) for one in words.attributes) for name in classes}
    wordless = [name for name, row in rows.items() if not any(row)]
    if wordless:
        return [Check(False, tr("no word yet for {classes}", classes=listing(wordless, limit=3)))]
    checks = [Check(True, tr("{count} attributes, and every class has some", count=len(words.attributes)))]
    by_row: dict[tuple[float, ...], list[str]] = {}
    for name, row in rows.items():
        by_row.setdefault(row, []).append(name)
    twins = next((names for names in by_row.values() if len(names) > 1), None)
    if twins is not None and len(by_row) == 1:
        checks.append(Check(False, tr("all classes are described alike")))
    elif twins is not None:
        checks.append(
            Check(None, tr("{classes} are described alike: no word tells them apart", classes=listing(twins, limit=3)))
        )
    if not words.held_back and not words.described_only:
        checks.append(Check(None, tr("no class is held back: tick one to see whether words alone are enough")))
    return checks


def _of_place(out: Path) -> Check:
    try:
        check_target(out)
    except NiwtError as error:
        return Check(False, f"{shown(out)}: {error.what}; {error.fix}")
    return Check(
        True, f"{shown(out)}: " + (tr("holds a study, which will be replaced") if is_study(out) else tr("free"))
    )
