"""Fees: what an application costs, who set it, the payment code, the recorded payment with its proof, the revenue.

``rules.py`` is pure. The hub takes no money: a bank or the regency's treasury does, under the payment code; what is
recorded here is its proof. ``assessment.py`` and ``payment.py`` have the use cases, ``queries.py`` the revenue against
``data/targets.yaml``, ``views.py`` the pages.

To add one more way to pay: a member of ``rules.Channel`` and its label. Cash to an officer is none, on purpose.
"""
