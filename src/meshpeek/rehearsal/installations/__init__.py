"""The objects of what is installed on the workshop's clusters, as pure data.

k3s itself, Linkerd stable-2.14.10 with its multicluster extension, and Emissary 3.8.0: enough of
each to be looked at with kubectl and to make the controllers act, not enough to run.
"""
