"""What the tests of this dialect share: its streams and recordings."""

from functools import partial

from tests.support import recordings, streams
from translators.dialects.openai_chat import DIALECT

recorded = partial(recordings.recorded, DIALECT.name)
decode = partial(streams.decode, DIALECT)
encode = partial(streams.encode, DIALECT)
