"""ROMFS images, MicroPython's read-only file system: written by mpremote's writer, and read again."""

from typing import Any

from ferraris.errors import UsageError

MAGIC = b"\xd2\xcd\x31"
_DATA, _FOLDER, _FILE = 2, 4, 5  # kinds of records


def write(files: dict[str, bytes]) -> bytes:
    """Return a ROMFS image of files: path -> content. UsageError without mpremote."""
    try:
        from mpremote.romfs import VfsRomWriter
    except ImportError as error:
        raise UsageError("mpremote is not installed: pip install 'ferraris[image]'") from error
    tree: dict[str, Any] = {}
    for path, content in files.items():
        *folders, name = path.split("/")
        here = tree
        for each in folders:
            here = here.setdefault(each, {})
        here[name] = content
    writer = VfsRomWriter()
    _write_tree(writer, tree)
    return bytes(writer.finalise())


def _write_tree(writer: Any, tree: dict[str, Any]) -> None:
    for name, entry in sorted(tree.items()):
        if isinstance(entry, dict):
            writer.opendir(name)
            _write_tree(writer, entry)
            writer.closedir()
        else:
            writer.mkfile(name, entry)


def read(image: bytes) -> dict[str, bytes]:
    """Return path -> content of the files in a ROMFS image. ValueError if it is none, or cut short."""
    if image[:3] != MAGIC:
        raise ValueError("it is no ROMFS")
    ((_, inside),) = _records(image)[:1]
    return _files(inside, "")


def _files(data: bytes, folder: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for kind, content in _records(data):
        if kind not in (_FOLDER, _FILE):
            continue
        length, at = _number(content, 0)
        path, rest = folder + content[at : at + length].decode(), content[at + length :]
        if kind == _FOLDER:
            found |= _files(rest, path + "/")
        else:
            found[path] = b"".join(inner for kind, inner in _records(rest) if kind == _DATA)
    return found


def _records(data: bytes) -> list[tuple[int, bytes]]:
    """Return (kind, content) of each record: kind and length in base 128, the most significant first."""
    found, at = [], 0
    while at < len(data):
        kind, at = _number(data, at)
        length, at = _number(data, at)
        if at + length > len(data):
            raise ValueError("it is cut short")
        found.append((kind, data[at : at + length]))
        at += length
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    while at < len(data):
        value = value << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
    raise ValueError("it is cut short")
