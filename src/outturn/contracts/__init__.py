"""Extract contracts: one YAML for each extract, from which everything about it comes."""

from outturn.contracts.file_names import FileName, FilePattern
from outturn.contracts.model import (
    Booleans,
    Check,
    Column,
    Contract,
    Form,
    FormColumn,
    Match,
    Numbers,
    RejectLimit,
    Trailer,
    match,
)
from outturn.contracts.reading import load_contracts, load_folders

__all__ = [
    "Booleans",
    "Check",
    "Column",
    "Contract",
    "FileName",
    "FilePattern",
    "Form",
    "FormColumn",
    "Match",
    "Numbers",
    "RejectLimit",
    "Trailer",
    "load_contracts",
    "load_folders",
    "match",
]
