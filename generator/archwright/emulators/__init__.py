"""Pub/Sub and Service Bus on a laptop, for the providers' own unmodified SDKs, with pip alone."""
