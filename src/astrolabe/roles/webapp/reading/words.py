"""English nouns in singular and plural, and identifiers from any text."""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from anyascii import anyascii

LONGEST_IDENTIFIER = 40
LONGEST_LABEL = 80
CACHED = 8192
"""Results kept of pure functions that are asked the same again and again."""


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


_IRREGULAR = _pairs("""
    person:people child:children man:men woman:women mouse:mice louse:lice goose:geese foot:feet tooth:teeth ox:oxen
    criterion:criteria phenomenon:phenomena medium:media bacterium:bacteria curriculum:curricula datum:data
    analysis:analyses basis:bases crisis:crises thesis:theses hypothesis:hypotheses diagnosis:diagnoses oasis:oases
    synopsis:synopses parenthesis:parentheses axis:axes index:indices matrix:matrices vertex:vertices
    appendix:appendices leaf:leaves life:lives knife:knives wife:wives shelf:shelves half:halves wolf:wolves calf:calves
    loaf:loaves thief:thieves self:selves elf:elves scarf:scarves cactus:cacti fungus:fungi nucleus:nuclei
    alumnus:alumni stimulus:stimuli syllabus:syllabi quiz:quizzes bus:buses gas:gases lens:lenses hero:heroes
    potato:potatoes tomato:tomatoes echo:echoes veto:vetoes cache:caches niche:niches ache:aches headache:headaches
    movie:movies cookie:cookies tie:ties pie:pies calorie:calories zombie:zombies selfie:selfies genie:genies
    brownie:brownies prairie:prairies rookie:rookies hoodie:hoodies smoothie:smoothies foodie:foodies lie:lies die:dies
    necktie:neckties walkie:walkies newbie:newbies shoe:shoes toe:toes foe:foes canoe:canoes axe:axes
    passerby:passersby valve:valves sleeve:sleeves
""")
_IRREGULAR_PLURALS = {many: one for one, many in reversed(_IRREGULAR.items())} | _pairs(
    "indexes:index appendixes:appendix matrixes:matrix cactuses:cactus busses:bus axes:axis bases:base lives:life data:data"
)
_UNCOUNTED = word_set("""
    information equipment feedback software hardware furniture luggage music news money rice advice knowledge research
    staff traffic weather homework metadata sheep fish deer aircraft series species merchandise content cattle offspring
    stock inventory data mathematics physics economics statistics analytics pants scissors chess tennis access progress
    evidence software storage
""") - {"stock", "inventory", "content"}
_SINGULAR_IN_S = word_set("""
    alias atlas bias canvas gas pancreas chaos kudos cosmos rhinoceros asbestos ethos pathos debris iris corps bus plus
    status virus campus census focus bonus address class process boss glass business basis axis analysis lens
    christmas pajamas canvas texas thermos
""")
_PLURAL_IN_US_IS = word_set(
    "menus gurus emus skis taxis alibis bikinis emojis kiwis wikis rabbis safaris apis uis gnus zebus"
)
_DROP_ES = word_set("""
    buses statuses viruses campuses censuses focuses bonuses biases aliases canvases atlases gases lenses irises
    choruses geniuses surpluses minuses pluses walruses circuses crocuses octopuses thermoses
""")
_SIBILANT = re.compile(r"(?:s|x|z|ch|sh)\Z")


@lru_cache(maxsize=CACHED)
def singular_word(word: str) -> str:
    """Return the singular of one lower-case English word; a singular stays as it is."""
    if word in _IRREGULAR_PLURALS:
        return _IRREGULAR_PLURALS[word]
    if word in _UNCOUNTED or word in _SINGULAR_IN_S or word in _IRREGULAR or len(word) < 3:  # noqa: PLR2004
        return word
    for many, one in (("people", "person"), ("women", "woman"), ("men", "man"), ("children", "child")):
        if word.endswith(many) and word not in {"specimen", "omen", "acumen", "abdomen", "regimen"}:
            return word[: -len(many)] + one
    return _without_s(word)


def _without_s(word: str) -> str:
    if not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith(("us", "is")):
        return word[:-1] if word in _PLURAL_IN_US_IS else word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]  # noqa: PLR2004
    if word in _DROP_ES or word.endswith(("sses", "xes", "shes", "zzes", "tzes")):
        return word[:-2]
    if word.endswith("ches"):
        return word[:-2]
    if word.endswith("oes"):
        return word[:-2]
    return word[:-1]


def plural_word(word: str) -> str:
    """Return the plural of one lower-case English word in the singular."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _UNCOUNTED:
        return word
    for one, many in (("woman", "women"), ("man", "men"), ("child", "children"), ("person", "people")):
        if word.endswith(one) and word not in {"human", "german", "roman", "talisman", "ottoman", "shaman"}:
            return word[: -len(one)] + many
    if word.endswith("y") and word[-2:-1] not in {*"aeiou", ""}:
        return word[:-1] + "ies"
    if word.endswith("is") and len(word) > 4:  # noqa: PLR2004
        return word[:-2] + "es"
    return word + ("es" if _SIBILANT.search(word) else "s")


@lru_cache(maxsize=CACHED)
def singular(phrase: str) -> str:
    """Return a noun phrase with its last word, or the word before `of`, in the singular."""
    return _headed(phrase, singular_word)


def plural(phrase: str) -> str:
    """Return a singular noun phrase in the plural."""
    return _headed(phrase, plural_word)


def _headed(phrase: str, change_word: Callable[[str], str]) -> str:
    parts = phrase.split(" ")
    head = parts.index("of") - 1 if "of" in parts[1:] else len(parts) - 1
    word = parts[head]
    changed = change_word(word.lower())
    if changed != word.lower():
        parts[head] = (
            changed.upper()
            if word.isupper() and len(word) > 1 and not word.endswith("S")
            else _like(changed, word)
        )
    return " ".join(parts)


def _like(word: str, pattern: str) -> str:
    if pattern[:1].isupper():
        kept = pattern[: len(word)] if pattern.lower().startswith(word) else word[:1].upper() + word[1:]
        return kept + word[len(kept) :]
    return word


def with_article(noun: str) -> str:
    """Return a noun with `a` or `an`."""
    return f"{'an' if re.match(r'(?!uni|use|one|eu)[aeiou]', noun, re.IGNORECASE) else 'a'} {noun}"


def is_plural(phrase: str) -> bool:
    """Whether a noun phrase names several things."""
    return singular(phrase.lower()) != phrase.lower()


def undecorated(text: str) -> str:
    """Return a text without its pictures, `title 📖` as `title`; one of pictures only stays as it is."""
    if text.isascii():
        return text
    kept = "".join(
        letter for letter in text if unicodedata.category(letter) not in _PICTURES and letter not in _JOINERS
    )
    return " ".join(kept.split()) if any(map(str.isalnum, kept)) else text


_PICTURES = frozenset({"So", "Sk", "Cn"})
_JOINERS = frozenset("\ufe0e\ufe0f\u200d\u20e3")

_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@lru_cache(maxsize=CACHED)
def parts_of(text: str) -> tuple[str, ...]:
    """Cut any text into lower-case ASCII words: `Größe (cm)` → `grosse`, `cm`."""
    plain = anyascii(text[:400]).replace("'", "")
    return tuple(part.lower() for part in _HUMPS.findall(plain))


@lru_cache(maxsize=CACHED)
def field_identifier(text: str) -> str:
    """Return an identifier like `dueDate`, or nothing when the text has no letter or digit."""
    return _shortened(_camel(parts_of(text), "field"))


@lru_cache(maxsize=CACHED)
def entity_identifier(text: str) -> str:
    """Return an identifier like `ReadingList`, or nothing when the text has no letter or digit."""
    name = _camel(parts_of(text), "the")
    return _shortened(name[:1].upper() + name[1:])


def role_identifier(text: str) -> str:
    """Return an identifier like `book_keeper`, or nothing."""
    name = "_".join(parts_of(text))
    return (f"role_{name}" if name[:1].isdigit() else name)[:30].rstrip("_")


def enum_identifier(text: str) -> str:
    """Return an identifier like `in_progress`, or nothing."""
    name = "_".join(parts_of(text))
    return (f"v{name}" if name[:1].isdigit() else name)[:LONGEST_IDENTIFIER].rstrip("_")


def _camel(parts: tuple[str, ...], before_digit: str) -> str:
    if parts and parts[0][0].isdigit():
        parts = (before_digit, *parts)
    return "".join(part if not index else part.capitalize() for index, part in enumerate(parts))


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_IDENTIFIER:
        return name
    return name[:33] + "X" + hashlib.sha256(name.encode()).hexdigest()[:6]


def label_of(text: str) -> str:
    """Return a text as a label: one line, its first letter capital."""
    line = " ".join(text.split())
    return line[:1].upper() + line[1:]
