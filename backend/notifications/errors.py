"""Refusals of notifications."""

from backend.common.errors import Refusal


class CannotMute(Refusal):
    """A legal notice turned off."""

    status, code = 409, "cannot_mute"
    zh, en = "“{kind_zh}”涉及您的权利，不能关闭", "“{kind_en}” concerns your rights and cannot be turned off"
    source = "features.md P5"
