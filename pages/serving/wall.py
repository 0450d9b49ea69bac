"""The wall: classes that visitors built and chose to show to all others, one JSON file each in a folder that the host named.

Off unless the app was started with ``niwt app --wall FOLDER``. What lies in the folder may have been written by anybody: each file is read like a
stranger's, one that is damaged or too large is passed over. The host takes a class down by deleting its file.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import os
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from niwt_core.classify.recipe import Recipe
from niwt_core.errors import NiwtError
from niwt_core.files import read_bytes, write_atomically

WALL = "NIWT_WALL"
FORMAT = 1
LARGEST, LARGEST_PICTURE = 120_000, 60_000  # bytes of a file, and of the picture in it
MOST = 500  # classes on a wall, of all studies together
LONGEST_NICKNAME = 40
EACH, ALL, WINDOW = 5, 60, 600.0  # classes that one visitor, and all together, put up within so many seconds
IDENTITY = re.compile(r"[0-9a-f]{16}")
ASK_HOST = "ask who runs this server"


@dataclass(frozen=True)
class Entry:
    """A class on the wall: ``study`` is the id of the one that it was built in; ``picture`` a JPEG file or nothing; ``at`` seconds since 1970."""

    study: str
    recipe: Recipe
    nickname: str = ""
    picture: bytes = b""
    at: float = 0.0
    id: str = ""

    def to_text(self) -> str:
        """As JSON."""
        values = {
            "format": FORMAT,
            "study": self.study,
            "recipe": self.recipe.to_dict(),
            "nickname": self.nickname,
            "picture": base64.b64encode(self.picture).decode(),
            "at": self.at,
        }
        return json.dumps(values, ensure_ascii=False, indent=1)


def entry_from_text(text: str, *, id: str) -> Entry:
    """The entry in a file's text. Raises NiwtError on anything else."""
    damaged = NiwtError("not a class of a wall", where=f"wall entry {id}", fix="delete the file")
    try:
        values: Any = json.loads(text)
        if values["format"] != FORMAT or not isinstance(values["study"], str) or not isinstance(values["picture"], str):
            raise damaged
        picture = base64.b64decode(values["picture"], validate=True)
        if not math.isfinite(float(values["at"])):
            raise damaged
        entry = Entry(
            values["study"],
            Recipe.from_dict(values["recipe"], where=f"wall entry {id}"),
            checked_nickname(values["nickname"]),
            picture,
            float(values["at"]),
            id,
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, binascii.Error):
        raise damaged from None
    if picture and not _is_small_jpeg(picture):
        raise damaged
    return entry


def checked_nickname(nickname: Any) -> str:
    """A nickname without blanks around it. Raises NiwtError unless it is a short line."""
    line = " ".join(nickname.split()) if isinstance(nickname, str) else "\n"
    if len(line) > LONGEST_NICKNAME or not line.isprintable():
        raise NiwtError("that is no nickname", fix=f"give at most {LONGEST_NICKNAME} letters, or none")
    return line


def _is_small_jpeg(data: bytes) -> bool:
    if len(data) > LARGEST_PICTURE:
        return False
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            return max(image.size) <= 512
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


@dataclass
class Wall:
    """The wall in one folder. Safe for threads; a file is whole or absent."""

    folder: Path
    clock: Callable[[], float] = time.monotonic
    lock: threading.Lock = field(default_factory=threading.Lock)
    lately: deque[tuple[float, str]] = field(default_factory=deque)  # (when, visitor) of what was put up

    def entries(self, study: str) -> list[Entry]:
        """The classes of a study that can be read, the newest first."""
        readable = (self._read(path) for path in self._files())
        mine = [entry for entry in readable if entry is not None and entry.study == study]
        return sorted(mine, key=lambda entry: (-entry.at, entry.id))

    def put(self, entry: Entry, *, visitor: str) -> str:
        """Puts a class up, and returns its id. Raises NiwtError where the visitor, or everybody, has put up enough, or it cannot be kept."""
        entry = replace(entry, nickname=checked_nickname(entry.nickname), at=time.time(), id=secrets.token_hex(8))
        content = entry.to_text().encode()
        if len(content) > LARGEST or (entry.picture and not _is_small_jpeg(entry.picture)):
            raise NiwtError(
                "the class is too large for the wall", fix="describe it in fewer words, or leave the picture out"
            )
        with self.lock:
            now = self.clock()
            while self.lately and self.lately[0][0] <= now - WINDOW:
                self.lately.popleft()
            count = sum(one == visitor for _, one in self.lately)
            if count >= EACH or len(self.lately) >= ALL:
                who = "you have" if count >= EACH else "people have"
                raise NiwtError(
                    f"{who} put up many classes in the last minutes", fix="wait some minutes, and try again"
                )
            if len(self._files()) >= MOST:
                raise NiwtError("the wall is full", fix=f"{ASK_HOST} to take some down")
            try:
                write_atomically(self.folder / f"{entry.id}.json", content)
            except NiwtError:
                raise NiwtError(
                    "the wall cannot be written to just now", fix=ASK_HOST
                ) from None  # its place is the host's
            self.lately.append((now, visitor))
        return entry.id

    def remove(self, id: str) -> None:
        """Takes a class down; one that is gone already is no mistake. Raises NiwtError."""
        if not IDENTITY.fullmatch(id):
            raise NiwtError("no such class on the wall")
        try:
            (self.folder / f"{id}.json").unlink(missing_ok=True)
        except OSError:
            raise NiwtError("the wall cannot be written to just now", fix=ASK_HOST) from None

    def _files(self) -> list[Path]:
        try:
            return [path for path in self.folder.iterdir() if path.suffix == ".json" and IDENTITY.fullmatch(path.stem)]
        except OSError:  # the folder is gone, or closed: an empty wall
            return []

    def _read(self, path: Path) -> Entry | None:
        with suppress(OSError):
            state = path.stat()
            return _entry(path, state.st_mtime_ns, state.st_size)
        return None


@lru_cache(maxsize=2 * MOST)
def _entry(path: Path, _changed: int, size: int) -> Entry | None:
    """The entry in a file, read once; None where it is none."""
    if size > LARGEST or not path.is_file():
        return None
    try:
        return entry_from_text(read_bytes(path, LARGEST).decode(), id=path.stem)
    except (NiwtError, UnicodeDecodeError, OSError):
        return None


@lru_cache(maxsize=4)
def _wall_in(folder: str) -> Wall:
    return Wall(Path(folder))


def wall() -> Wall | None:
    """The wall of this server; None where it has none."""
    folder = os.environ.get(WALL, "")
    return _wall_in(folder) if folder else None
