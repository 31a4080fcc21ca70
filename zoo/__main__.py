"""`python -m zoo`, the same as the command `zoo`."""

import sys

from zoo.cli import main

sys.exit(main())
