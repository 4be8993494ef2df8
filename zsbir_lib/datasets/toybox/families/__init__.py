"""The toys, one module per family; `registry.toy_classes` imports them all."""
