"""What a session of DLMS holds on MicroPython: `make sizes` measures it, and keeps the committed table true."""

import json
from pathlib import Path

TABLE = Path(__file__).parent / "sizes.json"
LIMIT = 40 * 1024


def test_a_session_with_512_bytes_and_a_profile_that_streams_holds_less_than_40_kb():
    row = json.loads(TABLE.read_text(encoding="utf-8"))["heap_of_a_dlms_session"]
    assert 1000 < row["heap"] < LIMIT
