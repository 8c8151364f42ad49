"""Configurations of common meters, as documents (JSON)."""
