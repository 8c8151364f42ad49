"""ECDSA on the curve P-256 with SHA-256, verifying only: FIPS 186-5, clause 6.4.2; the curve of DLMS security suite 1.

A public key is 64 bytes, x and y; a signature is 64 bytes, r and s; all big-endian. Verifying holds no secret, so
nothing here need take constant time. It takes 256 doublings and some 190 additions on Jacobian coordinates.
"""

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_HALF = 32


def verify(key, digest, signature):
    """Return True if the signature of this SHA-256 digest was made with the key's private half. All bytes."""
    if len(key) != 2 * _HALF or len(signature) != 2 * _HALF:
        return False
    x, y = _numbers(key)
    r, s = _numbers(signature)
    if not (0 < r < N and 0 < s < N and is_on_curve(x, y)):
        return False
    inverse = pow(s, N - 2, N)
    point = multiply_sum(int.from_bytes(digest, "big") * inverse % N, r * inverse % N, (x, y))
    return point is not None and (point[0] - r) % N == 0


def is_on_curve(x, y):
    """Return True if (x, y) is a point of the curve."""
    return x < P and y < P and (y * y - (x * x - 3) * x - B) % P == 0


def multiply_sum(u, v, q):
    """Return u * G + v * q as (x, y), or None for the point at infinity."""
    both = _affine(_add((G[0], G[1], 1), q)) if q != G else _affine(_double((G[0], G[1], 1)))
    total = (0, 0, 0)
    for bit in range(255, -1, -1):
        total = _double(total)
        which = (u >> bit & 1) | (v >> bit & 1) << 1
        point = (None, G, q, both)[which]
        if point:
            total = _add(total, point)
    return _affine(total)


def _numbers(data):
    return int.from_bytes(data[:_HALF], "big"), int.from_bytes(data[_HALF:], "big")


def _double(point):
    x, y, z = point
    if not z:
        return point
    squared, z2 = y * y % P, z * z % P
    product = 4 * x * squared % P
    slope = 3 * (x - z2) * (x + z2) % P
    new_x = (slope * slope - 2 * product) % P
    return new_x, (slope * (product - new_x) - 8 * squared * squared) % P, 2 * y * z % P


def _add(point, other):
    """Return a point of Jacobian coordinates and one of affine ones, added."""
    x, y, z = point
    if not z:
        return other[0], other[1], 1
    z2 = z * z % P
    u, s = other[0] * z2 % P, other[1] * z2 * z % P
    h, slope = (u - x) % P, (s - y) % P
    if not h:
        return _double(point) if not slope else (0, 0, 0)
    h2 = h * h % P
    h3, v = h * h2 % P, x * h2 % P
    new_x = (slope * slope - h3 - 2 * v) % P
    return new_x, (slope * (v - new_x) - y * h3) % P, z * h % P


def _affine(point):
    x, y, z = point
    if not z:
        return None
    inverse = pow(z, P - 2, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P
