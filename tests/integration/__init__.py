"""With real databases and real brokers."""
