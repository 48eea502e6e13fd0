"""The proxy as clients that keep calling their vendor see it: the vendors' names lead to what a test puts there."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.proxy import Proxy

REDIRECT: Final = Path(__file__).with_name("redirect_vendors.py")
TELL: Final = Path(__file__).with_name("tell_requests.py")
HOSTS: Final = "CLIPROXY_TEST_HOSTS"


@contextmanager
def proxied(config: Mapping[str, Any], hosts: Mapping[str, int], **more: Any) -> Iterator[Proxy]:
    """`hosts`: name -> port on loopback; all others can't be reached. What it dials, it trusts. Its log tells how each
    request was asked."""
    environ = {HOSTS: json.dumps(hosts)}
    with Proxy(config, scripts=[REDIRECT, TELL], options={"ssl_insecure": "true"}, environ=environ, **more) as proxy:
        proxy.wait_for(rf"listening at 127\.0\.0\.1:{proxy.intercept_port}\b")
        yield proxy
