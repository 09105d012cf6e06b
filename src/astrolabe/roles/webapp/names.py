"""Turns the names of a model into names that are safe in TypeScript, Prisma, SQL, URLs and package files."""

import re
import unicodedata
from collections.abc import Collection, Iterable


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


RESERVED_WORDS = _set("""
    abstract any arguments as asserts async await bigint boolean break case catch class const constructor continue
    debugger declare default delete do else enum eval export extends false finally for from function get if
    implements import in infer instanceof interface is keyof let module namespace never new null number object of
    package private protected public readonly require return satisfies set static string super switch symbol then this
    throw true try type typeof undefined unique unknown using var void while with yield
""")
"""Words of TypeScript that cannot, or should not, name a variable."""

LOCAL_NAMES = _set("""
    actor app auth config console context database document env error errors event events exports fetch field fields
    filter form format global health history id index input item items key label limit list location logger logs
    metrics model name navigate next node openapi options order page pages params password path permissions prisma
    problem process query reading relation relations req request res response role roles row rows schema schemas
    search seed server session sort state token total transaction tx url user users value values where window writing
""")
"""Names the templates use for their own; a variable of an entity keeps clear of them."""

TYPE_NAMES = _set("""
    AbortController AbortSignal Action Actor Aggregate AggregateError Any Api App Application Args Array ArrayBuffer
    Atomics Attr Auth Await Awaited BatchPayload BigInt Blob Body Boolean Buffer Button Bytes Cache Capitalize Client
    Component Console Constructor Context Crypto Data DataView Date DateTime Decimal Default Dispatch Document Element
    Enum Enumerable Env Error Event EventTarget Exact Exclude Exports Express Extract False Fetch Field File FileList
    Filter Float Form FormData Fragment Function Generator Global Headers Helmet Hint History Id Image Infinity Input
    InputJsonValue InstanceType Int Intl Iterable Iterator Json JsonArray JsonObject JsonValue Key Label Layout Link List
    Location Lowercase Map Math Meta Model ModelName Module NaN Navigate NavLink Never Node NonNullable Null Number Object
    Omit Operation Option Order Outlet Page Params Parameters Partial PasswordReset Path Permission Pick Plugin Prisma
    PrismaClient PrismaPromise Process Promise PromiseLike Proxy Query QueryMode Range React ReactNode Readonly Record
    Ref Reference Reflect RegExp Relation Report Request Required Response Result ReturnType Role Route Router Routes Row
    Schema Screen Script Scripts Search Select Selection Server Session Set SharedArrayBuffer Skip Sort SortOrder
    Storage String Subset Suspense Symbol SyntaxError Table Text Then ThisType Toast Token Transaction True Type TypeError
    TypeMap Undefined Unknown Uppercase Url URL URLSearchParams User Validator Value Void WeakMap WeakRef WeakSet Where
    Window Worker
""")
"""Types of TypeScript, the browser, Prisma, React and the templates that an entity or enum must not shadow."""

ROW_NAMES = _set("""
    id owner ownerid createdat updatedat constructor prototype tostring tolocalestring valueof hasownproperty
    isprototypeof propertyisenumerable tojson then __proto__ and or not
""")
"""Properties every row has, those every object has, and conditions of Prisma; compared without case, as SQLite does
with columns."""

PATH_NAMES = _set("""
    about account accounts admin api assets auth console docs favicon forgot health healthz home index login logout me
    metrics new openapi options password profile readyz register reset robots settings signin signup static users
""")
"""First segments of a URL that the application uses itself."""

ACCOUNT_SCHEMAS = _set("""
    ChangePassword ChangeRole ForgotPassword Login Options Problem Profile Register ResetPassword Session User UserPage
""")
"""Schemas of the OpenAPI document that belong to no entity."""

ACCOUNT_OPERATIONS = _set("""
    changePassword forgotPassword getProfile listUsers login logout refresh register resetPassword updateProfile
    updateUserRole
""")
"""Operations of the OpenAPI document that belong to no entity."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SIBILANT = re.compile(r"(?:s|x|z|ch|sh)$")
_IRREGULAR = {
    "child": "children",
    "datum": "data",
    "foot": "feet",
    "half": "halves",
    "knife": "knives",
    "leaf": "leaves",
    "life": "lives",
    "loaf": "loaves",
    "man": "men",
    "mouse": "mice",
    "person": "people",
    "quiz": "quizzes",
    "shelf": "shelves",
    "tooth": "teeth",
    "wife": "wives",
    "wolf": "wolves",
    "woman": "women",
}
_UNCOUNTED = _set("equipment feedback information luggage money music news series sheep species staff")


def words(name: str) -> list[str]:
    """Cut `readingListID` into `reading`, `list`, `id`."""
    return [word.lower() for word in _WORDS.findall(name)]


def kebab(name: str) -> str:
    """`ReadingList` → `reading-list`."""
    return "-".join(words(name)) or "item"


def human(name: str) -> str:
    """`readAt` → `Read at`."""
    text = " ".join(words(name))
    return text[:1].upper() + text[1:] or name


def lower_first(name: str) -> str:
    """`ReadingList` → `readingList`, as Prisma names its accessors."""
    return name[:1].lower() + name[1:]


def upper_first(name: str) -> str:
    """`status` → `Status`."""
    return name[:1].upper() + name[1:]


def camel(name: str) -> str:
    """`URLEntry` → `urlEntry`."""
    first, *rest = words(name) or ["item"]
    return first + "".join(word.capitalize() for word in rest)


def plural(noun: str) -> str:
    """Return the plural of an English noun, the last word of several; other texts get an s."""
    head, _, last = noun.rpartition(" ")
    return f"{head} {_plural_word(last)}" if head else _plural_word(last)


def _plural_word(word: str) -> str:
    low = word.lower()
    if low in _UNCOUNTED:
        return word
    if low in _IRREGULAR:
        return word[:1] + _IRREGULAR[low][1:]
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if _SIBILANT.search(low) else "s")


def singular(name: str) -> str:
    """Undo `plural` for an identifier: `tags` → `tag`, `categories` → `category`; others stay."""
    low = name.lower()
    for one, many in _IRREGULAR.items():
        if low.endswith(many):
            return name[: len(name) - len(many)] + _cased(one, name[len(name) - len(many) :])
    if re.search(r"..ies$", low):
        return name[:-3] + "y"
    if re.search(r"(?:ss|x|z|ch|sh)es$", low):
        return name[:-2]
    return name[:-1] if low.endswith("s") and not low.endswith(("ss", "us", "is")) else name


def _cased(word: str, like: str) -> str:
    return upper_first(word) if like[:1].isupper() else word


def slug(text: str, longest: int = 40) -> str:
    """Name an application in npm, Docker and Kubernetes: lower-case letters, digits, `-`, first a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not name[:1].isalpha() or name in {"api", "web", "node-modules"}:
        name = f"app-{name}".strip("-")
    return name[:longest].strip("-")


class Names:
    """Names within one scope, none given twice; compared without case, since SQL tables and columns are."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = {name.lower() for name in reserved}

    def claim(self, wanted: str, suffix: str = "Item", *, also: Collection[str] = ()) -> str:
        """Return `wanted`, with `suffix` and then a number when it is taken or one of `also`."""
        candidates = [wanted, f"{wanted}{suffix}"]
        number = 2
        while (name := candidates.pop(0)).lower() in self._taken or name in also:
            if not candidates:
                candidates.append(f"{wanted}{suffix}{number}")
                number += 1
        self._taken.add(name.lower())
        return name
