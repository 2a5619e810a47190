"""C12: PCs that were set up from one image have keys of their own, or are told that they are copies."""

import shutil
from pathlib import Path

from tests.node_stand import NodeStand, SeededRandomness
from village_node.identity.keys import create_or_load_keys
from village_node.store.ports import SystemRandomness


def test_c12_an_image_from_before_the_first_start_gives_different_keys(tmp_path: Path) -> None:
    for name in ("image", "one", "two"):
        (tmp_path / name).mkdir()
    one, two = (create_or_load_keys(tmp_path / name / "keys", SystemRandomness()) for name in ("one", "two"))
    assert one.public_signing_key != two.public_signing_key
    assert one.public_tls_key != two.public_tls_key


def test_c12_an_image_from_after_it_is_a_copy_and_keeps_one_key(tmp_path: Path) -> None:
    """Only one of the two is enrolled: see ``test_a_key_that_is_enrolled_already_is_refused``."""
    first = NodeStand(tmp_path / "image")
    shutil.copytree(tmp_path / "image", tmp_path / "copy")
    copy = create_or_load_keys(tmp_path / "copy" / "keys", SeededRandomness())
    assert copy.public_signing_key == first.keys.public_signing_key
