"""Refusals of sign-in, acting and levels."""

from backend.common.errors import Refusal


class CodeWrong(Refusal):
    """The code does not fit, is used, too old, or was tried too often; which one is not said."""

    status, code = 400, "code_wrong"
    zh, en = "验证码不正确或已失效", "The code is wrong or no longer valid"
    remedy_zh, remedy_en = "请核对后重试，或重新获取验证码", "Check it, or ask for a new one"


class ProofWrong(Refusal):
    """The second proof does not fit, or was tried too often; which one is not said."""

    status, code = 400, "proof_wrong"
    zh, en = "验证未通过", "That does not match"
    remedy_zh, remedy_en = "请核对后重试；多次不符须重新获取验证码", "Check it; after several misses ask for a new code"
    source = "security.md §2: recycled numbers"


class OrganisationKnown(Refusal):
    """The credit code is registered already."""

    status, code = 409, "organisation_known"
    zh, en = "该统一社会信用代码已注册", "This credit code is registered already"
    remedy_zh, remedy_en = "请联系该组织的负责人授权", "Ask the organisation's owner to authorise you"
    source = "features.md A1"


class AuthorisedAlready(Refusal):
    """The person is a member already."""

    status, code = 409, "authorised_already"
    zh, en = "该用户已是成员", "This person is a member already"
    source = "features.md A6"


class CodesTooMany(Refusal):
    """More codes asked for than the limits allow."""

    status, code = 429, "codes_too_many"
    zh, en = "获取验证码过于频繁，请稍后再试", "Too many codes were asked for; please try again later"


class IdentifierInvalid(Refusal):
    """Neither a mobile number nor an e-mail address."""

    status, code = 400, "identifier_invalid"
    zh, en = "请输入手机号或邮箱地址", "Enter a mobile number or an e-mail address"


class LevelTooLow(Refusal):
    """The act needs a higher real-name level (实名等级)."""

    status, code = 403, "level_too_low"
    zh, en = "此操作需要实名等级 {needed}，您目前为 {held}", "This needs real-name level {needed}; yours is {held}"
    remedy_zh, remedy_en = "到“我的账户”完成实名认证", "Complete verification under “My account”"
    source = "domain.md identity.level"


class NotAuthorised(Refusal):
    """No live authorisation to act for the organisation, or not for this act."""

    status, code = 403, "not_authorised"
    zh, en = "您没有以该组织名义办理此事的有效授权", "You hold no live authorisation to do this for the organisation"
    source = "features.md A1, A6"


class LastOwner(Refusal):
    """The last owner of an organisation cannot be removed."""

    status, code = 409, "last_owner"
    zh, en = "组织至少需要一位负责人", "An organisation keeps at least one owner"
    source = "features.md A1"


class ContactTaken(Refusal):
    """A number or mailbox of another account, asked for by somebody who is not verified."""

    status, code = 409, "contact_taken"
    zh, en = "该手机号或邮箱已被其他账户使用", "Another account uses this number or mailbox"
    remedy_zh, remedy_en = "完成实名后可以认领您本人的号码", "Once verified you can claim a number of your own"
    source = "security.md §2"


class ContactChangedLately(Refusal):
    """A payout shortly after a change of number or mailbox."""

    status, code = 409, "contact_changed_lately"
    zh, en = (
        "更换手机号或邮箱后 {hours} 小时内不能收款",
        "No payouts within {hours} hours after a change of number or e-mail",
    )
    source = "security.md §2"


class StepUpNeeded(Refusal):
    """The act needs a proof of identity from the last five minutes."""

    status, code = 403, "step_up_needed"
    zh, en = "请先再次验证身份", "Please confirm your identity again first"
    source = "features.md A7"


class SecondFactorNeeded(Refusal):
    """A staff role without a second factor."""

    status, code = 403, "second_factor_needed"
    zh, en = "工作人员须先启用并通过二次验证", "Staff must set up and pass a second factor first"
    source = "security.md §2"


class TokenInvalid(Refusal):
    """An API token that is unknown, expired or revoked."""

    status, code = 401, "token_invalid"
    zh, en = "访问令牌无效或已过期", "The token is invalid or has expired"


class ScopeMissing(Refusal):
    """The token or mandate does not reach this far."""

    status, code = 403, "scope_missing"
    zh, en = "授权范围不包含“{scope}”", "The authorisation does not include “{scope}”"


class CloseRefused(Refusal):
    """An account with money or disputes open cannot be closed."""

    status, code = 409, "close_refused"
    zh, en = "账户尚有未了事项：{what_zh}", "The account still has open business: {what_en}"
    source = "features.md A9"
