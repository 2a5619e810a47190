"""Opening a draft for a page of its officer."""

from flask import abort, redirect, url_for

from village_node.cases.tasks import correction_drafts
from village_node.catalogue.service import load_service
from village_node.drafts.queries import open_draft
from village_node.identity.hub import find_enrolled
from village_node.outbox.rate import measured_rate
from village_node.web.desk import context, local, now, officer
from village_node.web.drawing import LINK_BITS_PER_S, Shown, promise_of


def shown_draft(draft_id: str) -> Shown:
    """Return a draft of the signed-in officer; one that corrects a case is shown by its own pages.

    Raises:
        DraftGoneError: no such draft of this officer.
    """
    with context().database.reading() as db:
        draft = open_draft(db, officer(), draft_id)
        if draft_id in correction_drafts(db):  # it has pages of its own, where little may be changed
            abort(redirect(url_for("corrections.form", draft_id=draft_id)))
        enrolled = find_enrolled(db)
        return Shown(
            draft=draft,
            service=load_service(db, draft.service, draft.service_version),
            today=local(now()).date(),
            regency=enrolled.hub if enrolled else "",
            village=enrolled.node.village if enrolled else "",
            link_bits_per_s=measured_rate(db, now()) or LINK_BITS_PER_S,
        )


def common(shown: Shown) -> dict[str, object]:
    """Return what every page of a draft shows."""
    return {
        "draft_id": shown.draft.draft_id,
        "name": shown.name,
        "promise": promise_of(shown.service, shown.reading.answers),
        "total": shown.total(),
    }
