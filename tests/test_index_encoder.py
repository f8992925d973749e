"""Encoders: the fake and the real ones behave alike; the fast one agrees with the reference and imports no
torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_e5
from fake_encoder import FakeEncoder
from processes import fresh
from tokenizers import Tokenizer

from errors import ModelError
from index import encoder_openvino
from index.encoder import Encoder, open_encoder
from index.encoder_convert import pools_first_token
from index.encoder_openvino import (
    MAX_TOKENS,
    OpenVinoEncoder,
    _cut,
    best_precision,
    can_run,
    engine_settings,
)
from index.encoder_traits import TRAITS, Traits, traits_of
from index.tokenizer import tokenizer_of
from models.e5 import FILE, unpack
from models.store import ModelStore

MODELS = ("multilingual-e5-small", "m3e-small")
TEXTS = ["天津市级机关开展“走进系列”活动。", "和平区建成社区食堂35家。", "", "机关" * 600, "Open data 2025"]


@pytest.fixture(scope="module", params=MODELS)
def folder(request: pytest.FixtureRequest) -> Path:
    try:
        return ModelStore().path(request.param)
    except ModelError as error:
        pytest.skip(f"{request.param} is not in the model store: {error.message}")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A tiny encoder whose weights came in 4 bits, under the default encoder's name."""
    place = tmp_path / "multilingual-e5-small"
    place.mkdir()
    tiny_e5.write(place / FILE)
    unpack(place / FILE)
    return place


@pytest.fixture(
    params=[
        "fake",
        *(pytest.param((m, b), marks=pytest.mark.models) for m in MODELS for b in ("openvino", "torch")),
    ]
)
def make(request: pytest.FixtureRequest) -> Callable[[], Encoder]:
    if request.param == "fake":
        return FakeEncoder
    name, backend = request.param
    try:
        place = ModelStore().path(name)
    except ModelError as error:
        pytest.skip(f"{name} is not in the model store: {error.message}")
    return lambda: open_encoder(place, backend)


def test_every_encoder_gives_unit_vectors(make: Callable[[], Encoder]) -> None:
    encoder = make()
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)
    assert encoder.name
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_order_and_company_do_not_matter(make: Callable[[], Encoder]) -> None:
    encoder = make()
    together = encoder.encode(TEXTS)
    backwards = encoder.encode(TEXTS[::-1])[::-1]
    assert (np.sum(together * backwards, axis=1) > 0.998).all()


@pytest.mark.models
def test_traditional_script_is_the_same_to_real_encoders(folder: Path) -> None:
    encoder = open_encoder(folder)
    one, other = encoder.encode(["市級機關黨建", "市级机关党建"])
    assert float(one @ other) > 0.9999


@pytest.mark.models
@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_the_fast_encoder_agrees_with_the_reference(folder: Path, precision: str) -> None:
    fast = OpenVinoEncoder(folder, precision=precision)  # type: ignore[arg-type]
    slow = open_encoder(folder, "torch")
    assert (np.sum(fast.encode(TEXTS) * slow.encode(TEXTS), axis=1) >= 0.99).all()


def test_weights_in_four_bits_give_the_same_vectors_with_and_without_torch(packed: Path) -> None:
    fast, slow = open_encoder(packed, "openvino"), open_encoder(packed, "torch")
    for query in (False, True):
        one, other = fast.encode(TEXTS, query=query), slow.encode(TEXTS, query=query)
        assert (np.sum(one * other, axis=1) >= 0.99).all()
    made = sorted(path.name for path in (packed / "derived").iterdir() if path.name != "encoder.lock")
    assert made == ["encoder-packed.bin", "encoder-packed.xml", "float32"]


def test_questions_and_passages_get_the_words_that_the_model_wants(packed: Path) -> None:
    encoder = open_encoder(packed, "openvino")
    bare = OpenVinoEncoder(packed, traits=Traits())
    for query, front in ((True, "query: "), (False, "passage: ")):
        assert np.allclose(encoder.encode(["天津"], query=query), bare.encode([front + "天津"]), atol=1e-3)


def test_one_tokenizer_serves_all_and_what_is_too_long_is_cut_as_the_library_does(packed: Path) -> None:
    assert tokenizer_of(packed) is tokenizer_of(packed)
    cutting = Tokenizer.from_file(str(packed / "tokenizer.json"))
    cutting.enable_truncation(MAX_TOKENS)
    lengths = set()
    for text in ("机关" * 900, "机关", ""):
        ids = _cut(tokenizer_of(packed).encode(text).ids)
        assert ids == cutting.encode(text).ids
        lengths.add(len(ids))
    assert max(lengths) == MAX_TOKENS and len(lengths) > 1


def test_cosines_are_brought_to_one_scale() -> None:
    cosines = np.array([0.7, 0.8, 0.9], np.float32)
    for name in TRAITS:
        assert (np.diff(traits_of(name).relevance(cosines)) > 0).all()
    assert np.array_equal(traits_of("m3e-small").relevance(cosines), cosines)
    assert np.allclose(Traits(offset=0.5, factor=2.0).relevance(cosines), [0.4, 0.6, 0.8])
    assert traits_of("Multilingual-E5-Small").query == "query: "


@pytest.mark.models
def test_the_fast_encoder_imports_no_torch(folder: Path) -> None:
    code = (
        "import sys, index.encoder\n"
        f"encoder = index.encoder.open_encoder({str(folder)!r})\n"
        "encoder.encode(['天津'], query=True)\n"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules\n"
    )
    fresh(code)


def test_importing_the_seam_is_cheap() -> None:
    code = (
        "import sys, index.encoder, index.encoder_openvino\nassert not {'torch', "
        "'openvino', 'tokenizers', 'transformers'} & set(sys.modules)"
    )
    fresh(code)


@pytest.mark.parametrize(
    ("flags", "precision", "rest", "groups"),
    [
        ({"avx2"}, "int8", "f32", True),
        ({"avx512_bf16", "avx512_vnni"}, "int8", "bf16", True),
        ({"avx512_bf16", "amx_bf16"}, "bf16", "bf16", False),
        (set(), "int8", "f32", True),
    ],
)
def test_what_is_computed_in_which_numbers_follows_the_processor(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], precision: str, rest: str, groups: bool
) -> None:
    monkeypatch.setattr(encoder_openvino.processor, "flags", lambda: frozenset(flags))
    assert best_precision() == precision
    settings = engine_settings(best_precision())
    assert settings["INFERENCE_PRECISION_HINT"] == rest
    assert ("DYNAMIC_QUANTIZATION_GROUP_SIZE" in settings) == groups
    if groups and flags == {"avx2"}:
        assert settings["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == "0"
    elif groups:
        sizes = {
            size: engine_settings("int8", size)["DYNAMIC_QUANTIZATION_GROUP_SIZE"]
            for size in (512, 384, 1024, 48)
        }
        assert sizes == {512: "256", 384: "128", 1024: "256", 48: "0"}


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="config.json, tokenizer.json missing"):
        open_encoder(tmp_path)
    with pytest.raises(ModelError, match="no-such-encoder"):
        open_encoder("no-such-encoder", models_folder=tmp_path)


def test_what_the_fast_encoder_cannot_run_is_left_to_torch(tmp_path: Path) -> None:
    assert not can_run(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["Qwen3Model"]}), "utf-8")
    assert not can_run(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="not a BERT"):
        open_encoder(tmp_path, "openvino")


def test_a_model_that_cannot_be_converted_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["BertModel"]}), "utf-8")
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="could not be converted"):
        open_encoder(tmp_path, "openvino")
    assert not list((tmp_path / "derived").glob("*.xml"))


def test_pooling_is_read_from_the_model(tmp_path: Path) -> None:
    assert not pools_first_token(tmp_path)
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}), "utf-8")
    assert pools_first_token(tmp_path)
    assert best_precision() in ("bf16", "int8")
