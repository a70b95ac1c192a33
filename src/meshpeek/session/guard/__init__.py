"""The guard of a session's clusters: its own tools, and a look after each step.

Both hold commands to the session's kubeconfig, the wrappers before a command reaches a cluster, the
watch after it. docs/running.md says what neither of them can see.
"""
