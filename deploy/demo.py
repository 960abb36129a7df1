"""The demo's people and places, made from nothing but a seed: `python -m deploy.demo` writes them.

Each service reads its own part from `services/<name>/demo/`. Nobody here exists: districts, streets
and names are invented, mobile numbers begin with 154, which is not given out to mobile phones.
"""

import csv
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from random import Random

Row = dict[str, str]

AS_OF = date(2026, 11, 15)
_SEED, _MONTHS = 95598, 6
_CHINA = timezone(timedelta(hours=8))
_SERVICES = Path(__file__).parent.parent / "services"

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰志建国文斌红梅海燕鹏飞雪琴云龙慧"
_COMMUNITIES = ("湖滨花园", "银杏苑", "清荷苑", "东方雅居", "翠庭", "书香府", "水岸新城", "桂花园")
_SHOPS = ("便利店", "面馆", "五金商行", "茶叶店", "服装店", "汽车修理部", "大药房", "理发店")
_LIFE_SUPPORT_EVERY, _LOW_INCOME_EVERY, _VACANT_EVERY, _SHARED_PHONE_EVERY = 61, 37, 53, 29
_SEASON = {1: 1.2, 2: 1.2, 3: 0.9, 4: 0.8, 5: 0.8, 6: 1.0,
           7: 1.5, 8: 1.6, 9: 1.1, 10: 0.8, 11: 0.9, 12: 1.1}  # fmt: skip
_METHODS = ("wechat", "alipay", "bank", "hall")


@dataclass(frozen=True)
class District:
    """Each place is a street or village of one transformer: (area, name)."""

    region: str
    name: str
    places: tuple[tuple[str, str], ...]


_DISTRICTS = (
    District("320505", "临湖区", (
        ("urban", "学府路"), ("urban", "长桥路"), ("urban", "科汇街"), ("urban", "麒山大道"),
        ("rural", "青禾镇河东村"), ("rural", "青禾镇石桥村"), ("rural", "柳塘镇新丰村"),
    )),
    District("320506", "南泽区", (
        ("urban", "玉带路"), ("urban", "东风街"), ("urban", "月湖路"), ("rural", "云溪镇藏书村"),
        ("rural", "杏口镇采香村"), ("rural", "苇丰镇瑶盛村"), ("remote", "西屿镇月公村"),
    )),
    District("320507", "望溪区", (
        ("urban", "采莲路"), ("urban", "春申街"), ("urban", "嘉元路"), ("rural", "望桥镇迎湖村"),
        ("rural", "和安镇莲港村"), ("rural", "蓼塘镇盛泽村"), ("rural", "朝阳镇车渡村"),
    )),
    District("320508", "平安区", (
        ("urban", "人民路"), ("urban", "凤鸣路"), ("urban", "梧桐街"), ("urban", "桃李街"),
        ("urban", "山前街"), ("urban", "剑池路"), ("urban", "水门路"),
    )),
    District("320509", "松涛区", (
        ("urban", "荷乡路"), ("urban", "长虹路"), ("urban", "中山街"), ("rural", "震湖镇齐心村"),
        ("rural", "新同镇北联村"), ("rural", "平澜镇庙头村"), ("remote", "东屿镇三山村"),
    )),
)  # fmt: skip

# (region, place, name, class): supplies that must not fail.
_IMPORTANT = (
    ("320505", "麒山大道", "临湖区人民医院", "important_l1"),
    ("320506", "月湖路", "南泽区自来水厂", "important_l2"),
    ("320507", "嘉元路", "望溪区客运站", "important_l2"),
    ("320508", "剑池路", "平安区急救中心", "important_l1"),
    ("320509", "中山街", "松涛区污水处理厂", "important_l2"),
)

# (code, region prefix, number of the team there); the last serves where nobody else does.
_TEAMS = (
    ("GX-01", "320505", "一"), ("GX-02", "320505", "二"), ("GX-03", "320506", "一"),
    ("GX-04", "320507", "一"), ("GX-05", "320508", "一"), ("GX-06", "320508", "二"),
    ("GX-07", "320509", "一"), ("GX-99", "32", ""),
)  # fmt: skip


def accounts() -> list[Row]:
    """About 300 customers, eight or nine to a transformer, three or four of those to a feeder."""
    random = Random(_SEED)
    found: list[Row] = []
    transformer = 0
    for number, district in enumerate(_DISTRICTS):
        for at, (area, place) in enumerate(district.places):
            transformer += 1
            grid = {
                "region": district.region,
                "area": area,
                "transformer": f"T-{transformer:04d}",
                "feeder": f"F-{number * 2 + (1 if at < 4 else 2):02d}",
            }
            for customer in _customers(random, district, place):
                account_no = f"{district.region[3:]}{len(found) + 1:07d}"
                found.append({"account_no": account_no, **customer, **grid})
    return [_with_person(random, row, nth, found) for nth, row in enumerate(found, start=1)]


def _customers(random: Random, district: District, place: str) -> Iterator[Row]:
    """Who lives and works along one street: homes, one shop, at times an important supply."""
    street = district.name + place
    for _ in range(random.randint(7, 8)):
        name = random.choice(_SURNAMES) + "".join(random.sample(_GIVEN, random.randint(1, 2)))
        yield _customer(name, _home(random, street), "residential", "BJ")
    shop = random.choice(_SURNAMES) + "记" + random.choice(_SHOPS)
    yield _customer(shop, f"{street}{random.randint(1, 200)}号", "commercial", "DEMO-B")
    for region, where, name, customer_class in _IMPORTANT:
        if (region, where) == (district.region, place):
            yield _customer(name, f"{street}1号", customer_class, "DEMO-B")


def _customer(name: str, address: str, customer_class: str, tariff: str) -> Row:
    return {
        "name": name,
        "address": address,
        "customer_class": customer_class,
        "tariff": tariff,
    }


def _home(random: Random, street: str) -> str:
    if street.endswith("村"):
        return f"{street}{random.randint(1, 12)}组{random.randint(1, 60)}号"
    building = f"{random.choice(_COMMUNITIES)}{random.randint(1, 28)}幢{random.randint(1, 4)}单元"
    flat = f"{random.randint(1, 18)}0{random.randint(1, 4)}室"
    return f"{street}{random.randint(1, 300)}号{building}{flat}"


def _with_person(random: Random, row: Row, nth: int, everyone: Sequence[Row]) -> Row:
    """`row` with what hangs on the person: phone, low income, life support; opened some day."""
    home = row["customer_class"] == "residential"
    before = everyone[nth - 2]
    if home and before["tariff"] == "BJ" and nth % _SHARED_PHONE_EVERY == 0:
        # the neighbour has a second home
        row |= {"name": before["name"], "phone": before["phone"]}
    else:
        row["phone"] = f"154{random.randint(10_000, 99_999)}{nth:03d}"
    if home and nth % _LOW_INCOME_EVERY == 0:
        row["tariff"] = "BJ-15"
    row["life_support"] = "yes" if home and nth % _LIFE_SUPPORT_EVERY == 0 else "no"
    row["opened_on"] = (date(2004, 1, 1) + timedelta(days=random.randint(0, 7_900))).isoformat()
    return row


def months(as_of: date = AS_OF) -> list[date]:
    """The first days of the six whole months before `as_of`, oldest first."""
    serial = as_of.year * 12 + as_of.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(serial - _MONTHS, serial)]


def readings(as_of: date = AS_OF) -> list[Row]:
    """What each account used in each of these months, in whole kWh."""
    random = Random(_SEED + 1)
    return [_year_of(random, row, nth, months(as_of)) for nth, row in enumerate(accounts(), 1)]


def _year_of(random: Random, account: Row, nth: int, of: Sequence[date]) -> Row:
    usual = {"residential": (110, 380), "commercial": (600, 4_000)}
    base = random.randint(*usual.get(account["customer_class"], (30_000, 90_000)))
    row = {"account_no": account["account_no"]}
    for month in of:
        used = (
            0
            if _vacant(account, nth)
            else round(base * _SEASON[month.month] * random.uniform(0.85, 1.15))
        )
        row[f"{month:%Y-%m}"] = str(used)
    return row


def _vacant(account: Row, nth: int) -> bool:
    """Nobody lives there: nothing used, nothing to pay."""
    return account["customer_class"] == "residential" and nth % _VACANT_EVERY == 0


def payments(as_of: date = AS_OF) -> list[Row]:
    """Who paid which month's bill when, and how much of it. Most pay; some are months behind."""
    random = Random(_SEED + 2)
    found = []
    occupied = (row for nth, row in enumerate(accounts(), 1) if not _vacant(row, nth))
    for account in occupied:
        behind = random.choices((0, 1, 2, 3), (90, 5, 3, 2))[0]
        half = random.random() < 0.03
        billed = months(as_of)
        for nth, month in enumerate(billed, start=1):
            paid_at = _paid_at(random, month)
            unpaid = behind and nth >= len(billed) - behind
            if not unpaid and paid_at.date() <= as_of:
                percent = "50" if half and nth == len(billed) - 1 else "100"
                found.append(_payment(random, account, month, paid_at, percent))
    return found


def _paid_at(random: Random, month: date) -> datetime:
    """Some day after the bill of `month` was issued; one in twenty a little late."""
    end = month.replace(day=monthrange(month.year, month.month)[1])
    days = random.randint(26, 40) if random.random() < 0.05 else random.randint(6, 24)
    on = end + timedelta(days=days)
    return datetime(
        on.year, on.month, on.day, random.randint(7, 22), random.randint(0, 59), tzinfo=_CHINA
    )


def _payment(random: Random, account: Row, month: date, paid_at: datetime, percent: str) -> Row:
    return {
        "account_no": account["account_no"],
        "month": f"{month:%Y-%m}",
        "paid_at": paid_at.isoformat(timespec="minutes"),
        "method": random.choice(_METHODS),
        "percent": percent,
    }


def teams() -> list[Row]:
    """The repair teams: code, name, region prefix, phone of the supervisor."""
    names = {district.region: district.name for district in _DISTRICTS}
    return [
        {
            "code": code,
            "name": f"{names[region]}供电抢修{number}班" if number else "全省应急抢修队",
            "region": region,
            "phone": f"154000000{nth:02d}",
        }
        for nth, (code, region, number) in enumerate(_TEAMS, start=1)
    ]


def crews() -> list[Row]:
    """The teams as workorders takes them from a file, and one that represents big customers."""
    usual = {"serves": "", "level": "", "areas": "", "weight": "1", "standing": "yes"}
    rows = [
        {"code": team["code"], "name": team["name"], "region": team["region"]}
        | {"role": "emergency" if team["region"] == "32" else "repair"}
        | {"skills": "live_line:2030-12-31" if team["region"] == "32" else "low_voltage"}
        | {"capacity": "200" if team["region"] == "32" else "40"}
        for team in teams()
    ]
    rows.append(
        {"code": "KF-01", "name": "客户代表组", "region": "3205", "role": "representative"}
        | {"skills": "", "capacity": "50"}
    )
    columns = (
        "code", "name", "region", "serves", "level", "role", "areas", "skills", "capacity",
        "weight", "standing", "active",
    )  # fmt: skip
    return [{name: ({"active": "yes"} | usual | row)[name] for name in columns} for row in rows]


def members() -> list[Row]:
    """Three crews of two for each of the first two teams, and a representative."""
    places = [(f"crew-{n}", "GX-01" if n <= 6 else "GX-02") for n in range(1, 13)]
    skilled = {"crew-1": "live_line:2030-12-31;height", "crew-7": "cable"}
    return [
        {
            "person": person,
            "team": team,
            "skills": skilled.get(person, ""),
            "languages": "zh",
            "active": "yes",
        }
        for person, team in [*places, ("rep-1", "KF-01")]
    ]


def representatives() -> list[Row]:
    """The customers that must not be without power have one of their own."""
    important = [a for a in accounts() if a["customer_class"].startswith("important")]
    return [{"account_no": account["account_no"], "person": "rep-1"} for account in important]


def devices() -> list[Row]:
    """The transformers that the customers hang on: feeder, region, how many customers."""
    found: dict[str, Row] = {}
    counted = Counter(account["transformer"] for account in accounts())
    for account in accounts():
        transformer = account["transformer"]
        found[transformer] = {
            "transformer": transformer,
            "feeder": account["feeder"],
            "region": account["region"],
            "customers": str(counted[transformer]),
        }
    return list(found.values())


def duty_contacts() -> list[Row]:
    """Whom to tell in each region: the supervisor of its first team."""
    random = Random(_SEED + 3)
    found: dict[str, Row] = {}
    for team in teams():
        name = random.choice(_SURNAMES) + random.choice(_GIVEN)
        found.setdefault(
            team["region"], {"region": team["region"], "name": name, "phone": team["phone"]}
        )
    return list(found.values())


def files() -> Mapping[str, Sequence[Row]]:
    """What belongs into which file below `services/`."""
    return {
        "billing/demo/accounts.csv": accounts(),
        "billing/demo/readings.csv": readings(),
        "billing/demo/payments.csv": payments(),
        "workorders/demo/teams.csv": crews(),
        "workorders/demo/members.csv": members(),
        "workorders/demo/representatives.csv": representatives(),
        "workorders/demo/devices.csv": devices(),
        "notify/demo/duty_contacts.csv": duty_contacts(),
    }


def write(services: Path) -> None:
    for name, rows in files().items():
        path = services / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    write(_SERVICES)
