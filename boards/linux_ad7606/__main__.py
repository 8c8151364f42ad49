"""python -m boards.linux_ad7606 runs the meter."""

import sys

from boards.linux.run import main
from boards.linux_ad7606.board import Board

if __name__ == "__main__":
    sys.exit(main(Board))
