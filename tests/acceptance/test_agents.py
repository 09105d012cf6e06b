"""Who can work here: what each agent is for, and what its tasks are given."""

from tests.person import Person


def test_each_agent_says_what_it_is_for_and_what_its_tasks_are_given(person: Person) -> None:
    agents = {one["name"]: one for one in person.types("agents", "--json").document["agents"]}
    assert all(one["purpose"].strip().endswith(".") for one in agents.values()), agents
    assert agents["command"]["inputs_schema"]["properties"]["run"]["description"]
    assert agents["command"]["purpose"] in person.types("agents", "show", "command").out


def test_an_agent_that_says_nothing_of_itself_is_shown_all_the_same(person: Person) -> None:
    person.installs("tests.acceptance.toy:PLUGIN")
    shown = person.types("agents", "show", "toy", "--json").document
    assert (shown["purpose"], shown["inputs_schema"]) == ("", None)
