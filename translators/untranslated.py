"""What a dialect has in place of the functions of a side on which it does not stand (see Dialect.sides)."""

from typing import NoReturn

from translators.errors import NotYet


def untranslated(*_: object) -> NoReturn:
    """Raises NotYet. Who asks can_translate first does not get here."""
    raise NotYet("this one", "of the other side")
