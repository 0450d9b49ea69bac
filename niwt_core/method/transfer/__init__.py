"""From importances to classifier weights: exact, in closed form, or as the paper does it."""

from niwt_core.method.transfer.exact import AffineForm, ExactTransfer, fit_transfer

__all__ = ["AffineForm", "ExactTransfer", "fit_transfer"]
