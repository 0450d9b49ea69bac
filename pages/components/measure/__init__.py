"""Parts of the measure page."""
