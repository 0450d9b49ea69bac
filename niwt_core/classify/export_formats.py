"""A module written as a torch.export program or as an ONNX model, with texts beside it, and read back as others will run it."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from niwt_core.errors import NiwtError

OPSET = 20
Run = Callable[[Tensor], np.ndarray]


def write_torch(pipeline: nn.Module, pixels: Tensor, texts: Mapping[str, str], path: Path) -> Run:
    """Writes the program and returns it as read back from the file."""
    try:
        program = torch.export.export(
            pipeline, (pixels[:2],), dynamic_shapes=({0: torch.export.Dim("batch")},), strict=False
        )
        buffer = io.BytesIO()
        torch.export.save(program, buffer, extra_files=dict(texts))
    except Exception as error:  # whatever torch cannot trace; there is no one type for it
        raise _refused("torch.export", error) from error
    path.write_bytes(buffer.getvalue())
    stored = dict.fromkeys(texts, "")
    module = torch.export.load(path, extra_files=stored).module()
    if any(_text(stored[name]) != text for name, text in texts.items()):
        raise NiwtError("the labels did not come back as written", where=str(path), fix="try .onnx")
    return lambda batch: module(batch).numpy()


def write_onnx(pipeline: nn.Module, pixels: Tensor, texts: Mapping[str, str], path: Path) -> Run:
    """Writes the model and returns it as ONNX Runtime runs it from the file."""
    import onnx
    import onnxruntime

    try:
        program = torch.onnx.export(
            pipeline,
            (pixels[:2],),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            input_names=["pixels"],
            output_names=["logits"],
            opset_version=OPSET,
            verbose=False,
        )
        assert program is not None
        model = program.model_proto
        onnx.helper.set_model_props(model, dict(texts))
        content = model.SerializeToString()
        path.write_bytes(content)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except OSError:
        raise
    except Exception as error:  # the exporter, protobuf and the runtime each have their own types
        raise _refused("ONNX", error) from error
    if any(session.get_modelmeta().custom_metadata_map.get(name) != text for name, text in texts.items()):
        raise NiwtError("the labels did not come back as written", where=str(path), fix="try .pt2")
    return lambda batch: np.asarray(session.run(["logits"], {"pixels": batch.numpy()})[0])


def need_onnx() -> None:
    """Raises NiwtError where a package that ONNX needs is not installed."""
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise NiwtError(
            f"ONNX needs {' and '.join(missing)}",
            where="export",
            fix="pip install 'choose-your-neuron[onnx]', or export to .pt2",
        )


def _refused(format_: str, error: Exception) -> NiwtError:
    reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return NiwtError(
        f"{format_} cannot express this network: {reason[:200]}", where="export", fix="try the other format"
    )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No warnings and no log lines of the exporters: what matters is checked."""
    loggers: Sequence[logging.Logger] = [
        logging.getLogger(name) for name in ("torch.export", "torch.onnx", "onnxscript", "onnx_ir")
    ]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
