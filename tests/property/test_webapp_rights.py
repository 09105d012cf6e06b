"""Sentences of a small grammar of rights, and the table of permissions that they mean."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN, Action
from astrolabe.roles.webapp.reading import model_of, read_goal
from astrolabe.roles.webapp.view import resolved_permissions
from astrolabe.sdk import Goal, Reading


@dataclass(frozen=True)
class People:
    """How people are called, one or several, and whom that means."""

    several: str
    principals: tuple[str, ...]


STAFF = st.sampled_from(
    [
        People("librarians", ("librarian",)),
        People("shop managers", ("shop_manager",)),
        People("secretaries", ("secretary",)),
        People("librarians and editors", ("librarian", "editor")),
        People("editors, reviewers and secretaries", ("editor", "reviewer", "secretary")),
        People("users with the role editor", ("editor",)),
        People("administrators", ("admin",)),
    ]
)
EVERYBODY = st.sampled_from(
    [
        People("signed-in users", (SIGNED_IN,)),
        People("registered users", (SIGNED_IN,)),
        People("users who are logged in", (SIGNED_IN,)),
    ]
)
WORLD = st.sampled_from([People("visitors", (ANYONE,)), People("people without an account", (ANYONE,))])
OWNERS = st.sampled_from(
    [People("their author", (OWNER,)), People("the account that created them", (OWNER,))]
)

VERBS = {
    Action.CREATE: [("add", "added", "Adding"), ("create", "created", "Creating")],
    Action.READ: [("see", "seen", "Seeing"), ("view", "viewed", "Viewing")],
    Action.UPDATE: [("edit", "edited", "Editing"), ("change", "changed", "Changing")],
    Action.DELETE: [("delete", "deleted", "Deleting"), ("remove", "removed", "Removing")],
}
PLAIN = ["{Who} can {do} {things}.", "{Who} may {do} all {things}.", "{Who} are allowed to {do} {things}.",
         "{Things} can be {done} by {who}.", "Let {who} {do} {things}."]  # fmt: skip
ONLY = ["Only {who} can {do} {things}.", "Nobody but {who} may {do} {things}.", "{Who} alone can {do} {things}.",
        "{Things} can only be {done} by {who}.", "{Things} may be {done} by {who} only.", "{Doing} {things} is reserved for {who}.",
        "{Doing} {things} is limited to {who}.", "{Who}, and nobody else, may {do} {things}."]  # fmt: skip
OWNED = [
    "{Things} can only be {done} by {who}.",
    "{Things} may be {done} by {who}.",
    "{Doing} {things} is reserved for {who}.",
]
NOUNS = st.sampled_from(
    [("book", "books"), ("city", "cities"), ("person", "people"), ("shelf", "shelves"), ("purchase order", "purchase orders")]
)  # fmt: skip


@st.composite
def said(draw, action, things, people, frames):
    """Draw a sentence that gives an action to people, and whether it keeps everybody else out."""
    do, done, doing = draw(st.sampled_from(VERBS[action]))
    frame = draw(st.sampled_from(OWNED if OWNER in people.principals else frames))
    text = frame.format(
        Who=people.several[:1].upper() + people.several[1:],
        who=people.several,
        Things=things.capitalize(),
        things=things,
        do=do,
        done=done,
        Doing=doing,
    )
    return text, frame in ONLY


@st.composite
def tables(draw):
    """Draw a thing, who may do what with it, and sentences that say so in any order."""
    one, many = draw(NOUNS)
    people = {
        Action.CREATE: draw(STAFF | EVERYBODY),
        Action.READ: draw(STAFF | EVERYBODY | WORLD),
        Action.UPDATE: draw(STAFF | EVERYBODY | OWNERS),
        Action.DELETE: draw(STAFF | EVERYBODY | OWNERS),
    }
    told = {
        action: draw(said(action, many, who, PLAIN if action is Action.READ else PLAIN + ONLY))
        for action, who in people.items()
    }
    sentences = draw(st.permutations([text for text, _ in told.values()]))
    table = {action: set(who.principals) for action, who in people.items()}
    return one, " ".join(sentences), table, told[Action.CREATE][1]


def readers(table, alone):
    """Return who sees rows: those named, and whoever adds, changes or deletes them; administrators see them anyhow."""
    seen, made = table[Action.READ], table[Action.CREATE]
    if seen & {ANYONE, SIGNED_IN}:
        return seen
    changing = table[Action.UPDATE] | table[Action.DELETE]
    own = SIGNED_IN in made or OWNER in changing or not (alone or made <= changing)
    seen = seen | changing | ({OWNER} if own else made)
    if made == {"admin"}:
        seen = seen - {OWNER}
    if SIGNED_IN in seen:
        return {SIGNED_IN}
    return seen - {OWNER} if made <= seen else seen


def told_table(document):
    [entity] = model_of(document).entities.values()
    return {Action(action): set(who) - {"admin"} for action, who in resolved_permissions(entity).items()}


@given(tables())
@settings(max_examples=120)
def test_sentences_give_exactly_the_rights_they_speak_of(drawn):
    thing, sentences, table, alone = drawn

    read = read_goal(Goal(f"Build an app. Every {thing} has a title and a price. {sentences}"))

    assert read is not None
    assert [s.text for s in read.sentences if s.reading is Reading.UNREAD] == []
    table[Action.READ] = readers(table, alone)
    assert told_table(read.document) == {action: who - {"admin"} for action, who in table.items()}


@given(NOUNS, STAFF, st.data())
@settings(max_examples=80)
def test_what_one_kind_of_people_does_alone_is_kept_from_all_others(noun, people, data):
    one, many = noun
    actions = data.draw(st.lists(st.sampled_from(Action), min_size=1, unique=True))
    sentences = [data.draw(said(action, many, people, ONLY))[0] for action in actions]

    read = read_goal(Goal(f"Build an app. Every {one} has a title and a price. {' '.join(sentences)}"))

    assert read is not None
    table = told_table(read.document)
    for action in actions:
        assert table[action] == set(people.principals) - {"admin"}
    assert not table[Action.READ] & {ANYONE, SIGNED_IN}
    assert Action.READ not in actions or OWNER not in table[Action.READ]


@given(
    NOUNS,
    st.sampled_from(Action),
    STAFF,
    st.sampled_from(["cannot", "may not", "are not allowed to", "must never"]),
)
def test_what_people_may_not_is_never_given_to_them(noun, action, people, may_not):
    one, many = noun
    denied = set(people.principals) - {"admin"}
    who = people.several[:1].upper() + people.several[1:]

    read = read_goal(
        Goal(
            f"Build an app. Every {one} has a title and a price. {who} {may_not} {VERBS[action][0][0]} {many}."
        )
    )

    assert read is not None
    assert not told_table(read.document)[action] & denied


CONDITIONS = st.sampled_from(
    [
        "if the price is paid", "when they are drafts", "until they are approved", "within 24 hours", "in their department",
        "while nobody reads them", "assigned to them", "for a week", "unless they are archived", "once approved", "of their team",
        "with a price", "that are published", "where they are members", "after approval",
    ]
)  # fmt: skip


@given(NOUNS, st.sampled_from(Action), STAFF | EVERYBODY, CONDITIONS)
def test_a_right_under_a_condition_is_not_read_rather_than_read_without_it(noun, action, people, condition):
    one, many = noun
    who = people.several[:1].upper() + people.several[1:]
    bare = f"Build an app. Every {one} has a title and a price."

    plain, read = (
        read_goal(Goal(text))
        for text in (bare, f"{bare} {who} can {VERBS[action][0][0]} {many} {condition}.")
    )

    assert plain is not None
    assert read is not None
    assert [s.line for s in read.sentences if s.reading is Reading.UNREAD]
    assert told_table(read.document) == told_table(plain.document)
