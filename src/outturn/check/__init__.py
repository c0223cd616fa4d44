"""Check the landed rows of a file by its extract's suite, before any figure is made from them.

A critical failure holds the file back: it does not become current and no figure sees it. A warning
is recorded and shown. Every check, passed or not, stands in `ops.check_result` and on a page.
"""

from outturn.check.files import check_file, check_files, pending
from outturn.check.pages import render_pages
from outturn.check.results import CheckResult, Outcome

__all__ = ["CheckResult", "Outcome", "check_file", "check_files", "pending", "render_pages"]
