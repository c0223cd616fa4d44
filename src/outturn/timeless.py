"""Workbooks without a clock inside: the same cells make the same bytes."""

from __future__ import annotations

import io
import re
import zipfile

FIXED_TIME = (2015, 10, 1, 0, 0, 0)
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def without_clock(content: bytes) -> bytes:
    """The same workbook with fixed times in its archive and its properties."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as book,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as still,
    ):
        for name in book.namelist():
            data = book.read(name)
            if name == "docProps/core.xml":
                data = _STAMP.sub(rb"\g<1>2015-10-01T00:00:00Z", data)
            still.writestr(zipfile.ZipInfo(name, FIXED_TIME), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
