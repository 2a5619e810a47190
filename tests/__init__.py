"""Tests of Simpul; see CONTRIBUTING.md for where a test belongs."""
