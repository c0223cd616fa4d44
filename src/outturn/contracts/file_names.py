"""Patterns of file names: `GL_Extract_<YYYY-MM>[_<n>].csv` and what a name says.

Tokens: `<YYYY-MM>`, `<YYYY>`, `<YY>`, `<MM>`, `<DD>`, `<Month>` (January or Jan), `<Q>` (1 to 4) of
the year `<YYYY>` or of the financial year `<FY>` (2015-16, 201516, 15-16) from April, `<n>`.
`[...]` may be missing, `*` is any text that does not cut a word or a number of a token beside it. A
name in the pattern's very case fits better than one in another. Nothing else has a meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH_WORDS = "|".join([*MONTHS, *(month[:3] for month in MONTHS), "sept"])

_TOKENS = {
    "<YYYY-MM>": r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])",
    "<YYYY>": r"(?P<year>\d{4})",
    "<YY>": r"(?P<short_year>\d{2})",
    "<MM>": r"(?P<month>0[1-9]|1[0-2])",
    "<Month>": rf"(?P<month_word>(?i:{_MONTH_WORDS}))",
    "<DD>": r"\d{2}",
    "<Q>": r"(?P<quarter>[1-4])",
    "<FY>": r"(?P<first_year>(?:20)?\d{2})[-_ ]?(?P<next_year>(?:20)?\d{2})",
    "<n>": r"(?P<number>\d{1,6})",
    "[": "(?:",
    "]": ")?",
    "*": ".*?",
}
_SPLIT = re.compile("|".join(re.escape(token) for token in _TOKENS) + r"|<[^>]*>")


@dataclass(frozen=True)
class FileName:
    """What a file's name says: the period (YYYY-MM) and the delivery number, 0 without one."""

    period: str | None
    number: int


@dataclass(frozen=True)
class FilePattern:
    """A pattern of file names as a contract writes it. ValueError when it cannot be read."""

    text: str

    def __post_init__(self) -> None:
        self._compiled()

    @property
    def has_period(self) -> bool:
        """Whether every name that fits says year and month outside of any optional part."""
        always = re.sub(r"\[[^]]*\]", "", self.text)
        if "<YYYY-MM>" in always:
            return True
        year = "<YYYY>" in always or "<YY>" in always
        if "<Q>" in always:
            return year or "<FY>" in always
        return year and ("<MM>" in always or "<Month>" in always)

    def match(self, name: str, *, any_case: bool = True) -> FileName | None:
        """What the name says, or None when it does not fit."""
        found = self._compiled(any_case=any_case).fullmatch(name)
        if not found:
            return None
        parts = found.groupdict()
        return FileName(_period(parts), int(parts.get("number") or 0))

    def _compiled(self, *, any_case: bool = True) -> re.Pattern[str]:
        out: list[str] = []
        position = 0
        for token in _SPLIT.finditer(self.text):
            out.append(re.escape(self.text[position : token.start()]))
            if token.group() not in _TOKENS:
                raise ValueError(f"{token.group()} is not a token of file name patterns")
            out.append(_bounded(self.text, token))
            position = token.end()
        out.append(re.escape(self.text[position:]))
        try:
            flags = re.DOTALL | re.ASCII
            return re.compile("".join(out), flags | re.IGNORECASE if any_case else flags)
        except re.error as error:
            raise ValueError(f"{self.text!r} cannot be read: {error}") from error


def _bounded(pattern: str, token: re.Match[str]) -> str:
    """A token's expression; beside `*` it is a whole word or number: no March in "Summary"."""
    found = _TOKENS[token.group()]
    if not token.group().startswith("<"):
        return found
    inner = "[A-Za-z]" if token.group() == "<Month>" else "[0-9]"
    before = f"(?<!{inner})" if pattern[: token.start()].endswith("*") else ""
    after = f"(?!{inner})" if pattern[token.end() :].startswith("*") else ""
    return before + found + after


def month_number(word: str) -> int | None:
    """1 to 12 for an English month's name or its first three letters; None for anything else."""
    for number, month in enumerate(MONTHS, start=1):
        if word.lower() in (month, month[:3]) or (number == 9 and word.lower() == "sept"):
            return number
    return None


def _period(parts: dict[str, str | None]) -> str | None:
    year = parts.get("year") or (f"20{parts['short_year']}" if parts.get("short_year") else None)
    if parts.get("quarter"):
        return _quarter_end(int(parts["quarter"] or 0), year, parts)
    word = parts.get("month_word")
    month = parts.get("month") or (f"{month_number(word):02d}" if word else None)
    return f"{year}-{month}" if year and month else None


def _quarter_end(quarter: int, year: str | None, parts: dict[str, str | None]) -> str | None:
    """The last month of a quarter; None where the years of a financial year do not follow."""
    if year:
        return f"{year}-{3 * quarter:02d}"
    first, following = parts.get("first_year"), parts.get("next_year")
    if not first or not following or (int(first) + 1) % 100 != int(following) % 100:
        return None
    start = 2000 + int(first) % 100
    return f"{start}-{3 + 3 * quarter:02d}" if quarter < 4 else f"{start + 1}-03"
