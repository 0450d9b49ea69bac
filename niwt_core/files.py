"""Files that are whole or absent: atomic writes and content hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
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
