"""Nobody gets in by trying. In a file of its own, the last one: it uses up the minute's log-ins."""

from __future__ import annotations

from outturn.dashboards import environment, serving
from outturn.settings import Settings
from tests.dashboards.visitor import Visitor


def test_no_password_is_a_default_one_and_trying_is_limited(superset: Settings) -> None:
    answers = []
    for attempt in range(14):
        stranger = Visitor(superset)
        answers.append(stranger.try_password(environment.ADMINISTRATOR, f"admin{attempt or ''}"))
    statuses = [status for status, _ in answers]
    assert 429 in statuses
    assert not [place for status, place in answers if status == 200 and "login" not in place]
    # Each of the workers counts for itself: at most its five a minute get as far as a check.
    assert statuses.count(200) <= 5 * serving.WORKERS


def test_trying_through_the_api_is_limited_as_well(superset: Settings) -> None:
    stranger = Visitor(superset)
    statuses = [
        stranger.try_password_by_api(environment.ADMINISTRATOR, f"admin{attempt or ''}")
        for attempt in range(14)
    ]
    assert set(statuses) == {401, 429}
