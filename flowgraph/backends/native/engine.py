"""The machine that kernels are made for, and the compiler that turns LLVM modules into code."""

from __future__ import annotations

import ctypes
import functools
import threading
from dataclasses import dataclass
from typing import Any

from flowgraph.backends.native import llvm

__all__ = ["Engine", "Machine", "host_engine"]

# The functions that kernels may call.
_LIBM = ("sin", "cos")
_PYTHON = ("PyEval_SaveThread", "PyEval_RestoreThread", "Py_IncRef")


@dataclass(frozen=True)
class Machine:
    """What code is generated for.

    Attributes:
        cpu: LLVM's name of the processor.
        features: LLVM's list of them, ``"+avx2,-avx512f"``.
        vector_bytes: the size of the widest registers.
    """

    cpu: str
    features: str
    vector_bytes: int

    @staticmethod
    def host(limit: int = 64) -> Machine:
        """This machine.

        Args:
            limit: use vectors of at most so many bytes.

        Raises:
            RuntimeError: if it cannot multiply and add in one instruction, which the functions of
                `flowgraph.backends.native.math` rely on.
        """
        features = dict(llvm.binding.get_host_cpu_features())
        is_arm = llvm.binding.get_process_triple().startswith(("aarch64", "arm64"))
        if not (features.get("fma") or is_arm):
            raise RuntimeError("the processor has no fused multiply-add")
        vector_bytes = 16
        if features.get("avx2"):
            vector_bytes = 64 if features.get("avx512f") and features.get("avx512dq") else 32
        if vector_bytes > limit:
            vector_bytes = limit
            features = {k: v and not k.startswith("avx512") for k, v in features.items()}
        # Some processors come with a tuning that halves the vectors.
        shown = [f"{'+' if on else '-'}{name}" for name, on in sorted(features.items())]
        if vector_bytes == 64:
            shown.append("-prefer-256-bit")
        return Machine(llvm.binding.get_host_cpu_name(), ",".join(shown), vector_bytes)

    def lanes(self, itemsize: int) -> int:
        """How many elements of a size one vector holds."""
        return self.vector_bytes // itemsize


class Engine:
    """Compiles modules; the code lives as long as the engine. Safe to use from many threads."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._lock = threading.Lock()
        binding = llvm.binding
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        for library, names in ((ctypes.CDLL(None), _LIBM), (ctypes.pythonapi, _PYTHON)):
            for name in names:
                binding.add_symbol(name, address_of(getattr(library, name)))
        target = binding.Target.from_default_triple()

        def target_machine() -> Any:
            return target.create_target_machine(
                cpu=machine.cpu, features=machine.features, opt=2, codemodel="jitdefault"
            )

        self._target_machine = target_machine()
        options = binding.create_pipeline_tuning_options(speed_level=2)
        self._builder = binding.create_pass_builder(self._target_machine, options)
        backing = binding.parse_assembly("")
        self._jit = binding.create_mcjit_compiler(backing, target_machine())

    def compile(self, source: str, function: str) -> int:
        """The address of a function of a module in LLVM's assembly language.

        Raises:
            RuntimeError: if LLVM finds fault with the module.
        """
        with self._lock:
            module = self._optimized(source)
            self._jit.add_module(module)
            self._jit.finalize_object()
            address: int = self._jit.get_function_address(function)
            return address

    def _optimized(self, source: str) -> Any:
        module = llvm.binding.parse_assembly(source)
        module.verify()
        # The code comes vectorised, and inlining its functions would only make it longer: LLVM's
        # standard sequence of passes takes twenty times as long and gains nothing.
        passes = llvm.binding.create_new_module_pass_manager()
        passes.add_sroa_pass()
        passes.add_instruction_combine_pass()
        passes.add_new_gvn_pass()
        passes.add_simplify_cfg_pass()
        passes.add_dead_code_elimination_pass()
        passes.run(module, self._builder)
        return module


def address_of(function: Any) -> int:
    """Where a function that ctypes has found lies."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return address


@functools.cache
def host_engine() -> Engine:
    """The engine of this process, made at its first use."""
    return Engine(Machine.host())
