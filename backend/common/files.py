"""Files that people hand in (附件): known by their content, kept under their hash, never where a browser would run them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import PurePath

import puremagic
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse
from PIL import Image, UnidentifiedImageError

from backend.common.errors import Invalid

MOST_BYTES = 5_000_000
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 1_600
"""What pages show of a picture, in pixels: more would only make it slow."""
ENDINGS = {"image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "application/pdf": (".pdf",)}
"""What is taken, by what its first bytes say, and the endings that go with it."""
_BROKEN = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
)
"""What decoding a picture that is none may end in."""
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}


@dataclass(frozen=True)
class Kept:
    """A file as it is kept: hashes in hex of what came and of what is kept, size in bytes."""

    name: str
    mime: str
    size: int
    sha256: str
    received_sha256: str


def keep(name: str, body: bytes) -> Kept:
    """Check a file and keep it under the hash of its content; the same content is kept once.

    Pictures are written anew, which drops the place and device that cameras put into them; so the hash of what
    came is noted beside the hash of what is kept.

    Raises:
        Invalid: empty, too large, of another kind than its name says, or no kind that is taken.
    """
    mime = _checked(name, body)
    return _store(name, mime, _anew(body, _FORMATS[mime])[0] if mime in _FORMATS else body, body)


def keep_picture(name: str, body: bytes) -> tuple[Kept, int, int]:
    """Keep a picture to be shown, at most 1,600 pixels long, with its width and height in pixels.

    Raises:
        Invalid: as for `keep`, or no picture.
    """
    mime = _checked(name, body)
    if mime not in _FORMATS:
        raise Invalid("请上传 JPG 或 PNG 图片", "Upload a JPG or PNG picture", field="file")
    kept, (width, height) = _anew(body, _FORMATS[mime], longest=LONGEST_SIDE)
    return _store(name, mime, kept, body), width, height


def _checked(name: str, body: bytes) -> str:
    """What a file is, where that is taken and its name says the same."""
    if not body or len(body) > MOST_BYTES:
        raise Invalid("文件须大于 0、不超过 5 MB", "The file must not be empty, and at most 5 MB", field="file")
    mime = _mime(body)
    if PurePath(name).suffix.lower() not in ENDINGS.get(mime, ()):
        raise _not_taken()
    return mime


def _store(name: str, mime: str, kept: bytes, body: bytes) -> Kept:
    ending = PurePath(name).suffix.lower()
    digest = hashlib.sha256(kept).hexdigest()
    if not default_storage.exists(_place(digest)):
        default_storage.save(_place(digest), ContentFile(kept))
    stem = "".join(letter for letter in PurePath(name).stem if letter.isalnum() or letter in " -_")[:60].strip()
    return Kept(f"{stem or 'file'}{ending}", mime, len(kept), digest, hashlib.sha256(body).hexdigest())


def read(sha256: str) -> bytes:
    """The content under a hash.

    Raises:
        FileNotFoundError: it is not kept here.
        ValueError: it is no longer what it was.
    """
    with default_storage.open(_place(sha256)) as file:
        body = bytes(file.read())
    if hashlib.sha256(body).hexdigest() != sha256:
        raise ValueError(f"the file {sha256} has changed")
    return body


def attachment(sha256: str, mime: str, stem: str) -> HttpResponse:
    """A kept file to be saved and not shown: nothing of it runs here."""
    response = HttpResponse(read(sha256), content_type=mime)
    response.headers["Content-Disposition"] = f'attachment; filename="{stem}{ENDINGS[mime][0]}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def shown(sha256: str, mime: str) -> HttpResponse:
    """A kept picture to be shown on a page; what lies under its address never changes."""
    response = HttpResponse(read(sha256), content_type=mime)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


def unpack(text: str) -> bytes:
    """A file that came as base64.

    Raises:
        Invalid: it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("内容须为 base64", "The content must be base64", field="content") from error


def _place(sha256: str) -> str:
    return f"files/{sha256[:2]}/{sha256}"


def _not_taken() -> Invalid:
    return Invalid(
        "只接受 JPG、PNG 图片和 PDF，扩展名须与内容一致",
        "JPG, PNG and PDF are taken, with the ending that their content has",
        field="file",
    )


def _mime(body: bytes) -> str:
    try:
        return str(puremagic.from_string(body[:4_096], mime=True))
    except (puremagic.PureError, ValueError) as error:
        raise _not_taken() from error


def _anew(body: bytes, form: str, longest: int | None = None) -> tuple[bytes, tuple[int, int]]:
    """The picture alone, decoded, made smaller where it is to be, and written again; with its size."""
    try:
        with Image.open(io.BytesIO(body), formats=[form]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Invalid("图片超过 4000 万像素", "The picture has more than 40 million pixels", field="file")
            plain = Image.new(picture.mode if form == "PNG" else "RGB", picture.size)
            plain.paste(picture if form == "PNG" else picture.convert("RGB"))
            if form == "PNG" and picture.mode == "P":
                plain.putpalette(picture.getpalette() or [])
            if longest is not None:
                plain = _smaller(plain, longest)
    except _BROKEN as error:
        raise _not_taken() from error
    out = io.BytesIO()
    plain.save(out, form)
    return out.getvalue(), plain.size


def _smaller(picture: Image.Image, longest: int) -> Image.Image:
    full = picture.convert("RGBA") if picture.mode == "P" else picture
    full.thumbnail((longest, longest))
    return full
