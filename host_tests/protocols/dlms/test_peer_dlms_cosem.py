"""A whole meter read by the dlms-cosem library (BSL 1.1, for tests only): a stricter client than most.

What to know of 25.1.0: its HDLC splits at every 7E, also inside a frame, and waits for ever, so it is used over the
wrapper; its selection by entry is not implemented, so the range is tested; it refuses a meter's counter that is not
above meter_initial_invocation_counter, so that is -1; it cannot decode float32, so rows of a load profile are decoded
by ours. It logs every byte, which the tests turn off.
"""

import datetime
import logging

import pytest

pytest.importorskip("dlms_cosem")

import structlog
from dlms_cosem import cosem, utils
from dlms_cosem import enumerations as enums
from dlms_cosem import exceptions as cosem_errors
from dlms_cosem.client import DlmsClient
from dlms_cosem.cosem.selective_access import CaptureObject, RangeDescriptor
from dlms_cosem.io import BlockingTcpIO, TcpTransport
from dlms_cosem.security import (
    HighLevelSecurityGmacAuthentication,
    LowLevelSecurityAuthentication,
    NoSecurityAuthentication,
)
from dlms_cosem.time import datetime_from_bytes, datetime_to_bytes
from meter.protocols.dlms import axdr

from host_tests.protocols.dlms.dlms_served import served

ROWS = 35_040
UNICAST = bytes(range(16))
AUTHENTICATION = bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
LEVELS = ("public", "reader", "management")

pytestmark = pytest.mark.feature("DLM-02")


@pytest.fixture(scope="module", autouse=True)
def quiet():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def meter():
    with served(ROWS) as running:
        yield running


def attribute(interface, obis, number):
    return cosem.CosemAttribute(interface, cosem.Obis.from_string(obis), number)


REGISTER = attribute(enums.CosemInterface.REGISTER, "1.0.1.8.0.255", 2)
CLOCK = attribute(enums.CosemInterface.CLOCK, "0.0.1.0.0.255", 2)
PROFILE = attribute(enums.CosemInterface.PROFILE_GENERIC, "1.0.99.1.0.255", 2)


def rows(data):
    """Return the rows of a buffer as lists of plain values."""
    return [[cell.value for cell in row.value] for row in axdr.read_whole(bytes(data)).value]


def moment(octets):
    """Return a date-time of a meter in UTC. The library takes a deviation of 0 for none."""
    return datetime_from_bytes(octets)[0].replace(tzinfo=datetime.UTC)


def client(meter, level, secret=b"admin:admin", unicast=UNICAST):
    """Return a client that is not connected yet."""
    sap = {"public": 16, "reader": 32, "management": 1}[level]
    transport = TcpTransport(sap, 1, BlockingTcpIO("127.0.0.1", meter.port))
    if level == "public":
        return DlmsClient(transport=transport, authentication=NoSecurityAuthentication())
    if level == "reader":
        return DlmsClient(transport=transport, authentication=LowLevelSecurityAuthentication(secret=secret))
    return DlmsClient(
        transport=transport,
        authentication=HighLevelSecurityGmacAuthentication(challenge_length=16),
        encryption_key=unicast,
        authentication_key=AUTHENTICATION,
        client_system_title=b"GRX12345",
        client_initial_invocation_counter=meter.app.access.keys.received + 1,
        meter_initial_invocation_counter=-1,
    )


@pytest.mark.parametrize("level", LEVELS)
def test_a_register_and_the_clock_are_read_at_every_level(meter, level):
    with client(meter, level).session() as session:
        assert utils.parse_as_dlms_data(session.get(REGISTER)) >= 0
        scaler_and_unit = attribute(enums.CosemInterface.REGISTER, "1.0.1.8.0.255", 3)
        assert utils.parse_as_dlms_data(session.get(scaler_and_unit)) == [-3, 30]
        time = session.get(CLOCK)
    assert time[:2] == b"\x09\x0c"
    assert abs(moment(time[2:]).timestamp() - meter.app.meter.clock.second) < 30


def test_a_wrong_password_opens_no_association(meter):
    with pytest.raises(cosem_errors.DlmsClientException), client(meter, "reader", b"admin:no").session():
        pytest.fail("an association was opened")


def test_a_wrong_key_opens_no_association(meter):
    with pytest.raises(cosem_errors.DlmsClientException):
        with client(meter, "management", unicast=bytes(16)).session():
            pytest.fail("an association was opened")


@pytest.mark.parametrize("level", ["reader", "management"])
def test_a_year_of_load_profile_is_read_in_blocks(meter, level):
    with client(meter, level).session() as session:
        found = rows(session.get(PROFILE))
    assert len(found) == ROWS
    assert found[97][2:] == [0.0, 1.0, 2.0, 3.0]


def test_a_load_profile_is_read_by_range(meter):
    start = datetime.datetime(2025, 6, 1, tzinfo=datetime.UTC)
    end = start + datetime.timedelta(hours=6)
    chosen = RangeDescriptor(
        restricting_object=CaptureObject(cosem_attribute=CLOCK, data_index=0), from_value=start, to_value=end
    )
    with client(meter, "reader").session() as session:
        found = rows(session.get(PROFILE, chosen))
    assert len(found) == 25
    assert (moment(found[0][0]), moment(found[-1][0])) == (start, end)


def test_the_clock_is_set_by_management(meter):
    wanted = datetime.datetime.fromtimestamp(meter.app.meter.clock.second + 7200, datetime.UTC)
    with client(meter, "management").session() as session:
        session.set(CLOCK, b"\x09\x0c" + datetime_to_bytes(wanted))
    assert 0 <= meter.app.meter.clock.second - wanted.timestamp() < 30
