"""Faces on rehearsal clusters: no pod runs, so what its requests would meet is worked out here.

`mesh` is Linkerd's data path, `workloads` are the pods of Faces 0.8.0, `cells` puts the two
together for one cell of the page, and `site` serves the page. Loaded when somebody looks.
"""
