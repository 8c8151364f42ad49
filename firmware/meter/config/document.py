"""The configuration as a document: JSON with a version, read strictly, older versions taken over.

Versions: 1 (documents without a version) had service.pt_ratio and service.ct_ratio; 2 has primary and secondary
values. What a document does not say has its factory default, so older ones need no mention of new settings.
"""

import json

from meter.compat import const
from meter.config import json_reader
from meter.config.schema import FIELDS, ConfigError, validate

VERSION = const(2)
LARGEST = const(65536)  # bytes; 150 registers and all tariffs take 45,000
_RATIOS = (("pt_ratio", "pt_primary", "pt_secondary"), ("ct_ratio", "ct_primary", "ct_secondary"))


def read(text):
    """Return the settings (a dict from path to value) of a document, bytes. ConfigError: all that is wrong."""
    if len(text) > LARGEST:
        raise ConfigError(["the document: %d bytes; the largest has %d" % (len(text), LARGEST)])
    try:
        document, problems = json_reader.read(text)
    except json_reader.JsonError as error:
        raise ConfigError([str(error)])
    return settings_of(document, problems)


def settings_of(document, problems=()):
    """Return the settings of a document of any version, as from JSON. problems: what is wrong with it already."""
    problems = list(problems)
    if isinstance(document, dict):
        document = dict(document)
        if isinstance(document.get("$schema"), str):
            document.pop("$schema")  # for editors
        version = document.pop("version", 1)
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            problems.append("version: must be a whole number from 1 to %d" % VERSION)
        elif version > VERSION:
            # Nothing else is looked at: all of it may mean something else there.
            raise ConfigError(
                [
                    "version: the document has version %s, this firmware knows 1 to %d"
                    % (_cut(version), VERSION)
                ]
            )
        else:
            for take_over in _MIGRATIONS[version - 1 :]:
                document = take_over(document, problems)
    try:
        settings = validate(document)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(problems)
    return settings


def _from_1(document, problems):
    """Ratios became primary and secondary values."""
    service = document.get("service")
    if not isinstance(service, dict):
        return document
    service = dict(service)
    for ratio, primary, secondary in _RATIOS:
        if ratio not in service:
            continue
        value = service.pop(ratio)
        if primary in service or secondary in service:
            problems.append("service.%s: there are %s and %s instead" % (ratio, primary, secondary))
        else:
            service[primary], service[secondary] = value, 1.0
    document["service"] = service
    return document


_MIGRATIONS = (_from_1,)


def document_of(settings):
    """Return the whole document of settings: a dict as for JSON, every setting in it."""
    document = {"version": VERSION}
    for field in FIELDS:
        node, names = document, field[0].split(".")
        for name in names[:-1]:
            node = node.setdefault(name, {})
        node[names[-1]] = _plain(settings[field[0]])
    return document


def text(settings):
    """Return the whole document as JSON, bytes, without spaces that are not needed."""
    written = json.dumps(document_of(settings))
    return written.encode()


def pieces(settings):
    """Yield what text() returns, piece by piece: no more than one entry of a list is in memory at once."""
    document = document_of(settings)
    yield b"{"
    yield from _pieces(document)
    yield b"}"


def _pieces(node):
    """Yield the members of a section."""
    is_first = True
    for name in node:
        yield ("" if is_first else ", ").encode() + json.dumps(name).encode() + b": "
        is_first = False
        value = node[name]
        if isinstance(value, dict):
            yield b"{"
            yield from _pieces(value)
            yield b"}"
        elif isinstance(value, list):
            for place, item in enumerate(value):
                yield (", " if place else "[").encode() + json.dumps(item).encode()
            yield b"]" if value else b"[]"
        else:
            yield json.dumps(value).encode()


def is_same(settings, others):
    """Return True if two configurations agree in every setting."""
    return document_of(settings) == document_of(others)


def _plain(value):
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _cut(number):
    return "%d" % number if number < 1000000 else "beyond 1000000"
