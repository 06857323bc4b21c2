"""The site of these pages, made by Sphinx: `make docs`."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import clemsim

HERE = Path(__file__).parent
MERMAID = HERE / "_static" / "mermaid.min.js"  # `make docs` gets it from npm; without it, diagrams are shown as their text

project = "clemsim"
version = release = clemsim.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
default_role = "code"  # docstrings put code between single backticks
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]
suppress_warnings = ["myst.xref_missing"]  # pages also lead to files of the repository, which are not of the site
nitpicky = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True, "exclude-members": "model_config"}
python_use_unqualified_type_names = True
html_theme = "furo"
html_title = "clemsim"
html_show_sphinx = False
html_static_path = ["_static"] if MERMAID.exists() else []
html_js_files = ["mermaid.min.js"] if MERMAID.exists() else []


class Mermaid(Directive):
    """A diagram in the language of Mermaid, drawn by the browser."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the diagram."""
        text = "\n".join(self.content)
        if not MERMAID.exists():
            return [nodes.literal_block(text, text)]
        escaped = nodes.raw("", f'<pre class="mermaid">{_escape(text)}</pre>', format="html")
        return [escaped]


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _check_complete(app: Sphinx) -> None:
    """Raise ExtensionError unless the reference names everything public."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((HERE / "api").glob("*.md")))
    missing = [name for name in clemsim.__all__ if f"clemsim.{name}\n" not in text]
    if missing:
        raise ExtensionError(f"docs/api leaves out {', '.join(missing)}")


def setup(app: Sphinx) -> None:
    """Add the directive for diagrams, and the check of the reference."""
    app.add_directive("mermaid", Mermaid)
    app.connect("builder-inited", _check_complete)
