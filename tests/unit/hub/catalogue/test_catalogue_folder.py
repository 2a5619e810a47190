"""A catalogue is read from a folder of its own too, and as a whole or not at all."""

import shutil
from importlib import resources
from pathlib import Path

import pytest

from hub.catalogue.catalogue import Catalogue
from hub.catalogue.errors import CatalogueError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with resources.as_file(resources.files("hub.catalogue") / "data") as data:
        shutil.copytree(data, tmp_path / "data")
    return tmp_path / "data"


def test_a_copy_reads_the_same(folder: Path, shipped: Catalogue) -> None:
    assert Catalogue.load(folder) == shipped


def test_a_new_version_becomes_the_newest_and_the_old_one_stays(folder: Path) -> None:
    services = folder / "services"
    text = (services / "jalan.v1.yaml").read_text(encoding="utf-8")
    (services / "jalan.v2.yaml").write_text(text.replace("version: 1", "version: 2"), encoding="utf-8")
    catalogue = Catalogue.load(folder)
    newest = {str(service.code): service.version for service in catalogue.newest_services()}
    assert newest["JALAN"] == 2
    assert catalogue.service("JALAN", 1).version == 1
    assert len(catalogue.open_services()) == 18


def test_a_replacement_must_exist(folder: Path) -> None:
    (folder / "services" / "pbg.v1.yaml").unlink()
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(folder)
    assert (caught.value.file, caught.value.path) == ("imb.v1.yaml", "$.replaced_by")
