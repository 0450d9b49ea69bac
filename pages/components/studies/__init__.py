"""Parts of the studies page."""
