"""Tests of the service: `from serving.services import ...`."""
