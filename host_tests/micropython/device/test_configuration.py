"""Configuration documents on the device's interpreter: read strictly, migrated, stored and read back, compared."""

from meter.config import apply, document, json_reader, store
from meter.config.schema import ConfigError, defaults
from meter.storage.journal import Journal

SECTOR = 4096
AREA = 48 * SECTOR
BAD = (
    (b"", "1:1: the text ends too early"),
    (b"\xef\xbb\xbf{}", "1:1: begins with a byte order mark"),
    (b'{"a": 1\n "b": 2}', "2:2: expected a comma or }"),
    (b"[" * 10000, "1:17: nested deeper than 16"),
    (b'{"a":' * 10000, "1:81: nested deeper than 16"),
    (b'{"meter": {"id": "\xff"}}', "1:19: not UTF-8 text"),
    (b"[01]", "1:2: 01 is no number"),
    (b"[1.]", "1:2: 1. is no number"),
    (b"[" + b"9" * 5000 + b"]", "1:2: a number of 5000 digits"),
    (b" " * 70000, "the document: 70000 bytes; the largest has 65536"),
    (b'{"version": 3, "a": 1}', "version: the document has version 3"),
    (b'{"service": {"pt_primary": NaN}}', "service.pt_primary: must be a number from"),
    (b'{"service": {"pt_primary": 1e999}}', "service.pt_primary: must be a number from"),
    (b'{"meter": {}, "meter": {}}', '1:15: "meter" is there twice'),
)


class MemoryFlash:
    """hal.Flash in RAM."""

    def __init__(self, sectors=4):
        self.size, self.erase_size = sectors * SECTOR, SECTOR
        self.memory = bytearray(b"\xff" * self.size)

    def read(self, address, buffer):
        buffer[:] = self.memory[address : address + len(buffer)]

    def program(self, address, data):
        for k in range(len(data)):
            self.memory[address + k] &= data[k]

    def erase(self, address):
        self.memory[address : address + SECTOR] = b"\xff" * SECTOR

    def sync(self):
        pass


def problems(text):
    try:
        document.read(text)
    except ConfigError as error:
        return error.problems
    return []


def test_bad_documents_are_refused_with_one_line():
    for text, start in BAD:
        found = problems(text)
        assert len(found) == 1 and found[0].startswith(start), (text[:20], found)


def test_values_of_json():
    text = b'{"a": [1, -2.5, 1e3, true, false, null], "\\u00e9": "\\n\\ud83d\\ude00 \xc3\xa9"}'
    found, twice = json_reader.read(text)
    assert found["a"] == [1, -2.5, 1000.0, True, False, None] and not twice
    assert found["\xe9"] == "\n\U0001f600 \xe9"


def test_a_document_of_version_1_is_taken_over():
    found = document.read(b'{"service": {"pt_ratio": 60, "ct_ratio": 40}}')
    assert (found["service.pt_primary"], found["service.ct_primary"]) == (60, 40)
    assert found["service.pt_secondary"] == 1.0


def test_the_stored_configuration_is_read_back_and_agrees_with_itself():
    flash = MemoryFlash(48)
    kept = store.Store(Journal(flash, 0, AREA, store.KIND))
    assert kept.settings is None
    settings = document.read(
        b'{"service": {"pt_primary": 7200.5, "ct_primary": 0.7}, "tou": {"days": [["all", "all", "00:00 A"]]}}'
    )
    kept.check(settings)
    kept.save(settings, 5, store.Who(3, "anna", "peer"))
    again = store.Store(Journal(flash, 0, AREA, store.KIND))
    assert again.who == (3, "anna", "peer")
    assert apply.prints(again.settings) == apply.prints(settings), "another start would zero the registers"
    assert document.is_same(again.settings, settings)


def test_what_a_change_re_initialises():
    old, new = defaults(), defaults()
    new["service.ct_primary"] = 200
    assert apply.changed(old, new) == (
        ("primary scaling",),
        apply.REGISTERS | apply.PROFILE_1 | apply.PROFILE_2,
    )
    new = defaults()
    new["meter.id"] = "x"
    assert apply.changed(old, new) == ((), 0)
