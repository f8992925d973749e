"""One conversation state of an OpenVINO language model: tokens go in, logits come out, the key-value cache is kept.

Tokens that turn out wrong (a rejected guess) are switched off in the attention mask instead of being cut out: their
slots stay, and later tokens neither see them nor count them in their positions. When a new prompt begins like the
last one, only what differs is computed. Not thread-safe: the generator holds a lock.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
_MASK_AT_MOST = 48
_PART = 256

STATE_LAYERS = (15, 18, 20)
"""Layers whose output after the last token is told: what the gate's probe reads (docs/REFUSAL.md)."""


class Session:
    """The model in ``folder`` compiled for this CPU, with its state.

    Args:
        folder: holds ``model.xml``, whose input ``keep`` says for how many last positions logits are wanted.
        threads: CPU threads; 0: all cores.
        options: further CPU plugin properties.
    """

    def __init__(self, folder: Path, threads: int = 0, options: dict[str, Any] | None = None) -> None:
        import openvino as ov

        self._ov = ov
        core = ov.Core()
        self._tells_state = False
        # 16-bit keys and values: with the default 8 bits a kept prefix gives other logits than a fresh one (by up to
        # 1.0 instead of 0.1), and speed is the same. Group 512: integer matrix products over long runs.
        half = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f16"
        config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "KV_CACHE_PRECISION": half,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": "512",
            **(options or {}),
        }
        if threads:
            config["INFERENCE_NUM_THREADS"] = str(threads)
        self._core, self._config = core, config
        self._folder = folder
        self._request = self._open()
        self._beam = np.zeros(1, np.int32)
        self._slots: list[int] = []
        self._alive: list[bool] = []

    def _open(self) -> Any:
        graph = self._core.read_model(str(self._folder / "model.xml"))
        self._tells_state = add_state(graph)
        return self._core.compile_model(graph, "CPU", self._config).create_infer_request()

    def warm(self) -> None:
        """Run once, which makes the plugin pack the weights; the unpacked ones are let go of while that lasts."""
        with releasing(self._folder):
            self.forward([0, 0, 0])
            self.forward([0])
        self.reset()

    @property
    def tokens(self) -> list[int]:
        """The tokens that the state stands for."""
        return [t for t, alive in zip(self._slots, self._alive, strict=True) if alive]

    def reset(self) -> None:
        """Forget everything. (The plugin's own reset_state leaves some graphs with slots of the past.)"""
        if self._slots:
            self._trim(0)

    def keep_prefix(self, prompt: Sequence[int]) -> int:
        """Forget all but the longest common prefix with ``prompt`` (without its last token, which must be computed
        anew to give logits); returns its length."""
        common, slot = 0, 0
        for i, (token, alive) in enumerate(zip(self._slots, self._alive, strict=True)):
            if not alive:
                continue
            if common == len(prompt) - 1 or token != prompt[common]:
                break
            common, slot = common + 1, i + 1
        if not common:
            self.reset()
        elif len(self._slots) - slot > _MASK_AT_MOST:
            self._trim(slot)
        else:
            self._alive[slot:] = [False] * (len(self._slots) - slot)
        return common

    def state(self) -> NDArray[np.float32] | None:
        """Hidden state after the last token taken in, float32 [len(STATE_LAYERS) * hidden size]; None when the model
        has no such layers."""
        if not self._tells_state:
            return None
        return np.concatenate([self._request.get_output_tensor(1 + i).data.ravel() for i in range(len(STATE_LAYERS))])

    def reject(self, count: int) -> None:
        """Switch the last ``count`` slots off."""
        if count:
            self._alive[-count:] = [False] * count

    def forward(self, ids: Sequence[int], keep: int = 1, cancelled: threading.Event | None = None) -> Logits | None:
        """Take ``ids`` in; returns the logits ``[keep, vocabulary]`` after the last ``keep`` of them.

        None when ``cancelled`` was set meanwhile (looked at between parts of a long prompt); what was taken in until
        then is kept.
        """
        if cancelled is not None:
            while len(ids) > _PART:
                self._pass(ids[:_PART], 1)
                ids = ids[_PART:]
                if cancelled.is_set():
                    return None
        return self._pass(ids, keep)

    def _pass(self, ids: Sequence[int], keep: int) -> Logits:
        position = sum(self._alive)
        self._slots += ids
        self._alive += [True] * len(ids)
        inputs = {
            "input_ids": np.asarray([ids], np.int64),
            "attention_mask": np.asarray([self._alive], np.int64),
            "position_ids": np.arange(position, position + len(ids), dtype=np.int64)[None],
            "beam_idx": self._beam,
            "keep": np.asarray([keep], np.int64),
        }
        try:
            self._request.infer(inputs, share_inputs=True)
        except RuntimeError:  # what the state holds now is unknown: the next prompt begins afresh
            self._request = self._open()
            self._slots, self._alive = [], []
            raise
        return cast(Logits, self._request.get_output_tensor(0).data[0])

    def _trim(self, length: int) -> None:
        """Cut the state down to its first ``length`` slots (axis 2 of [batch, heads, slots, size])."""
        for state in self._request.query_state():
            kept = np.ascontiguousarray(state.state.data[:, :, :length])
            state.state = self._ov.Tensor(kept)
        del self._slots[length:], self._alive[length:]


def add_state(graph: Any) -> bool:
    """Add the hidden state after the last token as outputs, one for each of STATE_LAYERS; False when there are none."""
    from openvino import opset13

    nodes = {node.get_friendly_name(): node for node in graph.get_ordered_ops()}
    layers = [nodes.get(f"model.layers.self_attn.add1.layer{layer}") for layer in STATE_LAYERS]
    if None in layers:
        return False
    start, end, one = np.asarray([-1], np.int64), np.asarray([2**31 - 1], np.int64), np.asarray([1], np.int64)
    last = (opset13.slice(node.output(0), start, end, one, one) for node in layers if node is not None)
    graph.add_results([opset13.result(opset13.convert(slice_, "f32")) for slice_ in last])
    graph.validate_nodes_and_infer_types()
    return True


@contextmanager
def releasing(folder: Path, every: float = 0.03) -> Iterator[None]:
    """Let go of the mapped files in ``folder`` again and again, and once at the end.

    Packing reads each weight once: let go of at the end alone, all of them are in memory twice at the peak (3.1 GB of a
    1.5 B model, against 1.7 GB).
    """
    done = threading.Event()

    def run() -> None:
        while not done.wait(every):
            release_mapped(folder)

    helper = threading.Thread(target=run, name="release", daemon=True)
    helper.start()
    try:
        yield
    finally:
        done.set()
        helper.join()
        release_mapped(folder)


def release_mapped(folder: Path) -> int:
    """Let go of the pages of mapped files in ``folder``; returns how many bytes were mapped.

    Once packed, the weights are held twice: by the plugin, and as pages of the mapped file (1.5 GB of a 1.5 B model)
    that are hardly read again. They stay readable: what is needed after all is read from the file anew. Linux only.
    """
    if not sys.platform.startswith("linux"):
        return 0
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    dont_need, released = 4, 0
    inside = str(folder.resolve()) + "/"
    for line in Path("/proc/self/maps").read_text("utf-8", "replace").splitlines():
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[5].startswith(inside) and fields[1].startswith("r--"):
            first, last = (int(edge, 16) for edge in fields[0].split("-"))
            libc.madvise(first, last - first, dont_need)
            released += last - first
    return released
