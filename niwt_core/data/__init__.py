"""Readers of picture sets. Each returns a `Dataset`."""

from niwt_core.class_names import display_name
from niwt_core.data.dataset import Dataset, Parts, Skipped, check_pictures

__all__ = ["Dataset", "Parts", "Skipped", "check_pictures", "display_name"]
