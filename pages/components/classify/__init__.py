"""Parts of the classify page."""
