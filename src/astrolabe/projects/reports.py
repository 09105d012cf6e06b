"""Read what a runner wrote, in whichever form it does."""

from collections.abc import Callable, Mapping

from astrolabe.projects.events import read_cargo, read_go, read_jest
from astrolabe.projects.junit import read_junit
from astrolabe.projects.results import Results
from astrolabe.projects.runner import Form
from astrolabe.projects.tap import read_tap

READERS: Mapping[Form, Callable[[str], Results]] = {
    Form.JUNIT: read_junit,
    Form.TAP: read_tap,
    Form.GO: read_go,
    Form.JEST: read_jest,
    Form.CARGO: read_cargo,
}


def read_results(form: Form, text: str) -> Results:
    """Read a report in its form; whatever is in it, this returns. EXIT has none.

    What was read before a fault is in the results, and their `fault` says what is wrong.
    """
    reader = READERS.get(form)
    return Results(fault="it leaves no report") if reader is None else reader(text)
