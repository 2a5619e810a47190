"""One import of the residents' register at a time, in a thread of its own, so that the pages can show how far it is."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from village_node.context import NodeContext
from village_node.identity.sessions import Unlocked
from village_node.register.columns import RowProblem
from village_node.register.errors import RegisterFileError
from village_node.register.service import Refused, prepare_import, store_import
from village_node.store.errors import DomainError

log = structlog.get_logger()


@dataclass(kw_only=True)
class Import:
    """How far an import is. Lines and reasons, never what stood there."""

    done: int = 0
    total: int | None = None
    is_over: bool = False
    code: str = ""
    """Why it failed: a ``FileProblem``, or the code of another refusal."""
    taken: int = 0
    refused: Sequence[Refused] = ()
    counts: Counter[RowProblem] | None = None

    @property
    def percent(self) -> int | None:
        """Whole percent, when the length is known."""
        return min(100, 100 * self.done // self.total) if self.total else None


class Importing:
    """Holds the last import; safe for the threads of the web server."""

    def __init__(self, context: NodeContext) -> None:
        """Begin without."""
        self._context = context
        self._lock = threading.Lock()
        self._last: Import | None = None

    @property
    def last(self) -> Import | None:
        """The import that runs, or ran last since the start."""
        return self._last

    def start(self, raw: bytes, owner: Unlocked) -> bool:
        """Begin to import; return False while another one runs."""
        with self._lock:
            if self._last is not None and not self._last.is_over:
                return False
            job = self._last = Import()
        threading.Thread(target=self._run, args=(job, raw, owner), name="simpul-register", daemon=True).start()
        return True

    def _run(self, job: Import, raw: bytes, owner: Unlocked) -> None:
        job.code = "broken"  # until it is known better: whatever ends this thread, the page must not wait for ever
        try:
            made = prepare_import(raw, self._context.randomness, lambda done, total: _tell(job, done, total))
            with self._context.database.session() as db:
                job.taken = store_import(db, self._context.clock.now(), owner, made).taken
            job.refused, job.counts, job.code = tuple(made.refused), made.counts, ""
        except RegisterFileError as error:
            job.code = str(error.problem)
        except DomainError as error:
            job.code = error.code
        finally:
            job.is_over = True
            log.info("register.imported", taken=job.taken, code=job.code)


def _tell(job: Import, done: int, total: int | None) -> None:
    job.done, job.total = done, total
