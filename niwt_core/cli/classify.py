"""``niwt classify``: one picture or ten thousand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from niwt_core.cli.commands import AsJson, StudyFolder, With, Without, classifier_for
from niwt_core.cli.output import Report, progress_bar, write_json, write_line, write_note, write_table
from niwt_core.errors import NiwtError, shown

if TYPE_CHECKING:
    from niwt_core.classify.classifier import Classifier
    from niwt_core.classify.many import FileAnswer

MANY = 32  # pictures from which a bar shows how far it is
KEPT_TOGETHER = 64  # answers that an interruption may cost


def classify(
    study: StudyFolder,
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE...", help="pictures, folders of pictures, or patterns such as 'birds/**/*.jpg'"),
    ],
    with_: With = None,
    without: Without = None,
    top: Annotated[int, typer.Option(min=1, help="how many classes to show")] = 5,
    csv: Annotated[
        Path | None, typer.Option(help="a table with a row for each picture; an interrupted run goes on where it was")
    ] = None,
    json: AsJson = False,
) -> None:
    """Ranks seen, unseen and built classes for each picture, says what is seen in it, and whether it is like the study's pictures at all."""
    from niwt_core.data.picture_files import picture_files
    from niwt_core.images import check_image
    from niwt_core.study.temperature import temperature_of

    if csv is not None and csv.is_dir():
        raise NiwtError("that is a folder", where=csv, fix="give a file name for --csv")
    files, singly = picture_files(images)
    if len(singly) == len(files):
        _one_must_be_readable(files, check_image)
    classifier = classifier_for(study, [], with_, without)
    failed: list[tuple[Path, NiwtError]] = []
    results: list[Mapping[str, Any]] = []
    with progress_bar(visible=len(files) >= MANY) as report:
        if csv is not None:
            written = _into_table(classifier, files, csv, with_ or [], top, report)
            failed = [(path, row) for path, row in written if isinstance(row, NiwtError)]
        else:
            for answer in _counted(classifier, files, top, report):
                if answer.error is not None:
                    failed.append((answer.path, answer.error))
                if json:
                    results.append(_entry(classifier, answer))
                elif answer.error is None:
                    _write(answer)
    if len(failed) == len(files):
        raise failed[0][1]
    if json:
        opened = classifier.study
        facts = {
            "study": opened.name,
            "study_id": opened.id,
            "gamma": classifier.gamma,
            "temperature": temperature_of(opened),
        }
        table = {"csv": str(csv), "pictures": len(files), "unreadable": len(failed)}
        write_json(facts | ({"results": results} if csv is None else table))
    elif csv is not None:
        write_line(f"{len(files) - len(failed)} pictures in {csv}")
    else:
        for path, error in failed:
            write_line(f"{shown(path)}: {error.what}")
    mistaken = [(path, error) for path, error in failed if path in singly]
    if mistaken:
        what = f"{len(failed)} of {len(files)} pictures could not be read, the others are answered"
        raise NiwtError(what, where=mistaken[0][0], fix=f"it says {mistaken[0][1].what!r}")
    if failed:
        write_note(
            f"{len(failed)} of {len(files)} files could not be read, such as {shown(failed[0][0])}: {failed[0][1].what}"
        )


def _one_must_be_readable(files: Sequence[Path], check: Any) -> None:
    """Raises the first reason where no header can be read: opening a study for nothing takes time."""
    first: NiwtError | None = None
    for path in files:
        try:
            check(path)
            return
        except NiwtError as error:
            first = first or error
    if first is not None:
        raise first


def _counted(classifier: Classifier, files: Sequence[Path], top: int, report: Report) -> Iterator[FileAnswer]:
    from niwt_core.classify.many import classify_files

    for done, answer in enumerate(classify_files(classifier, files, top=top), start=1):
        yield answer
        report("classifying", done, len(files))


def _entry(classifier: Classifier, answer: FileAnswer) -> dict[str, Any]:
    """What JSON says of one file."""
    from niwt_core.explain.detector import sightings
    from niwt_core.explain.expected import expected_attributes

    if answer.error is not None or answer.pooled is None or answer.probabilities is None:
        return {"image": shown(answer.path), "error": str(answer.error)}
    expected = expected_attributes(classifier, answer.probabilities)
    return {
        "image": shown(answer.path),
        "class": answer.best.name,
        "kind": str(answer.best.kind),
        "familiar": answer.familiar,
        "novelty": answer.novelty,
        **sightings(classifier.study, answer.pooled, expected),
        "ranking": [
            {"class": item.name, "kind": str(item.kind), "score": item.score, "probability": item.probability}
            for item in answer.ranking
        ],
    }


def _write(answer: FileAnswer) -> None:
    from niwt_core.explain.sentence import UNFAMILIAR

    write_line(f"{shown(answer.path)}" if answer.familiar else f"{shown(answer.path)}: {UNFAMILIAR}")
    rows = [(f"  {item.display}", item.kind, item.probability, item.score) for item in answer.ranking]
    write_table(("  class", "kind", "probability", "score"), rows)


def _into_table(
    classifier: Classifier, files: list[Path], out: Path, recipes: Sequence[Path], top: int, report: Report
) -> list[tuple[Path, Mapping[str, Any] | NiwtError]]:
    """Fills the table, from where an interrupted run of the same study and recipes stopped; what became of each file."""
    from niwt_core.classify.journal import Journal
    from niwt_core.classify.many import classify_files
    from niwt_core.files import digest, only_writer

    key = digest(classifier.study.id, *classifier.switched_off, *(path.read_bytes() for path in recipes))
    with only_writer(out):
        journal = Journal(out, key)
        left = [path for path in files if journal.row(path) is None]
        done, rows = len(files) - len(left), {}
        for answer in classify_files(classifier, left, top=top):
            entry = _entry(classifier, answer)
            best = (
                {} if answer.error is not None else {"probability": answer.best.probability, "score": answer.best.score}
            )
            rows[answer.path] = {key: value for key, value in entry.items() if key != "ranking"} | best
            if answer.error is not None:
                rows[answer.path]["what"] = answer.error.what
            done += 1
            report("classifying", done, len(files))
            if len(rows) == KEPT_TOGETHER:
                journal.add(rows)
                rows = {}
        journal.add(rows)
        answered = [(path, journal.row(path) or {}) for path in files]
        journal.finish(files)
    return [(path, NiwtError(row["what"], where=path) if "error" in row else row) for path, row in answered]
