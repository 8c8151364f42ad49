"""A strict reader of JSON (RFC 8259) for documents of strangers: bounded depth, every mistake with its place.

MicroPython's own json takes what is none, and neither it nor CPython's tells of a name that is there twice. This one
gives the same on both. NaN and Infinity are read as what they are: the check of values refuses them by name.
"""

from meter.compat import const

DEEPEST = const(16)
LONGEST_NUMBER = const(40)
_SPACE = b" \t\r\n"
_WORDS = (
    (b"true", True), (b"false", False), (b"null", None), (b"NaN", float("nan")), (b"Infinity", float("inf")),
    (b"-Infinity", float("-inf")),
)  # fmt: skip
_NUMBER = b"+-.0123456789eE"
_ESCAPES = {0x22: '"', 0x5C: "\\", 0x2F: "/", 0x62: "\b", 0x66: "\f", 0x6E: "\n", 0x72: "\r", 0x74: "\t"}
_QUOTE, _BACKSLASH, _U = const(0x22), const(0x5C), const(0x75)
_BRACE, _END_OF_OBJECT, _BRACKET, _END_OF_ARRAY = const(0x7B), const(0x7D), const(0x5B), const(0x5D)
_COLON, _COMMA = const(0x3A), const(0x2C)
# As integers: a slice of bytes would be an object each time, and -1 is none of these.
_FIRST_OF_NUMBER = tuple(b"-0123456789")


class JsonError(ValueError):
    """The text is no JSON. The message is line:column and what is wrong there."""


def read(text):
    """Return (value, problems) of JSON, bytes. problems: a line for each name that is there twice. JsonError."""
    if text[:3] == b"\xef\xbb\xbf":
        raise JsonError("1:1: begins with a byte order mark: save it as UTF-8 without one")
    reader = _Reader(text)
    value = reader.value(0)
    reader.skip()
    if reader.at < reader.end:
        reader.fail("something follows the document")
    return value, reader.problems


class _Reader:
    def __init__(self, text):
        self.text, self.at, self.end, self.problems = text, 0, len(text), []

    def fail(self, what, at=None):
        raise JsonError("%s: %s" % (self._place(self.at if at is None else at), what))

    def _place(self, at):
        before = bytes(self.text[:at])
        return "%d:%d" % (before.count(b"\n") + 1, at - before.rfind(b"\n"))

    def skip(self):
        """Go to the next byte that is no space. Return it, -1 at the end."""
        text, at, end = self.text, self.at, self.end
        while at < end and text[at] in _SPACE:
            at += 1
        self.at = at
        return text[at] if at < end else -1

    def _take(self, wanted, what):
        if self.skip() != wanted:
            self.fail("expected %s" % what if self.at < self.end else "the text ends too early")
        self.at += 1

    def value(self, depth):
        """Return the value that begins here."""
        first = self.skip()
        if first == _QUOTE:
            return self._string()
        if first in (_BRACE, _BRACKET):
            if depth >= DEEPEST:
                self.fail("nested deeper than %d" % DEEPEST)
            self.at += 1
            return self._object(depth + 1) if first == _BRACE else self._array(depth + 1)
        for word, value in _WORDS:
            if word[0] == first and self.text[self.at : self.at + len(word)] == word:
                self.at += len(word)
                return value
        if first in _FIRST_OF_NUMBER:
            return self._number()
        return self.fail("expected a value" if first >= 0 else "the text ends too early")

    def _object(self, depth):
        found = {}
        if self._ends(_END_OF_OBJECT):
            return found
        while True:
            if self.skip() != _QUOTE:
                self.fail('expected a name in "quotes"' if self.at < self.end else "the text ends too early")
            at = self.at
            name = self._string()
            if name in found:
                self.problems.append('%s: "%s" is there twice' % (self._place(at), name[:40]))
            self._take(_COLON, "a colon")
            found[name] = self.value(depth)
            if self._ends(_END_OF_OBJECT):
                return found
            self._take(_COMMA, "a comma or }")

    def _array(self, depth):
        found = []
        if self._ends(_END_OF_ARRAY):
            return found
        while True:
            found.append(self.value(depth))
            if self._ends(_END_OF_ARRAY):
                return found
            self._take(_COMMA, "a comma or ]")

    def _ends(self, wanted):
        is_end = self.skip() == wanted
        self.at += is_end
        return is_end

    def _number(self):
        start = at = self.at
        while at < self.end and self.text[at] in _NUMBER:
            at += 1
        self.at = at
        if self.at - start > LONGEST_NUMBER:
            self.fail("a number of %d digits" % (self.at - start), start)
        text = bytes(self.text[start : self.at]).decode()
        whole = text[1:] if text[0] == "-" else text
        digits = whole.replace("E", "e").replace("e", ".", 1).split(".")[0]
        is_form = digits and (digits == "0" or digits[0] != "0") and not whole.startswith("+")
        if not is_form or ".e" in text.lower() or text[-1] in ".+-eE":
            self.fail("%s is no number" % text, start)
        try:
            return int(text) if digits == whole else float(text)
        except ValueError:
            self.fail("%s is no number" % text, start)

    def _string(self):
        self.at += 1
        start, parts = self.at, []
        while True:
            self.at = self._plain(self.at)
            code = (
                self.text[self.at] if self.at < self.end else self.fail("a text without its end", start - 1)
            )
            if code == _QUOTE:
                break
            if code < 0x20:
                self.fail("a control character in a text")
            parts.append(self._decoded(start, self.at))
            parts.append(self._escape())
            start = self.at
        parts.append(self._decoded(start, self.at))
        self.at += 1
        return "".join(parts)

    def _plain(self, at):
        """Return where the first byte from `at` on is that is not text as it stands."""
        text, end = self.text, self.end
        while at < end and text[at] >= 0x20 and text[at] != _QUOTE and text[at] != _BACKSLASH:
            at += 1
        return at

    def _decoded(self, start, stop):
        try:
            text = bytes(self.text[start:stop])
            decoded = str(text, "utf-8")
        except UnicodeError:
            self.fail("not UTF-8 text", start)
        return decoded

    def _escape(self):
        code = self.text[self.at + 1] if self.at + 1 < self.end else 0
        self.at += 2
        if code in _ESCAPES:
            return _ESCAPES[code]
        if code != _U:
            self.fail("no such escape", self.at - 2)
        number = self._hex()
        if 0xD800 <= number < 0xDC00 and bytes(self.text[self.at : self.at + 2]) == b"\\u":
            self.at += 2
            low = self._hex()
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + (number - 0xD800) * 0x400 + low - 0xDC00)
            number = low
        if 0xD800 <= number < 0xE000:
            self.fail("half a character", self.at - 6)
        return chr(number)

    def _hex(self):
        digits = bytes(self.text[self.at : self.at + 4])
        if len(digits) != 4 or any(code not in b"0123456789abcdefABCDEF" for code in digits):
            self.fail("an escape without four digits")
        self.at += 4
        return int(digits.decode(), 16)
