"""Layers of settings: which one wins, and errors that name the key, the origin and the nearest right key."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import SettingsError
from wenju.settings import config_file, keys, load_settings, variable, wanted_models


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "wenju.toml"


def test_flags_win_over_environment_over_file_over_defaults(
    toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml.write_text("[answer]\nrisk = 0.3\nmax_passages = 3\ncontext_tokens = 300\n")
    monkeypatch.setenv("WENJU_ANSWER__RISK", "0.4")
    monkeypatch.setenv("WENJU_ANSWER__MAX_PASSAGES", "5")
    answer = load_settings({"answer": {"risk": 0.5, "style": None}}).answer
    assert (answer.risk, answer.max_passages, answer.context_tokens, answer.style) == (
        0.5,
        5,
        300,
        "sentence",
    )


def test_data_and_models_have_short_variables(
    toml: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WENJU_DATA", str(tmp_path / "d"))
    monkeypatch.setenv("WENJU_MODELS", str(tmp_path / "m"))
    settings = load_settings()
    assert (settings.data, settings.models.folder) == (tmp_path / "d", tmp_path / "m")
    assert settings.engine.data == settings.data and settings.engine.models == settings.models
    assert load_settings({"data": tmp_path / "flag"}).data == tmp_path / "flag"


def test_lists_in_the_environment(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENJU_MODELS__SOURCES", "hub, folder")
    monkeypatch.setenv("WENJU_UI__ALLOWED_ORIGINS", '["https://a.example"]')
    settings = load_settings()
    assert settings.models.sources == ("hub", "folder")
    assert settings.ui.allowed_origins == ("https://a.example",)


def test_relative_paths_in_the_file_are_relative_to_it(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WENJU_MODELS", raising=False)
    (toml.parent / "etc").mkdir()
    other = toml.parent / "etc" / "mine.toml"
    other.write_text('data = "store"\n[models]\nfolder = "../weights"\n')
    settings = load_settings(config=other)
    assert settings.data.resolve() == (toml.parent / "etc/store").resolve()
    assert settings.models.folder is not None
    assert settings.models.folder.resolve() == (toml.parent / "weights").resolve()


def test_profile_changes_what_nothing_else_sets(toml: Path) -> None:
    toml.write_text('[models]\nprofile = "quality"\n')
    assert wanted_models(load_settings()) == ["bge-m3", "multilingual-e5-small", "qwen3-4b"]
    toml.write_text('[models]\nprofile = "quality"\n[index]\nencoder = "m3e-small"\n')
    assert wanted_models(load_settings()) == ["m3e-small", "multilingual-e5-small", "qwen3-4b"]
    toml.write_text('[models]\nprofile = "api"\n')
    assert wanted_models(load_settings()) == ["multilingual-e5-small"]
    toml.write_text("")
    assert wanted_models(load_settings()) == ["multilingual-e5-small", "qwen2.5-coder-1.5b"]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "[answer]\nriks = 1\n",
            "Unknown setting 'answer.riks' in wenju.toml.",
            "Did you mean 'answer.risk'?",
        ),
        ("[anwser]\nrisk = 1\n", "Unknown setting 'anwser' in wenju.toml.", "Did you mean 'answer"),
        ("dta = 'x'\n", "Unknown setting 'dta' in wenju.toml.", "Did you mean 'data'?"),
        (
            "[answer]\nrisk = 3\n",
            "Bad value 3 for setting 'answer.risk' in wenju.toml.",
            "less than or equal to 1",
        ),
        ("answer = 3\n", "Bad value 3 for setting 'answer' in wenju.toml.", "dictionary"),
        (
            "[ui]\ntheme = 'pink'\n",
            "Bad value \"pink\" for setting 'ui.theme' in wenju.toml.",
            "'auto', 'light' or 'dark'",
        ),
        ("[x\n", "wenju.toml is not valid TOML", "quotes"),
    ],
)
def test_mistakes_in_the_file(toml: Path, text: str, message: str, hint: str) -> None:
    toml.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        ("WENJU_ANSWR__RISK", "1", "Unknown setting WENJU_ANSWR__RISK", "Did you mean 'WENJU_ANSWER__RISK'?"),
        ("WENJU_ANSWER__RIKS", "1", "Unknown setting WENJU_ANSWER__RIKS", "Did you mean 'answer.risk'?"),
        ("WENJU_ANSWER__RISK", "high", 'Bad value "high" for setting WENJU_ANSWER__RISK', "valid number"),
        ("WENJU_DTA", "x", "Unknown setting WENJU_DTA", "Did you mean 'WENJU_DATA'?"),
    ],
)
def test_mistakes_in_the_environment(
    toml: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str, hint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert message in caught.value.message and hint in caught.value.hint


def test_mistake_on_the_command_line_is_said_to_be_there(toml: Path) -> None:
    with pytest.raises(SettingsError, match=r"'answer\.riks' in the command line"):
        load_settings({"answer": {"riks": 1}})


def test_secrets_are_not_repeated_in_errors(toml: Path) -> None:
    toml.write_text("[generator]\napi_key = 12345\n")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "12345" not in str(caught.value)


def test_file_that_was_named_must_exist(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"no settings file nowhere\.toml"):
        load_settings(config=Path("nowhere.toml"))
    assert config_file() is None
    toml.write_text("")
    assert config_file() == Path("wenju.toml")
    monkeypatch.setenv("WENJU_CONFIG", "elsewhere.toml")
    with pytest.raises(SettingsError, match="elsewhere"):
        load_settings()


def test_every_key_can_be_set_from_the_environment() -> None:
    assert variable("answer.risk") == "WENJU_ANSWER__RISK"
    assert {"data", "index.encoder", "models.sources", "generator.engine", "ui.port"} <= set(keys())


def test_secrets_are_not_shown_with_the_settings(toml: Path) -> None:
    toml.write_text(
        '[generator]\napi_key = "geheim1"\n[ui]\nembed_secret = "geheim2"\n'
        'oidc_client_secret = "geheim3"\ndatabase = "postgresql://a:geheim4@b/c"\n'
    )
    settings = load_settings()
    assert "geheim" not in repr(settings) + str(settings)
    assert (
        "geheim1" not in settings.model_dump_json()
        and settings.generator.api_key.get_secret_value() == "geheim1"
    )
