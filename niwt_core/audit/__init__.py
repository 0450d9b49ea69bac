"""A study held against ground truth."""
