"""config.yaml: CLIProxyAPI's file, read once and checked.

`model` and `entries` say what the keys mean, `inactive` which keys are accepted without being acted on, `keys` what is
said of the others, `usable` what is left out, `checks` what must go together, `problems` words the mistakes, `load`
puts them together. `difference` says what an edit changed.
"""

from addons.settings.keys import Note
from addons.settings.load import CONFIG_NAME, Loaded, SettingsError, find_config, load, parse
from addons.settings.model import Routing, Settings

__all__ = [
    "CONFIG_NAME",
    "Loaded",
    "Note",
    "Routing",
    "Settings",
    "SettingsError",
    "find_config",
    "load",
    "parse",
]
