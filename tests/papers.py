"""Invented office papers: notices, rules, minutes, lists and contracts of a water company, made from a seed.

Knows nothing of files; ``paper_files`` writes them in every format.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

KINDS = ("通知", "管理办法", "会议纪要", "操作规程", "采购合同", "情况报告", "值班安排", "考核方案")
TOPICS = (
    "管网抢修",
    "水表检定",
    "防汛值守",
    "药剂采购",
    "泵房巡查",
    "安全培训",
    "车辆使用",
    "水质化验",
    "档案移交",
)
WHO = ("调度中心", "化验室", "机修班", "后勤处", "财务科", "营业厅", "东站", "西站", "北岸水厂")
PEOPLE = ("周宁", "罗珊", "陶立", "何川", "冯远", "沈舟", "方舟", "田野")
CLAUSES = (
    "{who}应当在{n}个工作日内完成{topic}并把结果报{other}",
    "{topic}所需费用不超过{n}万元，由{other}从年度预算中列支",
    "每班由两人值守，{who}负责人{person}每周抽查不少于{n}次",
    "遇到余氯低于0.{n}毫克每升的情况，{who}立即停止供水并通知{other}",
    "{person}负责与{other}联系，电话为66{n}01，夜间由值班人员转达",
    "{who}的{topic}台账保存{n}年，借阅时须由{person}签字",
    "已完成{topic}{n}处，剩余部分由{who}在{month}月底前完成",
    "口径大于{n}00毫米的管道停水检修，应当提前{m}小时告知用户",
    "未按规定办理{topic}的，扣减{who}当月考核分{n}分",
    "本期共安排{n}人参加{topic}，其中{who}{m}人",
)
COLUMNS: dict[str, tuple[str, ...]] = {
    "设备": ("设备名称", "型号", "台数", "单价", "存放站点"),
    "人员": ("姓名", "部门", "电话", "到岗日期"),
    "用量": ("站点", "进水量", "出水量", "电耗", "漏损率"),
    "价格": ("用水类别", "单价", "执行日期", "备注"),
}


@dataclass(frozen=True)
class Paper:
    """A paper: sections of a heading with its paragraphs, and a table. ``rows`` are as wide as ``names``."""

    title: str
    number: str
    date: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    told: tuple[str, ...] = field(default=())
    """The rows as they must read, each value with the name of its column."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Headings and paragraphs in reading order."""
        return tuple(text for heading, paragraphs in self.sections for text in (heading, *paragraphs))


def paper(seed: int) -> Paper:
    """The paper of a seed: two to four sections and a table of three to nine rows."""
    chance = random.Random(seed)
    topic = chance.choice(TOPICS)
    sections = tuple(
        (
            f"{'一二三四'[n]}、{chance.choice(TOPICS)}的要求",
            tuple(_clause(chance) for _ in range(chance.randint(1, 3))),
        )
        for n in range(chance.randint(2, 4))
    )
    names = COLUMNS[chance.choice(list(COLUMNS))]
    rows = tuple(tuple(_cell(chance, name, n) for name in names) for n in range(chance.randint(3, 9)))
    return Paper(
        title=f"{chance.choice(WHO)}{topic}{chance.choice(KINDS)}",
        number=f"松水发〔{chance.randint(2019, 2025)}〕{chance.randint(1, 99)}号",
        date=f"{chance.randint(2019, 2025)}年{chance.randint(1, 12)}月{chance.randint(1, 28)}日",
        sections=sections,
        names=names,
        rows=rows,
        told=tuple(
            "；".join(f"{name}：{cell}" for name, cell in zip(names, row, strict=True)) for row in rows
        ),
    )


def _clause(chance: random.Random) -> str:
    who, other = chance.sample(WHO, 2)
    text = chance.choice(CLAUSES).format(
        who=who,
        other=other,
        topic=chance.choice(TOPICS),
        person=chance.choice(PEOPLE),
        n=chance.randint(2, 9),
        m=chance.randint(12, 48),
        month=chance.randint(1, 12),
    )
    return f"{text}。{'逾期未办的，由' + other + '通报。' if chance.random() < 0.5 else ''}"


def _cell(chance: random.Random, name: str, number: int) -> str:
    day = f"202{chance.randint(0, 5)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    match name:
        case "设备名称":
            return f"{chance.choice(('离心泵', '水表', '阀门', '加药机', '风机'))}{number + 1}号"
        case "型号":
            return f"SG{chance.randint(10, 99)}-{chance.choice('ABC')}"
        case "姓名":
            return f"{chance.choice(PEOPLE)}"
        case "电话":
            return f"66{chance.randint(1000, 9999)}"
        case "到岗日期" | "执行日期":
            return day
        case "站点" | "存放站点" | "部门":
            return f"{chance.choice(WHO)}"
        case "用水类别":
            return f"{chance.choice(('居民', '商业', '工业', '绿化'))}第{number + 1}级"
        case "单价":
            return f"{chance.randint(100, 9999) / 100:.2f}元"
        case "漏损率":
            return f"{chance.randint(10, 199) / 10}%"
        case "备注":
            return chance.choice(("含污水处理费", "按季结算", "暂定"))
    return str(chance.randint(2, 9999))
