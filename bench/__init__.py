"""Measurements: ratios in one run, against a limit or a peer, since machines differ."""
