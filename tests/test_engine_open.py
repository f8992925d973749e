"""From settings to a generator; conversion beside the GGUF."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from processes import fresh

import engine
from engine import convert, open_generator
from engine.settings import GeneratorSettings
from errors import GeneratorError, ModelError, SettingsError
from models.settings import ModelSettings


def test_a_converted_folder_opens_without_loading(tmp_path: Path) -> None:
    from tests import tiny

    folder = tiny.openvino_model(tmp_path / "tiny")
    (folder / convert.MANIFEST).write_text("{}", "utf-8")
    generator = open_generator(GeneratorSettings(model=str(folder)), ModelSettings(folder=tmp_path))
    assert generator.name == "tiny (openvino, tiny)"


def test_openai_and_transformers(tmp_path: Path) -> None:
    remote = GeneratorSettings(engine="openai", model="m", base_url="http://127.0.0.1:1/v1")
    assert open_generator(remote, ModelSettings()).name == "m (openai)"
    local = GeneratorSettings(engine="transformers", model=str(tmp_path))
    assert open_generator(local, ModelSettings()).name == f"{tmp_path.name} (transformers)"


def test_missing_model_package_engine_and_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = ModelSettings(folder=tmp_path)
    with pytest.raises(ModelError, match="wenju models fetch"):
        open_generator(GeneratorSettings(), models)
    with pytest.raises(GeneratorError, match="one .gguf file"):
        open_generator(GeneratorSettings(model=str(tmp_path)), models)
    with pytest.raises(SettingsError, match="base_url"):
        open_generator(GeneratorSettings(engine="openai"), models)
    with pytest.raises(SettingsError, match="Did you mean 'openvino'"):
        open_generator(GeneratorSettings().model_copy(update={"engine": "openvin"}), models)
    monkeypatch.setitem(engine.ENGINES, "openvino", ("openvino", "no_such_package"))
    with pytest.raises(GeneratorError, match="pip install no-such-package"):
        open_generator(GeneratorSettings(), models)


def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys, engine; print([m for m in ('openvino', 'torch', "
        "'numpy', 'httpx', 'pydantic') if m in sys.modules])"
    )
    assert fresh(code).strip() == "[]"


def test_conversion_is_made_once_and_again_when_the_file_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernels.taken", lambda: False)
    gguf = tmp_path / "m.gguf"
    gguf.write_bytes(b"GGUF1")
    made: list[Path] = []

    def fake(source: Path, folder: Path, form: str, progress: convert.Progress) -> None:
        made.append(folder)
        folder.mkdir()
        (folder / "model.xml").write_text("x", "utf-8")
        manifest = {"version": convert.VERSION, "size": source.stat().st_size, "files": {"model.xml": 1}}
        (folder / convert.MANIFEST).write_text(json.dumps(manifest), "utf-8")

    monkeypatch.setattr(convert, "_run_apart", fake)
    folder = convert.prepare(gguf)
    assert folder.parent == tmp_path / "derived" and (folder / "model.xml").is_file()
    assert convert.prepare(gguf) == folder and len(made) == 1
    gguf.write_bytes(b"GGUF another")
    convert.prepare(gguf)
    (folder / "model.xml").write_text("damaged", "utf-8")
    convert.prepare(gguf)
    assert len(made) == 3
    assert [p.name for p in (tmp_path / "derived").iterdir() if not p.name.startswith(".")] == [folder.name]


def test_a_file_that_cannot_be_converted_leaves_nothing(tmp_path: Path) -> None:
    gguf = tmp_path / "bad.gguf"
    gguf.write_bytes(b"this is no model")
    steps: list[int] = []
    with pytest.raises(GeneratorError, match="bad.gguf") as caught:
        convert.prepare(gguf, lambda what, done, total: steps.append(done))
    assert "wenju models verify" in str(caught.value) and steps == [0]
    assert not [p for p in (tmp_path / "derived").iterdir() if not p.name.endswith(".lock")]


def test_no_space_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gguf = tmp_path / "m.gguf"
    gguf.write_bytes(b"GGUF")
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1})())
    with pytest.raises(GeneratorError, match="Free some space"):
        convert.prepare(gguf)


@pytest.mark.parametrize("form", ["int8", "int4"])
def test_requantised_weights_stay_close(tmp_path: Path, form: convert.Form) -> None:
    import numpy as np
    import openvino as ov
    from openvino import opset13 as op

    random = np.random.default_rng(3)
    rows, groups, size = 1024, 8, 32
    q = random.integers(0, 16, (rows, groups, size)).astype(np.uint8)
    packed = ov.Tensor(ov.Type.u4, ov.Shape([rows, groups, size]))
    flat = q.reshape(-1)
    packed.data.reshape(-1)[:] = flat[0::2] | (flat[1::2] << 4)
    zero = op.constant(np.full((rows, groups, 1), 8, np.uint8))
    scale = random.uniform(0.01, 0.02, (rows, groups, 1)).astype(np.float16)
    shifted = op.subtract(op.convert(ov.op.Constant(packed), "f16"), op.convert(zero, "f16"))
    weight = op.reshape(
        op.multiply(shifted, op.constant(scale)), np.array([rows, groups * size], np.int64), False
    )
    x = op.parameter([1, -1, groups * size], ov.Type.f32)
    model = ov.Model([op.result(op.matmul(x, op.convert(weight, "f32"), False, True))], [x], "one layer")
    sample = random.normal(size=(1, 3, groups * size)).astype(np.float32)
    options = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
    core = ov.Core()
    before = core.compile_model(model, "CPU", options)(sample)[0].copy()
    exact = sample[0] @ ((q - 8.0) * scale).reshape(rows, -1).T.astype(np.float32)
    assert np.allclose(before[0], exact, atol=1e-2)
    convert.requantise(model, form)
    convert.add_keep(model)
    assert not [o for o in model.get_ops() if o.get_type_name() == "Subtract"]
    after = core.compile_model(model, "CPU", options)({0: sample, "keep": np.array([2], np.int64)})[0]
    assert after.shape == (1, 2, rows)
    loss = np.abs(after[0] - before[0, 1:]).mean() / np.abs(before).mean()
    assert loss < {"int8": 0.02, "int4": 0.12}[form]


def test_transformers_finds_what_it_reads_the_default_models_file_with() -> None:
    from transformers.utils import is_accelerate_available, is_gguf_available

    assert is_gguf_available() and is_accelerate_available()
