"""The frame of a page: whether its style and script lie beside it or in it, and what the browser may load."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from markupsafe import Markup

from clemsim.html.environment import asset, version_of

SERVED = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ENDS = re.compile("<(?=/script|!--)", re.IGNORECASE)  # what would end a script within a page


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the way from the first page to this one. Without an address it is the page itself."""

    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds the content of a page. `inline`: the page is one file that needs nothing else; `bare`: it is a part of
    such a file, with nothing around it.
    """

    title: str
    crumbs: tuple[Crumb, ...] = ()
    inline: bool = False
    bare: bool = False
    home: str = ""  # the address that the name of the program leads to
    live: str = ""  # the address of the events of a page that changes while it is looked at
    scripts: tuple[str, ...] = field(default=("viewer.js",))
    modules: tuple[str, ...] = ()  # the text of further scripts, which the page holds
    loads: bool = False  # a page that is a file may load scripts that lie below it

    def style(self) -> Markup:
        """Return the style sheet, for a page that holds it."""
        return Markup(asset("style.css").replace("</", "<\\/"))

    def script(self, name: str) -> Markup:
        """Return a script, for a page that holds it."""
        return Markup(asset(name).replace("</script", "<\\/script"))

    def held(self, module: str) -> Markup:
        """Return the text of a further script so that it can stand in a page."""
        return Markup(ENDS.sub(r"<\\", module))

    def address(self, name: str) -> str:
        """Return the address of an asset on the server; it changes with the content."""
        return f"/assets/{name}?{version_of(name)}"

    @property
    def policy(self) -> str:
        """The Content-Security-Policy of a page that is a file: it loads nothing, and runs and shows what lies in it."""
        held = [*(self.script(name) for name in self.scripts), *(self.held(module) for module in self.modules)]
        scripts = " ".join(map(_digest, held)) or "'none'"
        scripts += " 'self'" if self.loads else ""
        style = _digest(self.style())
        loads = f"script-src {scripts}; style-src {style}; img-src data:"
        return f"default-src 'none'; {loads}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
