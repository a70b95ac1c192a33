"""The Gateway API, v0.7.1 as Linkerd stable-2.14.10 has it."""
