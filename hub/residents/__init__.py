"""The people's side of the hub: pages for residents, without an account.

They follow their own case by its number and the code on their slip, and see who looked at it. Nothing on these pages
names a person, in either direction; the code is never part of an address.

To add a page: read what it shows in a module of its own, count its visitors with a ``Quota``, and give it a view.
"""
