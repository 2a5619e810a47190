"""Somebody at a desk of the regency who works the queue off at the pages, as most people would. Seeded habits.

The worker knows the addresses of the forms and what may be typed into them; which of them a case page offers is the
hub's decision.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from random import Random

from deploy.demo.browser import Page
from deploy.demo.clerk import Clerk, LateError

MOST_STEPS = 3
"""Moves that one person makes with one case at one go."""

Typed = Mapping[str, str]
_CHECKBOX = re.compile(r'<input[^>]*name="documents"[^>]*>')
_VALUE = re.compile(r'value="([^"]+)"')
_AMOUNT = re.compile(r'<td class="nowrap">Rp([0-9.]+)')
_PAYMENT_CODE = re.compile(r'<td class="mono nowrap">([^<–]+)</td>')


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Shares of what happens to cases."""

    left: float = 0.15
    """Not touched today."""
    returned: float = 0.06
    conditions: float = 0.12
    opposed: float = 0.03
    refused: float = 0.05
    declined: float = 0.1
    """Second persons who do not agree with a proposal."""


class DeskWorker:
    """One person with a queue."""

    def __init__(
        self,
        clerk: Clerk,
        random: Random,
        habits: Habits,
        *,
        today: Callable[[], str],
        may_return: Callable[[Page], bool],
    ) -> None:
        """Sit down; ``may_return`` says of which cases a correction would be answered."""
        self._clerk, self._random, self._habits = clerk, random, habits
        self._today, self._may_return = today, may_return

    def work(self, most: int) -> Counter[str]:
        """Work at most so many cases of the queue and return what was done.

        Raises:
            BrowserError: a page refused what it had offered.
        """
        moves = Counter[str]()
        for case in list(islice(self._clerk.queue(), most)):
            if self._random.random() < self._habits.left:
                continue
            for _ in range(MOST_STEPS):
                try:
                    done = self._step(case)
                except LateError:  # somebody at another desk was faster: look again
                    continue
                if not done:
                    break
                moves[done] += 1
        return moves

    def _step(self, case: str) -> str:
        """Make the first move that the page offers and this person makes; return what it was."""
        page = self._clerk.open(case)
        for ending, choose in self._choices().items():
            if self._clerk.may(page, ending) and (typed := choose(page)) is not None:
                self._clerk.move(page, ending, typed)
                return ending
        for place in ("fee", "letter"):
            if f'href="{case}/{place}"' in page.text and (done := self._at_side_page(f"{case}/{place}")):
                return done
        return ""

    def _choices(self) -> dict[str, Callable[[Page], Typed | None]]:
        return {
            "answer": self._answer,
            "ask": self._ask,
            "complete": lambda _: {},
            "take": lambda _: {},
            "minutes": lambda _: (
                self._opinion() | {"day": "2026-10-01", "where": "Lokasi pemohon", "people": "Tim teknis dan pemohon"}
            ),
            "opinion": lambda _: self._opinion(),
            "finish": self._finish,
            "decide": self._decide,
            "confirm": lambda _: {"agrees": "yes", "note": "Sesuai dengan pemeriksaan dinas."},
            "hand-over": lambda _: {"note": ""},
        }

    def _answer(self, page: Page) -> Typed | None:
        if page.text.count(self._clerk.name) > 1:  # once in the head of the page; again: it is their own proposal
            return None
        is_against = self._random.random() < self._habits.declined
        note = "Alasan penolakan belum cukup; periksa sekali lagi." if is_against else "Setuju dengan alasannya."
        return {"agrees": "no" if is_against else "yes", "note": note}

    def _ask(self, page: Page) -> Typed | None:
        document = next((_VALUE.search(box) for box in _CHECKBOX.findall(page.text)), None)
        is_fresh = self._clerk.may(page, "complete")
        if (
            not is_fresh
            or document is None
            or self._random.random() > self._habits.returned
            or not self._may_return(page)
        ):
            return None
        note = "Foto terlalu gelap, mohon difoto ulang."
        return {"reason": "document_unreadable", "documents": document[1], "note": note}

    def _opinion(self) -> dict[str, str]:
        chance = self._random.random()
        if chance < self._habits.opposed:
            return {"verdict": "no", "note": "Lokasi tidak sesuai dengan rencana tata ruang."}
        if chance < self._habits.opposed + self._habits.conditions:
            return {"verdict": "conditions", "note": "Dengan syarat saluran air tidak tertutup."}
        return {"verdict": "yes", "note": "Persyaratan teknis terpenuhi."}

    def _finish(self, page: Page) -> Typed:
        form = page.form("/finish")
        typed = {"note": ""}
        if "reference" in form.fields:
            typed["reference"] = f"REG-{self._random.randrange(10**6):06d}"
        if any(name == "outcome_word" for name, _ in form.buttons):
            typed["outcome_word"] = "tracked"
        return typed

    def _decide(self, _: Page) -> Typed:
        if self._random.random() < self._habits.refused:
            return {"verdict": "refused", "note": "Lokasi berada di sempadan sungai, sehingga tidak dapat diizinkan."}
        return {"verdict": "granted", "note": "Pendapat dinas terpenuhi; syarat dicantumkan dalam keputusan."}

    def _at_side_page(self, path: str) -> str:
        """Do what the page of the fee or of the letter offers."""
        page = self._clerk.open(path)
        moves: dict[str, Callable[[Page], Typed]] = {"assess": self._assess, "pay": self._pay, "sign": lambda _: {}}
        for ending, choose in moves.items():
            if self._clerk.may(page, ending):
                self._clerk.move(page, ending, choose(page))
                return ending
        return ""

    def _assess(self, page: Page) -> Typed:
        asked = page.form("/assess").fields
        typed = {
            "amount": str(50_000 * self._random.randrange(1, 20)),
            "reference": f"SKPD-{self._random.randrange(10**6):06d}",
        }
        return {name: value for name, value in typed.items() if name in asked}

    def _pay(self, page: Page) -> Typed:
        amount, code = _AMOUNT.findall(page.text), _PAYMENT_CODE.findall(page.text)
        return {
            "code": code[-1] if code else "",
            "amount": amount[-1] if amount else "",
            "channel": "bank",
            "reference": f"BANK-{self._random.randrange(10**9):09d}",
            "paid_on": self._today(),
        }


def is_from(numbers: Callable[[], set[str]]) -> Callable[[Page], bool]:
    """Return what tells whether a case page shows one of these registration numbers."""

    def tell(page: Page) -> bool:
        return any(number in page.text for number in numbers())

    return tell
