"""What the XML of a sheet's rows says and the fast reader does not.

The reader gives an error cell and a formula that was never calculated as blank, gives the last of
two cells at one place, and makes room for every cell between the first and the farthest. All of it
is looked for in the text of a slice beforehand, without parsing it.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from outturn.errors import FileRefused
from outturn.load.book import SPLIT

MAX_CELLS = 4 << 20
MAX_ROW = 1_048_576
MAX_COLUMN = 16_384
LETTERS = 26

# No tag holds "<", and nothing is tried twice: else a made text would take hours to look through.
_PLACE = rb"""\sr\s*+=\s*+["']([^"'0-9<>]*+)([0-9]*+)["']"""
_IS_TEXT = re.compile(rb"""\st\s*+=\s*+["']str["']""")
_AT = re.compile(_PLACE)
_NEXT = re.compile(rb"<(?:\w+:)?c[\s>]")
_STRAY = rb"""r\s*+=\s*+["'](?![A-Z]?(?:%b)["'])"""
# In any order of attributes; `{x}` is the prefix of the names in this sheet.
_ROW = rb"""<{x}row(?=[\s/>])(?:[^<>]*?\sr\s*+=\s*+["']([0-9]++)["'])?"""
_CELL = rb"<{x}c(?=\s)(?>[^<>]*?" + _PLACE + rb")[^<>]*+(?<!/)>"
_ANY_CELL = re.compile(_CELL.replace(b"{x}", rb"(?:\w+:)?"))
_INSIDE = rb"[^<]*+(?:<(?!/?{x}c[\s/>])[^<]*+)*+"
_ERROR = rb"""<{x}c(?=\s[^<>]*\bt\s*+=\s*+["']e["'])([^<>]*+)(?<!/)>(""" + _INSIDE + rb")</{x}c>"
_VALUE = rb"<{x}v(?:\s[^<>]*+)?>([^<]*+)<"
# A formula that no value follows, or an empty one.
_FORMULA = (
    rb"<{x}c((?:\s[^<>]*+)?)(?<!/)>\s*+<{x}f(?=[\s/>])[^<>]*+(?:(?<=/)>|>([^<]*+)</{x}f>)\s*+"
    rb"(<{x}v(?=[\s/>])[^<>]*+(?:(?<=/)>|>\s*+</{x}v>))?\s*+</{x}c>"
)
# A value behind an inline text, a formula behind a value: the reader takes the last, as blank.
_BEHIND = (
    rb"(</{x}is>)\s*+<{x}v(?=[\s/>])[^<>]*+(?:(?<=/)>|>[^<]*+</{x}v>)"
    rb"|(</{x}v>)\s*+<{x}f(?=[\s/>])[^<>]*+(?:(?<=/)>|>[^<]*+</{x}f>)"
)
# A cell of text that names none by a whole number: the reader takes the first of all texts.
_NO_TEXT = rb"""t=["']s["'][^<>]*+>\s*+<{x}v(?:\s[^<>]*+)?>(?![0-9]*+<)"""
# Sought first, in half of the time: a cell of text that is not written as most are.
_ODD_TEXT = rb't="s"(?!><{x}v>[0-9]*+<)'
# A number with an entity: the reader takes what stands before.
_ENTITY = (
    rb"""<{x}c(?=[\s>])(?![^<>]*\st\s*+=\s*+["'](?:str|e|d|inlineStr)["'])[^<>]*+(?<!/)>"""
    rb"[^<]*+(?:(?!<{x}v[\s>])<(?!/?{x}c[\s/>])[^<]*+)*+<{x}v(?:\s[^<>]*+)?>[^<&]*+&"
)
_BROKEN = re.compile(
    rb"<(?:\w+:)?(?:[vf](?:\s[^<>]*+)?>[^<]*+<[!?]|t(?:\s[^<>]*+)?>[^<]*+<(?:!--|\?))"
)
# A text in CDATA that looks like cells would be looked through as such.
_CDATA = re.compile(rb"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_LIKE_CELLS = re.compile(rb"</?(?:\w+:)?(?:row|c|v|f)[\s/>]")
_NUL = re.compile(rb"(?<!_x005F)_x0000_", re.IGNORECASE)

Place = tuple[int, int]


class Unsaid(str):
    """What stands in a cell that has no value: an error's name, or a formula that was not run."""

    __slots__ = ()


@dataclass(frozen=True)
class Survey:
    """What the rows of a slice say: the last row's number, cells with a value, and without one.

    `is_counted`: some row does not say its number, so that it is counted from the one before.
    `is_below_zero`: some value is, which the reader gives as midnight where a day is shown.
    """

    last_row: int
    is_counted: bool
    cells: int
    unsaid: dict[Place, Unsaid]
    is_below_zero: bool = False


class Surveyor:
    """Looks through the rows of one sheet, slice after slice."""

    def __init__(self, file: str, prefix: bytes) -> None:
        """`prefix`: what the sheet's names begin with, mostly nothing."""
        self._file, self._prefix = file, prefix
        patterns = _ROW, _CELL, _ERROR, _VALUE, _FORMULA, _BEHIND, _NO_TEXT, _ENTITY, _ODD_TEXT
        found = [re.compile(one.replace(b"{x}", re.escape(prefix))) for one in patterns]
        self._row, self._cell, self._error, self._value, self._formula = found[:5]
        self._behind, self._no_text, self._entity, self._odd_text = found[5:]

    def ends(self, rows: bytes) -> tuple[int, int]:
        """The numbers that the first and the last of some rows say; 0 for one that says none."""
        tag = b"<%brow" % self._prefix
        said = (self._row.match(rows, max(at, 0)) for at in (rows.find(tag), rows.rfind(tag)))
        first, last = (int(row[1][:10]) if row and row[1] else 0 for row in said)
        return first, last

    def survey(self, rows: bytes, after: int) -> tuple[Survey, bytes]:
        """What rows that follow row `after` say, and their text with an error for each unsaid cell.

        Raises FileRefused for rows out of their order, for cells that reach too far or have no
        place, for a value that the reader would cut.
        """
        refuse_broken(self._file, rows)
        rows = self._known_values(rows)
        first, last, is_counted = self._ends(rows, after)
        self._refuse_far(rows, first, last)
        unsaid: dict[Place, Unsaid] = {}
        if _holds(rows, b'"e"', b"e") or _holds(rows, b"'e'", b"'"):
            rows = self._error.sub(lambda found: self._known_error(found, unsaid), rows)
        if _holds(rows, b"<%bf" % self._prefix, b"f"):
            rows = self._formula.sub(lambda found: self._no_value(found, unsaid), rows)
        cells = rows.count(b"</%bc>" % self._prefix)
        is_below_zero = _holds(rows, b"v>-", b"-")
        return Survey(last, is_counted, cells, unsaid, is_below_zero), rows

    def _known_values(self, rows: bytes) -> bytes:
        """The rows without what stands behind a value. Raises FileRefused for what is misread."""
        x = self._prefix
        is_marked = _holds(rows, b"<!", b"!") or _holds(rows, b"<?", b"?")
        if is_marked and (
            b"<!--" in rows or b"<?" in rows or any(map(_LIKE_CELLS.search, _CDATA.findall(rows)))
        ):
            raise FileRefused(self._file, "has a comment, or cells in CDATA, between its cells")
        if _holds(rows, b"</%bis>" % x, b"i") or _holds(rows, b"<%bf" % x, b"f"):
            rows = self._behind.sub(rb"\1\2", rows)
        is_odd = b"'" in rows or self._odd_text.search(rows)
        if is_odd and self._no_text.search(rows):
            raise FileRefused(self._file, "has a cell of text whose value is no number of a text")
        if b"&" in rows and self._entity.search(rows):
            raise FileRefused(self._file, "has a number that is not written in plain signs")
        return rows

    def _ends(self, rows: bytes, after: int) -> tuple[int, int, bool]:
        """The first and the last row's number, and whether some row does not say its own."""
        said = self._row.findall(rows)
        numbers = [after]
        for number in said:
            numbers.append(int(number[:10]) if number else numbers[-1] + 1)
        for before, number in pairwise(numbers):
            if number <= before:
                raise FileRefused(self._file, "has rows out of their order", line=number)
        if numbers[-1] > MAX_ROW:
            problem = f"has a row {numbers[-1]}: a sheet ends at row {MAX_ROW}"
            raise FileRefused(self._file, problem)
        return numbers[1 if said else 0], numbers[-1], b"" in said

    def _refuse_far(self, rows: bytes, first: int, last: int) -> None:
        """Refuse cells for which the reader would make too much room, before it does.

        Cells of one letter whose rows are about where they are said to be need no closer look.
        """
        if not re.search(_STRAY % _about(first, last), rows):
            return
        top, bottom, right = last, first, 1
        for letters, digits in self._cell.findall(rows):
            row, column = int(digits[:9] or first), _column(letters)
            if not 0 < row <= MAX_ROW or column > MAX_COLUMN:
                place = (letters + digits).decode(errors="replace")[:40]
                problem = f"has a cell at {place}, which is no place in a sheet"
                raise FileRefused(self._file, problem)
            top, bottom, right = min(top, row), max(bottom, row), max(right, column)
        if (bottom - top + 1) * right > MAX_CELLS:
            reach = f"has values as far as row {bottom}, column {right}: too many cells"
            raise FileRefused(self._file, reach, remedy=SPLIT)

    def _known_error(self, found: re.Match[bytes], unsaid: dict[Place, Unsaid]) -> bytes:
        """The cell as an error that the reader knows; a new one, as #SPILL!, would stop it."""
        value = self._value.search(found[2])
        return self._as_error(found[1], value[1] if value else b"#ERROR", unsaid)

    def _no_value(self, found: re.Match[bytes], unsaid: dict[Place, Unsaid]) -> bytes:
        """A formula of text has at least an empty value once it was calculated."""
        if _IS_TEXT.search(found[1]) and found[3]:
            return found[0]
        return self._as_error(found[1], b"=" + (found[2] or b""), unsaid)

    def _as_error(self, attributes: bytes, says: bytes, unsaid: dict[Place, Unsaid]) -> bytes:
        place = _AT.search(attributes)
        if place is None:
            problem = "has an error or a formula in a cell that does not say its place"
            raise FileRefused(self._file, problem)
        letters, digits = place.groups()
        unsaid[int(digits[:9] or 0), _column(letters)] = Unsaid(html.unescape(says.decode()))
        x = self._prefix
        return b'<%bc r="%b" t="e"><%bv>#N/A</%bv></%bc>' % (x, letters + digits, x, x, x)


def refuse_broken(file: str, text: bytes) -> None:
    """Raise FileRefused for what the reader would cut from a text without a word."""
    has_marks = _holds(text, b"<!", b"!") or _holds(text, b"<?", b"?")
    if has_marks and _BROKEN.search(text):
        raise FileRefused(file, "has a comment or a CDATA section within a value")
    if _holds(text, b"_x0000_", b"_") and _NUL.search(text):
        raise FileRefused(file, "contains a NUL character: it is damaged")


def _holds(text: bytes, mark: bytes, sign: bytes) -> bool:
    """Whether a text holds a mark; its rarest sign is looked for first, ten times as fast."""
    return sign in text and mark in text


def below_zero(rows: bytes) -> Iterator[Place]:
    """The places of the cells whose value is below 0, of those that say their place."""
    for value in re.finditer(rb"v>-", rows):
        at = max(rows.rfind(mark, 0, value.start()) for mark in (b' r="', b" r='"))
        place = _AT.match(rows, at) if at >= 0 else None
        if place and place[1] and not _NEXT.search(rows, at, value.start()):
            yield int(place[2]), _column(place[1])


def refuse_doubles(file: str, rows: bytes) -> None:
    """Raise FileRefused when two cells have one place."""
    for (letters, digits), times in Counter(_ANY_CELL.findall(rows)).items():
        if times > 1:
            place = (letters + digits).decode()
            raise FileRefused(
                file,
                f"has {times} cells at {place}: which of them counts is not known",
                line=int(digits or 0),
                remedy="Ask for the workbook saved by Excel anew.",
            )


def _about(first: int, last: int) -> bytes:
    """A pattern of the numbers from first to last and at most twenty times as many beside them."""
    digits = len(str(last - first))
    heads = {number // 10**digits for number in (first, last)}
    return b"|".join(
        b"%d[0-9]{%d}" % (head, digits) if head else b"[0-9]{1,%d}" % digits for head in heads
    )


def _column(letters: bytes) -> int:
    """The number of a column of capital letters; of what is none, one beyond all of them."""
    if len(letters) > 3 or not (letters.isalpha() and letters.isupper()):
        return MAX_COLUMN + 1 if letters else 0
    number = 0
    for letter in letters:
        number = number * LETTERS + letter - ord("@")
    return number
