"""Parts of the dictionary page."""
