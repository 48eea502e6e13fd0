"""Credentials, and who may use which when."""
