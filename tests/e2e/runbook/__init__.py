"""A copy of this machine on which the runbook is followed, with a stand-in for systemd."""
