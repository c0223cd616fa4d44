"""Dashboards as code: the bundle under superset/assets, brought to Superset by one process."""
