"""What all tests need of the process they run in."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell without job control starts what it puts into the background deaf to interrupts, and that is inherited: the
    # tests that interrupt a process would say something about how they were started.
    signal.signal(signal.SIGINT, signal.default_int_handler)
