"""What was filled into a PDF form, and typed onto a page, is part of its text."""

from __future__ import annotations

import random
from pathlib import Path

from pdf_maker import Sheet

from index.loaders import load


def _form(**more: str) -> Sheet:
    made = Sheet(random.Random(1))
    made.heading("居住证申请表", 20, centred=True)
    for label, value in (("姓名：", "Zhang San"), ("电话：", "0571-88120066")):
        made.y -= 40
        made.text(80, label, 11)
        made.canvas.acroForm.textfield(
            name=label, value=value, x=125, y=made.y - 5, width=160, height=18, fontSize=10, **more
        )
    made.y -= 40
    return made


def test_values_of_fields_stand_beside_their_labels(tmp_path: Path) -> None:
    made = _form()
    made.text(80, "性别：", 11)
    for number, (word, checked) in enumerate((("男", False), ("女", True))):
        box = {"name": word, "checked": checked, "x": 125 + 60 * number, "y": made.y - 3, "size": 13}
        made.canvas.acroForm.checkbox(**box)
        made.text(142 + 60 * number, word, 11)
    (tmp_path / "a.pdf").write_bytes(made.save())
    lines = load(tmp_path / "a.pdf").text.replace(" ", "").split("\n")
    assert lines == ["居住证申请表", "姓名：ZhangSan", "电话：0571-88120066", "性别：□男☑女"]


def test_a_field_of_several_lines(tmp_path: Path) -> None:
    made = _form()
    made.text(80, "事由：", 11)
    form = made.canvas.acroForm
    value = "moved in August 2026, works at the plant, needs a permit"
    form.textfield(
        name="why",
        value=value,
        x=125,
        y=made.y - 60,
        width=200,
        height=75,
        fieldFlags="multiline",
        fontSize=10,
    )
    (tmp_path / "a.pdf").write_bytes(made.save())
    text = load(tmp_path / "a.pdf").text
    assert value.replace(" ", "") in text.replace(" ", "").replace("\n", "")


def test_what_is_hidden_or_secret_is_not_read(tmp_path: Path) -> None:
    for more in ({"annotationFlags": "hidden"}, {"fieldFlags": "password"}):
        (tmp_path / "a.pdf").write_bytes(_form(**more).save())
        text = load(tmp_path / "a.pdf").text
        assert "姓名" in text and "Zhang" not in text and "8812" not in text


def test_text_typed_onto_a_page(tmp_path: Path) -> None:
    made = Sheet(random.Random(1))
    made.heading("请假审批单", 20, centred=True)
    y = made.y
    made.text(80, "审批意见：", 11)
    made.canvas.freeTextAnnotation(
        "同意，请安排好交接。", DA="/Helv 10 Tf 0 g", Rect=[150, y - 8, 400, y + 14]
    )
    (tmp_path / "a.pdf").write_bytes(made.save())
    assert load(tmp_path / "a.pdf").text.split("\n")[-1].replace(" ", "") == "审批意见：同意，请安排好交接。"
