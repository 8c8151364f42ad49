"""What the user can mend, and what failed: each becomes one line and an exit code."""


class UsageError(Exception):
    """The command line, or a file it names, is at fault. Exit code 2."""


class ClientError(Exception):
    """A meter could not be read; the message says why, for people."""
