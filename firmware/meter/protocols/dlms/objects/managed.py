"""The objects that manage a meter, for the catalogue: all that is there whatever is measured."""

from meter.protocols.dlms.objects import (
    calendar,
    disconnect,
    hdlc_setup,
    image,
    push,
    sap,
    schedule,
    scripts,
    security_setup,
    special_days,
    tcp_setup,
)
from meter.protocols.dlms.objects.fixed import FixedFamily


def family():
    """Return the family of these objects."""
    return FixedFamily(
        (
            sap.SapAssignment(sap.LN),
            calendar.ActivityCalendar(calendar.LN),
            special_days.SpecialDays(special_days.LN),
            disconnect.DisconnectControl(disconnect.LN),
            push.PushSetup(push.LN),
            image.ImageTransfer(image.LN),
            security_setup.SecuritySetup(security_setup.LN),
            tcp_setup.TcpSetup(tcp_setup.TCP_LN),
            tcp_setup.Ipv4Setup(tcp_setup.IPV4_LN),
        )
        + hdlc_setup.setups()
        + scripts.tables()
        + schedule.schedules()
    )
