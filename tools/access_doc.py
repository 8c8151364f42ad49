"""docs/access.md from the tables of meter.access: `access_doc.py` writes it anew, `access_doc.py --check` says whether
it is up to date.
"""

import argparse
import sys
from pathlib import Path

from meter.access import lockout, login, passwords
from meter.access.commands import COMMANDS, NOT_BUILT, READS
from meter.access.key_store import KEYS, RESERVED
from meter.access.rights import ANONYMOUS, NAMES, RIGHTS
from meter.access.sections import SECTIONS
from meter.access.users import FACTORY, MANAGEMENT, SLOTS
from meter.protocols.dlms import acse
from meter.protocols.dlms.clients import CLIENTS, READER_COMMANDS
from meter.registers.event_kinds import origin_name

PATH = Path(__file__).parents[1] / "docs" / "access.md"
HEAD = """\
# Access: who may do what

<!-- Written by tools/access_doc.py from firmware/meter/access. Edit those tables, not this page. -->

Everything outside the metering core, ports, display and tools, goes through one door. It knows who asks (a login,
or nobody in particular, at an origin), checks the right, the security keys and the MID option, and writes the log.

- **Security key 1** (a jumper; `simulator.key_1`) blocks what could change what is measured, locally and remotely.
  The front panel cannot be unlocked then.
- **Security key 2** (`simulator.key_2`) blocks the reset key of the front panel, and nothing else.
- **The MID option** (`meter.mid`, set at the factory) counts as both keys. Such a meter always has the registers
  and load profile channels of [config/mid.py](../firmware/meter/config/mid.py); others may be added.

The manual lists what key 1 blocks and what it allows. Presets, the tariff override, demand pulses, calibration and
cold start are in neither list: they are blocked, for the key "disables all functions that could impact" what is
measured. A billing period reset by command is in neither list too: it is allowed, for the other key disables "just
the meter's front panel RESET pushbutton".

A command that is not built, or has a wrong argument, is refused by name. What is refused has not been done at all.
"""


# What a client of each mechanism may (clients.py says it to the association).
CLIENT_WORDS = {
    acse.LOWEST: ("none", "plain", "what needs no login", "none", "none"),
    acse.LOW: (
        "low-level: `user:password`", "plain", "what its user may", f"of its user's: {', '.join(READER_COMMANDS)}",
        "none",
    ),
    acse.HIGH_GMAC: ("high-level 5, GMAC", "authenticated and enciphered", "everything", "all", "all but fixed ones"),
}  # fmt: skip


def lockout_text() -> str:
    user, origin = lockout.USER, lockout.ORIGIN
    minutes = ", ".join(f"{origin_name(number)} {ms // 60000} min" for number, ms in login.TIMEOUTS)
    return f"""
## Logins

Up to {SLOTS} users. A name has 1 to {passwords.LONGEST_NAME} bytes of UTF-8, a new password {passwords.SHORTEST} to
{passwords.LONGEST}, and must not be the name. Names are no secret: a meter shows them on its front panel. Passwords
are stored as salted SHA-256, iterated {passwords.ITERATIONS} times
([passwords.py](../firmware/meter/access/passwords.py) tells why not more). While a user has the factory's password
there is a warning.

After {user[0]} wrong passwords for a user at one origin that user waits there: 2 s, then twice as long after each
further one, {user[1] // 60} minutes at most. After {origin[0]} at one origin, whoever is tried, everybody waits
there, {origin[1]} s at most. The right password is not looked at while one waits, works afterwards, and ends the
count. Waits are measured in uptime, so setting the clock ends none, and begin anew after a restart.

Who is silent is logged off: {minutes}.

Users, passwords and the keys of DLMS are those of the factory again when *reset users* is confirmed and the supply
goes within 15 s; a cold start leaves them. Stored users or keys that cannot be read let nobody in until that is done.

## Keys of DLMS

Who proves to have the keys of security suite 0 (HLS mechanism 5) is *{MANAGEMENT}* and may do everything. Wrong keys
count like wrong passwords, at each origin. While a key is the factory's there is a warning. Keys are replaced by key
transfer, wrapped under the master key (*replace keys*); no client, log or configuration shows one. The flash holds them
as they are: who can read it has them.

Numbers of frames are kept over power cuts: none of ours is used twice, none that was received is taken twice. They are
stored {RESERVED} ahead, so after a power cut received ones must be up to that much higher than the last: object
0.0.43.1.0.255 tells everybody the last one that counts, and an exception-response the lowest that is taken. Another
unicast key begins the received ones at 0. Ours go on, so that a key that comes back sees none again, and begin anew
when half of them are used.

## Logs

The security log tells who logged on and off, what was refused (with what, from where, as whom), and what was done
there; the event log what was done to the registers. What comes in numbers is counted, not written: refusals and
anonymous visits 16 at once and then one an hour, a user at one address once a minute.
"""


def document() -> str:
    """Return the whole page."""
    page = HEAD + lockout_text()
    page += _table(
        "Commands",
        ("Command", "Right", "Key 1", "Key 2", "MID", "Arguments", "Does"),
        [
            (row[0], row[1] or "any login", *row[2:5], ", ".join(name for name, _ in row[5]), _does(row[6]))
            for row in COMMANDS
        ],
    )
    page += _table(
        "Writing the configuration",
        ("Settings", "Section", "Right", "Key 1", "MID"),
        [(f"`{row[0]}{'*' if row[0].endswith('.') else ''}`", *row[1:]) for row in SECTIONS],
    )
    page += _table("Reading", ("What", "Right"), READS)
    page += _table(
        "Keys of the factory", ("key_id", "Key", "Value"),
        [(str(number), name, f"`{key.hex().upper()}`") for number, (name, key) in enumerate(KEYS)],
    )  # fmt: skip
    page += _table(
        "Clients of DLMS",
        ("Client", "Address", "Authentication", "APDUs", "Reads", "Commands", "Settings"),
        [(one.name, str(one.sap), *CLIENT_WORDS[one.mechanism]) for one in CLIENTS],
    )
    page += _table("Rights", ("Right", "What it is for"), RIGHTS)
    page += _table("Users of the factory", ("User", "Password", "Rights"), [_user(row) for row in FACTORY])
    page += _table(
        "Without a login",
        ("Origin", "Rights"),
        [(origin_name(number), ", ".join(rights)) for number, rights in ANONYMOUS],
    )
    return page


def _does(calls: str) -> str:
    return calls if calls == NOT_BUILT else f"`{calls}`" if "." in calls and " " not in calls else calls


def _user(row: tuple) -> tuple:
    name, rights, _ = row
    return name, name, "all" if rights == NAMES else ", ".join(rights)


def _table(title: str, heads: tuple, rows) -> str:
    lines = [f"\n## {title}\n", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 if it is out of date"
    )
    if not parser.parse_args().check:
        PATH.write_text(document(), encoding="utf-8")
    elif not PATH.exists() or PATH.read_text(encoding="utf-8") != document():
        print(f"{PATH}: out of date; run tools/access_doc.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
