"""The port's `network` with a W5500: its sockets are the host's, on the loopback."""

from host_tests.hal.fake_machine.world import current


class WIZNET5K:
    """The card. It remembers how it was set up."""

    def __init__(self, spi, cs, reset):
        self.pins = (spi, cs, reset)
        self.is_active = False
        self.settings = {}
        current().network = self

    def active(self, value=None):
        if value is None:
            return self.is_active
        self.is_active = bool(value)

    def ipconfig(self, name=None, **settings):
        assert self.is_active
        self.settings.update(settings)
        if name == "addr4":
            return self.settings.get("addr4", ("0.0.0.0", "0.0.0.0"))
        return None


def ipconfig(**settings):
    """Set what is not a card's."""
    current().network.settings.update(settings)
