"""Certificates and brokers, the real ones."""
