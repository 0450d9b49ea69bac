"""The paper's own pipeline, as an option beside the closed forms: per-image importances, a map trained by Adam, the transfer loop."""

from niwt_core.paper.mapping import MapSettings, PaperMap, train_map
from niwt_core.paper.pipeline import run_paper
from niwt_core.paper.preset import Preset, preset_names, read_preset
from niwt_core.paper.result import PaperResult, load_paper, save_paper
from niwt_core.paper.task import PaperOptions

__all__ = [
    "MapSettings",
    "PaperMap",
    "PaperOptions",
    "PaperResult",
    "Preset",
    "load_paper",
    "preset_names",
    "read_preset",
    "run_paper",
    "save_paper",
    "train_map",
]
