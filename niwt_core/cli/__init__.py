"""The command line: one module for each subject, put together in ``main``."""

from niwt_core.cli.main import main

__all__ = ["main"]
