"""The simulated contacts: outputs that are recorded, inputs that a test or a scenario sets. Contract: meter.hal."""

CHANNELS = 8
OUTPUTS = 7


class Contacts:
    """The HAL's Contacts.

    clock   function that returns the time of an edge, ms

    states  tuple: what each output is driven to, False at first
    driven  list of (channel, state), in order: every call of output()
    """

    def __init__(self, clock=lambda: 0):
        self.outputs = OUTPUTS
        self.channels = CHANNELS
        self.states = (False,) * OUTPUTS
        self.driven = []
        self._clock = clock
        self._mask = 0
        self._edges = [0] * CHANNELS

    def output(self, channel, state):
        """Drive an output. ValueError if there is none such."""
        if not 1 <= channel <= OUTPUTS:
            raise ValueError("there is no output %d" % channel)
        state = bool(state)
        self.states = self.states[: channel - 1] + (state,) + self.states[channel:]
        self.driven.append((channel, state))

    def inputs(self):
        """Return (mask, edges): see Contacts in meter.hal."""
        return self._mask, tuple(self._edges)

    def apply(self, channel, state):
        """A voltage is applied to an input, or taken away."""
        if not 1 <= channel <= CHANNELS:
            raise ValueError("there is no input %d" % channel)
        bit = 1 << channel - 1
        if bool(self._mask & bit) != bool(state):
            self._mask ^= bit
            self._edges[channel - 1] = self._clock()
