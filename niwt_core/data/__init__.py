"""Readers of picture sets. Each returns a `Dataset`."""

from niwt_core.data.class_folders import check_pictures
from niwt_core.data.dataset import Dataset, Parts, Skipped
from niwt_core.knowledge.class_names import display_name

__all__ = ["Dataset", "Parts", "Skipped", "check_pictures", "display_name"]
