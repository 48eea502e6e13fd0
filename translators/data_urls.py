"""Data URLs, and the media types of files whose name alone tells them."""

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

MEDIA_TYPE_OF_SUFFIX: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
    "xml": "application/xml",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
IMAGE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp"})
"""Source: OpenAI's vision guide."""
DEFAULT_MEDIA_TYPE: Final = "application/pdf"
SUFFIX_OF_MEDIA_TYPE: Final[Mapping[str, str]] = {
    media_type: suffix for suffix, media_type in reversed(tuple(MEDIA_TYPE_OF_SUFFIX.items()))
}


def split_data_url(url: str) -> tuple[str, str] | None:
    """Media type and base64 data of a data URL; None for any other text. Source: RFC 2397."""
    if url[:5].lower() != "data:" or "," not in url:
        return None
    head, _, data = url[5:].partition(",")
    media_type, *parameters = head.split(";")
    if parameters and parameters[-1].strip().lower() == "base64":
        return media_type, data
    return media_type or "text/plain", base64.b64encode(unquote_to_bytes(data)).decode()


def data_url(media_type: str, data: str) -> str:
    """What `split_data_url` takes apart."""
    return f"data:{media_type};base64,{data}"


def type_of_name(name: str) -> str:
    """By the end of the name; a document of an unknown kind is taken for a PDF."""
    return MEDIA_TYPE_OF_SUFFIX.get(name.rpartition(".")[2].lower(), DEFAULT_MEDIA_TYPE)
