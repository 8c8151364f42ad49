"""The parts that a board's image may leave out, by its manifest. Whoever wants one asks here, and does without it."""

import sys

# module, what a meter without it cannot do
OPTIONAL = (("meter.protocols.iec62056_21.programming", "programming mode: it is read out only"),)


def part(name):
    """Return a module of OPTIONAL, or None: this image has not got it. KeyError for a module that no board may lack.

    What goes wrong within the module, such as an import of something else that is missing, is raised.
    """
    if not [row for row in OPTIONAL if row[0] == name]:
        raise KeyError(name)
    try:
        __import__(name)
    except ImportError as error:
        if not str(error).lower().startswith("no module named '%s'" % name):
            raise
        return None
    return sys.modules[name]
