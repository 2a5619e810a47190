"""Catalogue: services, regions and offices, as versioned data.

Purity: ``rules.py`` is pure (routing). ``catalogue.py`` is the only reader of files: once at start-up,
into frozen values. ``strict_yaml.py`` is the only home of PyYAML. Nothing here knows the database, Flask or MQTT.

To add one more service: write ``data/services/<code>.v1.yaml`` (copy the nearest one) and run ``make unit``; the loader
names file, path and reason of everything that is wrong. To change one: copy it to the next version, never edit one that
was handed out. To add an office: an entry in ``data/offices.yaml``; subdistrict and village offices follow from the
regions.
"""
