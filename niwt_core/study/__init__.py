"""A study: everything that was prepared once, on disk and in memory."""
