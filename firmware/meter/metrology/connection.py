"""How the meter is connected: which elements there are and what their voltage inputs see.

Source: the manual, Specifications, Meter Forms, and Installation. Form U is a meter that is set to form 5 or 9.
Form 5 has two elements (A and C). On a three-wire delta, open delta or three-wire wye its voltage inputs see the
line-to-line voltages AB and CB; in a network they see two phase voltages.
"""

# name: (form, elements, voltage inputs are line-to-line)
CONNECTIONS = (
    ("4-wire wye", 9, (0, 1, 2), False),
    ("4-wire delta", 9, (0, 1, 2), False),
    ("3-wire delta", 5, (0, 2), True),
    ("open delta", 5, (0, 2), True),
    ("3-wire wye", 5, (0, 2), True),
    ("network", 5, (0, 2), False),
)
NAMES = tuple(row[0] for row in CONNECTIONS)


class Connection:
    """One row of CONNECTIONS.

    name, form
    elements        of 0, 1, 2: which take part
    line_to_line    True if the inputs A and C see the voltages AB and CB
    currents        of 0, 1, 2: which currents are known; with three wires that of B follows from the others
    lines           of 0, 1, 2 (AB, BC, CA): which line-to-line voltages there are
    """

    def __init__(self, name=NAMES[0]):
        if name not in NAMES:
            raise ValueError("connection %s is none of %s" % (name, ", ".join(NAMES)))
        self.name, self.form, self.elements, self.line_to_line = CONNECTIONS[NAMES.index(name)]
        every = (0, 1, 2)
        self.currents = every if self.line_to_line else self.elements
        self.lines = every if self.currents == every else (2,)
