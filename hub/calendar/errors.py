"""What the calendar refuses."""


class CalendarDataError(Exception):
    """The data cannot be used: which file or form, which place, and why. Stable for people, without values of cases."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        super().__init__(f"{file}: {place}: {reason}")
        self.file = file
        self.place = place
        self.reason = reason
