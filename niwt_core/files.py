"""Files that are whole or absent: atomic writes and content hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import uuid
from pathlib import Path

from niwt_core.errors import NiwtError


def write_atomically(path: Path, content: bytes) -> None:
    """Writes ``content`` so that ``path`` is never seen half-written. Raises NiwtError if the folder cannot be written."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise unwritable(path, error) from None


def read_bytes(path: Path, limit: int, *, fix: str = "check the path") -> bytes:
    """A regular file of at most ``limit`` bytes. Raises NiwtError; a pipe or a device is refused, not waited for."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise NiwtError("cannot read the file (it is a folder)", where=path, fix=fix)
        if not stat.S_ISREG(status.st_mode):
            raise NiwtError("cannot read the file (no regular file)", where=path, fix="give a file")
        if status.st_size > limit:
            raise NiwtError(
                f"{_size(status.st_size)} is too large", where=path, fix=f"give a file of at most {_size(limit)}"
            )
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise NiwtError("no such file", where=path, fix=fix) from None
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL or a lone surrogate
        reason = getattr(error, "strerror", None) or "no possible file name"
        raise NiwtError(f"cannot read the file ({reason})", where=path, fix=fix) from None
    if len(data) > limit:
        raise NiwtError("the file grows while it is read", where=path, fix="try again once it is complete")
    return data


def _size(count: int) -> str:
    return f"{count / 2**20:.0f} MB" if count >= 2**20 else f"{count / 1000:.0f} kB"


def unwritable(path: Path, error: OSError) -> NiwtError:
    """The error for an output that cannot be written."""
    return NiwtError(
        f"cannot write ({error.strerror or error})", where=str(path), fix="choose a folder that you may write to"
    )


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*parts: bytes | str) -> str:
    """The first 16 hex digits of SHA-256 over the parts, each with its length."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()[:16]
