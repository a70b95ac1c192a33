"""CEL: the rules of CRDs (`x-kubernetes-validations`), loaded when the first one is met."""
