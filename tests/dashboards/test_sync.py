"""Applying the bundle: twice is once, what is foreign stays, what is wrong fails loudly."""

from __future__ import annotations

import copy
from dataclasses import asdict

import pytest

from outturn.dashboards import environment, managing, readers
from outturn.dashboards.bundle import Bundle, charts_on, read
from outturn.database import connect
from outturn.errors import BundleProblem, SupersetProblem
from outturn.settings import Settings

EXTRA = "indicator-performance/extra"


def with_extra_chart() -> Bundle:
    kinds = copy.deepcopy(asdict(read()))
    kinds["charts"][EXTRA] = kinds["charts"]["support-cost-ratio/aim"] | {"title": "Extra"}
    rows = kinds["dashboards"]["indicator-performance"]["tabs"][-1]["rows"]
    rows.append([{"chart": "extra", "width": 3, "height": 20}])
    return Bundle(**kinds)


def titles(settings: Settings) -> set[str]:
    with connect(settings, "superset") as connection:
        return {row[0] for row in connection.execute("select slice_name from slices").fetchall()}


def test_what_was_applied_is_what_is_there(superset: Settings) -> None:
    assert managing.apply(superset, read()) == []
    assert managing.plan(superset, read()) == []


def test_an_export_of_what_was_applied_is_the_bundle(superset: Settings) -> None:
    exported = managing.export(superset, read())
    assert asdict(exported) == asdict(read())


def test_a_chart_that_left_is_pruned_and_a_users_own_stays(superset: Settings) -> None:
    managing.apply(superset, with_extra_chart())
    with connect(superset, "superset") as connection:
        connection.execute(
            "insert into slices (id, slice_name, viz_type, is_managed_externally, uuid) values"
            " (nextval('slices_id_seq'), 'My own', 'table', false, gen_random_uuid())"
        )
    acts = [change.act for change in managing.plan(superset, read())]
    # The chart, the dashboard that showed it, and who may open it: its mart is of no contract.
    assert sorted(acts) == ["delete", "update", "update"]
    assert managing.apply(superset, read()) == ["charts/Extra"]
    found = titles(superset)
    assert "My own" in found
    assert "Extra" not in found


def test_a_permission_too_many_and_one_too_few_are_seen_and_set_right(superset: Settings) -> None:
    with connect(superset, "superset") as connection:
        connection.execute(
            "delete from dashboard_roles using dashboards"
            " where dashboard_id = dashboards.id and slug = 'service-credits'"
        )
        connection.execute(
            """
            insert into ab_permission_view_role (id, permission_view_id, role_id)
            select nextval('ab_permission_view_role_id_seq'), permission_view.id, role.id
            from ab_permission_view as permission_view
            inner join ab_permission on permission_view.permission_id = ab_permission.id
            inner join ab_view_menu on permission_view.view_menu_id = ab_view_menu.id
            cross join ab_role as role
            where ab_permission.name = 'can_write' and ab_view_menu.name = 'Chart'
            and role.name = 'finance_viewer'
            """
        )
    with pytest.raises(BundleProblem, match="update role finance_viewer") as refused:
        managing.verify(superset, read())
    assert "update access to service-credits" in str(refused.value)
    managing.apply(superset, read())
    managing.verify(superset, read())


def test_a_role_with_an_unknown_permission_fails_and_changes_nothing(superset: Settings) -> None:
    job = managing.job(superset, readers.with_connections(superset, read()))
    job["roles"] = {"finance_viewer": {"can_fly": ["Dashboard"]}}
    with pytest.raises(SupersetProblem, match="no permission can_fly on Dashboard"):
        environment.run_inside(superset, job)
    managing.verify(superset, read())


def test_every_chart_of_the_bundle_is_on_its_dashboard_with_its_dataset(superset: Settings) -> None:
    with connect(superset, "superset") as connection:
        found = connection.execute(
            """
            select dashboards.slug, count(*), count(slices.description),
                bool_and(tables.schema = 'marts' and coalesce(tables.sql, '') = '')
            from dashboards
            inner join dashboard_slices on dashboards.id = dashboard_slices.dashboard_id
            inner join slices on dashboard_slices.slice_id = slices.id
            inner join tables on slices.datasource_id = tables.id
            group by dashboards.slug
            """
        ).fetchall()
    expected = {slug: len(charts_on(slug, board)) for slug, board in read().dashboards.items()}
    assert {row[0]: row[1] for row in found} == expected
    assert all(row[1] == row[2] and row[3] for row in found)


def test_dbts_descriptions_reach_columns_and_metrics(superset: Settings) -> None:
    with connect(superset, "superset") as connection:
        missing = connection.execute(
            """
            select column_name from table_columns where coalesce(description, '') = ''
            union all
            select metric_name from sql_metrics where coalesce(description, '') = ''
            """
        ).fetchall()
    assert missing == []
