"""Joining a large scan: all of it arrives, little of it is in memory at once."""

import tracemalloc
from pathlib import Path
from random import Random

from hub.intake.assembly import assemble, find_ready
from hub.intake.reading import read_attachment
from hub.intake.service import process
from protocol.limits import MAX_ATTACHMENT_BYTES
from tests.hostile import SERVICE, neighbours
from tests.hubs import bundle_of, chunks_of, make_hub

MOST_MB = 3
"""Some chunks and rows; the file has 20."""


def test_the_largest_file_is_joined_without_holding_it(tmp_path: Path) -> None:
    scene = neighbours(make_hub(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}"))
    context, content = scene.hub.context, Random(1).randbytes(MAX_ATTACHMENT_BYTES)
    made = scene.village.seal_application(SERVICE, files=[content, b"a", b"b", b"c", b"d", b"e"])
    process(context, [bundle_of(scene.village, made)])
    chunks = chunks_of(scene.village, made)
    for place in range(0, len(chunks), 100):
        process(context, chunks[place : place + 100])
    with context.stores.database.reading() as session:
        ready = find_ready(session)

    tracemalloc.start()
    assemble(context, ready[:1])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    with context.stores.database.reading() as session:
        stores = context.stores
        assert read_attachment(session, stores.keyring, stores.blobs, made.bundle, ready[0].position) == content
    assert peak < MOST_MB * 2**20
