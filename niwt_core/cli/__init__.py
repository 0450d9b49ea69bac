"""The command line: ``niwt prepare | info | neurons | build | classify | explain | evaluate | app``."""

from niwt_core.cli.main import main

__all__ = ["main"]
