"""What storage can say went wrong. Each message is one line that a person can act on."""


class StorageError(Exception):
    """The flash holds something else than this firmware expects, or did not keep what was written."""


class NoRecord(LookupError):
    """Base of the three reasons why an entry cannot be read. The argument is the entry number."""


class Overwritten(NoRecord):
    """The entry is older than the oldest that is kept."""


class Damaged(NoRecord):
    """The entry's number was used, but its record is torn (power cut) or no longer matches its CRC."""


class Unwritten(NoRecord):
    """The entry has not been appended yet."""
