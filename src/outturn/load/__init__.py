"""Loads archived files by their contracts: typed rows to landing, bad records to quarantine."""

from outturn.load.loading import load_file, pending
from outturn.load.result import LoadResult

__all__ = ["LoadResult", "load_file", "pending"]
