"""AES, GCM, the key wrap, the key store and ciphered APDUs on the device's interpreter."""

from meter import aes, key_wrap
from meter.access.errors import Refused
from meter.access.key_store import AUTHENTICATION, FACTORY, RESERVED, UNICAST, KeyStore
from meter.protocols.dlms.gcm import Gcm
from meter.protocols.dlms.security import DECIPHERING, INVOCATION_COUNTER, Ciphering, SecurityError
from meter.storage.journal import Journal

SECTOR = 1024
TITLE = b"MMM\x00\x00\xbc\x61\x4e"


def unhex(text):
    text = text.replace(" ", "")
    return bytes([int(text[k : k + 2], 16) for k in range(0, len(text), 2)])


class MemoryFlash:
    """hal.Flash in RAM."""

    size, erase_size = 4 * SECTOR, SECTOR

    def __init__(self):
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


def store(flash):
    return KeyStore(Journal(flash, 0, 4 * SECTOR, 0x4B), "815")


def test_aes_has_the_vectors_of_fips_197():
    plain, sealed = unhex("00112233445566778899aabbccddeeff"), unhex("69c4e0d86a7b0430d8cdb78070b4c55a")
    for backend in (aes.PythonAes, aes.Aes):
        one = backend(bytes(range(16)))
        assert one.encrypt(plain * 3) == sealed * 3
        assert one.decrypt(sealed * 3) == plain * 3


def test_the_key_wrap_has_the_vector_of_rfc_3394():
    key = unhex("00112233445566778899AABBCCDDEEFF")
    wrapped = unhex("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")
    assert key_wrap.wrap(bytes(range(16)), key) == wrapped
    assert key_wrap.unwrap(bytes(range(16)), wrapped) == key
    assert key_wrap.unwrap(bytes(16), wrapped) is None


def test_gcm_has_the_vector_of_its_authors():
    one, iv = Gcm(unhex("feffe9928665731c6d6a8f9467308308")), unhex("cafebabefacedbaddecaf888")
    plain = unhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = one.cipher(iv, plain)
    assert sealed[:16] == unhex("42831ec2217774244b7221b784d0d49c")
    assert one.tag(iv, unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"), sealed) == unhex(
        "5bc94fbc3221a5db94fae95a"
    )


def test_the_example_of_the_standard_is_understood_once():
    keys = store(MemoryFlash())
    one = Ciphering(keys)
    one.client_title = TITLE
    apdu = unhex("c81e3001234567411312ff935a47566827c467bc7d825c3be4a77c3fcc056b6b")
    assert one.unprotect(apdu) == unhex("c0010000080000010000ff0200")
    assert one.protect(b"\xc4 answer")[:3] == b"\xcc\x19\x30"
    assert keys.received == 0x01234567
    assert refusal(one, apdu) == (INVOCATION_COUNTER, 0x01234568)
    assert refusal(one, apdu[:4] + b"\xff" + apdu[5:])[0] == DECIPHERING


def refusal(one, apdu):
    try:
        one.unprotect(apdu)
    except SecurityError as error:
        return error.kind, error.counter


def test_a_proof_is_that_of_the_example_of_the_standard():
    one = Ciphering(store(MemoryFlash()))
    one.client_title = b"MMM\x00\x00\x00\x00\x01"
    assert one.check_gmac(unhex("10 00000001 1a52fe7dd3e72748973c1e28"), b"P6wRJ21F")
    assert not one.check_gmac(unhex("10 00000001 1a52fe7dd3e72748973c1e29"), b"P6wRJ21F")
    assert len(one.gmac(b"challenge")) == 17


def test_keys_and_numbers_outlive_a_restart():
    flash = MemoryFlash()
    keys = store(flash)
    assert [keys.next_counter() for _ in range(3)] == [0, 1, 2]
    keys.accept_counter(0x80000000)
    keys.transfer(((2, key_wrap.wrap(FACTORY[3], b"another 16 bytes")),))
    again = store(flash)
    assert again.key(AUTHENTICATION) == b"another 16 bytes" and again.key(UNICAST) == FACTORY[0]
    assert again.next_counter() == 3 and again.received == 0x80000000
    assert store(flash).next_counter() == 3 + RESERVED
    assert again.check_counter(0xFFFFFFFE) and not again.check_counter(0xFFFFFFFF)
    assert keys.system_title == b"FRS\x00\x00\x00\x03\x2f"
    try:
        again.transfer(((0, bytes(24)),))
    except Refused:
        return
    raise AssertionError


def heap_of_a_key_store_and_a_ciphering():
    keys = store(MemoryFlash())
    one = Ciphering(keys)
    one.client_title = TITLE
    one.unprotect(unhex("c81e3001234567411312ff935a47566827c467bc7d825c3be4a77c3fcc056b6b"))
    return one
