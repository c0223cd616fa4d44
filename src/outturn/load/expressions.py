# ruff: noqa: S608 - names and literals in the SQL are the contract's; values of files never are
"""The declared forms as DuckDB SQL: for each column a typed value and whether it is surely right.

Sound, not complete: what these accept is what `cells` accepts, with the same value. Whatever
they do not accept is judged again, exactly, by `cells`. No value from a file gets into SQL.
"""

from __future__ import annotations

from dataclasses import dataclass

from outturn.contracts import Column, Form, FormColumn, Numbers
from outturn.contracts.dates import EARLIEST_YEAR
from outturn.load.cells import NUMBER_SPACE

# RE2; the year is 1900 or later.
_YEAR = "(19|[2-9][0-9])[0-9]{2}"
FAST_DIGITS = 18
# DuckDB takes 24:00 for the next day's beginning; the exact judge does not.
_CLOCK = r"([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"

# Form of a date: (regular expression, strptime format or None when a cast reads it).
_DATES: dict[str, tuple[str, str | None]] = {
    "yyyy-mm-dd": (f"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}", None),
    "dd/mm/yyyy": (f"[0-9]{{2}}/[0-9]{{2}}/{_YEAR}", "%d/%m/%Y"),
    "mm/dd/yyyy": (f"[0-9]{{2}}/[0-9]{{2}}/{_YEAR}", "%m/%d/%Y"),
    "d/m/yyyy": (f"[0-9]{{1,2}}/[0-9]{{1,2}}/{_YEAR}", "%d/%m/%Y"),
    "m/d/yyyy": (f"[0-9]{{1,2}}/[0-9]{{1,2}}/{_YEAR}", "%m/%d/%Y"),
    "dd-mm-yyyy": (f"[0-9]{{2}}-[0-9]{{2}}-{_YEAR}", "%d-%m-%Y"),
    "dd.mm.yyyy": (f"[0-9]{{2}}\\.[0-9]{{2}}\\.{_YEAR}", "%d.%m.%Y"),
    "yyyymmdd": (f"{_YEAR}[0-9]{{4}}", "%Y%m%d"),
}


@dataclass(frozen=True)
class Expression:
    """SQL of one column: its value, whether it is right, and the local time that needs an offset.

    `value` of a moment refers to `{offset}`: minutes that its local day is ahead of UTC.
    """

    value: str
    ok: str
    local: str | None = None


def literal(text: str) -> str:
    """A SQL string."""
    return "'" + text.replace("'", "''") + "'"


def expression(
    column: Column, style: FormColumn, form: Form, cell: str, codes: str | None
) -> Expression:
    """SQL for a column whose text is `cell`; `codes` is the table of codes that it may have."""
    text = cell
    if style.values:
        whens = " ".join(f"when {literal(a)} then {literal(b)}" for a, b in style.values)
        text = f"case {cell} {whens} else {cell} end"
    if style.blanks:
        words = ", ".join(literal(word) for word in style.blanks)
        bare = f"trim({cell}, {literal(NUMBER_SPACE)})"
        text = f"case when {bare} in ({words}) then null else {text} end"
    made = _BUILDERS[column.type](column, style, form, f"({text})")
    rules = [made.ok, *_rules(column, made.value, codes)]
    joined = " and ".join(rule for rule in rules if rule)
    if column.required:
        ok = f"(({text}) is not null and {joined})"
    else:
        ok = f"(({text}) is null or ({joined}))"
    return Expression(made.value, ok, made.local)


def _rules(column: Column, value: str, codes: str | None) -> list[str]:
    rules = []
    if column.allowed:
        rules.append(f"{value} in ({', '.join(literal(word) for word in column.allowed)})")
    if codes:
        rules.append(f"{value} in (select code from {codes})")
    if column.pattern:
        rules.append(f"regexp_full_match({value}, {literal(column.pattern)})")
    if column.min_length is not None:
        rules.append(f"length({value}) >= {column.min_length}")
    if column.max_length is not None:
        rules.append(f"strlen({value}) <= {column.max_length}")
    if column.type in ("numeric", "bigint"):
        if column.minimum is not None:
            rules.append(f"{value} >= {column.minimum}")
        if column.maximum is not None:
            rules.append(f"{value} <= {column.maximum}")
    return rules


def _text(_column: Column, _style: FormColumn, _form: Form, text: str) -> Expression:
    said = f"regexp_matches({text}, '[^\\x00-\\x20]')"
    return Expression(text, f"case when {text} >= '!' then true else {said} end")


def _period(_column: Column, _style: FormColumn, _form: Form, text: str) -> Expression:
    return Expression(text, f"regexp_full_match({text}, '[0-9]{{4}}-(0[1-9]|1[0-2])')")


def _number(column: Column, style: FormColumn, _form: Form, text: str) -> Expression:
    scale, precision = column.scale or 0, column.precision or 18
    decimals = rf"(\.[0-9]{{1,{scale}}}0*)?" if scale else r"(\.0+)?"
    if column.type == "bigint":
        decimals = ""
    plain = f"-?[0-9]{{1,{precision - scale}}}{decimals}"
    if style.numbers == Numbers():
        value = _cast(column, text)
        return Expression(value, _unless_same(value, text, plain))
    if style.numbers.spaces:
        text = f"trim({text}, {literal(NUMBER_SPACE)})"
    pattern = "|".join([plain, *_decorated(style.numbers, decimals)])
    value = _cast(column, _bare(style.numbers, text))
    return Expression(
        value, f"(regexp_full_match({text}, {literal(pattern)}) and {value} is not null)"
    )


def _bare(numbers: Numbers, text: str) -> str:
    """A number without what decorates it; each sign costs, so only the declared ones are sought."""
    bare = text
    for sign in (numbers.thousands, numbers.currency, "%" if numbers.percent else None):
        if sign:
            bare = f"replace({bare}, {literal(sign)}, '')"
    if not numbers.brackets:
        return bare
    signs = literal(",()%" + (numbers.currency or ""))
    negative = f"'-' || translate({text}, {signs}, '')"
    return f"case when starts_with({text}, '(') then {negative} else {bare} end"


def _cast(column: Column, text: str) -> str:
    """The value, null when it is none. Above 18 digits the engine is 100 times as slow."""
    if column.type == "bigint":  # which would take 19 digits where the exact reader takes 18
        return f"cast(try_cast({text} as decimal({FAST_DIGITS}, 0)) as bigint)"
    scale, precision = column.scale or 0, column.precision or 18
    wide = f"try_cast({text} as decimal({precision}, {scale}))"
    if precision <= FAST_DIGITS or scale >= FAST_DIGITS:
        return wide
    fast = f"try_cast({text} as decimal({FAST_DIGITS}, {scale}))"
    return f"coalesce(cast({fast} as decimal({precision}, {scale})), {wide})"


def _unless_same(value: str, text: str, pattern: str) -> str:
    """Whether a text has a form; a value that is written just like it has (the cheaper test)."""
    matches = f"regexp_full_match({text}, {literal(pattern)})"
    return f"case when cast({value} as varchar) = {text} then true else {matches} end"


def _decorated(numbers: Numbers, decimals: str) -> list[str]:
    """The ways of writing a number that are not plain, as regular expressions."""
    digits = "([0-9]{1,3}(,[0-9]{3})+|[0-9]+)" if numbers.thousands else "[0-9]+"
    body = digits + decimals + ("%?" if numbers.percent else "")
    sign = "".join(f"\\x{{{ord(one):x}}}" for one in numbers.currency or "")
    currency = f"({sign})?" if sign else ""
    ways = [f"-?{currency}{body}"]
    if sign:
        ways.append(f"{sign}-{body}")
    if numbers.brackets:
        ways.append(f"\\({currency}{body}\\)")
    return ways


def _date(_column: Column, style: FormColumn, _form: Form, text: str) -> Expression:
    value, pattern = _day(style.dates, text)
    if pattern is None:
        return Expression("cast(null as date)", "false")
    if style.dates == "yyyy-mm-dd":
        span = f"between date '{EARLIEST_YEAR}-01-01' and date '9999-12-31'"
        return Expression(value, f"(cast({value} as varchar) = {text} and {value} {span})")
    ok = f"(regexp_full_match({text}, {literal(pattern)}) and {value} is not null)"
    return Expression(value, ok)


def _day(written: str, text: str) -> tuple[str, str | None]:
    """SQL of a date and the form it must have; no form: such dates are read exactly, one by one."""
    pattern, picture = _DATES.get(written, (None, None))
    if picture is None:
        return f"try_cast({text} as date)", pattern
    return f"cast(try_strptime({text}, {literal(picture)}) as date)", pattern


def _moment(column: Column, style: FormColumn, _form: Form, text: str) -> Expression:
    date_style = "yyyy-mm-dd" if style.timestamps == "iso" else style.timestamps.split(" ")[0]
    pattern, picture = _DATES[date_style]
    between = "[T ]" if style.timestamps == "iso" else " "
    if picture is None:
        local = f"try_cast({text} as timestamp)"
    else:
        clocks = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M")
        pictures = ", ".join(literal(f"{picture} {clock}") for clock in clocks)
        local = f"try_strptime({text}, [{pictures}])"
    ok = f"regexp_full_match({text}, {literal(pattern + between + _CLOCK)})"
    back = ""
    if column.date_only:
        day, _ = _day(date_style, text)
        is_day = f"regexp_full_match({text}, {literal(pattern)})"
        ends = column.date_only == "endOfDay"
        start = f"cast({day} as timestamp)" + (" + interval 1 day" if ends else "")
        local = f"case when {is_day} then {start} else {local} end"
        if ends:
            back = f" - case when {is_day} then interval 1 microsecond else interval 0 second end"
        ok = f"({is_day} or {ok})"
    value = f"{{local}} - to_minutes({{offset}}){back}"
    return Expression(value, f"({ok} and {{local}} is not null and {{offset}} is not null)", local)


def _boolean(_column: Column, style: FormColumn, _form: Form, text: str) -> Expression:
    def words(of: tuple[str, ...]) -> str:
        return ", ".join(literal(word.lower()) for word in of)

    known = words((*style.booleans.true, *style.booleans.false))
    yes = words(style.booleans.true)
    value = (
        f"case when {text} in ({known}) then {text} in ({yes}) else lower({text}) in ({yes}) end"
    )
    ok = f"case when {text} in ({known}) then true else lower({text}) in ({known}) end"
    return Expression(f"({value})", ok)


_BUILDERS = {
    "text": _text,
    "period": _period,
    "numeric": _number,
    "bigint": _number,
    "date": _date,
    "timestamptz": _moment,
    "boolean": _boolean,
}
