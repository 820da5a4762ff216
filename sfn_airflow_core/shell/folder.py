"""Writing a batch of files into a folder: nothing is started that is not allowed, and none lands outside.

A manifest in the folder remembers what was written, as SHA-256 by relative name. A file that is not in it, or has
another content by now, is somebody else's or was edited: it is refused unless forced.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

MANIFEST_VERSION = 1


class Refused(Exception):
    """Nothing was written; ``reasons`` are pairs of a file and what speaks against writing it."""

    def __init__(self, reasons: list[tuple[str, str]]):
        self.reasons = tuple(reasons)
        super().__init__("\n".join(f"{name}: {reason}" for name, reason in reasons))


def write_files(root: Path, files: Mapping[PurePosixPath, bytes], manifest: str, force: bool = False) -> list[str]:
    """Writes files below a folder and remembers them; gives the names that were not there before with that content.

    Args:
        root: the folder; made if it is missing.
        files: content by relative name.
        manifest: name of the manifest inside the folder.
        force: whether to write over files that were not written by this function or edited since.

    Raises:
        Refused: before anything is written, with all reasons.
        OSError: where the system refuses to write.
    """
    known = _read_manifest(root / manifest, force)
    reasons = [(str(name), reason) for name in files if (reason := _objection(root, name, files[name], known, force))]
    if reasons:
        raise Refused(reasons)
    changed = [name for name in files if not _holds(root / name, files[name])]
    for name in changed:
        _replace(root / name, files[name])
    kept = {name: digest for name, digest in known.items() if _inside(PurePosixPath(name)) and (root / name).is_file()}
    entries = kept | {str(name): _digest(data) for name, data in files.items()}
    record = json.dumps({"version": MANIFEST_VERSION, "files": dict(sorted(entries.items()))}, indent=2) + "\n"
    if not _holds(root / manifest, record.encode()):
        _replace(root / manifest, record.encode())
    return [str(name) for name in changed]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_manifest(path: Path, force: bool) -> dict[str, str]:
    try:
        value = json.loads(path.read_bytes())
        if value["version"] != MANIFEST_VERSION:
            raise ValueError(f"version {value['version']!r}")
        return {str(name): str(digest) for name, digest in value["files"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        if force:
            return {}
        raise Refused([(str(path), f"is not a manifest of this tool ({error}); --force starts a new one")]) from None


def _inside(name: PurePosixPath) -> bool:
    return bool(name.parts) and not name.is_absolute() and not {"..", "."} & set(name.parts) and "\\" not in str(name)


def _objection(root: Path, name: PurePosixPath, data: bytes, known: Mapping[str, str], force: bool) -> str:
    """What speaks against writing a file; nothing if it may be written."""
    path, home = root / name, os.path.realpath(root)
    if not _inside(name):
        return "leads outside the output folder"
    if os.path.commonpath([home, os.path.realpath(path.parent)]) != home:
        return "leads outside the output folder through a symbolic link"
    if path.is_dir() and not path.is_symlink():
        return "is a folder"
    above = [root / part for part in name.parents]
    if any(os.path.lexists(part) and not part.is_dir() for part in above):
        return "would need a folder where a file is"
    if force or not os.path.lexists(path) or _holds(path, data):
        return ""
    if path.is_symlink():
        return "is a symbolic link; --force replaces the link"
    if str(name) not in known:
        return "exists and was not written by this tool; --force overwrites it"
    if _digest(path.read_bytes()) != known[str(name)]:
        return "was edited since it was written; --force overwrites it"
    return ""


def _holds(path: Path, data: bytes) -> bool:
    """Whether a file has this content already; a link to such a file does not count."""
    try:
        return not path.is_symlink() and path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _replace(path: Path, data: bytes) -> None:
    """Puts a file in place at once, so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The mask of the process; reading it means setting it for a moment."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
