"""Whether a request comes from a web page, which must not spend the credentials of whoever looks at it.

A browser that uses the proxy lets any page POST to a vendor without asking (`mode: "no-cors"`, forms), and there is no
key that the page would have to know. What a page sends goes to the vendor, with what credentials it has itself: pages
that run a vendor's SDK (`dangerouslyAllowBrowser`) bring their own.

Browsers say with each POST where it comes from, and no page can change that. Programs are told apart by it: Node's
fetch sends `Sec-Fetch-Mode: cors` alone, Electron's net module `Sec-Fetch-Site: none`, and the windows of editors and
extensions have origins of their own (`vscode-file://vscode-app`, `chrome-extension://...`).
Sources: Fetch, section 3.2 (Origin; `null` for what is opaque, such as sandboxed frames and files); Fetch Metadata
Request Headers, sections 2.3 and 2.4; both headers are forbidden to scripts.
"""

from collections.abc import Mapping
from typing import Final

_WEB: Final = ("http://", "https://")
_OPAQUE: Final = "null"
_BETWEEN_PAGES: Final = frozenset(("cross-site", "same-origin", "same-site"))


def is_from_page(headers: Mapping[str, str]) -> bool:
    """By the request's headers, whose names are found in any case."""
    origin = headers.get("origin", "").strip().lower()
    if origin:
        return origin == _OPAQUE or origin.startswith(_WEB)
    return headers.get("sec-fetch-site", "").strip().lower() in _BETWEEN_PAGES
