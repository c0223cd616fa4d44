"""A visitor of Superset without a browser: keeps cookies, sends the token that forms need."""

# ruff: noqa: S310 - the only address is that of the server under test

from __future__ import annotations

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from outturn.dashboards import environment, serving
from outturn.secret_store import all_secrets
from outturn.settings import Settings

TOKEN = re.compile(r'csrf_token[^>]*?value=\\?"([^"\\]+)|"csrf_token":\s*"([^"]+)"')


class Visitor:
    """Somebody with a session of their own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.base = serving.base_url(settings)
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> tuple[int, str]:
        """Status and where it ended."""
        status, place, _ = self._open(urllib.request.Request(self.base + path))
        return status, place.removeprefix(self.base)

    def json(self, path: str) -> Any:
        """The document at a path."""
        return json.loads(self._open(urllib.request.Request(self.base + path))[2])

    def send(self, method: str, path: str, document: Any) -> tuple[int, str]:
        """Status and text of the answer to a document sent."""
        token = self.json("/api/v1/security/csrf_token/")["result"]
        request = urllib.request.Request(
            self.base + path,
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json", "X-CSRFToken": token},
            method=method,
        )
        status, _, text = self._open(request)
        return status, text

    def try_password(self, user: str, password: str) -> tuple[int, str]:
        """Status and place after the log-in form was sent."""
        page = self._open(urllib.request.Request(self.base + "/login/"))[2]
        match = TOKEN.search(page)
        assert match, "the log-in page has no token"
        form = {"username": user, "password": password, "csrf_token": match[1] or match[2]}
        request = urllib.request.Request(
            self.base + "/login/", data=urllib.parse.urlencode(form).encode()
        )
        status, place, _ = self._open(request)
        return status, place.removeprefix(self.base)

    def try_password_by_api(self, user: str, password: str) -> int:
        """Status of a log-in without the form."""
        document = {"username": user, "password": password, "provider": "db"}
        request = urllib.request.Request(
            f"{self.base}/api/v1/security/login",
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )
        return self._open(request)[0]

    def log_in(self, user: str, begins_at: str = "contract-at-a-glance") -> None:
        """With the generated password."""
        password = all_secrets(self.settings)[environment.password_name(user)]
        status, place = self.try_password(user, password)
        assert (status, place) == (200, f"/superset/dashboard/{begins_at}/")

    def _open(self, request: urllib.request.Request) -> tuple[int, str, str]:
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.geturl(), answer.read().decode(errors="replace")
        except urllib.error.HTTPError as refused:
            return refused.code, request.full_url, refused.read().decode(errors="replace")
