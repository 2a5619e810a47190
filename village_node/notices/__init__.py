"""What the hub tells this office apart from its cases: outages, broadcasts, requests that the office may refuse.

Purpose: the people in the office see everything that is asked of their PC, and decide.
Purity: ``rules.py`` decides on values; ``service.py`` keeps and answers; what a request runs is handed in at start-up.

To add one more action: a word in ``protocol.requests.RequestAction``, its function in ``app.doers``, its words in
``web.notices.ACTIONS``, a test that refuses it.
"""
