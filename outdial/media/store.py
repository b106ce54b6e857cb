"""The media store: a folder, or any other place that fsspec knows the way to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import fsspec
from fsspec import AbstractFileSystem

from outdial.settings import Settings

FOLDER: Final = "recordings"
CHUNK: Final = 65_536


class MediaStore:
    """Keeps files by their path; a path can't lead out of it."""

    def __init__(self, settings: Settings) -> None:
        address = settings.media_store or str((settings.data / FOLDER).absolute())
        found: tuple[AbstractFileSystem, str] = cast("Any", fsspec).core.url_to_fs(address)
        self._files, self._root = found

    def write(self, path: str, content: bytes) -> None:
        """Keep a file whole: another process never reads half of it."""
        files: Any = self._files
        target, draft = self._at(path), self._at(path) + ".part"
        files.makedirs(target.rpartition("/")[0], exist_ok=True)
        with files.open(draft, "wb") as writing:
            writing.write(content)
        files.mv(draft, target)

    def has(self, path: str) -> bool:
        """Whether the file is there; a path that leads out of the store is nowhere."""
        return _is_within(path) and bool(cast("Any", self._files).isfile(self._at(path)))

    def read(self, path: str) -> Iterator[bytes]:
        """The file in pieces. Raises FileNotFoundError at the first where there is none."""
        with cast("Any", self._files).open(self._at(path), "rb") as reading:
            while piece := reading.read(CHUNK):
                yield piece

    def local(self, path: str) -> Path | None:
        """The file on this machine, if that is where the store is and the file is there."""
        is_local = "file" in self._files.protocol
        return Path(self._at(path)) if is_local and self.has(path) else None

    def delete(self, path: str) -> None:
        """Delete the file, if it is there."""
        if self.has(path):
            cast("Any", self._files).rm_file(self._at(path))

    def _at(self, path: str) -> str:
        if not _is_within(path):
            raise ValueError(f"not a path within the media store: {path!r}")
        return f"{self._root.rstrip('/')}/{path}"


def _is_within(path: str) -> bool:
    return not any(part in ("", ".", "..") for part in path.split("/"))
