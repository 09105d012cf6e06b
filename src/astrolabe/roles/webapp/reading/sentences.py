"""Cuts paragraphs into sentences, and sentences into clauses that each say one thing."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from astrolabe.roles.webapp.reading.blocks import Line
from astrolabe.roles.webapp.reading.words import CACHED, is_plural

MODALS = r"can|may|must|should|could|will|shall|cannot|can't|mustn't|shouldn't|might"
_END = re.compile(r"(?<![.!?])[.!?]+[\"')\]]*(?=\s|\Z)|(?<=\s)[:;]-?[)DP](?=\s|\Z)")
_NUMBER = re.compile(r"\s*\d")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|incl|max|min|no|nr|dr|mr|mrs|ms|st|resp)|(?:\A|\s)[A-Za-z])\.\Z",
    re.IGNORECASE,
)
_SUBJECT = r"(?:only\s+|just\s+)?(?:(?:the|an?|each|every|all|any|registered|signed-in|logged-in|other)\s+)?[\w-]+(?:\s+[\w-]+|\s+(?:signed|logged)[\s-]in)?(?:\s+without\s+(?:an?\s+)?account)?"
_RELATIVE = r"(?:(?:an?|the)\s+)?[\w-]+\s+(?:that|which|who)\b"
_SAYS = re.compile(
    rf"\b(?:{MODALS}|is|are|was|has|have|belongs?|contains?|includes?|needs?|sees?|manages?|reads?|[a-z]+s|app|want|need|build|create|make)\b|[;:]",
    re.IGNORECASE,
)
_LEADING = re.compile(
    rf"(\S(?:.{{0,40}}?\S)?)\s+(?:{MODALS}|is|are|has|have|belongs?|connects?|links?|joins?|contains?|needs?|includes?|comes?|sees?|views?|manages?|reads?|edits?|adds?|deletes?|creates?)\b",
    re.IGNORECASE,
)


_LEADING_BE = re.compile(
    r"(\S.{0,60}?\s(?:(?:can|may|must|should)\s+(?:only\s+)?be|is|are))\s", re.IGNORECASE
)
_LEADING_MAY = re.compile(r"(\S.{0,60}?\s(?:can|may|must|should))\s", re.IGNORECASE)
_FIRMLY = re.compile(
    rf"\b(?:{MODALS}|is|are|was|has|have|belongs?|contains?|includes?|needs?|sees?|manages?|reads?|adds?|edits?|writes?|deletes?|creates?|app|want|need|build|make)\b|;",
    re.IGNORECASE,
)
_EXCLUSIVE = re.compile(r"\A(?:only|just|both|either|neither|nobody|no|all|every|each|any)\b", re.IGNORECASE)
_FEWEST_WORDS = 3
_SAME, _BY, _MAY, _LAST = "same", "by", "may", "last"
_LAST_NOUN = re.compile(
    r"(?:\b(?:an?|the|one|each|every|several|many|some|or\s+more)|(?<=\bhas)|(?<=\bhave)|,|\band)\s+(?P<noun>[\w-]+(?:\s+(?!and\b)[\w-]+)?)\Z",
    re.IGNORECASE,
)


_LABEL_SAYS = "label"
_LABELLED = re.compile(r"([^\W\d_][\w-]*(?: [\w-]+)?)\s*(?::\s|[\u2013\u2014]\s|-\s)")


def _subject_of(sentence: str, said: str) -> str:
    """Return who or what a sentence speaks of, to begin a clause with that leaves it out; nothing when that is not clear."""
    if said == _LABEL_SAYS and (label := _LABELLED.match(sentence)):
        return f"Each {label[1].lower()} "
    if said == _LAST:
        last = _LAST_NOUN.search(sentence)
        noun = re.sub(r"\A(?:an?|the|one|its)\s+", "", last["noun"], flags=re.IGNORECASE) if last else ""
        return f"{'' if is_plural(noun) else 'each '}{noun} " if noun else ""
    found = {_BY: _LEADING_BE, _MAY: _LEADING_MAY}.get(said, _LEADING).match(sentence)
    subject = f"{found[1]} " if found else ""
    return re.sub(r"\Aonly\s+", "", subject, flags=re.IGNORECASE) if said == _SAME else subject


def _says(sentence: str, begin: int, end: int, said: str) -> bool:
    """Whether what stands before a break says something; before another subject, more than a list of people does."""
    if said != _LISTED:
        return bool(_SAYS.search(sentence, begin, end))
    left = sentence[begin:end]
    if _FIRMLY.search(left):
        return True
    told = "," not in left and not _EXCLUSIVE.match(left) and len(left.split()) >= _FEWEST_WORDS
    return told and bool(_SAYS.search(left))


_LISTED = "listed"
_NO_BREAK = r"not\b|never\b|only\s+(?:(?:their|his|her|its|my|your)\s+own|for|if|when)\b"


_NOT_EXCEPT = "".join(
    rf"(?<!\b{word})" for word in ("anyone", "anybody", "everyone", "everybody", "nobody", "no one")
)


_BREAKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), subject)
    for pattern, subject in (
        (r"\s*;\s+(?=(?:belongs\s+to|has\s+(?:an?|one|many|several))\s)", _LABEL_SAYS),
        (r"\s*;\s+", ""),
        (rf",?\s+\bbut\s+(?:they\s+)?(?=(?:{MODALS})\b)", _SAME),
        (
            r",?\s+(?:but|and)\s+(?:also\s+)?(?=(?:only\s+)?(?:(?:\w+ed|seen|written|made)\s+(?:only\s+|exclusively\s+)?by|(?:(?!based\b)\w+ed|held|kept|made|done|given|sold|lent|found|taken|written|taught|led|hung|built|bought|brought)\s+(?:by|in|at|on|to|from|for|with|under|into)\s|\w+[ai]ble\s+(?:only\s+|exclusively\s+)?(?:to|by|for))\b)",
            _BY,
        ),
        (
            r",?\s+but\s+(?:can\s+|may\s+)?(?=only\s+(?:see|view|read|edit|change|update|delete|remove|create|add|manage)\b)",
            _MAY,
        ),
        (rf"(?:,\s+|{_NOT_EXCEPT}\s+)\bbut\s+(?!{_NO_BREAK})(?=\S)", _LISTED),
        (
            rf"(?:,\s+(?:while|although|though)|,?\s+whereas|\s+(?:while|although|though)(?=[^.,]*\b(?:{MODALS})\b))\s+(?!(?:it|they|he|she)\b|\w+ing\b)(?=\S)",
            "",
        ),
        (rf",?\s+and\s+(?!{_RELATIVE})(?={_SUBJECT}\s+(?:{MODALS})\b)", _LISTED),
        (rf",\s+(?!(?:which|that|who)\b)(?=(?:only\s+)?(?:the\s+)?[\w-]+\s+(?:{MODALS})\b)", _LISTED),
        (
            r",?\s+and\s+(?=(?:the|its|their)\s+[\w-]+(?:\s+(?!and\b|or\b)[\w-]+){0,4}?\s+(?:is|are|must|cannot|defaults?|ranges?)\b)",
            _LISTED,
        ),
        (r",\s+(?:who|which)\s+(?=(?:has|have)\s+(?!been\b|to\b)\S)", _LAST),
        (
            r",\s+(?=has\s+(?:an?|the|one)\b|belongs\s+to\s|(?:is|was)\s+(?:\w+ed|written|made|given|taken|kept|held|sold|lent|bought)\s+by\s)",
            "It ",
        ),
        (r",?\s+and\s+(?=(?:it|they)\s+(?:has|have|belongs?|is|are)\b)", ""),
        (
            r",?\s+and\s+(?=(?!(?:whether|if|when|that|which|who|i|we|can|may|must|should|is|are|has|have|will)\b)(?:(?:each|every|a|an|the)\s+)?[\w-]+(?:\s+(?!and\b|or\b)[\w-]+)?\s+(?:has|have|belongs?|contains?|consists?|(?:is|are)\s+\w+(?:ed|en|ght|ld|de)\s+(?:by|to|in|at|for|from|with|on|of))\b)",
            _LISTED,
        ),
        (
            r"\s+[-\u2013\u2014]\s+(?=(?:each|every|an?|the)\s+[\w-]+(?:\s+[\w-]+)?\s+(?:has|have|belongs?|contains?|consists?)\b)",
            "",
        ),
        (r",\s+(?=(?:each|every)\s+[\w-]+(?:\s+[\w-]+)?\s+(?:has|have|belongs?|is|are|contains?)\b)", ""),
        (
            r",\s+(?=[\w-]+\s+(?:can\s+)?(?:see|sees|manages?|reads?|edits?|deletes?)\s+(?:all|every|any|only)\b)",
            "",
        ),
        (r",?\s+(?:where|in\s+which|with\s+which)\s+(?!(?:they|he|she|it)\b)(?=\S)", ""),
        (
            r",?\s+and\s+(?=(?:is|are|can|has|have|belongs?|may|must|should|contains?|includes?|consists?|refers?|concerns?|comes|references)\s|(?:records|stores|captures|keeps|holds|carries)\s+(?:an?|the|its|their|one)\s)",
            "It ",
        ),
    )
)


@dataclass(frozen=True)
class Piece:
    """A sentence or clause and the line it begins on; `shown` is how it was written, where that differs."""

    text: str
    line: int
    shown: str = ""


def sentences_of(lines: tuple[Line, ...]) -> list[Piece]:
    """Return the sentences of a paragraph."""
    return [piece for run in _runs(lines) for piece in _sentences_in(run)]


_LABEL = re.compile(r"[^\W\d_][\w-]*(?: [\w-]+){0,2} ?(?::\s|\(|[\u2013\u2014]\s|- )")
_GOES_ON = re.compile(
    r"(?:[,:(]|\b(?:an?|the|and|or|but|of|for|to|in|on|at|by|from|with|that|which|who|whose|is|are|be|has|have|can|may|must|should|will|each|every|all|any|only|not|no|as|than|if|when|their|its|his|her|our|my|your|this|these|one|many))\Z",
    re.IGNORECASE,
)
_GOES_ON_LISTING = re.compile(r"(?:[,:(]|\b(?:and|or|an?|the|of))\Z", re.IGNORECASE)
_NARROWEST = 64


def _runs(lines: tuple[Line, ...]) -> list[tuple[Line, ...]]:
    """Cut lines where one was ended on purpose: before another label, or where the next word had found room."""
    width = max(_NARROWEST, *(len(line.text) for line in lines))
    runs: list[list[Line]] = [[lines[0]]]
    for before, line in pairwise(lines):
        if _is_ended(before.text, line.text, width):
            runs.append([line])
        else:
            runs[-1].append(line)
    return [tuple(run) for run in runs]


def _is_ended(text: str, following: str, width: int) -> bool:
    if not text or not following or depths_of(text)[-2]:
        return False
    label = _LABEL.match(text)
    if (_GOES_ON_LISTING if label else _GOES_ON).search(text):
        return False
    room = len(text) + 1 + len(following.split(maxsplit=1)[0]) <= width
    labelled = bool(_LABEL.match(following))
    return (labelled and (bool(label) or room)) or (room and following[:1].isupper())


def _sentences_in(lines: tuple[Line, ...]) -> list[Piece]:
    text = " ".join(line.text for line in lines)
    starts: list[tuple[int, int]] = []
    at = 0
    for line in lines:
        starts.append((at, line.number))
        at += len(line.text) + 1
    out: list[Piece] = []
    begin = next_start = 0
    for begin, end in _spans(text):
        while next_start + 1 < len(starts) and starts[next_start + 1][0] <= begin:
            next_start += 1
        said = " ".join(text[begin:end].split())
        plain = _DASHED.sub(r" (\1)", said)
        out.append(Piece(plain, starts[next_start][1], shown="" if plain == said else said))
    return [piece for piece in out if piece.text]


_DASHED = re.compile(
    r"(?<=\w)\s+[-\u2013\u2014]\s+((?:[^-\u2013\u2014.;:(),]{1,40},\s*){0,20}[^-\u2013\u2014.;:(),]{1,40}\s+or\s+[^-\u2013\u2014.;:(),]{1,40}?)\s+[-\u2013\u2014](?=\s|[,.;]|\Z)"
)
"""Values between dashes, as `a result - won, lost or drawn - and a date`."""


def _spans(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    begin = 0
    for found in _END.finditer(text):
        short = _ABBREVIATION.search(text[max(begin, found.start() - 12) : found.start() + 1])
        if found[0] == "?" and _BRACKET.match(text, found.end()):
            continue
        if found[0].startswith(".") and short and not _is_end(text, found, short[0]):
            continue
        begin += len(text[begin:]) - len(text[begin:].lstrip()) if text[begin : begin + 1].isspace() else 0
        spans.append((begin, found.end()))
        begin = found.end()
    rest = text[begin:]
    if rest.strip():
        spans.append((begin + len(rest) - len(rest.lstrip()), len(text)))
    return spans


def _is_end(text: str, stop: re.Match[str], short: str) -> bool:
    """Whether a stop ends a sentence all the same: after a `no`, or after the last of some letters that are values."""
    if short.lower() == "no.":
        return not _NUMBER.match(text, stop.end())
    return bool(
        _LAST_LETTER.search(text, max(0, stop.start() - _FEW), stop.end())
        and _WORD_BEGINS.match(text, stop.end())
    )


_BRACKET = re.compile(r"\s*\(")
"""What shows that `Vegetarian? (yes/no)` names a field."""
_FEW = 8
_LAST_LETTER = re.compile(r"(?:,|\b(?:or|and|to))\s+[A-Z]\.\Z")
_WORD_BEGINS = re.compile(r"\s+[A-Z][a-z]*\s")


@lru_cache(maxsize=CACHED)
def clauses_of(sentence: str) -> tuple[str, ...]:
    """Cut a sentence where another subject or another statement begins; brackets and quotes are left whole."""
    pieces: list[str] = []
    depths = depths_of(sentence)
    begin, subject = 0, ""
    cuts = {
        (found.start(), found.end()): said
        for pattern, said in reversed(_BREAKS)
        for found in pattern.finditer(sentence)
    }
    for (start, end), said in sorted(cuts.items()):
        if start < begin or depths[start] or not _says(sentence, begin, start, said):
            continue
        following = _subject_of(subject + sentence[begin:start], said) if said not in {"", _LISTED} else ""
        if said not in {"", _LISTED} and not following:
            continue
        pieces.append(subject + sentence[begin:start].strip(" ,"))
        begin, subject = end, following
    pieces.append(subject + sentence[begin:].strip(" ,"))
    return tuple(piece for piece in pieces if piece.strip(" ,.;"))


def depths_of(text: str) -> list[int]:
    """Return for every character how deep it is in brackets or quotes."""
    depth, quote, out = 0, False, list[int]()
    for letter in text:
        if letter == '"':
            quote = not quote
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth = max(0, depth - 1)
        out.append(depth + quote)
    return [*out, 0]


def split_list(text: str) -> list[tuple[str, str]]:
    """Cut `a, b and c` into items, each with what stood before it: `,`, `and`, `or` or nothing."""
    depths = depths_of(text)
    out: list[tuple[str, str]] = []
    begin, joint = 0, ""
    for found in _JOINT.finditer(text):
        if depths[found.start()] or _DATE_AND_TIME.match(text, max(0, found.start() - 4)):
            continue
        out.append((joint, text[begin : found.start()].strip()))
        words = re.findall(r"and/or|and|or|plus|as well as|&", found[0].lower())
        joint = "or" if "or" in words[-1:] else "and" if words else ","
        begin = found.end()
    out.append((joint, text[begin:].strip()))
    return [(mark, item) for mark, item in out if item]


_JOINT = re.compile(
    r"\s*[,;]\s*(?:(?:and/or|and|or|plus|as well as|&)\s+)?|\s+(?:and/or|and|(?<=\d\s)or(?!\s+(?:more|less|fewer|longer|shorter|higher|lower|above|below)\b)|(?<!\d\s)or|plus|as well as|&)\s+",
    re.IGNORECASE,
)
_DATE_AND_TIME = re.compile(r"date\s+and\s+time\b", re.IGNORECASE)
