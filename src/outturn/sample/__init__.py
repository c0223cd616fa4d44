"""The demonstration contract's deliveries: what a supplier and a finance department would send.

Everything that describes the organisation is data: the seeds, and the CSV files in `profiles/`.
"""

from outturn.sample.generate import SampleSummary, generate

__all__ = ["SampleSummary", "generate"]
