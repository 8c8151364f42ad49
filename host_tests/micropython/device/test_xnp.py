"""The seam to the arrays, and in-place work on views, which the metrology rests on."""

import struct

from meter.xnp import FLOAT, Samples, copy, floats, larger, multiply, np, root, row_dots, step


def samples(n):
    return struct.pack("<%di" % n, *[(i - n // 2) * 1000 for i in range(n)])


def test_int32_samples_become_rows_of_numbers():
    rows = Samples().read(samples(512), 256, 2)
    assert rows.shape == (256, 2)
    assert float(rows[0, 0]) == -256000.0
    assert float(rows[255, 1]) == 255000.0


def test_samples_of_a_channel_are_a_row_after_transposing():
    rows = Samples().read(samples(6 * 256), 256, 6)
    scales = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], dtype=FLOAT).reshape((6, 1))
    frame = rows.transpose() * scales
    assert frame.shape == (6, 256)
    assert float(frame[2, 10]) == 3.0 * float(rows[10, 2])


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


def test_copies_and_products_into_views_reach_the_array_and_nothing_beside_them():
    matrix = np.ones((3, 5), dtype=FLOAT)
    columns = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=FLOAT)
    factors = np.array([10.0, 100.0], dtype=FLOAT)
    out = np.ones((3, 4), dtype=FLOAT)
    multiply(columns, factors, out[:, 1:3])
    assert out.tolist() == [[1.0, 10.0, 200.0, 1.0], [1.0, 30.0, 400.0, 1.0], [1.0, 50.0, 600.0, 1.0]]
    multiply(columns[:, 1], 0.5, matrix[1, 1:4])
    copy(columns[:, 0], matrix[2, :3])
    assert matrix.tolist() == [[1.0] * 5, [1.0, 1.0, 2.0, 3.0, 1.0], [1.0, 3.0, 5.0, 1.0, 1.0]]


def test_numbers_and_arrays_are_taken_alike():
    values = np.array([-4.0, 0.0, 9.0], dtype=FLOAT)
    assert floats(step(values)) == [step(-4.0), step(0.0), step(9.0)] == [0.0, 1.0, 1.0]
    assert floats(root(values[1:])) == [root(0.0), root(9.0)] == [0.0, 3.0]
    others = np.array([-5.0, 1.0, 9.0], dtype=FLOAT)
    assert floats(larger(values, others)) == [larger(-4.0, -5.0), larger(0.0, 1.0), larger(9.0, 9.0)]


def test_sums_of_a_half_cycle_of_six_channels_take_little_time():
    frame = Samples().read(samples(6 * 256), 6, 256) * 1.0
    squares = row_dots(frame, frame)
    powers = row_dots(frame[0:3], frame[3:6])
    assert squares.shape == (6,) and powers.shape == (3,)
