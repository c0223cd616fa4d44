"""Months, fiscal periods and working days (England) of the sample."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np
from numpy.typing import NDArray

LONDON = ZoneInfo("Europe/London")
YEARS = range(2013, 2031)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month as a running number (year × 12 + month − 1)."""

    number: int

    @classmethod
    def parse(cls, period: str) -> Month:
        """From YYYY-MM."""
        year, month = period.split("-")
        return cls(int(year) * 12 + int(month) - 1)

    @property
    def year(self) -> int:
        """The calendar year."""
        return self.number // 12

    @property
    def month(self) -> int:
        """1 to 12."""
        return self.number % 12 + 1

    @property
    def period(self) -> str:
        """YYYY-MM."""
        return f"{self.year}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        """The first day."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last day."""
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    @property
    def fiscal_year(self) -> str:
        """2015/16 for April 2015 to March 2016."""
        start = self.year if self.month >= 4 else self.year - 1
        return f"{start}/{(start + 1) % 100:02d}"

    @property
    def start(self) -> np.datetime64:
        """The first moment, local time."""
        return np.datetime64(self.first_day.isoformat(), "m")

    def __add__(self, months: int) -> Month:
        return Month(self.number + months)

    def ends(self, frequency: str) -> bool:
        """Whether a measurement period of this frequency (M, Q, A) ends with the month."""
        return {"M": True, "Q": self.month % 3 == 0, "A": self.month == 3}[frequency]


def span(first: Month, count: int) -> list[Month]:
    """`count` months from the first."""
    return [first + offset for offset in range(count)]


@lru_cache(maxsize=1)
def working_calendar() -> np.busdaycalendar:
    """Monday to Friday without England's bank holidays."""
    days = sorted(holidays.country_holidays("GB", subdiv="ENG", years=YEARS))
    return np.busdaycalendar(holidays=np.array(days, dtype="datetime64[D]"))


def working_days(month: Month) -> NDArray[np.datetime64]:
    """The month's working days."""
    first, following = month.first_day.isoformat(), (month + 1).first_day.isoformat()
    days = np.arange(first, following, dtype="datetime64[D]")
    chosen: NDArray[np.datetime64] = days[np.is_busday(days, busdaycal=working_calendar())]
    return chosen


def working_day_after(month: Month, working_day: int) -> date:
    """The n-th working day after the month's end."""
    day = np.busday_offset(
        month.last_day.isoformat(), working_day, roll="backward", busdaycal=working_calendar()
    )
    return date.fromisoformat(str(day))


def received_at(month: Month, working_day: int, local_time: str) -> str:
    """A moment on the n-th working day after the month, ISO 8601 with London's offset."""
    hour, minute = (int(part) for part in local_time.split(":"))
    day = working_day_after(month, working_day)
    return datetime.combine(day, time(hour, minute), tzinfo=LONDON).isoformat()
