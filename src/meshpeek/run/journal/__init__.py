"""What a presentation writes to disk while it runs, so that it can be resumed if it is killed.

Each workshop has a folder, and each presentation one in it: `journal.jsonl`, a line for each thing
that happened; the state that bash writes (see `session.state`); the environment it was started
with; and, in a rehearsal, the clusters.
"""
