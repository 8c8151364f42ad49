"""The contract of hal Board's security_keys (meter/hal/__init__.py). To test other backends, add rows to BOARDS."""

import pytest
from meter.config.schema import validate

from boards.sim.board import Board, nominal_full_scale, synthesizer


def sim(key_1, key_2):
    settings = validate({"simulator": {"key_1": key_1, "key_2": key_2}})
    return Board(settings, synthesizer(settings), nominal_full_scale(settings))


BOARDS = {"sim": sim}


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("fitted", [(False, False), (True, False), (False, True), (True, True)])
def test_the_keys_are_two_booleans_as_they_are_fitted(board, fitted):
    assert BOARDS[board](*fitted).security_keys == fitted
