"""Faces on rehearsal clusters: no pod runs, so what its requests would meet is worked out here.

`workloads` are the pods of Faces 0.8.0, `cells` sends one cell's request to them by Linkerd's data
path, and `site` serves the page. Loaded when somebody looks.
"""
