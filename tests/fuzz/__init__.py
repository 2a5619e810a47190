"""Hostile input for every parser: a corpus made from a seed, and inputs that hypothesis looks for (promise P13)."""
