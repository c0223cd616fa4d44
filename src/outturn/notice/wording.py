"""The notice in words, for the person who approves it: evidence, and what changed."""

from __future__ import annotations

from outturn.notice.arithmetic import credit_working, kpi_working, pounds, text
from outturn.notice.content import Notice


def title(notice: Notice) -> str:
    """One line that names the notice."""
    number = f", notice {notice.number}" if notice.number > 1 else ""
    return (
        f"{notice.contract_code}, service credit for {notice.period}{number}: "
        f"{pounds(notice.amount_gbp)}"
    )


def changes(notice: Notice) -> list[str]:
    """What is otherwise than the month before, in sentences."""
    earlier = notice.earlier
    now = {row["indicator_code"] for row in notice.evidence}
    before = {row["indicator_code"] for row in notice.earlier_evidence}
    said = []
    if earlier is None:
        said.append("The month before had no credit.")
    else:
        said.append(
            f"The month before: {pounds(earlier['due_gbp'])}, {text(earlier['points'])} points, "
            f"{earlier['life_state'].replace('_', ' ')}."
        )
    for words, codes in (
        ("Failed now, not the month before", now - before),
        ("Failed in both months", now & before),
        ("Failed the month before, not now", before - now),
    ):
        said.append(f"{words}: {', '.join(sorted(codes)) or 'none'}.")
    adjusted = [step for step in notice.life if step["step"] == "adjustment"]
    said += [
        f"Adjusted by {pounds(step['amount_gbp'])} since it was recorded: {step['reason']}."
        for step in adjusted
    ]
    return said


def markdown(notice: Notice) -> str:
    """What the person sees who approves: the credit, its evidence, what changed."""
    lines = [
        f"**{notice.title}** ({notice.supplier})",
        "",
        (
            f"Service month {notice.period}, scheme {notice.credit['scheme_code']}, basis "
            f"{notice.credit['basis']}, due since {notice.credit['due_on']:%d/%m/%Y}."
        ),
        f"Claimed by this notice: **{pounds(notice.amount_gbp)}**.",
        "",
        "| KPI | working | file, record |",
        "|---|---|---|",
    ]
    lines += [
        f"| {row['indicator_label']} | {kpi_working(row)} "
        f"| {row['file_name'] or '-'}, {row['record_number'] or '-'} |"
        for row in notice.evidence
    ]
    lines += ["", "| step | how | result |", "|---|---|---|"]
    lines += [f"| {step.what} | {step.how} | {step.result} |" for step in credit_working(notice)]
    lines += ["", "**Since last month**", "", *[f"- {one}" for one in changes(notice)], ""]
    lines.append(
        "Approve to issue it once, as PDF and XLSX; reject to issue nothing. Give a reason either"
        " way. Who asked for it cannot approve it."
    )
    return "\n".join(lines)
