"""The site: a MkDocs plugin that makes pages of lessons/ and docs/."""
