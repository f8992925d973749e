"""The Gradio theme: system fonts (no font is fetched), deep blue, small radii. The rest is static/ui.css."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes import Base

FONTS = [
    "-apple-system",
    "Segoe UI",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "sans-serif",
]
MONO = ["ui-monospace", "Consolas", "Menlo", "monospace"]


def theme() -> Base:
    """Built on Gradio's base theme; colours that fall below AA contrast there are darkened."""
    from gradio.themes import Base, colors, sizes

    return Base(
        primary_hue=colors.blue,
        neutral_hue=colors.slate,
        font=list(FONTS),
        font_mono=list(MONO),
        radius_size=sizes.radius_md,
        text_size=sizes.text_md,
        spacing_size=sizes.spacing_md,
    ).set(
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        body_background_fill="#ffffff",
        body_background_fill_dark="#0f1620",
        block_border_width="0px",
        button_primary_background_fill="#1d4f91",
        button_primary_background_fill_hover="#163e73",
        button_primary_background_fill_dark="#2f6fc4",
        button_primary_text_color="#ffffff",
    )
