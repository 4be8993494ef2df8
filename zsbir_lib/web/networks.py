"""From a fitted method to a network file that a browser can run.

Each method becomes one graph, which maps the feature of a sketch (1, d) to queries (n, D) that
photos are compared with. Weights are kept as whole numbers from -127 to 127, with one scale for
each output channel, which makes the files four times smaller.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import io
import logging
import warnings
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from zsbir_lib.errors import ZsbirError

SMALLEST = 512
"""Tensors with fewer numbers, such as biases and means, stay as they are."""


def rounded(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round a weight to whole numbers.

    Parameters
    ----------
    weight
        Shape (outputs, ...).

    Returns
    -------
    whole : ndarray of int8, the same shape
    scale : ndarray of float32, shape (outputs,)
        ``whole * scale`` is the weight, to within half a scale.
    """
    largest = np.abs(weight).reshape(len(weight), -1).max(axis=1)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    whole = np.rint(weight / scale.reshape(-1, *[1] * (weight.ndim - 1)))
    return whole.astype(np.int8), scale


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """Return a copy on the CPU, in evaluation mode, whose convolutions do their batch norm's work.

    The exporter would do the same; done before, it lets PyTorch compute with the same weights.
    """
    network = copy.deepcopy(network).cpu().eval()
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            for i in range(len(module) - 1):
                first, second = module[i], module[i + 1]
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    module[i], module[i + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
    return network


@torch.no_grad()
def round_weights(network: nn.Module) -> nn.Module:
    """Replace every large weight of a network by what its rounded form stands for, in place."""
    for parameter in network.parameters():
        if parameter.ndim >= 2 and parameter.numel() >= SMALLEST:
            whole, scale = rounded(parameter.detach().numpy())
            values = whole * scale.reshape(-1, *[1] * (whole.ndim - 1))
            parameter.copy_(torch.from_numpy(values.astype(np.float32)))
    return network


def check_packages() -> None:
    """Raise a `ZsbirError` if the packages that write ONNX are not installed."""
    for package in ("onnx", "onnxscript"):
        if importlib.util.find_spec(package) is None:
            raise ZsbirError(f"{package} is missing: pip install onnx onnxscript")


def onnx_bytes(network: nn.Module, inputs: dict[str, Tensor], dynamic: Sequence[str] = ()) -> bytes:
    """Return a network as an ONNX file with rounded weights.

    Parameters
    ----------
    network
        In evaluation mode, on the CPU.
    inputs
        An example of each input, by name, in the order of `forward`.
    dynamic
        Inputs whose first size may be any.

    Raises
    ------
    ZsbirError
        If the packages that write ONNX are not installed.
    """
    check_packages()
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    shapes: Any = tuple(
        {0: torch.export.Dim("n", min=1, max=4096)} if name in dynamic else None for name in inputs
    )
    # The exporter tells the world about its progress; none of it is for the reader.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        level = logging.getLogger("torch.onnx").level
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        try:
            program = torch.onnx.export(
                network, tuple(inputs.values()), input_names=list(inputs), output_names=["out"],
                dynamo=True, opset_version=19, dynamic_shapes=shapes, verbose=False,
            )  # fmt: skip
        finally:
            logging.getLogger("torch.onnx").setLevel(level)
    model = cast("torch.onnx.ONNXProgram", program).model_proto  # None without dynamo only
    kept, added = [], []
    for tensor in model.graph.initializer:
        weight = numpy_helper.to_array(tensor)
        if weight.dtype != np.float32 or weight.ndim < 2 or weight.size < SMALLEST:
            kept.append(tensor)
            continue
        whole, scale = rounded(weight)
        names = [f"{tensor.name}_{part}" for part in ("whole", "scale", "zero")]
        kept += [
            numpy_helper.from_array(whole, names[0]),
            numpy_helper.from_array(scale, names[1]),
            helper.make_tensor(names[2], TensorProto.INT8, [len(scale)], [0] * len(scale)),
        ]
        added.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=0))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = [*added, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    # What the exporter noted about its own source lines is no one's business in a page.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    return model.SerializeToString()
