"""People: hats with scopes and ends, levels, limits of codes, tokens, leaving."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value, validate_totp_code

from backend.accounts import operations as accounts
from backend.accounts import queries
from backend.accounts.errors import (
    AuthorisedAlready,
    CloseRefused,
    CodesTooMany,
    IdentifierInvalid,
    LastOwner,
    LevelTooLow,
    NotAuthorised,
    OrganisationKnown,
    ProofWrong,
    TokenInvalid,
)
from backend.accounts.models import Membership, Party, User
from backend.common import clock, encryption
from backend.common.actors import SamePerson, require_other_person
from backend.common.errors import Forbidden, Invalid
from crowdfunding.campaigns.models import Pledge
from crowdfunding.campaigns.operations import drafts
from tests.builders import acting, live_campaign, person, reserve

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm():
    owner, at = person(name="负责人"), clock.now()
    party = accounts.found_organisation(
        founder=owner, name="竹器厂", uscc="91350100M000100Y43", county="421223", at=at, level="O2"
    )
    return owner, party


def test_a_clerk_acts_for_the_firm_within_scopes_and_until_the_end(firm):
    owner, party = firm
    clerk, at = person(name="经办人"), clock.now()
    accounts.authorise(
        organisation_id=party.pk, by=owner, user=clerk, role=Membership.CLERK, scopes={"read", "campaigns"},
        until=at + timedelta(days=1), at=at,
    )  # fmt: skip

    hat = queries.actor(clerk, hat=party.pk, at=at)
    assert (hat.party_id, hat.person_id, hat.scopes) == (party.pk, clerk.party_id, {"read", "campaigns"})
    assert drafts.start(owner_id=party.pk, by=hat, at=at).owner_id == party.pk
    campaign, tier = live_campaign()
    with pytest.raises(Forbidden):
        from crowdfunding.campaigns.operations import pledges

        pledges.pledge(
            campaign_id=campaign.pk, tier_id=tier.pk, quantity=1, amount_fen=None, expected_total_fen=None,
            is_anonymous=False, by=hat, at=at,
        )  # fmt: skip
    assert Pledge.objects.count() == 0
    with pytest.raises(NotAuthorised):
        queries.actor(clerk, hat=party.pk, at=at + timedelta(days=2))


def test_only_an_owner_grants_and_the_last_one_stays(firm):
    owner, party = firm
    at, stranger = clock.now(), person()
    with pytest.raises(NotAuthorised):
        accounts.authorise(
            organisation_id=party.pk, by=stranger, user=stranger, role="owner", scopes=set(), until=None, at=at
        )
    mine = Membership.objects.get(organisation=party)
    with pytest.raises(LastOwner):
        accounts.revoke_authorisation(membership_id=mine.pk, by=owner, at=at)
    mine.refresh_from_db()
    assert mine.revoked_at is None


def test_two_hats_are_still_one_person(firm):
    owner, party = firm
    at = clock.now()
    with pytest.raises(SamePerson):
        require_other_person(queries.actor(owner, hat=party.pk, at=at), owner.party_id)


def test_a_pledge_below_the_level_is_refused_before_anything_is_reserved():
    campaign, tier = live_campaign(stock=1)
    with pytest.raises(LevelTooLow):
        reserve(campaign, tier, person(level="L0"))
    tier.refresh_from_db()
    assert (tier.left, Pledge.objects.count()) == (1, 0)


@pytest.mark.parametrize("text", ["", "12345", "23800000000", "a@b", "13800000000\x00", "a@" + "b" * 300 + ".cn"])
def test_what_is_neither_number_nor_mailbox_is_refused(text):
    with pytest.raises(IdentifierInvalid):
        accounts.send_code(identifier=text, session_key="s", address="127.0.0.1", at=clock.now())


def test_codes_are_limited_by_number_whatever_the_address():
    at = clock.now()
    for number in range(accounts.PER_TARGET_AN_HOUR):
        accounts.send_code(identifier="13911112222", session_key="s", address=f"10.0.0.{number}", at=at)
    with pytest.raises(CodesTooMany):
        accounts.send_code(identifier="+8613911112222", session_key="s", address="10.1.1.1", at=at)


def test_a_phone_is_sealed_found_by_hash_and_does_not_open_elsewhere():
    one, two = person(), person()
    assert "139" not in one.phone_sealed
    place = "accounts_user.phone:{}"
    number = encryption.decrypt(one.phone_sealed, place=place.format(one.pk))
    assert accounts.find_user("phone", number) == one
    with pytest.raises(ValueError, match="does not belong"):
        encryption.decrypt(one.phone_sealed, place=place.format(two.pk))
    again = encryption.rewrap(one.phone_sealed, place=place.format(one.pk))
    assert encryption.decrypt(again, place=place.format(one.pk)) == number


def test_a_token_ends_when_it_is_revoked_or_old():
    user, at = person(), clock.now()
    token, text = accounts.make_token(user=user, party_id=user.party_id, name="t", scopes={"read"}, at=at)
    assert queries.token_actor(text, at=at)[1].party_id == user.party_id
    with pytest.raises(TokenInvalid):
        queries.token_actor(text, at=at + accounts.TOKEN_LIVES)
    accounts.revoke_token(token_id=token.pk, user=person(), at=at)
    assert queries.token_actor(text, at=at)
    accounts.revoke_token(token_id=token.pk, user=user, at=at)
    with pytest.raises(TokenInvalid):
        queries.token_actor(text, at=at)


def test_an_account_with_open_business_stays_and_one_without_leaves_nothing_personal():
    campaign, tier = live_campaign()
    backer, free = person(), person()
    reserve(campaign, tier, backer)
    with pytest.raises(CloseRefused):
        accounts.close_account(user_id=backer.pk, at=clock.now())
    assert User.objects.get(pk=backer.pk).is_active

    accounts.close_account(user_id=free.pk, at=clock.now())
    left = User.objects.get(pk=free.pk)
    assert (left.is_active, left.phone_sealed, left.phone_hash, left.email) == (False, "", None, None)
    assert Party.objects.get(pk=free.party_id).name == "已注销用户"
    assert acting(backer).party_id == backer.party_id


def test_a_code_alone_opens_a_named_account_only_on_a_known_device_and_a_fresh_number():
    user, at = person(name="王小明"), clock.now()
    accounts.remember_device(user=user, identifier="13912345678", device="", at=at - timedelta(days=100))
    assert accounts.needs_second_proof(user=user, identifier="13912345678", device="", at=at)

    device = accounts.remember_device(user=user, identifier="13912345678", device="", at=at)
    user.refresh_from_db()
    assert not accounts.needs_second_proof(user=user, identifier="13912345678", device=device, at=at)
    assert accounts.needs_second_proof(user=user, identifier="13912345678", device="stolen or guessed", at=at)
    assert accounts.needs_second_proof(user=user, identifier="13912345678", device=device, at=at + timedelta(days=91))
    assert not accounts.needs_second_proof(user=person(level="L0"), identifier="13912345678", device="", at=at)


def test_a_code_to_a_mailbox_does_not_confirm_the_number():
    user, at = person(name="王小明"), clock.now()
    User.objects.filter(pk=user.pk).update(phone_confirmed_at=at - timedelta(days=91))
    device = accounts.remember_device(user=user, identifier="a@example.com", device="", at=at)
    user.refresh_from_db()
    assert not accounts.needs_second_proof(user=user, identifier="a@example.com", device=device, at=at)
    assert accounts.needs_second_proof(user=user, identifier="13912345678", device=device, at=at)


def test_the_second_proof_is_the_name_or_the_password_and_has_five_tries():
    user, at = person(name="王小明"), clock.now()

    def prove(text: str) -> User:
        return accounts.give_proof(user_id=user.pk, text=text, session_key="s", at=at)

    with pytest.raises(ProofWrong):
        prove("王小明")  # nobody redeemed a code in this browser
    accounts.open_proof(user=user, session_key="s", address="127.0.0.1", at=at)
    for _ in range(4):
        with pytest.raises(ProofWrong):
            prove("李四")
    assert prove(" 王小明 ").pk == user.pk
    with pytest.raises(ProofWrong):
        prove("王小明")

    user.set_password("a-long-password-1")
    user.save()
    accounts.open_proof(user=user, session_key="s", address="127.0.0.1", at=at)
    with pytest.raises(ProofWrong):
        prove("王小明")
    assert prove("a-long-password-1").pk == user.pk
    accounts.open_proof(user=user, session_key="s", address="127.0.0.1", at=at)
    for _ in range(5):
        with pytest.raises(ProofWrong):
            prove("wrong")
    with pytest.raises(ProofWrong):
        prove("a-long-password-1")


def test_an_organisation_has_a_valid_code_once_and_a_member_once(firm):
    owner, party = firm
    at, clerk = clock.now(), person()
    with pytest.raises(Invalid):
        accounts.found_organisation(founder=owner, name="竹器厂", uscc="91350100M000100Y44", county="421223", at=at)
    with pytest.raises(OrganisationKnown):
        accounts.found_organisation(founder=owner, name="竹器厂", uscc="91350100M000100Y43", county="421223", at=at)
    with pytest.raises(LevelTooLow):
        accounts.found_organisation(
            founder=person(level="L0"), name="竹器厂", uscc="91421200MA00DEM00H", county="421223", at=at
        )
    more = {"organisation_id": party.pk, "by": owner, "user": clerk, "role": "clerk", "scopes": {"read"}}
    accounts.authorise(**more, until=at + timedelta(days=1), at=at)
    with pytest.raises(AuthorisedAlready):
        accounts.authorise(**more, until=None, at=at)
    with pytest.raises(Invalid):
        accounts.authorise(**more, until=at, at=at)
    accounts.authorise(**more, until=None, at=at + timedelta(days=2))
    assert Membership.objects.filter(user=clerk, revoked_at=None).count() == 1


def test_a_code_may_be_one_step_late_and_no_more():
    secret, step = generate_totp_secret(), int(time.time()) // 30
    late = [format_hotp_value(hotp_value(secret, step - back)) for back in (1, 3)]
    assert [validate_totp_code(secret, code) for code in late] == [True, False]
