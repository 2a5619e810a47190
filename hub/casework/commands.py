"""What a person asks for: which case, which version was before the eyes, and the words of the move."""

from dataclasses import dataclass
from enum import StrEnum

from hub.casework.rules import Correction, StageOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseCommand:
    """Which case, and the version that the person had before the eyes."""

    case_id: str
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StageCommand(CaseCommand):
    """Which stage of it, and which seat of a joint visit."""

    stage: str
    seat: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectionCommand(StageCommand):
    """A question to the village."""

    correction: Correction


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinion:
    """Yes, no or with conditions; a visit brings minutes, whose digest goes into the ledger."""

    verdict: StageOutcome
    note: str = ""
    minutes: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpinionCommand(StageCommand):
    """A recommendation, or the result of an inspection."""

    opinion: Opinion


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishCommand(StageCommand):
    """A stage that is simply done, with the number of what was made."""

    outcome: StageOutcome = StageOutcome.DONE
    reference: str = ""
    note: str = ""
    code: str = ""
    amount_rp: int | None = None
    payment_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionCommand(CaseCommand):
    """Granted or refused. A refusal, and a grant against an opinion, say why."""

    verdict: StageOutcome
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmCommand(CaseCommand):
    """The second body agrees, or says why not."""

    agrees: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOverCommand(CaseCommand):
    """The resident has the result."""

    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RerouteCommand(StageCommand):
    """Another office that may do this stage, and why."""

    office: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WithdrawCommand(CaseCommand):
    """The applicant takes the application back; the front desk enters it with the reason."""

    reason: str


class ProposalKind(StrEnum):
    """What needs a second person of another office."""

    REFUSAL = "refusal"  # of an application that was accepted as complete
    REOPEN = "reopen"
    REVOCATION = "revocation"
    FEE_CHANGE = "fee_change"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposalCommand(CaseCommand):
    """What shall happen, and why; ``payload`` is for the room that carries it out."""

    kind: ProposalKind
    reason: str
    payload: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerCommand(CaseCommand):
    """The second person agrees or not; who proposed it may take it back."""

    proposal_id: str
    agrees: bool
    note: str = ""
