"""What a cell says, exactly: the one definition of every declared way of writing a value.

A value is accepted only in its declared lexical form and stored exactly; whatever a database or a
library would also understand (`today`, `1_000`, `0x1F`, `NaN`, `1e3`, full-width digits) is bad.
`read_cell` gives text that the engine casts without a further decision: plain decimals, ISO dates,
UTC moments, true and false.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from outturn.contracts import Column, Form, FormColumn, Numbers
from outturn.contracts.dates import DATE_PATTERNS, read_day

# What counts as white space around values: never the whole of Unicode.
ASCII_SPACE = "".join(map(chr, range(33)))
NUMBER_SPACE = " \u00a0\u202f\t"

_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", re.ASCII)
_UNSIGNED = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_PERIOD = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_SECONDS = r"(:(?P<second>[0-9]{2})(\.(?P<fraction>[0-9]{1,6}))?)?"
_TIME = rf"(?P<hour>[0-9]{{2}}):(?P<minute>[0-9]{{2}}){_SECONDS}"
_OFFSET = r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?"


class BadValueError(ValueError):
    """A value that does not fit its column; the text is the reason, as a sentence's end."""


def is_blank(text: str, blanks: tuple[str, ...] = ()) -> bool:
    """Whether a cell says nothing: white space, or a word that the form declares as blank."""
    return not text.strip(ASCII_SPACE) or (bool(blanks) and text.strip(NUMBER_SPACE) in blanks)


def read_cell(column: Column, style: FormColumn, form: Form, text: str) -> str | None:
    """The canonical text of a cell, None for a blank one. Raises BadValueError with the reason."""
    if is_blank(text, style.blanks):
        if column.required:
            raise BadValueError("is blank, but a value is required")
        return None
    if style.trim and column.type != "text":
        text = text.strip(NUMBER_SPACE)
    value = _READERS[column.type](column, style, form, dict(style.values).get(text, text))
    _check_rules(column, value)
    return value


def _check_rules(column: Column, value: str) -> None:
    if column.allowed and value not in column.allowed:
        raise BadValueError(f"is not one of {', '.join(column.allowed)}")
    if column.pattern and not re.fullmatch(column.pattern, value, re.ASCII):
        raise BadValueError(f"does not fit the pattern {column.pattern}")
    if column.min_length is not None and len(value) < column.min_length:
        raise BadValueError(f"is shorter than {column.min_length} characters")
    if column.max_length is not None and len(value) > column.max_length:
        raise BadValueError(f"is longer than {column.max_length} characters")
    if column.type in ("numeric", "bigint"):
        if column.minimum is not None and Decimal(value) < Decimal(column.minimum):
            raise BadValueError(f"is less than {column.minimum}")
        if column.maximum is not None and Decimal(value) > Decimal(column.maximum):
            raise BadValueError(f"is more than {column.maximum}")


def _read_text(_column: Column, _style: FormColumn, _form: Form, text: str) -> str:
    return text


def _read_period(_column: Column, _style: FormColumn, _form: Form, text: str) -> str:
    if not _PERIOD.fullmatch(text):
        raise BadValueError("is not a month such as 2015-10")
    return text


def _read_number(column: Column, style: FormColumn, _form: Form, text: str) -> str:
    plain = plain_number(style.numbers, text)
    if plain is None:
        raise BadValueError(f"is not a number written as {describe_numbers(style.numbers)}")
    whole, _, decimals = plain.lstrip("-").partition(".")
    scale, precision = column.scale or 0, column.precision or 18
    if decimals[scale:].strip("0"):
        raise BadValueError(f"has more than {scale} decimals" if scale else "is not a whole number")
    if len(whole.lstrip("0")) > precision - scale:
        raise BadValueError(f"has more than {precision - scale} digits before the decimal point")
    sign = "-" if plain.startswith("-") else ""
    return f"{sign}{whole}" + (f".{decimals[:scale]}" if scale and decimals else "")


def plain_number(numbers: Numbers, text: str) -> str | None:
    """A number in plain digits, or None when it is not written in the declared way."""
    if numbers.spaces:
        text = text.strip(NUMBER_SPACE)
    if _PLAIN_NUMBER.fullmatch(text):
        return text
    sign, text = _sign(numbers, text)
    if numbers.percent and text.endswith("%"):
        text = text[:-1]
    if numbers.dash_is_zero and not sign and text == "-":
        return "0"
    if numbers.thousands and _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    return sign + text if _UNSIGNED.fullmatch(text) else None


def _sign(numbers: Numbers, text: str) -> tuple[str, str]:
    """The one sign that a number has, and the number without it and without its currency.

    What stays in front of the digits makes them no number.
    """
    has_currency, sign = False, ""
    while True:
        if numbers.brackets and not sign and text.startswith("(") and text.endswith(")"):
            sign, text = "-", text[1:-1]
        elif numbers.currency and not has_currency and text.startswith(numbers.currency):
            has_currency, text = True, text[len(numbers.currency) :]
        elif not sign and text.startswith("-") and len(text) > 1:
            sign, text = "-", text[1:]
        elif numbers.trailing_minus and not sign and text.endswith("-") and len(text) > 1:
            sign, text = "-", text[:-1]
        else:
            return sign, text
        if numbers.spaces:
            text = text.strip(NUMBER_SPACE)


def describe_numbers(numbers: Numbers) -> str:
    """An example of what is accepted, for a reason."""
    example = "1,234.50" if numbers.thousands else "1234.50"
    forms = ["-1234.50"]
    if numbers.thousands or numbers.currency:
        forms.append(f"{numbers.currency or ''}{example}")
    if numbers.brackets:
        forms.append(f"({example})")
    if numbers.trailing_minus:
        forms.append(f"{example}-")
    if numbers.dash_is_zero:
        forms.append("- for 0")
    if numbers.percent:
        forms.append("95.5%")
    return " or ".join(forms)


def _read_date(_column: Column, style: FormColumn, _form: Form, text: str) -> str:
    ways = (style.dates, *style.other_dates)
    for way in ways:
        try:
            return read_day(way, text).isoformat()
        except ValueError as problem:
            reason = str(problem)
    raise BadValueError(reason if len(ways) == 1 else f"is not a date written as {_or(ways)}")


def _date(written: str, text: str) -> date:
    try:
        return read_day(written, text)
    except ValueError as problem:
        raise BadValueError(str(problem)) from None


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _read_moment(column: Column, style: FormColumn, form: Form, text: str) -> str:
    date_style = "yyyy-mm-dd" if style.timestamps == "iso" else style.timestamps.split(" ")[0]
    zone = ZoneInfo(form.timezone)
    if column.date_only and re.fullmatch(DATE_PATTERNS[date_style], text, re.ASCII):
        day = _date(date_style, text)
        if column.date_only == "endOfDay":
            return _utc(_local_start(day + timedelta(days=1), zone) - timedelta(microseconds=1))
        return _utc(_local_start(day, zone))
    match = _moment_pattern(style.timestamps, date_style).fullmatch(text)
    if not match:
        raise BadValueError(f"is not a date and time written as {_moment_words(style.timestamps)}")
    day = _date(date_style, match["date"])
    parts = match.groupdict()
    try:
        clock = time(
            int(parts["hour"]), int(parts["minute"]), int(parts["second"] or 0),
            int((parts["fraction"] or "0").ljust(6, "0")),
        )  # fmt: skip
    except ValueError:
        raise BadValueError("is no time of the day") from None
    offset = parts.get("offset")
    if offset:
        return _utc(_with_offset(day, clock, offset))
    local = datetime.combine(day, clock, zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise BadValueError(f"does not exist in {form.timezone}: the clocks go forward then")
    return _utc(local)


def _with_offset(day: date, clock: time, offset: str) -> datetime:
    if offset == "Z":
        return datetime.combine(day, clock, UTC)
    try:
        return datetime.fromisoformat(f"{datetime.combine(day, clock).isoformat()}{offset}")
    except ValueError:
        raise BadValueError("has an offset that does not exist") from None


def _local_start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


@cache
def _moment_pattern(style: str, date_style: str) -> re.Pattern[str]:
    bare = re.sub(r"\?P<\w+>", "?:", DATE_PATTERNS[date_style])
    between = "[T ]" if style == "iso" else " "
    offset = _OFFSET if style == "iso" else ""
    return re.compile(f"(?P<date>{bare}){between}{_TIME}{offset}", re.ASCII)


def _moment_words(style: str) -> str:
    return "yyyy-mm-ddThh:mm[:ss][Z or +hh:mm]" if style == "iso" else f"{style}[:ss]"


def _read_boolean(_column: Column, style: FormColumn, _form: Form, text: str) -> str:
    word = text.casefold()
    if word in (one.casefold() for one in style.booleans.true):
        return "true"
    if word in (one.casefold() for one in style.booleans.false):
        return "false"
    words = "/".join(style.booleans.true), "/".join(style.booleans.false)
    raise BadValueError(f"is neither {words[0]} nor {words[1]}")


_READERS: dict[str, Callable[[Column, FormColumn, Form, str], str]] = {
    "text": _read_text,
    "period": _read_period,
    "numeric": _read_number,
    "bigint": _read_number,
    "date": _read_date,
    "timestamptz": _read_moment,
    "boolean": _read_boolean,
}
