"""Draw the wiring of each board: boards/NAME/wiring.svg. Usage: board_drawings.py [--check].

What is connected is a table here; values of the front end come from ferraris.front_end. --check: exit code 1 if a
drawing is not as this makes it.
"""

import sys
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from ferraris import front_end

BOARDS = Path(__file__).parents[1] / "boards"
COLUMN = (20, 236, 452, 722)  # x of the boxes
WIDTH = (166, 150, 150, 150)
TOP, ROW, LINE, GAP = 74, 46, 15, 14
RIGHT = 1210


class Box(NamedTuple):
    """title and lines of a box."""

    title: str
    lines: tuple[str, ...]


class Drawing(NamedTuple):
    """processor, converter: boxes. bus: lines between them. parts: (box, lines to the processor). phases: how many."""

    title: str
    processor: Box
    converter: Box
    bus: tuple[str, ...]
    parts: tuple[tuple[Box, tuple[str, ...]], ...]
    phases: int = 3
    bias: str = ""


PI_PARTS = (
    (Box("RS-485 transceiver", ("isolated, 3.3 V",)), ("GPIO14 TXD", "GPIO15 RXD", "GPIO17 RTS")),
    (Box("IR optical head", ("on USB, IEC 62056-21",)), ("USB /dev/ttyUSB0",)),
    (Box("DS3231 clock", ("CR2032",)), ("GPIO2 SDA", "GPIO3 SCL")),
    (Box("MB85RC512T FRAM", ("optional",)), ("the same bus",)),
    (Box("Opto-couplers", ("contact inputs",)), ("GPIO5, GPIO6",)),
    (Box("Photo-relays", ("contact outputs",)), ("GPIO16, GPIO26",)),
)
DRAWINGS = {
    "pico2_ads131m08": Drawing(
        "Pico 2 with an ADS131M08",
        Box("Raspberry Pi Pico 2", ("RP2350", "3V3, GND to all")),
        Box("ADS131M08", ("AIN0P to AIN2P: V", "AIN3P to AIN5P: I", "AINxN: GND", "AVDD, DVDD: 3V3")),
        ("GP21 CLKIN", "GP18 SCLK", "GP19 DIN", "GP16 DOUT", "GP17 DRDY", "GP20 CS", "GP22 SYNC/RESET"),
        (
            (Box("DS3231 clock", ("CR2032",)), ("GP26 SDA", "GP27 SCL")),
            (Box("MB85RS512T FRAM", ("64 KB",)), ("GP2 SCK", "GP3 MOSI", "GP4 MISO", "GP5 CS")),
            (Box("W5500 Ethernet", ()), ("GP10 SCK, GP11 MOSI", "GP12 MISO, GP13 CS", "GP14 RST")),
            (Box("RS-485 transceiver", ("isolated, 3.3 V",)), ("GP8 TX", "GP9 RX", "GP15 DE and /RE")),
            (Box("IR optical head", ("IEC 62056-21",)), ("GP0 TX", "GP1 RX")),
            (Box("Jumpers to GND", ("security keys 1, 2",)), ("GP6, GP7",)),
            (Box("Supply supervisor", ("power good",)), ("GP28",)),
        ),
    ),
    "pico_demo": Drawing(
        "Pico, demonstration with one phase",
        Box("Raspberry Pi Pico", ("RP2040, its own ADC", "3V3, GND to all")),
        Box("Bias and filter", ("1.65 V from 2 x 10 kΩ", "10 µF to GND", "1 kΩ, 10 nF to each pin")),
        ("GP26 ADC0: V", "GP27 ADC1: I"),
        (
            (Box("DS3231 clock", ("CR2032",)), ("GP8 SDA", "GP9 SCL")),
            (
                Box("ST7789 display", ("320 x 240",)),
                ("GP18 SCK, GP19 MOSI", "GP17 CS, GP16 DC", "GP20 RST, GP21 BL"),
            ),
            (Box("Keys to GND", ("up, down, enter",)), ("GP10, GP11, GP12",)),
            (Box("IR optical head", ("IEC 62056-21",)), ("GP0 TX", "GP1 RX")),
            (Box("Contacts", ("opto-coupled",)), ("GP2, GP3 in", "GP4, GP5 out")),
            (Box("Jumpers to GND", ("security keys 1, 2",)), ("GP14, GP15",)),
            (Box("Supply supervisor", ("power good",)), ("GP22",)),
        ),
        phases=1,
        bias=", to 1.65 V",
    ),
    "linux_ads131m08": Drawing(
        "Raspberry Pi with an ADS131M08",
        Box("Raspberry Pi 4 or 5", ("40-pin header", "3V3, GND to all")),
        Box("ADS131M08", ("AIN0P to AIN2P: V", "AIN3P to AIN5P: I", "AINxN: GND", "CLKIN: 6.5536 MHz")),
        ("GPIO11 SCLK", "GPIO10 DIN", "GPIO9 DOUT", "GPIO8 CS", "GPIO25 DRDY", "3V3 SYNC/RESET"),
        PI_PARTS + ((Box("Jumpers to GND", ("security keys 1, 2",)), ("GPIO23, GPIO24",)),),
    ),
    "linux_ad7606": Drawing(
        "Raspberry Pi with an AD7606",
        Box("Raspberry Pi 4 or 5", ("40-pin header", "3V3, 5V, GND to all")),
        Box("AD7606", ("V1 to V3: V", "V5 to V7: I", "RANGE: ±5 V", "OS0 to OS2: GND", "PAR/SER: 3V3")),
        ("GPIO11 SCLK", "GPIO9 DOUTA", "GPIO8 CS", "GPIO24 BUSY", "GPIO18 CONVST", "GPIO25 RESET"),
        PI_PARTS + ((Box("Jumpers to GND", ("security keys 1, 2",)), ("GPIO20, GPIO21",)),),
    ),
}
NEVER = "Never open the secondary of a clamp that is round a live conductor: burden first, clamp last."
STYLE = (
    "text{font:12px sans-serif;fill:#222}.t{font-weight:bold}.s{font-size:11px;fill:#555}"
    ".h{font-size:16px;font-weight:bold}.b{fill:#f6f8fa;stroke:#57606a}.l{fill:#fff1f0;stroke:#c62828}"
    ".w{stroke:#57606a;fill:none}.d{stroke:#c62828;stroke-dasharray:6 4}.r{fill:#c62828}"
)


def box(x: float, y: float, width: float, height: float, made: Box, kind: str = "b") -> str:
    """Return a box with its texts."""
    out = f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>\n'
    out += f'<text class="t" x="{x + 8}" y="{y + 18}">{escape(made.title)}</text>\n'
    for k, line in enumerate(made.lines):
        out += f'<text class="s" x="{x + 8}" y="{y + 18 + LINE * (k + 1)}">{escape(line)}</text>\n'
    return out


def height(lines: int) -> float:
    """Return the height of a box, or of a bundle of wires, of so many lines."""
    return 28 + LINE * lines


def wire(x1: float, x2: float, y: float, label: str, above: float = 3) -> str:
    """Return a horizontal wire with its label."""
    text = f'<text class="s" x="{x1 + 4}" y="{y - above}">{escape(label)}</text>\n' if label else ""
    return f'<path class="w" d="M{x1} {y}H{x2}"/>\n{text}'


def draw(name: str) -> str:
    """Return the SVG of a board."""
    made = DRAWINGS[name]
    volts = front_end.voltage(front_end.CONVERTERS[name])
    amps = front_end.current(front_end.CONVERTERS[name], 20.0)
    body, y = "", float(TOP)
    rows = [(part, wires, max(height(len(part.lines)), LINE * len(wires) + 12)) for part, wires in made.parts]
    tall = max(sum(size + GAP for *_, size in rows) - GAP, 290.0)
    x_part = RIGHT - 20 - 166
    for part, wires, size in rows:
        body += box(x_part, y, 166, size, part)
        for k, label in enumerate(wires):
            body += wire(COLUMN[3] + WIDTH[3], x_part, y + 18 + LINE * k, label)
        y += size + GAP
    body += box(COLUMN[3], TOP, WIDTH[3], tall, made.processor)
    count = f"{made.phases} x "
    sources = (
        (Box(f"{count}AC adapter", ("230 V to 9 V (11.1 V", "without load), isolating")),
         Box(f"{count}divider", (f"{front_end.SERIES / 1000:g} kΩ in series", f"{volts.tap:g} Ω across{made.bias}"))),
        (Box(f"{count}clamp CT", ("2000:1, round one", "insulated conductor")),
         Box(f"{count}burden", (f"{amps.burden:g} Ω{made.bias}", "(class 20)"))),
    )  # fmt: skip
    body += box(COLUMN[2], TOP, WIDTH[2], tall, made.converter)
    for k, (source, resistors) in enumerate(sources):
        at = TOP + k * (tall - 90)
        body += box(COLUMN[0], at, WIDTH[0], 90, source, "l")
        body += box(COLUMN[1], at, WIDTH[1], 90, resistors)
        body += wire(COLUMN[0] + WIDTH[0], COLUMN[1], at + 40, "")
        body += wire(COLUMN[1] + WIDTH[1], COLUMN[2], at + 40, "V" if k == 0 else "I")
        body += wire(COLUMN[0] + WIDTH[0], COLUMN[1], at + 66, "")
        body += wire(COLUMN[1] + WIDTH[1], COLUMN[2], at + 66, "GND" if not made.bias else "1.65 V")
    for k, label in enumerate(made.bus):
        body += wire(COLUMN[2] + WIDTH[2], COLUMN[3], TOP + 60 + 30 * k, label)
    x = (COLUMN[0] + WIDTH[0] + COLUMN[1]) / 2
    body += f'<path class="d" d="M{x} {TOP - 22}V{TOP + tall + 12}"/>\n'
    body += f'<text class="s r" x="20" y="{TOP - 14}">isolates from the mains</text>\n'
    body += f'<text class="s" x="{x + 8}" y="{TOP - 14}">low voltage only, one common GND</text>\n'
    bottom = TOP + tall + 34
    body += f'<text class="s r" x="20" y="{bottom - 8:g}">{NEVER}</text>\n'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {RIGHT} {bottom:g}" role="img">\n'
    head += f"<title>{escape(made.title)}</title>\n<style>{STYLE}</style>\n"
    head += f'<rect width="{RIGHT}" height="{bottom:g}" fill="#fff"/>\n'
    return head + f'<text class="h" x="20" y="30">{escape(made.title)}: wiring</text>\n{body}</svg>\n'


def main() -> int:
    """Write the drawings, or compare them."""
    stale = [name for name in DRAWINGS if not _is_current(name)]
    for name in stale:
        if "--check" in sys.argv:
            print(f"boards/{name}/wiring.svg is not as tools/board_drawings.py makes it")
        else:
            path(name).write_text(draw(name), encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


def path(name: str) -> Path:
    """Return where the drawing of a board is."""
    return BOARDS / name / "wiring.svg"


def _is_current(name: str) -> bool:
    return path(name).is_file() and path(name).read_text(encoding="utf-8") == draw(name)


if __name__ == "__main__":
    sys.exit(main())
