"""Writes docs/ops.md: every declared op, and why the others of TensorFlow 1.15 are not declared.

    python3 tools/op_table.py [--flowgraph PYTHON] [--opdefs FILE]

Makes `.venv`, unless a Python is given that has the packages of the tests: the agreement with
TensorFlow is computed anew, by running every kernel on the samples recorded in tests/oracle. FILE
holds TensorFlow's OpDefs as text (``ops.pbtxt`` of its sources); without it the second table lists
what it listed before, less what is declared by now.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import _venv

TARGET = _venv.ROOT / "docs" / "ops.md"
ROWS = _venv.ROOT / "tests" / "support" / "op_rows.py"
SECOND_TABLE = "## Not declared"

# The first pattern that fits the name of an op tells why it is not declared.
REASONS: tuple[tuple[str, str], ...] = (
    (r"TPU|^(Infeed|Outfeed|Prelinearize|CrossReplica|AllToAll|CollectivePermute|Worker)", "TPUs"),
    (r"^Cudnn", "cuDNN"),
    (r"^(Collective|Nccl|Remote|Rpc|TryRpc)|MultiDevice", "several devices or machines"),
    (r"Quantized|^(Quantize|Requanti|Dequantize)", "numbers of 8 bits in place of floats"),
    (r"^(Is)?BoostedTrees|^TensorForest|^Sdca", "estimators of trees and linear models"),
    (
        r"Dataset|Iterator|^(Optional(None|From|Get|Has)|StatsAggregator|MapDefun)|MemoryCache"
        r"|ThreadPoolHandle|RandomSeedGenerator|^Experimental",
        "pipelines of `tf.data`",
    ),
    (
        r"^Resource|VariableOp$|^(VarHandleOp|VarIsInitializedOp|VariableShape|DestroyResourceOp)$"
        r"|Mutex",
        "resource variables; read as the ops without the prefix",
    ),
    (
        r"SummaryWriter|SummaryFileWriter|SummaryDbWriter|^(Write.*Summary|ImportEvent)$",
        "summaries that ops of the graph write; a `FileWriter` does",
    ),
    (
        r"^(Ref)?(Enter|Exit|Merge|NextIteration|Switch|LoopCond)$|^(ControlTrigger|Abort)$",
        "loops and branches as single ops; they are read as `While` and `If`",
    ),
    (
        r"PartitionedCall|^(Stateless(If|While)|For|Case|FakeParam|SymbolicGradient)$"
        r"|^(BatchFunction|Batch|Unbatch|UnbatchGrad)$",
        "calls of functions",
    ),
    (r"^(TensorArray|TensorList|Stack)", "arrays that loops write into"),
    (
        r"Queue|Stage|Unstage|^(Ordered)?Map(Clear|IncompleteSize|Peek|Size)|Barrier",
        "queues and staging areas",
    ),
    (r"Accumulator", "gradients gathered from several workers"),
    (r"Reader|^RecordInput$|^(Immutable|Host)Const$", "readers of files"),
    (r"Table", "look-up tables"),
    (r"^Batch(Cholesky|FFT|IFFT|Matrix|SelfAdjoint|Svd|Norm)", "older names of ops with batches"),
    (
        r"^(AdjustContrast|AudioSummary|Conv3DBackprop(Filter|Input)|PlaceholderV2|RandomCrop"
        r"|RandomPoisson|Reverse|SelfAdjointEig|TensorSummary|TileGrad|TopK)$",
        "deprecated; a later version is declared",
    ),
    (r"^(Restore|RestoreSlice|Save|SaveSlices|ShardedFilespec)$", "checkpoints of the first kind"),
    (r"^(Copy|CopyHost|DeepCopy)$|^Debug", "the debugger"),
    (r"Session", "tensors that stay in the session"),
    (r"^Ragged|UnicodeScript|StringNGrams", "ragged tensors"),
    (
        r"^Stateful|^(RngSkip|NonDeterministicInts)$",
        "generators of random numbers that are objects",
    ),
    (r"^(Des|S)erialize(Many)?Sparse$", "sparse tensors as strings"),
    (r"Proto(V2)?$|^Decode(Compressed|PaddedRaw)$", "messages as strings"),
    (r"", "not declared so far"),
)

INTRODUCTION = """\
# The ops

Written by `tools/op_table.py`; run it again after ops or samples were changed.

**Gradient**: up to which order it is compared with TensorFlow's; *yes* where TensorFlow has none to
compare with, *none* where the op is declared not differentiable, – where nothing is declared.
**out**: whether the kernel can write into memory it is given. **Difference**: the greatest
`|x - y| / (1 + |y|)` between flowgraph's result x and TensorFlow's result y over the samples in
`tests/oracle`, by type; *equal* where there is none, – where TensorFlow's CPU build has no kernel
or the result is random or a file.
"""


def reason_of(name: str) -> str:
    """Why an op of TensorFlow 1.15 is not declared."""
    return next(reason for pattern, reason in REASONS if re.search(pattern, name))


def first_table(rows: Iterable[list[str]]) -> list[str]:
    """A row for each declared op."""
    head = ["| Op | Module | Gradient | out | Types | Difference |", "|---|---|---|---|---|---|"]
    return head + [f"| `{name}` | {' | '.join(cells)} |" for name, *cells in rows]


def second_table(names: Iterable[str]) -> list[str]:
    """A row for each reason, with the ops it holds for."""
    by_reason: dict[str, list[str]] = {reason: [] for _, reason in REASONS}
    for name in sorted(names):
        by_reason[reason_of(name)].append(f"`{name}`")
    rows = ["| Reason | Number | Ops |", "|---|---|---|"]
    for reason, members in by_reason.items():
        if members:
            rows.append(f"| {reason} | {len(members)} | {' '.join(members)} |")
    return rows


def _missing(opdefs: Path | None, declared: Iterable[str]) -> tuple[set[str], int]:
    """The ops that are not declared, and the number of TensorFlow 1.15's public ops.

    Without a file they are those of the last time.
    """
    if opdefs is not None:
        text = opdefs.read_text(encoding="utf-8")
        public = set(re.findall(r'^op \{\n  name: "(\w+)"', text, re.MULTILINE))
        return public - set(declared), len(public)
    text = TARGET.read_text(encoding="utf-8").partition(SECOND_TABLE)[2]
    count = re.search(r"TensorFlow 1.15's (\d+) public ops", text)
    if count is None:
        sys.exit(f"{TARGET} lists no ops that are missing: give --opdefs")
    columns = [line.split(" | ")[2] for line in text.splitlines() if line.startswith("| ")]
    listed = {name for column in columns for name in re.findall(r"`(\w+)`", column)}
    return listed - set(declared), int(count[1])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--flowgraph", type=Path, help="a Python that has the tests' packages")
    parser.add_argument("--opdefs", type=Path, help="TensorFlow's OpDefs, as text")
    chosen = parser.parse_args(arguments)
    python = chosen.flowgraph or _venv.prepare(["test"])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.json"
        if _venv.run([python, ROWS, file]):
            return 1
        rows: list[list[str]] = json.loads(file.read_text(encoding="utf-8"))
    missing, public = _missing(chosen.opdefs, [row[0] for row in rows])
    first = "\n".join([INTRODUCTION, f"{len(rows)} ops.\n", *first_table(rows), ""])
    head = f"{SECOND_TABLE}\n\nThese {len(missing)} of TensorFlow 1.15's {public} public ops.\n"
    second = "\n".join([head, *second_table(missing), ""])
    TARGET.write_text(f"{first}\n{second}", encoding="utf-8")
    print(f"{TARGET.relative_to(_venv.ROOT)}: {len(rows)} ops")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
