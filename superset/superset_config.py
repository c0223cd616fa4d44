"""Superset's configuration. All that differs between installations comes from the environment.

`outturn` sets the variables from its own settings and secrets; nothing here has a default that
would be a secret. There is no data cache on purpose: a chart costs one small query of a small
mart, and a page can then never show two publications side by side.
"""

import base64
import copy
import os
from pathlib import Path
from typing import Any

from flask import Flask, redirect, request
from flask_login import current_user
from jinja2 import ChoiceLoader, FileSystemLoader
from superset.config import TALISMAN_CONFIG as SHIPPED_TALISMAN
from superset.config import THEME_DEFAULT as SHIPPED_THEME
from superset.exceptions import SupersetException

TEMPLATES = Path(__file__).with_name("templates")
# Where whoever logs in begins; Superset's own first page lists charts and offers what is refused.
FIRST_BOARD = "contract-at-a-glance"
# Roles that read as finance does; one that begins with the prefix reads as the audience it names.
SEE_ALL = {"Admin", "finance_viewer"}
AUDIENCE_ROLE = "audience_"


def _required(name: str, at_least: int = 1) -> str:
    value = os.environ.get(name, "")
    if len(value) < at_least:
        raise RuntimeError(f"{name} must be set, with {at_least} characters or more.")
    return value


# -- secrets and metadata
SECRET_KEY = _required("OUTTURN_SUPERSET_SECRET_KEY", 42)
# Not used here, but shipped with a known value that would let anybody sign a token.
GUEST_TOKEN_JWT_SECRET = _required("OUTTURN_SUPERSET_GUEST_KEY", 42)
GLOBAL_ASYNC_QUERIES_JWT_SECRET = _required("OUTTURN_SUPERSET_ASYNC_KEY", 42)
SQLALCHEMY_DATABASE_URI = _required("OUTTURN_SUPERSET_METADATA")

# -- who may do what
PUBLIC_ROLE_LIKE = None
AUTH_ROLE_PUBLIC = "Public"
FAB_API_SWAGGER_UI = False
PREVENT_UNSAFE_DB_CONNECTIONS = True
FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,
    "ALERT_REPORTS": False,
    "THUMBNAILS": False,
    "EMBEDDED_SUPERSET": False,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "DRILL_BY": True,
    "DRILL_TO_DETAIL": True,
    # Audiences see other rows by the same query: a cache of data, were there one, is one a user.
    "CACHE_QUERY_BY_USER": True,
}

# -- the browser
_behind_tls = os.environ.get("OUTTURN_SUPERSET_TLS") == "1"
SESSION_COOKIE_SECURE = _behind_tls
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
ENABLE_PROXY_FIX = _behind_tls
TALISMAN_ENABLED = True
TALISMAN_CONFIG: dict[str, Any] = copy.deepcopy(SHIPPED_TALISMAN)
TALISMAN_CONFIG["session_cookie_secure"] = _behind_tls
# Nothing is fetched from, or sent to, any other host: neither maps, fonts nor a counting pixel.
TALISMAN_CONFIG["content_security_policy"] |= {
    "img-src": ["'self'", "blob:", "data:"],
    "connect-src": ["'self'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "font-src": ["'self'"],
    "frame-ancestors": ["'none'"],
    "form-action": ["'self'"],
}

# -- log-in attempts; counted by each of the two workers for itself, there being no shared store
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
RATELIMIT_APPLICATION = "100 per second"
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "5 per minute"


def FLASK_APP_MUTATOR(app: Flask) -> None:  # noqa: N802 - Superset's name for it
    """Limit log-ins where they arrive: 6.1.0 limits a view that the form does not post to."""
    from superset.extensions import appbuilder

    app.before_request(_begin_at_the_first_page)

    # Our templates before its own: the hooks that it leaves for them, no page of its own.
    app.jinja_loader = ChoiceLoader([FileSystemLoader(TEMPLATES), app.jinja_loader])
    for name in ("AuthDBView", "SecurityApi"):
        blueprint = app.blueprints.get(name)
        if blueprint is not None:
            appbuilder.sm.limiter.limit(AUTH_RATE_LIMIT, methods=["POST"])(blueprint)


def _begin_at_the_first_page() -> Any:
    """Superset's welcome page is the first dashboard, or the first that the visitor may open."""
    if request.path != "/superset/welcome/":
        return None
    roles = _audience_roles(current_user)
    slug = _first_board([role.id for role in roles]) if roles else FIRST_BOARD
    return redirect(f"/superset/dashboard/{slug}/" if slug else "/dashboard/list/")


def _first_board(roles: list[int]) -> str | None:
    from superset.models.dashboard import Dashboard

    from superset import db, security_manager

    opened = Dashboard.roles.any(security_manager.role_model.id.in_(roles))
    in_order = (Dashboard.slug != FIRST_BOARD, Dashboard.dashboard_title)
    return db.session.query(Dashboard.slug).filter(opened).order_by(*in_order).limit(1).scalar()


def _audience_roles(user: Any) -> list[Any]:
    """The roles by which somebody is of a limited audience; none for whoever reads as finance."""
    roles = getattr(user, "roles", [])
    if any(role.name in SEE_ALL for role in roles):
        return []
    return [role for role in roles if role.name.startswith(AUDIENCE_ROLE)]


# -- who reads as whom
def DB_CONNECTION_MUTATOR(  # noqa: N802 - Superset's name for it
    uri: Any, params: dict[str, Any], username: str | None, security_manager: Any, _source: Any
) -> tuple[Any, dict[str, Any]]:
    """Log in to PostgreSQL as the reader's audience, whatever page, chart or query asks.

    Rows are kept apart there, by login role. Whoever is of no audience, or of two, reads nothing.
    """
    user = security_manager.find_user(username=username) if username else None
    if user is not None and any(role.name in SEE_ALL for role in user.roles):
        return uri, params
    roles = _audience_roles(user)
    if len(roles) != 1:
        raise SupersetException(f"{username or 'Nobody'} is of {len(roles)} audiences, not of one.")
    reader = _connection_of(roles[0].name.removeprefix(AUDIENCE_ROLE))
    return uri.set(username=reader.username, password=reader.password), params


def _connection_of(audience: str) -> Any:
    """The address that synchronising stored for an audience, its password decrypted."""
    from sqlalchemy.engine import make_url
    from superset.models.core import Database

    from superset import db

    ours = db.session.query(Database).filter(Database.is_managed_externally.is_(True))
    found = ours.filter(Database.database_name.endswith(f": {audience}", autoescape=True)).one()
    return make_url(found.sqlalchemy_uri_decrypted)


# -- caches: none for data (see above)
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
ROW_LIMIT = 10_000
SQL_MAX_ROW = 50_000
SUPERSET_WEBSERVER_TIMEOUT = 60

# -- pounds, days first, and the look
APP_NAME = "outturn"
LANGUAGES: dict[str, Any] = {}
D3_FORMAT = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["£", ""]}
D3_TIME_FORMAT = {
    "dateTime": "%d/%m/%Y %H:%M",
    "date": "%d/%m/%Y",
    "time": "%H:%M:%S",
    "periods": ["am", "pm"],
    "days": ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
    "shortDays": ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
    "months": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "shortMonths": [
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "May",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
    ],
}
CURRENCIES = ["GBP"]
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="112" height="24">'
    '<rect y="11" width="5" height="11" rx="1" fill="#9db7d5"/>'
    '<rect x="7" y="6" width="5" height="16" rx="1" fill="#4f7fb5"/>'
    '<rect x="14" y="2" width="5" height="20" rx="1" fill="#1d4f91"/>'
    '<text x="27" y="19" font-family="Arial,sans-serif" font-size="18" font-weight="bold"'
    ' fill="#12324f">outturn</text></svg>'
)
_LOGO_URL = "data:image/svg+xml;base64," + base64.b64encode(_LOGO.encode()).decode()
APP_ICON = _LOGO_URL
THEME_DEFAULT = copy.deepcopy(SHIPPED_THEME)
THEME_DEFAULT["token"] |= {
    "brandAppName": APP_NAME,
    "brandLogoAlt": APP_NAME,
    "brandLogoUrl": _LOGO_URL,
    "colorPrimary": "#1d4f91",
    "colorLink": "#1d4f91",
    "fontFamily": "Arial, Helvetica, 'Liberation Sans', sans-serif",
}
THEME_DARK = None
ENABLE_UI_THEME_ADMINISTRATION = False
# Red, amber, green and their neighbours that people with colour blindness tell apart; the meaning
# is always written as well.
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "outturn",
        "label": "outturn",
        "description": "Blue first, then hues of different lightness",
        "isDefault": True,
        "colors": [
            "#1d4f91",
            "#e07b00",
            "#5b8c2a",
            "#7a3e9d",
            "#00838f",
            "#b3261e",
            "#8d6e63",
            "#5f6b7a",
            "#c2a100",
            "#d16ba5",
            "#4a90d9",
            "#9e9d24",
        ],
    }
]
