"""The demonstration contract's deliveries: what a supplier and a finance department would send.

Everything that describes the organisation is data: the seeds, and the CSV files in `profiles/`.
"""

from outturn.sample.generate import SEED, SampleSummary, generate

__all__ = ["SEED", "SampleSummary", "generate"]
