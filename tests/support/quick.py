"""A grid of one value an axis: a preparation in a test chooses in no time, and no axis grows."""

from niwt_core.evaluation.grid import Grid

QUICK = Grid(decay=(1e-3,), mu=(0.1,), ridge=(0.35,), norm=(0.8,), share=(0.02,), shrinkage=(0.5,))
