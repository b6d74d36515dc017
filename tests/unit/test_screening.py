"""What a moderator is pointed to, and what not."""

import pytest

from backend.moderation import screening


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("联系我：138 1234 5678", "phone"),
        ("电话１３８１２３４５６７８", "phone"),
        ("手机一三八一二三四五六七八", "phone"),
        ("写信到 a.b@example.com", "mail"),
        ("详见 https://example.com/x", "link"),
        ("加微信号：zhu_zi88", "chat"),
        ("QQ群 12345678", "chat"),
    ],
)
def test_a_way_around_the_platform_is_found(text, kind):
    assert kind in {found.kind for found in screening.contacts("story", text)}


@pytest.mark.parametrize(
    "text",
    [
        "楠竹剖篾二十七道工序，一只盒子",
        "2026 年 10 月 1 日发货，共 1200 份",
        "海拔 800 米，年产 13800 斤",
        "一二三四道茶",
    ],
)
def test_ordinary_sentences_are_left_alone(text):
    assert not list(screening.contacts("story", text))
    assert not list(screening.promises("story", text))


def test_a_promise_of_money_is_shown_with_its_sentence():
    found = list(screening.promises("story", "支持满一万元，每年按出资额分红，绝对可靠"))
    assert [one.kind for one in found] == ["promise"] and "按出资额分红" in found[0].words


def test_a_copied_story_is_found_and_another_is_not():
    story = "竹海深处的老篾匠用三年生楠竹剖篾编器，从选竹、刮青到收口共二十七道工序，每一道都要凭手感。"
    copied = story.replace("老篾匠", "老 师 傅").replace("，", "、")
    other = "崇阳的桂花今年开得晚，我们和三十户农家一起在雨停之后采收，用古法窨制成茶，再装进青瓷小罐里寄给您。"
    assert [name for name, _percent in screening.alike(story, [("copy", copied), ("other", other)])] == ["copy"]
    assert not list(screening.alike("太短", [("same", "太短")]))
