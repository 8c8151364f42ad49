"""Names of objects: logical names, the short codes that people write, and the text keys of quantities."""

import re

from meter.protocols.dlms.objects import codes
from meter.protocols.dlms.objects.codes import Code
from meter.protocols.dlms.objects.names import name, text

# A-B:C.D.E*F, of which A-B: (1-0:), .E (0) and *F (255) may be left out; or six numbers with points between
_SHORT = re.compile(r"(?:(\d+)-(\d+):)?(\d+)\.(\d+)(?:\.(\d+))?(?:\*(\d+))?")
_LONG = re.compile(r"\d+(\.\d+){5}")
_SUFFIXES = {
    codes.NOW: "",
    codes.TOTAL: "",
    codes.DEMAND: " demand",
    codes.PEAK: " peak demand",
    codes.CONSUMPTION: "",
    codes.AVERAGE: "",
}


def logical_name(what: str) -> str | None:
    """Return A.B.C.D.E.F of an OBIS code in any form, None if it is none."""
    if _LONG.fullmatch(what):
        numbers = [int(part) for part in what.split(".")]
    else:
        found = _SHORT.fullmatch(what)
        if not found:
            return None
        a, b, c, d, e, f = (None if part is None else int(part) for part in found.groups())
        numbers = [1 if a is None else a, b or 0, c or 0, d or 0, e or 0, 255 if f is None else f]
    return ".".join(map(str, numbers)) if max(numbers) < 256 else None


def short(ln: str) -> str:
    """Return A-B:C.D.E of a logical name, with *F where that is not 255."""
    a, b, c, d, e, f = ln.split(".")
    return f"{a}-{b}:{c}.{d}.{e}" + ("" if f == "255" else f"*{f}")


def of_quantity(key: str) -> str | None:
    """Return the logical name of a quantity such as Wh.del.P, None if there is none."""
    for kind in (codes.NOW, codes.TOTAL):
        found = codes.name_of(Code(kind, key, 0))
        if found:
            return str(text(found))
    return None


def quantity(ln: str) -> str:
    """Return the text key of what an object has, with its rate and kind; "" for what is no quantity."""
    code = codes.of_name(name(ln))
    if code is None:
        return ""
    rate = f" {'ABCDEFGH'[code.rate - 1]}" if code.rate else ""
    return f"{code.key}{rate}{_SUFFIXES[code.kind]}"
