"""The contracts of the hardware abstraction layer. They are duck-typed; host_tests/hal holds the contract suite that
every backend passes. The same role has the same class name in each: hal.sim.flash.Flash, hal.rp2.flash.Flash.

Adc     channels        tuple of names, of VA VB VC IA IB IC (and IN), in the order of the interleaved samples
        scales          tuple of floats: volts or amperes for one count, by channel, as designed (before calibration)
        rate            samples per second and channel, as it really is, a float
        set_rate(hz)    where the board can; returns the rate that was set
        async read()    the next block: (first, count, data). `first` is the number of the block's first sample since
                        start, `count` the samples of each channel, `data` a buffer of count * len(channels) interleaved
                        little-endian int32, valid until the next read. A gap in `first` means lost samples.
                        None when the source has ended (only recordings end).
        overruns        samples lost so far because nobody read them, an int. Never silent.
        close()         release the converter

Load    connection      Connection: what the meter's inputs see. A simulated board may have one in place of an Adc
        async read(now, until, into)   fill a Span from `now` to `until` (UTC seconds), or to where the load changes
                        before that; into.end says when. False when the load has ended.
        close()

Flash   size, erase_size   bytes, ints
        read(addr, buf)    fill buf from addr
        program(addr, data)  write; bits go from 1 to 0 only. Any address, any length.
        erase(addr)        set the sector at addr (a multiple of erase_size) to 0xFF
        sync()             return when everything is on the medium
        Out of range: ValueError. A medium that fails: OSError.

Nvram   size, read(addr, buf), write(addr, data)     optional battery-backed or FRAM bytes

Rtc     read()          UTC in whole seconds since 1970-01-01, an int
        set(seconds)    set it, from 2000 to 2099 at least
        power_lost      True if the clock stopped since it was last set

Uart    configure(baud, bits, parity, stop)   parity is "N", "E" or "O"; takes effect at once
        async read()    some bytes (at least one); b"" when the port is closed
        write(data)     queue bytes
        async drain()   return when what was queued has left, the last bit too
        transmit(on)    True before bytes are sent on a line that is shared or half duplex, False after the last has
                        left: the direction pin of RS-485, RTS of RS-232. Not called where both directions are free.
        mode(kind, terminator)   "RS-485" or "RS-232", and whether the 120 ohm terminator of RS-485 is on. Before
                        anything is sent. A port that cannot be the one asked for: ValueError.
        close()

Net     async start_server(handler, host, port) -> server   handler(reader, writer) as in asyncio.start_server;
                        server.address is (host, port) as bound; server.close(), async server.wait_closed()
        async open_connection(host, port) -> (reader, writer)

Contacts    channels, outputs   how many contacts there are, and how many of them, from 1 on, can be outputs; ints
        output(channel, state)  close (True) or open an output, 1 to outputs, at once; it stays so. All are open after
                        a start. ValueError if there is none such
        inputs()        (mask, edges): bit n - 1 of the mask is set while channel n sees its voltage; edges is a tuple
                        of the uptime in ms of each channel's last change, 0 if there was none

Display                 optional
        width, height   points, 320 x 240
        start()         switch it on
        async show(draw, top=0, bottom=height)   renew these lines: draw(canvas, line) is called for each strip of them,
                        with a framebuf.FrameBuffer whose first line is that line of the picture
        colour(red, green, blue)   the number that a canvas has for it
        brightness(percent)

Keys                    optional
        poll(now)       (name, is pressed) of each key that has changed, debounced. now: uptime, ms
        async read(uptime)   the next changes, at least one

Watchdog                optional
        feed()          a frame was metered. From the first call on the board starts anew if there is no other in time

Board   adc or load, flash, partitions, half_cycles, nvram or None, rtc, power, net or None, serial_ports, uart(name),
        address(name), close()
        samples_a_cycle of the converter, as wanted; 512 if there is no such attribute
        watchdog        Watchdog, or None where there is none
        security_keys   (is key 1 fitted, is key 2 fitted): the jumpers as they are now, booleans
        max_pdu         the longest APDU of DLMS that it has room for, bytes
        restarts_to_configure   True: there is room for one configuration at a time; no such attribute: for two
        signature       digest of its firmware, bytes; b"" where it has none
        is_attended     True: a port that cannot be opened ends the start; False: it is a fault, and metering goes on

Power   mains           True while the supply is present
        async failing() return when the supply has begun to fail: time for the last-gasp save
"""
