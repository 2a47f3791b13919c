"""The website: Markdown of lessons, its adapter to MkDocs, the theme; may import course, setup, console."""
