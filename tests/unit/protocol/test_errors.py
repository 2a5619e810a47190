"""Reject codes: stable words, and errors that name the rule alone."""

import re

import pytest

from protocol.errors import BY_CODE, ProtocolError, Turn

PUBLISHED = {
    "malformed", "too_large", "schema", "version", "algorithm", "purpose", "key_unknown", "signature", "seal",
    "sealing_key_unknown", "identity", "node_unknown", "node_revoked", "officer_unknown", "officer_revoked",
    "counter_conflict", "number_not_leased", "number_used", "service_unknown", "answers_invalid",
    "attachments_invalid", "quota", "chunk_range", "chunk_auth", "attachment_digest", "proof", "commitment", "topic",
    "enrolment",
}  # fmt: skip


def test_a_published_code_stays() -> None:
    assert set(BY_CODE) >= PUBLISHED  # rule 1 of protocol/errors.py: add a new code here, remove none


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_a_code_is_a_short_word_and_says_whose_turn_it_is(code: str) -> None:
    kind = BY_CODE[code]
    assert re.fullmatch(r"[a-z_]{4,40}", code)
    assert isinstance(kind.turn, Turn)
    assert issubclass(kind, ProtocolError)
    assert (str(kind()), str(kind("a rule"))) == (code, f"{code}: a rule")
