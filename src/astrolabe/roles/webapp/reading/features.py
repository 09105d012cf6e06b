"""What every application has, what none has, and what a sentence asks for besides."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

from astrolabe.roles.webapp.reading.words import CACHED, singular_word, word_set

_Table = tuple[tuple[re.Pattern[str], str], ...]


def _table(rows: tuple[tuple[str, str], ...]) -> _Table:
    return tuple((re.compile(pattern, re.IGNORECASE), meaning) for pattern, meaning in rows)


_FEATURES = _table((
    (r"\b(?:search(?:ed|able|ing|es)?(?:\s+(?:box|field|function|bar))?|full[- ]text|find|look(?:ing)?\s+up)\b", "every list can be searched"),
    (r"\b(?:filter(?:s|ed|able|ing)?|narrow(?:ed)?(?:\s+down)?)\b", "every list can be filtered"),
    (r"\b(?:sort(?:s|ed|able|ing)?|order(?:ed)?\s+by)\b", "every list can be sorted"),
    (r"\b(?:paginat\w+|paging|paged|pages?\s+of\s+results)\b", "every list comes in pages"),
    (r"\b(?:sign(?:ing)?[\s-]?(?:in|out)|sign(?:ing)?[\s-]?up(?!\s+(?:for|to)\b)|log(?:ging)?[\s-]?(?:in|out)|log[io]ns?|logout|register(?:s|ed)?(?=\s*(?:\Z|[.,;/]|\s(?:and|or|with|via|by|using|themselves|first|before|on)\b))|registration|authenticat\w+|user\s+accounts?|accounts?)\b", "accounts: register, sign in, sign out"),
    (r"\b(?:reset|forgot(?:ten)?|recover)(?:ting|ing)?\s+(?:\w+\s+)?passwords?\b|\bpasswords?\s+(?:\w+\s+)?(?:reset|forgotten|recover\w*|change\w*)\b", "passwords can be reset"),
    (r"\bpasswords?\b[^.]{0,40}\b(?:hash|secure|safe)\w*|\b(?:hashed|secure|safe)\s+passwords?\b", "passwords are kept as hashes"),
    (r"\b(?:dark\s+(?:mode|theme))\b", "there is a dark mode"),
    (r"\b(?:responsive|mobile[- ]friendly|(?:on|from)\s+(?:a\s+|my\s+|their\s+|our\s+)?(?:mobile(?:\s+(?:phones?|devices?))?|phones?|tablets?|smartphones?|small\s+screens?))\b", "pages fit small screens"),
    (r"\b(?:rest(?:ful)?\s+api|openapi|swagger|api\s+documentation)\b", "there is an API with its documentation"),
    (r"\b(?:docker(?:file)?|kubernetes|containers?|ci|github\s+actions|gitlab)\b", "files for containers and CI come with it"),
    (r"\b(?:(?:unit\s+)?tests?|tested|coverage)\b", "tests come with it"),
    (r"\b(?:accessib\w+|keyboard)\b", "pages have labels and work by keyboard"),
    (r"\bvalidat\w+\b", "all input is validated"),
    (r"\b(?:sqlite|postgres(?:ql)?|typescript|react|node(?:\.?js)?|express|prisma|tailwind)\b", "that is what the application is made with"),
    (r"\bin\s+english\b|\benglish\s+(?:interface|pages|ui)\b", "its pages are in English"),
    (r"\b(?:web[- ]based|in\s+(?:a|the|my|any)\s+(?:web\s*)?browser|browser[- ]based)\b", "a web application"),
))  # fmt: skip
_CRUD = re.compile(
    r"\b(?:create|add|edit|update|change|view|list|browse|delete|remove|see|read|show|crud)\b", re.IGNORECASE
)
_CRUD_MEANING = "every thing has pages to list, show, create, edit and delete it"
_SMALL = word_set("""
    a an the this that these those it its they them their my our your his her i we you me us one all any every each some both
    and or to of in on at by for with from as be is are was will shall should must may can could would has have had do does so
    also able possible need needs want wants like please use uses used using via through support supports supported offer offers
    provide provides include includes come comes work works working let lets allow allows there here then when user users people person
    everyone everybody anyone member members visitor visitors customer customers app application site website system tool platform
    page pages list lists table tables view views form forms data thing things entry entries item items record records result results
    good nice simple easy easily quickly quick fast fully basic proper field fields value values frontend backend front back end database
    written made built kept done function functions feature features which who what not-empty only within whole stack tech technology
    input inputs new existing different various able-to well too both
""")
_CANNOT = _table((
    (r"\b(?:send|sends|sent|sending|receive|receives|get|gets|email|emails|e-mail|e-mails|mail|mails)\b[^.]*\b(?:e-?mails?|sms|text\s+messages?|newsletters?|reminders?|notifications?|alerts?|messages?|confirmations?)\b|\b(?:notif(?:y|ies|ied|ying|ications?)|remind(?:s|ed|ers?)?|alerts?|alerted|newsletters?)\b|\b(?:e-?mail|mail|text|sms)(?:s|ed)?\s+(?:the|a|an|all|every|each|me|them|users?|members?|customers?)\b|\b(?:by|via|per)\s+(?:e-?mail|sms|text|push)\b|\bconfirm(?:s|ation|ed)?\b[^.]*\be-?mail\b", "it sends no messages"),
    (r"\b(?:stripe|paypal|klarna|payments?|checkout|credit\s+cards?|debit\s+cards?|pay\s+(?:online|by|with|for)|paid\s+online|invoic(?:e|es|ing)\s+(?:customers|automatically)|subscriptions?\s+billing|billing)\b", "it takes no payments"),
    (r"\b(?:upload(?:s|ed|ing)?|attach(?:es|ed|ing|ments?)?\s+(?:\w+\s+)?(?:files?|photos?|images?|documents?|pdfs?)|attachments?)\b|\bfile\s+storage\b", "it stores no files"),
    (r"\b(?:import(?:s|ed|ing)?|export(?:s|ed|ing|able)?|download(?:s|ed|able|ing)?)\b|\b(?:csv|pdfs?|excel|xlsx|spreadsheets?)\b|\bprint(?:s|ed|ing|able|outs?)?\b", "it neither imports, exports nor prints"),
    (r"\b(?:neural|machine\s+learning|deep\s+learning|\bai\b|artificial\s+intelligence|llm|gpt|recommend(?:s|ed|ations?|er)?|predict(?:s|ions?)?|train\s+a|classif(?:y|ies)|ocr|speech|recognition|suggest(?:s|ed|ions?)?)\b", "it has no learning parts"),
    (r"\b(?:charts?|graphs?|statistics|stats|analytics|dashboards?|reports?\s+(?:of|on|about|with)|(?:monthly|weekly|daily|annual|yearly|summary)\s+reports?|visuali[sz]\w+|plots?\s+of|diagrams?|trends?)\b", "it draws no charts and makes no reports"),
    (r"\b(?:real[- ]?time|websockets?|live\s+(?:chat|updates?)|chat(?:s|ting)?|instant(?:ly)?\s+messag\w+|video\s+calls?|stream(?:s|ing)?)\b", "nothing in it happens in real time"),
    (r"\b(?:integrat(?:e|es|ed|ion|ions)|sync(?:s|ed|hroni[sz]\w*)?|connect(?:s|ed)?\s+(?:to|with)\s+(?:google|slack|outlook|facebook|twitter|github|an?\s+external)|google\s+(?:calendar|maps|drive|sheets)|webhooks?|zapier|third[- ]party|external\s+(?:apis?|systems?|services?))\b", "it is connected to no other service"),
    (r"\b(?:maps?\b(?!\s+to)|gps|geolocation|geocod\w+|location\s+services)", "it shows no maps"),
    (r"\b(?:oauth|sso|single\s+sign[- ]on|saml|ldap|active\s+directory|two[- ]factor|2fa|mfa|magic\s+links?|(?:log|sign)\s?in\s+with\s+(?:google|facebook|github|apple|microsoft)|social\s+login)\b", "accounts sign in with address and password only"),
    (r"\b(?:multi[- ]?lingual|multiple\s+languages|several\s+languages|bilingual|internationali[sz]\w+|locali[sz]\w+|i18n|translat(?:e|es|ed|ing|ions?)\s+(?:into|the|all|to)\b|switch\s+(?:the\s+)?languages?)", "its pages are in English"),
    (r"\b(?:mobile\s+apps?|(?:phone|tablet)\s+apps?|ios|android|iphone|ipad|native\s+apps?|app\s+store|push\b|offline|pwa)\b", "it is a web application and nothing more"),
    (r"\b(?:scrap(?:e|es|ing)|crawl(?:s|ing)?|fetch(?:es)?\s+(?:data|prices|the)|barcodes?|qr[- ]?codes?|scan(?:s|ned|ning|ner)?|camera)\b", "it fetches and scans nothing"),
    (r"\b(?:cron|schedul(?:e|es|ed)\s+(?:job|task|report|e-?mail)s?|automatic(?:ally)|automat(?:e|es|ed|ion)|every\s+(?:night|hour|morning|midnight)|background\s+jobs?|expires?\s+after|archived\s+after|after\s+\d+\s+(?:days|weeks|months|hours|minutes))\b", "nothing in it happens by itself"),
    (r"\b(?:calculat(?:e|es|ed|ing|ion|ions)|comput(?:e|es|ed)|sum(?:s|med)?\s+(?:of|up)|totals?\s+(?:of|up|up\s+the)|averages?|add(?:s)?\s+up|convert(?:s|ed)?|deduct(?:s|ed)?|count(?:s|ed)?\s+(?:how|the|all))\b|(?<!, )(?<!: )(?<!and )\bhow\s+(?:many|much)\b", "it calculates nothing"),
    (r"\b(?:drag[- ]and[- ]drop|drag(?:ging)?|undo|version\s+history|versioning|audit\s+(?:log|trail)|revision\s+history|histor(?:y|ies)\s+of\s+changes|log(?:s|ged)?\s+(?:every|all|each)\s+(?:changes?|actions?|edits?|access\w*)|track\s+changes)\b", "changes are not recorded, nor undone or dragged"),
    (r"\b(?:like|follow|share|comment)\s+(?:each\s+other|on\s+(?:facebook|twitter|instagram|social))|\bsocial\s+(?:media|network)\b|\bfacebook|\btwitter|\binstagram|\bwhatsapp", "it is connected to no other service"),
    (r"\b(?:django|rails|flask|laravel|php|angular|vue|svelte|mongodb|mysql|mariadb|oracle|firebase|supabase|graphql|next\.?js|spring\s+boot|\.net|c#|aws|azure|heroku|vercel|google\s+cloud|bootstrap|wordpress)\b", "applications are made with React, Express and Prisma, on SQLite or PostgreSQL"),
    (r"\b(?:calendar\s+view|kanban|gantt|timeline|gallery\s+view|carousel|wizard|month(?:ly)?\s+view|week(?:ly)?\s+view|slideshow|tree\s+view)\b", "its pages are lists, details and forms"),
))  # fmt: skip
_LESS = _table((
    (r"\bin\s+(?:german|french|spanish|italian|dutch|portuguese|polish|russian|chinese|japanese|arabic|turkish|swedish|danish|norwegian|finnish|greek|czech|hungarian|korean|hindi|ukrainian)\b|\b(?:german|french|spanish|italian|dutch)\s+(?:interface|pages|texts?|labels|ui|version)\b|\blanguages?\b", "its pages are in English"),
    (r"\b(?:colou?rs?|colou?red|fonts?|typeface|logo|brand(?:ed|ing)?|corporate\s+(?:design|identity)|css|themes?|palette|background|look\s+and\s+feel|look(?:s)?\s+like|header|footer|sidebar|menu\s+bar|navigation|banner|favicon|animat\w+|transitions?|layout|icons?|buttons?|rounded|gradient|style[sd]?|stylish|design(?:ed)?)\b|\b(?:be|in)\s+(?:dark\s+|light\s+|bright\s+)?(?:red|green|blue|yellow|orange|purple|pink|black|white|grey|gray)\b|#[0-9a-f]{3,8}\b", "how its pages look is fixed"),
    (r"\b(?:fast|quick(?:ly)?|performan(?:t|ce)|load(?:s|ing)?\s+(?:in|within|time|under)|seconds?|milliseconds?|ms|concurrent|scal(?:e|es|able|ability|ing)|uptime|availab(?:le|ility)\s+(?:24|of|99)|24/7|99(?:\.\d+)?\s?%|high\s+availability|simultaneous\w*)\b", "speed, load and uptime are not measured"),
    (r"\b(?:gdpr|dsgvo|hipaa|ccpa|pci|iso\s?\d+|wcag|complian(?:t|ce)|legal(?:ly)?|laws?|regulations?|privacy\s+policy|imprint|cookie\s+banner|terms\s+(?:of|and))\b", "nothing is done about laws and standards"),
    (r"\b(?:deploy(?:ed|ment|s)?|host(?:ed|ing)|server|domain|cloud|on[- ]premises?|backups?|backed\s+up|monitoring|https|ssl|encrypt(?:ed|ion)?)\b", "it is built here, not put on a server or run there"),
    (r"\b(?:user[- ]friendly|easy\s+to\s+(?:use|understand|learn)|intuitive|modern|beautiful|nice|clean|elegant|professional|polished|attractive|pretty|slick|cool|pleasant|simple|maintainable|robust|secure|reliable|high\s+quality)\b", "a wish without a rule: nothing particular is done for it"),
    (r"\b(?:must|should|has\s+to|have\s+to|is|are|may|can|cannot)\s+(?:not\s+)?(?:always\s+)?(?:be\s+|lie\s+|come\s+)?(?:strictly\s+)?(?:after|before|later|earlier|greater|less|more|larger|smaller|longer|shorter|higher|lower|older|newer|equal|in\s+the\s+(?:past|future))\b|\boverlap\w*|\bat\s+the\s+same\s+time\b|\bdouble[- ]book\w*", "values are not compared with each other or with today"),
    (r"\b(?:if|when|whenever|unless|once|until|as\s+soon\s+as|depending\s+on|in\s+case)\b", "conditions are not read"),
    (r"\b(?:at\s+most|at\s+least|max(?:imum)?|min(?:imum)?|up\s+to|no\s+more\s+than|more\s+than|limit(?:ed)?)\b.*\b(?:per|each|every|for|at\s+a\s+time|at\s+once)\b|\b(?:limit|quota)s?\b", "numbers of rows are not limited"),
    (r"(?<!the )(?<!a )(?<!an )(?<!each )(?<!every )\b(?:approv\w+|workflows?|steps?|escalat\w+|state\s+machine|transition\w*|cancel(?:s|led|ling)?|sign(?:s|ed)?\s+up|enrol(?:s|l|ls|led)?|join(?:s|ed)?|attend(?:s|ed)?|appl(?:y|ies)|register(?:s|ed)?\s+for|rate[sd]?|lend(?:s)?|sell(?:s)?|buy(?:s)?|confirm(?:s|ed)?|accept(?:s|ed)?|reject(?:s|ed)?|vote[sd]?|book(?:ed)?|reserve[sd]?|borrow(?:s|ed)?|assign(?:s|ed)?)\b", "rows can be created, read, changed and deleted; no other deed is made"),
))  # fmt: skip
_NOT_KEPT = _table((
    (r".*\b(?:notification|alert|newsletter)s?", "it sends no messages"),
    (r".*\b(?:charts?|graphs?|dashboards?|statistics|analytics)", "it draws no charts and makes no reports"),
    (r"(?:live\s+)?chats?|real[- ]?time\s.*", "nothing in it happens in real time"),
    (r".*\b(?:export|import|download)s?", "it neither imports, exports nor prints"),
    (r"(?:\w+\s+)?(?:kanban|calendar)(?:\s+(?:board|view))?", "its pages are lists, details and forms"),
))  # fmt: skip
_CHAT = re.compile(
    r"(?:(?:many\s+)?(?:thanks?|thx|ty)|thank\s+you)(?:\s+(?:you|all|a\s+lot|so\s+much|very\s+much|in\s+advance|again|kindly))*(?:[,\s]+for\s+(?:(?:your|the|all|any)\s+)*(?:help|time|support|work|effort))?"
    r"|please|pls|(?:hi|hello|hey|dear)(?:[,\s]+(?:there|all|everyone|everybody|team|sir|madam|or|folks))*|good\s+(?:morning|evening|day|afternoon)"
    r"|cheers|(?:(?:best|kind|warm)\s+)?(?:regards|wishes)(?:,?\s+[A-Z]\w+(?:\s+[A-Z]\w+)?)?"
    r"|that(?:'s|\s+is)\s+(?:it|all)|nothing\s+else|keep\s+it\s+simple|have\s+fun|good\s+luck|use\s+common\s+sense|please\s+and\s+thank\s+you|\W+",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:no|not|without|never|cannot|nobody|none|neither|nor|avoid|skip|exclude|excluding|except|leave\s+out|instead\s+of)\b|n't\b",
    re.IGNORECASE,
)
_APP = r"(?:it|this|i|we|you|they|users?|people|members|(?:the|this|my|our)\s+(?:web\s+)?(?:app|application|site|website|system|tool|platform))"
_LEFT_OUT = re.compile(
    r"(?:(?:and|but|please|also|with)[\s,]+)*(?:there\s+(?:is|are|should\s+be|must\s+be|will\s+be|shall\s+be|need(?:s)?\s+(?:to\s+)?be)\s+|"
    rf"{_APP}\s+(?:has|have|needs?|wants?|should\s+have|must\s+have|will\s+have)\s+)?(?:no|without(?:\s+any)?)\s+(?:need\s+for\s+|support\s+for\s+)?(?:an?\s+|any\s+)?(?P<a>\S.*?)"
    r"(?:,?\s+(?:please|(?:is|are)\s+(?:needed|required|necessary|wanted)|needed|required|necessary|at\s+all|yet|for\s+now))?"
    rf"|{_APP}\s+(?:does\s+not|do\s+not|doesn't|don't|should\s+not|shouldn't|must\s+not|mustn't|shall\s+not|need\s+not|will\s+not|won't|cannot|can't)\s+"
    r"(?:need|have|want|require|use|support|include|contain|offer|send|show)\s+(?:to\s+have\s+)?(?:any\s+|an?\s+)?(?P<b>\S.*)"
    r"|(?:please\s+)?(?:do\s+not|don't|never)\s+(?:add|use|include|make|send|build|show|implement)\s+(?:any\s+|an?\s+)?(?P<c>\S.*)"
    r"|(?P<d>\S.{0,60}?)\s+(?:is|are)\s+not\s+(?:to\s+be\s+)?(?:stored|kept|recorded|tracked|saved|collected)"
    r"|(?:an?|the|each|every)?\s*\w+\s+(?:does\s+not|doesn't|do\s+not|don't)\s+have\s+(?:any\s+|an?\s+)(?P<e>\S.*)",
    re.IGNORECASE,
)
_MOST_LEFT_OUT_WORDS = 8
_FEW_WORDS = 2


@dataclass(frozen=True)
class Feature:
    """What every application has of what a clause asks for, and the words that ask for more."""

    meaning: str
    rest: tuple[str, ...]


def feature_of(clause: str, known: Callable[[str], bool]) -> Feature | None:
    """Return what every application has that a clause asks for, or None. `known` tells which nouns the goal has spoken of."""
    spans = [(found.span(), meaning) for pattern, meaning in _FEATURES for found in pattern.finditer(clause)]
    deeds = [(found.span(), _CRUD_MEANING) for found in _CRUD.finditer(clause)]
    spans += deeds if len(deeds) > 1 or "crud" in clause.lower() else []
    if not spans:
        return None
    left = list(clause)
    for (begin, end), _ in spans:
        left[begin:end] = " " * (end - begin)
    words = re.findall(r"[^\W_][\w'/-]*", "".join(left))
    rest = tuple(word for word in words if word.lower() not in _SMALL and not known(word))
    return Feature("; ".join(dict.fromkeys(meaning for _, meaning in spans)), rest)


def cannot(clause: str, known: Collection[str] = ()) -> str:
    """Return why what a clause asks for cannot be delivered, or nothing; words that are `known` things ask for nothing."""
    if not known:
        return _cannot(clause)
    for pattern, reason in _CANNOT:
        for found in pattern.finditer(clause):
            words = [singular_word(word) for word in re.findall(r"[a-z]+", found[0].lower())]
            if len(words) > _FEW_WORDS or not set(words) & set(known):
                return reason
    return ""


@lru_cache(maxsize=CACHED)
def _cannot(clause: str) -> str:
    return _first(_CANNOT, clause)


@lru_cache(maxsize=CACHED)
def why_not(clause: str) -> str:
    """Return why a clause that no rule reads is not read, as far as its words tell, or nothing."""
    return _first(_LESS, clause)


_TASTE = re.compile(
    r"\b(?:beautiful|modern|nice|clean|fast|elegant|professional|slick|cool|pretty|user-friendly|intuitive|secure|robust|scalable)\b",
    re.IGNORECASE,
)


def wishes_in(text: str) -> tuple[str, ...]:
    """Return the words of a request that wish for something no rule follows from: `beautiful`, `fast`."""
    return tuple(_TASTE.findall(text))


def not_kept(noun: str) -> str:
    """Return why a field of this name would be a promise that is not kept, or nothing."""
    return next((reason for pattern, reason in _NOT_KEPT if pattern.fullmatch(noun)), "")


def _first(table: _Table, clause: str) -> str:
    return next((meaning for pattern, meaning in table if pattern.search(clause)), "")


def is_chat(clause: str) -> bool:
    """Whether a clause has no bearing on the application."""
    return bool(_CHAT.fullmatch(clause.strip(" .!?,")))


def is_negated(clause: str) -> bool:
    """Whether a clause says that something is not to be."""
    return bool(_NO.search(clause))


def left_out(clause: str) -> str:
    """Return what `no comments, please` or `it does not need payments` leaves out, or nothing."""
    found = _LEFT_OUT.fullmatch(clause.strip(" .!,"))
    what = next(part for part in found.groups() if part) if found else ""
    few = len(what.split()) <= _MOST_LEFT_OUT_WORDS
    return what if few and not is_negated(what) else ""
