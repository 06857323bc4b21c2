"""The language of a text, by its letters and, where several languages have the same, by their commonest words.

It is enough for a few sentences in one of the languages below, needs nothing to be installed, and says where it does not
know: the words of one language must outnumber those of any other.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

MOST = 2000  # characters of a text that are looked at
FEWEST = 20  # letters, of Chinese and Japanese 4; of less nothing is said
UNKNOWN = ""

# Scripts that few languages have: the language that is taken for theirs, and the range of their letters.
_SCRIPTS = {
    "Japanese": "\u3041-\u30ff",
    "Chinese": "\u4e00-\u9fff",
    "Korean": "\uac00-\ud7a3\u1100-\u11ff",
    "Arabic": "\u0620-\u064a\u066e-\u06d3",
    "Hebrew": "\u05d0-\u05ea",
    "Greek": "\u0370-\u03ff",
    "Hindi": "\u0900-\u097f",
    "Thai": "\u0e01-\u0e5b",
    "Cyrillic": "\u0400-\u04ff",
    "Latin": "A-Za-z\u00c0-\u024f\u1e00-\u1eff",
}
_LETTERS = {name: re.compile(f"[{letters}]") for name, letters in _SCRIPTS.items()}
_WORD = re.compile(r"[^\W\d_]+")
_KANA = 0.1  # share of kana among the letters of a Japanese text at least; the others are Chinese characters

# The commonest words of each language, without those of one letter.
_WORDS = {
    "English": "the of and to in is that it for was on are as with be at this have from or not but you we can if will",
    "German": "der die und das ist nicht den von mit sich auf für im dem ein eine es wir sie ich als auch nach wird",
    "French": "les des est et dans pour que qui une pas sur avec nous vous ce il je au du le la sont mais cette ou",
    "Spanish": "los las del que en el por con una para es un su se como más pero este está son muy también debe porque",
    "Portuguese": "os dos das que do da em um uma para com não por mais se como mas foi são ao também deve isso ele",
    "Italian": "il di che la per un non sono con una del della le si da come più ma questo anche nel gli essere alla",
    "Dutch": "de het een van en dat niet zijn voor met op te aan er maar ook als bij dit wordt deze kan naar we ik",
    "Swedish": "och att det som en på är av för med den till inte jag om har vi ett var så kan från men ska eller",
    "Danish": "og at det er en på af for med den til ikke jeg som har vi et var så kan fra men skal eller denne hvad",
    "Polish": "nie się na jest to że do jak ale co tak za od przez może dla czy tym które są lub jego tego być już",
    "Czech": "je se na že to ale jako jsem pro by tak od jsou nebo které když být tento má také podle aby ve jeho může",
    "Turkish": "bir ve bu için ile da de çok olarak daha ne gibi var olan değil ama her kadar sonra ben en ki ya",
    "Indonesian": "yang dan di ini dengan untuk dari tidak itu dalam akan pada adalah saya ada ke bisa oleh juga atau",
    "Vietnamese": "là và của không có được cho một này trong với các tôi người để những đã thì khi như từ đó phải về",
    "Russian": "и в не на что он как это по но из для мы его все за так от если же или быть есть нет при чтобы",
    "Ukrainian": "і в не на що він як це по але з для ми його все за так від якщо або бути є немає при щоб та",
}
_OF_LATIN = {name: frozenset(words.split()) for name, words in _WORDS.items() if name not in ("Russian", "Ukrainian")}
_OF_CYRILLIC = {name: frozenset(words.split()) for name, words in _WORDS.items() if name in ("Russian", "Ukrainian")}
LANGUAGES = (*_WORDS, *(name for name in _SCRIPTS if name not in ("Cyrillic", "Latin")))


@lru_cache(maxsize=4096)
def language_of(text: str) -> str:
    """Return the name of the language of a text, one of LANGUAGES; UNKNOWN where there is too little, or no language leads.

    Of a text of two languages it is that of which there is more. Only the first MOST characters are looked at.
    """
    start = text[:MOST]
    counts = {name: len(letters.findall(start)) for name, letters in _LETTERS.items()}
    together = sum(counts.values())
    east_asian = counts["Japanese"] + counts["Chinese"]  # each letter says as much as three of an alphabet
    if east_asian >= 4 and 3 * east_asian > together - east_asian:
        return "Japanese" if counts["Japanese"] > _KANA * east_asian else "Chinese"
    if together < FEWEST:
        return UNKNOWN
    script = max(counts, key=counts.__getitem__)
    if script == "Latin":
        return _leader(start, _OF_LATIN)
    return _leader(start, _OF_CYRILLIC) if script == "Cyrillic" else script


def _leader(text: str, words: dict[str, frozenset[str]]) -> str:
    """Return the language whose common words are most frequent in a text; UNKNOWN where that is no one."""
    found = Counter(_WORD.findall(text.lower()))
    hits = sorted(((sum(found[word] for word in common), name) for name, common in words.items()), reverse=True)
    (most, name), (second, _) = hits[:2]
    return name if most >= 2 and most > second else UNKNOWN
