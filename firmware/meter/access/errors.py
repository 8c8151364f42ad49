"""What Access says when it does not do something. Each message is one line for people."""


class Denied(Exception):
    """Who asks may not: no such right, no login, a wrong password, locked out."""


class Refused(Exception):
    """It cannot be done, whoever asks: a security key, the MID option, a wrong argument, not built."""
