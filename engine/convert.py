"""GGUF -> the form that runs fastest on a CPU, made once and kept beside the file in ``derived/``.

OpenVINO GenAI reads the GGUF and writes its graph; the weights, quantised there in blocks of 16 or 32, are
quantised again per row (int8) or per 128 (int4), symmetric, which lets the CPU multiply in integers over long
runs; the last layer computes only the positions whose logits are asked for. Figures for both forms:
docs/log/generator.md.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

import kernels
from errors import GeneratorError
from models.files import sha256_of

if TYPE_CHECKING:
    from engine.kquants import Stored

Form = Literal["int8", "int4", "mixed", "kquants"]
Progress = Callable[[str, int, int], None]
Floats = NDArray[np.float32]

log = logging.getLogger("wenju.engine")

VERSION = 1
MANIFEST = "manifest.json"
_ROWS = 8192
_HEAD_ROWS = 65536
_INT4_GROUP = 128


def prepare(gguf: Path, progress: Progress | None = None, form: Form = "int8") -> Path:
    """The folder with the converted model; made now if it is not there yet (one or two minutes).

    Safe when two processes ask at once, and when one is killed: the folder appears whole or not at all.

    Args:
        gguf: the model file.
        progress: called with (what, done, total).
        form: weights per row in 8 bits, or in 4 bits per 128 (lighter, less exact). Beside 8 bits, where a
            processor takes our products, ``kquants`` is made: the weights as they are in the file.

    Raises:
        GeneratorError: the file is no GGUF model that OpenVINO GenAI reads, or there is no space.
    """
    if form == "int8" and kernels.taken():
        try:
            prepare(gguf, progress, "kquants")
        except GeneratorError as error:  # 8 bits do as well, only slower
            log.warning("%s %s", error.message, error.hint)
    target = derived(gguf, form)
    if is_current(target, gguf):
        return target
    from filelock import FileLock

    target.parent.mkdir(exist_ok=True)
    with FileLock(str(target.parent / f".{target.name}.lock")):
        if is_current(target, gguf):
            return target
        _need_space(gguf, target.parent, 1 if form == "kquants" else 3)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=target.parent) as partial:
            made = Path(partial) / "made"
            _run_apart(gguf, made, form, progress or (lambda what, done, total: None))
            if target.exists():
                shutil.rmtree(target)
            os.replace(made, target)
    return target


def derived(gguf: Path, form: Form) -> Path:
    """Where the converted model is kept."""
    return gguf.parent / "derived" / f"{gguf.stem}-{form}"


def stored(folder: Path) -> Stored | None:
    """The weights as they are in the file from which the converted model in ``folder`` was made, where they
    were laid out for our products and these are taken."""
    if not kernels.taken():
        return None
    try:
        gguf = folder.parent.parent / json.loads((folder / MANIFEST).read_text("utf-8"))["source"]
    except (OSError, ValueError, KeyError):
        return None
    if not is_current(derived(gguf, "kquants"), gguf):
        return None
    from engine.kquants import Stored

    return Stored(derived(gguf, "kquants"))


def is_current(folder: Path, gguf: Path) -> bool:
    """Whether ``folder`` holds a conversion of this very file by this version of the conversion."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        return bool(
            manifest["version"] == VERSION
            and manifest["size"] == gguf.stat().st_size
            and all((folder / name).stat().st_size == size for name, size in manifest["files"].items())
        )
    except (OSError, ValueError, KeyError):
        return False


def _need_space(gguf: Path, folder: Path, times: int) -> None:
    need, free = times * gguf.stat().st_size, shutil.disk_usage(folder).free
    if free < need:
        needed, left = (f"{size / 1e9:.1f}" for size in (need, free))
        raise GeneratorError.named(
            "conversion_room", name=gguf.name, needed=needed, folder=str(folder), free=left
        )


def _run_apart(gguf: Path, made: Path, form: Form, progress: Progress) -> None:
    """Convert in a process of its own, so that its memory is given back."""
    steps = ("read", "quantise", "done")
    command = [sys.executable, "-m", "engine.convert", str(gguf), str(made), form]
    root = str(Path(__file__).resolve().parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    progress("convert", 0, len(steps))
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as child,
    ):
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() in steps:
                progress("convert", 1 + steps.index(line.strip()), len(steps))
        if child.wait():
            errors.seek(0)
            lines = errors.read().strip().splitlines() or [f"exit status {child.returncode}"]
            raise GeneratorError.named("conversion_failed", path=str(gguf), what=lines[-1][:300])


def convert(gguf: Path, made: Path, form: Form) -> None:
    """Write the converted model into the new folder ``made`` (peak memory about 5 GB, of which 3 GB mapped
    files)."""
    made.mkdir()
    if form == "kquants":
        from engine import kquants

        kquants.write(gguf, made)
    else:
        _convert(gguf, made, form)
    manifest = {
        "version": VERSION,
        "form": form,
        "source": gguf.name,
        "size": gguf.stat().st_size,
        "sha256": sha256_of(gguf),
        "openvino": version("openvino"),
        "files": {p.name: p.stat().st_size for p in sorted(made.iterdir())},
    }
    (made / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
    print("done", flush=True)


def _convert(gguf: Path, made: Path, form: Form) -> None:
    import openvino

    from engine.gguf import read_metadata, write_tokenizer

    metadata = read_metadata(gguf)
    write_tokenizer(metadata, made)
    with tempfile.TemporaryDirectory(dir=made.parent) as scratch:
        _write_graph(gguf, Path(scratch))
        print("read", flush=True)
        model = openvino.Core().read_model(Path(scratch) / "openvino_model.xml")
        requantise(model, form)
        add_keep(model)
        print("quantise", flush=True)
        openvino.save_model(model, made / "model.xml", compress_to_fp16=False)


def _write_graph(gguf: Path, folder: Path) -> None:
    """GenAI writes its graph beside the GGUF that it reads, so the file is linked into ``folder``."""
    import openvino_genai

    link = folder / gguf.name
    try:
        link.symlink_to(gguf.resolve())
    except OSError:  # Windows without the right to make links
        os.link(gguf, link)
    openvino_genai.LLMPipeline(str(link), "CPU", enable_save_ov_model=True)


def requantise(model: Any, form: Form) -> None:
    """Replace each block-quantised weight of the graph by a symmetric one."""
    for node in list(model.get_ordered_ops()):
        port = {"MatMul": 1, "Gather": 0}.get(node.get_type_name())
        blocks = None if port is None else _blocks(node.input_value(port).get_node())
        if port is None or blocks is None:
            continue
        rows = blocks[0].get_output_shape(0)[0]
        wide = form == "int8" or rows >= _HEAD_ROWS or (form == "mixed" and rows < 1024)
        weight = _int8(blocks) if wide else _int4(blocks)
        node.input(port).replace_source_output(weight.output(0))
    model.validate_nodes_and_infer_types()


def add_keep(model: Any) -> None:
    """Give the model an input ``keep``: logits are computed for that many last positions only."""
    from openvino import Type, opset13

    head = model.get_results()[0].input_value(0).get_node()
    keep = opset13.parameter([1], Type.i64, name="keep")
    keep.output(0).get_tensor().set_names({"keep"})
    end, one = np.asarray([2**31 - 1], np.int64), np.asarray([1], np.int64)
    last = opset13.slice(head.input_value(0), opset13.negative(keep), end, one, one)
    head.input(0).replace_source_output(last.output(0))
    model.add_parameters([keep])
    model.validate_nodes_and_infer_types()


def _blocks(node: Any) -> tuple[Any, Any, Any] | None:
    """(quantised, zero points, scales) of Convert(Reshape((q - z) * s)); None when ``node`` is not that."""
    for name in ("Convert", "Reshape", "Multiply"):
        if node.get_type_name() != name:
            return None
        above, node = node, node.input_value(0).get_node()
    if node.get_type_name() != "Subtract":
        return None
    sources = [node.input_value(i).get_node().input_value(0).get_node() for i in (0, 1)]
    return sources[0], sources[1], above.input_value(1).get_node()


def _dequantise(blocks: tuple[Any, Any, Any], first: int, last: int) -> Floats:
    """Rows ``first:last`` of the weight, [rows, inputs]."""
    q, z, s = (_unpacked(b, first, last) for b in blocks)
    return ((q - z) * s).reshape(q.shape[0], -1)


def _unpacked(constant: Any, first: int, last: int) -> Floats:
    """Rows of a constant as float32; 4-bit values lie two in a byte, the low half first."""
    shape = list(constant.get_output_shape(0))
    if constant.get_element_type().bitwidth != 4:
        return np.asarray(constant.data[first:last], np.float32)
    per_row = int(np.prod(shape[1:]))
    packed = constant.data[first * per_row // 2 : last * per_row // 2]
    values = np.empty(packed.size * 2, np.float32)
    values[0::2], values[1::2] = packed & 15, packed >> 4
    return values.reshape(-1, *shape[1:])


def _int8(blocks: tuple[Any, Any, Any]) -> Any:
    from openvino import opset13

    rows = blocks[0].get_output_shape(0)[0]
    values, scales = [], []
    for first in range(0, rows, _ROWS):
        weight = _dequantise(blocks, first, min(rows, first + _ROWS))
        scale = np.maximum(np.abs(weight).max(1, keepdims=True) / 127, 1e-6).astype(np.float16)
        values.append(np.clip(np.rint(weight / scale.astype(np.float32)), -127, 127).astype(np.int8))
        scales.append(scale)
    quantised = opset13.convert(opset13.constant(np.concatenate(values)), "f16")
    return opset13.convert(opset13.multiply(quantised, opset13.constant(np.concatenate(scales))), "f32")


def _int4(blocks: tuple[Any, Any, Any]) -> Any:
    """Signed 4 bits: the scale is the one of four that comes closest, its sign such that -8 is used."""
    import openvino
    from openvino import opset13

    rows = blocks[0].get_output_shape(0)[0]
    columns = int(np.prod(blocks[0].get_output_shape(0)[1:]))
    groups = columns // _INT4_GROUP
    packed = np.empty(rows * columns // 2, np.uint8)
    scales = np.empty((rows, groups, 1), np.float16)
    for first in range(0, rows, _ROWS):
        last = min(rows, first + _ROWS)
        weight = _dequantise(blocks, first, last).reshape(-1, groups, _INT4_GROUP)
        peak = np.take_along_axis(weight, np.abs(weight).argmax(2)[..., None], 2) / -8
        least = np.full(peak.shape, np.inf, np.float32)
        best = np.zeros(weight.shape, np.int8)
        for shrink in (1.0, 0.95, 0.9, 0.85):
            scale = (peak * shrink).astype(np.float16)
            scale[scale == 0] = 1e-6
            values = np.clip(np.rint(weight / scale.astype(np.float32)), -8, 7)
            loss = np.square(values * scale - weight).sum(2, keepdims=True)
            best = np.where(loss < least, values, best).astype(np.int8)
            scales[first:last] = np.where(loss < least, scale, scales[first:last])
            least = np.minimum(least, loss)
        halves = best.reshape(-1).view(np.uint8) & 15
        packed[first * columns // 2 : last * columns // 2] = halves[0::2] | (halves[1::2] << 4)
    tensor = openvino.Tensor(openvino.Type.i4, openvino.Shape([rows, groups, _INT4_GROUP]))
    tensor.data.reshape(-1)[:] = packed.view(tensor.data.dtype)
    quantised = opset13.convert(openvino.op.Constant(tensor), "f16")
    grouped = opset13.multiply(quantised, opset13.constant(scales))
    return opset13.convert(opset13.reshape(grouped, np.asarray([rows, columns], np.int64), False), "f32")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])  # type: ignore[arg-type]
