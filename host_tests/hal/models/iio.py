"""A converter as Linux's industrial I/O shows it: the files of sysfs, and a FIFO in the place of its device node."""

import os
import struct

TYPES = {
    "AD7606": ("le:s16/16>>0", "<h", 16),
    "AD7606 big-endian": ("be:s16/16>>0", ">h", 16),
    "AD7606C-18": ("le:s18/32>>0", "<i", 18),
    "shifted": ("be:s18/32>>14", ">i", 18),
}
TIME = ("le:s64/64>>0", "<q")


class Device:
    """folder: a pathlib.Path to build it in. kind: a key of TYPES. rate: samples a second."""

    def __init__(self, folder, kind="AD7606", rate=25600.0, millivolts=0.152587890, inputs=8):
        self.type, self._code, self.bits = TYPES[kind]
        self.shift = int(self.type.rsplit(">>", 1)[1])
        self.rate, self.inputs = rate, inputs
        self.device, self.trigger = folder / "iio:device0", folder / "trigger0"
        self.node = folder / "node"
        files = {"buffer/enable": "0", "buffer/length": "2", "buffer/watermark": "1", "name": "ad7606-8"}
        files["trigger/current_trigger"] = ""
        files["in_voltage_scale"] = f"{millivolts:.9f}"
        for number in range(inputs):
            files |= self._element(f"in_voltage{number}", number, self.type)
        files |= self._element("in_timestamp", inputs, TIME[0])
        for name, text in files.items():
            path = self.device / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        self.trigger.mkdir()
        (self.trigger / "name").write_text("ferraris-hrtimer\n")
        (self.trigger / "sampling_frequency").write_text(f"{rate:g}\n")
        os.mkfifo(self.node)
        self._pipe = os.open(self.node, os.O_RDWR)
        self.time = 1_000_000_000
        self._scan = None

    def _element(self, name, index, text):
        folder = "scan_elements/"
        return {f"{folder}{name}_en": "0", f"{folder}{name}_index": str(index), f"{folder}{name}_type": text}

    def attribute(self, name):
        return (self.device / name).read_text().strip()

    def enabled(self):
        return [n for n in range(self.inputs) if self.attribute(f"scan_elements/in_voltage{n}_en") == "1"]

    def convert(self, counts, lost=0):
        """Put one scan of the enabled inputs into the node. counts: of all inputs. lost: scans dropped before it."""
        self.time += round(1e9 / self.rate) * (1 + lost)
        scan = b""
        self._scan = self._scan or self.enabled()
        for number in self._scan:
            stored = counts[number] << self.shift
            scan += struct.pack(self._code, stored)
        scan += bytes(-len(scan) % 8) + struct.pack(TIME[1], self.time)
        os.write(self._pipe, scan)

    def end(self):
        os.close(self._pipe)
