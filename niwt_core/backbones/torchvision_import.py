"""Make `import torchvision` work where its compiled operators do not fit the installed torch.

A torchvision wheel built for another torch (a CUDA wheel beside a CPU torch, say) cannot load its `_C` library, and
then fails to import at all, because its Python code registers a shape rule for `torchvision::nms`, an operator that
nobody defined. No classifier uses that operator, so its bare schema is enough. transformers and Captum import
torchvision, and fail with it.
"""

import importlib.machinery
import importlib.util
import os
import threading
from pathlib import Path

import torch

OPERATORS = ("nms", "qnms")
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_lock = threading.Lock()
defined: list[torch.library.Library] = []  # a schema vanishes with its Library object


def ensure_torchvision() -> None:
    """Define the missing `torchvision` operator schemas; call it before the first import of torchvision, transformers
    or Captum.

    Does nothing when torchvision is absent, when its compiled operators load (they bring their own schemas), or on a
    second call. Thread-safe.
    """
    with _lock:
        missing = [name for name in OPERATORS if not hasattr(torch.ops.torchvision, name)]
        if not missing:
            return
        spec = importlib.util.find_spec("torchvision")
        if spec is None or spec.origin is None or _load_operators(Path(spec.origin).parent):
            return
        # FRAGMENT, not DEF: several fragments of a namespace may live side by side, so this cannot clash with another
        # library's.
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in missing:
            library.define(name + SCHEMA)
        defined.append(library)


def _load_operators(folder: Path) -> bool:
    """Load torchvision's own `_C` library the way torchvision does; True when it fits this torch."""
    if os.name == "nt":
        os.add_dll_directory(str(folder))  # type: ignore[attr-defined,unused-ignore]
    loader = (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES)
    spec = importlib.machinery.FileFinder(str(folder), loader).find_spec("_C")
    if spec is None or spec.origin is None:
        return False
    try:
        torch.ops.load_library(spec.origin)
    except (ImportError, OSError):
        return False
    return hasattr(torch.ops.torchvision, OPERATORS[0])
