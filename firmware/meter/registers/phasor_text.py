"""The register "phasors": magnitudes and angles of voltages and currents as one short text."""

from meter.quantities import index

_KINDS = (("V", "ANGV", "%.1f"), ("A", "ANGA", "%.2f"))


def phasor_text(span):
    """Return "VA 120.3 0.0, VB 119.6 -120.0, ... IA 5.00 -25.8, ...": RMS (secondary) and degrees to the voltage of A.

    None without a Span, or if nothing is in it.
    """
    if span is None or not span.half_cycles:
        return None
    connection, found = span.connection, []
    for (size, angle, form), places in zip(_KINDS, (connection.elements, connection.currents)):
        for place in places:
            phase = "ABC"[place]
            name = ("V" if size == "V" else "I") + phase
            values = span.value(index(size + "." + phase)), span.value(index(angle + "." + phase))
            found.append(("%s " + form + " %.1f") % ((name,) + values))
    return ", ".join(found)
