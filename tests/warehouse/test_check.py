"""Great Expectations on landed rows: what is held back, what is only said, what a reader sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from outturn import check
from outturn.contracts import load_contracts
from outturn.database import connect
from outturn.errors import CheckFailed, OutturnError
from outturn.settings import Settings
from tests.conftest import rows

CHARGES = "supplier/service_charges"
LEDGER = "finance/ledger"

Land = Callable[..., int]


@pytest.fixture
def land(warehouse_settings: Settings) -> Land:
    """Puts rows into `landing` as a loaded file; returns its file_id."""

    def put(extract: str, period: str, records: list[dict[str, Any]], name: str = "it.csv") -> int:
        contract = load_contracts(warehouse_settings)[extract]
        with connect(warehouse_settings, "loader") as connection:
            ((file_id,),) = connection.execute(
                """
                insert into ops.extract_file
                    (extract, sha256, size_bytes, status, records, landed, quarantined)
                values (%s, encode(sha256(random()::text::bytea), 'hex'), 1, 'loaded', %s, %s, 0)
                returning file_id
                """,
                (extract, len(records), len(records)),
            ).fetchall()
            connection.execute(
                "insert into ops.delivery (file_id, source, name, url, received_at)"
                " values (%s, 's', %s, %s, %s)",
                (file_id, name, name, datetime(2016, 2, 5, tzinfo=UTC)),
            )
            connection.execute(
                "insert into ops.file_part values (%s, %s, %s)", (file_id, "X", period)
            )
            for number, record in enumerate(records, start=1):
                columns = ", ".join(["file_id", "record_number", *record])
                places = ", ".join(["%s"] * (len(record) + 2))
                connection.execute(
                    f"insert into landing.{contract.table} ({columns}) values ({places})",
                    (file_id, number, *record.values()),
                )
        return int(file_id)

    return put


def charge(amount: int, line: str = "HR", kind: str | None = None) -> dict[str, Any]:
    return {
        "contract_code": "SSCL-BSS",
        "period": "2016-01",
        "service_line": line,
        "charge_type": kind,
        "charge_gbp": amount,
    }


def posting(number: int, period: str = "2016-01", amount: int = 10) -> dict[str, Any]:
    return {
        "entity_code": "MPS",
        "period": period,
        "journal_id": f"J{number}",
        "line_number": 1,
        "subjective_code": "S1000",
        "objective_code": "O1",
        "amount_gbp": amount,
    }


def status(settings: Settings, file_id: int) -> str:
    ((found,),) = rows(settings, f"select status from ops.extract_file where file_id = {file_id}")
    return str(found)


def test_a_good_file_is_accepted_with_every_check_recorded(
    warehouse_settings: Settings, land: Land
) -> None:
    file_id = land(CHARGES, "2016-01", [charge(100), charge(-5, kind="service_credit")])
    assert check.pending(warehouse_settings, "supplier") == [file_id]
    result = check.check_file(warehouse_settings, file_id)
    assert (result.accepted, result.failures, result.warnings) == (True, [], [])
    assert status(warehouse_settings, file_id) == "accepted"
    recorded = rows(warehouse_settings, "select check_name, success from ops.check_result")
    expected = {one.name for one in load_contracts(warehouse_settings)[CHARGES].checks}
    assert {name for name, _ in recorded} == expected
    assert all(success for _, success in recorded)
    assert check.pending(warehouse_settings) == []


def test_a_critical_failure_holds_the_file_back_by_the_name_of_the_check(
    warehouse_settings: Settings, land: Land
) -> None:
    file_id = land(CHARGES, "2016-01", [charge(-100)], name="negative.csv")
    result = check.check_file(warehouse_settings, file_id)
    assert result.failures == ["charges_of_a_month_are_not_negative"]
    assert status(warehouse_settings, file_id) == "held"
    current = rows(warehouse_settings, "select from ops.current_file('infinity')")
    assert current == []
    with pytest.raises(CheckFailed, match=r"negative\.csv: charges_of_a_month_are_not_negative"):
        result.raise_if_held()


def test_a_warning_is_recorded_with_the_rows_and_holds_nothing(
    warehouse_settings: Settings, land: Land
) -> None:
    file_id = land(CHARGES, "2016-01", [charge(100), charge(5, kind="service_credit")])
    result = check.check_file(warehouse_settings, file_id)
    assert (result.accepted, result.warnings) == (True, ["a_service_credit_lowers_the_bill"])
    ((observed, count, details),) = rows(
        warehouse_settings,
        "select observed, unexpected_count, details from ops.check_result where not success",
    )
    assert (observed, count) == ("1 found", 1)
    assert details["columns"][0] == "record_number"
    assert details["examples"] == [["2", "HR", "service_credit", "5.00", ""]]


def test_a_key_that_comes_twice_is_critical_and_both_records_are_named(
    warehouse_settings: Settings, land: Land
) -> None:
    file_id = land(LEDGER, "2016-01", [posting(1), posting(2), posting(1)])
    result = check.check_file(warehouse_settings, file_id)
    assert result.failures == ["a_journal_line_comes_once"]
    ((observed, details),) = rows(
        warehouse_settings, "select observed, details from ops.check_result where not success"
    )
    assert observed == "2 found"
    assert [example[0] for example in details["examples"]] == ["1", "3"]


def test_a_blank_in_a_key_is_a_value_like_any_other(
    warehouse_settings: Settings, land: Land
) -> None:
    file_id = land(CHARGES, "2016-01", [charge(100), charge(100), charge(100, "Payroll")])
    result = check.check_file(warehouse_settings, file_id)
    assert result.warnings == ["a_line_is_charged_once_an_invoice"]


def test_a_file_much_smaller_than_those_before_it_is_warned_of(
    warehouse_settings: Settings, land: Land
) -> None:
    for month in ("2015-10", "2015-11", "2015-12"):
        before = land(LEDGER, month, [posting(n, month) for n in range(10)])
        check.check_file(warehouse_settings, before)
    small = land(LEDGER, "2016-01", [posting(n) for n in range(4)])
    assert check.check_file(warehouse_settings, small).warnings == ["as_many_postings_as_usual"]


def test_a_return_that_leaves_indicators_out_names_them(
    warehouse_settings: Settings, land: Land
) -> None:
    codes = rows_of_seed(warehouse_settings, "indicators", "indicator_code", frequency="M")
    returned = [
        {
            "contract_code": "SSCL-BSS",
            "indicator_code": code,
            "period": "2016-01",
            "numerator": 1,
            "denominator": 1,
            "reported_value": 100,
        }
        for code in codes[:-1]
    ]
    file_id = land("supplier/indicator_returns", "2016-01", returned)
    result = check.check_file(warehouse_settings, file_id)
    assert result.warnings == ["every_indicator_that_is_due_is_returned"]
    ((details,),) = rows(
        warehouse_settings, "select details from ops.check_result where not success"
    )
    assert [example[2] for example in details["examples"]] == [codes[-1]]


@pytest.mark.parametrize(
    ("contract", "numerator", "check_name"),
    [
        ("SSCL-BSS", -1, "a_share_is_at_most_all_cases"),
        ("SSCL-BSS", 11, "a_share_is_at_most_all_cases"),
        ("OTHER", 9, "an_indicator_is_one_of_its_contract"),
    ],
)
def test_a_return_that_cannot_be_measured_is_held_back(
    warehouse_settings: Settings, land: Land, contract: str, numerator: int, check_name: str
) -> None:
    returned: dict[str, Any] = {
        "contract_code": contract,
        "indicator_code": "PY01",
        "period": "2016-01",
    }
    returned |= {"numerator": numerator, "denominator": 10}
    file_id = land("supplier/indicator_returns", "2016-01", [returned])
    result = check.check_file(warehouse_settings, file_id)
    assert (result.accepted, result.failures) == (False, [check_name])


def rows_of_seed(settings: Settings, seed: str, column: str, **where: str) -> list[str]:
    import csv

    with (settings.dbt_path / "seeds" / f"{seed}.csv").open(newline="") as stream:
        found = list(csv.DictReader(stream))
    return [r[column] for r in found if all(r[key] == value for key, value in where.items())]


def test_every_check_of_every_extract_can_be_evaluated(
    warehouse_settings: Settings, land: Land
) -> None:
    for extract in load_contracts(warehouse_settings):
        check.check_file(warehouse_settings, land(extract, "2016-01", []))
    recorded = rows(
        warehouse_settings, "select check_name, details ->> 'problem' from ops.check_result"
    )
    assert len(recorded) > 20
    assert [one for one in recorded if one[1]] == []


def test_checking_again_replaces_what_was_recorded(
    warehouse_settings: Settings, land: Land
) -> None:
    file_id = land(CHARGES, "2016-01", [charge(-100)])
    check.check_file(warehouse_settings, file_id)
    with connect(warehouse_settings, "admin") as connection:
        connection.execute("update landing.supplier__service_charges set charge_gbp = 100")
    assert check.check_file(warehouse_settings, file_id).accepted
    assert rows(warehouse_settings, "select from ops.check_result where not success") == []


def test_checking_leaves_no_transaction_open(warehouse_settings: Settings, land: Land) -> None:
    check.check_file(warehouse_settings, land(CHARGES, "2016-01", [charge(1)]))
    idle = rows(
        warehouse_settings,
        "select from pg_stat_activity"
        " where datname = current_database() and state = 'idle in transaction'",
    )
    assert idle == []


def test_only_loaded_files_are_checked(warehouse_settings: Settings) -> None:
    with pytest.raises(OutturnError, match="file 7 is not known"):
        check.check_file(warehouse_settings, 7)


class _Page(HTMLParser):
    """Collects what a page would fetch, where it links, and the words on it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text, self.links, self.fetched = "", [], []  # type: ignore[var-annotated]
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.append(value)
            elif name in ("src", "href", "srcset", "action"):
                self.fetched.append(value)
        if tag == "script":
            self.fetched.append("script")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_pages_stand_alone_and_say_what_was_found(warehouse_settings: Settings, land: Land) -> None:
    good = land(CHARGES, "2016-01", [charge(100)], name="good.csv")
    evil = "<script>alert(1)</script>"
    bad = land(CHARGES, "2016-01", [charge(-1), charge(2, evil, "service_credit")], name="bad.csv")
    for file_id in (good, bad):
        check.check_file(warehouse_settings, file_id)
    folder = warehouse_settings.home / "checks"
    pages = {path.name: _Page(path) for path in folder.iterdir()}
    assert set(pages) == {"index.html", f"{good}.html", f"{bad}.html"}
    for page in pages.values():
        assert page.fetched == []
        assert not re.search(r"@import|url\(", page.source)
        assert all((folder / link).exists() for link in page.links)
        assert evil not in page.source
    assert "Held back" in pages[f"{bad}.html"].text
    assert "Charges of a month are not negative" in pages[f"{bad}.html"].text
    assert evil in pages[f"{bad}.html"].text
    assert f"{bad}.html" in pages["index.html"].links
