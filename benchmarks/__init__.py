"""Speed as ratios: each case times two ways of doing a thing in the same run, warm, repeated, median. ``make bench``."""
