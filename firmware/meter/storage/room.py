"""The room that a journal's ring has: how long a state may be, and which sectors its commits still need.

One save begins at most `stride` sectors. Before each save every page of the newest commit lies so far from the end of
the ring that a whole save fits before its sector is erased; a page that would come nearer is written again. DESIGN.md
has the proof.
"""

from struct import calcsize

from meter.compat import const
from meter.storage.sectors import OVERHEAD, RECORDS

SECTORS = const(3)
LONGEST_PAGE = const(512)
# A page is written again when this many times the state's length was written since: what a rotten page may cost.
AGE = const(2)


class Room:
    """What is needed of the ring of a Fifo. ValueError if it has less than three sectors, or they are tiny.

    largest  the longest state, bytes
    """

    def __init__(self, fifo, page_size, page_head, commit_head):
        self._fifo = fifo
        self._size, count = fifo.shape
        if count < SECTORS:
            raise ValueError("a journal needs %d sectors, not %d" % (SECTORS, count))
        self._stride = max(1, (count - 1) // 4)
        self._behind = count - 1 - self._stride
        self.largest = page_size * self._pages(
            OVERHEAD + calcsize(page_head) + page_size, OVERHEAD + calcsize(commit_head)
        )
        self._oldest = self._before = self._commit = None  # sequence numbers
        self._age = 0

    def _pages(self, page, commit):
        """Return how many pages a save writes, with their commit, into `stride` fresh sectors at most."""
        room = self._size - RECORDS
        in_sector = room // page
        pages = in_sector * self._stride
        while pages > 0:
            left = room - (pages - 1) % in_sector * page - page
            commit_size = commit + 4 * pages
            sectors = (pages + in_sector - 1) // in_sector + (commit_size > left)
            if sectors <= self._stride and commit_size <= room:
                return pages
            pages -= 1
        raise ValueError("sectors of %d bytes are too small for a journal" % self._size)

    def begin(self, age):
        """Note that a save begins. age: bytes of the ring after which a page is written again."""
        self._age = age
        self._newest, self._at = self._fifo.end

    def is_young(self, place):
        """Return True if the page at `place` need not be written again for its age."""
        sequence, at = place
        # The next save may begin `stride` sectors, and the one after it, which must not come near, as many.
        if sequence < self._newest + self._stride - self._behind:
            return False
        return (self._newest - sequence) * self._size + self._at - at <= self._age

    def committed(self, commit, pages):
        """Note the sectors, by sequence number, of a new commit and of its pages."""
        self._before, self._commit = self._oldest, commit
        self._oldest = min(pages + [commit])

    def is_short(self):
        """Return True if a whole save could reach a sector that the newest commit needs."""
        return self._oldest is not None and self._oldest < self._fifo.end[0] - self._behind

    def reclaim(self):
        """Erase the sectors behind the newest commit's: saves were begun in them, and none is whole."""
        self._fifo.cut_back(self._commit)

    def may_erase(self):
        """Return True if the next sector can be erased, with neither of the two newest commits in it."""
        oldest = self._oldest if self._before is None else min(self._oldest, self._before)
        return oldest is None or oldest > self._fifo.end[0] - self._fifo.shape[1] + 1
