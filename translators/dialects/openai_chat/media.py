"""Images, files and sound: chat's data URLs <-> the neutral parts."""

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from translators.conversation import Audio, CacheMark, File, Image
from translators.dialects.openai_chat import wire

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
_SUFFIX_OF_MEDIA_TYPE: Final[Mapping[str, str]] = {
    media_type: suffix for suffix, media_type in reversed(tuple(MEDIA_TYPE_OF_SUFFIX.items()))
}
OWN_FILE_ID: Final = "file-"
"""How OpenAI's file ids begin; another vendor's id names nothing there."""


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
    return f"data:{media_type};base64,{data}"


def decode_image(part: wire.ImagePart, cache: CacheMark | None) -> Image:
    given = part.image_url
    url, detail = (given, None) if isinstance(given, str) else (given.url, given.detail)
    split = split_data_url(url)
    if split is None:
        return Image(url=url, detail=detail, cache=cache)
    media_type, data = split
    return Image(media_type=media_type, data=data, detail=detail, cache=cache)


def encode_image(image: Image) -> wire.ImagePart | str:
    """The part, or why chat can't say it."""
    if image.url and not image.url.startswith(("https://", "http://", "data:")):
        return "an image at an address that is not of the web"
    if not image.url and image.media_type and image.media_type not in IMAGE_TYPES:
        return f"an image of type {image.media_type}"
    url = image.url or data_url(image.media_type or "image/png", image.data)
    return wire.ImagePart(wire.ImageUrl(url, image.detail))


def decode_file(part: wire.FilePart, cache: CacheMark | None) -> File:
    """`file_data` is a data URL or, from some clients, bare base64 whose type the file's name tells."""
    file = part.file
    name = file.filename or ""
    if not file.file_data:
        return File(file_id=file.file_id or "", name=name, cache=cache)
    split = split_data_url(file.file_data)
    media_type, data = (_type_of_name(name), file.file_data) if split is None else split
    return File(media_type=media_type or _type_of_name(name), data=data, name=name, cache=cache)


def encode_file(file: File) -> wire.FilePart | wire.TextPart | str:
    """The part, or why chat can't say it. Text goes as text, under its title."""
    if file.text:
        heading = "\n".join(line for line in (file.name, file.context) if line)
        return wire.TextPart(f"{heading}\n\n{file.text}" if heading else file.text)
    if file.data:
        media_type = file.media_type or _type_of_name(file.name)
        name = file.name or f"document.{_SUFFIX_OF_MEDIA_TYPE.get(media_type, 'bin')}"
        return wire.FilePart(wire.FileData(file_data=data_url(media_type, file.data), filename=name))
    if file.file_id.startswith(OWN_FILE_ID):
        return wire.FilePart(wire.FileData(file_id=file.file_id))
    return "a file by id of another vendor" if file.file_id else "chat takes no files by address"


def decode_audio(part: wire.AudioPart) -> Audio:
    split = split_data_url(part.input_audio.data)
    return Audio(data=part.input_audio.data if split is None else split[1], format=part.input_audio.format)


def _type_of_name(name: str) -> str:
    return MEDIA_TYPE_OF_SUFFIX.get(name.rpartition(".")[2].lower(), DEFAULT_MEDIA_TYPE)
