"""The float of the arrays: "d" is double, "f" single precision, as on a Pico. The test runner changes it."""

CODE = "d"
