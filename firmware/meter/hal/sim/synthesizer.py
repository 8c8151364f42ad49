"""A waveform source that computes three-phase voltage and current: a pure function of the sample number.

A source has `channels`, `rate`, `length` (samples, None if endless) and read(first, count) -> (channels, count) array
in volts and amperes; sample numbers before 0 and the same numbers again may be asked for.
"""

from math import pi, sqrt

from meter.xnp import np

CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
_SHIFT = (0.0, -2 * pi / 3, 2 * pi / 3)


class Tone:
    """One sine of one channel: volts or amperes RMS, radians at sample 0, multiple of the fundamental.

    A multiple that is not whole is an interharmonic.
    """

    def __init__(self, channel, rms, angle, multiple=1):
        self.channel = CHANNELS.index(channel)
        self.peak = rms * sqrt(2.0)
        self.angle = angle
        self.multiple = multiple


class Event:
    """A channel is multiplied by `factor` from `start` for `seconds`: a dip (0.5), an interruption (0), a swell."""

    def __init__(self, channel, start, seconds, factor):
        self.channel = CHANNELS.index(channel)
        self.start, self.end, self.factor = start, start + seconds, factor


class Synthesizer:
    """Sums tones, modulates the currents slowly, applies events.

    rate        samples per second
    frequency   of the fundamental, Hz
    ramp        Hz per second
    swing       relative swing of the currents, once in swing_s seconds
    modulation  (relative depth, Hz) of the voltages: flicker
    burst       (cycles with current, cycles without), again and again from each current's own zero; None: always on
    noise       volts and amperes RMS of white noise by kind: (V, A)
    """

    channels = CHANNELS
    length = None

    def __init__(
        self, rate, frequency, tones, events=(), ramp=0.0, swing=0.0, swing_s=60.0, modulation=(0.0, 8.8),
        noise=(0.0, 0.0), seed=0, burst=None,
    ):  # fmt: skip
        self.rate = float(rate)
        self.frequency = frequency
        self._tones = tuple(tones)
        self._events = tuple(events)
        self._ramp = ramp
        self._swing, self._swing_s = swing, swing_s
        self._modulation = modulation
        self._noise = noise
        self._seed = seed
        self._burst = burst

    def read(self, first, count):
        """Return samples first ... first + count - 1 of all channels: (6, count), volts and amperes."""
        time = (first + np.arange(count)) / self.rate
        cycles = self.frequency * time + 0.5 * self._ramp * time * time
        out = np.zeros((len(CHANNELS), count))
        for multiple in sorted({tone.multiple for tone in self._tones}):
            turns = cycles * multiple
            angle = (turns - np.floor(turns)) * (2 * pi)
            sine, cosine = np.sin(angle), np.cos(angle)
            for tone in self._tones:
                if tone.multiple == multiple:
                    a, b = tone.peak * np.cos(tone.angle), tone.peak * np.sin(tone.angle)
                    out[tone.channel] += sine * a
                    out[tone.channel] += cosine * b
        self._shape(out, time)
        if self._burst:
            self._interrupt(out, cycles)
        self._add_noise(out, first, count)
        return out

    def _interrupt(self, out, cycles):
        on, off = self._burst
        for tone in self._tones:
            if tone.channel >= 3 and tone.multiple == 1:
                turns = cycles + tone.angle / (2 * pi)
                out[tone.channel, np.floor(turns) % (on + off) >= on] = 0.0

    def _shape(self, out, time):
        if self._swing:
            out[3:] *= 1.0 + self._swing * np.sin(time * (2 * pi / self._swing_s))
        depth, hz = self._modulation
        if depth:
            out[:3] *= 1.0 + 0.5 * depth * np.sin(time * (2 * pi * hz))
        for event in self._events:
            during = (time >= event.start) & (time < event.end)
            out[event.channel, during] *= event.factor

    def _add_noise(self, out, first, count):
        # Blocks of noise by their number, so that the same sample always has the same noise.
        size = 4096
        for rows, level in ((slice(0, 3), self._noise[0]), (slice(3, 6), self._noise[1])):
            if not level:
                continue
            for block in range(first // size, (first + count - 1) // size + 1):
                random = np.random.default_rng((self._seed, block & 0xFFFFFFFF, rows.start))
                noise = random.standard_normal((3, size))
                low, high = max(first, block * size), min(first + count, (block + 1) * size)
                out[rows, low - first : high - first] += (
                    level * noise[:, low - block * size : high - block * size]
                )


def three_phase(voltage, current, lag_deg, harmonics=()):
    """Return the tones of a three-phase load.

    voltage, current, lag_deg: three values, V and A RMS, degrees by which each current lags its voltage.
    harmonics: (kind "V" or "I", order, part of the fundamental, degrees).
    """
    tones = []
    for p, phase in enumerate("ABC"):
        angles = {"V": _SHIFT[p], "I": _SHIFT[p] - lag_deg[p] * pi / 180}
        for kind, rms in (("V", voltage[p]), ("I", current[p])):
            tones.append(Tone(kind + phase, rms, angles[kind]))
            for which, order, part, degrees in harmonics:
                if which == kind:
                    tones.append(
                        Tone(kind + phase, rms * part, order * angles[kind] + degrees * pi / 180, order)
                    )
    return tones
