"""Why this class: maps, contributions, contrasts, sentences."""
