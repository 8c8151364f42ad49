"""The reader's side of DLMS/COSEM.

url.py          what a URL says: where the meter is, and as whom it is read
streams.py      what bytes travel over: TCP, a serial line
links.py        what carries APDUs: the TCP wrapper, HDLC, and mode E in front of it
apdus.py        requests, and what their answers say
key_file.py     the keys of the management client, and its counter
sealing.py      ciphered APDUs
client.py       an association: get, set, action
values.py       what was read, for people
reading.py      registers, profiles, logs, objects as records
writing.py      time, configuration, firmware, keys
command.py, program.py      `ferraris read` and `ferraris program`
"""
