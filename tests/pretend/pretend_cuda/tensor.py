"""The tensor that says it is on CUDA, and the way of an operation through it."""

from __future__ import annotations

import contextlib
from typing import Any

import torch

from .generators import GENERATORS
from .operations import Plan, check_devices, plan_of, tensors_in
from .places import CUDA, INSIDE, PRETENDED, names_cuda

_TENSOR = torch._C.TensorBase
_PLAIN = {int, float, bool, str, type(None), torch.dtype, torch.memory_format}


class CudaTensor(torch.Tensor):
    """A tensor that says it is on ``cuda:0`` and whose numbers are in `host`, on the CPU."""

    host: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl
    device = property(lambda self: CUDA)
    is_cuda = property(lambda self: True)
    layout = property(lambda self: self.host.layout)
    is_sparse_csr = property(lambda self: self.host.is_sparse_csr)

    @classmethod
    def __torch_dispatch__(
        cls, operation: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        """Compare the devices, compute on the CPU, and wrap the result."""
        plan = plan_of(operation)
        if plan.simple and not kwargs:
            host_args = _simple_arguments(plan, args)
            if host_args is not None:
                with torch._C._AutoDispatchBelowADInplaceOrView():
                    out = operation(*host_args)
                if plan.written:
                    _follow(args[0])
                    return args[0]
                return wrap(out)
        kwargs = kwargs or {}
        if plan.composite:  # in inference mode PyTorch leaves this to us
            return operation.decompose(*args, **kwargs)
        check_devices(plan, args, kwargs)
        call = _Call(plan, args, kwargs)
        host_args = [call.unwrap(value) for value in args]
        host_kwargs = {name: call.unwrap(value) for name, value in kwargs.items()}
        drawing = call.random_stream(host_kwargs) if plan.draws else contextlib.nullcontext()
        with torch._C._AutoDispatchBelowADInplaceOrView(), drawing:
            out = operation(*host_args, **host_kwargs)
        for source in plan.written:
            _follow(call.argument(source))
        if plan.views and torch.is_inference_mode_enabled() and not args[0].is_inference():
            with torch.inference_mode(False):  # as its base, a view is no inference tensor
                return call.wrap(out)
        return call.wrap(out)

    def to(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Convert; a tensor on CUDA is already there."""
        args = tuple(INSIDE if names_cuda(value) else value for value in args)
        kwargs = {k: INSIDE if names_cuda(value) else value for k, value in kwargs.items()}
        return super().to(*args, **kwargs)

    def cuda(self, *_: Any, **__: Any) -> torch.Tensor:
        """Return this tensor."""
        return self

    def type(self, *args: Any, **kwargs: Any) -> Any:
        """Name the type, as one of CUDA, or convert."""
        if args or kwargs:
            return super().type(*args, **kwargs)
        return self.host.type().replace("torch.", "torch.cuda.")

    def numpy(self, *, force: bool = False) -> Any:
        """Refuse, as tensors on a GPU do."""
        if force:
            return self.detach().cpu().numpy()
        raise TypeError(
            "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the "
            "tensor to host memory first."
        )

    def pin_memory(self, device: Any = None) -> torch.Tensor:
        """Refuse, as tensors on a GPU do."""
        raise RuntimeError(f"cannot pin '{self.type()}' only dense CPU tensors can be pinned")

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        text = f"{repr(self.host)[:-1]}, device='cuda:0'"
        if self.grad_fn is not None:
            text += f", grad_fn=<{self.grad_fn.name()}>"
        elif self.requires_grad:
            text += ", requires_grad=True"
        return "Parameter containing:\n" * isinstance(self, torch.nn.Parameter) + f"{text})"

    def __format__(self, form: str) -> str:
        return format(self.item() if self.dim() == 0 else repr(self), form)

    def __reduce_ex__(self, protocol: Any) -> tuple:
        parameter = self.__dict__.get("_is_param", False)
        return restore, (self.host, self.requires_grad, parameter)

    def __deepcopy__(self, memo: dict) -> torch.Tensor:
        if id(self) not in memo:
            _, (host, *rest) = self.__reduce_ex__(2)
            memo[id(self)] = _parameter_or_tensor(wrap(host.clone()), *rest)
        return memo[id(self)]


for _name in ("tolist", "data_ptr", "untyped_storage"):  # answered from the memory of the CPU
    setattr(CudaTensor, _name, lambda self, _name=_name: getattr(self.host, _name)())


def wrap(host: torch.Tensor) -> CudaTensor:
    """Return a pretending tensor with the numbers of one on the CPU."""
    if host.is_complex() or host.is_neg():
        host = host.resolve_conj().resolve_neg()
    dense = host.layout == torch.strided
    tensor = torch.Tensor._make_wrapper_subclass(
        CudaTensor, host.size(), strides=host.stride() if dense else None,
        storage_offset=host.storage_offset() if dense else None, dtype=host.dtype,
        layout=torch.sparse_coo if host.is_sparse else torch.strided, device=INSIDE,
    )  # fmt: skip
    tensor.host = host
    return tensor


def restore(host: torch.Tensor, requires_grad: bool, parameter: bool) -> torch.Tensor:
    """Make what `CudaTensor.__reduce_ex__` took apart, where `torch.load` wants it."""
    from . import activate
    from .loading import place_of_cuda

    activate()
    tensor = wrap(host) if place_of_cuda() == CUDA else host
    return _parameter_or_tensor(tensor, requires_grad, parameter)


def _parameter_or_tensor(
    tensor: torch.Tensor, requires_grad: bool, parameter: bool
) -> torch.Tensor:
    tensor.requires_grad_(requires_grad)
    return torch.nn.Parameter(tensor, requires_grad) if parameter else tensor


def _simple_arguments(plan: Plan, args: tuple) -> list | None:
    """Return the arguments of a simple operation as the CPU's kernel takes them.

    Most calls go this way, as it is the shortest. None means that one has to look more closely.
    """
    if type(args[0]) is not CudaTensor or (plan.views and torch.is_inference_mode_enabled()):
        return None
    found = []
    for value in args:
        kind = type(value)
        if kind is CudaTensor:
            value = value.host
        elif kind is torch.Tensor:
            if plan.strict or value.dim():
                return None
        elif kind not in _PLAIN and not (kind is list and all(type(one) is int for one in value)):
            return None
        found.append(value)
    return found


class _Call:
    """One call of an operation, between what the program sees and what the CPU computes."""

    def __init__(self, plan: Plan, args: tuple, kwargs: dict) -> None:
        self.plan, self.args, self.kwargs = plan, args, kwargs
        self.device = self.generator = None

    def argument(self, source: tuple[int, str]) -> Any:
        place, name = source
        return self.args[place] if place < len(self.args) else self.kwargs.get(name)

    def unwrap(self, value: Any) -> Any:
        """Return an argument as the kernel of the CPU takes it."""
        if isinstance(value, CudaTensor):
            return value.host
        if isinstance(value, (list, tuple)):
            return [self.unwrap(one) for one in value]
        if isinstance(value, torch.device):
            self.device = value
            return torch.device("cpu") if value.type in PRETENDED else value
        if isinstance(value, torch.Generator):
            self.generator = GENERATORS.get(value._cdata, value)
        return value

    def wrap(self, out: Any) -> Any:
        """Return what the program sees of a result."""
        if len(self.plan.returned) == 1:
            return self._wrap_one(out, self.plan.returned[0])
        pairs = zip(out or (), self.plan.returned, strict=True)
        return tuple(self._wrap_one(one, source) for one, source in pairs) if out else out

    def _wrap_one(self, out: Any, source: tuple[int, str] | None) -> Any:
        if source is not None:
            return self.argument(source)
        if isinstance(out, torch.Tensor):
            elsewhere = self.device is not None and self.device.type not in PRETENDED
            return out if elsewhere or out.is_meta else wrap(out)
        if isinstance(out, (list, tuple)):
            return [self._wrap_one(one, None) for one in out]
        return out

    @contextlib.contextmanager
    def random_stream(self, kwargs: dict) -> Any:
        """Let an operation draw from a generator of CUDA."""
        own = torch.cuda.default_generators[0]
        if self.generator is not None and self.generator.device != CUDA:
            raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")
        if self.generator is not None:
            yield
        elif self.plan.takes_generator:
            kwargs["generator"] = own
            yield
        else:  # such as dropout, which draws from the state of the CPU
            before = torch.default_generator.get_state()
            torch.default_generator.set_state(own.get_state())
            yield
            own.set_state(torch.default_generator.get_state())
            torch.default_generator.set_state(before)


def _follow(value: Any) -> None:
    """Give what was written to the shape that its numbers now have."""
    for tensor in tensors_in(value):
        if isinstance(tensor, CudaTensor) and tensor.layout == torch.strided:
            host = tensor.host
            if tensor.shape != host.shape or tensor.stride() != host.stride():
                _TENSOR.data.__set__(tensor, wrap(host))


def set_data(tensor: torch.Tensor, value: torch.Tensor) -> None:
    """Do ``tensor.data = value``, also from one device to the other."""
    if tensor.is_cuda == value.is_cuda:
        _TENSOR.data.__set__(tensor, value)
        if tensor.is_cuda:
            tensor.host = value.host
        return
    value = wrap(value.host) if value.is_cuda else value.detach()
    if isinstance(tensor, torch.nn.Parameter):
        value = torch.nn.Parameter(value, tensor.requires_grad)
    torch.utils.swap_tensors(tensor, value.requires_grad_(tensor.requires_grad))
