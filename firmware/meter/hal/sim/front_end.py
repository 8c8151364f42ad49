"""A model of a 24-bit converter's front end: from volts and amperes at the terminals to counts.

    terminal -> delay -> crosstalk -> gain and drift -> scale to counts -> offset -> noise -> rounding -> clipping

Every error is per channel and off by default, so the ideal front end only rounds and clips. `quantised_rate` models
the sample clock: a divider from a crystal gives a rate near the wanted one, not at it.
"""

from math import sqrt

from meter.xnp import np

FULL_SCALE = 0x7FFFFF
HEADROOM = 1.25  # peak of the converter's range over the peak of a full-scale sine
_OVERSAMPLING = 256  # clock periods to a sample (ADS131M08 at OSR 128)
_MARGIN = 3  # samples needed around a delayed one


def scale(full_scale_rms):
    """Return the volts or amperes of one count for a channel that takes a sine of full_scale_rms."""
    return full_scale_rms * sqrt(2.0) * HEADROOM / FULL_SCALE


def quantised_rate(wanted, clock_hz):
    """Return the rate nearest to `wanted` that a whole divider of clock_hz gives; any rate if that is 0. Hz."""
    if not clock_hz:
        return float(wanted)
    return clock_hz / _OVERSAMPLING / max(1, round(clock_hz / _OVERSAMPLING / wanted))


class FrontEnd:
    """Turns samples into counts.

    scales      volts or amperes per count, as designed
    gain_error  relative, by channel (0.001 reads 0.1 % high)
    offset      counts, by channel
    delay       seconds, by channel: a lag of the channel
    noise       counts RMS, white, on all channels
    crosstalk   part of each channel that is seen in the next one (ADS131M08: -120 dB)
    drift       of the gain, ppm per kelvin, by channel; warmer: kelvin above the temperature of calibration
    seed        of the noise
    """

    def __init__(
        self, scales, gain_error=None, offset=None, delay=None, noise=0.0, seed=0, crosstalk=0.0, drift=None, warmer=0.0
    ):  # fmt: skip
        count = len(scales)
        self.scales = tuple(scales)
        drifts = [1.0 + 1e-6 * ppm * warmer for ppm in drift or (0.0,) * count]
        gain_error = [(1.0 + e) * d - 1.0 for e, d in zip(gain_error or (0.0,) * count, drifts)]
        self._crosstalk = crosstalk
        self._factor = [(1.0 + error) / unit for error, unit in zip(gain_error, scales)]
        self._offset = tuple(offset or (0.0,) * count)
        self._delay = tuple(delay or (0.0,) * count)
        self._noise = noise
        self._random = np.random.default_rng(seed)
        self.clipped = 0

    def convert(self, source, first, count):
        """Return (samples read, bytes): interleaved int32 of source's samples from `first`; fewer at the end."""
        if any(self._delay):
            samples = self._delayed(source, first, count)
        else:
            samples = source.read(first, count)
        if self._crosstalk:
            # In volts at the converter: a full-scale current disturbs as much as a full-scale voltage.
            units = np.array(self.scales).reshape((-1, 1))
            samples = samples + np.roll(samples / units, 1, axis=0) * units * self._crosstalk
        counts = np.empty((samples.shape[1], len(self.scales)))
        for k, factor in enumerate(self._factor):
            counts[:, k] = samples[k] * factor + self._offset[k]
        if self._noise:
            counts += self._random.standard_normal(counts.shape) * self._noise
        np.round(counts, out=counts)
        # What is no number is no measurement: the negative rail, which the meter flags as clipped.
        counts[np.isnan(counts)] = -FULL_SCALE - 1
        over = np.count_nonzero(np.abs(counts) > FULL_SCALE)
        if over:
            self.clipped += int(over)
            np.clip(counts, -FULL_SCALE - 1, FULL_SCALE, out=counts)
        return len(counts), counts.astype("<i4").tobytes()

    def _delayed(self, source, first, count):
        # Seven-point Lagrange weights written out here on purpose: the model must not share the meter's interpolator.
        samples = source.read(first - _MARGIN, count + 2 * _MARGIN)
        length = samples.shape[1] - 2 * _MARGIN
        out = np.empty((len(samples), max(0, length)))
        nodes = range(-_MARGIN, _MARGIN + 1)
        for k, delay in enumerate(self._delay):
            at = -delay * source.rate
            out[k] = 0.0
            for node in nodes:
                weight = 1.0
                for other in nodes:
                    if other != node:
                        weight *= (at - other) / (node - other)
                out[k] += weight * samples[k, _MARGIN + node : _MARGIN + node + length]
        return out
