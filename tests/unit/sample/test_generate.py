"""The generated deliveries: true to the rules, the same bytes each time, with their accidents."""

from __future__ import annotations

import csv
import hashlib
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from outturn.sample import SEED, SampleSummary, generate
from outturn.sample.event_cohorts import cohort, event_types
from outturn.sample.event_files import EventStream
from outturn.sample.months import Month, working_day_after
from outturn.sample.profile import Profile
from outturn.sample.recompute import measure_all
from outturn.sample.returns import Returns

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
MONTHS = 5


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return generate(None, tmp_path_factory.mktemp("sample"), months=MONTHS, scale=0.01)


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return generate(None, tmp_path_factory.mktemp("larger"), months=1, scale=0.06)


def manifest(sample: SampleSummary, source: str) -> dict[str, dict[str, str]]:
    with (sample.folder / source / "manifest.csv").open(newline="") as lines:
        return {row["file_name"]: row for row in csv.DictReader(lines)}


def pence(text: str) -> int:
    """Pence of a printed amount: £, thousands commas, brackets or a sign for credits."""
    digits = text.strip("()").replace("£", "").replace(",", "").replace("-", "")
    value = int(Decimal(digits) * 100)
    return -value if text.startswith(("(", "-")) else value


def ledger(sample: SampleSummary, period: str) -> pd.DataFrame:
    """The period's complete ledger file without its control record."""
    files = sorted((sample.folder / "finance").glob(f"GL_Extract_{period}*.csv"))
    table = pd.read_csv(files[-1], dtype=str, keep_default_na=False, encoding="cp1252")
    return table.iloc[:-1].assign(pence=table["Amount"].iloc[:-1].map(pence))


def events(sample: SampleSummary, period: str) -> pd.DataFrame:
    path = sample.folder / "supplier" / f"SSCL_Events_{period}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="cp1252")


def returns(path: Path) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(path)["Returns"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[3][0] == "Contract"
    assert rows[-1][:2] == ("Total records", len(rows) - 5)
    return rows[4:-1]


def test_the_ledger_of_2014_15_has_690m_of_support_costs_at_22_0_percent(
    sample: SampleSummary,
) -> None:
    year = pd.concat([ledger(sample, (Month.parse("2014-04") + n).period) for n in range(12)])
    categories = pd.read_csv(SEEDS / "cost_categories.csv", dtype=str, keep_default_na=False)
    cost = set(categories.loc[categories["treatment"] == "cost", "code"])
    support = set(categories.loc[categories["is_support"] == "true", "code"])
    gross = year[year["Subjective"].isin(cost)]
    support_pence = int(gross.loc[gross["Objective"].isin(support), "pence"].sum())
    ratio = Decimal(support_pence) / int(gross["pence"].sum()) * 100
    assert support_pence == 69_000_000_000
    assert ratio.quantize(Decimal("0.1"), ROUND_HALF_UP) == Decimal("22.0")
    assert set(year["Subjective"]) | set(year["Objective"]) <= set(categories["code"])
    left_out = categories.set_index("code")["treatment"].reindex(sorted(set(year["Subjective"])))
    assert {"earned_income", "grant", "capital", "recharge"} <= set(left_out)


def test_outsourcing_moves_cost_from_employees_to_third_parties(sample: SampleSummary) -> None:
    def share(period: str) -> float:
        table = ledger(sample, period)
        function = table[table["Objective"] == "O210"]
        third_party = function.loc[function["Subjective"] == "S5000", "pence"].sum()
        return float(third_party / function["pence"].sum())

    assert share("2015-09") < 0.1
    assert share("2015-10") > 0.25


def test_the_same_arguments_give_the_same_bytes(sample: SampleSummary, tmp_path: Path) -> None:
    again = generate(None, tmp_path, months=MONTHS, scale=0.01)

    def digests(folder: Path) -> dict[str, str]:
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*.*"))
        }

    assert digests(again.folder) == digests(sample.folder)


def test_scale_multiplies_rows_and_never_pounds(
    sample: SampleSummary, larger: SampleSummary
) -> None:
    small, large = events(sample, "2015-10"), events(larger, "2015-10")
    assert len(large) > 2 * len(small)
    for period in ("2014-04", "2015-10"):
        assert ledger(larger, period)["pence"].sum() == ledger(sample, period)["pence"].sum()
        assert len(ledger(larger, period)) > 2 * len(ledger(sample, period))
    charges = "supplier/SSCL_Charges_2015-10.csv"
    assert (larger.folder / charges).read_bytes() == (sample.folder / charges).read_bytes()


def test_each_event_type_keeps_its_pounds_and_quantities_at_every_scale() -> None:
    sums = []
    for scale in (0.01, 0.3):
        kinds = event_types(Profile(SEEDS, scale, 1))
        tables = [cohort(kind, Month.parse("2016-05"), "settled", 1) for kind in kinds]
        sums.append(
            {
                kind.code: (
                    int(table["pence"].sum()) if kind.pence else 0,
                    int(table["quantity"].sum()) if kind.quantity else 0,
                )
                for kind, table in zip(kinds, tables, strict=True)
            }
        )
    assert sums[0] == sums[1]
    assert any(pounds for pounds, _ in sums[0].values())


def test_returns_start_from_what_the_delivered_events_say(sample: SampleSummary) -> None:
    """Read back from the files, as the warehouse does: on time means closed by due."""
    files = [events(sample, (Month.parse("2015-10") + n).period) for n in range(3)]
    known = pd.concat(files).drop_duplicates(["Contract", "Event ID"], keep="last")
    mine = known[known["Event Type"] == "requisition"]
    due, closed = (
        pd.to_datetime(mine[name], format="%d/%m/%Y %H:%M") for name in ("Due", "Closed")
    )
    in_month = due.dt.strftime("%Y-%m") == "2015-11"
    profile = Profile(SEEDS, 0.01, SEED)
    stream, told = EventStream(profile, Month.parse("2015-10")), {}
    for month in (Month.parse("2015-10"), Month.parse("2015-11")):
        told = measure_all(profile.rules, stream.advance(month), month)
        stream.file(month)
    truth = (int((closed <= due)[in_month].sum()), int(in_month.sum()))
    assert tuple(map(int, told["requisitions_on_time"])) == truth


def test_some_returns_disagree_with_the_events_and_most_do_not() -> None:
    profile = Profile(SEEDS, 0.01, SEED)
    stream, builder, lines = EventStream(profile, Month.parse("2015-10")), Returns(profile), []
    for month in [Month.parse("2015-10") + n for n in range(MONTHS)]:
        lines += builder.for_month(month, measure_all(profile.rules, stream.advance(month), month))
        stream.file(month)
    checked = [line for line in lines if line.true_figures]
    differ = [line for line in checked if line.true_figures != (line.numerator, line.denominator)]
    assert 0 < len(differ) < len(checked) / 5
    assert any(line.meets_target and line.kind == "KPI" for line in differ)


def test_all_94_indicators_are_returned_at_their_frequency(sample: SampleSummary) -> None:
    supplier = sample.folder / "supplier"
    november = returns(supplier / "SSCL_KPI_Return_2015-11.xlsx")
    december = returns(supplier / "SSCL_KPI_Return_2015-12.xlsx")
    indicators = pd.read_csv(SEEDS / "indicators.csv", dtype=str, keep_default_na=False)
    by_frequency = indicators.groupby("frequency")["indicator_code"].agg(set)
    assert {row[1] for row in november} == by_frequency["M"]
    assert {row[1] for row in december} == by_frequency["M"] | by_frequency["Q"]


def test_history_is_there_for_some_indicators_and_ends_before_day_1(
    sample: SampleSummary,
) -> None:
    rows = returns(sample.folder / "supplier" / "SSCL_KPI_History_2015-09.xlsx")
    indicators = pd.read_csv(SEEDS / "indicators.csv", dtype=str, keep_default_na=False)
    with_history = indicators[indicators["history_from"] != ""].set_index("indicator_code")
    assert {row[1] for row in rows} == set(with_history.index)
    for row in rows:
        assert with_history.loc[str(row[1]), "history_from"][:7] <= str(row[2]) <= "2015-09"


def test_the_manifest_names_every_file_with_its_hash_and_a_believable_time(
    sample: SampleSummary,
) -> None:
    for source in ("supplier", "finance"):
        lines = manifest(sample, source)
        files = {path.name: path for path in (sample.folder / source).glob("*.*")}
        files.pop("manifest.csv")
        assert set(lines) == set(files)
        for name, line in lines.items():
            assert line["sha256"] == hashlib.sha256(files[name].read_bytes()).hexdigest()
            assert "2014-04" < line["received_at"][:7] < "2016-06"


def test_a_second_sample_in_the_same_folder_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    generate(None, tmp_path, months=2, scale=0.001)
    (tmp_path / "supplier" / "notes.txt").write_text("mine")
    generate(None, tmp_path, months=1, scale=0.001)
    found = {path.name for path in (tmp_path / "supplier").iterdir()}
    assert "SSCL_Charges_2015-10.csv" in found
    assert "SSCL_Charges_2015-11.csv" not in found
    assert "notes.txt" in found


def test_the_late_return_comes_after_its_due_day(sample: SampleSummary) -> None:
    late = sample.accidents["late_return"]
    for name, line in manifest(sample, "supplier").items():
        if name.startswith("SSCL_KPI_Return_") and not name.endswith("_2.xlsx"):
            due = working_day_after(Month.parse(name[16:23]), 10).isoformat()
            assert (line["received_at"][:10] > due) == (name[16:23] == late)


def test_the_restated_return_takes_back_what_was_left_out(sample: SampleSummary) -> None:
    period = sample.accidents["restated_return"]
    first = sample.folder / "supplier" / f"SSCL_KPI_Return_{period}.xlsx"
    second = first.with_name(f"{first.stem}_2.xlsx")
    received = {name: line["received_at"] for name, line in manifest(sample, "supplier").items()}
    assert received[first.name] < received[second.name]
    before, after = ({row[1]: row[3:5] for row in returns(path)} for path in (first, second))
    assert before.keys() == after.keys()
    assert before != after


def test_the_truncated_ledger_has_no_control_record_and_its_repeat_has(
    sample: SampleSummary,
) -> None:
    period = sample.accidents["truncated_ledger"]
    broken = sample.folder / "finance" / f"GL_Extract_{period}.csv"
    good = broken.with_name(f"{broken.stem}_2.csv").read_bytes()
    assert good.startswith(broken.read_bytes())
    assert b"CONTROL" not in broken.read_bytes()
    control = good.decode("cp1252").splitlines()[-1].split(",")
    lines = ledger(sample, period)
    assert control[:2] == ["CONTROL", str(len(lines))]
    assert int(Decimal(control[2]) * 100) == int(lines["pence"].sum())


def test_the_repeated_delivery_has_the_same_bytes(sample: SampleSummary) -> None:
    first = sample.folder / "supplier" / f"SSCL_Events_{sample.accidents['duplicate_events']}.csv"
    assert first.with_name(f"{first.stem}_2.csv").read_bytes() == first.read_bytes()


def test_bad_rows_are_few_and_only_in_their_month(sample: SampleSummary) -> None:
    def bad(period: str) -> int:
        table = events(sample, period)
        opened = pd.to_datetime(table["Opened"], format="%d/%m/%Y %H:%M", errors="coerce")
        wrong = opened.isna() | (table["Event ID"] == "") | (table["Contract"] != "SSCL-BSS")
        wrong |= ~table["Disputed"].isin(["Y", "N", ""])
        wrong |= ~table["Quantity"].str.fullmatch(r"\d*")
        return int((wrong | ~table["Amount (£)"].str.fullmatch(r"[\d,]*(\.\d\d)?")).sum())

    assert 4 <= bad(sample.accidents["bad_rows"]) <= 10
    assert bad("2015-10") == 0
