"""AES-128 and the key wrap: the vectors of FIPS 197 and RFC 3394 on each backend, and all backends equal."""

import pytest
from cryptography.hazmat.primitives import ciphers, keywrap
from hypothesis import given, settings
from hypothesis import strategies as st
from meter import aes, key_wrap


class LikeCryptolib:
    """What cryptolib.aes of MicroPython does (its documentation): ECB is mode 1, an object goes one way only."""

    def __init__(self, key, mode):
        assert mode == 1
        self._cipher = ciphers.Cipher(ciphers.algorithms.AES(key), ciphers.modes.ECB())
        self._way = None

    def _update(self, way, data):
        if self._way not in (None, way):
            raise ValueError
        self._way = way
        return getattr(self._cipher, way)().update(bytes(data))

    def encrypt(self, data):
        return self._update("encryptor", data)

    def decrypt(self, data):
        return self._update("decryptor", data)


BACKENDS = {
    "python": aes.PythonAes,
    "cryptolib": aes.of_cryptolib(LikeCryptolib),
    "cryptography": aes.of_cryptography(ciphers),
}
# key, plain, enciphered: FIPS 197 appendix B and C.1; NIST SP 800-38A, F.1.1 (four blocks)
VECTORS = (
    (
        "2b7e151628aed2a6abf7158809cf4f3c",
        "3243f6a8885a308d313198a2e0370734",
        "3925841d02dc09fbdc118597196a0b32",
    ),
    (
        "000102030405060708090a0b0c0d0e0f",
        "00112233445566778899aabbccddeeff",
        "69c4e0d86a7b0430d8cdb78070b4c55a",
    ),
    (
        "2b7e151628aed2a6abf7158809cf4f3c",
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
        "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
        "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4",
    ),
)
KEYS = st.binary(min_size=16, max_size=16)
BLOCKS = st.integers(0, 5).flatmap(lambda n: st.binary(min_size=16 * n, max_size=16 * n))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("key, plain, enciphered", VECTORS)
def test_the_vectors_of_the_standards_go_both_ways(backend, key, plain, enciphered):
    one = BACKENDS[backend](bytes.fromhex(key))
    assert one.encrypt(bytes.fromhex(plain)).hex() == enciphered
    assert one.decrypt(bytes.fromhex(enciphered)).hex() == plain
    assert one.encrypt(bytearray.fromhex(plain)).hex() == enciphered


@settings(max_examples=50, deadline=None)
@given(KEYS, BLOCKS)
def test_all_backends_are_equal(key, blocks):
    made = [backend(key) for backend in BACKENDS.values()]
    enciphered = {one.encrypt(blocks) for one in made}
    assert len(enciphered) == 1
    assert {one.decrypt(blocks) for one in made} == {made[0].decrypt(blocks)}
    assert made[0].decrypt(enciphered.pop()) == blocks


@pytest.mark.parametrize("backend", BACKENDS)
def test_keys_and_blocks_of_another_length_are_refused(backend):
    for size in (0, 15, 17, 24, 32):
        with pytest.raises(ValueError):
            BACKENDS[backend](bytes(size))
    one = BACKENDS[backend](bytes(16))
    for size in (1, 15, 17):
        with pytest.raises(ValueError):
            one.encrypt(bytes(size))
        with pytest.raises(ValueError):
            one.decrypt(bytes(size))


def test_a_host_uses_its_library():
    assert aes.Aes.__name__ == "HostAes"


def test_the_inverse_of_the_s_box_is_its_inverse():
    assert sorted(aes.SBOX) == list(range(256))
    assert [aes.INVERSE[aes.SBOX[byte]] for byte in range(256)] == list(range(256))


# The key wrap

# RFC 3394, 4.1
MASTER = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
WRAPPED = bytes.fromhex("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")


def test_the_vector_of_the_key_wrap():
    assert key_wrap.wrap(MASTER, KEY) == WRAPPED
    assert key_wrap.unwrap(MASTER, WRAPPED) == KEY
    assert len(WRAPPED) == key_wrap.WRAPPED


def test_a_wrapped_key_with_any_bit_wrong_is_none():
    for bit in range(len(WRAPPED) * 8):
        wrong = bytearray(WRAPPED)
        wrong[bit // 8] ^= 1 << bit % 8
        assert key_wrap.unwrap(MASTER, bytes(wrong)) is None
    assert key_wrap.unwrap(KEY, WRAPPED) is None


@pytest.mark.parametrize("size", [0, 8, 15, 20, 25, 5000])
def test_what_is_no_key_is_not_wrapped(size):
    with pytest.raises(ValueError):
        key_wrap.wrap(MASTER, bytes(size))
    with pytest.raises(ValueError):
        key_wrap.unwrap(MASTER, bytes(size if size != 8 else 16))


@settings(max_examples=50, deadline=None)
@given(KEYS, st.integers(2, 50).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n)))
def test_keys_are_wrapped_as_an_independent_library_does(master, key):
    wrapped = keywrap.aes_key_wrap(master, key)
    assert key_wrap.wrap(master, key) == wrapped
    assert key_wrap.unwrap(master, wrapped) == key
