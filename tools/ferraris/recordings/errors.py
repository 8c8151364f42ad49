"""The one error of this package: the input is at fault, not the program. The command line prints it and exits
with 2.
"""


class InputError(Exception):
    """A recording or an option that cannot be used. The text is one clear line: what is wrong, and where."""
