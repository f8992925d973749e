"""Bringing the program to where it runs: bundle for machines without a network, unit, proxy, container,
alerts, licences; in no wheel."""
