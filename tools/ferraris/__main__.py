"""python -m ferraris"""

import sys

from ferraris.cli import main

sys.exit(main())
