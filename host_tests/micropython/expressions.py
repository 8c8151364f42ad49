"""Expressions that ulab's stand-in and numpy must agree on. Each is `statement; ...; expression`.

They are evaluated three times: with numpy, with the stand-in on CPython (test_ulab_standin.py), and with the
stand-in on MicroPython in double and single precision (device/test_standin.py).
"""

NAMES = """
v = np.array([3.0, -1.0, 4.0, 1.0, -5.0, 9.0], dtype=FLOAT)
w = np.array([2.0, 7.0, -1.0, 8.0, 2.5, 0.5], dtype=FLOAT)
m = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [-1.0, 0.0, 2.5, 9.0]], dtype=FLOAT)
row = np.array([[1.0, 10.0, 100.0, 1000.0]], dtype=FLOAT)
column = np.array([[1.0], [2.0], [3.0]], dtype=FLOAT)
k = np.array([5, -3, 300, 7], dtype=np.int16)
u = np.array([1, 2, 200, 255], dtype=np.uint8)
b = np.array([True, False, True, True, False, False], dtype=np.bool)
"""

EXPRESSIONS = """
v
v.shape
m.shape
m.size
len(m)
m.ndim
v[2]
v[-1]
v[1:4]
v[::2]
v[::-1]
v[4:1:-2]
v[10:]
m[1]
m[-1]
m[1, 2]
m[:, 1]
m[1, :]
m[1:, 1:3]
m[::2, ::-1]
m.T
m.transpose()[1]
m.reshape((2, 6))
m.reshape((12,))
m.reshape((6, -1))
m[:, 1:3].reshape((2, 3))
m[:, 1:3].flatten()
v.tolist()
[float(x) for x in v]
[float(np.sum(x)) for x in m]
x = v.copy(); x[1:3] = 7.0; x
x = v.copy(); x[::2] = w[::2]; x
x = m.copy(); x[:, 1] = 0.5; x
x = m.copy(); x[0:2] = row; x
x = m.copy(); x[2, 3] = -1; x
x = m.copy(); x[:, 1:3] = column; x
x = v.copy(); x[b] = 0.0; x
x = v.copy(); x[x > 2] = w[v > 2]; x
x = v.copy(); y = x[1:4]; y[0] = 50.0; x
x = m.copy(); x.T[0] = 8.0; x
x = m.copy(); x.reshape((12,))[5] = 77.0; x
x = m.copy(); x[1] += 1.0; x
x = m.copy(); x[:, 0] *= 2.0; x
x = m.copy(); x += 1; x
x = m.copy(); x -= row; x
x = m.copy(); y = x[:, 1:3]; y += w[0:2]; x
x = m.copy(); y = x[:, 1:3]; y -= m[:, 2:4]; x
x = m.copy(); y = x[1, 1:4]; y += m[:, 2]; x
x = m.copy(); y = x[1, 1:4]; y -= 2.5; x
x = m.copy(); y = x[:, 1]; y += w[0:3]; x
x = m.copy(); x[0:2, 1:] *= w[0:3]; x
x = m.copy(); x[:, 1:3] *= w[0:2]; x
x = m.copy(); x[1, 1:4] *= 0.0; x
x = m.copy(); x[:, 0] = np.array([7.0, 8.0, 9.0]); x
x = m.copy(); x[:, :2] = x[:, 2:] * -1.0; x
x = m.copy(); x[:, :3] = x[:, 1:4]; x
x = m.copy(); x[0:2] = x[1:3] * 1.0; x
x = m.copy(); x[:, 1:] = np.dot(m[:, 0:3], m[:, 1:]); x
x = v.copy(); x[:] = 0.0; x += np.sum(np.array([[1.0, 2.0]] * 6)[:, 0:1], axis=1); x
(v >= 0) * 1.0
(v >= 0) * 2.0 - 1.0
v * 1.0 - w[0:6] - 256
list(m[:, 1])
[list(x) for x in m[:, 1:3]]
[int(x) for x in np.nonzero(np.diff(np.floor(w)) != 1)[0]]
w[0:3].reshape((3, 1)) + w[3:6].reshape((3, 1)) * v[0:4]
m[:, 1:3].reshape((6,))
m[0, :4].reshape((2, 2))
np.arange(4) * 0.25 + 0.5
np.arange(5) * float(256)
v[b]
v[v > 0]
v + w
v - 1
2 * v
1 - v
6.0 / w
v / w
v ** 2
2.0 ** w
v // 2.0
v % 2.0
-v
abs(v)
m + row
m * column
column + row
v[0:4] + m
v > w
v >= 4.0
v < 1
v <= w
v == w
v != 3.0
(v > 0) & (w > 0)
(v > 0) | (w > 0)
(v > 0) ^ (w > 0)
~(v > 0)
k + 1
k * 2
k - k
k + v[0:4]
k / 2.0
u & 3
k > 5
u + k
np.zeros(3)
np.zeros((2, 3))
np.ones((2, 2))
np.full((2, 3), 1.5)
np.zeros(3, dtype=np.int16)
np.arange(5)
np.arange(2, 9, 3)
np.arange(0, 1, 0.25)
np.linspace(0, 1, 5)
np.linspace(0, 1, 4, endpoint=False)
np.asarray(v)
np.concatenate((v, w))
np.concatenate((m, row))
np.concatenate((m, column), axis=1)
np.eye(3)
np.sum(v)
np.sum(m)
np.sum(m, axis=0)
np.sum(m, axis=1)
np.sum(m[:, 1:3], axis=1)
np.sum(m[1, :].reshape((2, 2)), axis=1)
np.sum(m, axis=1, keepdims=True)
np.sum(m, axis=0, keepdims=True)
np.sum(k)
np.mean(v)
np.mean(m, axis=0)
np.mean(m, axis=1)
np.max(v)
np.max(m, axis=1)
np.max(m[:, 1:3], axis=1)
np.min(m[1:, 1:], axis=1)
np.min(m[0:2] - m[1:3])
np.min(m, axis=0)
np.max(k)
np.argmax(v)
np.argmin(m, axis=1)
np.std(v)
np.std(m, axis=0)
np.std(v, ddof=1)
np.median(v)
np.median(m, axis=1)
np.all(v > 0)
np.any(v > 8)
np.any(m > 8, axis=1)
np.all(m > 0, axis=0)
np.dot(v, w)
np.dot(m[:, 1], m[:, 2])
np.dot(m, m[0])
np.dot(m, m.T)
np.dot(m, m.transpose()).reshape((9,))
np.dot(m[0:2, :2], m[1:3, 2:].transpose())
np.dot(m[:, 1:], m[:, 1:].transpose())
np.dot(m[:, 1:], m.transpose()[1:, 0:2])
np.sqrt(abs(v))
np.sin(v)
np.cos(v)
np.exp(v)
np.log(abs(v))
np.log10(abs(v))
np.floor(w)
np.ceil(w)
np.sqrt(m * m)
np.sin(0.5)
x = np.zeros(6); np.sqrt(abs(v), out=x); x
np.arctan2(v, w)
np.minimum(v, w)
np.maximum(v, 2.0)
np.maximum(m[0], m[2] * -1.0)
np.clip(v, -1.0, 3.5)
np.where(v > 0, v, 0.0)
np.where(b, v, w)
np.isfinite(v)
np.interp(np.array([0.5, 1.5, -1.0, 9.0]), np.array([0.0, 1.0, 2.0]), np.array([10.0, 20.0, 0.0]))
np.interp(np.arange(4) * 3.14, np.array([-0.5, 1.0, 5.0, 9.9]), np.array([2, 66.5, 130, 194]))
np.interp(np.array([5.0]), np.array([0.0, 1.0]), np.array([1.0, 2.0]), right=-7.0)
np.convolve(v, np.array([1.0, 2.0, 3.0]))
np.take(v, [0, 2, 5])
np.take(m, [2, 0], axis=0)
np.take(m, [3, 1], axis=1)
np.flip(v)
np.flip(m)
np.flip(m, axis=0)
np.flip(m, axis=1)
np.sort(v)
np.sort(m, axis=0)
np.sort(m, axis=1)
np.argsort(v)
np.roll(v, 2)
np.roll(v, -1)
np.roll(m, 1, axis=1)
np.diff(v)
np.diff(v, n=2)
np.diff(m, axis=0)
np.nonzero(v > 0)[0]
np.trace(m[:, 0:3])
np.equal(v, w)
np.real(np.fft.fft(w[0:4]))
np.imag(np.fft.fft(w[0:4] + 1j * v[0:4]))
abs(np.fft.fft(np.arange(16)))
np.real(np.fft.ifft(np.fft.fft(v[0:4])))
np.frombuffer(bytes([1, 2, 3, 4]), dtype=np.uint8)
np.frombuffer(bytes([1, 0, 255, 255]), dtype=np.int16)
""".strip().splitlines()


def evaluate(expression, np, float_type):
    """Return the value of one line as nested lists of numbers; nan and inf as text."""
    names = {"np": np, "FLOAT": float_type}
    exec(NAMES, names)
    before, _, last = expression.rpartition("; ")
    if before:
        exec(before, names)
    return plain(eval(last.strip(), names))


def plain(value):
    """Return arrays, tuples and numbers as lists and floats that JSON can carry."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    value = float(value)
    return repr(value) if value != value or value in (float("inf"), float("-inf")) else value


def agree(a, b, tolerance):
    """Return True if two results of evaluate() are the same within the relative tolerance."""
    if isinstance(a, list) or isinstance(b, list):
        same_kind = isinstance(a, list) and isinstance(b, list) and len(a) == len(b)
        return same_kind and all([agree(x, y, tolerance) for x, y in zip(a, b)])
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    return abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))
