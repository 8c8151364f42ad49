"""The reader's side of DLMS/COSEM.

apdus.py        the requests and answers a reader needs
transport.py    what carries them: the TCP wrapper, HDLC over TCP or a serial line
client.py       an association: get, set, action
values.py       what was read, for people
"""
