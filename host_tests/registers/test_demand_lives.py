"""Demands and peaks cut into lives: a restart at any second, with the state of that second, changes nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st
from meter.metrology.span import Span
from meter.quantities import START, index
from meter.registers.demand import INTERVALS_MIN, Demand, problems

from host_tests.demand_life import DemandLife

PAIRS = [(i, s) for i in INTERVALS_MIN for s in INTERVALS_MIN if not problems(i, s)]
KEYS = ("W.bi.P", "W.del.P", "A.N")
COINCIDENT = ("VAR.q4.P", "PF.bi.P")
NEUTRAL = Span()
NEUTRAL.sums[START["N2"]] = 1.7
NEUTRAL.seconds, NEUTRAL.half_cycles = 1.0, 120

EVENTS = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 2000), st.integers(-(10**6), 10**6)),
    st.tuples(st.just("span"), st.integers(0, 2)),
    st.tuples(st.just("outage"), st.integers(0, 5000)),
    st.tuples(st.just("set_clock"), st.integers(-3000, 3000)),
    st.tuples(st.just("pulse")),
)
SETTINGS = st.fixed_dictionaries(
    {
        "pair": st.sampled_from(PAIRS),
        "deferral_s": st.sampled_from((0, 30, 700)),
        "outage_s": st.sampled_from((1, 60)),
        "sync": st.booleans(),
        "rate": st.sampled_from((0, 2)),
    }
)


class Lives(DemandLife):
    """A life that notes everything that can be read after each event."""

    def __init__(self, pair, **options):
        self.options = {"interval_min": pair[0], "subintervals": pair[0] // pair[1], **options}
        super().__init__(KEYS, coincident=COINCIDENT, **self.options)
        self.numbers = self.options["rate"], [index(key) for key in COINCIDENT]

    def restart(self):
        demand, peak = self.demand.state(), self.peak.state()
        rate, coincident = self.numbers
        options = {name: value for name, value in self.options.items() if name != "rate"}
        self.demand = Demand(self.energy, **options)
        self.windows = [self.demand.window(index(key), rate) for key in KEYS]
        self.window = self.windows[0]
        self.peak = self.demand.peak(index(KEYS[0]), rate, coincident)
        self.demand.restore(demand)
        self.peak.restore(peak)

    def do(self, event):
        name, *values = event
        if name == "run":
            seconds, each = values
            self.run(seconds, abs(each), rate=2, direction="del" if each > 0 else "rec")
        elif name == "span":
            self.demand.take(NEUTRAL, values[0])
        else:
            getattr(self, name)(*values)

    def readings(self):
        demand = self.demand
        return (
            [
                (window.present(), window.past(), window.predicted(self.now, NEUTRAL))
                for window in self.windows
            ],
            (self.peak.value, self.peak.time, self.peak.coincident),
            (demand.next_boundary(self.now), demand.begun, demand.ended, demand.deferred_until),
        )


@settings(max_examples=150)
@given(SETTINGS, st.lists(st.tuples(EVENTS, st.booleans()), max_size=25))
def test_lives_cut_anywhere_are_one_life(options, events):
    whole, cut = Lives(**options), Lives(**options)
    for event, is_cut in events:
        whole.do(event)
        cut.do(event)
        if is_cut:
            cut.restart()
        assert cut.readings() == whole.readings()
        assert cut.demand.state() == whole.demand.state()
    assert cut.demands == whole.demands


@settings(max_examples=150)
@given(SETTINGS, st.lists(EVENTS, max_size=25))
def test_whatever_happens_no_demand_is_above_what_can_have_flowed(options, events):
    """With at most 1000000 quanta a second, and a pulse at most 5 s late, no interval can hold more than this."""
    life = Lives(**options)
    for event in events:
        if event[0] == "run":
            event = ("run", event[1], abs(event[2]))
        life.do(event)
        assert life.demand.next_boundary(life.now) > life.now
    late = 5 * life.demand.subintervals if options["sync"] else 0
    assert all(past <= (life.demand.interval_s + late) * 10**6 for past in life.pasts())
    assert life.peak.value == max(life.pasts(), default=0)


@settings(max_examples=100)
@given(SETTINGS, st.lists(EVENTS, max_size=25))
def test_without_deferral_fixed_demands_add_up_to_the_energy_through_all_breaks(options, events):
    minutes = options["pair"][0]
    life = Lives(**{**options, "pair": (minutes, minutes), "deferral_s": 0})
    for event in events:
        life.do(event)
    assert sum(life.pasts()) + life.window.present() == life.window.total()
