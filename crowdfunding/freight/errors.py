"""Refusals of shared shipping prices."""

from backend.common.errors import Refusal


class QuoteNotValid(Refusal):
    """The price does not hold today, or is another county's."""

    status, code = 409, "quote_not_valid"
    zh, en = "这个运价今天不适用于本项目所在县市区", "This price does not hold today for the campaign's county"
    source = "features.md G11"
