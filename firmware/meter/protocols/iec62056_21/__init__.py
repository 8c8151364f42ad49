"""IEC 62056-21, modes A, B, C and E: the optical port's readout and programming mode, and the same over RS-485 and TCP.

objects.py      what is in the readout, an ordered table
codec.py        the messages of clause 6.3, to and from bytes
receiver.py     finds the messages in what arrives
readout.py      the data lines, from the values of the meter
session.py      the conversation and its times, clause 6.4; mode E hands over to HDLC

Only when programming mode is used:

programming.py  the commands and their answers
addresses.py    what is read and written under each address; commands.py: what is executed
records.py      load profiles, logs, self-reads as lines; blocks.py: lines as messages
values.py       numbers and settings as texts; times.py: times
"""
