"""Print the sign-ins of the demo, one line a role."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from backend.demo import people


class Command(BaseCommand):
    """Who can sign in, and how."""

    help = "Print the demo's sign-ins."

    def handle(self, *args: Any, **options: Any) -> None:
        write = self.stdout.write
        write(f"\n演示账号（密码均为 {people.PASSWORD}，或用验证码：{settings.SITE_URL}/demo/inbox/）")
        for title, group in (("工作人员", people.STAFF), ("发起人", people.MAKERS[:3]), ("支持者", people.BACKERS[:2])):
            for person in group:
                roles = "、".join(person.roles) or title
                write(f"  {person.phone}  {person.name}  {roles}")
        write("工作人员登录后还需验证器代码，见同一页面。\n")
