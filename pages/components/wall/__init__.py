"""Parts of the Wall page."""
