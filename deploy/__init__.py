"""What an administrator needs: brokers, units, proxy, and the demo launcher.

Imports ``protocol`` (the demo also the process helpers of ``loadtests``) and starts the programs as processes, exactly
as an administrator would: nothing here imports ``hub`` or ``village_node``. One more piece of infrastructure gets a
folder with its configuration as a template, a helper in ``brokers/`` that starts it for tests, and a paragraph in
``README.md``.
"""
