"""A whole session of DLMS on the device's interpreter: HDLC with 512 bytes, high-level security, ciphered APDUs, and a
load profile that streams. And what all of it holds in the middle of that: the issue's limit is 40 KB.
"""

from meter.access.key_store import AUTHENTICATION, UNICAST, KeyStore
from meter.access.profile_view import ProfileView
from meter.protocols.dlms import axdr
from meter.protocols.dlms.conversation import Conversation
from meter.protocols.dlms.device import Device
from meter.protocols.dlms.gcm import Gcm
from meter.protocols.dlms.hdlc_frame import Receiver, encode
from meter.protocols.dlms.hdlc_session import HdlcSession
from meter.protocols.dlms.objects.association import Associations
from meter.protocols.dlms.objects.catalogue import Catalogue
from meter.protocols.dlms.objects.profile import LoadProfileFamily
from meter.registers.energy import Energy
from meter.registers.load_profile import LoadProfile
from meter.storage.fifo import Fifo
from meter.zone import Zone

SECTOR = 4096
START = 1700000100
RECORDS = 400
CHANNELS = ("Wh.del.P", "Wh.rec.P", "VARh.del.P", "V.A")
CLIENT, SERVER = b"\x03", b"\x00\x02\x00\x03"  # client 1, logical device 1 of the physical device 1
TITLE = b"MMM\x00\x00\x00\x00\x01"
OURS = bytes(range(16))  # the client's challenge
PARAMETERS = b"\x81\x80\x14\x05\x02\x02\x00\x06\x02\x02\x00\x07\x04\x00\x00\x00\x01\x08\x04\x00\x00\x00\x01"
INITIATE = b"\x01\x00\x00\x00\x06\x5f\x1f\x04\x00\xff\xff\xff\x04\x00"


class MemoryFlash:
    """hal.Flash in RAM."""

    def __init__(self, sectors):
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


class Meter:
    """What a session asks of a Visitor: a load profile, keys, and that all is allowed."""

    user = ""

    def __init__(self):
        flash = MemoryFlash(2 + RECORDS // 90)
        fifo = Fifo(flash, 0, flash.size, 0x4C)
        fifo.mount()
        self.zone = Zone()
        self.keys = KeyStore(serial="815")
        self.profile = LoadProfile(fifo, Energy(), CHANNELS, 15)
        self.profile.begin(START)
        for k in range(RECORDS):
            values = (k * 0.5, 2.0, 3.0, 120.0)
            end = START + (k + 1) * 900
            fifo.append(self.profile._description.record(1, end - 900, values), end)

    def second(self):
        return START + (1 + RECORDS) * 900

    def on(self, peer):
        pass

    def off(self):
        pass

    def login_by_key(self, is_genuine):
        assert is_genuine
        self.user = "management"

    def may_read(self, what):
        return True

    def may_set(self, path):
        return False

    def status(self):
        return {"is_doubtful": False}

    def channels(self, number):
        if number > 1:
            raise KeyError(number)
        return CHANNELS

    def load_profile(self, number, primary):
        return ProfileView(self.profile, None, self.second())


class Client:
    """The other side: frames, and APDUs under the keys of the factory."""

    def __init__(self, meter):
        device = Device(Catalogue((Associations(), LoadProfileFamily())), 1024, bytes)
        self.session = HdlcSession(Conversation(device, meter), max_info=512, window=1)
        self.receiver = Receiver(512)
        self.keys = meter.keys
        self.counter = 1
        self.sent = self.turn = 0
        self.frame(0x93, PARAMETERS)

    def frame(self, control, info=b""):
        self.session.receive(encode(SERVER, CLIENT, control, info), 0)
        while self.session.deadline() == 0:
            self.session.expire(0)
        return self.receiver.feed(self.session.take_output())

    def ask(self, apdu):
        """Return the answer's APDU. All of ours fit into one frame, theirs into several."""
        answer = b""
        frames = self.frame(self.turn << 5 | 0x10 | self.sent << 1, b"\xe6\xe6\x00" + apdu)
        self.sent = (self.sent + 1) & 7
        while True:
            answer += b"".join([one.info or b"" for one in frames])
            self.turn = (self.turn + len(frames)) & 7
            if not frames[-1].segmented:
                return answer[3:]
            frames = self.frame(self.turn << 5 | 0x11)

    # APDUs

    def cipher(self, tag, plain):
        """Return a ciphered APDU, authenticated and enciphered."""
        head = b"\x30" + self.counter.to_bytes(4, "big")
        self.counter += 1
        gcm, iv = Gcm(self.keys.key(UNICAST)), TITLE + head[1:]
        text = gcm.cipher(iv, plain)
        body = head + text + gcm.tag(iv, head[:1] + self.keys.key(AUTHENTICATION), text)
        return bytes((tag,)) + axdr.length(len(body)) + body

    def decipher(self, apdu):
        """Return the plain APDU of a ciphered one, whose tag must be right."""
        _, at = axdr.read_length(apdu, 1)
        head, text = apdu[at : at + 5], apdu[at + 5 : -12]
        gcm, iv = Gcm(self.keys.key(UNICAST)), self.keys.system_title + head[1:]
        assert gcm.is_genuine(apdu[-12:], iv, head[:1] + self.keys.key(AUTHENTICATION), text)
        return gcm.cipher(iv, text)

    def associate(self):
        """Open the association of the keys."""
        body = b"\xa1\x09\x06\x07\x60\x85\x74\x05\x08\x01\x03" + b"\xa6\x0a\x04\x08" + TITLE
        body += b"\x8a\x02\x07\x80\x8b\x07\x60\x85\x74\x05\x08\x02\x05" + b"\xac\x12\x80\x10" + OURS
        wanted = self.cipher(0x21, INITIATE)
        body += b"\xbe" + bytes((len(wanted) + 2, 4, len(wanted))) + wanted
        answer = self.ask(b"\x60" + axdr.length(len(body)) + body)
        at = answer.index(b"\xaa\x12\x80\x10") + 4
        head = b"\x10" + self.counter.to_bytes(4, "big")
        self.counter += 1
        hashed = head[:1] + self.keys.key(AUTHENTICATION) + answer[at : at + 16]
        reply = head + Gcm(self.keys.key(UNICAST)).tag(TITLE + head[1:], hashed)
        action = b"\xc3\x01\xc1\x00\x0f\x00\x00\x28\x00\x00\xff\x01\x01" + axdr.octets(reply)
        assert self.decipher(self.ask(self.cipher(0xCB, action)))[:4] == b"\xc7\x01\xc1\x00"

    def request(self, plain):
        """Return the plain answer to a get."""
        return self.decipher(self.ask(self.cipher(0xC8, plain)))


GET_PROFILE = b"\xc0\x01\xc1\x00\x07\x01\x00\x63\x01\x00\xff\x02\x00"


def test_a_profile_is_read_in_blocks_over_a_ciphered_association():
    client = Client(Meter())
    client.associate()
    answer, data, number = client.request(GET_PROFILE), b"", 1
    while True:
        assert answer[:3] == b"\xc4\x02\xc1" and answer[8] == 0
        data += answer[axdr.read_length(answer, 9)[1] :]
        if answer[3]:
            break
        answer = client.request(b"\xc0\x02\xc1" + number.to_bytes(4, "big"))
        number += 1
    rows = axdr.read_whole(data).value
    assert len(rows) == RECORDS and number > 15
    assert [part.value for part in rows[-1].value][1:] == [1, (RECORDS - 1) * 0.5, 2.0, 3.0, 120.0]


meter = Meter()


def heap_of_a_dlms_session():
    """In the middle of that profile. What was there before it, the meter and the modules, is not in it."""
    client = Client(meter)
    client.associate()
    client.request(GET_PROFILE)
    client.request(b"\xc0\x02\xc1\x00\x00\x00\x01")
    return client.session
