"""A Study on disk: written whole or not at all, verified when it is opened."""

from niwt_core.study.storage.csv_tables import TABLES
from niwt_core.study.storage.folder import check_unchanged, load_study, save_study
from niwt_core.study.storage.target import check_target, is_study, remove_leftovers
from niwt_core.study.storage.tensors import TENSORS

__all__ = [
    "TABLES",
    "TENSORS",
    "check_target",
    "check_unchanged",
    "is_study",
    "load_study",
    "remove_leftovers",
    "save_study",
]
