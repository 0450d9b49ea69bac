"""How good a classifier of seen and described classes is, and how its settings are chosen on seen classes."""
