"""The hook that mkdocs.yml names: it adds the plugin, which needs no installation."""

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bcclessons.site.adapter import LessonsPlugin


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the plugin, with its options from ``extra.lessons``, to this build's.

    It is called once for each language of the site, with the same plugins.
    """
    if "lessons" not in config.plugins:
        plugin = LessonsPlugin()
        options = config.extra.get("lessons", {})
        plugin.load_config(options, config_file_path=config.config_file_path)
        config.plugins["lessons"] = plugin
    return config
