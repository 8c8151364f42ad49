"""Every transcript of docs/optical.md is what the meter says."""

import re
from pathlib import Path

import pytest
from meter.config.schema import validate
from meter.protocols.iec62056_21 import addresses, codec, commands, programming
from meter.protocols.session import Session

from host_tests.access.door_life import Life
from host_tests.protocols.iec62056_21_reader import Reader, flow
from host_tests.test_app import NO_PORTS

PAGE = (Path(__file__).parents[2] / "docs" / "optical.md").read_text(encoding="utf-8")
TRANSCRIPTS = re.findall(r"```transcript\n(.*?)```", PAGE, re.S)
CHARACTERS = {
    "SOH": b"\x01",
    "STX": b"\x02",
    "ETX": b"\x03",
    "EOT": b"\x04",
    "ACK": b"\x06",
    "CR": b"\r",
    "LF": b"\n",
}
LOAD = {"W.del.P": 1000}


class Silent(Session):
    def __init__(self, line):
        super().__init__()


def message_of(text):
    """Return the bytes of a line of a transcript, its BCC computed."""
    data = text.replace("<BCC>", "").encode()
    for name, character in CHARACTERS.items():
        data = data.replace(f"<{name}>".encode(), character)
    return data + bytes((codec.bcc(data[1:]),)) if text.endswith("<BCC>") else data


@pytest.mark.feature("JEM-01")
@pytest.mark.parametrize("transcript", TRANSCRIPTS)
def test_a_transcript_is_what_the_meter_says(transcript):
    life = Life(settings=validate({**NO_PORTS, "load_profile": {"format": "values"}}))
    line, said = Reader(life, mode="E", make_hdlc=Silent), b""
    for row in transcript.splitlines():
        who, text = row[0], row[2:]
        if text == "<HOUR>":
            flow(life, 3600, LOAD)
        elif who == ">":
            said = line.ask(message_of(text))
        elif text.endswith("..."):
            assert said.startswith(message_of(text[:-3])), text
        else:
            assert said == message_of(text), text


def test_there_are_transcripts_of_every_part():
    assert len(TRANSCRIPTS) == 5


def test_every_address_command_and_error_is_on_the_page():
    for beginning, _, _ in addresses._TABLE:
        assert f"`{beginning}" in PAGE
    for name, _, _ in commands.COMMANDS:
        assert f"`{name}(" in PAGE
    source = Path(programming.__file__).read_text(encoding="utf-8")
    for code in re.findall(r"ER\d\d", source):
        assert f"| {code} |" in PAGE
