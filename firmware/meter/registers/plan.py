"""The schedules of a meter: each instance is carried out once, whatever the clock does."""


class Plan:
    """Schedules in the order in which they are carried out.

    schedules   tuple of Schedule: self-read, freeze, billing period reset
    actions     as many functions, called with the UTC second

    done        for each the instance (UTC second) that was carried out last, 0: none
    """

    def __init__(self, schedules, actions):
        self._rows = tuple(zip(schedules, actions))
        self.done = [0] * len(self._rows)

    def following(self, place, now):
        """Return the UTC second of the next instance after now, or None.

        A clock that was set back a little comes to the same instance again: that one is passed over.
        """
        schedule = self._rows[place][0]
        instance = schedule.next_after(now)
        return schedule.next_after(instance) if instance and instance == self.done[place] else instance

    def timers(self):
        """Return (function that gives the next second, what is done then) for each."""
        return [self._timer(place) for place in range(len(self._rows))]

    def _timer(self, place):
        schedule, action = self._rows[place]

        def act(now):
            self.done[place] = schedule.passed(now - 1, now) or now
            action(now)

        return (lambda now: self.following(place, now)), act

    def make_up(self, before, after):
        """Carry out, once and late, what the clock has jumped over."""
        for place, (schedule, action) in enumerate(self._rows):
            instance = schedule.passed(before, after) if after > before else None
            if instance and instance != self.done[place]:
                self.done[place] = instance
                action(after)
