"""Figures for print: one palette, one look, one way to a file. Matplotlib is imported by the modules that draw, never from here."""
