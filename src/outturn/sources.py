"""Where sources put their files: a folder, an SFTP server with a pinned key, an S3 bucket.

Every location is an fsspec URL, so that the rest of the code sees one kind of file system. Nothing
is ever written to or removed from a source.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import fsspec
import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from outturn.errors import HostKeyRefused, OutturnError, SourceUnreachable
from outturn.settings import Settings

# Up to the last @ of the host's part: a password may hold one.
_PASSWORD = re.compile(r"(?<=://)(?P<user>[^:/@\s]*):[^/\s]*@")
_MODIFIED_KEYS = ("mtime", "LastModified", "modified", "created")


@dataclass(frozen=True)
class Seen:
    """One file as a listing shows it. `modified_at` is null where the system keeps no time."""

    url: str
    path: str
    name: str
    size_bytes: int
    modified_at: datetime | None


class Stream:
    """Reads on; what goes wrong at the source is told apart from what goes wrong here."""

    def __init__(self, opened: IO[bytes], url: str) -> None:
        self._opened, self._url = opened, url

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; empty at the end."""
        with _named(self._url):
            return self._opened.read(size)


class Location:
    """A folder on some file system, opened once for a round of receiving.

    `url` is the address as stored with a delivery: an absolute path for a local folder, never
    with a password.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        """Connect. Raises SourceUnreachable, or HostKeyRefused for an unknown SFTP server."""
        self.url = _PASSWORD.sub(r"\g<user>@", url.rstrip("/"))
        with _named(self.url):
            self._files, self._folder = _open_file_system(settings, url.rstrip("/"))
        if "file" in self._files.protocol:
            self.url = self._folder

    def list(self) -> list[Seen]:
        """The files of the folder itself, by name; a folder that is not there has none."""
        with _named(self.url):
            self._files.invalidate_cache()
            try:
                found = self._files.ls(self._folder, detail=True)
            except FileNotFoundError:
                return []
        seen = [self._resolved(info) for info in found if info["type"] != "directory"]
        return sorted((one for one in seen if one and one.name), key=lambda one: one.name)

    def look(self, path: str) -> Seen | None:
        """One file as it is now, or None when it is not there any more."""
        with _named(self.url):
            self._files.invalidate_cache()
            try:
                return self._seen(self._files.info(path))
            except FileNotFoundError:
                return None

    @contextmanager
    def open(self, seen: Seen) -> Iterator[Stream]:
        """The file's bytes as a stream."""
        with _named(seen.url):
            opened = self._files.open(seen.path, "rb")
        with opened:
            yield Stream(opened, seen.url)

    def _resolved(self, info: dict[str, Any]) -> Seen | None:
        """A listing shows a link's own size and time: ask for those of the file behind it."""
        return self.look(str(info["name"])) if info["type"] == "link" else self._seen(info)

    def _seen(self, info: dict[str, Any]) -> Seen:
        path = str(info["name"])
        name = path.rsplit("/", 1)[-1]
        return Seen(
            url=f"{self.url}/{name}",
            path=path,
            name=name,
            size_bytes=int(info["size"] or 0),
            modified_at=_modified_at(info),
        )


class PinnedSFTP(SFTPFileSystem):  # type: ignore[misc]
    """SFTP that talks only to a server whose key is known; fsspec's own trusts any key."""

    cachable = False

    def __init__(
        self, host: str, *, known_hosts: Path, fingerprint: str | None, **options: Any
    ) -> None:
        """Connect with `options` as paramiko's client takes them."""
        self._known_hosts, self._fingerprint = known_hosts, fingerprint
        super().__init__(host, **options)

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        if self._fingerprint is None and self._known_hosts.exists():
            self.client.load_host_keys(str(self._known_hosts))
        self.client.set_missing_host_key_policy(_OnlyThisKey(self._fingerprint))
        try:
            self.client.connect(self.host, **self.ssh_kwargs)
        except paramiko.BadHostKeyException as error:
            raise _refused(self.host, error.key) from error
        self.ftp = self.client.open_sftp()


class _OnlyThisKey(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """Accepts the key with the pinned fingerprint; without one, none that is not in the file."""

    def __init__(self, fingerprint: str | None) -> None:
        self._fingerprint = fingerprint

    def missing_host_key(
        self, _client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        if self._fingerprint is None or fingerprint_of(key) != self._fingerprint.rstrip("="):
            raise _refused(hostname, key)


def fingerprint_of(key: paramiko.PKey) -> str:
    """A key's fingerprint as `ssh-keygen -l` prints it."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _refused(host: str, key: paramiko.PKey) -> HostKeyRefused:
    return HostKeyRefused(
        f"the SFTP server {host} shows the key {fingerprint_of(key)}, which is not a pinned one.",
        remedy="Ask its owner what the key is. If this is it: put it into the file that "
        "OUTTURN_SFTP_KNOWN_HOSTS names, or the fingerprint into OUTTURN_SFTP_HOST_FINGERPRINT.",
    )


def _open_file_system(settings: Settings, url: str) -> tuple[Any, str]:
    protocol = url.partition("://")[0] if "://" in url else "file"
    if protocol in ("sftp", "ssh"):
        return _open_sftp(settings, url), SFTPFileSystem._strip_protocol(url)
    options = _s3_options(settings) if protocol in ("s3", "s3a") else {}
    files, folder = fsspec.core.url_to_fs(url, **options)
    return files, str(folder)


def _open_sftp(settings: Settings, url: str) -> PinnedSFTP:
    parts = SFTPFileSystem._get_kwargs_from_urls(url)
    options: dict[str, Any] = {"timeout": 30, "port": int(parts.get("port") or 22)}
    username = parts.get("username") or settings.sftp_username
    if username:
        options["username"] = username
    password = parts.get("password")
    if settings.sftp_password:
        password = settings.sftp_password.get_secret_value()
    if password:
        options |= {"password": password, "look_for_keys": False, "allow_agent": False}
    if settings.sftp_key_file:
        options["key_filename"] = str(settings.sftp_key_file)
    return PinnedSFTP(
        parts["host"],
        known_hosts=settings.sftp_known_hosts or Path.home() / ".ssh" / "known_hosts",
        fingerprint=settings.sftp_host_fingerprint,
        **options,
    )


def _s3_options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if settings.s3_endpoint_url:
        options["endpoint_url"] = settings.s3_endpoint_url
    if settings.s3_access_key_id and settings.s3_secret_access_key:
        options["key"] = settings.s3_access_key_id
        options["secret"] = settings.s3_secret_access_key.get_secret_value()
    return options


def _modified_at(info: dict[str, Any]) -> datetime | None:
    value = next((info[key] for key in _MODIFIED_KEYS if info.get(key) is not None), None)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, tz=UTC)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return None


@contextmanager
def _named(url: str) -> Iterator[None]:
    """Turn what a file system raises, whatever its library's errors are, into one that names it."""
    try:
        yield
    except OutturnError:
        raise
    except Exception as error:  # noqa: BLE001 - the cause may quote a password: told without
        said = _PASSWORD.sub(r"\g<user>@", str(error))
        raise SourceUnreachable(
            f"{url} cannot be read: {type(error).__name__}: {said}.",
            remedy="Check OUTTURN_LANDING_URL, the network and the credentials; then run it again.",
        ) from None
