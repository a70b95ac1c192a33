"""Linkerd stable-2.14.10: its objects, controllers, admission and command line."""
