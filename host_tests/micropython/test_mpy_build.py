"""mpy_build.py: in-place operators become calls on the same lines; code that does not compile is reported."""

import ast

from host_tests.micropython import mpy_build


def test_multiplication_and_division_in_place_become_calls():
    source = "a *= b + 1\nself.x /= 2.0\n"
    assert mpy_build.write_inplace_calls(source) == (
        "a = _inplace_multiply(a, b + 1)\nself.x = _inplace_divide(self.x, 2.0)\n"
    )


def test_other_operators_and_subscripts_stay():
    source = "a += 1\na -= 1\na[2] *= 3\na = b * c\n"
    assert mpy_build.write_inplace_calls(source) == source


def test_lines_and_multi_line_values_stay_where_they_are():
    source = "# µ\nif x:\n    a *= f(\n        'ä',\n        b,\n    ); c *= 2\nd = 1\n"
    written = mpy_build.write_inplace_calls(source)
    assert written.count("\n") == source.count("\n")
    assert written.splitlines()[-1] == "d = 1"
    assert ast.unparse(ast.parse(written)).count("_inplace_multiply") == 2


def test_code_that_does_not_compile_is_reported_with_its_place(tmp_path):
    source = tmp_path / "a.py"
    source.write_text("x = 1\ny = {**x}\n")
    message = mpy_build.compile_one(source, "a.py", tmp_path / "a.mpy", None)
    assert "a.py" in message and "SyntaxError" in message
    source.write_text("x = 1\n")
    assert mpy_build.compile_one(source, "a.py", tmp_path / "a.mpy", None) is None
