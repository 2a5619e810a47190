"""Who may connect: the certificate authority, enrolment of nodes and officers, revocation.

``rules.py``, ``pki.py`` (makes certificates) and ``pki_check.py`` (judges them) are pure: values in, values out.
``pki_files.py`` keeps them on disk. The web process decides and holds no key; ``certification.py`` makes what was
decided, in the worker or at the console.

To add one more step that needs the authority's key: a row that says what was decided, a function in
``certification.py`` that does it and may be run twice, and a test that kills between the two.
"""
