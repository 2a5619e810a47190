"""Registration numbers: blocks of this computer, numbers that were given, why some are void. No names."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from village_node.catalogue.service import newest_services
from village_node.identity.hub import free_numbers
from village_node.outbox.numbers import FEW, NumberRow, NumberUse, list_blocks, list_numbers
from village_node.web.desk import context, for_officers, local
from village_node.web.language import say
from village_node.web.rejections import advice_for
from village_node.web.standing import STEPS
from village_node.web.words import in_words, moment

blueprint = Blueprint("numbers", __name__)

PAGE = 50


@blueprint.get("/nomor")
@for_officers
def index() -> ResponseReturnValue:
    """Show the blocks and the numbers that were given."""
    before = request.args.get("before", default=None, type=int)
    with context().database.reading() as db:
        names = {str(each.code): in_words(each.name) for each in newest_services(db)}
        rows = list_numbers(db, before=before, limit=PAGE)
        return render_template(
            "numbers.html",
            blocks=list_blocks(db),
            free=free_numbers(db),
            few=FEW,
            rows=[(row, names.get(row.item.service, row.item.service), _state(row), _when(row)) for row in rows],
            older=rows[-1].item.counter if len(rows) == PAGE else None,
        )


def _state(row: NumberRow) -> str:
    if row.use is NumberUse.VOID:
        return say("Batal: %(reason)s", reason=advice_for(row.item.code).happened)
    return str(STEPS[row.item.step])


def _when(row: NumberRow) -> str:
    return moment(local(row.item.sealed_at))
