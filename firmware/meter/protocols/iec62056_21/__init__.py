"""IEC 62056-21 protocol mode C: the optical port's readout, and the same over RS-485 and TCP.

objects.py   what is in the readout, an ordered table
codec.py     the messages of clause 6.3, to and from bytes
receiver.py  finds the messages in what arrives
readout.py   the data lines, from the values of the meter
session.py   the conversation and its times, clause 6.4.3
"""
