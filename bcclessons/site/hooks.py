"""The hook that mkdocs.yml names: it adds the plugins, which need no installation."""

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bcclessons.site.adapter import LessonsPlugin
from bcclessons.site.practice import PracticePlugin


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the plugins to this build's.

    It is called once for each language of the site, with the same plugins.
    """
    if "lessons" not in config.plugins:
        config.plugins["lessons"] = LessonsPlugin()
        config.plugins["practice"] = PracticePlugin()
    return config
