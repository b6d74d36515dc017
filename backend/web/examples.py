"""Examples for the API's schema: one whole, valid object for every component, put together from its fields."""

from __future__ import annotations

from typing import Any

AN_ID = "0192f3a8-5c1e-7b40-9d2f-3e6a8b1c4d5e"
A_TIME = "2026-03-01T08:00:00Z"

BY_NAME: dict[str, Any] = {
    "act": "agree",
    "body": "第一批桂花已经采摘、晾晒完毕，下周装瓶。",
    "category": "osmanthus",
    "code": "tier_sold_out",
    "county": "421202",
    "days": 30,
    "description": "2026 年新桂花蜜 250 克两瓶",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "en": "Paid, held in escrow",
    "goal_fen": 3_000_000,
    "invoice_no": "26422000000012345678",
    "key": "A0001",
    "kind": "campaign",
    "left": 42,
    "next_cursor": "",
    "number": "SZ20260301080000123456",
    "order": "SZ20260301080000123456",
    "order_number": "SZ20260301080000123456",
    "owner": "王*",
    "per_person": 5,
    "percent": 65,
    "pledges": 128,
    "provider_no": "2026030122001400000000000001",
    "quantity": 1,
    "raised_fen": 1_950_000,
    "reason": "地址有误，改为下次再支持",
    "right_class": "seven_days",
    "risks": "若采收期连续降雨，交付可能推迟两周；推迟会提前告知，也可申请退款。",
    "rule": "all_or_nothing",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "shipping_fen": 0,
    "state": "live",
    "status": 409,
    "stock": 100,
    "story": "咸安的桂花林有八十年树龄，今年我们与三十户农家一起采收……",
    "summary": "把咸宁的秋天装进瓶子里",
    "text": "年底前能收到吗？可以开发票吗？",
    "title": "咸宁桂花蜜，今秋新酿",
    "total_fen": 6_800,
    "type": "https://sizhong.example/problems/tier_sold_out",
    "url": "https://openapi.alipay.com/gateway.do?method=alipay.trade.page.pay",
    "version": 3,
    "words": "众筹中",
    "zh": "已支付，资金在托管中",
}


def add_examples(result: dict[str, Any], generator: object, request: object, public: bool) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular: every object component without an example gets one."""
    components = result.get("components", {}).get("schemas", {})
    for schema in components.values():
        if schema.get("type") == "object" and schema.get("properties") and "example" not in schema:
            schema["example"] = _example("", schema, components, depth=0)
    return result


def _example(name: str, schema: dict[str, Any], components: dict[str, Any], *, depth: int) -> Any:
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            schema = schema[key][0]
    if "$ref" in schema:
        schema = components[schema["$ref"].rsplit("/", 1)[1]]
    if "enum" in schema:
        return schema["enum"][0]
    if name in BY_NAME and schema.get("type") not in ("object", "array"):
        return BY_NAME[name]
    match schema.get("type"), schema.get("format"):
        case "object", _:
            fields = schema.get("properties", {})
            return (
                {}
                if depth > 5
                else {key: _example(key, one, components, depth=depth + 1) for key, one in fields.items()}
            )
        case "array", _:
            return [_example("", schema.get("items", {}), components, depth=depth + 1)]
        case "string", "uuid":
            return AN_ID
        case "string", "date-time":
            return A_TIME
        case "string", "date":
            return "2026-05-01"
        case "integer" | "number", _:
            return 5_000 if name.endswith("_fen") else max(1, schema.get("minimum", 1))
        case "boolean", _:
            return True
    return "文字"
