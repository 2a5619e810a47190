"""The whole network in one process, from one seed: shipped engine, intake and ledger under injected faults.

Time, network, disks and chance are injected; the code that decides is the code that is shipped. One seed is one run.
"""
