"""The seam to the arrays, and in-place work on views, which the metrology rests on."""

import struct

from meter.xnp import FLOAT, floats_from_int32, np, row_dots


def samples(n):
    return struct.pack("<%di" % n, *[(i - n // 2) * 1000 for i in range(n)])


def test_int32_samples_become_floats_in_the_given_array():
    out = np.zeros(512, dtype=FLOAT)
    assert floats_from_int32(samples(512), out) is out
    assert float(out[0]) == -256000.0
    assert float(out[511]) == 255000.0


def test_samples_of_a_frame_are_columns_after_reshape():
    out = np.zeros(6 * 256, dtype=FLOAT)
    frame = floats_from_int32(samples(6 * 256), out).reshape((256, 6))
    assert frame[:, 2].shape == (256,)
    assert float(frame[10, 2]) == float(out[62])


def test_row_dots_are_the_sums_of_products_of_each_row():
    a = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    b = np.array([[1.0, 0.0, 2.0], [-1.0, 1.0, 0.5]])
    assert [float(x) for x in row_dots(a, b)] == [7.0, 4.0]


def test_work_on_a_view_reaches_the_array():
    a = np.ones((2, 4), dtype=FLOAT)
    row = a[1]
    row *= 6.0
    row /= 2.0
    row += 1.0
    row -= a[0]
    assert [float(x) for x in a[1]] == [3.0, 3.0, 3.0, 3.0]
    assert [float(x) for x in a[0]] == [1.0, 1.0, 1.0, 1.0]


def test_sums_of_a_half_cycle_of_six_channels_take_little_time():
    frame = floats_from_int32(samples(6 * 256), np.zeros(6 * 256, dtype=FLOAT)).reshape((6, 256))
    squares = row_dots(frame, frame)
    powers = row_dots(frame[0:3], frame[3:6])
    assert squares.shape == (6,) and powers.shape == (3,)
