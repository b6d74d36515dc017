"""How much of a price goes back when the harvest is short: values in, values out."""

from backend.common.fen import Fen


def back_fen(goods_fen: Fen, percent: int) -> Fen:
    """The price of what is not sent, in fen; a broken fen is the backer's. Shipping is not part of it: the parcel still goes."""
    return goods_fen - goods_fen * percent // 100
