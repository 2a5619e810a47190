"""Files from villages: what each really is, whether it may be shown, and a picture of it to look at.

``rules.py`` is pure: kinds, findings, what a finding means. ``opening.py`` really opens a file and runs only inside
``child.py``, a process of its own with limits; ``sandbox.py`` starts it. ``service.py`` checks what has arrived and
keeps the findings; the original stays sealed, people see pictures that the hub has drawn.

To add one more finding: a member of ``rules.Finding``, its place in ``rules.GRAVE`` if nobody may open such a file, the
code in ``opening.py`` that finds it, its words in ``casework/labels.py``, a file with it in the tests.
"""
