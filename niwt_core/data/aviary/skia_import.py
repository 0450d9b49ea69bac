"""skia where it can be had: it is needed to draw birds, and for nothing else that is done with a study of them."""

from __future__ import annotations

from typing import Any

from niwt_core.errors import NiwtError

__all__ = ["skia"]


class _Missing:
    """Stands for skia: whatever is asked of it is refused with the reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        library = self._reason.partition(":")[0]
        system = {"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1", "libfontconfig.so.1": "libfontconfig1"}.get(library)
        fix = (
            f"install the system's package {system} (apt-get install libgl1 libegl1)"
            if system
            else "pip install skia-python"
        )
        raise NiwtError(f"birds cannot be drawn: {self._reason}", where="skia", fix=fix)


try:
    import skia
except ImportError as error:
    skia = _Missing(str(error))
