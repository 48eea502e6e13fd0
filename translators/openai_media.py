"""Images, files and sound as both of OpenAI's dialects say them: data URLs and file ids <-> the neutral parts."""

from typing import Final

from translators.conversation import CacheMark, File, Image
from translators.data_urls import IMAGE_TYPES, SUFFIX_OF_MEDIA_TYPE, data_url, split_data_url, type_of_name

OWN_FILE_ID: Final = "file-"
"""How OpenAI's file ids begin; another vendor's id names nothing there."""


def read_image(url: str, detail: str | None, cache: CacheMark | None) -> Image:
    """`url`: of the web, or the data."""
    split = split_data_url(url)
    if split is None:
        return Image(url=url, detail=detail, cache=cache)
    return Image(split[0], split[1], detail=detail, cache=cache)


def read_file(file_data: str, name: str, cache: CacheMark | None) -> File:
    """`file_data` is a data URL or, from some clients, bare base64 whose type the file's name tells."""
    media_type, data = split_data_url(file_data) or ("", file_data)
    return File(media_type or type_of_name(name), data, name=name, cache=cache)


def bare_data(said: str) -> str:
    """Base64, which some clients put into a data URL."""
    split = split_data_url(said)
    return said if split is None else split[1]


def unsayable_image(image: Image) -> str:
    """Why OpenAI would refuse it; "" where it would not."""
    if image.url and not image.url.startswith(("https://", "http://", "data:")):
        return "an image at an address that is not of the web"
    if not image.url and image.media_type and image.media_type not in IMAGE_TYPES:
        return f"an image of type {image.media_type}"
    return ""


def image_url(image: Image) -> str:
    """Where it is, or what it is."""
    return image.url or data_url(image.media_type or "image/png", image.data)


def titled(file: File) -> str:
    """The words of a file that is text, under its title."""
    heading = "\n".join(line for line in (file.name, file.context) if line)
    return f"{heading}\n\n{file.text}" if heading else file.text


def named_data(file: File) -> tuple[str, str]:
    """The name that a file must have, and its data URL."""
    media_type = file.media_type or type_of_name(file.name)
    name = file.name or f"document.{SUFFIX_OF_MEDIA_TYPE.get(media_type, 'bin')}"
    return name, data_url(media_type, file.data)
