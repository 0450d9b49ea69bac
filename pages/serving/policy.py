"""What the people who use this server may do: on their own machine everything, on one that is open to the public (``niwt app --public``) no paths.

The one switch that pages ask. A page that lets a person name a folder or a file of the machine that the app runs on, or that shows where one
lies, first asks `may_name_paths`; what takes a path in calls `require_paths` or `require_study`, whatever its page showed.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from niwt_core.errors import NiwtError
from pages.serving.arguments import first_folder

PUBLIC, STUDIES, LIMITS = "NIWT_PUBLIC", "NIWT_STUDIES", "NIWT_LIMITS"
SHARED_HOST = "NIWT_SHARED_HOST"  # the name under which others in the network reach the app
MEBIBYTE = 1 << 20
# A path of at least two steps from a root, or from home; addresses of the web and fractions are none.
PATH = re.compile(r"(?<![\w:/.\\])(?:~|[A-Za-z]:)?(?:[/\\][^\s/\\'\"`<>|:;,()]+){2,}[/\\]?")


@dataclass(frozen=True)
class Limits:
    """What one person, and all together, may ask of a server that is open to the public.

    ``upload``: bytes of one file; ``uploads``: bytes that a session sends, ``seconds``: time that it computes, both within ``window`` seconds;
    ``pictures``: pictures that a session keeps; ``sessions``: people at once.
    """

    upload: int = 10 * MEBIBYTE
    uploads: int = 200 * MEBIBYTE
    pictures: int = 60
    sessions: int = 60
    seconds: float = 120.0
    window: float = 600.0


def is_public() -> bool:
    """Whether the app was started with ``--public``."""
    return os.environ.get(PUBLIC, "") == "1"


def is_shared() -> bool:
    """Whether others than the person whose machine it is may have come in."""
    return is_public() or bool(os.environ.get(SHARED_HOST))


def may_name_paths() -> bool:
    """Whether this session may name folders and files of the machine that the app runs on, and see where they lie."""
    return not is_public()


def require_paths(what: str = "a folder of this machine") -> None:
    """Raises NiwtError unless this session may name paths."""
    if not may_name_paths():
        raise NiwtError(
            f"{what} cannot be named here: this server is open to the public",
            fix="drop the files in, or run the app on your own machine with `niwt app`",
        )


def public_studies() -> tuple[Path, ...]:
    """The only studies of a public server: those that it was started with, in that order; on one's own machine none are fixed."""
    return (named_studies() or (first_folder(),)) if is_public() else ()


def named_studies() -> tuple[Path, ...]:
    """The studies that were named when the app was started."""
    return tuple(Path(folder) for folder in json.loads(os.environ.get(STUDIES, "[]")))


def require_study(folder: Path) -> None:
    """Raises NiwtError unless this session may open the study in ``folder``; whether something is there is not looked at."""
    if is_public() and folder not in public_studies():
        raise NiwtError(
            "only the studies of this server can be opened here",
            fix="choose one of the list, or run the app on your own machine with `niwt app`",
        )


def limits() -> Limits | None:
    """The limits of a server that is open to the public; None on one's own machine."""
    if not is_public():
        return None
    given = json.loads(os.environ.get(LIMITS, "{}"))
    return Limits(**{name: given[name] for name in Limits.__dataclass_fields__ if name in given})


def command_shown(command: str) -> str:
    """A command that made a study, fit for this session: where paths are not shown, what it was without its options, which name them."""
    return command if may_name_paths() else " ".join(command.split()[:3])


def without_paths(text: str) -> str:
    """A text that was written for the machine's owner, fit for this session: of each path only its last step stays where paths are not shown."""
    if may_name_paths():
        return text
    for folder in sorted({str(folder.parent) for folder in public_studies()} - {"/", "."}, key=len, reverse=True):
        text = text.replace(f"{folder}{os.sep}", "").replace(folder, "…")  # the studies' own, which may hold blanks
    return PATH.sub(lambda match: re.split(r"[/\\]", match[0].rstrip("/\\"))[-1], text)
