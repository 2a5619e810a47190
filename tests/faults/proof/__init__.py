"""``make proof``: what the promises rest on, run and written down."""
