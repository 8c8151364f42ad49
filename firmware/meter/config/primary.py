"""Primary values: what a secondary reading is on the primary side of the instrument transformers.

Totals are integers and stay so: ratios are fractions of thousandths. Source: the manual, Primary and Secondary
Settings; the transformer factor multiplies power and energy.
"""

# unit without h: powers of the voltage ratio, the current ratio and the transformer factor
_POWERS = {
    "V": (1, 0, 0),
    "V2": (2, 0, 0),
    "A": (0, 1, 0),
    "A2": (0, 2, 0),
    "W": (1, 1, 1),
    "var": (1, 1, 1),
    "VA": (1, 1, 1),
}


class Primary:
    """The ratios of one meter. settings: with service.pt_primary and so on."""

    def __init__(self, settings):
        self._ratios = tuple(
            (
                _thousandths(settings["service." + above]),
                _thousandths(below and settings["service." + below] or 1.0),
            )
            for above, below in (
                ("pt_primary", "pt_secondary"),
                ("ct_primary", "ct_secondary"),
                ("transformer_factor", None),
            )
        )

    def of(self, value, unit):
        """Return a secondary value in primary units; an int stays one, rounded down."""
        numerator = denominator = 1
        for power, (above, below) in zip(
            _POWERS.get(unit[:-1] if unit.endswith("h") else unit, ()), self._ratios
        ):
            numerator = numerator * above**power
            denominator = denominator * below**power
        if isinstance(value, int):
            return value * numerator // denominator
        return value * (numerator / denominator)


def _thousandths(value):
    return int(value * 1000 + 0.5)
