"""A program of its own that reads `.mat` files for another one: SciPy's reader ends its whole process on some damaged bytes.

It imports nothing of this project. Each line of stdin is a request, ``{"path": ..., "names": [...], "out": ...}``; the variables are written to
``out`` as an `.npz` without pickles (cells of strings as an array of text), and a line of stdout says ``{}`` or what is wrong.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import numpy as np
from scipy.io import loadmat


def plain(value: Any) -> np.ndarray:
    """An array of numbers as it is, cells of one string each as an array of text. Raises ValueError on anything else."""
    array = np.asarray(value)
    if array.dtype != object:
        return array
    texts = [np.asarray(cell) for cell in array.ravel()]
    if any(text.dtype.kind != "U" or text.size != 1 for text in texts):
        raise ValueError("a cell that is not a string")
    return np.array([str(text.item()) for text in texts], dtype=np.str_)


def answer(request: dict[str, Any]) -> dict[str, str]:
    """Reads the variables of one request; {} or the kind of error and what is wrong."""
    try:
        content = loadmat(request["path"], variable_names=request["names"])
        variables = {name: plain(content[name]) for name in request["names"] if name in content}
        with open(request["out"], "wb") as file:
            np.savez(file, **variables)  # type: ignore[arg-type]
    except NotImplementedError:
        return {"kind": "version", "what": "a MATLAB 7.3 file"}
    except Exception as error:  # the reader raises almost anything on damaged bytes
        return {"kind": "damaged", "what": str(error) or type(error).__name__}
    return {}


def serve() -> None:
    """Answers requests until stdin ends."""
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    serve()
