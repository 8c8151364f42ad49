"""What a data readout holds, in its order: (OBIS, quantity, unit as shown, decimals).

OBIS identifiers are of IEC 62056-61, written A-B:C.D.E. Group C: 1 and 2 are active energy delivered and
received, 3 and 4 reactive, 5 to 8 its quadrants, 9 and 10 apparent; 20, 40 and 60 more for phases A, B and C.
Group D: 8 is the integral since the beginning, 7 the instantaneous value. Keys are those of the quantity
catalogue. A unit that begins with k shows thousands.
"""

SERIAL = "0-0:96.1.0"
LOCAL_TIME = "0-0:1.0.0"
# Asked for by their address only: the meter's address, its time hhmmss and date YYMMDD, its firmware.
ADDRESS = "0-0:0.0.0"
TIME = "0-0:0.9.1"
DATE = "0-0:0.9.2"
FIRMWARE = "1-0:0.2.0"
ERROR = "0-0:97.97.0"
ERROR_KEY = "error_code"

ENERGY = (
    ("1-0:1.8.0", "Wh.del.P", "kWh", 3),
    ("1-0:2.8.0", "Wh.rec.P", "kWh", 3),
    ("1-0:3.8.0", "VARh.del.P", "kvarh", 3),
    ("1-0:4.8.0", "VARh.rec.P", "kvarh", 3),
    ("1-0:5.8.0", "VARh.q1.P", "kvarh", 3),
    ("1-0:6.8.0", "VARh.q2.P", "kvarh", 3),
    ("1-0:7.8.0", "VARh.q3.P", "kvarh", 3),
    ("1-0:8.8.0", "VARh.q4.P", "kvarh", 3),
    ("1-0:9.8.0", "VAh.del.P", "kVAh", 3),
    ("1-0:10.8.0", "VAh.rec.P", "kVAh", 3),
    ("1-0:21.8.0", "Wh.del.A", "kWh", 3),
    ("1-0:41.8.0", "Wh.del.B", "kWh", 3),
    ("1-0:61.8.0", "Wh.del.C", "kWh", 3),
    ("1-0:22.8.0", "Wh.rec.A", "kWh", 3),
    ("1-0:42.8.0", "Wh.rec.B", "kWh", 3),
    ("1-0:62.8.0", "Wh.rec.C", "kWh", 3),
)

INSTANTANEOUS = (
    ("1-0:32.7.0", "V.A", "V", 2),
    ("1-0:52.7.0", "V.B", "V", 2),
    ("1-0:72.7.0", "V.C", "V", 2),
    ("1-0:31.7.0", "A.A", "A", 3),
    ("1-0:51.7.0", "A.B", "A", 3),
    ("1-0:71.7.0", "A.C", "A", 3),
    ("1-0:1.7.0", "W.del.P", "kW", 4),
    ("1-0:2.7.0", "W.rec.P", "kW", 4),
    ("1-0:3.7.0", "VAR.del.P", "kvar", 4),
    ("1-0:4.7.0", "VAR.rec.P", "kvar", 4),
    ("1-0:9.7.0", "VA.del.P", "kVA", 4),
    ("1-0:13.7.0", "PF.bi.P", "", 3),
    ("1-0:14.7.0", "Hz.A", "Hz", 3),
)

# Energy of an interval, in load profiles: group D is 29.
INTERVAL_D = ".29.0"

OBJECTS = ENERGY + INSTANTANEOUS
