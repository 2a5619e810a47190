"""A bad link on one machine: rate, delay, loss and outages between a village and its hub, for tests and `make link`.

Purpose: ``shape.py`` decides (pure) when a packet leaves the link, ``tunnel.py`` moves IP packets between two network
namespaces (root only), ``relay.py`` carries TCP streams where no root is to be had, ``control.py`` starts either as a
process of its own and tells which one it is. Nothing of the kernel's traffic control is needed: neither ``tc netem``
nor ``nft`` is there on every machine.

The tunnel is honest: the programs' own TCP and TLS meet real loss, delay and silence. The relay is a substitute: TCP
ends at the relay, a lost packet becomes the pause that its retransmission would have cost.

To add one more kind of badness: a field of ``Profile``, its effect in ``Lane``, a test in ``tests/unit/loadtests``.
"""
