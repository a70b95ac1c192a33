"""What a show leaves behind while it goes on, so that it can go on after whatever ends it.

Each workshop has a folder, and each show one in it: `journal.jsonl`, what happened, a line each;
the state that bash writes (see `run.state`); the environment it was started with; and, in a
rehearsal, the clusters (see `rehearsal.snapshot`).
"""
