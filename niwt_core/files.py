"""Files that are whole or absent: atomic writes, content hashes, and one writer at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from niwt_core.errors import NiwtError

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    fcntl = None  # type: ignore[assignment]


CACHE = "choose-your-neuron"


def cache_folder() -> Path:
    """The user's cache folder, as the XDG base directories have it."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if given and Path(given).is_absolute() else Path("~/.cache").expanduser()) / CACHE


def write_atomically(path: Path, content: bytes) -> None:
    """Writes ``content`` so that ``path`` is never seen half-written. Raises NiwtError if it cannot be."""
    path = Path(path)
    write_all(path.parent, {path.name: content})


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files of these names into ``folder``: all of them are there, whole, before the first takes its place.

    A link is followed; what is neither a file nor absent (a folder, a device) is left alone. Raises NiwtError if one cannot be written.
    """
    waiting: list[tuple[Path, Path]] = []
    path = Path(folder)
    try:
        for name, content in files.items():
            path = Path(os.path.realpath(Path(folder) / name))
            if path.exists() and not path.is_file():
                raise NiwtError("what is there is no file", where=path, fix="give the name of a file")
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name[:100]}.{uuid.uuid4().hex[:12]}.tmp")
            waiting.append((temporary, path))
            temporary.write_bytes(content)
        for temporary, path in waiting:
            os.replace(temporary, path)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL or half a character
        raise unwritable(path, error if isinstance(error, OSError) else OSError(0, "no possible file name")) from None
    finally:
        for temporary, _ in waiting:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


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


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Writes a safetensors file so that ``path`` is never seen half-written. Raises NiwtError where it cannot be, as on a full disk."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        save_file(dict(tensors), temporary, metadata=dict(metadata) if metadata else None)
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise unwritable(path, error if isinstance(error, OSError) else OSError(0, str(error))) from None


_HELD: set[Path] = set()  # locks of this process


@contextlib.contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Nobody else may write to ``out`` meanwhile: a lock file beside it, which the system itself lets go of when the process ends, however it ends.

    Within one process it may be taken again. Raises NiwtError where another process has it, with that process's number.
    """
    lock = out.resolve().parent / f".{out.resolve().name}.lock"
    if lock in _HELD:
        yield
        return
    try:
        handle = _locked(lock, out)
    except OSError as error:
        raise unwritable(lock, error) from None
    _HELD.add(lock)
    try:
        yield
    finally:
        _HELD.discard(lock)
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(handle)


def _locked(lock: Path, out: Path) -> int:
    """The open lock file, with this process's number in it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _take(handle)
        except OSError:
            owner = os.read(handle, 20).decode("ascii", "replace").strip()
            os.close(handle)
            who = f"process {owner}" if owner.isdecimal() else "another process"
            raise NiwtError(f"{who} is writing there", where=out, fix="wait until it is done, or stop it") from None
        try:
            if os.path.samestat(os.fstat(handle), os.stat(lock)):
                os.truncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
                return handle
        except FileNotFoundError:
            pass
        os.close(handle)  # its owner has just removed it


def _take(handle: int) -> None:
    """Locks an open file, or raises OSError at once."""
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:  # Windows locks bytes: one far behind the number
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)


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
