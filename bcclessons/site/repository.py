"""The repository of the course, on the site: its address, once it is published."""

from __future__ import annotations

from html import escape


def link(address: str) -> str:
    """Return the link to the repository, for the footer of each page."""
    return f'<a href="{escape(address)}">{escape(address)}</a>'


def with_clone(markdown: str, address: str) -> str:
    """Put the command that clones the repository before the first ``./lab run``.

    Without an address, return the Markdown as it is.
    """
    if not address:
        return markdown
    folder = address.rstrip("/").rpartition("/")[2].removesuffix(".git")
    clone = f"git clone {address}\ncd {folder}\n"
    return markdown.replace("```sh\n./lab run", f"```sh\n{clone}./lab run", 1)
