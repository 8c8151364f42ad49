"""What the tests of IEC 62056-21 hand a session: an access object that holds values, and nothing else."""

IDENTITY = {"manufacturer": "FRS", "model": "FERRARIS", "serial": "0012345678", "firmware": "0.1.0"}

# Microwatt-hours: 1234.567 kWh and 891 mWh, of which a register shows nothing.
VALUES = {
    "Wh.del.P": (1_234_567_891_000, -6, "Wh"),
    "Wh.rec.P": (0, -6, "Wh"),
    "VARh.q4.P": (99_999_999_999_000_000, -6, "varh"),
    "V.A": (230.123, 0, "V"),
    "V.B": (None, 0, "V"),
    "A.A": (4.5, 0, "A"),
    "W.del.P": (1035.56, 0, "W"),
    "PF.bi.P": (-0.9871, 0, ""),
    "Hz.A": (50.0, 0, "Hz"),
    "error_code": (0, 0, ""),
}

BLOCK = (
    b"\x020-0:96.1.0(0012345678)\r\n"
    b"0-0:1.0.0(250131123456)\r\n"
    b"0-0:97.97.0(00000000)\r\n"
    b"1-0:1.8.0(00001234.567*kWh)\r\n"
    b"1-0:2.8.0(00000000.000*kWh)\r\n"
    b"1-0:8.8.0(99999999.999*kvarh)\r\n"
    b"1-0:32.7.0(230.12*V)\r\n"
    b"1-0:31.7.0(4.500*A)\r\n"
    b"1-0:1.7.0(1.0356*kW)\r\n"
    b"1-0:13.7.0(-0.987)\r\n"
    b"1-0:14.7.0(50.000*Hz)\r\n"
    b"!\r\n\x03"
)


class HeldValues:
    """The access object of a meter that stands still. See session.py for what a session asks of it."""

    identity = IDENTITY

    def __init__(self, values=VALUES):
        self.values = values

    def read(self, key):
        return self.values[key]

    def local_time(self):
        return (2025, 1, 31, 12, 34, 56)
