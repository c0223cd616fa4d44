"""Builds the forms of an extract: its own, another publisher's, and the plain one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outturn.contracts.dates import double_meaning
from outturn.contracts.file_names import FilePattern
from outturn.contracts.model import (
    Booleans,
    Column,
    Contract,
    Form,
    FormColumn,
    Numbers,
    RejectLimit,
    Trailer,
)
from outturn.errors import ContractInvalid

PLAIN = "plain"


def plain_form(contract: Contract) -> Form:
    """`<extract>_<YYYY-MM>[_<n>].csv`: UTF-8, commas, our names, ISO dates, plain decimals.

    A column that may be blank may be absent; under another name it is unknown and refused.
    """
    return Form(
        name=PLAIN,
        files=(FilePattern(f"{contract.extract}_<YYYY-MM>[_<n>].csv"),),
        columns=tuple(
            FormColumn(column.name, (column.name,), optional=not column.required)
            for column in contract.columns
        ),
        declared_in=contract.path,
    )


def build_form(contract: Contract, path: Path, place: str, raw: dict[str, Any]) -> Form:
    """A form from a document that fits the JSON Schema. Raises ContractInvalid."""
    if raw["name"] == PLAIN:
        raise ContractInvalid(str(path), f"{place}.name", "'plain' is the form that always exists")
    form = Form(
        name=raw["name"],
        files=_patterns(path, place, raw),
        columns=tuple(
            _form_column(contract, path, f"{place}.columns.{name}", name, one, raw)
            for name, one in raw["columns"].items()
        ),
        format=raw.get("format", "csv"),
        encodings=_words(raw.get("encoding", "utf-8")),
        delimiter=raw.get("delimiter", ","),
        sheet=raw.get("sheet"),
        header_row=raw.get("headerRow"),
        final_newline_required=raw.get("finalNewline", "required") == "required",
        timezone=raw.get("timezone", "Europe/London"),
        constants=tuple(raw.get("constants", {}).items()),
        ignore=tuple(raw.get("ignore", [])),
        ignore_unnamed=raw.get("ignoreUnnamed", False),
        reject_limit=RejectLimit(**raw["rejectLimit"]) if "rejectLimit" in raw else None,
        trailer=_trailer(contract, path, place, raw.get("trailer")),
        declared_in=str(path),
    )
    _check_form(contract, path, place, form)
    return form


def normal_header(text: str) -> str:
    """A header as it is compared: without any white space, in one case."""
    return "".join(text.split()).casefold()


def _patterns(path: Path, place: str, raw: dict[str, Any]) -> tuple[FilePattern, ...]:
    try:
        return tuple(FilePattern(text) for text in _words(raw["files"]))
    except ValueError as error:
        raise ContractInvalid(str(path), f"{place}.files", str(error)) from error


def _form_column(
    contract: Contract, path: Path, place: str, name: str, raw: Any, form: dict[str, Any]
) -> FormColumn:
    _known(contract, path, place, name)
    own = raw if isinstance(raw, dict) else {"header": raw}
    style = {**form, **own}
    words = style.get("booleans")
    dates, *other_dates = _dates(path, place, _words(style.get("dates", "yyyy-mm-dd")))
    return FormColumn(
        name=name,
        headers=_words(own["header"]),
        optional=own.get("optional", False),
        numbers=_numbers(style.get("numbers", {})),
        dates=dates,
        other_dates=tuple(other_dates),
        timestamps=style.get("timestamps", "iso"),
        booleans=Booleans(_words(words["true"]), _words(words["false"])) if words else Booleans(),
        trim=style.get("trim", False),
        blanks=tuple(style.get("blanks", [])),
        values=tuple(own.get("values", {}).items()),
    )


def _dates(path: Path, place: str, ways: tuple[str, ...]) -> tuple[str, ...]:
    """Ways of writing a day. Raises ContractInvalid when a text could be two days."""
    found = double_meaning(ways)
    if found:
        text, first, second = found
        reason = f"{text!r} is one day as {first} and another as {second}: name one of them"
        raise ContractInvalid(str(path), f"{place}.dates", reason)
    return ways


def _numbers(raw: dict[str, Any]) -> Numbers:
    renamed = {"trailingMinus": "trailing_minus", "dashIsZero": "dash_is_zero"}
    return Numbers(**{renamed.get(key, key): value for key, value in raw.items()})


def _trailer(
    contract: Contract, path: Path, place: str, raw: dict[str, Any] | None
) -> Trailer | None:
    if raw is None:
        return None
    for name in raw.get("sums", {}):
        if _known(contract, path, f"{place}.trailer.sums", name).type not in ("numeric", "bigint"):
            reason = f"{name!r} is no number and has no sum"
            raise ContractInvalid(str(path), f"{place}.trailer.sums", reason)
    if not raw["marker"] and not raw.get("sums"):
        reason = "a control record without a word is known by a sum alone: name one under `sums`"
        raise ContractInvalid(str(path), f"{place}.trailer", reason)
    return Trailer(
        marker=raw["marker"],
        cell=raw.get("cell", 1),
        records=raw.get("records"),
        sums=tuple(raw.get("sums", {}).items()),
        optional=raw.get("optional", False),
    )


def _check_form(contract: Contract, path: Path, place: str, form: Form) -> None:
    """Refuse what no file could ever fit, or what would say two things at once."""
    _check_headers(path, place, form)
    _check_columns(contract, path, place, form)
    _check_sheet(path, place, form)
    if contract.replaces == "period" and contract.period_column is None:
        for pattern in form.files:
            if not pattern.has_period:
                reason = f"{pattern.text!r} must say the month: <YYYY-MM> or <Month> and <YYYY>"
                raise ContractInvalid(str(path), f"{place}.files", reason)
    try:
        ZoneInfo(form.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        reason = f"{form.timezone!r} is not known"
        raise ContractInvalid(str(path), f"{place}.timezone", reason) from error


def _check_sheet(path: Path, place: str, form: Form) -> None:
    try:
        FilePattern(form.sheet or "")
    except ValueError as error:
        raise ContractInvalid(str(path), f"{place}.sheet", str(error)) from error


def _check_headers(path: Path, place: str, form: Form) -> None:
    headers: dict[str, str] = {}
    for column in form.columns:
        for header in column.headers:
            other = headers.setdefault(normal_header(header), column.name)
            if other != column.name:
                reason = f"the header {header!r} stands for {other} and for {column.name}"
                raise ContractInvalid(str(path), f"{place}.columns.{column.name}", reason)
    for header in form.ignore:
        if normal_header(header) in headers:
            reason = f"{header!r} is ignored and used for {headers[normal_header(header)]}"
            raise ContractInvalid(str(path), f"{place}.ignore", reason)


def _check_columns(contract: Contract, path: Path, place: str, form: Form) -> None:
    present = {column.name for column in form.columns}
    for name, _ in form.constants:
        _known(contract, path, f"{place}.constants", name)
        if name in present:
            reason = f"{name!r} is a constant and has a header"
            raise ContractInvalid(str(path), f"{place}.constants", reason)
    present |= {name for name, _ in form.constants}
    for wanted in contract.columns:
        if wanted.required and wanted.name not in present:
            reason = f"the required column {wanted.name!r} has neither a header nor a constant"
            raise ContractInvalid(str(path), f"{place}.columns", reason)


def _known(contract: Contract, path: Path, place: str, name: str) -> Column:
    try:
        return contract.column(name)
    except KeyError:
        known = ", ".join(column.name for column in contract.columns)
        reason = f"{name!r} is not a column of {contract.key}; there are {known}"
        raise ContractInvalid(str(path), place, reason) from None


def _words(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
