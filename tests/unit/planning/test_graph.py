"""Order, cycles and reach among numbered nodes."""

from astrolabe.planning.graph import ancestors, beyond, cycles, ordered


def test_each_comes_after_what_it_needs_and_the_earliest_first() -> None:
    assert ordered([[2], [], [1], [0, 2]]) == [1, 2, 0, 3]
    assert ordered([[1], [0], [], [0]]) == [2]


def test_no_cycle_in_a_diamond() -> None:
    assert cycles([[], [0], [0], [1, 2]]) == []


def test_one_wrong_edge_is_one_cycle_however_many_ways_lead_round() -> None:
    assert len(cycles([[3], [0], [0], [1, 2]])) == 1


def test_cycles_that_share_a_node_are_told_apart() -> None:
    assert cycles([[1, 2], [0], [0]]) == [[0, 1], [0, 2]]


def test_a_cycle_begins_with_its_lowest_node() -> None:
    assert cycles([[], [3], [1], [2]]) == [[1, 3, 2]]
    assert cycles([[2], [2], [1]]) == [[1, 2]]


def test_a_loop_on_itself_is_a_cycle() -> None:
    assert cycles([[0]]) == [[0]]


def test_what_waits_for_a_blocked_node_names_the_one_it_waits_for() -> None:
    assert beyond([[], [0], [1], [], [2, 0]], [0]) == {1: 0, 2: 1, 4: 0}
    assert beyond([[], [0]], []) == {}


def test_ancestors_are_all_that_is_needed() -> None:
    assert ancestors([[], [0], [1], [0]]) == [0, 0b1, 0b11, 0b1]


def test_depth_costs_no_recursion() -> None:
    size = 50_000
    chain = [[node - 1] if node else [] for node in range(size)]
    assert cycles(chain) == []
    assert cycles([[size - 1], *chain[1:]]) == [[0, *range(size - 1, 0, -1)]]
