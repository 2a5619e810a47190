"""What is wrong with the catalogue's data: always with file, place and reason."""


class CatalogueError(Exception):
    """The data cannot be used. ``path`` reads ``$.fields[3].show_if.field``, or ``line 7`` in a CSV file."""

    def __init__(self, file: str, path: str, reason: str) -> None:
        super().__init__(f"{file}: {path}: {reason}")
        self.file = file
        self.path = path
        self.reason = reason
