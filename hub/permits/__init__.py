"""Decision documents: number, paper, signature, QR code, file, revocation, and the public page that verifies them.

``rules.py`` and ``template.py`` are pure. ``paper.py`` draws PDF, the signature providers sign it; neither is called
inside of a transaction. ``service.py`` gives the number, then issues: two transactions with the slow work between them,
so that a crash in the middle leaves a reserved line that the next attempt goes on with.

To add one more kind of document: a file in ``data/templates`` (allowed placeholders: ``template.PLACEHOLDERS``) and its
services in ``data/papers.yaml``. No code changes, unless the paper shall show something new.
"""
