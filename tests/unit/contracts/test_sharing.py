"""Sources may send the same extracts: their rows land in one table, or are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from outturn.contracts import load_contracts
from outturn.errors import ContractInvalid
from outturn.settings import PROJECT_ROOT, Settings

OURS = PROJECT_ROOT / "extracts" / "supplier" / "indicator_returns.yaml"


def laid_over(tmp_path: Path, old: str, new: str) -> Settings:
    """Settings with a contract of source `acme` for returns, one thing in it changed."""
    text = OURS.read_text(encoding="utf-8").replace("domain: supplier", "domain: acme")
    text = text[: text.index("  - property: forms")]
    assert old in text
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "indicator_returns.yaml").write_text(text.replace(old, new, 1))
    return Settings(extracts_dir=tmp_path)


def test_an_extract_of_the_same_name_lands_in_the_same_table(tmp_path: Path) -> None:
    contracts = load_contracts(laid_over(tmp_path, "version: 1.0.0", "version: 2.0.0"))
    theirs, ours = contracts["acme/indicator_returns"], contracts["supplier/indicator_returns"]
    assert theirs.table == ours.table == "supplier__indicator_returns"
    assert theirs.version == "2.0.0"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: commentary", "name: remark", "remark: supplier/indicator_returns"),
        ("name: denominator\n", "name: total\n", "denominator must be as in"),
        ("numeric(20, 6)", "numeric(20, 4)", "numerator must be as in"),
        ("replaces, value: period", "replaces, value: key", "must replace as"),
    ],
)
def test_rows_that_would_not_fit_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ContractInvalid, match=said):
        load_contracts(laid_over(tmp_path, old, new))


def test_a_source_that_only_contracts_csv_names_sends_what_is_about_one_contract(
    tmp_path: Path,
) -> None:
    codes = "contract_code,source_code\nA,acme\nB,supplier\nC,\nD,Not A Folder\nE,finance\n"
    (tmp_path / "contracts.csv").write_text(codes)
    contracts = load_contracts(Settings(seeds_dir=tmp_path))
    further = sorted(set(contracts) - set(load_contracts(Settings())))
    assert "acme/indicator_returns" in further
    assert "acme/service_charges" in further
    assert "acme/indicator_decisions" not in further, "decisions are ours, about any contract"
    assert "finance/indicator_returns" in further
    assert {contracts[key].source for key in further} == {"acme", "finance"}
    assert [form.name for form in contracts["acme/indicator_returns"].forms] == ["plain"]
