"""The shipped catalogue, read once for the tests of this folder."""

import pytest

from hub.catalogue.catalogue import Catalogue


@pytest.fixture(scope="session")
def shipped() -> Catalogue:
    return Catalogue.load()
