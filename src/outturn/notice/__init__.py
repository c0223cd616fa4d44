"""Credit notices: what is claimed from the supplier, for a person to approve and issue once."""
