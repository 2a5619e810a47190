"""The shell around the rooms' pages: app factory, layout, gate, security headers, languages, error pages.

To add a room's pages: its blueprint into ``app.BLUEPRINTS``, its place in the menu into ``navigation.ITEMS``, its
domain errors into ``errors.TABLE``; every view of it carries a decorator of ``hub.accounts.access``.
"""
