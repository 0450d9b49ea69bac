"""Seen, described and built classes ranked together."""
