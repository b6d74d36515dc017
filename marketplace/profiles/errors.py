"""Refusals of profiles."""

from backend.common.errors import Refusal


class TooManyPieces(Refusal):
    """More pieces of work than a profile shows."""

    status, code = 409, "too_many_pieces"
    zh, en = "最多展示 {most} 件作品，请先移除一件", "At most {most} pieces: remove one first"


class PieceThere(Refusal):
    """A picture that the profile shows already."""

    status, code = 409, "piece_there"
    zh, en = "这张图片已在作品中", "This picture is there already"
