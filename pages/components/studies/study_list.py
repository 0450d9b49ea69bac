"""The studies on this machine, read from their manifests alone, and the command that prepares another."""

from __future__ import annotations

import csv
import json
import shlex
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from niwt_core.data.registry import SOURCES
from niwt_core.errors import NiwtError
from niwt_core.study.storage import check_target, is_study
from pages.components.shared import language
from pages.components.shared.language import tr
from pages.components.shared.session import study_folder
from pages.serving import policy
from pages.serving.arguments import ROOT, new_studies_folder


@dataclass(frozen=True)
class StudySummary:
    """What a study's manifest says of it, without opening it; ``problem`` if that cannot be read."""

    folder: Path
    name: str
    id: str = ""
    seen: int = 0
    unseen: int = 0
    pictures: int = 0
    backbone: str = ""
    layer: str = ""
    knowledge: str = ""
    command: str = ""
    problem: str = ""


def summaries() -> list[StudySummary]:
    """The studies that came with the app, were made in it, or are open, by name; of a public server those that it was started with."""
    if policy.is_public():
        return [read_summary(folder) for folder in policy.public_studies()]
    folders = {
        folder.resolve()
        for place in (ROOT / "assets", new_studies_folder())
        if place.is_dir()
        for folder in place.iterdir()
        if _shown(folder)
    }
    folders |= {folder.resolve() for folder in (study_folder(), *policy.named_studies()) if is_study(folder)}
    return [read_summary(folder) for folder in sorted(folders, key=lambda folder: folder.name)]


def tag(folder: Path) -> str:
    """Tells a folder from others, where the browser sees it: a key that says nothing of where the folder lies."""
    return f"{zlib.crc32(str(folder).encode(errors='surrogateescape')):08x}"


def _shown(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith(".") and is_study(folder)


def read_summary(folder: Path) -> StudySummary:
    """One study's entry."""
    try:
        changed = tuple((folder / name).stat().st_mtime_ns for name in ("study.json", "classes.csv"))
    except OSError:
        return _summary(folder)
    return _read_once(folder, changed, policy.is_public(), language.current())


@lru_cache(maxsize=64)
def _read_once(folder: Path, _changed: tuple[int, ...], _public: bool, _spoken: str) -> StudySummary:
    return _summary(folder)


def _summary(folder: Path) -> StudySummary:
    try:
        manifest = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        with open(folder / "classes.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        memory = manifest.get("provenance") or {}
        return StudySummary(
            folder=folder,
            name=str(manifest["name"]),
            id=str(manifest["id"]),
            seen=sum(row["role"] == "seen" for row in rows),
            unseen=sum(row["role"] == "unseen" for row in rows),
            pictures=sum(int(row["training_pictures"]) + int(row["test_pictures"]) for row in rows),
            backbone=policy.without_paths(
                str(memory.get("backbone", manifest["network"].get("name", "")) or "a network")
            ),
            layer=str(manifest["network"].get("layer", "")),
            knowledge=str(manifest["knowledge"]["kind"]),
            command=policy.command_shown(str(memory.get("command", ""))),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return StudySummary(
            folder, folder.name, problem=tr("its manifest cannot be read ({error})", error=type(error).__name__)
        )


@dataclass(frozen=True)
class Check:
    """One thing that the command needs: whether it is so (None: nothing typed yet), and how to say it."""

    fine: bool | None
    words: str


@dataclass(frozen=True)
class Wanted:
    """What a person wants prepared."""

    source: str
    root: str
    out: str
    knowledge: str = "attributes"
    epochs: int | None = None
    backbone: str = ""


def command(wanted: Wanted) -> str:
    """The exact command."""
    words = ["niwt", "prepare", wanted.source, "--out", wanted.out.strip() or "studies/mine"]
    if not SOURCES[wanted.source].drawn:
        words += ["--root", wanted.root.strip() or "DIR"]
    if wanted.backbone:
        words += ["--backbone", wanted.backbone]
    if wanted.knowledge != "attributes":
        words += ["--knowledge", wanted.knowledge]
    if wanted.epochs is not None:
        words += ["--epochs", str(wanted.epochs)]
    return shlex.join(words)


def shown(folder: Path) -> str:
    """A path as short as it can be said: from the folder that the app runs in, or from home; nothing where paths are not shown."""
    if not policy.may_name_paths():
        return ""
    for base, sign in ((Path.cwd(), ""), (Path.home(), "~/")):
        if folder.is_relative_to(base) and folder != base:
            return sign + folder.relative_to(base).as_posix()
    return str(folder)


def checks(wanted: Wanted) -> list[Check]:
    """What the command will find at these paths, seen from the folder that the app runs in. Raises NiwtError where paths may not be named."""
    policy.require_paths()
    problems = [] if SOURCES[wanted.source].drawn else _check_root(wanted)
    out = from_here(wanted.out.strip() or "studies/mine")
    try:
        check_target(out)
    except NiwtError as error:
        return [*problems, Check(False, f"{shown(out)}: {error.what}; {error.fix}")]
    return [
        *problems,
        Check(
            True,
            f"{shown(out)}: "
            + (tr("holds a study, which will be replaced as a whole") if is_study(out) else tr("free for the study")),
        ),
    ]


def _check_root(wanted: Wanted) -> list[Check]:
    if not wanted.root.strip():
        return [Check(None, tr("Say where the pictures are."))]
    root = from_here(wanted.root.strip())
    source = SOURCES[wanted.source]
    if not root.is_dir():
        return [Check(False, tr("{folder}: there is no such folder", folder=shown(root)))]
    base, needed = source.base(root), source.marker
    if not (base / needed).exists():
        return [
            Check(
                False,
                tr(
                    "{folder}: no {needed} in it; name {where}",
                    folder=shown(root),
                    needed=needed,
                    where=tr(source.where),
                ),
            )
        ]
    if wanted.source != "folder":
        return [Check(True, tr("{folder}: found {needed}", folder=shown(base), needed=needed))]
    classes = sum(entry.is_dir() and not entry.name.startswith(".") for entry in (base / needed).iterdir())
    described = (base / "attributes.csv").is_file() or (base / "captions").is_dir()
    return [
        Check(classes > 1, tr("{folder}: {count} folders, one a class", folder=shown(base / needed), count=classes)),
        Check(
            described,
            tr("attributes.csv or captions describe the classes")
            if described
            else tr("{folder}: neither attributes.csv nor a folder captions", folder=shown(base)),
        ),
    ]


def lacks_words(wanted: Wanted) -> bool:
    """A folder of classes of which nothing is tables yet, so that nothing can be overwritten."""
    root = from_here(wanted.root.strip()) if wanted.root.strip() else None
    if wanted.source != "folder" or root is None or not (root / "images").is_dir():
        return False
    tables = ("attributes.csv", "captions", "unseen.txt", "split.csv")
    return not any((root / name).exists() for name in tables)


def plain(path: Path) -> str:
    """A path as a command takes it from the folder that the app runs in."""
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else str(path)


def from_here(path: str) -> Path:
    """A path that a person typed, seen from the folder that the app runs in."""
    given = Path(path).expanduser()
    return given if given.is_absolute() else Path.cwd() / given
