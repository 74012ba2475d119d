"""The native backend: groups of instructions compiled to machine code by LLVM."""
