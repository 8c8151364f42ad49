"""python -m boards.linux_ads131m08 runs the meter."""

import sys

from boards.linux.run import main
from boards.linux_ads131m08.board import Board

if __name__ == "__main__":
    sys.exit(main(Board))
