"""The one process that brings Superset's metadata in line with the bundle.

Run by `outturn dashboards` with this environment's interpreter, because Superset cannot share one
with the warehouse. Creating Superset's application costs ten seconds of CPU, so everything is done
in one process: `sync.py <job.json> <result.json>`. The job says what is to be done (`action`) and
holds documents as Superset imports them; secrets come in the environment. Every action is
all-or-nothing and twice is the same as once. Only objects marked as managed here are ever deleted.
"""

import json
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import yaml
from superset.app import create_app


def main(job_path: str, result_path: str) -> int:
    """Do the job; write {"ok": …} or {"error": …} to the result file."""
    logging.disable(logging.WARNING)
    job = json.loads(Path(job_path).read_text(encoding="utf-8"))
    try:
        with create_app().app_context():
            result = {"ok": ACTIONS[job["action"]](job)}
    except Exception as problem:  # noqa: BLE001 - handed to the caller, who says it in plain words
        traceback.print_exc()
        result = {"error": f"{type(problem).__name__}: {_causes(problem)}"}
    Path(result_path).write_text(json.dumps(result), encoding="utf-8")
    return 0 if "ok" in result else 1


def _causes(problem: BaseException | None) -> str:
    """The message with those of its causes; Superset keeps the useful part in the last."""
    texts = []
    while problem is not None:
        texts.append(str(problem))
        texts += [
            f"{inner} {getattr(inner, 'messages', '')}"
            for inner in getattr(problem, "_exceptions", [])
        ]
        problem = problem.__cause__ or problem.__context__
    return "; ".join(dict.fromkeys(text.strip() for text in texts if text.strip()))


# -- actions


def dump(job: dict[str, Any]) -> dict[str, Any]:
    """What is there now: managed objects as Superset exports them, roles, access, users' names."""
    from superset.utils.core import override_user

    from superset import security_manager

    with override_user(security_manager.find_user(username=job["administrator"])):
        return _dump()


def _dump() -> dict[str, Any]:
    from superset.commands.chart.export import ExportChartsCommand
    from superset.commands.dashboard.export import ExportDashboardsCommand
    from superset.commands.database.export import ExportDatabasesCommand
    from superset.commands.dataset.export import ExportDatasetsCommand
    from superset.models.dashboard import Dashboard

    from superset import db

    commands = {
        "databases": ExportDatabasesCommand,
        "datasets": ExportDatasetsCommand,
        "charts": ExportChartsCommand,
        "dashboards": ExportDashboardsCommand,
    }
    documents: dict[str, dict[str, Any]] = {}
    for kind, command in commands.items():
        found = [yaml.safe_load(command._file_content(model)) for model in _managed(kind)]
        documents[kind] = {document["uuid"]: document for document in found}
    documents["themes"] = {
        str(theme.uuid): {"theme_name": theme.theme_name, "json_data": json.loads(theme.json_data)}
        for theme in _managed("themes")
    }
    access = {
        board.slug: sorted(role.name for role in board.roles)
        for board in db.session.query(Dashboard)
        if board.is_managed_externally
    }
    return {"documents": documents, "access": access, "roles": _roles(), "users": _users()}


def apply(job: dict[str, Any]) -> dict[str, Any]:
    """Migrate if need be, then set everything as the job says and prune what it does not name."""
    from superset.utils.core import override_user

    from superset import db, security_manager

    _migrate(job["users"])
    with override_user(security_manager.find_user(username=job["administrator"])):
        _import(job["documents"])
        pruned = _prune(job["documents"])
        _set_roles(job["roles"], job["managed_roles"])
        _set_users(job["users"])
        _set_access(job["access"])
        db.session.commit()
    return {"pruned": pruned} | dump(job)


def prune(job: dict[str, Any]) -> dict[str, Any]:
    """Delete managed objects that the bundle no longer holds; nothing that a user made."""
    from superset import db

    pruned = _prune(job["documents"])
    db.session.commit()
    return {"pruned": pruned}


ACTIONS = {"dump": dump, "apply": apply, "prune": prune}


# -- how


def _migrate(users: list[dict[str, Any]]) -> None:
    """Bring the metadata database to this release; permissions too when it was behind."""
    from flask_migrate import upgrade
    from superset.utils.decorators import transaction

    from superset import appbuilder, security_manager

    if not _is_current():
        upgrade()
        transaction()(lambda: appbuilder.add_permissions(update_perms=True))()
        transaction()(security_manager.sync_role_definitions)()
    _set_users([user for user in users if user["role"] == security_manager.auth_role_admin])


def _is_current() -> bool:
    """Whether the database has the newest revision and the administrator's role."""
    from alembic.script import ScriptDirectory
    from flask import current_app
    from sqlalchemy import inspect, text

    from superset import db, security_manager

    inspector = inspect(db.engine)
    if not inspector.has_table("alembic_version") or not inspector.has_table("ab_role"):
        return False
    folder = current_app.extensions["migrate"].directory
    heads = set(ScriptDirectory(folder).get_heads())
    with db.engine.connect() as connection:
        found = {row[0] for row in connection.execute(text("select * from alembic_version"))}
    admin = security_manager.find_role(security_manager.auth_role_admin)
    return heads == found and admin is not None and bool(admin.permissions)


def _import(documents: dict[str, dict[str, Any]]) -> None:
    """Everything in one transaction; themes, which the command skips, go first."""
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.commands.theme.import_themes import import_theme
    from superset.themes.schemas import ImportV1ThemeSchema

    from superset import db

    themes: dict[str, int] = {}
    for path, document in documents.items():
        if path.startswith("themes/"):
            ImportV1ThemeSchema().load(document)
            theme = import_theme(dict(document), overwrite=True)
            db.session.flush()
            themes[document["uuid"]] = theme.id
    contents = {"metadata.yaml": yaml.safe_dump({"version": "1.0.0", "type": "assets"})}
    for path, document in documents.items():
        if path.startswith("themes/"):
            continue
        themed = {"theme_id": themes[document["theme_uuid"]]} if "theme_uuid" in document else {}
        kept = {name: value for name, value in document.items() if name != "theme_uuid"}
        contents[path] = yaml.safe_dump(kept | themed)
    passwords = json.loads(os.environ["OUTTURN_SUPERSET_READERS"])
    ImportAssetsCommand(contents, passwords=passwords).run()


def _prune(documents: dict[str, dict[str, Any]]) -> list[str]:
    from superset import db

    pruned = []
    # Whoever refers to others goes first.
    for kind in ("dashboards", "charts", "datasets", "databases", "themes"):
        keep = {
            document["uuid"] for path, document in documents.items() if path.startswith(f"{kind}/")
        }
        for gone in _managed(kind):
            if str(gone.uuid) not in keep:
                pruned.append(f"{kind}/{_title(gone)}")
                db.session.delete(gone)
        db.session.flush()
    return pruned


def _managed(kind: str) -> list[Any]:
    """Objects of a kind that code owns; a theme has no mark of its own but its name's prefix."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database, Theme
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    from superset import db

    if kind == "themes":
        return [
            theme
            for theme in db.session.query(Theme).order_by(Theme.id)
            if (theme.theme_name or "").startswith("outturn: ")
        ]
    models = {
        "databases": Database,
        "datasets": SqlaTable,
        "charts": Slice,
        "dashboards": Dashboard,
    }
    model = models[kind]
    query = db.session.query(model).filter(model.is_managed_externally.is_(True))
    return list(query.order_by(model.id))


def _title(model: Any) -> str:
    names = ("slug", "slice_name", "table_name", "database_name", "theme_name")
    return next(str(getattr(model, name)) for name in names if getattr(model, name, None))


def _set_roles(roles: dict[str, Any], managed: str) -> None:
    """Each role has exactly the permissions named, {permission: [view, …]}; "*" is all.

    Roles whose names begin with `managed` and that are not named go, and so do users of them alone.
    """
    from superset import db, security_manager

    for name, wanted in roles.items():
        role = security_manager.find_role(name) or security_manager.add_role(name)
        if wanted == "*":
            security_manager.sync_role_definitions()
            continue
        permissions = []
        for permission, views in wanted.items():
            for view in views:
                found = security_manager.find_permission_view_menu(permission, view)
                if found is None:
                    raise LookupError(f"role {name}: there is no permission {permission} on {view}")
                permissions.append(found)
        role.permissions = permissions
    for role in security_manager.get_all_roles():
        if role.name.startswith(managed) and role.name not in roles:
            for user in list(role.user):
                user.roles.remove(role)
                user.active = bool(user.roles)
            db.session.delete(role)
    db.session.flush()


def _set_users(users: list[dict[str, Any]]) -> None:
    """Make the users that code knows, with one role each; a password is set once, at the start."""
    from superset import db, security_manager

    for wanted in users:
        role = security_manager.find_role(wanted["role"])
        user = security_manager.find_user(username=wanted["name"])
        if user is None:
            user = security_manager.add_user(
                wanted["name"],
                wanted["first_name"],
                wanted["last_name"],
                f"{wanted['name']}@localhost",
                role,
                os.environ[wanted["password_variable"]],
            )
            if not user:
                raise RuntimeError(f"the user {wanted['name']} could not be made")
        user.roles = [role]
        user.active = True
    db.session.commit()


def _set_access(access: dict[str, list[str]]) -> None:
    from superset.models.dashboard import Dashboard

    from superset import db, security_manager

    for slug, roles in access.items():
        board = db.session.query(Dashboard).filter_by(slug=slug).one()
        board.roles = [security_manager.find_role(name) for name in roles]


def _roles() -> dict[str, dict[str, list[str]]]:
    from superset import security_manager

    found: dict[str, dict[str, list[str]]] = {}
    for role in security_manager.get_all_roles():
        views: dict[str, list[str]] = {}
        for item in role.permissions:
            views.setdefault(item.permission.name, []).append(item.view_menu.name)
        found[role.name] = {name: sorted(names) for name, names in sorted(views.items())}
    return found


def _users() -> dict[str, list[str]]:
    from superset import security_manager

    return {
        user.username: sorted(role.name for role in user.roles)
        for user in security_manager.get_all_users()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
