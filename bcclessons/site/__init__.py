"""The website: Markdown of lessons, its adapter to MkDocs, the theme; imports course, setup, console."""
