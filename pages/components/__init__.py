"""What the pages are made of: the session, the look, cards, charts, figures, the attribute editor and the report."""
