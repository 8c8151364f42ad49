"""The demands that registers show: present, past, predicted, peak, coincident, thermal. One set for each bank.

Values are ints in 10**-6 of the unit, floats for thermal demands, UTC seconds for times, None while there is none.
"""

from meter.quantities import index
from meter.registers.demand_window import factor_parts
from meter.registers.thermal import Thermal


class DemandSources:
    """Makes what registers show of a Demand, and keeps peaks and thermal demands by window.

    demand      Demand
    minutes     the thermal time
    """

    def __init__(self, demand, minutes):
        self.demand = demand
        self.latest = None  # the newest Span of instantaneous values
        self.now = 0  # UTC second up to which energy is booked
        self._minutes = minutes
        self._peaks = []  # (window, Peak): one Peak for all registers that tell of it
        self._thermals = []  # (window, Thermal)

    def source(self, one, window):
        """Return the source for a Definition of a kind of demand, over a window."""
        number = index(one.quantity)
        if one.kind in _LIVE:
            return Live(self, self.demand.window(number, one.rate), one.kind)
        if one.kind == "coincident demand":
            peak = self._peak(index(one.peak), one.rate, window)
            place = peak.also(self.demand.coincident(number, one.rate))
            return Coincident(peak, self.demand, place, bool(factor_parts(number)))
        if "thermal" in one.kind:
            thermal = self._thermal(number, window)
            return _THERMAL[one.kind](thermal)
        return _PEAK[one.kind](self._peak(number, one.rate, window), self.demand)

    def _peak(self, number, rate, window):
        wanted = self.demand.window(number, rate)
        for kept, peak in self._peaks:
            if kept == window and peak.window is wanted:
                return peak
        peak = self.demand.peak(number, rate)
        self._peaks.append((window, peak))
        return peak

    def _thermal(self, number, window):
        for kept, thermal in self._thermals:
            if kept == window and thermal.number == number:
                return thermal
        thermal = Thermal(number, self._minutes)
        self._thermals.append((window, thermal))
        return thermal

    def take(self, span, rate):
        """Take a Span metered at a rate, when its energy has been booked."""
        self.now = span.end
        self.demand.take(span, rate)
        for _, thermal in self._thermals:
            thermal.take(span)

    def close(self, now):
        """End what ends at this second. Return True if a demand was formed."""
        return self._offered(self.demand.close(now))

    def resynchronise(self, now):
        """An external pulse ends the subinterval."""
        return self._offered(self.demand.resynchronise(now))

    def jumped(self, before, after, is_outage):
        """The clock jumped."""
        for _, thermal in self._thermals:
            thermal.jumped(before, after, is_outage)
        return self._offered(self.demand.jumped(before, after, is_outage))

    def _offered(self, is_formed):
        if is_formed:
            for _, peak in self._peaks:
                peak.offer()
        return is_formed

    def zero(self, now):
        """Begin anew at this UTC second."""
        self.demand.begin(now)
        for _, peak in self._peaks:
            peak.reset()
        for _, thermal in self._thermals:
            thermal.zero()

    def ended(self, event, now):
        """A window has ended: its peaks begin again."""
        for window, peak in self._peaks:
            if window == event:
                peak.reset()
        for window, thermal in self._thermals:
            if window == event:
                thermal.reset(now)

    def state(self):
        """Return all as bytes."""
        kept = [one.state() for _, one in self._peaks + self._thermals]
        return self.demand.state() + b"".join(kept)

    def restore(self, state):
        """Take all from bytes of state()."""
        self.demand.restore(state)
        at = len(self.demand.state())
        for _, one in self._peaks + self._thermals:
            size = len(one.state())
            one.restore(state[at : at + size])
            at += size


def _micro(quanta, demand):
    """Return a demand in quanta as 10**-6 of its unit, an int: the interval divides the hour."""
    return quanta * 3600 // demand.interval_s


def _quanta(value, demand):
    return value * demand.interval_s // 3600


class _Source:
    # What the bank asks of a source; the peaks' and thermal demands' state is in DemandSources.

    def reset(self):
        """DemandSources.ended() does it."""

    def state(self):
        """Return nothing."""
        return b""

    def restore(self, state):
        """Take nothing."""


class Live(_Source):
    """The present, past or predicted demand."""

    def __init__(self, sources, window, kind):
        self._sources, self._window, self._kind = sources, window, kind

    def value(self):
        """Return it."""
        return _micro(_LIVE[self._kind](self._window, self._sources), self._sources.demand)


def _predicted(window, sources):
    return window.predicted(sources.now, sources.latest) if sources.latest else window.present()


_LIVE = {
    "present demand": lambda window, _: window.present(),
    "past demand": lambda window, _: window.past(),
    "predicted demand": _predicted,
}


class PeakValue(_Source):
    """The peak demand."""

    def __init__(self, peak, demand):
        self._peak, self._demand = peak, demand

    def value(self):
        """Return it."""
        return _micro(self._peak.value, self._demand)

    def preset(self, wanted):
        """Show this until there is a higher one."""
        self._peak.preset(_quanta(wanted, self._demand))


class PeakTime(_Source):
    """The end of the interval that set the peak."""

    def __init__(self, peak, _):
        self._peak = peak

    def value(self):
        """Return it, a UTC second, or None."""
        return self._peak.time or None


class Coincident(_Source):
    """What flowed in the interval that set a peak; a power factor has no length of interval in it."""

    def __init__(self, peak, demand, place, is_factor):
        self._peak, self._demand, self._place, self._is_factor = peak, demand, place, is_factor

    def value(self):
        """Return it."""
        value = self._peak.coincident[self._place]
        return value if self._is_factor else _micro(value, self._demand)

    def preset(self, wanted):
        """Show this until there is a higher peak."""
        kept = list(self._peak.coincident)
        kept[self._place] = wanted if self._is_factor else _quanta(wanted, self._demand)
        self._peak.coincident = tuple(kept)


class ThermalValue(_Source):
    """The thermal demand."""

    def __init__(self, thermal):
        self._thermal = thermal

    def value(self):
        """Return it, a float, or None."""
        return self._thermal.value


class PeakThermal(ThermalValue):
    """The peak thermal demand."""

    def value(self):
        """Return it, a float, or None."""
        return self._thermal.peak

    def preset(self, wanted):
        """Show this until there is a higher one."""
        self._thermal.preset(wanted)


class PeakThermalTime(ThermalValue):
    """When the thermal demand was highest."""

    def value(self):
        """Return it, a UTC second, or None."""
        return self._thermal.time or None


_PEAK = {"peak demand": PeakValue, "time of peak demand": PeakTime}
_THERMAL = {
    "thermal demand": ThermalValue,
    "peak thermal demand": PeakThermal,
    "time of peak thermal demand": PeakThermalTime,
}
