"""What all tests need of the process they run in."""

import os
import signal

from hypothesis import Phase, settings

# Nobody's shell has these. They hide when output comes late, and have every process that a test starts compile all anew.
for unusual in ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"):
    os.environ.pop(unusual, None)

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("astrolabe", deadline=None)
settings.load_profile("astrolabe")
# For faults planted by the hundred: few examples, always the same, and no search for the smallest that fails.
settings.register_profile(
    "mutants",
    deadline=None,
    max_examples=30,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell without job control starts what it puts into the background deaf to interrupts, and that is inherited: the
    # tests that interrupt a process would say something about how they were started.
    signal.signal(signal.SIGINT, signal.default_int_handler)
