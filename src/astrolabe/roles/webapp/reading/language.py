"""Whether a text is in English: nothing else is read."""

import re
from collections.abc import Iterable
from functools import lru_cache

from astrolabe.roles.webapp.reading.words import CACHED, word_set

_ENGLISH = word_set("""
    the a an of and or to in is are has have can may must be with for it its each every that this on by as
    only not at from i we my our they their should will all any who which where no one app list when if you
    me us does do was were been many than more but so such between least most
""")
_FOREIGN = word_set("""
    ein eine einen einem einer eines der die das dem den des und hat haben ist sind mit nicht auf von zu im ich wir soll sollen
    kann können muss müssen jede jeder jedes jeden werden wird für über unter oder aber auch sein seine ihre wenn baue erstelle
    möchte brauche nur alle viele zum zur bei nach aus
    verwaltung buchverwaltung kategorie kategorien erstellt geändert hersteller farbe größe gewicht menge einheit bestand
    titel autor preis datum benutzer nutzer buch bücher kunde kunden rezept rezepte zutaten bewertung pflicht pflichtfeld
    beschreibung anzahl straße ort telefon notiz notizen aufgabe aufgaben verwaltung rechnung artikel nachname vorname
    le la les un une du et est sont avec pour dans je nous veux voudrais chaque doit doivent peut peuvent avoir créer au aux ses
    leur leurs qui que sur pas plus ou titre auteur prix livre livres utilisateur utilisateurs recette recettes nom prénom
    el los las una y es son con por para cada debe deben puede pueden quiero crear su sus título autor precio libro libros
    usuario usuarios cliente receta nombre fecha
    il lo gli che di della del dei ogni deve può voglio creare titolo autore prezzo utente utenti ricetta nome
    het een van en zijn met voor na elke moet ik wil boek boeken gebruiker gebruikers klant naam
    och att som är har ett på och ska
""")


@lru_cache(maxsize=CACHED)
def is_english(text: str) -> bool:
    """Whether a text has no more words of other languages than English ones, and is in Latin letters."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    foreign_letters = sum(not word.isascii() for word in words)
    foreign = sum(word in _FOREIGN for word in words)
    more = foreign - sum(word in _ENGLISH for word in words)
    told = more > 1 or (more == 1 and foreign * _FEW >= len(words))
    return not told and foreign_letters * 2 <= len(words)


_FEW = 4
"""A single foreign word tells nothing among more words than this."""


def names_are_english(names: Iterable[str]) -> bool:
    """Whether less than half of the names of things and fields are words of another language."""
    words = [word for name in names for word in re.findall(r"[^\W\d_]+", name.lower())]
    return sum(word in _FOREIGN for word in words) * 2 < len(words) or not words
