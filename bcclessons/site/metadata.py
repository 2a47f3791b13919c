"""What search engines, and services that show a preview of a link, read of a page."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bcclessons.console.text import Language
from bcclessons.course.lesson import Lesson
from bcclessons.site import card_font

_LOCALES = {Language.JA: "ja_JP", Language.EN: "en_US"}
_LIMITS = {Language.JA: 120, Language.EN: 200}
"""How many characters of a description are shown at most."""
_HOMES = ("", "en/", "index.html", "en/index.html")
_LICENSE = "https://www.apache.org/licenses/LICENSE-2.0"

_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)


@dataclass(frozen=True)
class Metadata:
    """The metadata of a page, for theme/partials/metadata.html.

    ``course`` is the name of the course, ``subject`` what it is about, and ``name`` the
    page's own. ``path`` is the page's, from the root of the site; ``site`` is the
    address of the site with a slash at its end, or "" where it is not known: then no
    address is absolute, and what must be (Open Graph, canonical) is left out.
    ``translations`` are the paths of the page in each language. ``lesson`` is None but
    for a lesson's page; ``lessons`` are the course's, with the paths of their pages.
    """

    language: Language
    course: str
    subject: str
    name: str
    description: str
    path: str
    site: str
    translations: Mapping[Language, str]
    lesson: Lesson | None
    lessons: Mapping[str, Lesson]

    @property
    def is_public(self) -> bool:
        """Whether the address is one at which others can reach the site."""
        own = r"https?://(127\.|localhost\b|\[)"
        return bool(self.site) and not re.match(own, self.site)

    @property
    def has_card(self) -> bool:
        """Whether a picture stands for the page."""
        return self.is_public and card_font.can_draw()

    @property
    def locale(self) -> str:
        """The language as Open Graph names it."""
        return _LOCALES[self.language]

    @property
    def other_locales(self) -> list[str]:
        """The languages of the page's translations, as Open Graph names them."""
        return [_LOCALES[each] for each in self.translations if each != self.language]

    @property
    def alternates(self) -> dict[str, str]:
        """The path of each translation by its language.

        Who reads neither language is more likely to read English: x-default.
        """
        found = {language.value: path for language, path in self.translations.items()}
        if Language.EN in self.translations:
            found["x-default"] = self.translations[Language.EN]
        return found

    @property
    def title(self) -> str:
        """The title of the page where it stands without the site around it."""
        return f"{self.course}: {self.subject}" if self.is_home else self.name

    @property
    def is_home(self) -> bool:
        """Whether it is the first page of its language."""
        return self.path in _HOMES

    @property
    def card(self) -> str:
        """The path of that picture."""
        name = self.path.removesuffix("/").removesuffix(".html").replace("/", "-")
        return f"cards/{name or 'home'}.png"

    @property
    def json_ld(self) -> str:
        """The course or the lesson in the words of schema.org, "" for other pages."""
        if self.lesson is not None:
            data = {
                **self._resource(self.path, self.lesson),
                "description": self.description,
                "isPartOf": self._course(),
            }
        elif self.is_home:
            data = {
                **self._course(),
                "description": self.description,
                "hasPart": [self._resource(*each) for each in self.lessons.items()],
            }
        else:
            return ""
        text = json.dumps(
            {"@context": "https://schema.org", **data}, ensure_ascii=False, indent=1
        )
        return text.replace("</", "<\\/")

    def _course(self) -> dict[str, Any]:
        home = "" if self.language is Language.JA else "en/"
        return {
            "@type": "Course",
            "name": self.course,
            **self._url(home),
            "inLanguage": self.language.value,
            "isAccessibleForFree": True,
            "license": _LICENSE,
            "provider": {"@type": "Organization", "name": self.course},
        }

    def _resource(self, path: str, lesson: Lesson) -> dict[str, Any]:
        return {
            "@type": "LearningResource",
            "name": lesson.title.to(self.language),
            **self._url(path),
            "inLanguage": self.language.value,
            "learningResourceType": "lesson",
            "position": lesson.number,
            "teaches": lesson.goal.to(self.language),
            "isAccessibleForFree": True,
            "license": _LICENSE,
        }

    def _url(self, path: str) -> dict[str, str]:
        return {"url": self.site + path} if self.site else {}


def plain(fragment: str) -> str:
    """Return the text of a piece of HTML in one line, without headings' link marks."""
    fragment = re.sub(r'<a class="headerlink".*?</a>', "", fragment)
    text = html.unescape(re.sub(r"<[^>]*>", "", fragment))
    return re.sub(r"\s+", " ", text).strip()


def describe(
    content: str, language: Language, lesson: Lesson | None, course: str
) -> str:
    """Return what a page is about, in whole sentences, as many as are shown.

    They are a lesson's goal, then the first paragraph of the page's HTML; where that
    says little, then what the course is about.
    """
    stop, space = ("．", "") if language is Language.JA else (".", " ")
    paragraphs = (plain(found) for found in _PARAGRAPH.findall(content))
    first = next((text for text in paragraphs if len(text) > 20), "")
    sentences = [
        sentence.strip()
        for sentence in re.findall(r".+?(?:．|[.?](?= |$)|[:：]$|$)", first)
        # A list or a table follows, which is not taken along.
        if not re.search("[:：]$|次の", sentence)
    ]
    if lesson is not None:
        sentences.insert(0, lesson.goal.to(language) + stop)
    if len("".join(sentences)) < _LIMITS[language] / 3:
        sentences.append(course + stop)
    described = ""
    for sentence in sentences:
        longer = f"{described}{space if described else ''}{sentence}"
        if described and len(longer) > _LIMITS[language]:
            break
        described = longer
    return described
