"""The program on a village office PC: fill in, seal, send, and know what became of it. Works with no link for months.

Imports ``protocol`` and nothing of ``hub``. Rooms stand on lower rooms only (docs/adr/0002).
"""

__version__ = "0.1.0"
PROGRAM = f"simpul-node {__version__}"
"""What this program calls itself towards the hub."""
