"""How many power cuts were survived in this run, by kind. The tests add to it, conftest.py prints it at the end."""

_COUNTS: dict[str, int] = {}


def survived(kind, count):
    """Add cuts that were survived, all promises kept."""
    _COUNTS[kind] = _COUNTS.get(kind, 0) + count


def total():
    """Return the number of all."""
    return sum(_COUNTS.values())


def line():
    """Return one line for people."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in _COUNTS.items())
    return f"power cuts survived: {total():,} ({kinds})"
