"""Deployed code: the zips of a function and its layers, and the directories they are unpacked to."""

from __future__ import annotations

import io
import linecache
import os
import shutil
import stat
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from destmock.errors import NoHandlerError

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef

#: The directories of a function's code and of its layers' contents on AWS.
TASK_ROOT, LAYERS_ROOT = "/var/task", "/opt"
#: The errors of unpacking bytes that are no zip, or a zip that Python can't read.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


class Deployment(NamedTuple):
    """What was deployed as one version: its zips, and the settings that say how to run them."""

    ref: FunctionRef
    handler: str
    runtime: str
    code: bytes
    #: The ARN and the zip of each layer, in their order.
    layers: tuple[tuple[str, bytes], ...]
    #: Another object after each change of the code or the configuration.
    revision: object


class Package(NamedTuple):
    """A deployment that is unpacked and can run; the runtime uses it like a registration."""

    source: str
    serial: object
    task_root: str
    layers_root: str
    #: What `sys.path` begins with.
    path: tuple[str, ...]

    def duration_ms(self, payload: bytes) -> int:  # noqa: ARG002 - whatever the event, none is declared
        """Deployed code takes no virtual time."""
        return 0

    def shown(self, text: str) -> str:
        """Text that the function wrote, with the paths that it would have seen on AWS."""
        return text.replace(self.task_root, TASK_ROOT).replace(self.layers_root, LAYERS_ROOT)

    def shown_bytes(self, written: bytes) -> bytes:
        return self.shown(written.decode(errors="surrogateescape")).encode(errors="surrogateescape")


class Packages:
    """The directories of one simulation: equal zips share one, and all are gone when it ends."""

    def __init__(self) -> None:
        self._root: str | None = None
        self._unpacked: dict[tuple[bytes, ...], str] = {}

    def package(self, deployment: Deployment) -> Package:
        """Unpack a deployment, unless it is. Raises `NoHandlerError` for code or a layer that is no zip."""
        ref = deployment.ref
        task_root = self._directory(ref, {"its code": deployment.code})
        layers = {f"its layer {arn}": content for arn, content in deployment.layers}
        layers_root = self._directory(ref, layers)
        installed = f"python/lib/{deployment.runtime}/site-packages"
        path = (task_root, f"{layers_root}/{installed}", f"{layers_root}/python")
        return Package(deployment.handler, deployment.revision, task_root, layers_root, path)

    def close(self) -> None:
        if self._root is None:
            return
        for cache in (sys.path_importer_cache, linecache.cache):
            for path in [path for path in cache if path.startswith(self._root)]:
                del cache[path]
        shutil.rmtree(self._root, ignore_errors=True)
        self._root = None
        self._unpacked.clear()

    def _directory(self, ref: FunctionRef, zips: dict[str, bytes]) -> str:
        """The directory that these zips are unpacked to, one over the other."""
        key = tuple(zips.values())
        found = self._unpacked.get(key)
        if found is None:
            if self._root is None:  # on some systems the temporary directory is a link
                self._root = os.path.realpath(tempfile.mkdtemp(prefix="destmock-"))
            found = Path(tempfile.mkdtemp(dir=self._root)).as_posix()
            for what, content in zips.items():
                _unpack(ref, what, content, found)
            self._unpacked[key] = found
        return found


def unpacked_size(content: bytes) -> int:
    """How many bytes the files of a zip have; 0 for what is no zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            return sum(member.file_size for member in file.infolist())
    except _UNREADABLE:
        return 0


def _unpack(ref: FunctionRef, what: str, content: bytes, directory: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            members = file.infolist()
            links = [member for member in members if stat.S_ISLNK(member.external_attr >> 16)]
            for member in members:
                if member not in links:
                    _allow(member, file.extract(member, directory))
            for link in links:  # nothing is written through one
                _link(file, link, directory)
    except _UNREADABLE as error:
        raise no_handler(ref, f"{what} is not a zip file that can be unpacked: {error}") from error


def _allow(member: zipfile.ZipInfo, path: str) -> None:
    """Let a file be executed that may be in the zip."""
    executable = (member.external_attr >> 16) & 0o111
    if executable and not member.is_dir():
        Path(path).chmod(0o644 | executable)


def _link(file: zipfile.ZipFile, member: zipfile.ZipInfo, directory: str) -> None:
    """Make a symbolic link of a member whose content says where to."""
    path = Path(file.extract(member, directory))
    path.unlink()
    path.symlink_to(file.read(member).decode())


def no_handler(ref: FunctionRef, why: str) -> NoHandlerError:
    """The error of a function whose deployed code can't run, and that has no registered handler."""
    return NoHandlerError(
        f"the function {ref.unqualified_arn} exists, but has no handler that destmock could run ({why}); "
        f"register one with mock_destinations(handlers={{{ref.name!r}: handler}}) or "
        f"destmock.handler({ref.name!r}, handler)"
    )
